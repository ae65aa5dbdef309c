import { nearest } from '../src/core/nearest.js';
import { WorkCounter } from './helpers/work.js';

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

  it('compares no name of more than 100 characters', () => {
    const name = 'x'.repeat(99);
    expect(nearest(`${name}y`, [`${name}z`])).toBe(`${name}z`);
    expect(nearest(`${name}yy`, [`${name}zy`])).toBeUndefined();
    expect(nearest(`${name}y`, [`${name}zz`])).toBeUndefined();
  });

  it('takes work that is bounded, however long the names and however many the candidates', () => {
    const counter = new WorkCounter(/src\/core\/nearest/);
    const work = (n: number) =>
      counter.count(() =>
        nearest(
          'a'.repeat(90),
          Array.from({ length: n }, (_, i) => `${i}`.padStart(90, 'b')),
        ),
      );
    nearest('warm', ['warn']);
    const [once, twice] = [work(2000), work(4000)];
    expect(once).toBeGreaterThan(1e6);
    expect(twice / once).toBeLessThan(1.01);
    counter[Symbol.dispose]();
  });
});
