// objective: the objective of a softmax regression in float64 on plain arrays, with its gradient.

import { DomainError } from '../core/errors.js';
import { assertPositiveInteger, assertShape, describe } from '../core/shape.js';
import { finish, finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { BlockSum, sumOf } from '../core/tree-sum.js';
import { assertFeatureArray, type FeatureArray } from '../data/batches.js';
import { assertSparse, columnsOf, isSparse, type SparseMatrix } from '../data/matrix.js';
import { addL2Gradient, penaltyOf } from '../optim/penalty.js';
import type { ValueAndGradient } from '../optim/solver.js';
import { gradientBlocks } from './blocks.js';
import { GradientSum } from './resident-rows.js';
import { type LossAndGradient, writeResiduals } from './residuals.js';
import { BLOCK_ROWS, prepareRows, RowBlock } from './row-block.js';
import { isStreamed, type Section, type StreamedProblem, sumOfSections } from './sections.js';
import { sparseOf } from './sparse/section.js';
import { sparseLossAndGradient } from './sparse/sums.js';

/** Where errors say they are. */
const WHERE = 'plainProblem';

export interface PlainProblemOptions<Features = FeatureArray | SparseMatrix> {
  /** X, [n, d], finite */
  readonly features: Features;
  /** [n], integers in [0, numClasses) */
  readonly labels: ArrayLike<number>;
  readonly numClasses: number;
  /** sᵢ ≥ 0, [n], already multiplied by the class weight. Default 1 each. */
  readonly sampleWeights?: ArrayLike<number>;
  /** λ ≥ 0 of the penalty λ/2·‖W‖² */
  readonly l2: number;
  /** ≥ 0, of the penalty l1·‖W‖₁. The evaluations in this file omit it; the solver adds it. Default 0. */
  readonly l1?: number;
  /** Whether to fit a bias. If not, its gradient is 0, so it does not change. */
  readonly fitIntercept: boolean;
}

/** A validated problem whose samples are in memory. */
export interface PlainProblem extends Section {
  /** sᵢ ≥ 0, [n] */
  readonly weights: Float64Array;
  /** S = Σ sᵢ, and the smallest sᵢ > 0. */
  readonly totalWeight: number;
  readonly leastWeight: number;
}

/** One of dense samples, which tensors can hold. */
export interface DenseProblem extends PlainProblem {
  readonly features: FeatureArray;
}

/** A problem that the functions in this file evaluate. */
export type Problem = PlainProblem | StreamedProblem;

/**
 * Validates the problem that the functions in this file evaluate. The features are not copied unless they are small.
 *
 *   f(θ) = (1/S) Σᵢ sᵢ NLLᵢ + λ/2·‖W‖²,   S = Σᵢ sᵢ,   NLLᵢ = −log softmax(xᵢW + b)[labelᵢ]
 *
 * θ is W, [d, classes] row-major, followed by b, [classes]. The bias is never penalised. If all weights are 0, the mean
 * is 0.
 *
 * @throws ShapeError if there is not one label and one weight per sample
 * @throws DomainError if a label, a weight, l2 or l1 is out of range
 */
export function plainProblem(options: PlainProblemOptions<FeatureArray>): DenseProblem;
export function plainProblem(options: PlainProblemOptions): PlainProblem;
export function plainProblem(options: PlainProblemOptions): PlainProblem {
  const { features, numClasses, l2, l1 = 0, fitIntercept } = options;
  const isDense = !isSparse(features);
  if (isDense) assertFeatureArray(features, WHERE, 'features');
  else assertSparse(features, WHERE, 'features');
  const [n, d] = features.shape;
  return {
    ...weighedLabels(options, n),
    start: 0,
    features,
    ...(isDense ? { rows: prepareRows(features) } : { rows: undefined, columns: columnsOf(features) }),
    numSamples: n,
    numFeatures: d,
    numClasses,
    l2,
    l1,
    fitIntercept,
    size: (d + 1) * numClasses,
  };
}

/** The parts of a problem of n samples that do not depend on features. Validates all options but these. */
export function weighedLabels(
  { labels: given, numClasses, sampleWeights, l2, l1 = 0 }: Omit<PlainProblemOptions, 'features'>,
  n: number,
): Pick<PlainProblem, 'labels' | 'weights' | 'totalWeight' | 'leastWeight' | 'shares'> {
  assertPositiveInteger(numClasses, WHERE, 'numClasses');
  assertShape([given.length], [n], WHERE, 'labels');
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const label = given[i];
    if (Number.isInteger(label) && label >= 0 && label < numClasses) labels[i] = label;
    else throw outOfRange(`labels[${i}]`, `be an integer in [0, ${numClasses})`, label);
  }
  const weights = new Float64Array(n).fill(1);
  if (sampleWeights !== undefined) {
    assertShape([sampleWeights.length], [n], WHERE, 'sampleWeights');
    weights.set(sampleWeights);
  }
  let leastWeight = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    if (!(weights[i] >= 0 && weights[i] < Number.POSITIVE_INFINITY)) {
      throw outOfRange(`sampleWeights[${i}]`, 'be a finite number ≥ 0', weights[i]);
    }
    if (weights[i] > 0) leastWeight = Math.min(leastWeight, weights[i]);
  }
  const totalWeight = sumOf(weights);
  if (!(l2 >= 0 && l2 < Number.POSITIVE_INFINITY)) throw outOfRange('l2', 'be a finite number ≥ 0', l2);
  if (!(l1 >= 0 && l1 < Number.POSITIVE_INFINITY)) throw outOfRange('l1', 'be a finite number ≥ 0', l1);
  const shares = weights.map((weight) => (weight === 0 ? 0 : weight / totalWeight));
  return { labels, weights, totalWeight, leastWeight, shares };
}

/**
 * f(θ) and its gradient, in one task.
 *
 *   ∂f/∂W = (1/S) Xᵀdiag(s)(P − Y) + λW,   ∂f/∂b = (1/S) Σᵢ sᵢ(pᵢ − yᵢ),   pᵢ = softmax(xᵢW + b)
 *
 * NLLᵢ is computed as (max − o_label) + log1p(Σ of the other exponentials), and p_label − 1 as minus the sum of the
 * other probabilities. So both stay accurate when p_label is close to 1. Samples of weight 0 are skipped.
 *
 * @param point θ, [(d + 1)·classes]
 * @throws ShapeError if the point has another length
 * @example at θ = 0, with three classes   // value log 3 = 1.0986
 * @see checked against reference/cross-entropy.ts and reference/dense.ts
 */
export function evaluatePlain(problem: PlainProblem, point: Float64Array): ValueAndGradient {
  return finish(evaluation(problem, point));
}

/** The same bits as `evaluatePlain`, in tasks of about 1.4e7 multiply-adds. An abort of `signal` throws its reason. */
export function evaluatePlainAsync(
  problem: Problem,
  point: Float64Array,
  signal?: AbortSignal,
): Promise<ValueAndGradient> {
  return finishInTurns(evaluation(problem, point), signal);
}

function* evaluation(problem: Problem, point: Float64Array): Steps<ValueAndGradient> {
  const { numFeatures: d, numClasses: q, l2, fitIntercept, size } = problem;
  assertShape([point.length], [size], 'evaluatePlain', 'point');
  const { loss, gradient } = yield* lossAndGradient(problem, point);
  if (!fitIntercept) gradient.fill(0, d * q);
  const weight = point.subarray(0, d * q);
  addL2Gradient(gradient, weight, l2);
  return { value: loss + penaltyOf(weight, l2), gradient };
}

/** The mean loss and its gradient, without penalties. Both are sums over blocks of samples, as in core/tree-sum.ts. */
export function* lossAndGradient(problem: Section | StreamedProblem, point: Float64Array): Steps<LossAndGradient> {
  if (!isStreamed(problem)) return yield* sectionSums(problem, point);
  const { size } = problem;
  const total = yield* sumOfSections(problem, gradientBlocks(size).rows, size + 1, function* (section) {
    const { loss, gradient } = yield* sectionSums(section, point);
    const sum = new Float64Array(size + 1);
    sum.set(gradient);
    sum[size] = loss;
    return sum;
  });
  return { loss: total[size], gradient: total.slice(0, size) };
}

function* sectionSums(section: Section, point: Float64Array): Steps<LossAndGradient> {
  const sparse = sparseOf(section);
  if (sparse !== undefined) return yield* sparseLossAndGradient(sparse, point);
  return (yield* residentSums(section, point)) ?? (yield* plainSums(section, point));
}

function* plainSums(problem: Section, point: Float64Array): Steps<LossAndGradient> {
  const { numClasses: q, numSamples: n, size } = problem;
  const block = new RowBlock(problem.features as FeatureArray, q, problem.rows);
  block.setPoint(point);
  const logits = new Float64Array(BLOCK_ROWS * q);
  const residuals = new Float64Array(BLOCK_ROWS * q);
  /** The gradient, then the loss. */
  const sum = new BlockSum(size + 1, gradientBlocks(size).rows);
  let work = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const count = block.read(start);
    block.logits(logits);
    const loss = writeResiduals(logits, count, problem, start, residuals);
    block.addOuter(residuals, sum.leaf);
    sum.leaf[size] += loss;
    sum.reach(start + count);
    work += 2 * block.filled * q;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  const total = sum.total();
  return { loss: total[size], gradient: total.slice(0, size) };
}

/** The same bits in WebAssembly; undefined if the rows are not prepared or do not fit in its memory. */
function* residentSums(problem: Section, point: Float64Array): Steps<LossAndGradient | undefined> {
  const { numSamples: n, size } = problem;
  const { rows, rowsOfATask } = gradientBlocks(size);
  const sum = new GradientSum(problem, point, rows);
  for (let start = 0; start < n; start += rowsOfATask) {
    if (start > 0) yield;
    const end = Math.min(n, start + rowsOfATask);
    if (!sum.add(start, end)) return undefined;
  }
  return sum.total();
}

function outOfRange(argument: string, expected: string, actual: unknown): DomainError {
  return new DomainError({ where: WHERE, argument, expected, actual: describe(actual) });
}
