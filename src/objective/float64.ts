// objective: the objective of a softmax regression in float64 on plain arrays, with its gradient.
import { DomainError } from '../core/errors.js';
import { assertPositiveInteger, assertShape, describe } from '../core/shape.js';
import { finish, finishInTurns, type Steps, WORK_OF_A_TASK } from '../core/task.js';
import { assertFeatureArray, type FeatureArray } from '../data/batches.js';
import { addL2Gradient, penaltyOf } from '../optim/penalty.js';
import type { ValueAndGradient } from '../optim/solver.js';
import { BLOCK_ROWS, prepareRows, RowBlock } from './row-block.js';

export interface PlainProblemOptions {
  /** X, [n, d], finite */
  readonly features: FeatureArray;
  /** [n], integers in [0, numClasses) */
  readonly labels: ArrayLike<number>;
  readonly numClasses: number;
  /** sᵢ ≥ 0, [n], already multiplied by the weight of the class; all 1 unless given. */
  readonly sampleWeights?: ArrayLike<number>;
  /** λ ≥ 0 of the penalty λ/2·‖W‖² */
  readonly l2: number;
  /** ≥ 0, of the penalty l1·‖W‖₁, which the evaluations here leave to the solver; 0 unless given. */
  readonly l1?: number;
  /** Whether there is a bias to fit; if not, its gradient is 0, and it stays as it is. */
  readonly fitIntercept: boolean;
}

/** A checked problem, as the functions of this file take it. */
export interface PlainProblem {
  readonly features: FeatureArray;
  /** The features as `RowBlock` reads them, where they are few. */
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
  /** How long a point is: (d + 1)·classes, with a bias or without. */
  readonly size: number;
}

/**
 * The problem that the functions of this file solve, checked; the features stay where they are.
 *
 *   f(θ) = (1/S) Σᵢ sᵢ NLLᵢ + λ/2·‖W‖²,   S = Σᵢ sᵢ,   NLLᵢ = −log softmax(xᵢW + b)[labelᵢ]
 *
 * θ is W, [d, classes] row-major, followed by b, [classes]. The bias is never penalised. If all weights are 0, the mean
 * is 0.
 *
 * @throws ShapeError if labels or weights are not as many as the samples
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
 * NLLᵢ is taken as (max − o_label) + log1p(Σ of the other exponentials), and p_label − 1 as minus the sum of the others, so
 * that both stay exact where a sample is all but certain. Samples of weight 0 are left out.
 *
 * @param point θ, [(d + 1)·classes]
 * @throws ShapeError if the point is of another length
 * @example at θ = 0, with three classes   // value log 3 = 1.0986
 * @see checked against reference/cross-entropy.ts and reference/dense.ts
 */
export function evaluatePlain(problem: PlainProblem, point: Float64Array): ValueAndGradient {
  return finish(evaluation(problem, point));
}

/** `evaluatePlain` bit for bit, in tasks of some 1.4e7 multiply-adds; `signal` ends it with its reason as error. */
export function evaluatePlainAsync(
  problem: PlainProblem,
  point: Float64Array,
  signal?: AbortSignal,
): Promise<ValueAndGradient> {
  return finishInTurns(evaluation(problem, point), signal);
}

function* evaluation(problem: PlainProblem, point: Float64Array): Steps<ValueAndGradient> {
  const { numFeatures: d, numClasses: q, labels, l2, fitIntercept, size } = problem;
  assertShape([point.length], [size], 'evaluatePlain', 'point');
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
      // A select, not a product: what is left out may be infinite.
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
  if (!fitIntercept) gradient.fill(0, d * q);
  const weight = point.subarray(0, d * q);
  addL2Gradient(gradient, weight, l2);
  return { value: loss.total + penaltyOf(weight, l2), gradient };
}

/** sᵢ/S, what the sample counts in a mean. */
export function shareOf({ weights, totalWeight }: PlainProblem, sample: number): number {
  return weights[sample] === 0 ? 0 : weights[sample] / totalWeight;
}

/** −log softmax(o)[label], and softmax(o) − y into `residuals`: o, and the residual, are the q numbers that begin at `from`. */
export function lossAndResidual(
  logits: Float64Array,
  from: number,
  q: number,
  label: number,
  residuals: Float64Array,
): number {
  let largest = 0;
  for (let k = 1; k < q; k++) if (logits[from + k] > logits[from + largest]) largest = k;
  const top = logits[from + largest];
  let others = 0;
  for (let k = 0; k < q; k++) {
    const exponential = k === largest ? 1 : Math.exp(logits[from + k] - top);
    residuals[from + k] = exponential;
    if (k !== largest) others += exponential;
  }
  const inverse = 1 / (1 + others);
  let rest = 0;
  for (let k = 0; k < q; k++) {
    residuals[from + k] *= inverse;
    if (k !== label) rest += residuals[from + k];
  }
  residuals[from + label] = -rest;
  return top - logits[from + label] + Math.log1p(others);
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
    // After an overflow, what was lost is NaN.
    return Number.isFinite(this.#sum) ? this.#sum + this.#lost : this.#sum;
  }
}

function outOfRange(argument: string, expected: string, actual: unknown): DomainError {
  return new DomainError({ where: 'plainProblem', argument, expected, actual: describe(actual) });
}
