// nn: softmax and its logarithm, numerically stable, with correct first and second derivatives.
import * as tf from '@tensorflow/tfjs';
import { checkLogits, type LogitsLike, type Probabilities } from './tensors.js';

/**
 * Softmax of each row: turns scores into probabilities and keeps their order.
 *
 *   softmax(o)ⱼ = exp(oⱼ) / Σₖ exp(oₖ)        vᵀ ∂softmax/∂o = p∘v − p(p·v)
 *
 * The maximum of the row is subtracted first, so no exp overflows.
 *
 * @param logits o, [n, classes]; −∞ has probability 0
 * @returns p, [n, classes], rows that sum to 1; the caller disposes it
 * @throws ShapeError unless [n, classes]; DomainError for a row of only −∞ (cpu, wasm; other backends return NaN)
 * @example softmax(asLogits([[1, 2, 3]]))   // [[0.0900, 0.2447, 0.6652]]
 * @see Dive into Deep Learning (zh), §3.4.4; checked against reference/softmax.ts
 */
export function softmax(logits: LogitsLike): Probabilities {
  return softmaxOp(checkLogits(logits, 'softmax')) as Probabilities;
}

/**
 * Logarithm of softmax, row by row, not computed from the probabilities, which underflow.
 *
 *   logSoftmax(o)ⱼ = oⱼ − max o − log Σₖ exp(oₖ − max o)        vᵀ ∂logSoftmax/∂o = v − p Σₖ vₖ
 *
 * @param logits o, [n, classes]; −∞ stays −∞
 * @returns log p, [n, classes], nats, ≤ 0; the caller disposes it
 * @throws ShapeError unless [n, classes]; DomainError for a row of only −∞ (cpu, wasm; other backends return NaN)
 * @example logSoftmax(asLogits([[1, 2, 3]]))   // [[-2.4076, -1.4076, -0.4076]]
 * @see Dive into Deep Learning (zh), §3.4.6; checked against reference/softmax.ts
 */
export function logSoftmax(logits: LogitsLike): tf.Tensor2D {
  return logSoftmaxOp(checkLogits(logits, 'logSoftmax'));
}

/** softmax without argument checks, for use within this room. */
export function softmaxOp(logits: tf.Tensor2D): tf.Tensor2D {
  return softmaxGraph(logits);
}

// tfjs saves the output of softmax for its gradient, so second derivatives throw. Saving the logits avoids this.
const softmaxGraph = tf.customGrad<tf.Tensor2D>((...inputs) => {
  const [logits, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
  save([logits]);
  return {
    value: tf.softmax(logits),
    gradFunc: (upstream, [o]) => softmaxPullback(softmaxOp(o as tf.Tensor2D), upstream),
  };
});

/** p∘v − p(p·v), row by row: the product of v and the Jacobian of softmax. */
export function softmaxPullback(probabilities: tf.Tensor2D, upstream: tf.Tensor2D): tf.Tensor2D {
  const weighted = probabilities.mul(upstream);
  return weighted.sub(probabilities.mul(weighted.sum(1, true)));
}

const logSoftmaxOp = tf.customGrad<tf.Tensor2D>((...inputs) => {
  const [logits, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
  save([logits]);
  return {
    value: logSoftmaxValue(logits),
    gradFunc: (upstream, [o]) => upstream.sub(softmaxOp(o as tf.Tensor2D).mul(upstream.sum(1, true))),
  };
});

/** The value without a gradient, for functions that define their own. */
export function logSoftmaxValue(logits: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const shifted = logits.sub(logits.max(1, true));
    return shifted.sub(shifted.exp().sum(1, true).log());
  });
}
