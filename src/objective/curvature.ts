// objective: bounds and estimates of the objective's curvature: preconditioners and metrics for the solvers.
import { square } from '../core/elementary.js';
import { assertShape } from '../core/shape.js';
import { finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { BlockSum } from '../core/tree-sum.js';
import type { FeatureArray } from '../data/batches.js';
import { BlockMetric } from '../optim/block-metric.js';
import { cholesky } from '../optim/cholesky.js';
import { gramBlocks } from './blocks.js';
import type { Problem } from './float64.js';
import { GramSum } from './gram-sum.js';
import { eachProbabilities, hessianMatrix, othersOf, releaseHessian } from './hessian.js';
import { BLOCK_ROWS } from './row-block.js';
import { isStreamed, type ProblemTerms, type Section, sumOfSections } from './sections.js';
import { blockOf } from './sparse/block.js';
import { sparseOf } from './sparse/section.js';
import { sparseSquares } from './sparse/sums.js';

/** Up to this many features, M is factored: 1024²·8 bytes and 1024³/6 multiply-adds. */
const LARGEST_DENSE = 1024;

/**
 * Added to the diagonal of M, relative to it. Without a penalty, M is 0 in some directions if columns are collinear.
 * The gradient there is rounding error, which M⁻¹ would amplify.
 */
const JITTER = 1e-10;

/** Whether M is factored. If not, only its diagonal is used. */
export function isFactored({ numFeatures }: ProblemTerms): boolean {
  return numFeatures <= LARGEST_DENSE;
}

export interface PreconditionerOptions {
  /**
   * X̃ᵀdiag(s)X̃/S, if it is known: [d + 1, d + 1] row-major, with the row of the bias last. Only the lower half is
   * read. Float32 precision is enough.
   */
  readonly gram?: Float64Array;
  /** Relative to the diagonal of M. Default 1e-10, for gradients in float64; use 1e-6 for float32. */
  readonly jitter?: number;
  readonly signal?: AbortSignal;
}

/**
 * Böhning's preconditioner for `lbfgs`: v ↦ M⁻¹v for each class.
 *
 *   M = ½·X̃ᵀdiag(s)X̃/S + λD,   X̃ = [X, 1],   D = diag(1, …, 1, 0)
 *
 * The Hessian of the cross-entropy in the logits, diag(p) − ppᵀ, is at most ½I for every p. So the Hessian of f is at
 * most M for each class and for all classes together, and a full step −M⁻¹∇f never increases f.
 *
 * Up to 1024 features, M is factored (Cholesky). Beyond that, only its diagonal is used. Without intercept, X̃ is X and
 * the bias entries of the result are 0.
 *
 * @throws ShapeError if `gram` is not [d + 1, d + 1]
 * @see Böhning, Multinomial logistic regression algorithm (1992); docs/solvers.md
 */
export async function bohningPreconditioner(
  problem: Problem,
  options: PreconditionerOptions = {},
): Promise<(vector: Float64Array) => Float64Array> {
  const { numFeatures: d, numClasses: q, fitIntercept } = problem;
  const { matrix, isDense } = await boundOf(problem, options);
  const { jitter = JITTER } = options;
  const withoutBias = (vector: Float64Array) => (fitIntercept ? vector : vector.fill(0, d * q));
  if (isDense) {
    const factored = cholesky(matrix, d + 1, jitter, true);
    return (vector) => withoutBias(factored.solve(vector, q));
  }
  const inverse = matrix.map((entry) => (entry > 0 ? 1 / (entry * (1 + jitter)) : 1));
  return (vector) => {
    const scaled = new Float64Array(vector.length);
    for (let j = 0, at = 0; j <= d; j++) {
      for (let k = 0; k < q; k++, at++) scaled[at] = vector[at] * inverse[j];
    }
    return withoutBias(scaled);
  };
}

/** M for `proximalNewton`. Without intercept, the diagonal entry of the bias is 1 and its other entries are 0. */
export async function bohningMetric(problem: Problem, options: PreconditionerOptions = {}): Promise<BlockMetric> {
  const { matrix } = await boundOf(problem, options);
  return new BlockMetric(matrix, problem.numFeatures + 1, problem.numClasses, options.jitter ?? JITTER);
}

/** M without jitter: [d + 1, d + 1] with the lower half filled, or only its diagonal. */
async function boundOf(
  problem: Problem,
  { gram, signal }: PreconditionerOptions,
): Promise<{ matrix: Float64Array; isDense: boolean }> {
  const { numFeatures: d, fitIntercept, l2 } = problem;
  const order = d + 1;
  const isDense = isFactored(problem);
  if (gram !== undefined) assertShape([gram.length], [order * order], 'bohningPreconditioner', 'gram');
  const matrix = isDense
    ? (gram?.slice() ?? (await gramMatrix(problem, signal)))
    : ((gram && diagonalOf(gram, order)) ?? (await finishInTurns(gramDiagonal(problem), signal)));
  for (let i = 0; i < matrix.length; i++) matrix[i] /= 2;
  for (let j = 0; j < d; j++) matrix[isDense ? j * order + j : j] += l2;
  if (!fitIntercept) matrix.fill(0, matrix.length - (isDense ? order : 1));
  return { matrix, isDense };
}

export interface CurvatureOptions extends Omit<PreconditionerOptions, 'gram'> {
  /** How many multiply-adds the Hessian may take. Default 0. */
  readonly work?: number;
}

/** What M is. */
interface Curvature {
  readonly isHessian: boolean;
  /** Frees M, which must not be used after it. */
  readonly close: () => void;
}

/**
 * A preconditioner v ↦ M⁻¹v from the curvature at θ, for `lbfgs` restarted at θ.
 *
 * M is the Hessian if `work` suffices. Otherwise it is the same matrix for each class,
 *
 *   M = X̃ᵀdiag(s∘h)X̃/S + λD,   hᵢ = (1/classes) Σₖ pᵢₖ(1 − pᵢₖ),
 *
 * the mean of the diagonal blocks of the Hessian. Böhning's bound is this with hᵢ = ½, which is far too large once most
 * samples are predicted with certainty. Neither M is an upper bound, so the solver needs a line search.
 *
 * @param point θ, [(d + 1)·classes]
 * @throws ShapeError if the point has another length
 */
export async function curvaturePreconditioner(
  problem: Problem,
  point: Float64Array,
  options: CurvatureOptions = {},
): Promise<Curvature & { precondition: (vector: Float64Array) => Float64Array }> {
  const hessian = await hessianAt(problem, point, options);
  if (hessian === undefined) {
    const precondition = await bohningPreconditioner(await atPoint(problem, point, options.signal), options);
    return { precondition, isHessian: false, close() {} };
  }
  const factored = cholesky(hessian, problem.size, options.jitter ?? JITTER, true);
  const bias = problem.numFeatures * problem.numClasses;
  const precondition = (vector: Float64Array) => {
    const solved = factored.solve(vector);
    return problem.fitIntercept ? solved : solved.fill(0, bias);
  };
  return { precondition, isHessian: true, close: () => releaseHessian(hessian) };
}

/** The metric for `proximalNewton` from the curvature at θ. The Hessian is one block. */
export async function curvatureMetric(
  problem: Problem,
  point: Float64Array,
  options: CurvatureOptions = {},
): Promise<Curvature & { metric: BlockMetric }> {
  const hessian = await hessianAt(problem, point, options);
  if (hessian === undefined) {
    const metric = await bohningMetric(await atPoint(problem, point, options.signal), options);
    return { metric, isHessian: false, close() {} };
  }
  const metric = new BlockMetric(hessian, problem.size, 1, options.jitter ?? JITTER);
  return { metric, isHessian: true, close: () => releaseHessian(hessian) };
}

function hessianAt(
  problem: Problem,
  point: Float64Array,
  { work = 0, signal }: CurvatureOptions,
): Promise<Float64Array | undefined> {
  assertShape([point.length], [problem.size], 'curvaturePreconditioner', 'point');
  return hessianMatrix(problem, point, work, signal);
}

/** The problem with shares s∘2h/S. The 2 cancels the ½ of Böhning's bound. */
async function atPoint(problem: Problem, point: Float64Array, signal?: AbortSignal): Promise<Problem> {
  if (isStreamed(problem)) return { ...problem, adapt: (section) => withCurvature(section, point) };
  return { ...problem, ...(await finishInTurns(withCurvature(problem, point), signal)) };
}

function* withCurvature(section: Section, point: Float64Array): Steps<Section> {
  const { numClasses: q } = section;
  const shares = section.shares.slice();
  yield* eachProbabilities(section, point, (probabilities, start) => {
    for (let at = 0; at < probabilities.length; at += q) {
      shares[start + at / q] *= (2 / q) * curvatureOf(probabilities, at, q);
    }
  });
  return { ...section, shares };
}

/** Σₖ pₖ(1 − pₖ) */
function curvatureOf(probabilities: Float64Array, from: number, q: number): number {
  let largest = from;
  let sum = 0;
  for (let at = from; at < from + q; at++) if (probabilities[at] > probabilities[largest]) largest = at;
  for (let at = from; at < from + q; at++) if (at !== largest) sum += probabilities[at] * (1 - probabilities[at]);
  return sum + probabilities[largest] * othersOf(probabilities, from, q, largest - from);
}

/**
 * X̃ᵀdiag(s)X̃/S in float64, [d + 1, d + 1], with the column of ones last. Only the lower half is filled.
 *
 * Takes n·d²/2 multiply-adds in tasks, fewer if nearly all features are 0. For 60,000 × 784 this takes several seconds;
 * TensorFlow needs 0.3 s.
 */
export function gramMatrix(problem: Problem, signal?: AbortSignal): Promise<Float64Array> {
  const order = problem.numFeatures + 1;
  return finishInTurns(sumOfSections(problem, gramBlocks(order).rows, square(order), gramProducts), signal);
}

function* gramProducts(problem: Section): Steps<Float64Array> {
  const { numSamples: n, numFeatures: d, rows: prepared, shares } = problem;
  if (prepared !== undefined) {
    const sum = new GramSum(problem);
    for (let i = 0; i < n; i++) if (sum.add(i, shares[i])) yield;
    return sum.total();
  }
  const block = blockOf(problem.features, 0);
  const sum = new BlockSum(square(d + 1), gramBlocks(d + 1).rows);
  let work = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const count = block.read(start);
    block.addGram(shares.subarray(start, start + count), sum.leaf);
    sum.reach(start + count);
    work += square(block.filled) / count / 2;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return sum.total();
}

/** The diagonal of X̃ᵀdiag(s)X̃/S, [d + 1]. */
export function gramDiagonal(problem: Problem): Steps<Float64Array> {
  const order = problem.numFeatures + 1;
  return sumOfSections(problem, gramBlocks(order).rows, order, diagonalProducts);
}

function* diagonalProducts(problem: Section): Steps<Float64Array> {
  const sparse = sparseOf(problem);
  if (sparse !== undefined) return yield* sparseSquares(sparse);
  const { features, numSamples: n, numFeatures: d, shares } = problem;
  const { values, scale = 1 } = features as FeatureArray;
  const sum = new BlockSum(d + 1, gramBlocks(d + 1).rows);
  let work = 0;
  for (let i = 0; i < n; i++) {
    const { leaf } = sum;
    for (let j = 0, at = i * d; j < d; j++, at++) leaf[j] += shares[i] * square(values[at] / scale);
    leaf[d] += shares[i];
    sum.reach(i + 1);
    work += d;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return sum.total();
}

function diagonalOf(matrix: Float64Array, order: number): Float64Array {
  return Float64Array.from({ length: order }, (_, i) => matrix[i * (order + 1)]);
}
