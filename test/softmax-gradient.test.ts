import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { crossEntropy, crossEntropyGradient, dense, oneHot, softmax, toRows } from 'softmax-regression/reference';
import { Random } from '../src/core/random.js';
import { type GradientInputs, hasSoftmaxGradient, softmaxGradient } from '../src/nn/fused.js';
import { TEST_BACKENDS, useBackend } from './helpers/backends.js';

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

interface Problem {
  readonly n: number;
  readonly d: number;
  readonly q: number;
  readonly scale: number;
  readonly weighted: boolean;
  readonly seed: number;
}

function arraysOf({ n, d, q, scale, weighted, seed }: Problem) {
  const random = new Random(seed);
  const normals = (count: number, size: number) => Float32Array.from({ length: count }, () => size * random.normal());
  return {
    x: normals(n * d, 1),
    w: normals(d * q, scale / Math.sqrt(d)),
    b: normals(q, scale),
    labels: Array.from({ length: n }, () => random.below(q)),
    weights: weighted ? Float32Array.from({ length: n }, () => [0, 1, 2.5][random.below(3)]) : undefined,
  };
}

/** Calls the kernel on tensors of these arrays. */
function run({ n, d, q }: Problem, given: ReturnType<typeof arraysOf>, factor = 1) {
  return tf.tidy(() => {
    const inputs: GradientInputs = {
      features: tf.tensor2d(given.x, [n, d]),
      weight: tf.tensor2d(given.w, [d, q]),
      bias: tf.tensor1d(given.b),
      labels: tf.tensor1d(given.labels, 'int32'),
      weights: given.weights && tf.tensor1d(given.weights),
      factor,
    };
    const { loss, weight, bias } = softmaxGradient(inputs);
    return { loss: loss.dataSync()[0], weight: [...weight.dataSync()], bias: [...bias.dataSync()] };
  });
}

const rowsOf = (values: Float32Array, width: number) =>
  Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);

/** The same by the reference, in float64. */
function expectedOf({ n, d, q }: Problem, { x, w, b, labels, weights }: ReturnType<typeof arraysOf>, factor = 1) {
  const features = rowsOf(x, d).map((row) => row.map((value) => factor * value));
  const logits = dense(features, rowsOf(w, q), [...b]);
  const targets = oneHot(labels, q);
  const losses = toRows(logits).map((row, i) => crossEntropy([row], [toRows(targets)[i]]));
  /** (pᵢ − yᵢ)/n */
  const gradient = toRows(crossEntropyGradient(logits, targets));
  const share = (i: number) => weights?.[i] ?? 1;
  const sum = (of: (i: number) => number) => losses.reduce((total, _, i) => total + of(i), 0);
  return {
    loss: sum((i) => (share(i) * losses[i]) / n),
    weight: Array.from({ length: d * q }, (_, at) =>
      sum((i) => share(i) * features[i][Math.floor(at / q)] * gradient[i][at % q]),
    ),
    bias: Array.from({ length: q }, (_, k) => sum((i) => share(i) * gradient[i][k])),
  };
}

const CLOSE = { rtol: 1e-4, atol: 2e-6 };

describeNative('the kernel for the gradient of a batch', () => {
  beforeAll(() => useBackend('tensorflow'));

  it('is part of the addon, and pays for few classes', () => {
    expect([2, 20, 21].map(hasSoftmaxGradient)).toEqual([true, true, false]);
  });

  it('agrees with the reference', () => {
    const problems = fc.record({
      n: fc.integer({ min: 1, max: 150 }),
      d: fc.integer({ min: 1, max: 40 }),
      q: fc.integer({ min: 2, max: 20 }),
      scale: fc.constantFrom(0.1, 1, 20),
      weighted: fc.boolean(),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(problems, fc.constantFrom(1, 0.5), (problem, factor) => {
        const given = arraysOf(problem);
        const expected = expectedOf(problem, given, factor);
        const actual = run(problem, given, factor);
        expect(actual.loss).toBeAllClose(expected.loss, CLOSE);
        expect(actual.weight).toBeAllClose(expected.weight, CLOSE);
        expect(actual.bias).toBeAllClose(expected.bias, CLOSE);
      }),
      { numRuns: 60 },
    );
  });

  it('has gradients of the bias that sum to 0, and losses of at least 0, also for saturated logits', () => {
    for (const scale of [1, 100, 1e6]) {
      const problem = { n: 97, d: 5, q: 7, scale, weighted: false, seed: 4 };
      const { loss, bias } = run(problem, arraysOf(problem));
      expect(loss).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(loss)).toBe(true);
      expect(bias.reduce((a, b) => a + b)).toBeAllClose(0, { rtol: 0, atol: 1e-6 });
    }
  });

  it('stays accurate where a label is almost certain', () => {
    const [n, d, q] = [1, 1, 2];
    const given = { x: Float32Array.of(1), w: Float32Array.of(0, -30), b: Float32Array.of(0, 0), labels: [0] };
    const { loss, weight } = run({ n, d, q, scale: 1, weighted: false, seed: 0 }, { ...given, weights: undefined });
    // log(1 + e⁻³⁰) and ∓e⁻³⁰; in float32, 1 − p is 0.
    const small = Math.exp(-30);
    expect([loss, ...weight]).toBeAllClose([small, -small, small], { rtol: 1e-5, atol: 0 });
    const [other] = toRows(softmax([[0, -30]]));
    expect(Math.fround(1 - other[0])).toBeLessThan(small * 1.1);
  });

  it('does not count a sample of weight 0 with logits that are not finite, and shows others', () => {
    const problem = { n: 70, d: 3, q: 4, scale: 1, weighted: true, seed: 9 };
    const given = arraysOf(problem);
    const weights = given.weights as Float32Array;
    weights[5] = 0;
    const before = run(problem, given);
    given.x.fill(3e38, 15, 18);
    given.w.fill(2);
    const spoilt = { ...given, x: given.x.slice() };
    expect(Number.isFinite(run(problem, spoilt).loss)).toBe(true);
    expect(Number.isFinite(before.loss)).toBe(true);
    weights[5] = 1;
    spoilt.x[16] = Number.NaN;
    expect(run(problem, spoilt).loss).toBeNaN();
  });

  it('gives the same bits again', () => {
    const problem = { n: 3000, d: 100, q: 10, scale: 1, weighted: true, seed: 2 };
    const given = arraysOf(problem);
    const first = run(problem, given);
    for (let i = 0; i < 20; i++) expect(run(problem, given)).toEqual(first);
  });

  it.each([
    ['a label that is too large', { labels: [0, 1, 4] }, /labels must be in \[0, 4\); got 4/],
    ['a negative label', { labels: [0, -1, 0] }, /got -1/],
    ['labels of another length', { labels: [0, 1] }, /the shapes must agree/],
    ['a bias of another length', { b: new Float32Array(3) }, /the shapes must agree/],
    ['weights of another length', { weights: new Float32Array(2) }, /the shapes must agree/],
  ])('refuses %s', (_, change, message) => {
    const problem = { n: 3, d: 2, q: 4, scale: 1, weighted: true, seed: 1 };
    expect(() => run(problem, { ...arraysOf(problem), ...change })).toThrow(message);
  });
});
