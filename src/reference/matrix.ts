// reference: float64 matrices, row-major, in plain loops.
import { ShapeError } from '../core/errors.js';
import { assertShape, describe, formatShape, rectangleShape } from '../core/shape.js';

/** A matrix in float64; the entry in row i and column j is `values[i * columns + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** What every function of the reference takes for a matrix: a `Matrix`, or rows, plain or typed. */
export type MatrixLike = Matrix | readonly ArrayLike<number>[];

/**
 * A matrix from rows, or the given matrix itself, checked.
 *
 * @param where    the function that an error names
 * @param argument the argument that an error names
 * @throws ShapeError if the rows differ in length, an entry is not a number, or `values` does not fill the shape
 * @example asMatrix([[1, 2], [3, 4]]).values   // Float64Array [1, 2, 3, 4]
 */
export function asMatrix(value: MatrixLike, where = 'asMatrix', argument = 'value'): Matrix {
  if (isMatrix(value)) {
    const { rows, columns, values } = value;
    if (values instanceof Float64Array && values.length === rows * columns) return value;
    throw new ShapeError({
      where,
      argument: `${argument}.values`,
      expected: `be a Float64Array of rows × columns = ${rows * columns}`,
      actual: describe(values),
    });
  }
  const [rows, columns] = rectangleShape(value, where, argument);
  const matrix = zeros(rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      assertNumber(value[i][j], where, `${argument}[${i}][${j}]`);
      matrix.values[i * columns + j] = value[i][j];
    }
  }
  return matrix;
}

/** `asMatrix`, and of this shape. No rows fit any number of columns: `[]` cannot say how many it has. */
export function asMatrixOfShape(
  value: MatrixLike,
  shape: readonly [number, number],
  where: string,
  argument: string,
  hint?: string,
): Matrix {
  if (isFlat(value)) assertShape([value.length], shape, where, argument, hint);
  const matrix = asMatrix(value, where, argument);
  if (matrix.rows === 0 && shape[0] === 0) return zeros(0, shape[1]);
  assertShape(shapeOf(matrix), shape, where, argument, hint);
  return matrix;
}

/** The numbers of an array or typed array as float64, of this length where one is given. */
export function asVector(
  value: ArrayLike<number>,
  length: number | undefined,
  where: string,
  argument: string,
): Float64Array {
  if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && 'length' in value)) {
    throw new ShapeError({ where, argument, expected: 'be an array of numbers', actual: describe(value) });
  }
  if (length !== undefined) assertShape([value.length], [length], where, argument);
  const vector = new Float64Array(value.length);
  for (let i = 0; i < vector.length; i++) {
    assertNumber(value[i], where, `${argument}[${i}]`);
    vector[i] = value[i];
  }
  return vector;
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

export function shapeOf(matrix: Matrix): [number, number] {
  return [matrix.rows, matrix.columns];
}

/** Row i, as a view: what is written to it is written to the matrix. */
export function rowOf(matrix: Matrix, i: number): Float64Array {
  return matrix.values.subarray(i * matrix.columns, (i + 1) * matrix.columns);
}

export function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

/**
 * The rows of a matrix as plain arrays, copied.
 *
 * @example toRows(transpose([[1, 2], [3, 4]]))   // [[1, 3], [2, 4]]
 */
export function toRows(matrix: MatrixLike): number[][] {
  const checked = asMatrix(matrix, 'toRows', 'matrix');
  return Array.from({ length: checked.rows }, (_, i) => Array.from(rowOf(checked, i)));
}

/**
 * The matrix product.
 *
 *   (AB)ᵢⱼ = Σₖ aᵢₖ bₖⱼ
 *
 * @param left  A, [n, m]
 * @param right B, [m, p]
 * @returns [n, p]
 * @throws ShapeError if the columns of A are not as many as the rows of B
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
 * The Kronecker product: the blocks aᵢⱼ·B, laid out as the entries of A are.
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

function isMatrix(value: MatrixLike): value is Matrix {
  return typeof value === 'object' && value !== null && 'rows' in value && 'columns' in value;
}

function isFlat(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) ? typeof value[0] === 'number' : ArrayBuffer.isView(value) && 'length' in value;
}

function assertNumber(value: unknown, where: string, argument: string): asserts value is number {
  if (typeof value === 'number') return;
  throw new ShapeError({ where, argument, expected: 'be a number', actual: describe(value) });
}
