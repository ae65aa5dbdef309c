// optim: a smooth function plus an L1 penalty, to the optimum, by proximal quasi-Newton steps.
import { DomainError, ShapeError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { finishInTurns } from '../core/task.js';
import type { BlockMetric } from './block-metric.js';
import { type BlockPair, type CompactCurvature, compactCurvature } from './compact-curvature.js';
import { leastSubgradient, minimizeComposite } from './composite-quadratic.js';
import {
  assertLength,
  assertSolverOptions,
  type CurvaturePair,
  difference,
  dot,
  type LbfgsOptions,
  type LbfgsReason,
  type LbfgsResult,
  type LbfgsState,
  PATIENCE,
  withPair,
} from './lbfgs.js';

export interface ProximalNewtonOptions extends Omit<LbfgsOptions, 'evaluate' | 'precondition'> {
  /** The smooth part and its gradient, of a point that is [order, blocks], row-major. */
  readonly evaluate: LbfgsOptions['evaluate'];
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
export async function proximalNewton(options: ProximalNewtonOptions): Promise<LbfgsResult> {
  const { metric, memory = 10, tolerance, maxIterations, noise = 1e-13, signal, onIteration } = options;
  assertSolverOptions({ memory, tolerance, maxIterations, noise }, WHERE);
  assertOptions(options);
  signal?.throwIfAborted();
  let state = options.state ?? (await firstState(options));
  let norm = normOf(state, options);
  let blockPairs = state.pairs.map((pair) => inBlocks(pair, metric));
  const end = (reason: LbfgsReason): LbfgsResult => {
    const { point, value, gradient, iterations, evaluations } = state;
    return { point, value, gradient, gradientNorm: norm, iterations, evaluations, reason, state };
  };
  for (;;) {
    if (!Number.isFinite(state.value) || !Number.isFinite(norm)) return end('diverged');
    if (norm <= tolerance) return end('gradient');
    if (state.stalled >= PATIENCE) return end('no-progress');
    if (state.iterations >= maxIterations) return end('iterations');
    const curvature = curvatureOf(metric, blockPairs);
    const kept = blockPairs.length - curvature.width / 2;
    blockPairs = blockPairs.slice(kept);
    state = { ...state, pairs: state.pairs.slice(kept) };
    const target = await finishInTurns(
      minimizeComposite({
        curvature,
        start: toBlocks(state.point, metric),
        gradient: toBlocks(state.gradient, metric),
        l1: options.l1,
        numPenalised: options.numPenalised,
        accuracy: ACCURACY,
      }),
      signal,
    );
    const searched = await searchTowards(fromBlocks(target, metric), state, options, noise);
    if (searched.trial === undefined) {
      state = { ...state, pairs: [], evaluations: searched.evaluations };
      if (blockPairs.length === 0) return end(searched.finite ? 'no-progress' : 'diverged');
      blockPairs = [];
      continue;
    }
    const before = state;
    const { point, value, gradient } = searched.trial;
    const change = difference(gradient, before.gradient);
    const pairs = withPair(before.pairs, difference(point, before.point), change, memory);
    if (pairs !== before.pairs) {
      blockPairs = [...blockPairs, inBlocks(pairs[pairs.length - 1], metric)].slice(-memory);
    }
    const next = {
      point,
      value,
      gradient,
      pairs,
      iterations: before.iterations + 1,
      evaluations: searched.evaluations,
    };
    norm = normOf(next, options);
    const isBetter = value < before.bestValue - noise * Math.abs(before.bestValue) || norm < before.bestNorm;
    state = {
      ...next,
      bestValue: Math.min(before.bestValue, value),
      bestNorm: Math.min(before.bestNorm, norm),
      stalled: isBetter ? 0 : before.stalled + 1,
    };
    const { iterations, evaluations } = state;
    const info = { iteration: iterations, value, gradientNorm: norm, step: searched.step, evaluations, state };
    if ((await onIteration?.(info)) === 'stop') return end(norm <= tolerance ? 'gradient' : 'stopped');
  }
}

interface Trial {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

type Searched =
  | { readonly trial: Trial; readonly step: number; readonly evaluations: number }
  | { readonly trial: undefined; readonly finite: boolean; readonly evaluations: number };

/** The first of t = 1, … on the way to `target` where F falls as the slope promises. */
async function searchTowards(
  target: Float64Array,
  { point: from, value: before, gradient, evaluations: done }: LbfgsState,
  options: ProximalNewtonOptions,
  noise: number,
): Promise<Searched> {
  const direction = target.map((entry, i) => entry - from[i]);
  const promised = promisedBy(from, target, gradient, options);
  let finite = false;
  let evaluations = done;
  if (!(promised < 0)) return { trial: undefined, finite: true, evaluations };
  for (let step = 1, tries = 0; tries < MAX_EVALUATIONS; tries++) {
    options.signal?.throwIfAborted();
    // The target as it is: its zeros are exact.
    const point = step === 1 ? target.slice() : from.map((entry, i) => entry + step * direction[i]);
    const evaluated = await options.evaluate(point);
    evaluations++;
    assertLength(evaluated.gradient, point, 'evaluate', WHERE);
    const value = evaluated.value + penaltyOf(point, options);
    const trial = { point, value, gradient: evaluated.gradient };
    const rise = value - before;
    const isUsable = Number.isFinite(value) && Number.isFinite(dot(trial.gradient, direction));
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

function penaltyOf(point: Float64Array, { l1, numPenalised, metric }: ProximalNewtonOptions): number {
  let total = 0;
  for (let i = 0; i < numPenalised * metric.blocks; i++) total += Math.abs(point[i]);
  return l1 === 0 ? 0 : l1 * total;
}

/** The largest entry of the least subgradient; NaN if any is. */
function normOf(
  { point, gradient }: Pick<LbfgsState, 'point' | 'gradient'>,
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

async function firstState(options: ProximalNewtonOptions): Promise<LbfgsState> {
  const point = options.start.slice();
  const { value: smooth, gradient } = await options.evaluate(point);
  assertLength(gradient, point, 'evaluate', WHERE);
  const value = smooth + penaltyOf(point, options);
  const norm = normOf({ point, gradient }, options);
  const none = { pairs: [], iterations: 0, evaluations: 1, stalled: 0 };
  return { point, value, gradient, ...none, bestValue: value, bestNorm: norm };
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
