// metrics: rank of the true class among the scores of a sample, and of its samples among all.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertKnownOptions, assertOneOf, describe } from '../core/shape.js';
import { ascendingOrder } from '../core/sort.js';
import { finish, type Steps } from '../core/task.js';
import type { Average } from './classification.js';
import { assertDistributions, type ColumnOptions, labelColumns, optionsOf, type Rows, weightsOf } from './inputs.js';

/**
 * The fraction of samples whose label is among the k highest scores.
 *
 * Ties go to the lower column, as in predictions, so k = 1 is the accuracy of the predictions. (In scikit-learn they go
 * to the higher column.)
 *
 * @param scores [n, classes], logits or probabilities
 * @param options an array is short for `{ classes }`, the label of each column; by default labels are class indices
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if k is not an integer in [1, classes], a score is NaN, or a label has no column
 * @example topKAccuracy([0, 1, 2], [[3, 2, 1], [3, 2, 1], [3, 2, 1]], 2)   // 0.6667
 */
export function topKAccuracy<L extends Label>(
  labels: ArrayLike<L>,
  scores: Rows,
  k: number,
  options: readonly L[] | ColumnOptions<L> = {},
): number {
  const where = 'topKAccuracy';
  const { classes, sampleWeights } = optionsOf(options, where);
  const { numClasses, columns } = labelColumns(labels, scores, classes, where, 'scores');
  if (!Number.isInteger(k) || k < 1 || k > numClasses) {
    const expected = `be an integer in [1, ${numClasses}]`;
    throw new DomainError({ where, argument: 'k', expected, actual: describe(k) });
  }
  const { weights, total } = weightsOf(sampleWeights, columns.length, where);
  let hits = 0;
  for (let i = 0; i < columns.length; i++) {
    assertNoNaN(scores[i], `scores[${i}]`);
    if (rankOf(columns[i], scores[i]) < k) hits += weights[i];
  }
  return hits / total;
}

function assertNoNaN(row: ArrayLike<number>, argument: string): void {
  for (let j = 0; j < row.length; j++) {
    if (typeof row[j] === 'number' && !Number.isNaN(row[j])) continue;
    throw new DomainError({
      where: 'topKAccuracy',
      argument: `${argument}[${j}]`,
      expected: 'not be NaN',
      actual: describe(row[j]),
    });
  }
}

/** Number of columns ranked above `column`. Among equal scores the lower column ranks higher. */
export function rankOf(column: number, row: ArrayLike<number>): number {
  let rank = 0;
  for (let j = 0; j < row.length; j++) {
    if (row[j] > row[column] || (row[j] === row[column] && j < column)) rank++;
  }
  return rank;
}

/** One number per class, in the order of `classes`. */
export interface ClassAuc<L extends Label> {
  readonly classes: readonly L[];
  /** NaN if no sample has the class, or all have it. */
  readonly auc: number[];
  /** Number of samples with that class as label, or the sum of their weights. */
  readonly support: number[];
}

/**
 * Area under the ROC curve of each class against the rest: how often the probability of the class is higher for a
 * sample of the class than for another sample.
 *
 *   AUCₖ = P(pₖ(a) > pₖ(b)) + ½·P(pₖ(a) = pₖ(b))        a of class k, b of another
 *
 * This is the Mann–Whitney statistic with midranks for ties. It counts whole and half pairs, so without sample weights
 * only the final division rounds. 1 is perfect order, 0.5 is a constant score, 0 is reversed order.
 *
 * `'macro'` is the mean over classes, `'weighted'` the mean weighted by support, and `'micro'` one curve over all n ×
 * classes probabilities. If no sample or every sample has a class, there are no pairs and its AUC is 0/0 = NaN. Then
 * `'macro'` is NaN too; `'weighted'` ignores absent classes and is NaN if only one class occurs. scikit-learn 1.9
 * returns the same NaN with a warning if `labels` is given, and raises otherwise.
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1 (logits would rank the samples of a class differently)
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if a row is not a distribution, or a label has no column
 * @example
 * const probabilities = [[0.9, 0.1], [0.6, 0.4], [0.6, 0.4], [0.2, 0.8]];
 * rocAuc([0, 0, 1, 1], probabilities).auc   // [0.875, 0.875]
 * rocAuc([0, 0, 1, 1], probabilities, { average: 'macro' })   // 0.875
 * @see Hanley and McNeil, The meaning and use of the area under a ROC curve (1982); scikit-learn, roc_auc_score
 */
export function rocAuc<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: ColumnOptions<L> & { readonly average: Average },
): number;
export function rocAuc<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options?: ColumnOptions<L> & { readonly average?: undefined },
): ClassAuc<L>;
export function rocAuc<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: ColumnOptions<L> & { readonly average?: Average } = {},
): ClassAuc<L> | number {
  const where = 'rocAuc';
  assertKnownOptions(options, ['average', 'classes', 'sampleWeights'], where);
  const { average } = options;
  if (average !== undefined) assertOneOf(average, ['macro', 'micro', 'weighted'], where, 'average');
  const { numClasses, columns } = labelColumns(labels, probabilities, options.classes, where, 'probabilities');
  assertDistributions(probabilities, where);
  const { weights } = weightsOf(options.sampleWeights, columns.length, where);
  if (average === 'micro') {
    const places = Uint32Array.from({ length: columns.length * numClasses }, (_, place) => place);
    const sampleOf = (place: number) => Math.floor(place / numClasses);
    return finish(
      binaryAuc(
        Float64Array.from(places, (place) => probabilities[sampleOf(place)][place % numClasses]),
        Uint8Array.from(places, (place) => Number(columns[sampleOf(place)] === place % numClasses)),
        Float64Array.from(places, (place) => weights[sampleOf(place)]),
      ),
    );
  }
  const indices = Array.from({ length: numClasses }, (_, k) => k);
  const auc = indices.map((k) => {
    const isOfClass = Uint8Array.from(columns, (column) => Number(column === k));
    const scores = Float64Array.from(probabilities, (row) => row[k]);
    return finish(binaryAuc(scores, isOfClass, weights));
  });
  const support = new Array<number>(numClasses).fill(0);
  columns.forEach((column, i) => {
    support[column] += weights[i];
  });
  switch (average) {
    case undefined:
      // Without classes, labels are class indices: L is number.
      return { classes: options.classes ?? (indices as readonly Label[] as readonly L[]), auc, support };
    case 'macro':
      return weightedMean(auc, new Array<number>(numClasses).fill(1));
    case 'weighted':
      return weightedMean(auc, support);
    default:
      throw average satisfies never;
  }
}

/** Weight of the correctly ordered (positive, negative) pairs, ties by half, over that of all pairs; NaN if none. */
export function* binaryAuc(scores: Float64Array, isPositive: Uint8Array, weights: Float64Array): Steps<number> {
  const ascending = yield* ascendingOrder(scores);
  let inOrder = 0;
  let positives = 0;
  let negatives = 0;
  for (let start = 0, end = 0; start < ascending.length; start = end) {
    let tiedPositives = 0;
    let tiedNegatives = 0;
    for (; end < ascending.length && scores[ascending[end]] === scores[ascending[start]]; end++) {
      const i = ascending[end];
      if (isPositive[i]) tiedPositives += weights[i];
      else tiedNegatives += weights[i];
    }
    inOrder += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
  }
  return inOrder / (positives * negatives);
}

/** Values with weight 0 are ignored, including NaN. */
function weightedMean(numbers: readonly number[], weights: readonly number[]): number {
  let total = 0;
  let weight = 0;
  for (let k = 0; k < numbers.length; k++) {
    if (weights[k] > 0) total += weights[k] * numbers[k];
    weight += weights[k];
  }
  return total / weight;
}
