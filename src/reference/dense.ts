// reference: the dense layer.
import { asMatrix, asMatrixOfShape, asVector, type Matrix, type MatrixLike } from './matrix.js';
import { columnSums, matmul, transpose } from './products.js';

/** Gradients of a scalar with respect to the arguments of `dense`. */
export interface DenseGradient {
  /** [n, features] */
  readonly features: Matrix;
  /** [features, classes] */
  readonly weight: Matrix;
  /** [classes] */
  readonly bias: Float64Array;
}

/**
 * The dense layer.
 *
 *   o = XW + b
 *
 * @param features X, [n, features]
 * @param weight   W, [features, classes]
 * @param bias     b, [classes]
 * @returns logits o, [n, classes]
 * @throws ShapeError if the shapes are incompatible
 * @example toRows(dense([[1, 2]], [[1, 0, 2], [0, 1, 1]], [0.5, 0, 0]))   // [[1.5, 2, 4]]
 */
export function dense(features: MatrixLike, weight: MatrixLike, bias: ArrayLike<number>): Matrix {
  return affine(features, weight, bias, 'dense');
}

/**
 * Gradient through `dense`.
 *
 *   ∂ℓ/∂X = GWᵀ,   ∂ℓ/∂W = XᵀG,   ∂ℓ/∂b = Σᵢ gᵢ
 *
 * @param features       X, [n, features]
 * @param weight         W, [features, classes]
 * @param logitsGradient G = ∂ℓ/∂o, [n, classes], for example from cross-entropy
 * @throws ShapeError if the shapes are incompatible
 * @example toRows(denseGradient([[1, 2]], [[3], [4]], [[10]]).weight)   // [[10], [20]]
 */
export function denseGradient(features: MatrixLike, weight: MatrixLike, logitsGradient: MatrixLike): DenseGradient {
  return affineGradient(features, weight, logitsGradient, 'denseGradient');
}

/** `dense` with the layer name for error messages. */
export function affine(features: MatrixLike, weight: MatrixLike, bias: ArrayLike<number>, where: string): Matrix {
  const { x, w } = asProduct(features, weight, where);
  const b = asVector(bias, w.columns, where, 'bias');
  const logits = matmul(x, w);
  for (let i = 0; i < logits.values.length; i++) logits.values[i] += b[i % w.columns];
  return logits;
}

/** `denseGradient` with the layer name for error messages. */
export function affineGradient(
  features: MatrixLike,
  weight: MatrixLike,
  logitsGradient: MatrixLike,
  where: string,
): DenseGradient {
  const { x, w } = asProduct(features, weight, where);
  const g = asMatrixOfShape(logitsGradient, [x.rows, w.columns], where, 'logitsGradient');
  return { features: matmul(g, transpose(w)), weight: matmul(transpose(x), g), bias: columnSums(g) };
}

/** X and W as matrices; the columns of X must match the rows of W. */
function asProduct(features: MatrixLike, weight: MatrixLike, where: string): { x: Matrix; w: Matrix } {
  const w = asMatrix(weight, where, 'weight');
  const x = asMatrix(features, where, 'features');
  return { x: asMatrixOfShape(x, [x.rows, w.rows], where, 'features'), w };
}
