// data: sparse matrices, which text vectorizers make and solvers read.
import { DomainError } from '../core/errors.js';
import { assertShape, describe } from '../core/shape.js';

/**
 * A sparse matrix [n, d] by rows, in the format CSR: row i has the entries starts[i], …, starts[i + 1] − 1.
 *
 * The columns of a row ascend, none occurs twice, and what is not listed is 0. An entry takes 8 bytes in float32.
 *
 * @example [[0, 2], [0, 0], [3, 0]] is { starts: [0, 1, 1, 2], indices: [1, 0], values: [2, 3], shape: [3, 2] }
 */
export interface SparseMatrix {
  /** [n + 1], ascending, from 0 to the number of entries */
  readonly starts: Int32Array;
  /** The column of each entry. */
  readonly indices: Int32Array;
  readonly values: Float32Array | Float64Array;
  readonly shape: readonly [rows: number, columns: number];
}

/** The same matrix [n, d] by columns, the format CSC: column j has the entries starts[j], …, starts[j + 1] − 1. */
export interface SparseColumns {
  /** [d + 1] */
  readonly starts: Int32Array;
  /** The row of each entry, ascending in each column. */
  readonly rows: Int32Array;
  readonly values: Float32Array | Float64Array;
}

/** Whether samples are a sparse matrix. */
export function isSparse<Others extends object>(samples: Others | SparseMatrix): samples is SparseMatrix {
  return 'starts' in samples && samples.starts !== undefined;
}

/** A copy of these rows, in this order. */
export function sparseRows({ starts, indices, values, shape }: SparseMatrix, places: ArrayLike<number>): SparseMatrix {
  const taken = new Int32Array(places.length + 1);
  for (let r = 0; r < places.length; r++) taken[r + 1] = taken[r] + starts[places[r] + 1] - starts[places[r]];
  const length = taken[places.length];
  const copy = {
    starts: taken,
    indices: new Int32Array(length),
    values: values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length),
    shape: [places.length, shape[1]] as const,
  };
  for (let r = 0; r < places.length; r++) {
    const [from, end] = [starts[places[r]], starts[places[r] + 1]];
    copy.indices.set(indices.subarray(from, end), taken[r]);
    copy.values.set(values.subarray(from, end), taken[r]);
  }
  return copy;
}

/** A copy by columns. Rows are taken in turn, so that the rows of each column ascend. */
export function columnsOf({ starts, indices, values, shape: [n, d] }: SparseMatrix): SparseColumns {
  const columns = {
    starts: new Int32Array(d + 1),
    rows: new Int32Array(indices.length),
    values: values instanceof Float32Array ? new Float32Array(values.length) : new Float64Array(values.length),
  };
  for (let at = 0; at < indices.length; at++) columns.starts[indices[at] + 1]++;
  for (let j = 0; j < d; j++) columns.starts[j + 1] += columns.starts[j];
  /** The next place in each column. */
  const next = columns.starts.slice();
  for (let i = 0; i < n; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const to = next[indices[at]]++;
      columns.rows[to] = i;
      columns.values[to] = values[at];
    }
  }
  return columns;
}

/**
 * Checks the structure and the numbers of a sparse matrix: kernels read memory by its indices.
 *
 * @param limit the largest absolute value
 * @throws ShapeError if the lengths of the arrays do not match; DomainError if starts fall, an index is out of range, the
 *   columns of a row do not ascend, or a value is not finite or too large
 */
export function assertSparse(matrix: SparseMatrix, where: string, argument?: string, limit = Number.MAX_VALUE): void {
  const { starts, indices, values, shape } = matrix;
  const named = (part: string) => (argument === undefined ? part : `${argument}.${part}`);
  const refused = (part: string, expected: string, actual: unknown, hint?: string) =>
    new DomainError({ where, argument: named(part), expected, actual: describe(actual), hint });
  for (const [part, array, types] of [
    ['starts', starts, ['Int32Array']],
    ['indices', indices, ['Int32Array']],
    ['values', values, ['Float32Array', 'Float64Array']],
  ] as const) {
    const type = (array as { readonly [Symbol.toStringTag]?: string } | undefined)?.[Symbol.toStringTag] ?? '';
    if (!(types as readonly string[]).includes(type)) throw refused(part, `be a ${types.join(' or ')}`, array);
  }
  if (!(Array.isArray(shape) && shape.length === 2 && shape.every((each) => Number.isInteger(each) && each >= 0)))
    throw refused('shape', 'be [rows, columns], integers ≥ 0', shape);
  const [n, d] = shape;
  assertShape([starts.length], [n + 1], where, named('starts'));
  if (starts[0] !== 0) throw refused('starts[0]', 'be 0', starts[0]);
  assertShape([indices.length], [starts[n]], where, named('indices'));
  assertShape([values.length], [starts[n]], where, named('values'));
  for (let i = 0; i < n; i++) {
    if (starts[i + 1] < starts[i]) throw refused(`starts[${i + 1}]`, `be ≥ starts[${i}] = ${starts[i]}`, starts[i + 1]);
    for (let at = starts[i], before = -1; at < starts[i + 1]; before = indices[at++]) {
      const index = indices[at];
      if (!(index >= 0 && index < d))
        throw refused(`indices[${at}]`, `be an integer in [0, ${d})`, index, `It is a column of row ${i}.`);
      if (index <= before)
        throw refused(`indices[${at}]`, `be > ${before}, the column before it in row ${i}`, index, UNSORTED);
      if (!(Math.abs(values[at]) <= limit)) {
        throw refused(`values[${at}]`, expectedOf(limit), values[at], `It is in row ${i} and column ${index}.`);
      }
    }
  }
}

const UNSORTED = '`sparseMatrix` sorts the entries of a row, and adds those of a column.';

function expectedOf(limit: number): string {
  return limit === Number.MAX_VALUE ? 'be a finite number' : `be a finite number of at most ${limit.toPrecision(3)}`;
}
