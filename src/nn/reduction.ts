// nn: reduction of per-sample losses, and the only place with the factor 1/n.
import * as tf from '@tensorflow/tfjs';

/** `'mean'` divides by the sum of weights (n without weights), `'sum'` does not divide, `'none'` keeps all values. */
export type Reduction = 'mean' | 'sum' | 'none';
export const REDUCTIONS: readonly Reduction[] = ['mean', 'sum', 'none'];

/** A scalar, or [n] with reduction `'none'`. */
export type Reduced<R extends Reduction> = R extends 'none' ? tf.Tensor1D : tf.Scalar;

/** Reduces per-sample values. Only this function divides by n or by the sum of weights. */
export function reduce<R extends Reduction>(
  perSample: tf.Tensor1D,
  weights: tf.Tensor1D | undefined,
  reduction: R,
): Reduced<R> {
  return (reduction === 'none' ? perSample : total(perSample, weights, reduction)) as Reduced<R>;
}

function total(perSample: tf.Tensor1D, weights: tf.Tensor1D | undefined, reduction: 'mean' | 'sum'): tf.Scalar {
  // The wasm backend (4.22) returns uninitialised memory for the sum of an empty tensor.
  if (perSample.shape[0] === 0) return tf.where(tf.scalar(false), perSample.sum(), tf.scalar(0)) as tf.Scalar;
  const loss = blockSum(perSample);
  if (reduction === 'sum') return loss;
  if (weights === undefined) return loss.mul(1 / perSample.shape[0]);
  const sum = blockSum(weights);
  const some = sum.greater(0);
  const share = tf.where(some, sum.reciprocal(), tf.scalar(0));
  // If all weights are 0, the loss is 0, not 0/0 (PyTorch returns NaN: pytorch#70348).
  return tf.where(some, loss.mul(share), tf.scalar(0)) as tf.Scalar;
}

/** Largest number of values that float32 sums one after the other. */
const BLOCK = 512;

/**
 * A sum in blocks of √n values and then over the blocks: rounding grows with √n, not with n. The wasm backend (4.22)
 * sums sequentially; for 60,000 times 0.1 its relative error is 6e-4.
 */
export function blockSum(values: tf.Tensor1D): tf.Scalar {
  const n = values.shape[0];
  if (n <= BLOCK) return values.sum();
  const width = Math.ceil(Math.sqrt(n));
  const square = tf.pad(values, [[0, width * width - n]]).reshape<tf.Tensor2D>([width, width]);
  return square.sum(1).sum();
}
