// nn: cross-entropy of softmax(logits), against distributions and against class indices.
import * as tf from '@tensorflow/tfjs';
import { DomainError } from '../core/errors.js';
import { assertKnownOptions, assertOneOf, assertShape, describe } from '../core/shape.js';
import { fusedSparseCrossEntropy, hasFusedSparseCrossEntropy } from './fused.js';
import { oneHotRows, refuseOutside } from './one-hot.js';
import { REDUCTIONS, type Reduced, type Reduction, reduce } from './reduction.js';
import { logSoftmaxValue, softmaxOp } from './softmax.js';
import {
  checkDistribution,
  checkLabels,
  checkLogits,
  checkMatrix,
  checkWeights,
  isTensor,
  type Labels,
  type LabelsLike,
  type LogitsLike,
  refusingLabels,
  type TargetsLike,
} from './tensors.js';

export interface CrossEntropyOptions<R extends Reduction = Reduction> {
  /** `'mean'` (default) divides by the sum of weights, `'sum'` does not, `'none'` keeps one loss per sample. */
  readonly reduction?: R;
  /** w, [classes], ≥ 0. */
  readonly classWeights?: tf.Tensor1D | ArrayLike<number>;
  /** s, [n], ≥ 0. */
  readonly sampleWeights?: tf.Tensor1D | ArrayLike<number>;
  /** ε in [0, 1]: the target becomes (1 − ε)·y + ε/classes. */
  readonly labelSmoothing?: number;
}

export interface SparseCrossEntropyOptions<R extends Reduction = Reduction> extends CrossEntropyOptions<R> {
  /** Samples with this label count for nothing. None by default (in PyTorch: −100). */
  readonly ignoreIndex?: number;
}

const DENSE_OPTIONS = ['reduction', 'classWeights', 'sampleWeights', 'labelSmoothing'];
const SPARSE_OPTIONS = [...DENSE_OPTIONS, 'ignoreIndex'];

/**
 * Cross-entropy of softmax(logits) against targets.
 *
 *   ỹ = (1 − ε)·y + ε/classes        ℓᵢ = −sᵢ Σₖ wₖ ỹᵢₖ log softmax(oᵢ)ₖ        mean = Σᵢ ℓᵢ / Σᵢ sᵢ
 *
 *   ∂ℓᵢ/∂oᵢ = softmax(oᵢ) − yᵢ        (with all weights 1 and ε = 0)
 *
 * Taken from logits, never from probabilities: at o = (100, 0, 0) and the second class,
 * −log(softmax(o)) is 99.983 (tfjs 4.22, cpu, float32); this is 100.
 *
 * @param logits  o, [n, classes]; −∞ where a class is impossible (the loss is +∞ if its target is not 0)
 * @param targets y, [n, classes], rows ≥ 0 that sum to 1; a constant, no gradient flows into it
 * @returns nats, ≥ 0: a scalar, or [n] with reduction 'none'; the caller disposes it; 0 where the weights sum to 0
 * @throws ShapeError if the shapes differ; DomainError for an option out of range, and on cpu and wasm for a row of
 *         targets that is no distribution
 * @example crossEntropy(asLogits([[1, 2, 3]]), oneHot([2], 3))   // 0.4076
 * @see Dive into Deep Learning (zh), §3.4.6; options as PyTorch 2 defines them; checked against reference/cross-entropy.ts
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
 * With label smoothing, ℓᵢ = −sᵢ Σₖ wₖ ỹᵢₖ log softmax(oᵢ)ₖ, and the same denominator. On TensorFlow, loss and gradient
 * come from one fused kernel where no smoothing is asked for.
 *
 * @param logits o, [n, classes]
 * @param labels class indices, [n], 0 ≤ label < classes, or equal to `ignoreIndex`
 * @returns nats, ≥ 0: a scalar, or [n] with reduction 'none'; the caller disposes it; 0 where the weights sum to 0
 * @throws ShapeError if the shapes differ; DomainError for an option or (but on WebGL and WebGPU) a label out of range
 * @example sparseCrossEntropy(asLogits([[1, 2, 3]]), [2])   // 0.4076
 * @see Dive into Deep Learning (zh), §3.4.6; options as PyTorch 2 defines them; checked against reference/cross-entropy.ts
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
      const o = checkLogits(countedRows(logits, byLabel && weighted.sum(1)), where);
      return reduce(weightedCrossEntropy(o, weighted), byLabel, reduction);
    });
  });
}

/**
 * One loss per sample, without the checks of the arguments, for training: where that blows up, the loss is not finite,
 * but no error.
 */
export function sparseCrossEntropyOp(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  if (hasFusedSparseCrossEntropy()) return fusedSparseCrossEntropy(logits, labels);
  return weightedCrossEntropy(logits, oneHotRows(labels, logits.shape[1]));
}

/**
 * −Σₖ tᵢₖ log softmax(oᵢ)ₖ for any t ≥ 0 (targets times weights), with gradient p·Σₖ tᵢₖ − tᵢ.
 *
 * Where t is 0 nothing is added, even if the log-probability is −∞: a select, never 0·(−∞).
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

/** (1 − ε)·y + ε/classes */
function smooth(targets: tf.Tensor2D, labelSmoothing: number): tf.Tensor2D {
  if (labelSmoothing === 0) return targets;
  return targets.mul(1 - labelSmoothing).add(labelSmoothing / targets.shape[1]);
}

/** Targets, or one weight per sample, times class weights and sample weights. */
function weigh<T extends tf.Tensor>(
  of: T,
  classWeights: tf.Tensor1D | undefined,
  sampleWeights: tf.Tensor1D | undefined,
): T {
  const byClass = classWeights === undefined ? of : of.mul<T>(classWeights);
  if (sampleWeights === undefined) return byClass;
  return byClass.mul<T>(of.rank === 2 ? sampleWeights.expandDims(1) : sampleWeights);
}

function weighLosses(perSample: tf.Tensor1D, weights: tf.Tensor1D | undefined): tf.Tensor1D {
  if (weights === undefined) return perSample;
  return tf.where(weights.notEqual(0), perSample.mul(weights), tf.zerosLike(perSample)) as tf.Tensor1D;
}

/** Samples of weight 0 are replaced before they enter: what their logits hold (−∞, NaN) cannot leak out (pytorch#11551). */
function countedRows(logits: tf.Tensor2D, rowWeight: tf.Tensor1D | undefined): tf.Tensor2D {
  if (rowWeight === undefined) return logits;
  return tf.where(rowWeight.notEqual(0).expandDims(1), logits, tf.zerosLike(logits));
}

/** Ignored labels as class 0, and a factor that is 0 for them. */
function withoutIgnored(labels: Labels, ignoreIndex: number | undefined): { y: tf.Tensor1D; kept?: tf.Tensor1D } {
  if (ignoreIndex === undefined) return { y: labels };
  const isKept = labels.notEqual<tf.Tensor1D>(tf.scalar(ignoreIndex, 'int32'));
  return { y: tf.where(isKept, labels, tf.zerosLike(labels)) as tf.Tensor1D, kept: isKept.toFloat() };
}

function checkOptions<R extends Reduction>(
  options: SparseCrossEntropyOptions<R>,
  known: readonly string[],
  where: string,
): { reduction: R; labelSmoothing: number } {
  assertKnownOptions(options, known, where);
  const { reduction = 'mean' as R, labelSmoothing = 0, ignoreIndex } = options;
  assertOneOf(reduction, REDUCTIONS, where, 'reduction');
  if (!Number.isFinite(labelSmoothing) || labelSmoothing < 0 || labelSmoothing > 1) {
    throw new DomainError({
      where,
      argument: 'labelSmoothing',
      expected: 'be in [0, 1]',
      actual: describe(labelSmoothing),
    });
  }
  if (ignoreIndex !== undefined && (!Number.isInteger(ignoreIndex) || Math.abs(ignoreIndex) > 0x7fffffff)) {
    throw new DomainError({
      where,
      argument: 'ignoreIndex',
      expected: 'be an int32 integer',
      actual: describe(ignoreIndex),
    });
  }
  return { reduction, labelSmoothing };
}

function weightsOf(
  options: CrossEntropyOptions,
  [n, numClasses]: readonly number[],
  where: string,
): { classWeights?: tf.Tensor1D; sampleWeights?: tf.Tensor1D } {
  const { classWeights, sampleWeights } = options;
  return {
    classWeights: classWeights && checkWeights(classWeights, numClasses, where, 'classWeights'),
    sampleWeights: sampleWeights && checkWeights(sampleWeights, n, where, 'sampleWeights'),
  };
}
