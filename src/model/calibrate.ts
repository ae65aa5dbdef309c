// model: fits the temperature that calibrates probabilities, on held-out samples.

import { BackendInUse } from '../compile/backend-in-use.js';
import type { Affine } from '../core/affine.js';
import { exp, log } from '../core/elementary.js';
import type { Label } from '../core/labels.js';
import { assertKnownOptions } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { BlockSum } from '../core/tree-sum.js';
import { batchRanges } from '../data/batches.js';
import { argMax } from '../predict/scores.js';
import { type Evaluation, evaluateModel, type Truth, truthOf } from './evaluation.js';
import { predictRows, type Rows } from './predict-async.js';

export interface FittedTemperature {
  /** T > 0, the divisor of the logits. */
  readonly temperature: number;
  /**
   * Why T does not minimise the loss: it has no minimum at a finite T > 0. Null if T is the minimum.
   *
   * `'separable'`: all predictions are right, so the loss decreases as T → 0. T is then chosen so that the mean loss is
   * log((n + 2)/(n + 1)), the confidence that Laplace's rule of succession gives n successes in n trials. T is 1 if the
   * model is already that confident. `'uninformative'`: the logits predict no better than chance, so the loss decreases
   * as T → ∞. T is then so large that no two probabilities of a sample differ by more than a part in a thousand. The
   * order of the classes does not change.
   */
  readonly bound: 'separable' | 'uninformative' | null;
}

/** Options of `calibrate`. */
export interface CalibrateOptions {
  /** The weight of each sample, ≥ 0 and not all 0. Default 1 each. */
  readonly sampleWeights?: ArrayLike<number>;
  /** Aborts the work, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface CalibratedAffine<L extends Label> extends FittedTemperature {
  /** W/T and b/T */
  readonly affine: Affine;
  /** Evaluations on the samples that T was fitted to, before and after calibration. */
  readonly before: Evaluation<L>;
  readonly after: Evaluation<L>;
}

/** Divides weight and bias by the temperature fitted to these samples. */
export async function calibrateAffine<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: Rows,
  labels: ArrayLike<L>,
  options: CalibrateOptions,
): Promise<CalibratedAffine<L>> {
  const where = 'calibrate';
  assertKnownOptions(options, ['sampleWeights', 'signal'], where);
  const { sampleWeights, signal } = options;
  const truth = truthOf(affine, classes, features, labels, sampleWeights, where);
  const backend = new BackendInUse(where, signal);
  const { values } = await predictRows(affine, features, 'logits', where, { signal });
  const fitted = await fitTemperature(values, truth, signal);
  const divide = (numbers: Float32Array) => numbers.map((each) => each / fitted.temperature);
  const calibrated = { ...affine, weight: divide(affine.weight), bias: divide(affine.bias) };
  const evaluated = (each: Affine) => {
    backend.assertSame();
    return evaluateModel(each, classes, features, labels, options, where);
  };
  return { ...fitted, affine: calibrated, before: await evaluated(affine), after: await evaluated(calibrated) };
}

/** The mean loss at β = 1/T and its first two derivatives with respect to β. */
interface Slope {
  readonly value: number;
  readonly first: number;
  readonly second: number;
}

/** Exponentials in a task: about 30 ms. */
const NUMBERS_OF_A_TASK = 1e6;
/** Largest difference of two log-probabilities of a sample when the logits are uninformative. */
const NEXT_TO_NOTHING = 1e-3;
/** Smaller differences of logits are 0: float32 weights do not produce them. */
const NO_GAP = 1e-100;
/** Relative precision of β, near that of float64. */
const RELATIVE = 1e-14;
/** β stays within 1e-99 … 1e99: enough for differences of float32 numbers, without overflow. */
const DOUBLINGS = 329;

/**
 * The temperature T > 0 that minimises the mean loss of softmax(o/T) on held-out samples.
 *
 *   f(β) = (1/S) Σᵢ sᵢ (log Σₖ exp(β zᵢₖ)),   zᵢₖ = oᵢₖ − oᵢ,yᵢ,   β = 1/T
 *   f′(β) = (1/S) Σᵢ sᵢ Σₖ pᵢₖ zᵢₖ          f″(β) = (1/S) Σᵢ sᵢ Varₚ(zᵢ) ≥ 0
 *
 * f is convex in β (not in T), so its minimum is the root of f′. Newton's method finds it, with bisection as a
 * safeguard. A finite root > 0 exists if f′(0) < 0 < f′(∞) = (1/S) Σᵢ sᵢ maxₖ zᵢₖ.
 *
 * @param logits o, [n, classes] row-major
 * @see Guo et al., On calibration of modern neural networks (2017), §4.2
 */
export async function fitTemperature<L extends Label>(
  logits: Float64Array,
  { labels, weights, classes }: Truth<L>,
  signal?: AbortSignal,
): Promise<FittedTemperature> {
  const q = classes.length;
  const at = (beta: number) => slopeAt(beta, logits, labels, weights, q, signal);
  const { largestGap, atInfinity, ties, count } = limitsOf(logits, labels, weights, q);
  if (largestGap < NO_GAP) return { temperature: 1, bound: 'uninformative' };
  const most = { temperature: largestGap / NEXT_TO_NOTHING, bound: 'uninformative' } as const;
  if ((await at(0)).first >= 0) return most;
  if (atInfinity === 0) {
    const target = ties + log((count + 2) / (count + 1));
    if ((await at(1)).value <= target) return { temperature: 1, bound: 'separable' };
    const beta = await rootOf(async (beta) => {
      const { value, first } = await at(beta);
      return [target - value, -first];
    });
    return { temperature: 1 / beta, bound: 'separable' };
  }
  const beta = await rootOf(async (beta) => {
    const { first, second } = await at(beta);
    return [first, second];
  });
  return 1 / beta > most.temperature ? most : { temperature: 1 / beta, bound: null };
}

/** The limits of the loss, which do not depend on β. */
function limitsOf(logits: Float64Array, labels: Int32Array, weights: Float64Array, q: number) {
  /** Weights, losses at infinity, and losses of ties. */
  const sums = new BlockSum(3);
  let count = 0;
  let largestGap = 0;
  for (let i = 0, at = 0; i < labels.length; i++, at += q) {
    if (weights[i] === 0) {
      sums.reach(i + 1);
      continue;
    }
    let most = logits[at];
    let least = logits[at];
    let equal = 0;
    for (let k = 0; k < q; k++) {
      most = Math.max(most, logits[at + k]);
      least = Math.min(least, logits[at + k]);
    }
    for (let k = 0; k < q; k++) equal += Number(logits[at + k] === most);
    count++;
    largestGap = Math.max(largestGap, most - least);
    sums.leaf[0] += weights[i];
    sums.leaf[1] += weights[i] * (most - logits[at + labels[i]]);
    sums.leaf[2] += weights[i] * log(equal);
    sums.reach(i + 1);
  }
  const [total, atInfinity, ties] = sums.total();
  return { count, largestGap, atInfinity: atInfinity / total, ties: ties / total };
}

async function slopeAt(
  beta: number,
  logits: Float64Array,
  labels: Int32Array,
  weights: Float64Array,
  q: number,
  signal: AbortSignal | undefined,
): Promise<Slope> {
  /** Weights, losses, and their first two derivatives. */
  const sums = new BlockSum(4);
  for (const [start, end] of batchRanges(labels.length, Math.ceil(NUMBERS_OF_A_TASK / q))) {
    for (let i = start; i < end; i++) {
      const weight = weights[i];
      if (weight === 0) {
        sums.reach(i + 1);
        continue;
      }
      const at = i * q;
      const top = at + argMax(logits, at, q);
      let sum = 0;
      let mean = 0;
      let square = 0;
      for (let k = at; k < at + q; k++) {
        // Relative to the top class, so that nothing overflows and variances do not cancel.
        const gap = logits[k] - logits[top];
        const p = exp(beta * gap);
        sum += p;
        mean += p * gap;
        square += p * gap * gap;
      }
      mean /= sum;
      const wrong = logits[top] - logits[at + labels[i]];
      sums.leaf[0] += weight;
      sums.leaf[1] += weight * (log(sum) + beta * wrong);
      sums.leaf[2] += weight * (mean + wrong);
      sums.leaf[3] += weight * (square / sum - mean * mean);
      sums.reach(i + 1);
    }
    await nextTask();
    signal?.throwIfAborted();
  }
  const [total, value, first, second] = sums.total();
  return { value: value / total, first: first / total, second: second / total };
}

/** The root β > 0 of an increasing function, which also returns its slope. */
async function rootOf(f: (beta: number) => Promise<readonly [value: number, slope: number]>): Promise<number> {
  let beta = 1;
  let [value, slope] = await f(beta);
  const isBelow = value < 0;
  let before = beta;
  for (let i = 0; i < DOUBLINGS && value !== 0 && value < 0 === isBelow; i++) {
    before = beta;
    beta = isBelow ? beta * 2 : beta / 2;
    [value, slope] = await f(beta);
  }
  let [low, high] = isBelow ? [before, beta] : [beta, before];
  let step = high - low;
  while (value !== 0 && Math.abs(step) > RELATIVE * beta) {
    const newton = -value / slope;
    const isInside = beta + newton > low && beta + newton < high;
    // Bisects unless the Newton step is less than half as long as the last one, which shows convergence.
    const next = isInside && Math.abs(newton) < Math.abs(step) / 2 ? beta + newton : (low + high) / 2;
    step = next - beta;
    beta = next;
    [value, slope] = await f(beta);
    if (value < 0) low = beta;
    else high = beta;
  }
  return beta;
}
