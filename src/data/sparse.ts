// data: sparse matrices from triplets, from rows without their zeros, and from dense rows; and back.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertList, describe, inBytes } from '../core/shape.js';
import { assertFeatureArray, type FeatureArray, readFeatureArray } from './batches.js';
import { NumberList } from './kept-rows.js';
import { assertSparse, type SparseMatrix } from './matrix.js';

/** A row by its entries that are not 0: `{ index: value }`, or the same as a Map. */
export type SparseRow = Readonly<Record<number, number>> | ReadonlyMap<number, number>;

/** The entries of a matrix in any order: entry k is values[k], in row rows[k] and column columns[k]. */
export interface Triplets {
  readonly rows: ArrayLike<number>;
  readonly columns: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly shape: readonly [rows: number, columns: number];
}

/** Rows, columns and entries are counted in int32. */
export const LARGEST_COUNT = 2 ** 31 - 1;

/** The most numbers of `toDense`: 1 GiB in float64. */
const MOST_DENSE = 2 ** 27;

const WHERE = 'sparseMatrix';

/**
 * A sparse matrix of rows `{ index: value }` or Maps, of triplets, or of dense rows `{ values, shape }`.
 *
 * Triplets of the same place are added in their order, as scipy's `coo_matrix` does; a sum of 0 stays an entry. Zeros of
 * dense rows are left out. The values are float32 where they are given so, and float64 otherwise.
 *
 * @param columns the number of columns; by default the largest index + 1
 * @throws DomainError if a row or column is no integer in range, or a value is not finite
 * @throws ShapeError if triplets differ in length
 * @example
 * sparseMatrix([{ 1: 2 }, {}, new Map([[0, 3]])])
 * sparseMatrix({ rows: [2, 0, 0], columns: [0, 1, 1], values: [3, 1.5, 0.5], shape: [3, 2] })
 * // both { starts: [0, 1, 1, 2], indices: [1, 0], values: [2, 3], shape: [3, 2] }
 */
export function sparseMatrix(rows: readonly SparseRow[], columns?: number): SparseMatrix;
export function sparseMatrix(entries: Triplets | FeatureArray): SparseMatrix;
export function sparseMatrix(given: readonly SparseRow[] | Triplets | FeatureArray, columns?: number): SparseMatrix {
  if (Array.isArray(given)) return fromRows(given, columns);
  if (columns !== undefined) throw refused('columns', 'be left out: it applies only to rows', columns);
  if (typeof given !== 'object' || given === null) {
    const expected = 'be an array of rows, { rows, columns, values, shape }, or { values, shape }';
    throw new ShapeError({ where: WHERE, argument: 'entries', expected, actual: describe(given) });
  }
  return 'rows' in given ? fromTriplets(given) : fromDense(given as FeatureArray);
}

/**
 * The same rows with their zeros.
 *
 * @throws DomainError if they have more than 2²⁷ numbers, which take 1 GiB in float64; as `fit` for a matrix that is not valid
 * @example toDense(sparseMatrix([{ 1: 2 }, {}]))   // { values: Float64Array [0, 2, 0, 0], shape: [2, 2] }
 */
export function toDense(matrix: SparseMatrix): FeatureArray<Float32Array | Float64Array> {
  const where = 'toDense';
  assertMatrix(matrix, where, 'matrix');
  const { starts, indices, values, shape } = matrix;
  const [n, d] = shape;
  if (n * d > MOST_DENSE) {
    const expected = `have at most ${MOST_DENSE} numbers with its zeros`;
    const hint = `They take ${inBytes(8 * n * d)}. Select fewer rows with \`take\`.`;
    throw new DomainError({ where, argument: 'matrix', expected, actual: `${n} × ${d}`, hint });
  }
  const dense = values instanceof Float32Array ? new Float32Array(n * d) : new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) dense[i * d + indices[at]] = values[at];
  }
  return { values: dense, shape: [n, d] };
}

/** `assertSparse` for a value of any type. */
export function assertMatrix(matrix: unknown, where: string, argument: string): asserts matrix is SparseMatrix {
  if (typeof matrix === 'object' && matrix !== null) return assertSparse(matrix as SparseMatrix, where, argument);
  throw new ShapeError({ where, argument, expected: 'be a sparse matrix', actual: describe(matrix) });
}

function fromRows(rows: readonly SparseRow[], columns: number | undefined): SparseMatrix {
  if (columns !== undefined) assertCount(columns, 'columns');
  const most = columns ?? LARGEST_COUNT;
  const ints = () => new NumberList(new Int32Array(16));
  const [places, indices, numbers] = [ints(), ints(), new NumberList()];
  let last = -1;
  rows.forEach((row: unknown, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || ArrayBuffer.isView(row)) {
      const hint = 'Rows of numbers become one by `sparseMatrix(asFeatureArray(rows))`.';
      const rule = { where: WHERE, argument: `rows[${i}]`, expected: 'be { index: value } or a Map' };
      throw new ShapeError({ ...rule, actual: describe(row), hint });
    }
    const entries: Iterable<[unknown, unknown]> = isMap(row) ? row : Object.entries(row);
    for (const [key, value] of entries) {
      const index = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : key;
      if (!(Number.isInteger(index) && (index as number) >= 0 && (index as number) < most))
        throw refused(`an index of rows[${i}]`, `be an integer in [0, ${most})`, key);
      if (!Number.isFinite(value)) throw refused(`rows[${i}][${index}]`, 'be a finite number', value);
      places.push(i);
      indices.push(index as number);
      numbers.push(value as number);
      last = Math.max(last, index as number);
    }
  });
  const triplets = { rows: places.values(), columns: indices.values(), values: numbers.values() };
  return summed({ ...triplets, shape: [rows.length, columns ?? last + 1] });
}

/** Also of another realm: a worker, a frame. */
function isMap(row: object): row is ReadonlyMap<unknown, unknown> {
  return Object.prototype.toString.call(row) === '[object Map]';
}

function fromTriplets(triplets: Triplets): SparseMatrix {
  const { rows, columns, values, shape } = triplets;
  for (const [argument, list] of Object.entries({ rows, columns, values }))
    assertList(list, WHERE, argument, 'be an array of numbers');
  if (!Array.isArray(shape) || shape.length !== 2) throw refused('shape', 'be [rows, columns]', shape);
  shape.forEach((size, axis) => {
    assertCount(size, `shape[${axis}]`);
  });
  for (const [argument, { length }] of Object.entries({ columns, values })) {
    if (length === rows.length) continue;
    const expected = `have ${rows.length} numbers, one for each of \`rows\``;
    throw new ShapeError({ where: WHERE, argument, expected, actual: String(length) });
  }
  const isIn = (index: unknown, size: number) =>
    Number.isInteger(index) && (index as number) >= 0 && (index as number) < size;
  for (let k = 0; k < rows.length; k++) {
    if (!isIn(rows[k], shape[0])) throw refused(`rows[${k}]`, `be an integer in [0, ${shape[0]})`, rows[k], OF_SHAPE);
    if (!isIn(columns[k], shape[1]))
      throw refused(`columns[${k}]`, `be an integer in [0, ${shape[1]})`, columns[k], OF_SHAPE);
    if (!Number.isFinite(values[k]))
      throw refused(
        `values[${k}]`,
        'be a finite number',
        values[k],
        `It is in row ${rows[k]} and column ${columns[k]}.`,
      );
  }
  return summed(triplets);
}

/** The matrix of valid triplets. The sort is stable, so those of a place are added in their order. */
function summed({ rows, columns, values, shape }: Triplets): SparseMatrix {
  const [n, d] = shape;
  const ends = new Int32Array(n + 1);
  for (let k = 0; k < rows.length; k++) ends[rows[k] + 1]++;
  for (let i = 0; i < n; i++) ends[i + 1] += ends[i];
  const places = new Int32Array(rows.length);
  const next = ends.slice();
  for (let k = 0; k < rows.length; k++) places[next[rows[k]]++] = k;
  const starts = new Int32Array(n + 1);
  const indices = new Int32Array(rows.length);
  const sums = isFloat32(values) ? new Float32Array(rows.length) : new Float64Array(rows.length);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const row = places.subarray(ends[i], ends[i + 1]);
    if (!ascends(row, columns)) row.sort((a, b) => columns[a] - columns[b]);
    for (const k of row) {
      const isNew = count === starts[i] || indices[count - 1] !== columns[k];
      if (isNew) indices[count++] = columns[k];
      sums[count - 1] += values[k];
    }
    starts[i + 1] = count;
  }
  const isWhole = count === rows.length;
  const matrix = {
    ...{ starts, indices: isWhole ? indices : indices.slice(0, count) },
    ...{ values: isWhole ? sums : sums.slice(0, count), shape: [n, d] as const },
  };
  // A sum of finite numbers may be infinite.
  assertSparse(matrix, WHERE);
  return matrix;
}

function ascends(row: Int32Array, columns: ArrayLike<number>): boolean {
  for (let k = 1; k < row.length; k++) if (columns[row[k]] < columns[row[k - 1]]) return false;
  return true;
}

function fromDense(features: FeatureArray): SparseMatrix {
  assertFeatureArray(features, WHERE, 'features');
  const { values, shape, scale = 1 } = readFeatureArray(features, Number.MAX_VALUE, WHERE);
  const [n, d] = shape;
  const starts = new Int32Array(n + 1);
  for (let i = 0, count = 0; i < n; i++) {
    for (let at = i * d; at < (i + 1) * d; at++) if (values[at] !== 0) count++;
    starts[i + 1] = count;
  }
  const indices = new Int32Array(starts[n]);
  const kept = isFloat32(values) && scale === 1 ? new Float32Array(starts[n]) : new Float64Array(starts[n]);
  for (let at = 0, to = 0; at < values.length; at++) {
    if (values[at] === 0) continue;
    indices[to] = at % d;
    kept[to++] = values[at] / scale;
  }
  const matrix = { starts, indices, values: kept, shape };
  // A finite number divided by a small scale may be infinite.
  assertSparse(matrix, WHERE);
  return matrix;
}

function isFloat32(values: object): values is Float32Array {
  return Object.prototype.toString.call(values) === '[object Float32Array]';
}

function assertCount(value: unknown, argument: string): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_COUNT) return;
  throw refused(argument, `be an integer from 0 to ${LARGEST_COUNT}`, value);
}

const OF_SHAPE = 'Rows and columns are counted from 0, up to `shape`.';

function refused(argument: string, expected: string, actual: unknown, hint?: string): DomainError {
  return new DomainError({ where: WHERE, argument, expected, actual: describe(actual), hint });
}
