// metrics: whether the true class stands high among the scores.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import { labelColumns, type Rows } from './inputs.js';

/**
 * The share of samples whose label is among the k highest scores.
 *
 * Of equal scores the lower column stands higher, as when predicting; so k = 1 is the accuracy of the predictions.
 * (scikit-learn puts the higher column first.)
 *
 * @param scores [n, classes], logits or probabilities
 * @param classes the label of each column; without them labels are class indices, 0 ≤ label < classes
 * @throws ShapeError if there is not one row per label, or no label at all
 * @throws DomainError if k is not an integer in [1, classes], a score is NaN, or a label has no column
 * @example topKAccuracy([0, 1, 2], [[3, 2, 1], [3, 2, 1], [3, 2, 1]], 2)   // 0.6667
 */
export function topKAccuracy<L extends Label>(
  labels: ArrayLike<L>,
  scores: Rows,
  k: number,
  classes?: readonly L[],
): number {
  const { numClasses, columns } = labelColumns(labels, scores, classes, 'topKAccuracy', 'scores');
  if (!Number.isInteger(k) || k < 1 || k > numClasses) {
    const expected = `be an integer in [1, ${numClasses}]`;
    throw new DomainError({ where: 'topKAccuracy', argument: 'k', expected, actual: describe(k) });
  }
  let hits = 0;
  for (let i = 0; i < columns.length; i++) if (rankOf(columns[i], scores[i], i) < k) hits++;
  return hits / columns.length;
}

/** How many columns stand higher than `column`. */
function rankOf(column: number, row: ArrayLike<number>, i: number): number {
  let rank = 0;
  for (let j = 0; j < row.length; j++) {
    if (typeof row[j] !== 'number' || Number.isNaN(row[j])) {
      const argument = `scores[${i}][${j}]`;
      throw new DomainError({
        where: 'topKAccuracy',
        argument,
        expected: 'be a number, not NaN',
        actual: describe(row[j]),
      });
    }
    if (row[j] > row[column] || (row[j] === row[column] && j < column)) rank++;
  }
  return rank;
}
