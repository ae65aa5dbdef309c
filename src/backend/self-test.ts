// backend: a self-test of the current backend that takes a few milliseconds.
import * as tf from '@tensorflow/tfjs';
import { disagreement, FLOAT32 } from '../core/tolerance.js';
import { gradcheckAsync, gradcheckLine } from '../gradcheck.js';
import { crossEntropy, sparseCrossEntropy } from '../nn/cross-entropy.js';
import { Dense } from '../nn/dense.js';
import { backward } from '../nn/layer.js';
import { oneHot } from '../nn/one-hot.js';
import { logSoftmax, softmax } from '../nn/softmax.js';
import { asLogits } from '../nn/tensors.js';

/** One operation and its result in float64. */
interface Probe {
  readonly operation: string;
  readonly run: () => tf.Tensor;
  readonly expected: readonly number[];
}

const ROWS = [
  [1, 2],
  [3, 4],
  [5, 6],
];

const PROBES: readonly Probe[] = [
  {
    operation: 'matMul',
    run: () =>
      tf.matMul(
        tf.tensor2d([[1, 2, 3]]),
        tf.tensor2d([
          [1, -4],
          [2, 5],
          [-3, 6],
        ]),
      ),
    expected: [-4, 24],
  },
  {
    operation: 'transpose',
    run: () =>
      tf.transpose(
        tf.tensor2d([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
    expected: [1, 4, 2, 5, 3, 6],
  },
  { operation: 'oneHot', run: () => oneHot([1, 0], 3), expected: [0, 1, 0, 1, 0, 0] },
  {
    operation: 'softmax',
    run: () => softmax(asLogits([[1, 2, 3]])),
    expected: [0.09003057317038046, 0.24472847105479764, 0.6652409557748218],
  },
  {
    operation: 'logSoftmax',
    run: () => logSoftmax(asLogits([[1, 2, 3]])),
    expected: [-2.4076059644443806, -1.4076059644443806, -0.4076059644443806],
  },
  {
    operation: 'crossEntropy',
    run: () => crossEntropy(asLogits([[1, 2, 3]]), oneHot([2], 3)),
    expected: [0.4076059644443806],
  },
  {
    operation: 'sparseCrossEntropy',
    run: () =>
      sparseCrossEntropy(
        asLogits([
          [1, 2, 3],
          [1e30, 0, 0],
        ]),
        [2, 0],
        { reduction: 'none' },
      ),
    expected: [0.4076059644443806, 0],
  },
  {
    operation: 'the gradient of sparseCrossEntropy',
    run: () => tf.grad((o) => sparseCrossEntropy(o as tf.Tensor2D, [2]))(asLogits([[1, 2, 3]])),
    expected: [0.09003057317038046, 0.24472847105479764, -0.3347590442251782],
  },
  {
    operation: 'logicalNot',
    run: () => tf.cast(tf.logicalNot(tf.tensor1d([true, false], 'bool')), 'float32'),
    expected: [0, 1],
  },
  { operation: 'square', run: () => tf.square(tf.tensor1d([1.5, -3])), expected: [2.25, 9] },
  { operation: 'sqrt', run: () => tf.sqrt(tf.tensor1d([0, 2.25, 9])), expected: [0, 1.5, 3] },
  { operation: 'rsqrt', run: () => tf.rsqrt(tf.tensor1d([1, 4, 0.25])), expected: [1, 0.5, 2] },
  { operation: 'abs', run: () => tf.abs(tf.tensor1d([1.5, -3, 0])), expected: [1.5, 3, 0] },
  {
    operation: 'gather',
    run: () => tf.gather(tf.tensor2d(ROWS), tf.tensor1d([2, 0], 'int32')),
    expected: [5, 6, 1, 2],
  },
  { operation: 'stack', run: () => tf.stack([tf.tensor1d([1, 2]), tf.tensor1d([3, 4])]), expected: [1, 2, 3, 4] },
  { operation: 'tile', run: () => tf.tile(tf.tensor1d([1, 2]), [2]), expected: [1, 2, 1, 2] },
];

/**
 * Compares the operations of softmax regression, and its whole gradient, with float64 results. Values are read
 * asynchronously: some WebGPU devices that compute right return zeros to a synchronous read.
 *
 * @returns why the backend must not be used, or undefined if all results agree; leaves no tensor
 */
export async function selfTest(): Promise<string | undefined> {
  for (const { operation, run, expected } of PROBES) {
    const reason = await probe(operation, run, expected);
    if (reason !== undefined) return reason;
  }
  return gradients();
}

async function probe(
  operation: string,
  run: () => tf.Tensor,
  expected: readonly number[],
): Promise<string | undefined> {
  const tensor = tf.tidy(run);
  const actual = await tensor.data();
  tensor.dispose();
  const wrong = expected.findIndex((value, i) => disagreement(actual[i], value, FLOAT32) > 1);
  if (wrong < 0 && actual.length === expected.length) return undefined;
  return `${operation} is wrong: ${actual[wrong]} instead of ${expected[wrong]}`;
}

async function gradients(): Promise<string | undefined> {
  const layer = new Dense({ inputs: 4, units: 3, seed: 1 });
  const features = tf.tensor2d([
    [1, 0.5, -0.25, 2],
    [-1, 0, 0.75, 0.5],
    [0.1, 3, -2, 1],
  ]);
  const targets = oneHot([0, 2, 1], 3);
  const closedForm = () => {
    const logitsGradient = softmax(layer.forward(features)).sub<tf.Tensor2D>(targets).div<tf.Tensor2D>(3);
    return backward(layer, features, logitsGradient);
  };
  try {
    for (const gradient of [undefined, closedForm]) {
      const result = await gradcheckAsync({ layer, features, targets, gradient });
      if (!result.ok) return gradcheckLine(result);
    }
    return undefined;
  } finally {
    layer.dispose();
    tf.dispose([features, targets]);
  }
}
