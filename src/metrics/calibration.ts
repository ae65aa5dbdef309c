// metrics: agreement of predicted probabilities with observed frequencies.
import type { Label } from '../core/labels.js';
import { assertKnownOptions, assertPositiveInteger } from '../core/shape.js';
import { assertDistributions, type ColumnOptions, labelColumns, type Rows, weightsOf } from './inputs.js';

/**
 * Brier score: mean squared distance of the probabilities from the one-hot truth.
 *
 *   (1/n)·Σᵢ Σₖ (pᵢₖ − yᵢₖ)²        with sample weights w: Σᵢ wᵢ·Σₖ (pᵢₖ − yᵢₖ)² / Σᵢ wᵢ
 *
 * 0 is certain and correct, 2 is certain and wrong; the uniform distribution gives 1 − 1/classes. This is Brier's sum
 * over all classes, also for two. For two classes, scikit-learn's brier_score_loss halves it (scale_by_half='auto'), so
 * that it is in [0, 1]. For more classes, or with scale_by_half=False, both agree.
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if a row is not a distribution, or a label has no column
 * @example
 * brier([0, 1], [[0.9, 0.1], [0.2, 0.8]])   // 0.05; scikit-learn returns 0.025
 * brier(['cat', 'dog'], [[0.9, 0.1], [0.2, 0.8]], { classes: ['cat', 'dog'] })   // 0.05
 * @see Brier, Verification of forecasts expressed in terms of probability (1950)
 */
export function brier<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: ColumnOptions<L> = {},
): number {
  const where = 'brier';
  assertKnownOptions(options, ['classes', 'sampleWeights'], where);
  const { columns } = labelColumns(labels, probabilities, options.classes, where, 'probabilities');
  assertDistributions(probabilities, where);
  const { weights, total } = weightsOf(options.sampleWeights, columns.length, where);
  let score = 0;
  for (let i = 0; i < columns.length; i++) {
    score += weights[i] * squaredDistance(probabilities[i], columns[i]);
  }
  return score / total;
}

/** Squared distance of one row from the one-hot row of `column`. */
export function squaredDistance(row: ArrayLike<number>, column: number): number {
  let distance = 0;
  for (let k = 0; k < row.length; k++) distance += (row[k] - Number(k === column)) ** 2;
  return distance;
}

export interface CalibrationOptions<L extends Label> extends ColumnOptions<L> {
  /** Number of bins of equal width in (0, 1]. Default 15. */
  readonly bins?: number;
}

/** The samples whose confidence, the probability of their top class, is in (lower, upper]. */
export interface ReliabilityBin {
  readonly lower: number;
  readonly upper: number;
  /** Number of samples, or the sum of their weights. */
  readonly count: number;
  /** Mean probability of the top class; NaN without samples. */
  readonly confidence: number;
  /** Fraction of samples whose label is the top class; NaN without samples. */
  readonly accuracy: number;
}

/**
 * Confidence and accuracy per bin: the points of a reliability diagram.
 *
 * The m-th of M bins is ((m−1)/M, m/M], as in scikit-learn's calibration_curve, which omits empty bins; here every bin
 * is returned. Ties of the top class go to the lower column, as in predictions. A probability that float32 rounds above
 * 1 is in the last bin.
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @returns the bins in ascending order
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if bins is not an integer > 0, a row is not a distribution, or a label has no column
 * @example
 * reliabilityBins([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], { bins: 2 })[1]
 * // { lower: 0.5, upper: 1, count: 3, confidence: 0.7667, accuracy: 0.6667 }
 * @see Guo et al., On calibration of modern neural networks (2017), §2
 */
export function reliabilityBins<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: CalibrationOptions<L> = {},
): ReliabilityBin[] {
  return binByConfidence(labels, probabilities, options, 'reliabilityBins').bins();
}

/**
 * Expected calibration error of the top class: the mean distance between confidence and accuracy.
 *
 *   Σₘ (countₘ/n)·|accuracyₘ − confidenceₘ|        over the bins of `reliabilityBins`
 *
 * The range is 0 to 1. The value depends on the bins: compare results with equal `bins` only, and with enough samples
 * to fill them, since few samples per bin give a value > 0 by chance. It is not a proper scoring rule: a constant
 * prediction of the class frequencies has about 0. `brier` and `logLoss` are proper.
 *
 * @param probabilities [n, classes], rows ≥ 0 that sum to 1
 * @throws ShapeError if the numbers of rows and labels differ, or are 0
 * @throws DomainError if bins is not an integer > 0, a row is not a distribution, or a label has no column
 * @example expectedCalibrationError([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])   // 0.3
 * @see Guo et al., On calibration of modern neural networks (2017), equation 3
 */
export function expectedCalibrationError<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: CalibrationOptions<L> = {},
): number {
  return calibrationErrorOf(binByConfidence(labels, probabilities, options, 'expectedCalibrationError').bins());
}

/** Computed from the bins of a reliability diagram. */
export function calibrationErrorOf(bins: readonly ReliabilityBin[]): number {
  let error = 0;
  let total = 0;
  for (const { count, accuracy, confidence } of bins) {
    if (count > 0) error += count * Math.abs(accuracy - confidence);
    total += count;
  }
  return error / total;
}

function binByConfidence<L extends Label>(
  labels: ArrayLike<L>,
  probabilities: Rows,
  options: CalibrationOptions<L>,
  where: string,
): ReliabilitySums {
  assertKnownOptions(options, ['bins', 'classes', 'sampleWeights'], where);
  const { bins = 15, classes } = options;
  assertPositiveInteger(bins, where, 'bins');
  const { columns } = labelColumns(labels, probabilities, classes, where, 'probabilities');
  assertDistributions(probabilities, where);
  const { weights } = weightsOf(options.sampleWeights, columns.length, where);
  const sums = new ReliabilitySums(bins);
  for (let i = 0; i < columns.length; i++) sums.add(probabilities[i], columns[i], weights[i]);
  return sums;
}

/** Accumulates a reliability diagram, sample by sample. */
export class ReliabilitySums {
  readonly #sums: { count: number; confidence: number; right: number }[];

  constructor(bins: number) {
    this.#sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  }

  add(row: ArrayLike<number>, column: number, weight: number): void {
    const top = topColumn(row);
    const bin = this.#sums[binOf(row[top], this.#sums.length)];
    bin.count += weight;
    bin.confidence += weight * row[top];
    if (top === column) bin.right += weight;
  }

  bins(): ReliabilityBin[] {
    return this.#sums.map(({ count, confidence, right }, m, { length }) => ({
      lower: m / length,
      upper: (m + 1) / length,
      count,
      confidence: confidence / count,
      accuracy: right / count,
    }));
  }
}

function topColumn(row: ArrayLike<number>): number {
  let top = 0;
  for (let k = 1; k < row.length; k++) if (row[k] > row[top]) top = k;
  return top;
}

/** The bin whose returned edges contain the confidence. Rounding of the product below may cross an edge. */
function binOf(confidence: number, bins: number): number {
  const near = Math.min(Math.ceil(confidence * bins), bins) - 1;
  if (confidence <= near / bins) return near - 1;
  return confidence > (near + 1) / bins && near + 1 < bins ? near + 1 : near;
}
