// metrics: how often a classifier is right, how sure it was, and where it errs; truth first.
import { DomainError } from '../core/errors.js';
import { classIndices, type Label, sortedClasses } from '../core/labels.js';
import { assertKnownOptions, assertOneOf, describe } from '../core/shape.js';
import { DISTRIBUTION_ATOL } from '../core/tolerance.js';
import { assertPaired, labelColumns, type Rows } from './inputs.js';

/**
 * The share of samples whose prediction is their label.
 *
 * @throws ShapeError if there is not one prediction per label, or no label at all
 * @throws DomainError if labels and predictions differ in type, or one is not finite
 * @example accuracy(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat'])   // 0.6667
 */
export function accuracy<L extends Label>(labels: ArrayLike<L>, predictions: ArrayLike<L>): number {
  assertPaired(labels, predictions, 'accuracy');
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === predictions[i]) right++;
  return right / labels.length;
}

export interface ConfusionMatrix<L extends Label> {
  /** The class of each row and column. */
  readonly classes: readonly L[];
  /** counts[i][j]: how many samples of class i were predicted as class j. */
  readonly counts: number[][];
}

/**
 * How often each class was taken for each: rows are the truth, columns the prediction.
 *
 * @param classes the order of rows and columns; the sorted classes of labels and predictions unless given
 * @throws ShapeError if there is not one prediction per label, or no label at all
 * @throws DomainError if labels and predictions differ in type, one is not finite, or one is not among `classes`
 * (scikit-learn leaves such a sample out)
 * @example confusionMatrix(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat']).counts   // [[1, 0], [1, 1]]
 */
export function confusionMatrix<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  classes?: readonly L[],
): ConfusionMatrix<L> {
  return countPairs(labels, predictions, classes, 'confusionMatrix');
}

function countPairs<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  classes: readonly L[] | undefined,
  where: string,
): ConfusionMatrix<L> {
  assertPaired(labels, predictions, where);
  const all = classes ?? sortedClasses([...Array.from(labels), ...Array.from(predictions)]);
  const rows = classIndices(labels, all, where);
  const columns = classIndices(predictions, all, where, 'predictions');
  const counts = all.map(() => new Array<number>(all.length).fill(0));
  for (let i = 0; i < rows.length; i++) counts[rows[i]][columns[i]]++;
  return { classes: all, counts };
}

export type Average = 'macro' | 'micro' | 'weighted';

/** One number per class, in the order of `classes`. */
export interface ClassScores<L extends Label> {
  readonly classes: readonly L[];
  readonly precision: number[];
  readonly recall: number[];
  readonly fscore: number[];
  /** How many samples have that class as label. */
  readonly support: number[];
}

export interface AverageScores {
  readonly precision: number;
  readonly recall: number;
  readonly fscore: number;
}

export interface ScoreOptions<L extends Label> {
  /** The order of the scores; the sorted classes of labels and predictions unless given. */
  readonly classes?: readonly L[];
}

/**
 * Precision, recall and their harmonic mean, for each class or as an average over them.
 *
 *   precision = tp / (tp + fp)        recall = tp / (tp + fn)        fscore = 2·tp / (2·tp + fp + fn)
 *
 * 0/0 is 0, as with scikit-learn's zero_division=0: a class that is never predicted has precision 0. `'macro'` is the
 * mean over classes, `'weighted'` the mean weighted by support, and `'micro'` adds up tp, fp and fn first; with one
 * label and one prediction per sample it is the accuracy, three times.
 *
 * @throws ShapeError if there is not one prediction per label, or no label at all
 * @throws DomainError if labels and predictions differ in type, one is not finite, or one is not among `classes`
 * @example
 * precisionRecallFscore(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat']).precision   // [0.5, 1]
 * precisionRecallFscore(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat'], { average: 'macro' }).fscore   // 0.6667
 */
export function precisionRecallFscore<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: ScoreOptions<L> & { readonly average: Average },
): AverageScores;
export function precisionRecallFscore<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options?: ScoreOptions<L> & { readonly average?: undefined },
): ClassScores<L>;
export function precisionRecallFscore<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: ScoreOptions<L> & { readonly average?: Average } = {},
): ClassScores<L> | AverageScores {
  const where = 'precisionRecallFscore';
  assertKnownOptions(options, ['average', 'classes'], where);
  const { average } = options;
  if (average !== undefined) assertOneOf(average, ['macro', 'micro', 'weighted'], where, 'average');
  const { classes, counts } = countPairs(labels, predictions, options.classes, where);
  const right = counts.map((row, k) => row[k]);
  const support = counts.map(sum);
  const predicted = counts.map((_, k) => sum(counts.map((row) => row[k])));
  const perClass = right.map((tp, k) => scores(tp, predicted[k], support[k]));
  switch (average) {
    case undefined:
      return {
        classes,
        precision: perClass.map(({ precision }) => precision),
        recall: perClass.map(({ recall }) => recall),
        fscore: perClass.map(({ fscore }) => fscore),
        support,
      };
    case 'micro':
      return scores(sum(right), sum(predicted), sum(support));
    case 'macro':
      return weightedMean(
        perClass,
        perClass.map(() => 1),
      );
    case 'weighted':
      return weightedMean(perClass, support);
    default:
      throw average satisfies never;
  }
}

/** From tp, tp + fp and tp + fn. */
function scores(right: number, predicted: number, support: number): AverageScores {
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  return {
    precision: ratio(right, predicted),
    recall: ratio(right, support),
    fscore: ratio(2 * right, predicted + support),
  };
}

function weightedMean(perClass: readonly AverageScores[], weights: readonly number[]): AverageScores {
  const mean = (score: keyof AverageScores) => sum(perClass.map((each, k) => weights[k] * each[score])) / sum(weights);
  return { precision: mean('precision'), recall: mean('recall'), fscore: mean('fscore') };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/**
 * Mean negative log-probability of the true classes, in nats: the cross-entropy that training minimises.
 *
 *   −(1/n)·Σᵢ log p(labelᵢ)
 *
 * Probability 0 for a true class makes it ∞; scikit-learn moves it to 2.2e-16 first and says at most 36.04.
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @param classes the label of each column; without them labels are class indices, 0 ≤ label < classes
 * @throws ShapeError if there is not one row per label, or no label at all
 * @throws DomainError if a row is no distribution, or a label has no column
 * @example
 * logLoss([0, 1], [[0.9, 0.1], [0.2, 0.8]])   // 0.1643
 * logLoss(['cat', 'dog'], [[0.9, 0.1], [0.2, 0.8]], ['cat', 'dog'])   // 0.1643
 */
export function logLoss<L extends Label>(labels: ArrayLike<L>, probabilities: Rows, classes?: readonly L[]): number {
  const { columns } = labelColumns(labels, probabilities, classes, 'logLoss', 'probabilities');
  let total = 0;
  for (let i = 0; i < columns.length; i++) {
    assertDistribution(probabilities[i], i);
    total -= Math.log(probabilities[i][columns[i]]);
  }
  return total / columns.length;
}

function assertDistribution(row: ArrayLike<number>, i: number): void {
  let total = 0;
  for (let k = 0; k < row.length; k++) {
    if (!(row[k] >= 0)) {
      const argument = `probabilities[${i}][${k}]`;
      throw new DomainError({ where: 'logLoss', argument, expected: 'be ≥ 0', actual: describe(row[k]) });
    }
    total += row[k];
  }
  if (Math.abs(total - 1) <= DISTRIBUTION_ATOL) return;
  throw new DomainError({
    where: 'logLoss',
    argument: `probabilities[${i}]`,
    expected: `sum to 1 within ${DISTRIBUTION_ATOL}`,
    actual: String(total),
    hint: 'Logits? Take their softmax first.',
  });
}
