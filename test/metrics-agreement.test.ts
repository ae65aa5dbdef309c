import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import { cohenKappa, matthews } from '../src/metrics/agreement.js';
import { wilsonInterval } from '../src/metrics/interval.js';
import golden from './golden/metrics-more.golden.json';

const cats = ['cat', 'dog', 'dog'];
const guesses = ['cat', 'dog', 'cat'];
const HOW = { none: undefined, linear: 'linear', quadratic: 'quadratic' } as const;

const labelled = fc.integer({ min: 1, max: 40 }).chain((n) =>
  fc.record({
    labels: fc.array(fc.nat(4), { minLength: n, maxLength: n }),
    predictions: fc.array(fc.nat(4), { minLength: n, maxLength: n }),
    sampleWeights: fc.array(fc.nat(3), { minLength: n, maxLength: n }).filter((all) => all.some((each) => each > 0)),
  }),
);

describe(`agreement metrics against ${golden.program}`, () => {
  describe.each(golden.cases)(
    'with $name',
    ({ labels, predictions, probabilities, sampleWeights, plain, weighted }) => {
      const classes = probabilities[0].map((_, k) => k);

      it.each([
        ['no weights', {}, plain],
        ['weights', { sampleWeights }, weighted],
      ])('match the Matthews coefficient and kappas, with %s', (_, options, expected) => {
        expect(matthews(labels, predictions, options)).toBeAllClose(expected.matthews, FLOAT64);
        for (const [name, weights] of Object.entries(HOW)) {
          const kappa = cohenKappa(labels, predictions, { ...options, classes, weights });
          expect(kappa).toBeAllClose(expected.kappa[name as keyof typeof HOW], FLOAT64);
        }
      });
    },
  );

  it.each(golden.wilson)('match the Wilson interval for $right of $samples at confidence $confidence', (expected) => {
    const { right, samples, confidence, lower, upper } = expected;
    const interval = wilsonInterval(right, samples, { confidence });
    expect([interval.lower, interval.upper]).toBeAllClose([lower, upper], { rtol: 1e-12, atol: 0 });
  });
});

describe('matthews', () => {
  it('correlates labels and predictions of any type', () => {
    expect(matthews(cats, guesses)).toBe(0.5);
    expect(matthews([true, false, false], [true, false, true])).toBe(0.5);
    expect(matthews(Int32Array.of(0, 1, 1), [0, 1, 0])).toBe(0.5);
  });

  it('is 1 for perfect predictions, −1 for two swapped classes, and 0 for constant labels or predictions', () => {
    expect(matthews(['a', 'b', 'c'], ['a', 'b', 'c'])).toBe(1);
    expect(matthews([0, 0, 1], [1, 1, 0])).toBe(-1);
    expect(matthews([0, 1, 2], [1, 1, 1])).toBe(0);
    expect(matthews([1, 1], [1, 0])).toBe(0);
    expect(matthews(['a'], ['a'])).toBe(0);
  });

  it('is −1/2 for a cycle of three classes', () => {
    expect(matthews([0, 1, 2], [1, 2, 0])).toBe(-0.5);
  });

  it('lies in [−1, 1], is symmetric, and ignores label names and sample order', () => {
    fc.assert(
      fc.property(labelled, ({ labels, predictions, sampleWeights }) => {
        const score = matthews(labels, predictions, { sampleWeights });
        expect(Math.abs(score)).toBeLessThanOrEqual(1);
        expect(matthews(predictions, labels, { sampleWeights })).toBe(score);
        const rename = (all: number[]) => all.map((label) => 'xbqah'[label]);
        expect(matthews(rename(labels), rename(predictions), { sampleWeights })).toBe(score);
        const back = { sampleWeights: [...sampleWeights].reverse() };
        expect(matthews([...labels].reverse(), [...predictions].reverse(), back)).toBe(score);
        if (new Set(labels).size > 1) expect(matthews(labels, labels)).toBe(1);
      }),
      { seed: 1 },
    );
  });
});

describe('cohenKappa', () => {
  it('measures agreement beyond chance, weighted by class distance on request', () => {
    expect(cohenKappa(cats, guesses)).toBeCloseTo(0.4, 12);
    expect(cohenKappa([1, 2, 3, 3], [1, 2, 2, 1], { weights: 'quadratic' })).toBeCloseTo(0.1667, 4);
    expect(cohenKappa([true, false, false], [true, false, true], { weights: 'linear' })).toBeCloseTo(0.4, 12);
  });

  it('is 1 for perfect predictions, −1 for two swapped classes, and 0 for constant predictions', () => {
    for (const weights of Object.values(HOW)) {
      expect(cohenKappa([1, 2, 3], [1, 2, 3], { weights })).toBe(1);
      expect(cohenKappa([0, 1], [1, 0], { weights })).toBe(-1);
      expect(cohenKappa([0, 1, 2], [1, 1, 1], { weights })).toBeCloseTo(0, 12);
    }
  });

  it('is NaN if all labels and predictions are the same class', () => {
    expect(cohenKappa(['a', 'a'], ['a', 'a'])).toBeNaN();
    expect(cohenKappa(['a', 'a'], ['b', 'b'])).toBe(0);
    expect(cohenKappa([1], [1], { classes: [0, 1], weights: 'linear' })).toBeNaN();
  });

  it('measures distance in the order of classes, including classes that do not occur', () => {
    const labels = ['low', 'high', 'high', 'low'];
    const predictions = ['low', 'medium', 'high', 'low'];
    const scale = ['low', 'medium', 'high'];
    const kappa = cohenKappa(labels, predictions, { classes: scale, weights: 'linear' });
    expect(kappa).toBe(cohenKappa([0, 2, 2, 0], [0, 1, 2, 0], { weights: 'linear' }));
    expect(kappa).not.toBeCloseTo(cohenKappa(labels, predictions, { classes: [...scale].sort(), weights: 'linear' }));
    const [a, b] = [
      [1, 4, 1],
      [1, 4, 3],
    ];
    const skipped = cohenKappa(a, b, { weights: 'linear' });
    expect(cohenKappa(a, b, { classes: [1, 3, 4], weights: 'linear' })).toBe(skipped);
    expect(cohenKappa(a, b, { classes: [1, 2, 3, 4], weights: 'linear' })).not.toBeCloseTo(skipped);
  });

  it('lies in [−1, 1], is symmetric, and ignores sample order and reversed classes', () => {
    fc.assert(
      fc.property(
        labelled,
        fc.constantFrom(...Object.values(HOW)),
        ({ labels, predictions, sampleWeights }, weights) => {
          const classes = [0, 1, 2, 3, 4];
          const kappa = cohenKappa(labels, predictions, { classes, weights, sampleWeights });
          fc.pre(!Number.isNaN(kappa));
          expect(Math.abs(kappa)).toBeLessThan(1 + 1e-12);
          expect(cohenKappa(predictions, labels, { classes, weights, sampleWeights })).toBeAllClose(kappa, FLOAT64);
          const turned = { classes: [4, 3, 2, 1, 0], weights, sampleWeights };
          expect(cohenKappa(labels, predictions, turned)).toBeAllClose(kappa, FLOAT64);
          const back = { classes, weights, sampleWeights: [...sampleWeights].reverse() };
          expect(cohenKappa([...labels].reverse(), [...predictions].reverse(), back)).toBeAllClose(kappa, FLOAT64);
        },
      ),
      { seed: 1 },
    );
  });

  it('ignores label names if unweighted', () => {
    fc.assert(
      fc.property(labelled, ({ labels, predictions }) => {
        const rename = (all: number[]) => all.map((label) => 'xbqah'[label]);
        const kappa = cohenKappa(labels, predictions);
        expect(cohenKappa(rename(labels), rename(predictions))).toBeAllClose(kappa, FLOAT64);
      }),
      { seed: 1 },
    );
  });

  it('rejects weights for string labels if the order of classes is not given', () => {
    expect(() => cohenKappa(cats, guesses, { weights: 'linear' })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'cohenKappa', argument: 'classes' }),
    );
  });

  it('rejects unknown weights, unknown options, and labels outside classes', () => {
    expect(() => cohenKappa([1], [1], { weights: 'cubic' as 'linear' })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'weights', actual: '"cubic"' }),
    );
    expect(() => cohenKappa([1], [1], { weight: 'linear' } as object)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'options', actual: "'weight'" }),
    );
    expect(() => cohenKappa([1], [2], { classes: [1] })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'cohenKappa', argument: 'predictions[0]', actual: '2' }),
    );
  });
});

describe.each([
  ['matthews', matthews],
  ['cohenKappa', cohenKappa],
] as const)('%s', (where, metric) => {
  it.each<[string, ArrayLike<number>, ArrayLike<number>, object, object]>([
    ['too few predictions', [1, 2], [1], {}, { code: 'SHAPE', argument: 'predictions', actual: '1' }],
    ['zero samples', [], [], {}, { code: 'SHAPE', argument: 'labels', actual: '0' }],
    ['a NaN prediction', [1], [Number.NaN], {}, { code: 'DOMAIN', argument: 'predictions[0]', actual: 'NaN' }],
    ['a NaN label', [Number.NaN], [1], {}, { code: 'DOMAIN', argument: 'labels[0]', actual: 'NaN' }],
    ['an average option', [1], [1], { average: 'macro' }, { code: 'DOMAIN', argument: 'options', actual: "'average'" }],
  ])('rejects %s', (_, labels, predictions, options, fields) => {
    expect(() => metric(labels, predictions, options)).toThrow(expect.objectContaining({ where, ...fields }));
  });
});

describe('wilsonInterval', () => {
  it('contains the proportion and stays within [0, 1]', () => {
    const { lower, upper } = wilsonInterval(8, 10);
    expect(lower).toBeCloseTo(0.4902, 4);
    expect(upper).toBeCloseTo(0.9433, 4);
    expect(wilsonInterval(10, 10).lower).toBeCloseTo(0.7225, 4);
    expect(wilsonInterval(10, 10).upper).toBe(1);
    expect(wilsonInterval(0, 10).lower).toBe(0);
  });

  // The lower bound for 1 correct sample of 1 is 1/(1 + z²). z: scipy 1.17.1, stats.norm.isf(2.0**-k).
  it.each([
    [2, 0.6744897501960817],
    [4, 1.5341205443525463],
    [13, 3.6683292851213234],
    [24, 5.294704084854597],
    [37, 6.752300431407015],
    [50, 7.956038125481531],
  ])('has a normal quantile accurate to 1e-14 at 1 − 2⁻ᵏ, k = %i', (k, z) => {
    const { lower } = wilsonInterval(1, 1, { confidence: 1 - 2 ** (1 - k) });
    expect(Math.sqrt(1 / lower - 1)).toBeAllClose(z, { rtol: 1e-14, atol: 0 });
  });

  const counted = fc
    .integer({ min: 1, max: 100_000 })
    .chain((samples) => fc.record({ samples: fc.constant(samples), right: fc.nat(samples) }));

  it('mirrors for wrong counts, widens with confidence, and ends z standard errors from the proportion', () => {
    fc.assert(
      fc.property(counted, ({ right, samples }) => {
        const { lower, upper } = wilsonInterval(right, samples);
        const share = right / samples;
        expect(0 <= lower && lower <= share && share <= upper && upper <= 1).toBe(true);
        const wrong = wilsonInterval(samples - right, samples);
        expect([1 - wrong.upper, 1 - wrong.lower]).toBeAllClose([lower, upper], { rtol: 1e-12, atol: 1e-12 });
        const surer = wilsonInterval(right, samples, { confidence: 0.99 });
        expect(surer.lower <= lower && surer.upper >= upper).toBe(true);
        for (const p of [lower, upper].filter((end) => end > 0 && end < 1)) {
          const deviations = Math.abs(share - p) / Math.sqrt((p * (1 - p)) / samples);
          expect(deviations).toBeCloseTo(1.959963984540054, 8);
        }
      }),
      { seed: 1 },
    );
  });

  it.each<[string, number, number, object, object]>([
    ['zero samples', 0, 0, {}, { argument: 'samples', actual: '0' }],
    ['a fractional number of samples', 0, 1.5, {}, { argument: 'samples', actual: '1.5' }],
    [
      'a count above the number of samples',
      3,
      2,
      {},
      { argument: 'right', expected: 'be an integer in [0, 2]', actual: '3' },
    ],
    ['a negative count', -1, 2, {}, { argument: 'right', actual: '-1' }],
    ['a fractional count', 0.5, 2, {}, { argument: 'right', actual: '0.5' }],
    ['a NaN count', Number.NaN, 2, {}, { argument: 'right', actual: 'NaN' }],
    ['a confidence of 1', 1, 2, { confidence: 1 }, { argument: 'confidence', actual: '1' }],
    ['a confidence of 0', 1, 2, { confidence: 0 }, { argument: 'confidence', actual: '0' }],
    ['a confidence in percent', 1, 2, { confidence: 95 }, { argument: 'confidence', actual: '95' }],
    ['a NaN confidence', 1, 2, { confidence: Number.NaN }, { argument: 'confidence', actual: 'NaN' }],
    ['an unknown option', 1, 2, { level: 0.9 }, { argument: 'options', actual: "'level'" }],
  ])('rejects %s', (_, right, samples, options, fields) => {
    expect(() => wilsonInterval(right, samples, options)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'wilsonInterval', ...fields }),
    );
  });
});
