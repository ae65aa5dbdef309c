// metrics: accuracy, confusion matrix, precision, recall and log loss; labels before predictions.
import { classIndices, type Label, sortedClasses } from '../core/labels.js';
import { assertKnownOptions, assertOneOf } from '../core/shape.js';
import {
  type ConfusionMatrix,
  type Counts,
  confusionOf,
  countsOf,
  countsOfMatrix,
  marginsOf,
  sum,
} from './confusion.js';
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
 * The fraction of samples whose prediction equals their label.
 *
 * @throws ShapeError if the numbers of labels and predictions differ, or are 0
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

/**
 * How often each class was predicted as each class: rows are labels, columns are predictions.
 *
 * With more than 1,000 classes it has `pairs` instead of `counts`: the counts that are not 0, at most one for each sample.
 *
 * @param options an array is short for `{ classes }`, the order of rows and columns
 * @throws ShapeError if the numbers of labels and predictions differ, or are 0
 * @throws DomainError if labels and predictions differ in type, one is not finite, or one is not among `classes`
 * (scikit-learn ignores such a sample)
 * @example confusionMatrix(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat']).counts   // [[1, 0], [1, 1]]
 */
export function confusionMatrix<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: readonly L[] | ScoreOptions<L> = {},
): ConfusionMatrix<L> {
  const where = 'confusionMatrix';
  const { classes, counts } = countPairs(labels, predictions, optionsOf(options, where), where);
  return confusionOf(classes, counts, where);
}

/** The counts of a confusion matrix for the metric `where`, which errors name. */
export function countPairs<L extends Label>(
  labels: ArrayLike<L>,
  predictions: ArrayLike<L>,
  options: ScoreOptions<L>,
  where: string,
): { readonly classes: readonly L[]; readonly counts: Counts } {
  assertPaired(labels, predictions, where);
  const { weights } = weightsOf(options.sampleWeights, labels.length, where);
  const classes = options.classes ?? sortedClasses([...Array.from(labels), ...Array.from(predictions)]);
  const rows = classIndices(labels, classes, where);
  const columns = classIndices(predictions, classes, where, 'predictions');
  return { classes, counts: countsOf(rows, columns, weights, classes.length) };
}

/** Averages of class scores: `'macro'` is the mean, `'weighted'` the mean by support, `'micro'` pools all samples. */
export type Average = 'macro' | 'micro' | 'weighted';

/** One number per class, in the order of `classes`. */
export interface ClassScores<L extends Label> {
  readonly classes: readonly L[];
  readonly precision: number[];
  readonly recall: number[];
  readonly fscore: number[];
  /** Number of samples with that class as label, or the sum of their weights. */
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
export function ofConfusion(name: string, of: (counts: Counts) => number): ConfusionScore {
  const score = <L extends Label>(labels: ArrayLike<L>, predictions: ArrayLike<L>, options: WeightOptions = {}) => {
    assertKnownOptions(options, ['sampleWeights'], name);
    return of(countPairs(labels, predictions, options, name).counts);
  };
  return Object.assign(score, { of: (matrix: readonly number[][]) => of(countsOfMatrix(matrix)) });
}

/** Scores over all classes. */
export interface AverageScores {
  readonly precision: number;
  readonly recall: number;
  readonly fscore: number;
}

/**
 * Precision, recall and their harmonic mean, per class or averaged.
 *
 *   precision = tp / (tp + fp)        recall = tp / (tp + fn)        fscore = 2·tp / (2·tp + fp + fn)
 *
 * 0/0 is 0, as with scikit-learn's zero_division=0: a class that is never predicted has precision 0. `'macro'` is the
 * mean over classes, `'weighted'` the mean weighted by support. `'micro'` sums tp, fp and fn first; with one label and
 * one prediction per sample, all three scores are then the accuracy.
 *
 * @throws ShapeError if the numbers of labels and predictions differ, or are 0
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
  const { classes, counts } = countPairs(labels, predictions, options, where);
  return average === undefined ? classScoresOf(classes, counts) : averageScoresOf(counts, average);
}

/** Computed from a confusion matrix. */
export function classScoresOf<L extends Label>(classes: readonly L[], counts: Counts): ClassScores<L> {
  const { perClass, support } = scoresOf(counts);
  return {
    classes,
    precision: perClass.map(({ precision }) => precision),
    recall: perClass.map(({ recall }) => recall),
    fscore: perClass.map(({ fscore }) => fscore),
    support: Array.from(support),
  };
}

/** Computed from a confusion matrix. */
export function averageScoresOf(counts: Counts, average: Average): AverageScores {
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

function scoresOf(counts: Counts) {
  const { rows: support, columns: predicted, diagonal: right } = marginsOf(counts);
  const perClass = Array.from(right, (tp, k) => scores(tp, predicted[k], support[k]));
  return { perClass, right, predicted, support };
}

/** Computed from tp, tp + fp and tp + fn. */
function scores(right: number, predicted: number, support: number): AverageScores {
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  return {
    precision: ratio(right, predicted),
    recall: ratio(right, support),
    fscore: ratio(2 * right, predicted + support),
  };
}

function weightedMean(perClass: readonly AverageScores[], weights: ArrayLike<number>): AverageScores {
  const mean = (score: keyof AverageScores) => sum(perClass.map((each, k) => weights[k] * each[score])) / sum(weights);
  return { precision: mean('precision'), recall: mean('recall'), fscore: mean('fscore') };
}

/**
 * Mean negative log-probability of the true classes, in nats: the cross-entropy that training minimises.
 *
 *   −(1/n)·Σᵢ log p(labelᵢ)        with sample weights w: −Σᵢ wᵢ·log p(labelᵢ) / Σᵢ wᵢ
 *
 * It is ∞ if a true class has probability 0; scikit-learn clips such a probability to 2.2e-16, which gives 36.04.
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @param options an array is short for `{ classes }`, the label of each column; by default labels are class indices
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if a row is not a distribution, or a label has no column
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
    // Samples of weight 0 are skipped, since 0·∞ is NaN.
    if (weights[i] > 0) loss -= weights[i] * Math.log(probabilities[i][columns[i]]);
  }
  return loss / total;
}
