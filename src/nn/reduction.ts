// nn: from one loss per sample to what is reported.
import * as tf from '@tensorflow/tfjs';

export const REDUCTIONS = ['mean', 'sum', 'none'] as const;
/** `'mean'` divides by the sum of weights (n without any), `'sum'` does not divide, `'none'` keeps one value per sample. */
export type Reduction = (typeof REDUCTIONS)[number];

/** The one place that divides by n, or by what stands for it. */
export function reduce(
  perSample: tf.Tensor1D,
  weights: tf.Tensor1D | undefined,
  reduction: Reduction,
): tf.Scalar | tf.Tensor1D {
  switch (reduction) {
    case 'none':
      return perSample;
    case 'sum':
      return perSample.sum();
    case 'mean': {
      if (weights === undefined) return perSample.sum().mul(1 / Math.max(perSample.shape[0], 1));
      const total = weights.sum();
      // No sample counts: the loss is 0, not 0/0 (PyTorch gives NaN: pytorch#70348).
      return perSample.sum().mul(tf.where(total.greater(0), total.reciprocal(), tf.scalar(0)));
    }
    default:
      return reduction satisfies never;
  }
}
