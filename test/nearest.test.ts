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

  it('compares no name of more than 100 characters', () => {
    const name = 'x'.repeat(99);
    expect(nearest(`${name}y`, [`${name}z`])).toBe(`${name}z`);
    expect(nearest(`${name}yy`, [`${name}zy`])).toBeUndefined();
    expect(nearest(`${name}y`, [`${name}zz`])).toBeUndefined();
  });

  it('looks at a bounded number of pairs of characters, however many the candidates', () => {
    const looked = (n: number) => {
      let count = 0;
      const candidates = Array.from({ length: n }, (_, i) => `${i}`.padStart(90, 'b'));
      const counted = candidates.values();
      Object.defineProperty(candidates, Symbol.iterator, {
        *value() {
          for (const each of counted) {
            count++;
            yield each;
          }
        },
      });
      nearest('a'.repeat(90), candidates);
      return count;
    };
    expect([looked(1000), looked(2000), looked(4000)]).toEqual([1000, 1235, 1235]);
  });
});
