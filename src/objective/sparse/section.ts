// objective: sparse rows as their sums read them: by rows for logits, by columns for gradients.
import { DomainError } from '../../core/errors.js';
import { assertShape, describe } from '../../core/shape.js';
import type { SparseMatrix } from '../../data/matrix.js';
import type { Labelled } from '../residuals.js';

/** Where errors say they are. */
const WHERE = 'sparseSection';

/** The same matrix [n, d] by columns, the format CSC: column j has the entries starts[j], …, starts[j + 1] − 1. */
export interface SparseColumns {
  /** [d + 1] */
  readonly starts: Int32Array;
  /** The row of each entry, ascending in each column. */
  readonly rows: Int32Array;
  readonly values: Float32Array | Float64Array;
}

/** Sparse samples that the sums in this folder read: those in memory, or a section of them. */
export interface SparseSection extends Labelled {
  readonly matrix: SparseMatrix;
  readonly columns: SparseColumns;
}

/**
 * Samples with the transposed copy of their matrix, which takes as much memory as the matrix.
 *
 * The kernels read memory by the indices of the matrix, so each is checked here.
 *
 * @param samples labels in [0, numClasses) and shares, [n] each
 * @throws ShapeError if there is not one label and one share per row, or one index per value
 * @throws DomainError if starts fall, an index is out of range, the columns of a row do not ascend, or a value is not finite
 */
export function sparseSection(matrix: SparseMatrix, samples: Labelled): SparseSection {
  const { labels, shares, numClasses } = samples;
  const n = matrix.shape[0];
  assertShape([labels.length], [n], WHERE, 'labels');
  assertShape([shares.length], [n], WHERE, 'shares');
  for (let i = 0; i < n; i++) {
    if (!(labels[i] >= 0 && labels[i] < numClasses)) {
      throw refused(`labels[${i}]`, `be an integer in [0, ${numClasses})`, labels[i]);
    }
  }
  assertMatrix(matrix);
  return { labels, shares, numClasses, matrix, columns: columnsOf(matrix) };
}

function assertMatrix({ starts, indices, values, shape: [n, d] }: SparseMatrix): void {
  assertShape([starts.length], [n + 1], WHERE, 'starts');
  if (starts[0] !== 0) throw refused('starts[0]', 'be 0', starts[0]);
  assertShape([indices.length], [starts[n]], WHERE, 'indices');
  assertShape([values.length], [starts[n]], WHERE, 'values');
  for (let i = 0; i < n; i++) {
    if (starts[i + 1] < starts[i]) throw refused(`starts[${i + 1}]`, `be ≥ starts[${i}] = ${starts[i]}`, starts[i + 1]);
    for (let at = starts[i], before = -1; at < starts[i + 1]; before = indices[at++]) {
      const index = indices[at];
      if (!(index >= 0 && index < d)) throw refused(`indices[${at}]`, `be an integer in [0, ${d})`, index);
      if (index <= before) throw refused(`indices[${at}]`, `be > ${before}, the column before it in row ${i}`, index);
      if (!Number.isFinite(values[at])) throw refused(`values[${at}]`, 'be a finite number', values[at]);
    }
  }
}

/** Rows in turn, so that the rows of each column ascend. */
function columnsOf({ starts, indices, values, shape: [n, d] }: SparseMatrix): SparseColumns {
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

function refused(argument: string, expected: string, actual: unknown): DomainError {
  return new DomainError({ where: WHERE, argument, expected, actual: describe(actual) });
}
