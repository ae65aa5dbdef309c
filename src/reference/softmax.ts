// reference: softmax and its logarithm, row by row, with first and second derivatives.
import { DomainError, ShapeError } from '../core/errors.js';
import { formatShape } from '../core/shape.js';
import { asMatrix, asMatrixOfShape, dot, type Matrix, type MatrixLike, rowOf, shapeOf, sum, zeros } from './matrix.js';

/**
 * Softmax of each row.
 *
 *   pₖ = exp(oₖ) / Σⱼ exp(oⱼ)
 *
 * The maximum of the row is subtracted first, so no exponential overflows. An entry −∞ has probability 0. A row with
 * NaN or +∞ becomes all NaN.
 *
 * @param logits o, [n, classes], finite or −∞
 * @returns p, [n, classes], rows ≥ 0 that sum to 1
 * @throws DomainError if a row is only −∞
 * @example toRows(softmax([[1, 2, 3]]))   // [[0.0900, 0.2447, 0.6652]]
 * @see Dive into Deep Learning (zh), §3.4.4
 */
export function softmax(logits: MatrixLike): Matrix {
  return probabilities(asLogits(logits, 'softmax'));
}

/**
 * Logarithm of the softmax of each row.
 *
 *   log pₖ = (oₖ − m) − log Σⱼ exp(oⱼ − m),   m = maxⱼ oⱼ
 *
 * Not computed from `softmax`, whose logarithm is −∞ once a probability underflows: at o = (0, −1000) this returns
 * −1000 for the second class.
 *
 * @param logits o, [n, classes], finite or −∞
 * @returns log p, [n, classes], nats, ≤ 0
 * @throws DomainError if a row is only −∞
 * @example toRows(logSoftmax([[1, 2, 3]]))   // [[−2.4076, −1.4076, −0.4076]]
 * @see Dive into Deep Learning (zh), §3.7.2
 */
export function logSoftmax(logits: MatrixLike): Matrix {
  const o = asLogits(logits, 'logSoftmax');
  return mapRows(o, (row, result) => {
    const maximum = maximumOf(row);
    const top = row.indexOf(maximum);
    // log1p of all terms except the largest, which is 1: at o = (40, 0), log(1 + e⁻⁴⁰) would round to 0.
    let others = 0;
    for (let k = 0; k < row.length; k++) {
      if (k !== top) others += Math.exp(row[k] - maximum);
    }
    for (let k = 0; k < row.length; k++) result[k] = row[k] - maximum - Math.log1p(others);
  });
}

/**
 * Gradient through softmax: the vector–Jacobian product.
 *
 *   v·∂p/∂o = p∘(v − p·v)
 *
 * @param logits   o, [n, classes], finite or −∞
 * @param upstream v, [n, classes], the gradient of a scalar with respect to p
 * @returns [n, classes], the gradient of that scalar with respect to o; each row sums to 0
 * @throws ShapeError if the shapes differ
 * @throws DomainError if a row of logits is only −∞
 * @example toRows(softmaxGradient([[0, 0]], [[1, 0]]))   // [[0.25, −0.25]]
 */
export function softmaxGradient(logits: MatrixLike, upstream: MatrixLike): Matrix {
  const where = 'softmaxGradient';
  const o = asLogits(logits, where);
  return directional(probabilities(o), asMatrixOfShape(upstream, shapeOf(o), where, 'upstream'));
}

/**
 * Gradient through logSoftmax: the vector–Jacobian product.
 *
 *   v·∂(log p)/∂o = v − p Σₖ vₖ
 *
 * @param logits   o, [n, classes], finite or −∞
 * @param upstream v, [n, classes], the gradient of a scalar with respect to log p
 * @returns [n, classes], the gradient of that scalar with respect to o; each row sums to 0
 * @throws ShapeError if the shapes differ
 * @throws DomainError if a row of logits is only −∞
 * @example toRows(logSoftmaxGradient([[0, 0]], [[1, 0]]))   // [[0.5, −0.5]]
 */
export function logSoftmaxGradient(logits: MatrixLike, upstream: MatrixLike): Matrix {
  const where = 'logSoftmaxGradient';
  const o = asLogits(logits, where);
  const v = asMatrixOfShape(upstream, shapeOf(o), where, 'upstream');
  return mapRows(probabilities(o), (p, result, i) => {
    const gradient = rowOf(v, i);
    const total = sum(gradient);
    for (let k = 0; k < p.length; k++) result[k] = gradient[k] - p[k] * total;
  });
}

/**
 * Second derivative through softmax: the derivative of `softmaxGradient(o, v)` along u.
 *
 *   ṗ∘(v − p·v) − p (ṗ·v),   ṗ = p∘(u − p·u)
 *
 * @param logits   o, [n, classes], finite or −∞
 * @param upstream v, [n, classes], constant
 * @param vector   u, [n, classes], the direction
 * @returns [n, classes], the Hessian of Σᵢ vᵢ·softmax(oᵢ), times u
 * @throws ShapeError if the shapes differ
 * @throws DomainError if a row of logits is only −∞
 * @example toRows(softmaxHessianVector([[0, Math.log(3)]], [[1, 0]], [[1, 0]]))   // [[0.09375, −0.09375]]
 */
export function softmaxHessianVector(logits: MatrixLike, upstream: MatrixLike, vector: MatrixLike): Matrix {
  const where = 'softmaxHessianVector';
  const o = asLogits(logits, where);
  const v = asMatrixOfShape(upstream, shapeOf(o), where, 'upstream');
  const p = probabilities(o);
  const change = directional(p, asMatrixOfShape(vector, shapeOf(o), where, 'vector'));
  return mapRows(p, (row, result, i) => {
    const gradient = rowOf(v, i);
    const moved = rowOf(change, i);
    const mean = dot(row, gradient);
    const drift = dot(moved, gradient);
    for (let k = 0; k < row.length; k++) result[k] = moved[k] * (gradient[k] - mean) - row[k] * drift;
  });
}

/**
 * Second derivative through logSoftmax: the derivative of `logSoftmaxGradient(o, v)` along u.
 *
 *   −ṗ Σₖ vₖ,   ṗ = p∘(u − p·u)
 *
 * @param logits   o, [n, classes], finite or −∞
 * @param upstream v, [n, classes], constant
 * @param vector   u, [n, classes], the direction
 * @returns [n, classes], the Hessian of Σᵢ vᵢ·logSoftmax(oᵢ), times u
 * @throws ShapeError if the shapes differ
 * @throws DomainError if a row of logits is only −∞
 * @example toRows(logSoftmaxHessianVector([[0, 0]], [[1, 0]], [[1, 0]]))   // [[−0.25, 0.25]]
 */
export function logSoftmaxHessianVector(logits: MatrixLike, upstream: MatrixLike, vector: MatrixLike): Matrix {
  const where = 'logSoftmaxHessianVector';
  const o = asLogits(logits, where);
  const v = asMatrixOfShape(upstream, shapeOf(o), where, 'upstream');
  const change = directional(probabilities(o), asMatrixOfShape(vector, shapeOf(o), where, 'vector'));
  return mapRows(change, (row, result, i) => {
    const total = sum(rowOf(v, i));
    for (let k = 0; k < row.length; k++) result[k] = 0 - row[k] * total;
  });
}

/**
 * Logits in the domain of softmax: at least one class, and an entry above −∞ in each row.
 *
 * @throws ShapeError if there are rows but no classes
 * @throws DomainError if a row is only −∞
 */
export function asLogits(value: MatrixLike, where: string): Matrix {
  const logits = asMatrix(value, where, 'logits');
  if (logits.rows > 0 && logits.columns === 0) {
    throw new ShapeError({
      where,
      argument: 'logits',
      expected: 'have at least one class',
      actual: formatShape(shapeOf(logits)),
    });
  }
  for (let i = 0; i < logits.rows; i++) {
    if (rowOf(logits, i).some((o) => o !== Number.NEGATIVE_INFINITY)) continue;
    throw new DomainError({
      where,
      argument: `logits[${i}]`,
      expected: 'have an entry above −Infinity',
      actual: 'a row of only −Infinity',
    });
  }
  return logits;
}

function probabilities(logits: Matrix): Matrix {
  return mapRows(logits, (row, result) => {
    const maximum = maximumOf(row);
    for (let k = 0; k < row.length; k++) result[k] = Math.exp(row[k] - maximum);
    const total = sum(result);
    for (let k = 0; k < row.length; k++) result[k] /= total;
  });
}

/** The largest entry; NaN if the row has NaN or +∞, so that the whole result row becomes NaN. */
function maximumOf(row: Float64Array): number {
  const maximum = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return maximum === Number.POSITIVE_INFINITY ? Number.NaN : maximum;
}

/** ∂p/∂o times a direction u, row by row: p∘(u − p·u). The Jacobian is symmetric, so this also equals u times ∂p/∂o. */
function directional(p: Matrix, direction: Matrix): Matrix {
  return mapRows(p, (row, result, i) => {
    const u = rowOf(direction, i);
    const mean = dot(row, u);
    for (let k = 0; k < row.length; k++) result[k] = row[k] * (u[k] - mean);
  });
}

function mapRows(matrix: Matrix, write: (row: Float64Array, result: Float64Array, index: number) => void): Matrix {
  const mapped = zeros(matrix.rows, matrix.columns);
  for (let i = 0; i < matrix.rows; i++) write(rowOf(matrix, i), rowOf(mapped, i), i);
  return mapped;
}
