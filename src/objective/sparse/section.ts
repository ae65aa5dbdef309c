// objective: sparse rows as their sums read them: by rows for logits, by columns for gradients.
import { DomainError } from '../../core/errors.js';
import { assertShape, describe } from '../../core/shape.js';
import { assertSparse, columnsOf, type SparseColumns, type SparseMatrix } from '../../data/matrix.js';
import type { Labelled } from '../residuals.js';
import type { Section } from '../sections.js';

/** Where errors say they are. */
const WHERE = 'sparseSection';

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

function refused(argument: string, expected: string, actual: unknown): DomainError {
  return new DomainError({ where: WHERE, argument, expected, actual: describe(actual) });
}
