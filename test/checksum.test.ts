import fc from 'fast-check';
import { Checksum } from '../src/core/ranks/checksum.js';

function sumOf(...pieces: readonly (readonly number[])[]): string {
  const checksum = new Checksum();
  for (const piece of pieces) checksum.add(Float64Array.from(piece));
  return checksum.toString();
}

const number = fc.double({ noNaN: true });

describe('Checksum', () => {
  it('is the same for the same numbers in any pieces', () => {
    fc.assert(fc.property(fc.array(number), fc.array(number), (a, b) => sumOf(a, b) === sumOf([...a, ...b])));
    expect(sumOf([])).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is another one if one number differs, also in its sign, or numbers change places', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), fc.nat(), number, (numbers, at, other) => {
        const changed = numbers.slice();
        changed[at % numbers.length] = other;
        return Object.is(numbers[at % numbers.length], other) || sumOf(numbers) !== sumOf(changed);
      }),
    );
    expect(sumOf([1, 2, 3])).not.toBe(sumOf([1, 3, 2]));
    expect(sumOf([0])).not.toBe(sumOf([-0]));
    expect(sumOf([0])).not.toBe(sumOf([0, 0]));
  });
});
