// reference: products and sums of matrices.
import { ShapeError } from '../core/errors.js';
import { formatShape } from '../core/shape.js';
import { asMatrix, type Matrix, type MatrixLike, shapeOf, zeros } from './matrix.js';

/**
 * The matrix product.
 *
 *   (AB)ᵢⱼ = Σₖ aᵢₖ bₖⱼ
 *
 * @param left  A, [n, m]
 * @param right B, [m, p]
 * @returns [n, p]
 * @throws ShapeError unless A has as many columns as B has rows
 * @example toRows(matmul([[1, 2]], [[3], [4]]))   // [[11]]
 */
export function matmul(left: MatrixLike, right: MatrixLike): Matrix {
  const b = asMatrix(right, 'matmul', 'right');
  const a = asMatrix(left, 'matmul', 'left');
  if (a.columns !== b.rows && a.rows > 0) {
    throw new ShapeError({
      where: 'matmul',
      argument: 'right',
      expected: `have ${a.columns} rows`,
      actual: formatShape(shapeOf(b)),
    });
  }
  const product = zeros(a.rows, b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const factor = a.values[i * a.columns + k];
      for (let j = 0; j < b.columns; j++) {
        product.values[i * b.columns + j] += factor * b.values[k * b.columns + j];
      }
    }
  }
  return product;
}

/** The transpose: entry (j, i) is entry (i, j) of the argument. */
export function transpose(matrix: MatrixLike): Matrix {
  const { rows, columns, values } = asMatrix(matrix, 'transpose', 'matrix');
  const result = zeros(columns, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result.values[j * rows + i] = values[i * columns + j];
  }
  return result;
}

/**
 * The sum of each column.
 *
 * @returns [columns]
 * @example columnSums([[1, 2], [3, 4]])   // Float64Array [4, 6]
 */
export function columnSums(matrix: MatrixLike): Float64Array {
  const { rows, columns, values } = asMatrix(matrix, 'columnSums', 'matrix');
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) sums[j] += values[i * columns + j];
  }
  return sums;
}

/**
 * The Kronecker product: the blocks aᵢⱼ·B in the layout of the entries of A.
 *
 *   (A ⊗ B)[i·p + k, j·q + l] = aᵢⱼ bₖₗ
 *
 * @param left  A, [m, n]
 * @param right B, [p, q]
 * @returns [m·p, n·q]
 * @example toRows(kron([[1, 2]], [[3], [4]]))   // [[3, 6], [4, 8]]
 */
export function kron(left: MatrixLike, right: MatrixLike): Matrix {
  const a = asMatrix(left, 'kron', 'left');
  const b = asMatrix(right, 'kron', 'right');
  const product = zeros(a.rows * b.rows, a.columns * b.columns);
  for (let row = 0; row < product.rows; row++) {
    const [i, k] = [Math.floor(row / b.rows), row % b.rows];
    for (let column = 0; column < product.columns; column++) {
      const [j, l] = [Math.floor(column / b.columns), column % b.columns];
      product.values[row * product.columns + column] = a.values[i * a.columns + j] * b.values[k * b.columns + l];
    }
  }
  return product;
}
