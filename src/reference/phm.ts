// reference: the parameterized hypercomplex layer, a dense layer whose weight is a sum of Kronecker products.
import { ShapeError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { affine, affineGradient } from './dense.js';
import { asMatrix, asMatrixOfShape, type Matrix, type MatrixLike, shapeOf, zeros } from './matrix.js';
import { kron } from './products.js';

/** Gradients of a scalar with respect to the arguments of `phm`. */
export interface PhmGradient {
  /** [n, features] */
  readonly features: Matrix;
  /** One per factor, of the same shape. */
  readonly factors: Matrix[];
  /** One per component, of the same shape. */
  readonly components: Matrix[];
  /** [classes] */
  readonly bias: Float64Array;
}

/**
 * The weight of a parameterized hypercomplex multiplication.
 *
 *   W = Σᵢ Aᵢ ⊗ Sᵢ,   i = 1 … m
 *
 * Entry W[a·p + k, b·q + l] is Σᵢ Aᵢ[a, b] Sᵢ[k, l]. The m components of a feature row are contiguous blocks of length
 * p, those of a row of logits are contiguous blocks of length q.
 *
 * @param factors    A, m matrices [m, m]
 * @param components S, m matrices [p, q]
 * @returns W, [m·p, m·q]
 * @throws ShapeError if the numbers of components and factors differ, or a shape is wrong
 * @example toRows(phmWeight([[[1, 0], [0, 1]], [[0, 1], [-1, 0]]], [[[2]], [[3]]]))   // [[2, 3], [−3, 2]]: 2 + 3i
 * @see Zhang et al., Beyond Fully-Connected Layers with Quaternions (ICLR 2021)
 */
export function phmWeight(factors: readonly MatrixLike[], components: readonly MatrixLike[]): Matrix {
  return weightOf(asTerms(factors, components, 'phmWeight'));
}

/**
 * The parameterized hypercomplex layer: `dense` with the weight of `phmWeight`.
 *
 *   o = X(Σᵢ Aᵢ ⊗ Sᵢ) + b
 *
 * @param features   X, [n, m·p]
 * @param factors    A, m matrices [m, m]
 * @param components S, m matrices [p, q]
 * @param bias       b, [m·q]
 * @returns logits o, [n, m·q]
 * @throws ShapeError if the shapes are incompatible
 * @example toRows(phm([[1, 0, 0, 2]], quaternionFactors(), [[[0]], [[1]], [[0]], [[0]]], [0, 0, 0, 0]))
 * // [[0, 1, −2, 0]]: i(1 + 2k) = i − 2j
 */
export function phm(
  features: MatrixLike,
  factors: readonly MatrixLike[],
  components: readonly MatrixLike[],
  bias: ArrayLike<number>,
): Matrix {
  return affine(features, weightOf(asTerms(factors, components, 'phm')), bias, 'phm');
}

/**
 * Gradient through `phm`.
 *
 *   ∂ℓ/∂Aᵢ[a, b] = Σₖₗ D[a·p + k, b·q + l] Sᵢ[k, l],   ∂ℓ/∂Sᵢ[k, l] = Σₐᵦ D[a·p + k, b·q + l] Aᵢ[a, b]
 *   D = ∂ℓ/∂W = XᵀG,   ∂ℓ/∂X = GWᵀ,   ∂ℓ/∂b = Σᵢ gᵢ
 *
 * @param features       X, [n, m·p]
 * @param factors        A, m matrices [m, m]
 * @param components     S, m matrices [p, q]
 * @param logitsGradient G = ∂ℓ/∂o, [n, m·q]
 * @throws ShapeError if the shapes are incompatible
 * @example phmGradient([[1]], [[[2]]], [[[3]]], [[1]]).factors[0].values   // Float64Array [3]
 */
export function phmGradient(
  features: MatrixLike,
  factors: readonly MatrixLike[],
  components: readonly MatrixLike[],
  logitsGradient: MatrixLike,
): PhmGradient {
  const where = 'phmGradient';
  const terms = asTerms(factors, components, where);
  const through = affineGradient(features, weightOf(terms), logitsGradient, where);
  const gradients = terms.map(({ factor, component }) => kronGradient(factor, component, through.weight));
  return {
    features: through.features,
    factors: gradients.map((gradient) => gradient.factor),
    components: gradients.map((gradient) => gradient.component),
    bias: through.bias,
  };
}

/**
 * Factors that make `phm` quaternion multiplication: x·phmWeight(factors, w) is the Hamilton product w ⊗ x.
 *
 * A feature row multiplies from the left, so each factor is the transpose of the matrix of y ↦ e ⊗ y, for e = 1, i, j
 * and k: row r is the quaternion e ⊗ (1, i, j, k)ᵣ.
 *
 * @example toRows(quaternionFactors()[1])[2]   // [0, 0, 0, 1]: ij = k
 */
export function quaternionFactors(): Matrix[] {
  return [
    [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ],
    [
      [0, 1, 0, 0],
      [-1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, -1, 0],
    ],
    [
      [0, 0, 1, 0],
      [0, 0, 0, -1],
      [-1, 0, 0, 0],
      [0, 1, 0, 0],
    ],
    [
      [0, 0, 0, 1],
      [0, 0, 1, 0],
      [0, -1, 0, 0],
      [-1, 0, 0, 0],
    ],
  ].map((rows) => asMatrix(rows));
}

interface Term {
  readonly factor: Matrix;
  readonly component: Matrix;
}

function weightOf(terms: readonly Term[]): Matrix {
  const [first] = terms;
  const weight = kron(first.factor, first.component);
  for (const { factor, component } of terms.slice(1)) {
    kron(factor, component).values.forEach((value, at) => {
      weight.values[at] += value;
    });
  }
  return weight;
}

/** The gradients with respect to A and S, from the gradient D with respect to A ⊗ S. */
function kronGradient(factor: Matrix, component: Matrix, product: Matrix): Term {
  const gradient = { factor: zeros(...shapeOf(factor)), component: zeros(...shapeOf(component)) };
  for (let row = 0; row < product.rows; row++) {
    const [a, k] = [Math.floor(row / component.rows), row % component.rows];
    for (let column = 0; column < product.columns; column++) {
      const [b, l] = [Math.floor(column / component.columns), column % component.columns];
      const value = product.values[row * product.columns + column];
      const [inFactor, inComponent] = [a * factor.columns + b, k * component.columns + l];
      gradient.factor.values[inFactor] += value * component.values[inComponent];
      gradient.component.values[inComponent] += value * factor.values[inFactor];
    }
  }
  return gradient;
}

function asTerms(factors: readonly MatrixLike[], components: readonly MatrixLike[], where: string): Term[] {
  if (!Array.isArray(factors) || factors.length === 0) {
    const expected = 'be an array of at least one matrix';
    throw new ShapeError({ where, argument: 'factors', expected, actual: describe(factors) });
  }
  const m = factors.length;
  if (!Array.isArray(components) || components.length !== m) {
    const expected = `be as many matrices as there are factors, ${m}`;
    throw new ShapeError({ where, argument: 'components', expected, actual: describe(components) });
  }
  const shape = shapeOf(asMatrix(components[0], where, 'components[0]'));
  return components.map((component, i) => ({
    factor: asMatrixOfShape(factors[i], [m, m], where, `factors[${i}]`),
    component: asMatrixOfShape(component, shape, where, `components[${i}]`),
  }));
}
