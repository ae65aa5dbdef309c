// nn: from one loss per sample to what is reported.
import * as tf from '@tensorflow/tfjs';

export const REDUCTIONS = ['mean', 'sum', 'none'] as const;
/** `'mean'` divides by the sum of weights (n without any), `'sum'` does not divide, `'none'` keeps one value per sample. */
export type Reduction = (typeof REDUCTIONS)[number];

/** A scalar, or [n] with reduction `'none'`. */
export type Reduced<R extends Reduction> = R extends 'none' ? tf.Tensor1D : tf.Scalar;

/** The one place that divides by n, or by what stands for it. */
export function reduce<R extends Reduction>(
  perSample: tf.Tensor1D,
  weights: tf.Tensor1D | undefined,
  reduction: R,
): Reduced<R> {
  return (reduction === 'none' ? perSample : total(perSample, weights, reduction)) as Reduced<R>;
}

function total(perSample: tf.Tensor1D, weights: tf.Tensor1D | undefined, reduction: 'mean' | 'sum'): tf.Scalar {
  // Nothing to add up: 0. The wasm backend (4.22) returns whatever its memory held as the sum of an empty tensor.
  if (perSample.shape[0] === 0) return tf.where(tf.scalar(false), perSample.sum(), tf.scalar(0)) as tf.Scalar;
  if (reduction === 'sum') return perSample.sum();
  if (weights === undefined) return perSample.sum().mul(1 / perSample.shape[0]);
  const sum = weights.sum();
  const some = sum.greater(0);
  const share = tf.where(some, sum.reciprocal(), tf.scalar(0));
  // No sample counts: the loss is 0, not 0/0 (PyTorch gives NaN: pytorch#70348).
  return tf.where(some, perSample.sum().mul(share), tf.scalar(0)) as tf.Scalar;
}
