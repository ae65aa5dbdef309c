// objective: the objective of a softmax regression in float64 on plain arrays, with its gradient.
import { DomainError } from '../core/errors.js';
import { exp } from '../core/exp.js';
import { assertPositiveInteger, assertShape, describe } from '../core/shape.js';
import { finish, finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { assertFeatureArray, type FeatureArray } from '../data/batches.js';
import { addL2Gradient, penaltyOf } from '../optim/penalty.js';
import type { ValueAndGradient } from '../optim/solver.js';
import { GradientSum } from './resident-rows.js';
import { BLOCK_ROWS, prepareRows, RowBlock } from './row-block.js';

export interface PlainProblemOptions {
  /** X, [n, d], finite */
  readonly features: FeatureArray;
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

/** A validated problem, the input of the functions in this file. */
export interface PlainProblem {
  readonly features: FeatureArray;
  /** The features in the layout of `RowBlock`; undefined if they are too large to prepare or mostly 0. */
  readonly rows: Float64Array | undefined;
  readonly labels: Int32Array;
  readonly weights: Float64Array;
  /** S = Σ sᵢ */
  readonly totalWeight: number;
  readonly numSamples: number;
  readonly numFeatures: number;
  readonly numClasses: number;
  readonly l2: number;
  readonly l1: number;
  readonly fitIntercept: boolean;
  /** The length of a point: (d + 1)·classes, with or without a bias. */
  readonly size: number;
}

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
export function plainProblem(options: PlainProblemOptions): PlainProblem {
  const where = 'plainProblem';
  const { features, numClasses, l2, l1 = 0, fitIntercept } = options;
  assertFeatureArray(features, where, 'features');
  assertPositiveInteger(numClasses, where, 'numClasses');
  const [n, d] = features.shape;
  assertShape([options.labels.length], [n], where, 'labels');
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const label = options.labels[i];
    if (Number.isInteger(label) && label >= 0 && label < numClasses) labels[i] = label;
    else throw outOfRange(`labels[${i}]`, `be an integer in [0, ${numClasses})`, label);
  }
  const weights = new Float64Array(n).fill(1);
  if (options.sampleWeights !== undefined) {
    assertShape([options.sampleWeights.length], [n], where, 'sampleWeights');
    weights.set(options.sampleWeights);
  }
  let totalWeight = 0;
  for (let i = 0; i < n; i++) {
    if (!(weights[i] >= 0 && weights[i] < Number.POSITIVE_INFINITY)) {
      throw outOfRange(`sampleWeights[${i}]`, 'be a finite number ≥ 0', weights[i]);
    }
    totalWeight += weights[i];
  }
  if (!(l2 >= 0 && l2 < Number.POSITIVE_INFINITY)) throw outOfRange('l2', 'be a finite number ≥ 0', l2);
  if (!(l1 >= 0 && l1 < Number.POSITIVE_INFINITY)) throw outOfRange('l1', 'be a finite number ≥ 0', l1);
  const size = (d + 1) * numClasses;
  return {
    features,
    rows: prepareRows(features),
    labels,
    weights,
    totalWeight,
    numSamples: n,
    numFeatures: d,
    numClasses,
    l2,
    l1,
    fitIntercept,
    size,
  };
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
  problem: PlainProblem,
  point: Float64Array,
  signal?: AbortSignal,
): Promise<ValueAndGradient> {
  return finishInTurns(evaluation(problem, point), signal);
}

function* evaluation(problem: PlainProblem, point: Float64Array): Steps<ValueAndGradient> {
  const { numFeatures: d, numClasses: q, l2, fitIntercept, size } = problem;
  assertShape([point.length], [size], 'evaluatePlain', 'point');
  const { loss, gradient } = (yield* residentSums(problem, point)) ?? (yield* sums(problem, point));
  if (!fitIntercept) gradient.fill(0, d * q);
  const weight = point.subarray(0, d * q);
  addL2Gradient(gradient, weight, l2);
  return { value: loss + penaltyOf(weight, l2), gradient };
}

interface Sums {
  /** (1/S) Σᵢ sᵢ NLLᵢ */
  readonly loss: number;
  /** (1/S) X̃ᵀdiag(s)(P − Y), in the layout of a point. */
  readonly gradient: Float64Array;
}

function* sums(problem: PlainProblem, point: Float64Array): Steps<Sums> {
  const { numClasses: q, labels, size } = problem;
  const gradient = new Float64Array(size);
  const block = new RowBlock(problem.features, q, problem.rows);
  block.setPoint(point);
  const logits = new Float64Array(BLOCK_ROWS * q);
  const residuals = new Float64Array(BLOCK_ROWS * q);
  const loss = new CompensatedSum();
  let work = 0;
  for (let start = 0; start < problem.numSamples; start += BLOCK_ROWS) {
    const rows = block.read(start);
    block.logits(logits);
    for (let r = 0, at = 0; r < rows; r++, at += q) {
      const share = shareOf(problem, start + r);
      // Skipped, not multiplied by 0: the loss may be infinite.
      if (share === 0) {
        residuals.fill(0, at, at + q);
        continue;
      }
      loss.add(share * lossAndResidual(logits, at, q, labels[start + r], residuals));
      for (let k = at; k < at + q; k++) residuals[k] *= share;
    }
    block.addOuter(residuals, gradient);
    work += 2 * block.filled * q;
    if (work >= WORK_OF_A_TASK) {
      work = 0;
      yield;
    }
  }
  return { loss: loss.total, gradient };
}

/** The same bits in WebAssembly; undefined if the rows are not prepared or do not fit in its memory. */
function* residentSums(problem: PlainProblem, point: Float64Array): Steps<Sums | undefined> {
  const { numSamples: n, size } = problem;
  const shares = new Float64Array(n);
  for (let i = 0; i < n; i++) shares[i] = shareOf(problem, i);
  const sum = new GradientSum(problem, point, shares);
  const rows = rowsOfATask(2 * size);
  for (let start = 0; start < n; start += rows) {
    if (start > 0) yield;
    if (!sum.add(start, Math.min(n, start + rows))) return undefined;
  }
  const loss = new CompensatedSum();
  const { losses } = sum;
  for (let i = 0; i < n; i++) {
    if (shares[i] !== 0) loss.add(shares[i] * (losses[2 * i] + Math.log1p(losses[2 * i + 1])));
  }
  return { loss: loss.total, gradient: sum.gradient() };
}

/** The number of rows of a task, in whole blocks, by the multiply-adds of a row. */
export function rowsOfATask(workOfARow: number): number {
  return BLOCK_ROWS * Math.max(1, Math.floor(WORK_OF_A_TASK / workOfARow / BLOCK_ROWS));
}

/** sᵢ/S, the weight of the sample in a mean. */
export function shareOf({ weights, totalWeight }: PlainProblem, sample: number): number {
  return weights[sample] === 0 ? 0 : weights[sample] / totalWeight;
}

/** Returns −log softmax(o)[label] and writes softmax(o) − y to `residuals`; both vectors start at index `from`. */
export function lossAndResidual(
  logits: Float64Array,
  from: number,
  q: number,
  label: number,
  residuals: Float64Array,
): number {
  const { top, others } = softmaxInto(logits, from, q, residuals, from);
  let rest = 0;
  for (let k = 0; k < q; k++) if (k !== label) rest += residuals[from + k];
  residuals[from + label] = -rest;
  return top - logits[from + label] + Math.log1p(others);
}

/**
 * Writes softmax(o) to `out` from index `at`; o starts at index `from` of the logits.
 *
 * @returns the largest logit, and Σ of exp(oₖ − max) over the other classes
 */
export function softmaxInto(
  logits: Float64Array,
  from: number,
  q: number,
  out: Float64Array,
  at: number,
): { readonly top: number; readonly others: number } {
  let largest = 0;
  for (let k = 1; k < q; k++) if (logits[from + k] > logits[from + largest]) largest = k;
  const top = logits[from + largest];
  let others = 0;
  for (let k = 0; k < q; k++) {
    const exponential = k === largest ? 1 : exp(logits[from + k] - top);
    out[at + k] = exponential;
    if (k !== largest) others += exponential;
  }
  const inverse = 1 / (1 + others);
  for (let k = 0; k < q; k++) out[at + k] *= inverse;
  return { top, others };
}

/** A sum whose error does not grow with its length. @see Kahan (1965), in Neumaier's form (1974) */
export class CompensatedSum {
  #sum = 0;
  #lost = 0;

  add(term: number): void {
    const sum = this.#sum + term;
    this.#lost += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - sum + term : term - sum + this.#sum;
    this.#sum = sum;
  }

  get total(): number {
    // After an overflow, #lost is NaN.
    return Number.isFinite(this.#sum) ? this.#sum + this.#lost : this.#sum;
  }
}

function outOfRange(argument: string, expected: string, actual: unknown): DomainError {
  return new DomainError({ where: 'plainProblem', argument, expected, actual: describe(actual) });
}
