// nn: the penalty λ/2·‖W‖² on tensors.
import type * as tf from '@tensorflow/tfjs';

/** λ/2·‖W‖² */
export function l2Penalty(weight: tf.Tensor2D, l2: number): tf.Scalar {
  return squareOf(weight).mul(l2 / 2);
}

/** ‖W‖² */
export function squareOf(weight: tf.Tensor2D): tf.Scalar {
  return weight.square().sum();
}

/** λW, the gradient of λ/2·‖W‖². */
export function l2Gradient(weight: tf.Tensor2D, l2: number): tf.Tensor2D {
  return weight.mul(l2);
}
