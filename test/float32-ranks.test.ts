// lbfgs in float32 on TensorFlow: the same model for any number of ranks.
import * as tf from '@tensorflow/tfjs';
import { Random } from '../src/core/random.js';
import { SoftmaxRegression } from '../src/index.js';
import { nativeStatus } from '../src/node/native/load.js';
import '../src/node.js';
import { tensorHessian, tensorHessianPart } from '../src/objective/tensor-hessian.js';
import type { FitOptions } from '../src/training/options.js';
import { useBackend } from './helpers/backends.js';
import { ranksOf } from './helpers/local-ranks.js';

// Sections of 1024 rows, so that there are several.
jest.mock('../src/objective/streamed.js', () => {
  const actual = jest.requireActual('../src/objective/streamed.js');
  return {
    ...actual,
    rowsOfASection: () => 1024,
    streamedProblem: (options: object, communicator: object) => actual.streamedProblem(options, communicator, 1024),
  };
});

jest.mock('../src/objective/tensor-hessian.js', () => {
  const actual = jest.requireActual('../src/objective/tensor-hessian.js');
  return {
    ...actual,
    tensorHessian: jest.fn(actual.tensorHessian),
    tensorHessianPart: jest.fn(actual.tensorHessianPart),
  };
});

const withNative = nativeStatus().installed || process.env.SOFTMAX_REGRESSION_REQUIRE_NATIVE === '1';
const onTensorFlow = withNative ? describe : describe.skip;

// More multiply-adds than plain TypeScript does; the last batch of 512 is short.
const random = new Random(3);
const [n, d] = [9000, 200];
const values = Uint8Array.from({ length: n * d }, () => random.below(256));
const features = { values, shape: [n, d] as const, scale: 255 };
const labels = Array.from({ length: n }, (_, i) => {
  const sum = (values[d * i] + values[d * i + 1] - 255) / 100 + random.normal();
  return sum > 1 ? 'up' : sum < -1 ? 'down' : 'level';
});
/** Labels without noise: near the optimum, L-BFGS is slow. */
const separated = Array.from({ length: n }, (_, i) => {
  const sum = values[d * i] + 2 * values[d * i + 1] - 3 * values[d * i + 2];
  return sum > 100 ? 'up' : sum < -100 ? 'down' : 'level';
});
const sampleWeights = Float64Array.from(labels, (_, i) => i % 3);

const CASES: readonly [string, FitOptions<string>][] = [
  ['by default', { l2: 1e-3 }],
  ['standardised, weighted, without a bias', { standardize: true, sampleWeights, fitIntercept: false, l2: 0.01 }],
  ['with l1', { l1: 0.01, maxIterations: 40 }],
];

onTensorFlow('a fit in float32 that ranks share', () => {
  beforeAll(() => useBackend('tensorflow'));

  it.each(CASES)('has the bits of one rank, and the optimum of float64: %s', async (_, options) => {
    const exact = await SoftmaxRegression.fit(features, labels, { ...options, precision: 'float64' });
    let expected: Uint8Array | undefined;
    for (const size of [1, 2, 3, 11]) {
      const tensors = tf.memory().numTensors;
      const fits = await Promise.all(
        ranksOf(size).map((communicator) => SoftmaxRegression.fit(features, labels, { ...options, communicator })),
      );
      expect(tf.memory().numTensors).toBe(tensors);
      for (const { model, result } of fits) {
        const bytes = await model.toBytes();
        expected ??= bytes;
        expect(bytes).toEqual(expected);
        expect(result.objective).toBeLessThan(exact.result.objective + 1e-6);
        expect(result.suboptimality).toBeLessThan(1e-5);
      }
    }
  });

  it.each<[string, jest.Mock, FitOptions<string>]>([
    ['the Hessian', tensorHessian as jest.Mock, { l2: 1e-7, maxIterations: 60 }],
    ['its part for the weights that are not 0', tensorHessianPart as jest.Mock, { l1: 1e-5, maxIterations: 60 }],
  ])('makes %s on rank 0 alone, with the bits of one rank', async (_, made, options) => {
    const models = [];
    const counts = [];
    for (const size of [1, 3]) {
      made.mockClear();
      const fits = await Promise.all(
        ranksOf(size).map((communicator) => SoftmaxRegression.fit(features, separated, { ...options, communicator })),
      );
      models.push(...(await Promise.all(fits.map(({ model }) => model.toBytes()))));
      counts.push(made.mock.calls.length);
    }
    for (const model of models) expect(model).toEqual(models[0]);
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBe(counts[0]);
  });

  it('evaluates on tensors first: it is no fit in float64', async () => {
    const [communicator] = ranksOf(1);
    const options = { l2: 1e-3, maxIterations: 5 };
    const shared = await SoftmaxRegression.fit(features, labels, { ...options, communicator });
    const exact = await SoftmaxRegression.fit(features, labels, { ...options, precision: 'float64' });
    expect(shared.model.options).not.toHaveProperty('precision', 'float64');
    expect(shared.result.history[4].loss).not.toBe(exact.result.history[4].loss);
    expect(Math.abs(shared.result.history[4].loss - exact.result.history[4].loss)).toBeLessThan(1e-5);
  });

  it('goes on from a checkpoint with another number of ranks to the same bits', async () => {
    const options = { l2: 1e-3, maxIterations: 12 };
    const shared = (size: number, more: FitOptions<string>) =>
      Promise.all(
        ranksOf(size).map((communicator) =>
          SoftmaxRegression.fit(features, labels, { ...options, ...more, communicator }),
        ),
      );
    let bytes: Uint8Array | undefined;
    const write = (each: Uint8Array) => {
      bytes ??= each.slice();
    };
    const [whole] = await shared(2, { checkpoint: { every: { iterations: 5 }, write } });
    const [resumed] = await shared(3, { resume: bytes });
    expect(await resumed.model.toBytes()).toEqual(await whole.model.toBytes());
  });
});
