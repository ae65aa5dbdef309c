// optim: a smooth function plus an L1 penalty, to the optimum, by proximal quasi-Newton steps.
import { DomainError, ShapeError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { finishInTurns } from '../core/task.js';
import type { BlockMetric } from './block-metric.js';
import { type BlockPair, type CompactCurvature, compactCurvature } from './compact-curvature.js';
import { leastSubgradient, minimizeComposite } from './composite-quadratic.js';
import { penaltyOf } from './penalty.js';
import {
  type CurvaturePair,
  dot,
  evaluateAt,
  type Found,
  type Search,
  type SolverOptions,
  type SolverResult,
  type SolverState,
  solve,
  type Trial,
} from './solver.js';

export interface ProximalNewtonOptions extends SolverOptions {
  /** The smooth part and its gradient, of a point that is [order, blocks], row-major. */
  readonly evaluate: SolverOptions['evaluate'];
  /** M ≈ the Hessian of the smooth part, up to a factor, at the same [order] for each of the blocks. */
  readonly metric: BlockMetric;
  /** λ ≥ 0 of the penalty λ·‖·‖₁ */
  readonly l1: number;
  /** The first so many of the rows of a point are penalised. */
  readonly numPenalised: number;
}

const WHERE = 'proximalNewton';

/** Of the decrease that the slope promises, how much there must be. */
const DECREASE = 1e-4;
/** Where values are all noise: of the slope at the start, how much there may be at the end. */
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 40;
/** How exactly each model is minimised. */
const ACCURACY = 0.01;

/**
 * Minimises F(x) = f(x) + λ‖x‖₁, f smooth and convex, with entries that are exactly 0.
 *
 *   z = argmin gᵀ(z − x) + ½(z − x)ᵀB(z − x) + λ‖z‖₁,   x ← x + t(z − x)
 *
 * B is what L-BFGS knows of the Hessian: σM at first, then σM and the last m pairs. With M that bounds the Hessian and
 * σ = 1 (Böhning's, for softmax regression) t = 1 descends from the start; later it is σ = yᵀM⁻¹y / sᵀy, and t is found by
 * halving, until F falls by a share of what gᵀ(z − x) + λ(‖z‖₁ − ‖x‖₁) promises. Each model is minimised itself, over which
 * entries are 0 and over all others together, so what is 0 at the optimum is found after few steps, and from there on it is
 * L-BFGS on the others.
 *
 * Options, result, state and reasons are those of `lbfgs`: `value` is F; `gradient` that of f; `gradientNorm` the largest entry
 * of the least subgradient of F, gᵢ + λ·sign(xᵢ) where xᵢ ≠ 0, and what |gᵢ| exceeds λ by where xᵢ = 0.
 *
 * @throws as `lbfgs`; ShapeError if the start does not fit the metric
 * @see Lee, Sun and Saunders, Proximal Newton-type methods for minimizing composite functions (2014)
 */
export async function proximalNewton(options: ProximalNewtonOptions): Promise<SolverResult> {
  assertOptions(options);
  const { metric, l1, numPenalised, signal } = options;
  const whole: ProximalNewtonOptions = {
    ...options,
    evaluate: async (point) => {
      const { value, gradient } = await options.evaluate(point);
      return { value: value + penaltyOf(point.subarray(0, numPenalised * metric.blocks), 0, l1), gradient };
    },
  };
  const known = new WeakMap<CurvaturePair, BlockPair>();
  const blockPairOf = (pair: CurvaturePair): BlockPair => {
    const blockPair = known.get(pair) ?? inBlocks(pair, metric);
    known.set(pair, blockPair);
    return blockPair;
  };
  const search = async (state: SolverState, noise: number): Promise<Search> => {
    const curvature = curvatureOf(metric, state.pairs.map(blockPairOf));
    const pairs = state.pairs.slice(state.pairs.length - curvature.width / 2);
    const [start, gradient] = [state.point, state.gradient].map((values) => toBlocks(values, metric));
    const model = { curvature, start, gradient, l1, numPenalised, accuracy: ACCURACY };
    const target = await finishInTurns(minimizeComposite(model), signal);
    return { ...(await searchTowards(fromBlocks(target, metric), state, whole, noise)), pairs };
  };
  return solve(whole, { where: WHERE, normOf: (trial) => normOf(trial, options), search });
}

/** The first of t = 1, … on the way to `target` where F falls as the slope promises. */
async function searchTowards(
  target: Float64Array,
  { point: from, value: before, gradient }: SolverState,
  options: ProximalNewtonOptions,
  noise: number,
): Promise<Found> {
  const direction = target.map((entry, i) => entry - from[i]);
  const promised = promisedBy(from, target, gradient, options);
  let finite = false;
  let evaluations = 0;
  if (!(promised < 0)) return { trial: undefined, finite: true, evaluations };
  for (let step = 1, tries = 0; tries < MAX_EVALUATIONS; tries++) {
    // The target as it is: its zeros are exact.
    const point = step === 1 ? target.slice() : from.map((entry, i) => entry + step * direction[i]);
    const trial = await evaluateAt(point, options, WHERE);
    evaluations++;
    const rise = trial.value - before;
    const isUsable = Number.isFinite(trial.value) && Number.isFinite(dot(trial.gradient, direction));
    finite ||= isUsable;
    if (isUsable) {
      if (rise <= DECREASE * step * promised && Math.abs(rise) > noise * Math.abs(before)) {
        return { trial, step, evaluations };
      }
      if (
        Math.abs(rise) <= noise * Math.abs(before) &&
        slopeBehind(trial, direction, options) <= -CURVATURE * promised
      ) {
        return { trial, step, evaluations };
      }
    }
    // The minimum of the parabola with this slope and this value.
    const parabola = (-promised * step * step) / (2 * (rise - promised * step));
    step = isUsable && parabola > 0.1 * step ? Math.min(parabola, 0.5 * step) : 0.1 * step;
  }
  return { trial: undefined, finite, evaluations };
}

/** gᵀ(z − x) + λ(‖z‖₁ − ‖x‖₁), entry by entry: the sums cancel all but wholly close to the optimum. */
function promisedBy(
  from: Float64Array,
  target: Float64Array,
  gradient: Float64Array,
  { l1, numPenalised, metric }: ProximalNewtonOptions,
): number {
  let total = 0;
  for (let i = 0; i < from.length; i++) {
    const by = target[i] - from[i];
    const isPenalised = i < numPenalised * metric.blocks;
    const sign = Math.sign(from[i]) || Math.sign(target[i]);
    if (!isPenalised) total += gradient[i] * by;
    else if (from[i] * target[i] >= 0) total += (gradient[i] + l1 * sign) * by;
    else total += gradient[i] * by + l1 * (Math.abs(target[i]) - Math.abs(from[i]));
  }
  return total;
}

/** The slope of F along the direction, as it is just before the point. */
function slopeBehind(
  { point, gradient }: Trial,
  direction: Float64Array,
  { l1, numPenalised, metric }: ProximalNewtonOptions,
): number {
  let slope = 0;
  for (let i = 0; i < point.length; i++) {
    const sign = i < numPenalised * metric.blocks ? Math.sign(point[i]) || -Math.sign(direction[i]) : 0;
    slope += (gradient[i] + l1 * sign) * direction[i];
  }
  return slope;
}

/** The largest entry of the least subgradient; NaN if any is. */
function normOf(
  { point, gradient }: Pick<Trial, 'point' | 'gradient'>,
  { l1, numPenalised, metric }: ProximalNewtonOptions,
): number {
  let largest = 0;
  for (let i = 0; i < point.length; i++) {
    const isPenalised = i < numPenalised * metric.blocks;
    const entry = Math.abs(leastSubgradient(point[i], gradient[i], isPenalised ? l1 : 0));
    if (Number.isNaN(gradient[i])) return Number.NaN;
    largest = Math.max(largest, entry);
  }
  return largest;
}

/** With as many of the pairs as rounding allows. */
function curvatureOf(metric: BlockMetric, pairs: readonly BlockPair[]): CompactCurvature {
  if (pairs.length > 0) {
    const { step, change } = pairs[pairs.length - 1];
    const sigma = metric.inverseSquare(change) / dot(step, change);
    for (let first = 0; Number.isFinite(sigma) && first < pairs.length; first++) {
      const curvature = compactCurvature(metric, sigma, pairs.slice(first));
      if (curvature !== undefined) return curvature;
    }
  }
  return compactCurvature(metric, 1, []) as CompactCurvature;
}

function inBlocks({ step, change }: CurvaturePair, metric: BlockMetric): BlockPair {
  const steps = toBlocks(step, metric);
  return { step: steps, change: toBlocks(change, metric), ofStep: metric.multiply(steps) };
}

/** From [order, blocks] to blocks one after the other. */
function toBlocks(values: Float64Array, { order, blocks }: BlockMetric): Float64Array {
  const result = new Float64Array(values.length);
  for (let j = 0; j < order; j++) {
    for (let k = 0; k < blocks; k++) result[k * order + j] = values[j * blocks + k];
  }
  return result;
}

function fromBlocks(values: Float64Array, { order, blocks }: BlockMetric): Float64Array {
  const result = new Float64Array(values.length);
  for (let j = 0; j < order; j++) {
    for (let k = 0; k < blocks; k++) result[j * blocks + k] = values[k * order + j];
  }
  return result;
}

function assertOptions({ start, metric, l1, numPenalised }: ProximalNewtonOptions): void {
  const where = WHERE;
  if (start.length !== metric.size) {
    const expected = `have ${metric.size} numbers, as the metric`;
    throw new ShapeError({ where, argument: 'start', expected, actual: String(start.length) });
  }
  if (!(l1 >= 0 && Number.isFinite(l1))) {
    throw new DomainError({ where, argument: 'l1', expected: 'be a finite number ≥ 0', actual: describe(l1) });
  }
  if (!Number.isInteger(numPenalised) || numPenalised < 0 || numPenalised > metric.order) {
    const expected = `be an integer from 0 to ${metric.order}`;
    throw new DomainError({ where, argument: 'numPenalised', expected, actual: describe(numPenalised) });
  }
}
