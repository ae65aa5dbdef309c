import fc from 'fast-check';
import { mcnemar, pairedDifference } from '../src/metrics/comparison.js';
import { PROPERTY } from './helpers/numbers.js';

/** Predictions of two models, of which b are right in the first only, and c in the second only. */
function split(b: number, c: number, both = 2, neither = 1) {
  const n = b + c + both + neither;
  const labels = new Array<string>(n).fill('cat');
  const first = labels.map((_, i) => (i < b || (i >= b + c && i < b + c + both) ? 'cat' : 'dog'));
  const second = labels.map((_, i) => (i >= b && i < b + c + both ? 'cat' : 'dog'));
  return [labels, first, second] as const;
}

describe('mcnemar', () => {
  it('counts the samples on which exactly one model is right', () => {
    expect(mcnemar([0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [1, 1, 0, 1, 1])).toEqual({
      ...{ onlyFirst: 3, onlySecond: 1, pValue: 0.625 },
    });
    // Both wrong, in different ways.
    expect(mcnemar(['cat'], ['dog'], ['cow'])).toEqual({ onlyFirst: 0, onlySecond: 0, pValue: 1 });
  });

  // scipy 1.17.1, min(1, 2·stats.binom.cdf(min(b, c), b + c, 0.5)), as statsmodels' mcnemar(table, exact=True).
  it.each([
    [0, 0, 1],
    [1, 0, 1],
    [6, 2, 0.2890625],
    [3, 10, 0.09228515625],
    [10, 10, 1],
    [59, 121, 4.4344492637551645e-6],
    [0, 30, 1.862645149230957e-9],
    [5000, 5300, 0.003215819673645259],
    [49_000, 51_000, 2.5887160383468943e-10],
  ])('has the p-value of scipy: %i and %i samples', (b, c, pValue) => {
    const result = mcnemar(...split(b, c));
    expect(result).toMatchObject({ onlyFirst: b, onlySecond: c });
    expect(result.pValue).toBeAllClose(pValue, { rtol: 1e-10, atol: 0 });
  });

  it('has the p-value of exact fractions where 2⁻ⁿ underflows', () => {
    // Python 3, 2·sum(comb(n, i) for i in range(k + 1))/2**n as a Fraction.
    expect(mcnemar(...split(300, 1400)).pValue).toBeAllClose(1.2778588151934777e-169, { rtol: 1e-12, atol: 0 });
    expect(mcnemar(...split(0, 1100)).pValue).toBe(0);
  });

  it('ignores samples on which both are right or both wrong, and swaps with its models', () => {
    const size = fc.nat(60);
    fc.assert(
      fc.property(size, size, size, size, (b, c, both, neither) => {
        const [labels, first, second] = split(b, c, both + 1, neither);
        const { onlyFirst, onlySecond, pValue } = mcnemar(labels, first, second);
        expect(mcnemar(labels, second, first)).toEqual({ onlyFirst: onlySecond, onlySecond: onlyFirst, pValue });
        expect(mcnemar(...split(b, c)).pValue).toBe(pValue);
        expect(pValue > 0 && pValue <= 1).toBe(true);
        // One more sample for the model that leads is evidence.
        if (b > c) expect(mcnemar(...split(b + 1, c)).pValue).toBeLessThan(pValue);
      }),
      PROPERTY,
    );
  });

  it.each<[string, unknown[], unknown[], unknown[], object]>([
    ['no sample', [], [], [], { code: 'SHAPE', argument: 'labels' }],
    ['too few predictions of the first', [0, 1], [0], [0, 1], { code: 'SHAPE', argument: 'first', actual: '1' }],
    ['too many of the second', [0, 1], [0, 1], [0, 1, 1], { code: 'SHAPE', argument: 'second', actual: '3' }],
    ['another type', [0, 1], [0, 1], ['0', '1'], { code: 'DOMAIN', argument: 'second[0]' }],
    ['NaN', [0, 1], [0, Number.NaN], [0, 1], { code: 'DOMAIN', argument: 'first[1]' }],
  ])('refuses %s', (_, labels, first, second, fields) => {
    expect(() => mcnemar(labels as number[], first as number[], second as number[])).toThrow(
      expect.objectContaining({ where: 'mcnemar', ...fields }),
    );
  });
});

describe('pairedDifference', () => {
  it('has the interval of its example', () => {
    const { mean, standardError, lower, upper } = pairedDifference([0.1, 0.7, 0.3], [0.2, 0.4, 0.9]);
    expect([mean, standardError, lower, upper]).toBeAllClose([-0.1333, 0.2603, -0.6436, 0.3769], {
      rtol: 0,
      atol: 5e-5,
    });
  });

  // scipy 1.17.1: d = first − second, stats.sem(d), stats.norm.interval(confidence, d.mean(), stats.sem(d)).
  it.each([
    [0.95, -0.3867807254421668, 0.6427807254421668],
    [0.9, -0.30401760338823947, 0.5600176033882392],
  ])('has the interval of scipy at confidence %d', (confidence, lower, upper) => {
    const result = pairedDifference([0.1, 0.7, 0.3, 2.5, 0.05], [0.2, 0.4, 0.9, 1.5, 0.01], { confidence });
    const { mean, standardError } = result;
    expect([mean, standardError, result.lower, result.upper]).toBeAllClose([0.128, 0.2626480534860291, lower, upper], {
      rtol: 1e-14,
      atol: 0,
    });
  });

  it('is 0 ± 0 for equal numbers, keeps a constant shift, and changes its sign with its arguments', () => {
    const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const n = Math.min(a.length, b.length);
        const [first, second] = [a.slice(0, n), b.slice(0, n)];
        expect(pairedDifference(a, a)).toEqual({ mean: 0, standardError: 0, lower: 0, upper: 0 });
        const { mean, standardError, lower, upper } = pairedDifference(first, second);
        const swapped = pairedDifference(second, first);
        expect([swapped.mean, swapped.standardError, swapped.lower, swapped.upper]).toBeAllClose(
          [-mean, standardError, -upper, -lower],
          { rtol: 1e-12, atol: 1e-12 },
        );
        const shifted = pairedDifference(
          first.map((x) => x + 5),
          second,
        );
        expect([shifted.mean, shifted.standardError]).toBeAllClose([mean + 5, standardError], {
          rtol: 1e-9,
          atol: 1e-9,
        });
      }),
      PROPERTY,
    );
  });

  it.each<[string, unknown, unknown, object, object]>([
    ['one sample', [1], [2], {}, { code: 'SHAPE', argument: 'first', actual: 'an array of 1' }],
    ['no numbers', null, [1, 2], {}, { code: 'SHAPE', argument: 'first', actual: 'null' }],
    ['different lengths', [1, 2], [1, 2, 3], {}, { code: 'SHAPE', argument: 'second', actual: '3' }],
    ['an infinite loss', [1, Number.POSITIVE_INFINITY], [1, 2], {}, { code: 'DOMAIN', argument: 'first[1]' }],
    ['NaN', [1, 2], [Number.NaN, 2], {}, { code: 'DOMAIN', argument: 'second[0]' }],
    ['confidence in percent', [1, 2], [1, 2], { confidence: 95 }, { code: 'DOMAIN', argument: 'confidence' }],
    ['an unknown option', [1, 2], [1, 2], { level: 0.9 }, { code: 'DOMAIN', argument: 'options' }],
  ])('refuses %s', (_, first, second, options, fields) => {
    expect(() => pairedDifference(first as number[], second as number[], options)).toThrow(
      expect.objectContaining({ where: 'pairedDifference', ...fields }),
    );
  });
});
