import { nearest } from '../src/core/nearest.js';

describe('nearest', () => {
  it.each([
    ['specis', 'species'],
    ['Petal_Width', 'petal_width'],
    ['petal_widht', 'petal_width'],
    ['y', undefined],
    ['colour', undefined],
    ['', undefined],
  ])('to %j is %j', (name, expected) => {
    expect(nearest(name, ['species', 'petal_width', 'x'])).toBe(expected);
  });

  it('is undefined for another word of similar length', () => {
    expect(nearest('colour', ['width', 'height', 'count'])).toBeUndefined();
  });

  it('has the fewest edits, and is the first in a tie', () => {
    expect(nearest('petal_a', ['petal_bb', 'petal_b', 'petal_c'])).toBe('petal_b');
    expect(nearest('ab', [])).toBeUndefined();
  });

  it('counts a swap of adjacent letters as one edit', () => {
    expect(nearest('wdith', ['width', 'depth'])).toBe('width');
    expect(nearest('ba', ['ab'])).toBe('ab');
  });
});
