import fc from 'fast-check';
import { ByteText, encoded, formatProbability } from '../src/cli/predict/byte-text.js';
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

const utf8 = (text: ByteText) => new TextDecoder().decode(text.take());

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

  it('writes the same text as bytes', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.nat(1e7).map((n) => n / 1e7),
        ),
        (p) => {
          expect(utf8(new ByteText().addProbability(p))).toBe(formatProbability(p));
        },
      ),
      { numRuns: 5000 },
    ));
});

describe('text as bytes', () => {
  it('has the bytes of its pieces', () => {
    const text = new ByteText();
    const long = 'naïve 😀 '.repeat(20_000);
    text
      .add('é')
      .addInteger(0)
      .addInteger(10)
      .addInteger(2 ** 31)
      .addInteger(2 ** 53 - 1)
      .add('a'.repeat(40))
      .add(long);
    expect(utf8(text)).toBe(`é0102147483648${2 ** 53 - 1}${'a'.repeat(40)}${long}`);
    expect(utf8(text.addBytes(encoded('bc')).addBytes(encoded('d'.repeat(70_000))))).toBe(`bc${'d'.repeat(70_000)}`);
  });

  it('has every integer', () =>
    fc.assert(
      fc.property(fc.maxSafeNat(), (n) => {
        expect(utf8(new ByteText().addInteger(n).addInteger(n % 1000))).toBe(`${n}${n % 1000}`);
      }),
    ));
});
