// metrics: agreement of labels and predictions beyond chance.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertKnownOptions, assertOneOf } from '../core/shape.js';
import { countPairs, ofConfusion } from './classification.js';
import { type Counts, countsOfMatrix, marginsOf, sum } from './confusion.js';
import type { ScoreOptions } from './inputs.js';

/**
 * Matthews correlation coefficient of labels and predictions, for any number of classes (Gorodkin's R_K).
 *
 *   R = cov(t, p) / √(cov(t, t)·cov(p, p))        of the one-hot rows t of the labels and p of the predictions
 *
 *   n²·cov(t, p) = n·Σₖ Cₖₖ − Σₖ tₖ·pₖ        C the confusion matrix, tₖ and pₖ its row and column sums
 *
 * 1 is perfect agreement; random and constant predictions give 0. With two classes, −1 is perfect inversion; with more,
 * the minimum is between −1 and 0. If all labels or all predictions are one class, 0/0 counts as 0, as in scikit-learn.
 *
 * @throws ShapeError if the numbers of labels and predictions differ, or are 0
 * @throws DomainError if labels and predictions differ in type, or one is not finite
 * @example matthews(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat'])   // 0.5
 * @see Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient (2004)
 */
export const matthews = ofConfusion('matthews', matthewsOf);

/** Computed from a confusion matrix. */
export function matthewsOf(counts: Counts): number {
  const { rows, columns, diagonal } = marginsOf(counts);
  const total = sum(columns);
  let ofBoth = 0;
  let ofLabels = 0;
  let ofPredictions = 0;
  for (let k = 0; k < rows.length; k++) {
    ofBoth += total * diagonal[k] - rows[k] * columns[k];
    ofLabels += rows[k] * (total - rows[k]);
    ofPredictions += columns[k] * (total - columns[k]);
  }
  const scale = Math.sqrt(ofLabels * ofPredictions);
  return scale === 0 ? 0 : ofBoth / scale;
}

/**
 * Balanced accuracy: the mean of the recalls of the classes that occur among the labels.
 *
 *   (1/q)·Σₖ Cₖₖ/tₖ        C the confusion matrix, tₖ > 0 the number of samples of class k, q the number of such classes
 *
 * From 0 to 1. A constant prediction scores 1/q, however unequal the classes are. With sample weights, sums of weights stand
 * for numbers of samples.
 *
 * @example balancedAccuracy(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat'])   // 0.75
 * @see Brodersen et al., The balanced accuracy and its posterior distribution (2010); scikit-learn, balanced_accuracy_score
 */
export const balancedAccuracy = ofConfusion('balancedAccuracy', balancedAccuracyOf);

/** Computed from a confusion matrix. */
export function balancedAccuracyOf(counts: Counts): number {
  const { rows, diagonal } = marginsOf(counts);
  const recalls = Array.from(rows, (row, k) => diagonal[k] / row).filter((_, k) => rows[k] > 0);
  return sum(recalls) / recalls.length;
}

export interface KappaOptions<L extends Label> extends ScoreOptions<L> {
  /** The cost of confusing the i-th and j-th class: |i − j| or (i − j)². Default 1 for any two classes. */
  readonly weights?: 'linear' | 'quadratic';
}

/**
 * Cohen's kappa: agreement beyond that expected from the frequencies of labels and predictions alone.
 *
 *   κ = 1 − Σᵢⱼ wᵢⱼ·Cᵢⱼ / Σᵢⱼ wᵢⱼ·Eᵢⱼ        Eᵢⱼ = tᵢ·pⱼ/n,  wᵢⱼ = 1 for i ≠ j, or |i − j|, or (i − j)²
 *
 * C is the confusion matrix, tᵢ and pⱼ its row and column sums. The range is −1 to 1; 0 is chance. If all labels and
 * all predictions are one class, the result is 0/0 = NaN, as in scikit-learn.
 *
 * Weights are for ordered classes and use positions in `classes`, not numeric differences: between 1, 2 and 10 each
 * step is 1. The sorted order of names is rarely their scale ('high', 'low', 'medium'), so weights for names require
 * `classes`; scikit-learn sorts them. Also pass `classes` if a class of the scale may be absent from the data.
 *
 * @throws ShapeError if the numbers of labels and predictions differ, or are 0
 * @throws DomainError if labels and predictions differ in type, one is not finite or not among `classes`, or names have
 * weights but no `classes`
 * @example
 * cohenKappa(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat'])   // 0.4
 * cohenKappa([1, 2, 3, 3], [1, 2, 2, 1], { weights: 'quadratic' })   // 0.1667
 * @see Cohen, A coefficient of agreement for nominal scales (1960), and Weighted kappa (1968)
 */
export function cohenKappa<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: KappaOptions<L> = {},
): number {
  const where = 'cohenKappa';
  assertKnownOptions(options, ['classes', 'sampleWeights', 'weights'], where);
  const { weights, classes } = options;
  if (weights !== undefined) {
    assertOneOf(weights, ['linear', 'quadratic'], where, 'weights');
    if (classes === undefined && typeof labels[0] === 'string') {
      const expected = `be set for names with \`weights: '${weights}'\`, in the order of their scale`;
      throw new DomainError({ where, argument: 'classes', expected, actual: 'undefined' });
    }
  }
  return kappaOf(countPairs(labels, predictions, options, where).counts, weights);
}

/** The same, of a confusion matrix. */
cohenKappa.of = (counts: readonly number[][], weights?: 'linear' | 'quadratic') =>
  kappaOf(countsOfMatrix(counts), weights);

/** Computed from a confusion matrix. */
export function kappaOf(counts: Counts, weights?: 'linear' | 'quadratic'): number {
  const { rows, columns } = marginsOf(counts);
  const total = sum(columns);
  const costs = costsOf(columns, weights);
  let observed = 0;
  for (let at = 0; at < counts.values.length; at++) {
    observed += costOf(Math.abs(counts.rows[at] - counts.columns[at]), weights) * counts.values[at];
  }
  let expected = 0;
  for (let i = 0; i < rows.length; i++) expected += (rows[i] * costs[i]) / total;
  return 1 - observed / expected;
}

function costOf(steps: number, weights: 'linear' | 'quadratic' | undefined): number {
  switch (weights) {
    case undefined:
      return Math.min(steps, 1);
    case 'linear':
      return steps;
    case 'quadratic':
      return steps ** 2;
    default:
      throw weights satisfies never;
  }
}

/** Σⱼ cost(|i − j|)·pⱼ of each class i, in one pass from each end: costs of n + 1 steps follow from those of n steps. */
function costsOf(columns: Float64Array, weights: 'linear' | 'quadratic' | undefined): Float64Array {
  const costs = new Float64Array(columns.length);
  const pass = (indices: Iterable<number>) => {
    // Σ pⱼ, Σ steps·pⱼ and Σ steps²·pⱼ of the classes before.
    let [sum, linear, quadratic] = [0, 0, 0];
    for (const i of indices) {
      costs[i] += weights === undefined ? sum : weights === 'linear' ? linear : quadratic;
      sum += columns[i];
      quadratic += 2 * linear + sum;
      linear += sum;
    }
  };
  pass(columns.keys());
  pass(Array.from(columns.keys()).reverse());
  return costs;
}
