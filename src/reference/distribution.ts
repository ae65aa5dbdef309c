// reference: rows that are probability distributions.
import { DomainError } from '../core/errors.js';
import { DISTRIBUTION_ATOL } from '../core/tolerance.js';
import { asMatrix, type Matrix, type MatrixLike, rowOf, sum } from './matrix.js';

/**
 * A matrix whose rows are distributions: entries ≥ 0 that sum to 1 within DISTRIBUTION_ATOL.
 *
 * @throws DomainError if a row is not a distribution; NaN is rejected too
 */
export function asDistributions(value: MatrixLike, where: string, argument: string): Matrix {
  const matrix = asMatrix(value, where, argument);
  for (let i = 0; i < matrix.rows; i++) {
    const row = rowOf(matrix, i);
    const odd = row.findIndex((entry) => !(entry >= 0));
    if (odd >= 0) {
      const actual = String(row[odd]);
      throw new DomainError({ where, argument: `${argument}[${i}][${odd}]`, expected: 'be ≥ 0', actual });
    }
    const total = sum(row);
    if (Math.abs(total - 1) <= DISTRIBUTION_ATOL) continue;
    throw new DomainError({
      where,
      argument: `${argument}[${i}]`,
      expected: 'sum to 1',
      actual: `a row with sum ${total}`,
      hint: 'Scores? Apply softmax first. Counts? Divide each row by its sum.',
    });
  }
  return matrix;
}
