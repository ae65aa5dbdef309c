// metrics: what every metric asks of labels, predictions and scores.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertLabels, classIndices, type Label } from '../core/labels.js';
import { describe, rectangleShape } from '../core/shape.js';

/** Rows of numbers, one per sample, with one column per class. */
export type Rows = readonly ArrayLike<number>[];

/** Holds labels and predictions to one per sample, at least one sample, and one type for all. */
export function assertPaired(labels: ArrayLike<Label>, predictions: ArrayLike<Label>, where: string): void {
  assertSampleCount(labels.length, predictions.length, where, 'predictions');
  assertLabels(labels, where, 'labels');
  assertLabels(predictions, where, 'predictions', typeof labels[0]);
}

/**
 * The column of each sample's label: its place in `classes`, or without classes the label itself, a class index.
 *
 * @returns how many columns the rows have, and one of them per sample
 */
export function labelColumns(
  labels: ArrayLike<Label>,
  rows: Rows,
  classes: readonly Label[] | undefined,
  where: string,
  argument: string,
): { numClasses: number; columns: Int32Array } {
  const [n, numClasses] = rectangleShape(rows, where, argument);
  assertSampleCount(labels.length, n, where, argument);
  if (classes === undefined) return { numClasses, columns: asClassIndices(labels, numClasses, where) };
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
      hint: 'For labels of another kind pass classes, the label of each column.',
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
