// metrics: the curves of one class against the rest, over all thresholds of its probability.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertKnownOptions, describe } from '../core/shape.js';
import { ascendingOrder } from '../core/sort.js';
import { finish } from '../core/task.js';
import { assertDistributions, type ColumnOptions, labelColumns, type Rows, weightsOf } from './inputs.js';

/** Options of `rocCurve` and `precisionRecallCurve`. */
export interface CurveOptions<L extends Label> extends ColumnOptions<L> {
  /** The class to find. Default the second of two classes; required for another number of classes. */
  readonly positive?: L;
}

/** True and false positive rate at each threshold, in descending order of the thresholds. */
export interface RocCurve<L extends Label = Label> {
  readonly positive: L;
  /**
   * Distinct probabilities of the positive class, after ∞. Samples with at least this probability are predicted to be
   * positive.
   */
  readonly thresholds: readonly number[];
  /** The share of the other samples that are predicted to be positive: from 0 to 1. NaN if there are none. */
  readonly falsePositiveRate: readonly number[];
  /** The share of the positive samples that are predicted to be positive: from 0 to 1. NaN if there are none. */
  readonly truePositiveRate: readonly number[];
  /** The area under the curve, as `rocAuc`. */
  readonly auc: number;
}

/** Precision and recall at each threshold, in descending order of the thresholds. */
export interface PrecisionRecallCurve<L extends Label = Label> {
  readonly positive: L;
  /** As in a `RocCurve`. */
  readonly thresholds: readonly number[];
  /** The share of positive samples among those predicted to be positive. 1 at ∞, where no sample is. */
  readonly precision: readonly number[];
  /** The share of the positive samples that are predicted to be positive: from 0 to 1. NaN if there are none. */
  readonly recall: readonly number[];
  /** Σₙ (Rₙ − Rₙ₋₁)·Pₙ: the area under the curve as steps. */
  readonly averagePrecision: number;
}

/**
 * The ROC curve of one class against the rest.
 *
 *   x(t) = P(p ≥ t | another class),   y(t) = P(p ≥ t | positive class)        p: the probability of the positive class
 *
 * It has one point for each distinct probability, and (0, 0).
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if a row is not a distribution, a label has no column, or `positive` is not a class
 * @example
 * const { falsePositiveRate, truePositiveRate } = rocCurve([0, 0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.6, 0.4], [0.2, 0.8]]);
 * falsePositiveRate   // [0, 0, 0.5, 1]
 * truePositiveRate    // [0, 0.5, 1, 1], at the thresholds ∞, 0.8, 0.4, 0.1
 * @see scikit-learn, roc_curve with drop_intermediate=False
 */
export function rocCurve<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: CurveOptions<L> = {},
): RocCurve<L> {
  const { positive, thresholds, hits, alarms } = countsByThreshold(labels, probabilities, options, 'rocCurve');
  const [allHits, allAlarms] = [hits[hits.length - 1], alarms[alarms.length - 1]];
  let pairs = 0;
  for (let i = 1; i < hits.length; i++) pairs += ((alarms[i] - alarms[i - 1]) * (hits[i] + hits[i - 1])) / 2;
  return {
    positive,
    thresholds,
    falsePositiveRate: alarms.map((sum) => sum / allAlarms),
    truePositiveRate: hits.map((sum) => sum / allHits),
    auc: pairs / (allHits * allAlarms),
  };
}

/**
 * Precision and recall of one class against the rest.
 *
 *   P(t) = P(positive class | p ≥ t),   R(t) = P(p ≥ t | positive class)        p: the probability of the positive class
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if a row is not a distribution, a label has no column, or `positive` is not a class
 * @example
 * const { precision, recall } = precisionRecallCurve([0, 0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.6, 0.4], [0.2, 0.8]]);
 * precision   // [1, 1, 0.6667, 0.5]
 * recall      // [0, 0.5, 1, 1], and averagePrecision is 0.8333
 * @see scikit-learn, precision_recall_curve, which is in ascending order of the thresholds; average_precision_score
 */
export function precisionRecallCurve<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: CurveOptions<L> = {},
): PrecisionRecallCurve<L> {
  const where = 'precisionRecallCurve';
  const { positive, thresholds, hits, alarms } = countsByThreshold(labels, probabilities, options, where);
  const precision = hits.map((sum, i) => (i === 0 ? 1 : sum / (sum + alarms[i])));
  const recall = hits.map((sum) => sum / hits[hits.length - 1]);
  let averagePrecision = 0;
  for (let i = 1; i < recall.length; i++) averagePrecision += (recall[i] - recall[i - 1]) * precision[i];
  return { positive, thresholds, precision, recall, averagePrecision };
}

interface Counts<L extends Label> {
  readonly positive: L;
  readonly thresholds: number[];
  /** The weight of the positive samples, and of the others, with at least that probability. */
  readonly hits: number[];
  readonly alarms: number[];
}

function countsByThreshold<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: CurveOptions<L>,
  where: string,
): Counts<L> {
  assertKnownOptions(options, ['classes', 'positive', 'sampleWeights'], where);
  const { numClasses, columns } = labelColumns(labels, probabilities, options.classes, where, 'probabilities');
  assertDistributions(probabilities, where);
  const { weights } = weightsOf(options.sampleWeights, columns.length, where);
  // Without classes, labels are class indices: L is number.
  const classes = options.classes ?? (Array.from({ length: numClasses }, (_, k) => k) as readonly Label[] as L[]);
  const positive = positiveOf(classes, options.positive, where);
  const column = classes.indexOf(positive);
  const scores = Float64Array.from(probabilities, (row) => row[column]);
  const ascending = finish(ascendingOrder(scores));
  const [thresholds, hits, alarms] = [[Number.POSITIVE_INFINITY], [0], [0]];
  let [hit, alarm] = [0, 0];
  for (let at = ascending.length - 1; at >= 0; at--) {
    const i = ascending[at];
    if (weights[i] === 0) continue;
    if (columns[i] === column) hit += weights[i];
    else alarm += weights[i];
    if (scores[i] === thresholds[thresholds.length - 1]) {
      hits[hits.length - 1] = hit;
      alarms[alarms.length - 1] = alarm;
      continue;
    }
    thresholds.push(scores[i]);
    hits.push(hit);
    alarms.push(alarm);
  }
  return { positive, thresholds, hits, alarms };
}

function positiveOf<L extends Label>(classes: readonly L[], positive: L | undefined, where: string): L {
  if (positive === undefined && classes.length === 2) return classes[1];
  if (positive !== undefined && classes.includes(positive)) return positive;
  const expected = positive === undefined ? `be given for ${classes.length} classes` : 'be one of the classes';
  throw new DomainError({ where, argument: 'positive', expected, actual: describe(positive) });
}
