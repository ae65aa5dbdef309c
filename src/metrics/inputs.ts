// metrics: the checks of labels, predictions and scores that all metrics share.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertLabels, classIndices, type Label } from '../core/labels.js';
import { assertKnownOptions, assertList, describe, rectangleShape } from '../core/shape.js';
import { DISTRIBUTION_ATOL } from '../core/tolerance.js';

/** Rows of numbers, one per sample, with one column per class. */
export type Rows = readonly ArrayLike<number>[];

/** Options of weighted scores. */
export interface WeightOptions {
  /**
   * Weight of each sample: [n], finite and ≥ 0, not all 0; otherwise a ShapeError or DomainError. Default 1. A common
   * factor does not change the scores. A sample of weight 0 is validated and then ignored.
   */
  readonly sampleWeights?: ArrayLike<number>;
}

/** Options of metrics of predictions. */
export interface ScoreOptions<L extends Label> extends WeightOptions {
  /** The order of the scores. Default the sorted classes of labels and predictions. */
  readonly classes?: readonly L[];
}

/** Options of metrics with columns of probabilities or scores. */
export interface ColumnOptions<L extends Label> extends WeightOptions {
  /** The label of each column. By default labels are class indices, 0 ≤ label < classes. */
  readonly classes?: readonly L[];
}

/** Options of a metric that also accepts an array of classes instead. */
export function optionsOf<L extends Label>(
  classesOrOptions: readonly L[] | ScoreOptions<L>,
  where: string,
): ScoreOptions<L> {
  if (Array.isArray(classesOrOptions)) return { classes: classesOrOptions };
  assertKnownOptions(classesOrOptions, ['classes', 'sampleWeights'], where);
  return classesOrOptions as ScoreOptions<L>;
}

/**
 * The weight of each sample, 1 by default, and their sum.
 *
 * @throws ShapeError if the numbers of weights and labels differ
 * @throws DomainError if a weight is not finite or is < 0, or their sum is 0 or overflows
 */
export function weightsOf(
  sampleWeights: ArrayLike<number> | undefined,
  n: number,
  where: string,
): { weights: Float64Array; total: number } {
  if (sampleWeights === undefined) return { weights: new Float64Array(n).fill(1), total: n };
  const argument = 'sampleWeights';
  assertList(sampleWeights, where, argument, `be an array of ${n} numbers`);
  assertSampleCount(n, sampleWeights.length, where, argument);
  let total = 0;
  const weights = Float64Array.from(sampleWeights, (weight, i) => {
    if (!(Number.isFinite(weight) && weight >= 0)) {
      const expected = 'be a finite number ≥ 0';
      throw new DomainError({ where, argument: `${argument}[${i}]`, expected, actual: describe(weight) });
    }
    total += weight;
    return weight;
  });
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) {
    throw new DomainError({ where, argument, expected: 'sum to a finite number > 0', actual: String(total) });
  }
  return { weights, total };
}

/**
 * Checks that the entries of every row are ≥ 0 and sum to 1, within the precision of float32.
 *
 * @throws DomainError for a row that is not a distribution
 */
export function assertDistributions(probabilities: Rows, where: string): void {
  probabilities.forEach((row, i) => {
    let total = 0;
    for (let k = 0; k < row.length; k++) {
      if (!(typeof row[k] === 'number' && row[k] >= 0)) {
        const argument = `probabilities[${i}][${k}]`;
        throw new DomainError({ where, argument, expected: 'be ≥ 0', actual: describe(row[k]) });
      }
      total += row[k];
    }
    if (Math.abs(total - 1) <= DISTRIBUTION_ATOL) return;
    throw new DomainError({
      where,
      argument: `probabilities[${i}]`,
      expected: `sum to 1 within ${DISTRIBUTION_ATOL}`,
      actual: String(total),
      hint: 'Logits? Apply softmax first.',
    });
  });
}

/** Checks that there is one prediction per label, at least one sample, and one type for all. */
export function assertPaired(
  labels: ArrayLike<Label>,
  predictions: ArrayLike<Label>,
  where: string,
  argument = 'predictions',
): void {
  assertList(labels, where, 'labels', 'be an array of labels');
  assertList(predictions, where, argument, 'be an array of labels');
  assertSampleCount(labels.length, predictions.length, where, argument);
  assertLabels(labels, where, 'labels');
  assertLabels(predictions, where, argument, typeof labels[0]);
}

/**
 * The column of each sample's label: its index in `classes`, or without classes the label itself, a class index.
 *
 * @returns the number of columns, and the column of each sample
 */
export function labelColumns(
  labels: ArrayLike<Label>,
  rows: Rows,
  classes: readonly Label[] | undefined,
  where: string,
  argument: string,
): { numClasses: number; columns: Int32Array } {
  assertList(labels, where, 'labels', 'be an array of labels');
  const [n, numClasses] = rectangleShape(rows, where, argument);
  assertSampleCount(labels.length, n, where, argument);
  if (classes === undefined) return { numClasses, columns: asClassIndices(labels, numClasses, where) };
  assertList(classes, where, 'classes', 'be an array of labels');
  if (classes.length !== numClasses) {
    const expected = `have ${numClasses} labels, one per column of ${argument}`;
    throw new ShapeError({ where, argument: 'classes', expected, actual: String(classes.length) });
  }
  return { numClasses, columns: classIndices(labels, classes, where) };
}

function asClassIndices(labels: ArrayLike<Label>, numClasses: number, where: string): Int32Array {
  return Int32Array.from(labels, (label, i) => {
    if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < numClasses) return label;
    throw new DomainError({
      where,
      argument: `labels[${i}]`,
      expected: `be a class index in [0, ${numClasses})`,
      actual: describe(label),
      hint: 'For other labels, pass `classes`, the label of each column.',
    });
  });
}

function assertSampleCount(numLabels: number, actual: number, where: string, argument: string): void {
  if (numLabels === 0) {
    throw new ShapeError({ where, argument: 'labels', expected: 'have at least one sample', actual: '0' });
  }
  if (actual === numLabels) return;
  const expected = `have ${numLabels} entries, one per label`;
  throw new ShapeError({ where, argument, expected, actual: String(actual) });
}
