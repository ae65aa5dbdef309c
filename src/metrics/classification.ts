// metrics: how often a classifier is right, how sure it was, and where it errs; truth first.
import { classIndices, type Label, sortedClasses } from '../core/labels.js';
import { assertKnownOptions, assertOneOf } from '../core/shape.js';
import {
  assertDistributions,
  assertPaired,
  type ColumnOptions,
  labelColumns,
  optionsOf,
  type Rows,
  type ScoreOptions,
  type WeightOptions,
  weightsOf,
} from './inputs.js';

/**
 * The share of samples whose prediction is their label.
 *
 * @throws ShapeError if there is not one prediction per label, or no label at all
 * @throws DomainError if labels and predictions differ in type, or one is not finite
 * @example accuracy(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat'])   // 0.6667
 */
export function accuracy<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: WeightOptions = {},
): number {
  const where = 'accuracy';
  assertKnownOptions(options, ['sampleWeights'], where);
  assertPaired(labels, predictions, where);
  const { weights, total } = weightsOf(options.sampleWeights, labels.length, where);
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === predictions[i]) right += weights[i];
  return right / total;
}

/** How often each class was taken for which. */
export interface ConfusionMatrix<L extends Label> {
  /** The class of each row and column. */
  readonly classes: readonly L[];
  /** counts[i][j]: how many samples of class i were predicted as class j, or the sum of their weights. */
  readonly counts: number[][];
}

/**
 * How often each class was taken for each: rows are the truth, columns the prediction.
 *
 * @param options its `classes`, the order of rows and columns, may stand in its place
 * @throws ShapeError if there is not one prediction per label, or no label at all
 * @throws DomainError if labels and predictions differ in type, one is not finite, or one is not among `classes`
 * (scikit-learn leaves such a sample out)
 * @example confusionMatrix(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat']).counts   // [[1, 0], [1, 1]]
 */
export function confusionMatrix<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: readonly L[] | ScoreOptions<L> = {},
): ConfusionMatrix<L> {
  const where = 'confusionMatrix';
  return countPairs(labels, predictions, optionsOf(options, where), where);
}

/** The confusion matrix, for the metric `where` that is made from it. */
export function countPairs<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: ScoreOptions<L>,
  where: string,
): ConfusionMatrix<L> {
  assertPaired(labels, predictions, where);
  const { weights } = weightsOf(options.sampleWeights, labels.length, where);
  const classes = options.classes ?? sortedClasses([...Array.from(labels), ...Array.from(predictions)]);
  const rows = classIndices(labels, classes, where);
  const columns = classIndices(predictions, classes, where, 'predictions');
  const counts = classes.map(() => new Array<number>(classes.length).fill(0));
  for (let i = 0; i < rows.length; i++) counts[rows[i]][columns[i]] += weights[i];
  return { classes, counts };
}

/** How scores of classes become one: `'macro'` their mean, `'micro'` the score of all samples at once, `'weighted'` their mean by samples. */
export type Average = 'macro' | 'micro' | 'weighted';

/** One number per class, in the order of `classes`. */
export interface ClassScores<L extends Label> {
  readonly classes: readonly L[];
  readonly precision: number[];
  readonly recall: number[];
  readonly fscore: number[];
  /** How many samples have that class as label, or the sum of their weights. */
  readonly support: number[];
}

/** A score of labels and predictions that depends on their confusion matrix alone. */
export interface ConfusionScore {
  /**
   * @throws ShapeError if there is not one prediction per label, or no label at all
   * @throws DomainError if labels and predictions differ in type, or one is not finite
   */
  <L extends Label>(labels: ArrayLike<L>, predictions: ArrayLike<L>, options?: WeightOptions): number;
  /** The same, of a confusion matrix: rows are the true classes, columns the predicted ones. */
  of(counts: readonly number[][]): number;
}

/** The score `name`, from its formula for a confusion matrix. */
export function ofConfusion(name: string, of: (counts: readonly number[][]) => number): ConfusionScore {
  const score = <L extends Label>(labels: ArrayLike<L>, predictions: ArrayLike<L>, options: WeightOptions = {}) => {
    assertKnownOptions(options, ['sampleWeights'], name);
    return of(countPairs(labels, predictions, options, name).counts);
  };
  return Object.assign(score, { of });
}

/** Scores over all classes. */
export interface AverageScores {
  readonly precision: number;
  readonly recall: number;
  readonly fscore: number;
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
  assertKnownOptions(options, ['average', 'classes', 'sampleWeights'], where);
  const { average } = options;
  if (average !== undefined) assertOneOf(average, ['macro', 'micro', 'weighted'], where, 'average');
  const confusion = countPairs(labels, predictions, options, where);
  return average === undefined ? classScoresOf(confusion) : averageScoresOf(confusion.counts, average);
}

/** Of a confusion matrix. */
export function classScoresOf<L extends Label>({ classes, counts }: ConfusionMatrix<L>): ClassScores<L> {
  const { perClass, support } = scoresOf(counts);
  return {
    classes,
    precision: perClass.map(({ precision }) => precision),
    recall: perClass.map(({ recall }) => recall),
    fscore: perClass.map(({ fscore }) => fscore),
    support,
  };
}

/** Of a confusion matrix. */
export function averageScoresOf(counts: readonly number[][], average: Average): AverageScores {
  const { perClass, right, predicted, support } = scoresOf(counts);
  switch (average) {
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

function scoresOf(counts: readonly number[][]) {
  const right = counts.map((row, k) => row[k]);
  const support = counts.map(sum);
  const predicted = counts.map((_, k) => sum(counts.map((row) => row[k])));
  const perClass = right.map((tp, k) => scores(tp, predicted[k], support[k]));
  return { perClass, right, predicted, support };
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
 *   −(1/n)·Σᵢ log p(labelᵢ)        with sample weights w: −Σᵢ wᵢ·log p(labelᵢ) / Σᵢ wᵢ
 *
 * Probability 0 for a true class makes it ∞; scikit-learn moves it to 2.2e-16 first and says at most 36.04.
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @param options its `classes`, the label of each column, may stand in its place; without them labels are class indices
 * @throws ShapeError if there is not one row per label, or no label at all
 * @throws DomainError if a row is no distribution, or a label has no column
 * @example
 * logLoss([0, 1], [[0.9, 0.1], [0.2, 0.8]])   // 0.1643
 * logLoss(['cat', 'dog'], [[0.9, 0.1], [0.2, 0.8]], ['cat', 'dog'])   // 0.1643
 */
export function logLoss<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: readonly L[] | ColumnOptions<L> = {},
): number {
  const where = 'logLoss';
  const { classes, sampleWeights } = optionsOf(options, where);
  const { columns } = labelColumns(labels, probabilities, classes, where, 'probabilities');
  assertDistributions(probabilities, where);
  const { weights, total } = weightsOf(sampleWeights, columns.length, where);
  let loss = 0;
  for (let i = 0; i < columns.length; i++) {
    // 0·∞ is NaN: what does not count is not asked.
    if (weights[i] > 0) loss -= weights[i] * Math.log(probabilities[i][columns[i]]);
  }
  return loss / total;
}
