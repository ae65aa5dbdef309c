// reference: float64 matrices, row-major, in plain loops.
import { ShapeError } from '../core/errors.js';
import { assertShape, describe, rectangleShape } from '../core/shape.js';

/** A matrix in float64; the entry in row i and column j is `values[i * columns + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** A matrix argument of the reference functions: a `Matrix`, or rows, plain or typed. */
export type MatrixLike = Matrix | readonly ArrayLike<number>[];

/**
 * A matrix from rows, or the given matrix, validated.
 *
 * @param where    the function to name in errors
 * @param argument the argument to name in errors
 * @throws ShapeError if the rows differ in length, an entry is not a number, or `values` does not fill the shape
 * @example asMatrix([[1, 2], [3, 4]]).values   // Float64Array [1, 2, 3, 4]
 */
export function asMatrix(value: MatrixLike, where = 'asMatrix', argument = 'value'): Matrix {
  if (isMatrix(value)) {
    const { rows, columns, values } = value;
    assertCount(rows, where, `${argument}.rows`);
    assertCount(columns, where, `${argument}.columns`);
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

/** `asMatrix` with a check of the shape. `[]` fits any number of columns, since it has no row to count them in. */
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

/** An array or typed array of numbers as float64, of the given length if there is one. */
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

/** Row i, as a view: writing to it changes the matrix. */
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
 * The rows of a matrix, copied to plain arrays.
 *
 * @example toRows(transpose([[1, 2], [3, 4]]))   // [[1, 3], [2, 4]]
 */
export function toRows(matrix: MatrixLike): number[][] {
  const checked = asMatrix(matrix, 'toRows', 'matrix');
  return Array.from({ length: checked.rows }, (_, i) => Array.from(rowOf(checked, i)));
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

function assertCount(count: unknown, where: string, argument: string): void {
  if (Number.isInteger(count) && (count as number) >= 0) return;
  throw new ShapeError({ where, argument, expected: 'be an integer ≥ 0', actual: describe(count) });
}
