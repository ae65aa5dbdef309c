import { binadeOf, cosPi, exp, log, log1p, power, square } from '../src/core/elementary.js';
import { Random } from '../src/core/random.js';

const view = new DataView(new ArrayBuffer(8));
function bitsOf(x: number): bigint {
  view.setFloat64(0, x);
  return view.getBigInt64(0);
}

/** How many floats lie between two numbers. */
function distance(a: number, b: number): number {
  return Math.abs(Number(bitsOf(a) - bitsOf(b)));
}

/** The largest distance of a function from that of the engine, which is within 1 unit in the last place of the truth. */
function largestDistance(
  [ours, engines]: readonly ((x: number) => number)[],
  at: (uniform: number, i: number) => number,
): number {
  const random = new Random(1);
  let largest = 0;
  for (let i = 0; i < 100_000; i++) {
    const x = at(random.uniform(), i);
    largest = Math.max(largest, distance(ours(x), engines(x)));
  }
  return largest;
}

describe('exp', () => {
  it('is within 1 unit in the last place of the engine', () => {
    expect(largestDistance([exp, Math.exp], (uniform, i) => (uniform - 0.6) * [1, 40, 1400][i % 3])).toBe(1);
  });

  it('is exact at 0, and has the limits of the function', () => {
    expect([0, -0, Number.NEGATIVE_INFINITY, -750, -746, Number.POSITIVE_INFINITY, 710].map(exp)).toEqual([
      ...[1, 1, 0, 0, 0],
      ...[Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ]);
    expect(exp(Number.NaN)).toBeNaN();
    expect([exp(2), exp(-745), exp(-740)]).toEqual([7.38905609893065, 5e-324, 4.2e-322]);
  });
});

describe('log', () => {
  it('is within 1 unit in the last place of the engine', () => {
    const near = (uniform: number, i: number) => 1 + (uniform - 0.5) * 10 ** -(i % 12);
    expect(largestDistance([log, Math.log], near)).toBe(1);
    expect(largestDistance([log, Math.log], (uniform) => exp((uniform - 0.5) * 1400))).toBe(1);
  });

  it('is exact at 1, and has the limits of the function', () => {
    expect([1, 0, Number.POSITIVE_INFINITY, -1, Number.NaN].map(log)).toEqual([
      ...[0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN, Number.NaN],
    ]);
    expect([log(3), log(5e-324)]).toEqual([1.0986122886681096, -744.4400719213812]);
  });
});

describe('log1p', () => {
  it('is within 1 unit in the last place of the engine', () => {
    const at = (uniform: number, i: number) => exp((uniform - 0.5) * [1, 40, 1400][i % 3]);
    expect(largestDistance([log1p, Math.log1p], at)).toBe(1);
  });

  it('keeps small numbers, and NaN', () => {
    expect([0, 1e-10, 5e-324, 1e-300].map(log1p)).toEqual([0, 9.999999999500001e-11, 5e-324, 1e-300]);
    expect(log1p(Number.NaN)).toBeNaN();
  });
});

describe('power and square', () => {
  it('are exact where the result is a float', () => {
    for (let n = 0; n <= 22; n++) expect(power(10, n)).toBe(Number(`1e${n}`));
    expect([power(3, 33), power(2, 1023), power(0.5, 1074), power(0, 0), square(-3)]).toEqual([
      ...[5559060566555523, 2 ** 1023, 5e-324, 1, 9],
    ]);
  });

  it('are within n units in the last place of the engine', () => {
    for (let n = 1; n < 100; n++) expect(distance(power(0.9, n), 0.9 ** n)).toBeLessThanOrEqual(n);
  });
});

describe('binadeOf', () => {
  it('is the largest power of two up to a number', () => {
    expect([1, 1.5, 2, 3, 0.75, 1e300, 2 ** -1022, Number.MAX_VALUE].map(binadeOf)).toEqual([
      ...[1, 1, 2, 2, 0.5, 2 ** 996, 2 ** -1022, 2 ** 1023],
    ]);
  });
});

describe('cosPi', () => {
  it('is within 4e-16 of the engine up to ½, and as near as π·x beyond', () => {
    const random = new Random(2);
    for (let i = 0; i < 100_000; i++) {
      const x = random.uniform() * 4;
      expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThan(3e-15);
    }
    for (let i = 0; i < 10_000; i++) {
      const x = random.uniform() / 2;
      expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThan(4e-16);
    }
  });

  it('is exact at multiples of ½', () => {
    expect([0, 0.5, 1, 1.5, 2, 2.5, 3].map(cosPi).map((cosine) => cosine + 0)).toEqual([1, 0, -1, 0, 1, 0, -1]);
    expect([cosPi(1 / 3), cosPi(0.25)].map((cosine) => cosine.toFixed(14))).toEqual([
      '0.50000000000000',
      '0.70710678118655',
    ]);
  });
});
