// reference: entropy and related measures of distributions given as probabilities.
import { assertKnownOptions, assertOneOf } from '../core/shape.js';
import { asDistributions } from './distribution.js';
import { asMatrixOfShape, asVector, type Matrix, type MatrixLike, rowOf, shapeOf } from './matrix.js';
import { assertLabel } from './one-hot.js';
import { REDUCTIONS, type Reduced, type Reduction, reduceShares, sampleShare } from './reduction.js';

/** Options of the information measures. */
export interface InformationOptions<R extends Reduction = Reduction> {
  /** Base of the logarithm: e for `'nats'` (default), 2 for `'bits'`. */
  readonly unit?: 'nats' | 'bits';
  /** Over the rows. Default `'mean'`. */
  readonly reduction?: R;
}

/**
 * Negative log-likelihood of labels under predicted probabilities.
 *
 *   −(1/n) Σᵢ log ŷᵢ[labels[i]],   without 1/n for reduction 'sum'
 *
 * For logits, use `sparseCrossEntropy`: here a probability that underflowed to 0 gives +∞.
 *
 * @param probabilities ŷ, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @param labels        [n], integers in [0, classes)
 * @returns in `unit`, ≥ 0: a number, or [n] with reduction 'none'
 * @throws ShapeError if the number of labels differs from the number of rows
 * @throws DomainError if a row is not a distribution, or a label or an option is out of range
 * @example negativeLogLikelihood([[0.5, 0.5], [0.25, 0.75]], [0, 0], { unit: 'bits' })   // 1.5
 * @see Dive into Deep Learning (zh), §3.4.6.1
 */
export function negativeLogLikelihood<R extends Reduction = 'mean'>(
  probabilities: MatrixLike,
  labels: ArrayLike<number>,
  options: InformationOptions<R> = {},
): Reduced<R> {
  return labelSurprise(probabilities, labels, options, 'negativeLogLikelihood');
}

/**
 * Entropy of each row.
 *
 *   H(p) = −Σₖ pₖ log pₖ,   0 log 0 = 0
 *
 * @param probabilities p, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @returns in `unit`, from 0 to log(classes): the mean over the rows, or [n] with reduction 'none'
 * @throws DomainError if a row is not a distribution, or an option is out of range
 * @example entropy([[0.5, 0.25, 0.25]], { unit: 'bits' })   // 1.5
 * @see Dive into Deep Learning (zh), §3.4.7
 */
export function entropy<R extends Reduction = 'mean'>(
  probabilities: MatrixLike,
  options: InformationOptions<R> = {},
): Reduced<R> {
  const p = asDistributions(probabilities, 'entropy', 'probabilities');
  return reduceInformation(p.rows, options, 'entropy', (i) =>
    expectation(rowOf(p, i), (k) => surprise(rowOf(p, i)[k])),
  );
}

/**
 * Kullback–Leibler divergence of predicted from target distributions, row by row: the extra cost of predicting ŷ.
 *
 *   D(y ‖ ŷ) = Σₖ yₖ (log yₖ − log ŷₖ),   0 log 0 = 0;   +∞ where ŷₖ = 0 < yₖ
 *
 * @param targets       y, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @param probabilities ŷ, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @returns in `unit`, ≥ 0: the mean over the rows, or [n] with reduction 'none'
 * @throws ShapeError if the shapes differ
 * @throws DomainError if a row is not a distribution, or an option is out of range
 * @example klDivergence([[0.5, 0.5]], [[0.25, 0.75]])   // 0.1438
 */
export function klDivergence<R extends Reduction = 'mean'>(
  targets: MatrixLike,
  probabilities: MatrixLike,
  options: InformationOptions<R> = {},
): Reduced<R> {
  const where = 'klDivergence';
  const { y, estimate } = asPair(targets, probabilities, where);
  return reduceInformation(y.rows, options, where, (i) =>
    expectation(rowOf(y, i), (k) => surprise(rowOf(estimate, i)[k]) - surprise(rowOf(y, i)[k])),
  );
}

/**
 * Cross-entropy of predicted against target distributions, row by row.
 *
 *   H(y, ŷ) = −Σₖ yₖ log ŷₖ = H(y) + D(y ‖ ŷ),   0 log 0 = 0;   +∞ where ŷₖ = 0 < yₖ
 *
 * For logits, use `crossEntropy`: here a probability that underflowed to 0 gives +∞.
 *
 * @param targets       y, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @param probabilities ŷ, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @returns in `unit`, ≥ 0: the mean over the rows, or [n] with reduction 'none'
 * @throws ShapeError if the shapes differ
 * @throws DomainError if a row is not a distribution, or an option is out of range
 * @example distributionCrossEntropy([[0.5, 0.5]], [[0.25, 0.75]])   // 0.8370
 */
export function distributionCrossEntropy<R extends Reduction = 'mean'>(
  targets: MatrixLike,
  probabilities: MatrixLike,
  options: InformationOptions<R> = {},
): Reduced<R> {
  const where = 'distributionCrossEntropy';
  const { y, estimate } = asPair(targets, probabilities, where);
  return reduceInformation(y.rows, options, where, (i) =>
    expectation(rowOf(y, i), (k) => surprise(rowOf(estimate, i)[k])),
  );
}

/**
 * Perplexity of predicted probabilities on labels: the number of equally likely classes with the same likelihood.
 *
 *   exp(−(1/n) Σᵢ log ŷᵢ[labels[i]])
 *
 * It has no unit: 2 to the power of the mean in bits gives the same number.
 *
 * @param probabilities ŷ, [n, classes], rows ≥ 0 that sum to 1 within 1e-4
 * @param labels        [n], integers in [0, classes)
 * @returns ≥ 1: 1 for certainty, `classes` for uniform guesses, +∞ if a label has probability 0
 * @throws the errors of negativeLogLikelihood
 * @example perplexity([[0.5, 0.5], [0.125, 0.875]], [0, 0])   // 4
 */
export function perplexity(probabilities: MatrixLike, labels: ArrayLike<number>): number {
  return Math.exp(labelSurprise(probabilities, labels, { reduction: 'mean' }, 'perplexity'));
}

function labelSurprise<R extends Reduction>(
  probabilities: MatrixLike,
  labels: ArrayLike<number>,
  options: InformationOptions<R>,
  where: string,
): Reduced<R> {
  const estimate = asDistributions(probabilities, where, 'probabilities');
  const indices = asVector(labels, estimate.rows, where, 'labels');
  indices.forEach((label, i) => {
    assertLabel(label, estimate.columns, where, i);
  });
  return reduceInformation(estimate.rows, options, where, (i) => surprise(rowOf(estimate, i)[indices[i]]));
}

/** −log p in nats, as 0 − log p, so that certainty gives 0 and not −0. */
function surprise(p: number): number {
  return 0 - Math.log(p);
}

/** Σₖ pₖ f(k) over the classes with pₖ > 0; elsewhere f may be ±∞. */
function expectation(p: Float64Array, f: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < p.length; k++) {
    if (p[k] > 0) total += p[k] * f(k);
  }
  return total;
}

function asPair(targets: MatrixLike, probabilities: MatrixLike, where: string): { y: Matrix; estimate: Matrix } {
  const y = asDistributions(targets, where, 'targets');
  const likeTargets = asMatrixOfShape(probabilities, shapeOf(y), where, 'probabilities');
  return { y, estimate: asDistributions(likeTargets, where, 'probabilities') };
}

function reduceInformation<R extends Reduction>(
  rows: number,
  options: InformationOptions<R>,
  where: string,
  nats: (row: number) => number,
): Reduced<R> {
  assertKnownOptions(options, ['unit', 'reduction'], where);
  const { unit = 'nats', reduction = 'mean' as R } = options;
  assertOneOf(unit, ['nats', 'bits'], where, 'unit');
  assertOneOf(reduction, REDUCTIONS, where, 'reduction');
  const share = sampleShare(reduction, rows) / (unit === 'bits' ? Math.LN2 : 1);
  return reduceShares(
    Float64Array.from({ length: rows }, (_, i) => share * nats(i)),
    reduction,
  );
}
