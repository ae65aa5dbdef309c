// reference: the options of cross-entropy, combined into one coefficient per sample and class.
import { DomainError } from '../core/errors.js';
import { assertKnownOptions, assertOneOf, describe } from '../core/shape.js';
import { asDistributions } from './distribution.js';
import {
  asMatrix,
  asMatrixOfShape,
  asVector,
  type Matrix,
  type MatrixLike,
  rowOf,
  shapeOf,
  sum,
  zeros,
} from './matrix.js';
import { assertLabel } from './one-hot.js';
import { REDUCTIONS, type Reduction, sampleShare } from './reduction.js';
import { asLogits } from './softmax.js';

/** Options of `crossEntropy` and its derivatives. */
export interface CrossEntropyOptions<R extends Reduction = Reduction> {
  /** Over the samples. Default `'mean'`. */
  readonly reduction?: R;
  /** w, [classes], finite and ≥ 0. Default all 1. */
  readonly classWeights?: ArrayLike<number>;
  /** s, [n], finite and ≥ 0. Default all 1. */
  readonly sampleWeights?: ArrayLike<number>;
  /** ε in [0, 1]: the fraction of each target spread evenly over the classes. Default 0. */
  readonly labelSmoothing?: number;
}

/** Options of `sparseCrossEntropy` and its derivatives. */
export interface SparseCrossEntropyOptions<R extends Reduction = Reduction> extends CrossEntropyOptions<R> {
  /** Samples with this label are ignored. Default none, so a label out of range is an error (PyTorch: −100). */
  readonly ignoreIndex?: number;
}

/**
 * The loss Σᵢₖ −cᵢₖ log softmax(oᵢ)ₖ. Value, gradient and Hessian are computed from the coefficients c, so every option
 * and the factor 1/n affect all three consistently.
 */
export interface Weighed<R extends Reduction = Reduction> {
  readonly logits: Matrix;
  readonly coefficients: Matrix;
  readonly reduction: R;
}

interface Weights {
  readonly samples: Float64Array;
  readonly classes: Float64Array;
}

const OPTIONS = ['reduction', 'classWeights', 'sampleWeights', 'labelSmoothing'];

/** Targets as distributions: the mean divides by Σᵢ sᵢ. */
export function weighTargets<R extends Reduction>(
  logits: MatrixLike,
  targets: MatrixLike,
  options: CrossEntropyOptions<R>,
  where: string,
): Weighed<R> {
  assertKnownOptions(options, OPTIONS, where);
  const o = asMatrix(logits, where, 'logits');
  const hint = 'Class indices? Use sparseCrossEntropy, or oneHot.';
  const y = asDistributions(asMatrixOfShape(targets, shapeOf(o), where, 'targets', hint), where, 'targets');
  const weights = readWeights(options, o, where);
  return weigh(o, y, weights, sum(weights.samples), options, where);
}

/** Targets as labels: the mean divides by Σᵢ sᵢ w_yᵢ over the samples that are not ignored. */
export function weighLabels<R extends Reduction>(
  logits: MatrixLike,
  labels: ArrayLike<number>,
  options: SparseCrossEntropyOptions<R>,
  where: string,
): Weighed<R> {
  assertKnownOptions(options, [...OPTIONS, 'ignoreIndex'], where);
  const { ignoreIndex } = options;
  if (ignoreIndex !== undefined && !Number.isInteger(ignoreIndex)) {
    const actual = describe(ignoreIndex);
    throw new DomainError({ where, argument: 'ignoreIndex', expected: 'be an integer', actual });
  }
  const o = asMatrix(logits, where, 'logits');
  const indices = asVector(labels, o.rows, where, 'labels');
  const weights = readWeights(options, o, where);
  const y = zeros(o.rows, o.columns);
  let total = 0;
  for (let i = 0; i < o.rows; i++) {
    if (indices[i] === ignoreIndex) {
      weights.samples[i] = 0;
      continue;
    }
    const hint = 'To skip samples, pass their label as `ignoreIndex`.';
    assertLabel(indices[i], o.columns, where, i, hint);
    rowOf(y, i)[indices[i]] = 1;
    total += weights.samples[i] * weights.classes[indices[i]];
  }
  return weigh(o, y, weights, total, options, where);
}

/** cᵢₖ = sᵢ wₖ ((1 − ε)yᵢₖ + ε/classes), times the sample's share in the reduced loss. */
function weigh<R extends Reduction>(
  o: Matrix,
  y: Matrix,
  { samples, classes }: Weights,
  total: number,
  options: CrossEntropyOptions<R>,
  where: string,
): Weighed<R> {
  const { reduction = 'mean' as R, labelSmoothing = 0 } = options;
  assertOneOf(reduction, REDUCTIONS, where, 'reduction');
  if (typeof labelSmoothing !== 'number' || !(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    const actual = describe(labelSmoothing);
    throw new DomainError({ where, argument: 'labelSmoothing', expected: 'be a number in [0, 1]', actual });
  }
  const share = sampleShare(reduction, total);
  const logits = zeros(o.rows, o.columns);
  const coefficients = zeros(o.rows, o.columns);
  for (let i = 0; i < o.rows; i++) {
    const c = rowOf(coefficients, i);
    const target = rowOf(y, i);
    for (let k = 0; k < o.columns; k++) {
      const smoothed = (1 - labelSmoothing) * target[k] + labelSmoothing / o.columns;
      c[k] = share * samples[i] * classes[k] * smoothed;
    }
    // The logits of a sample with weight 0 stay 0: they may be −∞ or NaN, and 0·NaN is NaN (pytorch#11551).
    if (c.some((coefficient) => coefficient > 0)) rowOf(logits, i).set(rowOf(o, i));
  }
  return { logits: asLogits(logits, where), coefficients, reduction };
}

function readWeights({ classWeights, sampleWeights }: CrossEntropyOptions, o: Matrix, where: string): Weights {
  // `[]` as an empty batch does not define the number of classes.
  const numClasses = o.rows === 0 ? undefined : o.columns;
  return {
    classes: asWeights(classWeights ?? new Float64Array(o.columns).fill(1), numClasses, where, 'classWeights'),
    samples: asWeights(sampleWeights ?? new Float64Array(o.rows).fill(1), o.rows, where, 'sampleWeights'),
  };
}

function asWeights(
  value: ArrayLike<number>,
  length: number | undefined,
  where: string,
  argument: string,
): Float64Array {
  const weights = asVector(value, length, where, argument);
  const odd = weights.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (odd < 0) return weights;
  throw new DomainError({
    where,
    argument: `${argument}[${odd}]`,
    expected: 'be a finite number ≥ 0',
    actual: String(weights[odd]),
  });
}
