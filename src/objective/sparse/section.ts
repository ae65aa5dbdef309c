// objective: sparse rows as their sums read them: by rows for logits, by columns for gradients.
import { DomainError } from '../../core/errors.js';
import { assertShape, describe } from '../../core/shape.js';
import { assertSparse, type SparseMatrix } from '../../data/matrix.js';
import type { Labelled } from '../residuals.js';
import type { Section } from '../sections.js';

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

/** The samples as the sums in this folder read them; undefined if they are dense. */
export function sparseOf({ features, columns, labels, shares, numClasses }: Section): SparseSection | undefined {
  if (columns === undefined) return undefined;
  return { matrix: features as SparseMatrix, columns, labels, shares, numClasses };
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
  assertSparse(matrix, WHERE);
  return { labels, shares, numClasses, matrix, columns: columnsOf(matrix) };
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

function refused(argument: string, expected: string, actual: unknown): DomainError {
  return new DomainError({ where: WHERE, argument, expected, actual: describe(actual) });
}
