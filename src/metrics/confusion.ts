// metrics: the counts of a confusion matrix that are not 0. Their number is bounded by the samples, not by the classes.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';

/** With more classes, a confusion matrix has pairs instead of counts. */
const MOST_CLASSES = 1000;

/** How often each class was predicted as each class. */
export interface ConfusionMatrix<L extends Label> {
  /** The class of each row and column. */
  readonly classes: readonly L[];
  /**
   * counts[i][j]: the number of samples of class i predicted as class j, or the sum of their weights.
   *
   * @throws DomainError with more than 1,000 classes, where the matrix would be far larger than the data
   */
  readonly counts: number[][];
  /** With more than 1,000 classes, the counts that are not 0, in the order of the rows. Undefined otherwise. */
  readonly pairs?: readonly ConfusionPair<L>[];
}

/** The samples of one class that are predicted as one class. */
export interface ConfusionPair<L extends Label> {
  readonly label: L;
  readonly predicted: L;
  /** The number of samples, or the sum of their weights. */
  readonly count: number;
}

/** The counts that are not 0, by row and then by column: at most one for each sample. */
export interface Counts {
  readonly numClasses: number;
  /** The true class of each count. */
  readonly rows: ArrayLike<number>;
  /** The predicted class of each count. */
  readonly columns: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Counts samples by their class indices, in time and memory linear in samples and classes. */
export function countsOf(
  labels: Int32Array,
  predictions: Int32Array,
  weights: Float64Array,
  numClasses: number,
): Counts {
  const inOrder = Uint32Array.from(labels, (_, i) => i);
  const order = sortedBy(labels, sortedBy(predictions, inOrder, numClasses), numClasses);
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (const i of order) {
    const last = values.length - 1;
    if (weights[i] === 0) continue;
    if (rows[last] === labels[i] && columns[last] === predictions[i]) {
      values[last] += weights[i];
      continue;
    }
    rows.push(labels[i]);
    columns.push(predictions[i]);
    values.push(weights[i]);
  }
  return { numClasses, rows, columns, values };
}

/** A stable counting sort. */
function sortedBy(keys: Int32Array, order: Uint32Array, numKeys: number): Uint32Array {
  const next = new Uint32Array(numKeys + 1);
  for (const key of keys) next[key + 1]++;
  for (let key = 0; key < numKeys; key++) next[key + 1] += next[key];
  const sorted = new Uint32Array(order.length);
  for (const i of order) sorted[next[keys[i]]++] = i;
  return sorted;
}

/** The counts of a square matrix. */
export function countsOfMatrix(matrix: readonly ArrayLike<number>[]): Counts {
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j < matrix.length; j++) {
      if (matrix[i][j] === 0) continue;
      rows.push(i);
      columns.push(j);
      values.push(matrix[i][j]);
    }
  }
  return { numClasses: matrix.length, rows, columns, values };
}

/** The counts of a confusion matrix, of its matrix or of its pairs. */
export function countsOfConfusion<L extends Label>({ classes, pairs, ...confusion }: ConfusionMatrix<L>): Counts {
  if (pairs === undefined) return countsOfMatrix(confusion.counts);
  const places = new Map(classes.map((label, k) => [label, k]));
  return {
    numClasses: classes.length,
    rows: pairs.map(({ label }) => places.get(label) ?? -1),
    columns: pairs.map(({ predicted }) => places.get(predicted) ?? -1),
    values: pairs.map(({ count }) => count),
  };
}

/** The confusion matrix: with its counts, or, of many classes, with pairs. */
export function confusionOf<L extends Label>(classes: readonly L[], counts: Counts, where: string): ConfusionMatrix<L> {
  const { rows, columns, values } = counts;
  if (classes.length <= MOST_CLASSES) {
    const matrix = classes.map(() => new Array<number>(classes.length).fill(0));
    for (let at = 0; at < values.length; at++) matrix[rows[at]][columns[at]] = values[at];
    return { classes, counts: matrix };
  }
  const pairs = Array.from(values, (count, at) => ({
    label: classes[rows[at]],
    predicted: classes[columns[at]],
    count,
  }));
  // Not enumerable, so that copies and JSON leave it out.
  const confusion: Omit<ConfusionMatrix<L>, 'counts'> = { classes, pairs };
  return Object.defineProperty(confusion, 'counts', {
    get: () => {
      const expected = `be read for at most ${MOST_CLASSES} classes`;
      const hint = 'Read `pairs`, the counts that are not 0.';
      throw new DomainError({ where, argument: 'counts', expected, actual: String(classes.length), hint });
    },
  }) as ConfusionMatrix<L>;
}

/** Sums of the rows and of the columns, and the diagonal: one number for each class. */
export function marginsOf({ numClasses, rows, columns, values }: Counts) {
  const [ofRows, ofColumns, diagonal] = [0, 1, 2].map(() => new Float64Array(numClasses));
  for (let at = 0; at < values.length; at++) {
    ofRows[rows[at]] += values[at];
    ofColumns[columns[at]] += values[at];
    if (rows[at] === columns[at]) diagonal[rows[at]] = values[at];
  }
  return { rows: ofRows, columns: ofColumns, diagonal };
}

export function sum(numbers: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += numbers[i];
  return total;
}
