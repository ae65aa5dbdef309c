// nn: the options of the cross-entropies, and their sample and class weights.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { assertKnownOptions, assertOneOf, assertShape, describe } from '../core/shape.js';
import { REDUCTIONS, type Reduction } from './reduction.js';
import { isNumberList, isTensor, type Labels, readFree } from './tensors.js';

/** Options of `crossEntropy`. */
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

/** Options of `sparseCrossEntropy`. */
export interface SparseCrossEntropyOptions<R extends Reduction = Reduction> extends CrossEntropyOptions<R> {
  /** Samples with this label are ignored. Default none (PyTorch: −100). */
  readonly ignoreIndex?: number;
}

export const DENSE_OPTIONS = ['reduction', 'classWeights', 'sampleWeights', 'labelSmoothing'];
export const SPARSE_OPTIONS = [...DENSE_OPTIONS, 'ignoreIndex'];

export function checkOptions<R extends Reduction>(
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

export function weightsOf(
  options: CrossEntropyOptions,
  [n, numClasses]: readonly number[],
  where: string,
): { classWeights?: tf.Tensor1D; sampleWeights?: tf.Tensor1D } {
  const { classWeights, sampleWeights } = options;
  return {
    classWeights:
      classWeights === undefined ? undefined : checkWeights(classWeights, numClasses, where, 'classWeights'),
    sampleWeights: sampleWeights === undefined ? undefined : checkWeights(sampleWeights, n, where, 'sampleWeights'),
  };
}

/** (1 − ε)·y + ε/classes */
export function smooth(targets: tf.Tensor2D, labelSmoothing: number): tf.Tensor2D {
  if (labelSmoothing === 0) return targets;
  return targets.mul(1 - labelSmoothing).add(labelSmoothing / targets.shape[1]);
}

/** Multiplies targets, or one value per sample, by class weights and sample weights. */
export function weigh<T extends tf.Tensor>(
  of: T,
  classWeights: tf.Tensor1D | undefined,
  sampleWeights: tf.Tensor1D | undefined,
): T {
  const byClass = classWeights === undefined ? of : of.mul<T>(classWeights);
  if (sampleWeights === undefined) return byClass;
  return byClass.mul<T>(of.rank === 2 ? sampleWeights.expandDims(1) : sampleWeights);
}

export function weighLosses(perSample: tf.Tensor1D, weights: tf.Tensor1D | undefined): tf.Tensor1D {
  if (weights === undefined) return perSample;
  return tf.where(weights.notEqual(0), perSample.mul(weights), tf.zerosLike(perSample)) as tf.Tensor1D;
}

/** Replaces the logits of samples with weight 0, so that their −∞ or NaN cannot affect the loss (pytorch#11551). */
export function countedRows(logits: tf.Tensor2D, rowWeight: tf.Tensor1D | undefined): tf.Tensor2D {
  if (rowWeight === undefined) return logits;
  return tf.where(rowWeight.notEqual(0).expandDims(1), logits, tf.zerosLike(logits));
}

/** Labels with ignored ones replaced by class 0, and a factor that is 0 for them. */
export function withoutIgnored(
  labels: Labels,
  ignoreIndex: number | undefined,
): { y: tf.Tensor1D; kept?: tf.Tensor1D } {
  if (ignoreIndex === undefined) return { y: labels };
  const isKept = labels.notEqual<tf.Tensor1D>(tf.scalar(ignoreIndex, 'int32'));
  return { y: tf.where(isKept, labels, tf.zerosLike(labels)) as tf.Tensor1D, kept: isKept.toFloat() };
}

/** Class or sample weights as a tensor, from a list or tensor of `length` finite numbers ≥ 0. */
function checkWeights(
  weights: tf.Tensor1D | ArrayLike<number>,
  length: number,
  where: string,
  argument: string,
): tf.Tensor1D {
  if (isTensor(weights)) {
    assertShape(weights.shape, [length], where, argument);
    const values = readFree(weights);
    if (values !== undefined) checkWeightValues(values, where, argument);
    return weights.dtype === 'float32' ? weights : weights.toFloat();
  }
  if (!isNumberList(weights))
    throw new ShapeError({ where, argument, expected: `have shape [${length}]`, actual: describe(weights) });
  assertShape([weights.length], [length], where, argument);
  checkWeightValues(weights, where, argument);
  return tf.tensor1d(Float32Array.from(weights));
}

function checkWeightValues(weights: ArrayLike<number>, where: string, argument: string): void {
  for (let i = 0; i < weights.length; i++) {
    if (typeof weights[i] === 'number' && weights[i] >= 0 && Number.isFinite(Math.fround(weights[i]))) continue;
    throw new DomainError({
      where,
      argument: `${argument}[${i}]`,
      expected: 'be a finite number ≥ 0',
      actual: describe(weights[i]),
    });
  }
}
