import fc from 'fast-check';
import { formatProbability } from '../src/cli/prediction-lines.js';
import { isAscii } from '../src/data/table/csv/text.js';
import { shortDecimal } from '../src/data/table/number.js';

const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength });
const decimal = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    digits(12),
    fc.constantFrom('.', ''),
    digits(12),
    fc.constantFrom('', '', 'e3', 'e-7', 'E+2', '.', 'x'),
  )
  .map((parts) => parts.join(''));

describe('shortDecimal', () => {
  it('returns the number that Number returns, or leaves the text to it', () =>
    fc.assert(
      fc.property(decimal, fc.nat(3), (text, start) => {
        const bytes = new TextEncoder().encode(`${'7'.repeat(start)}${text}7`);
        const number = shortDecimal(bytes, start, bytes.length - 1, '.');
        if (!Number.isNaN(number)) expect(number).toBe(text === '' ? Number.NaN : Number(text));
      }),
      { numRuns: 5000 },
    ));

  it.each([
    ['0', 0],
    ['-0.0', -0],
    ['-12.345678', -12.345678],
    ['999999999', 999999999],
    ['9999999999', 9999999999],
    ['.5', 0.5],
    ['5.', 5],
    ['-.123456789', -0.123456789],
    ['-', Number.NaN],
    ['.', Number.NaN],
    ['1.2.3', Number.NaN],
  ])('reads %s', (text, expected) => {
    const bytes = new TextEncoder().encode(text);
    expect(shortDecimal(bytes, 0, bytes.length, '.')).toBe(expected);
  });
});

describe('isAscii', () => {
  it('finds a byte above 0x7f at each place, for each alignment and length', () => {
    const bytes = new Uint8Array(24);
    for (let start = 0; start < 8; start++) {
      for (let end = start; end <= bytes.length; end++) {
        // Its neighbours do not count.
        const part = bytes.fill(0x80).subarray(start, end).fill(0x7f);
        expect(isAscii(part)).toBe(true);
        for (let at = 0; at < part.length; at++) {
          part[at] = 0x80;
          expect(isAscii(part)).toBe(false);
          part[at] = 0x7f;
        }
      }
    }
  });
});

describe('formatProbability', () => {
  it.each([
    [2 / 3, '0.6666667'],
    [1, '1'],
    [1 / 3e6, '3.33333e-7'],
    [0, '0'],
    [0.5, '0.5'],
    [0.001, '0.001'],
    [0.99999999, '1'],
  ])('writes %p as %s', (p, text) => {
    expect(formatProbability(p)).toBe(text);
  });

  it('writes the shortest text of the rounded number', () =>
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 10_000_000 }), (n) => {
        expect(formatProbability(n / 1e7)).toBe(String(n / 1e7));
      }),
      { numRuns: 5000 },
    ));
});
