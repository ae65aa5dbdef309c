import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import {
  crossEntropy,
  distributionCrossEntropy,
  entropy,
  type InformationOptions,
  klDivergence,
  type MatrixLike,
  negativeLogLikelihood,
  oneHot,
  perplexity,
  softmax,
  sparseCrossEntropy,
} from '../src/reference.js';
import { between } from './helpers/numbers.js';

fc.configureGlobal({ seed: 37 });

const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;
const problem = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })).chain(([rows, classes]) => {
  const logit = between(-5, 5);
  const logits = fc.array(fc.array(logit, { minLength: classes, maxLength: classes }), {
    minLength: rows,
    maxLength: rows,
  });
  return fc.record({
    logits,
    p: logits.map(softmax),
    q: logits.map(softmax),
    labels: fc.array(fc.nat(classes - 1), { minLength: rows, maxLength: rows }),
    classes: fc.constant(classes),
  });
});

describe('entropy and related measures', () => {
  const p = [
    [0.5, 0.25, 0.25],
    [0.1, 0.2, 0.7],
  ];
  const q = [
    [0.25, 0.25, 0.5],
    [0.3, 0.3, 0.4],
  ];
  const none = { reduction: 'none' } as const;

  it('match torch', () => {
    // torch 2.15.0, float64: torch.distributions.Categorical(probs=p).entropy() and kl_divergence of p and q.
    const [h, d] = [
      [1.0397207708399179, 0.8018185525433373],
      [0.17328679513998632, 0.20077680106635198],
    ];
    expect(entropy(p, none)).toBeAllClose(h, FLOAT64);
    expect(klDivergence(p, q, none)).toBeAllClose(d, FLOAT64);
    expect(klDivergence(q, p, none)).not.toBeAllClose(d, FLOAT64);
    expect(distributionCrossEntropy(p, q, none)).toBeAllClose([h[0] + d[0], h[1] + d[1]], FLOAT64);
  });

  it('match the docstring examples', () => {
    expect(entropy([[0.5, 0.25, 0.25]], { unit: 'bits' })).toBeCloseTo(1.5, 14);
    expect(klDivergence([[0.5, 0.5]], [[0.25, 0.75]])).toBeCloseTo(0.1438, 4);
    expect(distributionCrossEntropy([[0.5, 0.5]], [[0.25, 0.75]])).toBeCloseTo(0.837, 4);
    const halfAndQuarter = [
      [0.5, 0.5],
      [0.25, 0.75],
    ];
    expect(negativeLogLikelihood(halfAndQuarter, [0, 0], { unit: 'bits' })).toBeCloseTo(1.5, 14);
    const halfAndEighth = [
      [0.5, 0.5],
      [0.125, 0.875],
    ];
    expect(perplexity(halfAndEighth, [0, 0])).toBeCloseTo(4, 14);
  });

  it('return the mean, the sum or one value per row', () => {
    const [first, second]: Float64Array = entropy(p, none);
    const mean: number = entropy(p);
    expect(mean).toBeCloseTo((first + second) / 2, 15);
    expect(entropy(p, { reduction: 'sum' })).toBeCloseTo(first + second, 15);
    expect(negativeLogLikelihood(p, [0, 2], { reduction: 'sum' })).toBeCloseTo(-Math.log(0.5 * 0.7), 15);
  });

  it('are ln 2 times smaller in nats than in bits', () => {
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      const [nats, bits]: InformationOptions[] = [
        { reduction, unit: 'nats' },
        { reduction, unit: 'bits' },
      ];
      const pairs = [
        [entropy(p, nats), entropy(p, bits)],
        [klDivergence(p, q, nats), klDivergence(p, q, bits)],
        [distributionCrossEntropy(p, q, nats), distributionCrossEntropy(p, q, bits)],
        [negativeLogLikelihood(p, [0, 1], nats), negativeLogLikelihood(p, [0, 1], bits)],
      ];
      for (const [inNats, inBits] of pairs) {
        const scaled = typeof inBits === 'number' ? inBits * Math.LN2 : inBits.map((each) => each * Math.LN2);
        expect(scaled).toBeAllClose(inNats, FLOAT64);
      }
    }
  });

  it('satisfy H(p, q) = H(p) + D(p ‖ q), D ≥ 0, D(p ‖ p) = 0 and 0 ≤ H(p) ≤ log(classes)', () => {
    fc.assert(
      fc.property(problem, ({ p, q, classes }) => {
        const [h, d] = [entropy(p), klDivergence(p, q)];
        expect(distributionCrossEntropy(p, q)).toBeAllClose(h + d, FLOAT64);
        expect(d).toBeGreaterThan(-1e-15);
        expect(klDivergence(p, p)).toBe(0);
        expect(h).toBeGreaterThanOrEqual(0);
        expect(h).toBeLessThanOrEqual(Math.log(classes) + 1e-14);
      }),
    );
  });

  it('agree with cross-entropy from logits', () => {
    fc.assert(
      fc.property(problem, ({ logits, q: targets, labels }) => {
        const p = softmax(logits);
        expect(distributionCrossEntropy(targets, p)).toBeAllClose(crossEntropy(logits, targets), FLOAT64);
        const loss = sparseCrossEntropy(logits, labels);
        // −log of a rounded probability is off by up to 2⁻⁵³ where that probability is near 1.
        expect(negativeLogLikelihood(p, labels)).toBeAllClose(loss, FLOAT64, Math.max(1, loss));
        expect(perplexity(p, labels)).toBeAllClose(Math.exp(loss), FLOAT64);
      }),
    );
  });

  it('agree for labels and one-hot targets', () => {
    fc.assert(
      fc.property(problem, ({ p, labels, classes }) => {
        expect(negativeLogLikelihood(p, labels)).toBe(distributionCrossEntropy(oneHot(labels, classes), p));
      }),
    );
  });

  it('use 0 log 0 = 0, and are +∞ if an event of probability 0 occurs', () => {
    const certain = [[0, 1]];
    expect(entropy(certain)).toBe(0);
    expect(klDivergence(certain, [[0.5, 0.5]])).toBe(Math.LN2);
    expect(klDivergence(certain, certain)).toBe(0);
    expect(distributionCrossEntropy(certain, certain)).toBe(0);
    expect(klDivergence([[0.5, 0.5]], certain)).toBe(infinite);
    expect(distributionCrossEntropy([[0.5, 0.5]], certain, { unit: 'bits' })).toBe(infinite);
    expect(negativeLogLikelihood(certain, [1])).toBe(0);
    expect(negativeLogLikelihood(certain, [1], none)).toEqual(Float64Array.of(0));
    expect(negativeLogLikelihood(certain, [0])).toBe(infinite);
    expect(perplexity(certain, [0])).toBe(infinite);
    expect(perplexity(certain, [1])).toBe(1);
  });

  it('are 0, or 1 for perplexity, without rows', () => {
    expect([entropy([]), klDivergence([], []), negativeLogLikelihood([], [])]).toEqual([0, 0, 0]);
    expect(entropy([], none)).toEqual(new Float64Array(0));
    expect(perplexity([], [])).toBe(1);
  });

  it('give a uniform distribution over ten classes a perplexity of 10', () => {
    expect(perplexity([Array<number>(10).fill(0.1)], [3])).toBeCloseTo(10, 13);
  });
});

describe('bad input to entropy and related measures', () => {
  const good = [[0.5, 0.5]];

  it.each([
    ['sums to 0.9', [0.5, 0.4], '[0]'],
    ['has a negative entry', [-0.5, 1.5], '[0][0]'],
    ['contains NaN', [0.5, nan], '[0][1]'],
  ])('is rejected: a row that %s', (_, row, at) => {
    const bad: MatrixLike = [row];
    const error = (where: string, argument: string) =>
      expect.objectContaining({ code: 'DOMAIN', where, argument: `${argument}${at}` });
    expect(() => entropy(bad)).toThrow(error('entropy', 'probabilities'));
    expect(() => klDivergence(bad, good)).toThrow(error('klDivergence', 'targets'));
    expect(() => klDivergence(good, bad)).toThrow(error('klDivergence', 'probabilities'));
    expect(() => distributionCrossEntropy(good, bad)).toThrow(error('distributionCrossEntropy', 'probabilities'));
    expect(() => negativeLogLikelihood(bad, [0])).toThrow(error('negativeLogLikelihood', 'probabilities'));
    expect(() => perplexity(bad, [0])).toThrow(error('perplexity', 'probabilities'));
  });

  it('is rejected: different shapes', () => {
    const error = { code: 'SHAPE', where: 'klDivergence', argument: 'probabilities', expected: 'have shape [1, 2]' };
    expect(() => klDivergence(good, [[0.25, 0.25, 0.5]])).toThrow(expect.objectContaining(error));
    expect(() => perplexity(good, [0, 1])).toThrow(expect.objectContaining({ code: 'SHAPE', argument: 'labels' }));
  });

  it('is rejected: labels out of range', () => {
    const error = { code: 'DOMAIN', where: 'negativeLogLikelihood', argument: 'labels[0]', actual: '2' };
    expect(() => negativeLogLikelihood(good, [2])).toThrow(expect.objectContaining(error));
  });

  it.each<[object, string]>([
    [{ unit: 'hartleys' }, 'unit'],
    [{ reduction: 'median' }, 'reduction'],
    [{ base: 2 }, 'options'],
  ])('is rejected: the options %p', (options, argument) => {
    const error = { code: 'DOMAIN', where: 'entropy', argument };
    expect(() => entropy(good, options as InformationOptions)).toThrow(expect.objectContaining(error));
  });
});
