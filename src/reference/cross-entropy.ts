// reference: cross-entropy from logits, with its gradient and Hessian-vector product in closed form.
import { asMatrixOfShape, type Matrix, type MatrixLike, rowOf, shapeOf, zeros } from './matrix.js';
import { type Reduced, type Reduction, reduceShares } from './reduction.js';
import { logSoftmax, logSoftmaxGradient, logSoftmaxHessianVector } from './softmax.js';
import {
  type CrossEntropyOptions,
  type SparseCrossEntropyOptions,
  type Weighed,
  weighLabels,
  weighTargets,
} from './weighing.js';

/**
 * Cross-entropy of softmax(logits) against targets.
 *
 *   ℓᵢ = −sᵢ Σₖ wₖ ỹᵢₖ log softmax(oᵢ)ₖ,   ỹ = (1 − ε)y + ε/classes
 *   mean = Σᵢ ℓᵢ / Σᵢ sᵢ                     (not divided by w, as in PyTorch)
 *
 * A class with wₖỹᵢₖ = 0 adds nothing, even at log 0 = −∞; with wₖỹᵢₖ > 0 a logit −∞ adds +∞. A sample with weight 0
 * is skipped, whatever its logits. The mean is 0 if all weights are 0.
 *
 * @param logits  o, [n, classes], finite or −∞; NaN in a row makes its loss NaN
 * @param targets y, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @returns nats, ≥ 0: a number, or [n] with reduction 'none'
 * @throws ShapeError if the shapes differ
 * @throws DomainError if a target row is not a distribution, a weight or an option is out of range, an option is
 * unknown, or a row of logits with a weight is only −∞
 * @example crossEntropy([[1, 2, 3]], [[0, 0, 1]])   // 0.4076
 * @see Dive into Deep Learning (zh), §3.4.6; torch.nn.CrossEntropyLoss with class probabilities
 */
export function crossEntropy<R extends Reduction = 'mean'>(
  logits: MatrixLike,
  targets: MatrixLike,
  options: CrossEntropyOptions<R> = {},
): Reduced<R> {
  return value(weighTargets(logits, targets, options, 'crossEntropy'));
}

/**
 * Gradient of `crossEntropy` with respect to the logits; with reduction 'none', of the sum of the losses.
 *
 *   ∂ℓᵢ/∂oᵢ = sᵢ(pᵢ Σₖ wₖỹᵢₖ − w∘ỹᵢ),   which is pᵢ − yᵢ without options;   divided by Σᵢ sᵢ in a mean
 *
 * @returns [n, classes]; each row sums to 0
 * @throws the errors of crossEntropy
 * @example toRows(crossEntropyGradient([[1, 2, 3]], [[0, 0, 1]]))   // [[0.0900, 0.2447, −0.3348]]
 */
export function crossEntropyGradient(
  logits: MatrixLike,
  targets: MatrixLike,
  options: CrossEntropyOptions = {},
): Matrix {
  return gradient(weighTargets(logits, targets, options, 'crossEntropyGradient'));
}

/**
 * Hessian of `crossEntropy` with respect to the logits, times a vector: the derivative of the gradient along u.
 *
 *   ∂²ℓᵢ/∂oᵢ² u = sᵢ Σₖ wₖỹᵢₖ · p∘(u − p·u);   divided by Σᵢ sᵢ in a mean
 *
 * @param vector u, [n, classes]
 * @returns [n, classes]
 * @throws the errors of crossEntropy
 * @example toRows(crossEntropyHessianVector([[0, 0]], [[1, 0]], [[1, 0]]))   // [[0.25, −0.25]]
 */
export function crossEntropyHessianVector(
  logits: MatrixLike,
  targets: MatrixLike,
  vector: MatrixLike,
  options: CrossEntropyOptions = {},
): Matrix {
  const where = 'crossEntropyHessianVector';
  return hessianVector(weighTargets(logits, targets, options, where), vector, where);
}

/**
 * Cross-entropy of softmax(logits) with integer labels: `crossEntropy` with one-hot rows, except for the mean.
 *
 *   mean = Σᵢ ℓᵢ / Σᵢ sᵢ w_yᵢ                (over the samples not ignored, as in PyTorch)
 *
 * An ignored sample is skipped, even if its logits are −∞ or NaN.
 *
 * @param logits o, [n, classes], finite or −∞; NaN in a row makes its loss NaN
 * @param labels [n], integers in [0, classes), or `ignoreIndex`
 * @returns nats, ≥ 0: a number, or [n] with reduction 'none', with 0 for ignored samples
 * @throws ShapeError if the number of labels differs from the rows of logits
 * @throws DomainError if a label, a weight or an option is out of range, an option is unknown, or a row of logits with
 * a weight is only −∞
 * @example sparseCrossEntropy([[1, 2, 3]], [2])   // 0.4076
 * @see torch.nn.CrossEntropyLoss with class indices
 */
export function sparseCrossEntropy<R extends Reduction = 'mean'>(
  logits: MatrixLike,
  labels: ArrayLike<number>,
  options: SparseCrossEntropyOptions<R> = {},
): Reduced<R> {
  return value(weighLabels(logits, labels, options, 'sparseCrossEntropy'));
}

/**
 * Gradient of `sparseCrossEntropy` with respect to the logits; with reduction 'none', of the sum of the losses.
 *
 *   ∂ℓᵢ/∂oᵢ = sᵢ(pᵢ Σₖ wₖỹᵢₖ − w∘ỹᵢ);   divided by Σᵢ sᵢ w_yᵢ in a mean;   0 for an ignored sample
 *
 * @returns [n, classes]; each row sums to 0
 * @throws the errors of sparseCrossEntropy
 * @example toRows(sparseCrossEntropyGradient([[1, 2, 3]], [2]))   // [[0.0900, 0.2447, −0.3348]]
 */
export function sparseCrossEntropyGradient(
  logits: MatrixLike,
  labels: ArrayLike<number>,
  options: SparseCrossEntropyOptions = {},
): Matrix {
  return gradient(weighLabels(logits, labels, options, 'sparseCrossEntropyGradient'));
}

/**
 * Hessian of `sparseCrossEntropy` with respect to the logits, times a vector.
 *
 *   ∂²ℓᵢ/∂oᵢ² u = sᵢ Σₖ wₖỹᵢₖ · p∘(u − p·u);   divided by Σᵢ sᵢ w_yᵢ in a mean;   0 for an ignored sample
 *
 * @param vector u, [n, classes]
 * @returns [n, classes]
 * @throws the errors of sparseCrossEntropy
 * @example toRows(sparseCrossEntropyHessianVector([[0, 0]], [0], [[1, 0]]))   // [[0.25, −0.25]]
 */
export function sparseCrossEntropyHessianVector(
  logits: MatrixLike,
  labels: ArrayLike<number>,
  vector: MatrixLike,
  options: SparseCrossEntropyOptions = {},
): Matrix {
  const where = 'sparseCrossEntropyHessianVector';
  return hessianVector(weighLabels(logits, labels, options, where), vector, where);
}

function value<R extends Reduction>({ logits, coefficients, reduction }: Weighed<R>): Reduced<R> {
  // logSoftmax, not logSumExp(o) − y·o: that difference cancels if o is large.
  const logProbabilities = logSoftmax(logits);
  const losses = new Float64Array(logits.rows);
  for (let i = 0; i < logits.rows; i++) {
    const c = rowOf(coefficients, i);
    const row = rowOf(logProbabilities, i);
    for (let k = 0; k < logits.columns; k++) {
      // A select, not a product: 0·(−∞) is NaN.
      if (c[k] > 0) losses[i] -= c[k] * row[k];
    }
  }
  return reduceShares(losses, reduction);
}

function gradient({ logits, coefficients }: Weighed): Matrix {
  return logSoftmaxGradient(logits, negative(coefficients));
}

function hessianVector({ logits, coefficients }: Weighed, vector: MatrixLike, where: string): Matrix {
  const u = asMatrixOfShape(vector, shapeOf(logits), where, 'vector');
  return logSoftmaxHessianVector(logits, negative(coefficients), u);
}

/** 0 − x, so that a weight of 0 gives a gradient of 0 and not −0. */
function negative(matrix: Matrix): Matrix {
  const result = zeros(matrix.rows, matrix.columns);
  for (let i = 0; i < result.values.length; i++) result.values[i] = 0 - matrix.values[i];
  return result;
}
