// nn: likelihood and information of distributions, in nats or in bits.
import * as tf from '@tensorflow/tfjs';
import { assertKnownOptions, assertOneOf, assertShape } from '../core/shape.js';
import { oneHotFor } from './one-hot.js';
import { REDUCTIONS, type Reduced, type Reduction, reduce } from './reduction.js';
import { checkDistribution, type DistributionLike, type LabelsLike, type ProbabilitiesLike } from './tensors.js';

/** 1 nat = 1/ln 2 ≈ 1.4427 bits. */
export type InformationUnit = 'nats' | 'bits';
const UNITS: readonly InformationUnit[] = ['nats', 'bits'];

/** Options of the information measures. */
export interface InformationOptions<R extends Reduction = Reduction> {
  /** `'nats'` (default): natural logarithm; `'bits'`: logarithm to base 2. */
  readonly unit?: InformationUnit;
  /** Over the rows: `'mean'` (default), `'sum'`, or `'none'` for one value per row. */
  readonly reduction?: R;
}

/**
 * Negative log-likelihood of labels. It stays finite where the product of the probabilities underflows.
 *
 *   −log Πᵢ pᵢ,yᵢ = −Σᵢ log pᵢ,yᵢ
 *
 * @param probabilities p, [n, classes]; for logits, `sparseCrossEntropy` gives the same value more accurately
 * @param labels class indices, [n]
 * @returns ≥ 0, +∞ if a label has probability 0; reduced over samples by `reduction`; the caller disposes it
 * @throws ShapeError if the sizes differ; DomainError for a label out of range, and on cpu and wasm for a row that is
 *         not a distribution
 * @example negativeLogLikelihood(asProbabilities([[0.1, 0.9], [0.5, 0.5]]), [1, 0], { unit: 'bits' })   // 0.5760
 * @see Dive into Deep Learning (zh), §3.4.6.1; checked against reference/information.ts
 */
export function negativeLogLikelihood<R extends Reduction = 'mean'>(
  probabilities: ProbabilitiesLike,
  labels: LabelsLike | ArrayLike<number>,
  options: InformationOptions<R> = {},
): Reduced<R> {
  return labelSurprise(probabilities, labels, options, 'negativeLogLikelihood');
}

/**
 * Entropy: the minimum average code length for draws from p.
 *
 *   H(p) = −Σₖ pₖ log pₖ,   0·log 0 = 0
 *
 * @param probabilities p, [n, classes]
 * @returns in [0, log classes]; reduced over rows by `reduction`; the caller disposes it
 * @throws DomainError on cpu and wasm for a row that is not a distribution
 * @example entropy(asProbabilities([[0.5, 0.25, 0.25]]), { unit: 'bits' })   // 1.5
 * @see Dive into Deep Learning (zh), §3.4.7.1; checked against reference/information.ts
 */
export function entropy<R extends Reduction = 'mean'>(
  probabilities: DistributionLike,
  options: InformationOptions<R> = {},
): Reduced<R> {
  checkDistribution(probabilities, 'entropy', 'probabilities');
  return inUnit('entropy', options, () => expectation(probabilities, logOn(probabilities, probabilities)).neg());
}

/**
 * Cross-entropy of distributions: the average code length for draws from p with a code optimal for q.
 *
 *   H(p, q) = −Σₖ pₖ log qₖ,   0·log 0 = 0,   H(p, q) ≥ H(p)
 *
 * @param targets p, the true distribution, [n, classes]
 * @param probabilities q, the predicted distribution, [n, classes]
 * @returns ≥ 0, +∞ if q is 0 where p is not; reduced over rows by `reduction`; the caller disposes it
 * @throws ShapeError if the shapes differ; DomainError on cpu and wasm for a row that is not a distribution
 * @example distributionCrossEntropy(asProbabilities([[0.5, 0.5]]), asProbabilities([[0.25, 0.75]]), { unit: 'bits' })   // 1.2075
 * @see Dive into Deep Learning (zh), §3.4.7; checked against reference/information.ts
 */
export function distributionCrossEntropy<R extends Reduction = 'mean'>(
  targets: DistributionLike,
  probabilities: DistributionLike,
  options: InformationOptions<R> = {},
): Reduced<R> {
  const where = 'distributionCrossEntropy';
  checkPair(targets, probabilities, where);
  return inUnit(where, options, () => expectation(targets, logOn(targets, probabilities)).neg());
}

/**
 * Kullback–Leibler divergence: the extra average code length for draws from p with a code optimal for q.
 *
 *   D(p‖q) = Σₖ pₖ (log pₖ − log qₖ) = H(p, q) − H(p)
 *
 * @param targets p, the true distribution, [n, classes]
 * @param probabilities q, the predicted distribution, [n, classes]
 * @returns ≥ 0, 0 only if p = q, +∞ if q is 0 where p is not; reduced over rows by `reduction`; the caller disposes it
 * @throws ShapeError if the shapes differ; DomainError on cpu and wasm for a row that is not a distribution
 * @example klDivergence(asProbabilities([[0.5, 0.5]]), asProbabilities([[0.25, 0.75]]), { unit: 'bits' })   // 0.2075
 * @see Dive into Deep Learning (zh), §3.4.7; checked against reference/information.ts
 */
export function klDivergence<R extends Reduction = 'mean'>(
  targets: DistributionLike,
  probabilities: DistributionLike,
  options: InformationOptions<R> = {},
): Reduced<R> {
  checkPair(targets, probabilities, 'klDivergence');
  const surplus = () => logOn(targets, targets).sub<tf.Tensor2D>(logOn(targets, probabilities));
  return inUnit('klDivergence', options, () => expectation(targets, surplus()));
}

/**
 * Perplexity: the number of equally likely classes with the same negative log-likelihood.
 *
 *   exp(−(1/n) Σᵢ log pᵢ,yᵢ)
 *
 * @param probabilities p, [n, classes]
 * @param labels class indices, [n]
 * @returns ≥ 1, independent of the unit: 1 for certainty, `classes` for uniform guesses; the caller disposes it
 * @throws the errors of `negativeLogLikelihood`
 * @example perplexity(asProbabilities([[0.25, 0.75], [0.5, 0.5]]), [0, 1])   // 2.8284
 * @see checked against reference/information.ts
 */
export function perplexity(probabilities: ProbabilitiesLike, labels: LabelsLike | ArrayLike<number>): tf.Scalar {
  return tf.tidy(() => labelSurprise<'mean'>(probabilities, labels, {}, 'perplexity').exp() as tf.Scalar);
}

function labelSurprise<R extends Reduction>(
  probabilities: ProbabilitiesLike,
  labels: LabelsLike | ArrayLike<number>,
  options: InformationOptions<R>,
  where: string,
): Reduced<R> {
  checkDistribution(probabilities, where, 'probabilities');
  const [n, numClasses] = probabilities.shape;
  return inUnit(where, options, () => {
    const drawn = oneHotFor(labels, numClasses, where);
    assertShape([drawn.shape[0]], [n], where, 'labels');
    return logOn(drawn, probabilities).sum<tf.Tensor1D>(1).neg();
  });
}

/** log q where p > 0, otherwise 0. This makes 0·log 0 = 0, in the gradient too. */
function logOn(p: tf.Tensor2D, q: tf.Tensor2D): tf.Tensor2D {
  // tf.step, not a comparison: tfjs 4.22 has no derivative of comparisons, so p would not be differentiable.
  return tf.where(tf.step(p).toBool(), q, tf.onesLike(q)).log();
}

function expectation(p: tf.Tensor2D, values: tf.Tensor2D): tf.Tensor1D {
  return p.mul(values).sum(1);
}

function checkPair(targets: DistributionLike, probabilities: DistributionLike, where: string): void {
  checkDistribution(targets, where, 'targets');
  checkDistribution(probabilities, where, 'probabilities');
  assertShape(probabilities.shape, targets.shape, where, 'probabilities');
}

function inUnit<R extends Reduction>(
  where: string,
  options: InformationOptions<R>,
  nats: () => tf.Tensor1D,
): Reduced<R> {
  assertKnownOptions(options, ['unit', 'reduction'], where);
  const { unit = 'nats', reduction = 'mean' as R } = options;
  assertOneOf(unit, UNITS, where, 'unit');
  assertOneOf(reduction, REDUCTIONS, where, 'reduction');
  return tf.tidy(() => {
    const reduced = reduce(nats(), undefined, reduction);
    return unit === 'bits' ? reduced.mul<Reduced<R>>(Math.LOG2E) : reduced;
  });
}
