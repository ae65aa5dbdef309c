// nn: cross-entropy of softmax(logits), with distributions or class indices as targets.
import * as tf from '@tensorflow/tfjs';
import { assertShape } from '../core/shape.js';
import { fusedSparseCrossEntropy, hasFusedSparseCrossEntropy } from './fused.js';
import { checkLabels, refusingLabels } from './labels.js';
import { oneHotRows, refuseOutside } from './one-hot.js';
import { blockSum, type Reduced, type Reduction, reduce } from './reduction.js';
import { logSoftmaxValue, softmaxOp } from './softmax.js';
import {
  checkDistribution,
  checkLogits,
  checkMatrix,
  isTensor,
  type LabelsLike,
  type LogitsLike,
  type TargetsLike,
} from './tensors.js';
import {
  type CrossEntropyOptions,
  checkOptions,
  countedRows,
  DENSE_OPTIONS,
  SPARSE_OPTIONS,
  type SparseCrossEntropyOptions,
  smooth,
  weigh,
  weighLosses,
  weightsOf,
  withoutIgnored,
} from './weighing.js';

/**
 * Cross-entropy of softmax(logits) against targets.
 *
 *   ỹ = (1 − ε)·y + ε/classes        ℓᵢ = −sᵢ Σₖ wₖ ỹᵢₖ log softmax(oᵢ)ₖ        mean = Σᵢ ℓᵢ / Σᵢ sᵢ
 *
 *   ∂ℓᵢ/∂oᵢ = softmax(oᵢ) − yᵢ        (with all weights 1 and ε = 0)
 *
 * Computed from logits, never from probabilities. At o = (100, 0, 0) and the second class, −log(softmax(o)) is
 * 99.983 (tfjs 4.22, cpu, float32); this function returns 100.
 *
 * @param logits  o, [n, classes]; −∞ for an impossible class (the loss is +∞ if its target is not 0)
 * @param targets y, [n, classes], rows ≥ 0 that sum to 1; a constant, no gradient flows into it
 * @returns nats, ≥ 0: a scalar, or [n] with reduction 'none'; 0 if the weights sum to 0; the caller disposes it
 * @throws ShapeError if the shapes differ; DomainError for an option out of range, and on cpu and wasm for a row of
 *         targets that is not a distribution
 * @example crossEntropy(asLogits([[1, 2, 3]]), oneHot([2], 3))   // 0.4076
 * @see Dive into Deep Learning (zh), §3.4.6; options as in PyTorch 2; checked against reference/cross-entropy.ts
 */
export function crossEntropy<R extends Reduction = 'mean'>(
  logits: LogitsLike,
  targets: TargetsLike,
  options: CrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'crossEntropy';
  const { reduction, labelSmoothing } = checkOptions(options, DENSE_OPTIONS, where);
  checkMatrix(logits, where, 'logits');
  if (isTensor(targets) && (targets as tf.Tensor).rank === 1) {
    const hint = `Class indices? Use sparseCrossEntropy, or oneHot(labels, ${logits.shape[1]}).`;
    assertShape(targets.shape, logits.shape, where, 'targets', hint);
  }
  checkDistribution(targets, where, 'targets');
  assertShape(targets.shape, logits.shape, where, 'targets');
  return tf.tidy(() => {
    const { classWeights, sampleWeights } = weightsOf(options, logits.shape, where);
    const weighted = weigh(smooth(targets, labelSmoothing), classWeights, sampleWeights);
    const rowWeight = classWeights || sampleWeights ? weighted.sum<tf.Tensor1D>(1) : undefined;
    const o = checkLogits(countedRows(logits, rowWeight), where);
    return reduce(weightedCrossEntropy(o, weighted), sampleWeights, reduction);
  });
}

/**
 * Cross-entropy of softmax(logits) against class indices.
 *
 *   ℓᵢ = −sᵢ·w_yᵢ log softmax(oᵢ)_yᵢ        mean = Σᵢ ℓᵢ / Σᵢ sᵢ·w_yᵢ        ∂ℓᵢ/∂oᵢ = softmax(oᵢ) − onehot(yᵢ)
 *
 * With label smoothing, ℓᵢ = −sᵢ Σₖ wₖ ỹᵢₖ log softmax(oᵢ)ₖ, and the denominator stays the same. On TensorFlow, one
 * fused kernel computes loss and gradient unless smoothing is set.
 *
 * @param logits o, [n, classes]
 * @param labels class indices, [n], 0 ≤ label < classes, or equal to `ignoreIndex`
 * @returns nats, ≥ 0: a scalar, or [n] with reduction 'none'; 0 if the weights sum to 0; the caller disposes it
 * @throws ShapeError if the shapes differ; DomainError for an option or a label out of range (WebGL and WebGPU do not
 *         check labels)
 * @example sparseCrossEntropy(asLogits([[1, 2, 3]]), [2])   // 0.4076
 * @see Dive into Deep Learning (zh), §3.4.6; options as in PyTorch 2; checked against reference/cross-entropy.ts
 */
export function sparseCrossEntropy<R extends Reduction = 'mean'>(
  logits: LogitsLike,
  labels: LabelsLike | ArrayLike<number>,
  options: SparseCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'sparseCrossEntropy';
  const { reduction, labelSmoothing } = checkOptions(options, SPARSE_OPTIONS, where);
  checkMatrix(logits, where, 'logits');
  const [n, numClasses] = logits.shape;
  return tf.tidy(() => {
    const checked = checkLabels(labels, numClasses, where, options.ignoreIndex);
    assertShape(checked.shape, [n], where, 'labels');
    const { classWeights, sampleWeights } = weightsOf(options, logits.shape, where);
    const { y, kept } = withoutIgnored(checked, options.ignoreIndex);
    const s = sampleWeights && kept ? sampleWeights.mul<tf.Tensor1D>(kept) : (sampleWeights ?? kept);
    return refusingLabels(numClasses, where, () => {
      const byLabel = classWeights === undefined ? s : weigh(tf.gather(classWeights, y) as tf.Tensor1D, undefined, s);
      if (labelSmoothing === 0) {
        const o = checkLogits(countedRows(logits, byLabel), where);
        return reduce(weighLosses(sparseCrossEntropyOp(o, y), byLabel), byLabel, reduction);
      }
      const targets = oneHotRows(isTensor(labels) ? refuseOutside(y, numClasses) : y, numClasses);
      const weighted = weigh(smooth(targets, labelSmoothing), classWeights, s);
      // With smoothing, a label of weight 0 has mass on other classes. If all weights are 0, the mean must still be 0.
      const some = byLabel !== undefined && reduction === 'mean' ? blockSum(byLabel).notEqual(0).toFloat() : 1;
      const o = checkLogits(countedRows(logits, byLabel && weighted.sum<tf.Tensor1D>(1).mul(some)), where);
      return reduce(weightedCrossEntropy(o, weighted), byLabel, reduction);
    });
  });
}

/** One loss per sample, without argument checks, for training. A divergence gives a non-finite loss, not an error. */
export function sparseCrossEntropyOp(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  if (hasFusedSparseCrossEntropy()) return fusedSparseCrossEntropy(logits, labels);
  return weightedCrossEntropy(logits, oneHotRows(labels, logits.shape[1]));
}

/**
 * −Σₖ tᵢₖ log softmax(oᵢ)ₖ for any t ≥ 0 (targets times weights), with gradient p·Σₖ tᵢₖ − tᵢ.
 *
 * Terms with t = 0 are skipped, even if the log-probability is −∞. This is a select, since 0·(−∞) is NaN.
 */
function weightedCrossEntropy(logits: tf.Tensor2D, weightedTargets: tf.Tensor2D): tf.Tensor1D {
  const loss = tf.customGrad<tf.Tensor1D>((...inputs) => {
    const [o, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
    save([o, weightedTargets]);
    const terms = weightedTargets.mul(logSoftmaxValue(o));
    const value = tf.where(weightedTargets.notEqual(0), terms, tf.zerosLike(terms)).sum(1).neg() as tf.Tensor1D;
    const gradFunc = (upstream: tf.Tensor1D, saved: tf.Tensor[]) => {
      const [o, t] = saved as [tf.Tensor2D, tf.Tensor2D];
      return upstream.expandDims(1).mul(softmaxOp(o).mul<tf.Tensor2D>(t.sum(1, true)).sub(t));
    };
    return { value, gradFunc };
  });
  return loss(logits);
}
