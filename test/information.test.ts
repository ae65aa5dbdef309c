import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import {
  asProbabilities,
  distributionCrossEntropy,
  entropy,
  klDivergence,
  negativeLogLikelihood,
  oneHot,
  perplexity,
  reference,
  softmax,
  sparseCrossEntropy,
} from 'softmax-regression';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';
import { gradientOf, numbers, problem } from './helpers/problems.js';

const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

const UNITS = ['nats', 'bits'] as const;
const REDUCTIONS = ['mean', 'sum', 'none'] as const;
const OPTIONS = UNITS.flatMap((unit) => REDUCTIONS.map((reduction) => ({ unit, reduction })));

/** Two distributions over the same classes, labels drawn from them, and a third that is sometimes 0. */
const pair = problem.map(({ targets: p, labels, vector }) => {
  const exponentials = vector.map((row) => row.map(Math.exp));
  const q = exponentials.map((row) => row.map((e) => Math.fround(e / row.reduce((a, b) => a + b))));
  const oneHotRows = labels.map((label, i) => p[i].map((_, k) => (k === label ? 1 : 0)));
  return { p, q, labels, certain: oneHotRows };
});

onEveryBackend('information measures', (backend) => {
  it.each(OPTIONS)('match the reference in $unit with reduction $reduction', (options) => {
    const check = fc.property(pair, ({ p, q, labels, certain }) => {
      const [x, y, z] = [p, q, certain].map((rows) => tf.tensor2d(rows));
      expect(numbers(() => entropy(x, options))).toBeAllClose(reference.entropy(p, options));
      expect(numbers(() => entropy(z, options))).toBeAllClose(reference.entropy(certain, options));
      for (const [t, rows] of [
        [x, p],
        [z, certain],
      ] as const) {
        expect(numbers(() => distributionCrossEntropy(t, y, options))).toBeAllClose(
          reference.distributionCrossEntropy(rows, q, options),
        );
        expect(numbers(() => klDivergence(t, y, options))).toBeAllClose(reference.klDivergence(rows, q, options));
      }
      expect(numbers(() => negativeLogLikelihood(y, labels, options))).toBeAllClose(
        reference.negativeLogLikelihood(q, labels, options),
      );
      expect(numbers(() => perplexity(y, labels))).toBeAllClose(reference.perplexity(q, labels));
      tf.dispose([x, y, z]);
    });
    fc.assert(check, { ...PROPERTY, numRuns: 10 });
  });

  it('have the gradients −log p − 1, −p/q and log p − log q + 1', () => {
    const check = fc.property(pair, ({ p, q, labels, certain }) => {
      const each = (f: (p: number, q: number) => number, rows = p) =>
        rows.map((row, i) => row.map((_, k) => f(rows[i][k], q[i][k])));
      const sum = { reduction: 'sum' } as const;
      expect(gradientOf((x) => entropy(x, sum), p)).toBeAllClose(each((a) => -Math.log(a) - 1));
      const ofEstimate = each((a, b) => -a / b);
      expect(gradientOf((y) => distributionCrossEntropy(tf.tensor2d(p), y, sum), q)).toBeAllClose(ofEstimate);
      expect(gradientOf((y) => klDivergence(tf.tensor2d(p), y, sum), q)).toBeAllClose(ofEstimate);
      expect(gradientOf((x) => klDivergence(x, tf.tensor2d(q), sum), p)).toBeAllClose(
        each((a, b) => Math.log(a / b) + 1),
      );
      expect(gradientOf((x) => distributionCrossEntropy(x, tf.tensor2d(q), sum), p)).toBeAllClose(
        each((_, b) => -Math.log(b)),
      );
      const ofLabels = each((a, b) => (a === 0 ? 0 : -1 / b), certain);
      expect(gradientOf((y) => negativeLogLikelihood(y, labels, sum), q)).toBeAllClose(ofLabels);
      const logPerplexity = (y: tf.Tensor2D) => perplexity(y, labels).log();
      expect(gradientOf(logPerplexity, q)).toBeAllClose(ofLabels.map((row) => row.map((g) => g / labels.length)));
    });
    fc.assert(check, { ...PROPERTY, numRuns: 20 });
  });

  it('satisfy H(p, q) = H(p) + D(p‖q), and D(p‖q) ≥ 0 with 0 at p = q', () => {
    const check = fc.property(pair, ({ p, q }) => {
      const [h, cross, divergence, own] = numbers(() => {
        const [x, y] = [tf.tensor2d(p), tf.tensor2d(q)];
        return tf.stack([entropy(x), distributionCrossEntropy(x, y), klDivergence(x, y), klDivergence(x, x)]);
      });
      expect(cross).toBeAllClose(h + divergence);
      // Rows sum to 1 within about 2⁻²⁴.
      expect(divergence).toBeGreaterThan(-1e-6);
      expect(own).toBe(0);
      expect(h).toBeLessThanOrEqual(Math.log(p[0].length) + 1e-6);
    });
    fc.assert(check, PROPERTY);
  });

  it('give a perplexity of e to the nats and 2 to the bits', () => {
    const check = fc.property(pair, ({ q, labels }) => {
      const [inNats, inBits, value] = numbers(() => {
        const y = tf.tensor2d(q);
        const bits = negativeLogLikelihood(y, labels, { unit: 'bits' });
        return tf.stack([negativeLogLikelihood(y, labels), bits, perplexity(y, labels)]);
      });
      expect(value).toBeAllClose(Math.exp(inNats));
      expect(value).toBeAllClose(2 ** inBits);
    });
    fc.assert(check, PROPERTY);
  });

  it('give a negative log-likelihood of softmax(o) equal to the cross-entropy of o', () => {
    const check = fc.property(pair, ({ p, labels }) => {
      const logits = p.map((row) => row.map(Math.log));
      const values = numbers(() => {
        const o = tf.tensor2d(logits);
        return tf.stack([sparseCrossEntropy(o, labels), negativeLogLikelihood(softmax(o), labels)]);
      });
      expect(values[0]).toBeAllClose(values[1]);
    });
    fc.assert(check, PROPERTY);
  });

  it('match their docstring examples', () => {
    const bits = { unit: 'bits' } as const;
    const [half, quarter] = [[[0.5, 0.5]], [[0.25, 0.75]]];
    const of = (body: () => tf.Tensor) => numbers(body)[0];
    expect(
      of(() =>
        negativeLogLikelihood(
          asProbabilities([
            [0.1, 0.9],
            [0.5, 0.5],
          ]),
          [1, 0],
          bits,
        ),
      ),
    ).toBeCloseTo(0.576, 4);
    expect(of(() => entropy(asProbabilities([[0.5, 0.25, 0.25]]), bits))).toBeCloseTo(1.5, 4);
    expect(of(() => distributionCrossEntropy(tf.tensor2d(half), tf.tensor2d(quarter), bits))).toBeCloseTo(1.2075, 4);
    expect(of(() => klDivergence(tf.tensor2d(half), tf.tensor2d(quarter), bits))).toBeCloseTo(0.2075, 4);
    expect(
      of(() =>
        perplexity(
          asProbabilities([
            [0.25, 0.75],
            [0.5, 0.5],
          ]),
          [0, 1],
        ),
      ),
    ).toBeCloseTo(2.8284, 4);
  });

  it('treat 0·log 0 as 0, also in gradients, and are +∞ if an event has estimate 0', () => {
    const [certain, other] = [[[1, 0, 0]], [[0, 0.5, 0.5]]];
    const of = (f: (p: tf.Tensor2D, q: tf.Tensor2D) => tf.Tensor) =>
      numbers(() => f(tf.tensor2d(certain), tf.tensor2d(other)))[0];
    expect(of((p) => entropy(p))).toBeCloseTo(0, 12);
    expect(of((p) => klDivergence(p, p))).toBeCloseTo(0, 12);
    expect(of((p, q) => distributionCrossEntropy(p, q))).toBe(infinite);
    expect(of((p, q) => klDivergence(p, q))).toBe(infinite);
    expect(of((_, q) => negativeLogLikelihood(q, [0]))).toBe(infinite);
    expect(of((_, q) => perplexity(q, [0]))).toBe(infinite);
    const estimate = [[1, 0, 0]];
    expect(gradientOf((q) => klDivergence(tf.tensor2d(certain), q), estimate)).toBeAllClose([-1, 0, 0]);
    expect(gradientOf((q) => negativeLogLikelihood(q, [0]), estimate)).toBeAllClose([-1, 0, 0]);
    expect(gradientOf((p) => entropy(p), certain).every(Number.isFinite)).toBe(true);
  });

  it('are 0 or empty for an empty batch, with perplexity 1', () => {
    const empty = () => tf.zeros<tf.Rank.R2>([0, 3]);
    for (const reduction of REDUCTIONS) {
      const expected = reduction === 'none' ? [] : [0];
      expect([...numbers(() => entropy(empty(), { reduction }))]).toEqual(expected);
      expect([...numbers(() => klDivergence(empty(), empty(), { reduction, unit: 'bits' }))]).toEqual(expected);
      expect([...numbers(() => negativeLogLikelihood(empty(), [], { reduction }))]).toEqual(expected);
    }
    expect([...numbers(() => perplexity(empty(), []))]).toEqual([1]);
  });

  it('are 0 for one class, with perplexity 1', () => {
    const certain = () => tf.ones<tf.Rank.R2>([2, 1]);
    expect(numbers(() => entropy(certain()))[0]).toBeCloseTo(0, 12);
    expect(numbers(() => negativeLogLikelihood(certain(), [0, 0]))[0]).toBeCloseTo(0, 12);
    expect([...numbers(() => perplexity(certain(), [0, 0]))]).toEqual([1]);
  });

  it('propagate NaN within its row only', () => {
    const q = [
      [nan, nan],
      [0.5, 0.5],
    ];
    const none = { reduction: 'none' } as const;
    expect(numbers(() => entropy(tf.tensor2d(q), none))).toBeAllClose([nan, Math.LN2]);
    expect(
      numbers(() =>
        klDivergence(
          tf.tensor2d([
            [0.5, 0.5],
            [0.5, 0.5],
          ]),
          tf.tensor2d(q),
          none,
        ),
      ),
    ).toBeAllClose([nan, 0]);
    expect(numbers(() => negativeLogLikelihood(tf.tensor2d(q), [1, 1], none))).toBeAllClose([nan, Math.LN2]);
    expect([...numbers(() => perplexity(tf.tensor2d(q), [1, 1]))]).toEqual([nan]);
  });

  it.each<[string, () => tf.Tensor, object]>([
    [
      'another number of rows',
      () => klDivergence(tf.ones([2, 1]), asProbabilities([[1]])),
      { code: 'SHAPE', where: 'klDivergence', argument: 'probabilities', expected: 'have shape [2, 1]' },
    ],
    [
      'another number of classes',
      () => distributionCrossEntropy(asProbabilities([[0, 1]]), asProbabilities([[1]])),
      { code: 'SHAPE', where: 'distributionCrossEntropy', argument: 'probabilities' },
    ],
    [
      'rank 1',
      () => entropy(tf.ones([1]) as never),
      { code: 'SHAPE', where: 'entropy', argument: 'probabilities', actual: '[1]' },
    ],
    ['integers', () => entropy(tf.ones([1, 1], 'int32')), { code: 'SHAPE', where: 'entropy', actual: 'int32' }],
    [
      'too few labels',
      () => negativeLogLikelihood(tf.ones([2, 1]), [0]),
      { code: 'SHAPE', where: 'negativeLogLikelihood', argument: 'labels', expected: 'have shape [2]', actual: '[1]' },
    ],
    [
      'a label out of range',
      () => negativeLogLikelihood(tf.ones([1, 1]), [1]),
      { code: 'DOMAIN', where: 'negativeLogLikelihood', argument: 'labels[0]' },
    ],
    [
      'a label out of range',
      () => perplexity(tf.ones([1, 1]), [1]),
      { code: 'DOMAIN', where: 'perplexity', argument: 'labels[0]' },
    ],
    [
      'an unknown unit',
      () => entropy(tf.ones([1, 1]), { unit: 'bit' as 'bits' }),
      { code: 'DOMAIN', where: 'entropy', argument: 'unit', expected: "be 'nats' | 'bits'" },
    ],
    [
      'an unknown reduction',
      () => entropy(tf.ones([1, 1]), { reduction: 'average' as 'mean' }),
      { code: 'DOMAIN', argument: 'reduction' },
    ],
    [
      'an unknown option',
      () => entropy(tf.ones([1, 1]), { base: 2 } as object),
      { code: 'DOMAIN', argument: 'options', actual: "'base'" },
    ],
  ])('reject %s', (_, run, fields) => {
    expect(() => tf.tidy(run)).toThrow(expect.objectContaining(fields));
  });

  it('reject rows that are not distributions (not checked on tensorflow)', () => {
    for (const [row, argument] of [
      [[0.5, 0.4], 'probabilities[0]'],
      [[1.5, -0.5], 'probabilities[0][1]'],
    ] as const) {
      const [wrong, right] = [() => tf.tensor2d([[...row]]), () => tf.tensor2d([[0.5, 0.5]])];
      const runs: readonly [string, () => tf.Tensor, string?][] = [
        ['entropy', () => entropy(wrong())],
        ['negativeLogLikelihood', () => negativeLogLikelihood(wrong(), [0])],
        ['klDivergence', () => klDivergence(right(), wrong())],
        ['klDivergence', () => klDivergence(wrong(), right()), argument.replace('probabilities', 'targets')],
        ['distributionCrossEntropy', () => distributionCrossEntropy(right(), wrong())],
      ];
      for (const [where, run, place = argument] of runs) {
        const value = () => numbers(run);
        if (backend === 'tensorflow') expect(value()).toHaveLength(1);
        else expect(value).toThrow(expect.objectContaining({ code: 'DOMAIN', where, argument: place }));
      }
    }
  });
});

describe('the checks of information', () => {
  beforeAll(() => useBackend('cpu'));

  const p = [[0.5, 0.25, 0.25]];
  const q = [[0.25, 0.625, 0.125]];

  it.each<[string, (p: tf.Tensor2D, q: tf.Tensor2D) => tf.Tensor]>([
    ['the arguments swapped', (p, q) => klDivergence(q, p)],
    ['bits for nats', (p, q) => klDivergence(p, q, { unit: 'bits' })],
    ['the wrong sign', (p, q) => klDivergence(p, q).neg()],
    ['cross-entropy for divergence', (p, q) => distributionCrossEntropy(p, q)],
    ['an error of 1e-4', (p, q) => klDivergence(p, q).mul(1.0001)],
  ])('fail for a divergence with %s', (_, planted) => {
    const run = (f: typeof planted) => numbers(() => f(tf.tensor2d(p), tf.tensor2d(q)));
    expect(run((a, b) => klDivergence(a, b))).toBeAllClose(reference.klDivergence(p, q));
    expect(run(planted)).not.toBeAllClose(reference.klDivergence(p, q));
  });

  it('fail for −Σ p log p that does not treat 0·log 0 as 0', () => {
    const naive = (x: tf.Tensor2D) => x.mul(x.log()).sum().neg();
    const certain = oneHot([1], 3);
    expect(numbers(() => naive(certain))).not.toBeAllClose(0);
    certain.dispose();
  });
});
