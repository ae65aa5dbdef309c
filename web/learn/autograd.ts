// web: the gradient by the tape of TensorFlow.js, in float32. Page 6 loads this file when asked.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';

/** ∂ℓ/∂o of ℓ = log Σₖ exp(oₖ) − Σₖ yₖoₖ, the maximum subtracted from the logits first. */
export function autograd(o: readonly number[], y: readonly number[]): number[] {
  const maximum = Math.max(...o);
  return tf.tidy(() => {
    const loss = (z: tf.Tensor) => tf.sub(tf.log(tf.sum(tf.exp(z))), tf.sum(tf.mul(z, tf.tensor1d([...y]))));
    return Array.from(
      tf
        .grad(loss)(tf.tensor1d(o.map((each) => each - maximum)))
        .dataSync(),
    );
  });
}
