// optim: minimises a smooth function plus an L1 penalty by proximal quasi-Newton steps.
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
  /** The smooth part and its gradient at a point, which is [order, blocks], row-major. */
  readonly evaluate: SolverOptions['evaluate'];
  /** M, approximately proportional to the Hessian of the smooth part, the same [order] for each block. */
  readonly metric: BlockMetric;
  /** λ ≥ 0 of the penalty λ·‖·‖₁ */
  readonly l1: number;
  /** Number of penalised rows at the start of a point. */
  readonly numPenalised: number;
}

const WHERE = 'proximalNewton';

/** Required fraction of the decrease that the slope predicts. */
const DECREASE = 1e-4;
/** If all values are within noise: largest final slope, as a fraction of the initial one. */
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 40;
/** Accuracy of the minimisation of each model. */
const ACCURACY = 0.01;

/**
 * Minimises F(x) = f(x) + λ‖x‖₁ for smooth and convex f; zero entries of the result are exactly 0.
 *
 *   z = argmin gᵀ(z − x) + ½(z − x)ᵀB(z − x) + λ‖z‖₁,   x ← x + t(z − x)
 *
 * B is the L-BFGS approximation of the Hessian: σM at first, then σM and the last m pairs. If M bounds the Hessian and
 * σ = 1 (Böhning's bound, for softmax regression), t = 1 is a descent step from the start. Later σ = yᵀM⁻¹y / sᵀy, and
 * t is reduced until F falls by a fraction of the predicted gᵀ(z − x) + λ(‖z‖₁ − ‖x‖₁). Each model is minimised over
 * its zero pattern and all other entries together, so a few steps find the zero entries of the optimum. From then on
 * the method is L-BFGS on the others.
 *
 * Options, result, state and reasons are those of `lbfgs`. `value` is F, `gradient` is that of f, `gradientNorm` is the
 * largest entry of the smallest subgradient of F: gᵢ + λ·sign(xᵢ) if xᵢ ≠ 0, and the excess of |gᵢ| over λ if xᵢ = 0.
 *
 * @throws the errors of `lbfgs`; ShapeError if the start does not match the metric
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
  return solve(whole, {
    where: WHERE,
    normOf: (trial) => subgradientNorm(trial, l1, numPenalised * metric.blocks),
    search,
  });
}

/** The first of t = 1, … towards `target` where F falls as predicted. */
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
    // Step 1 copies the target, so that its zeros stay exact.
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
    // The minimum of the parabola with this slope and value.
    const parabola = (-promised * step * step) / (2 * (rise - promised * step));
    step = isUsable && parabola > 0.1 * step ? Math.min(parabola, 0.5 * step) : 0.1 * step;
  }
  return { trial: undefined, finite, evaluations };
}

/** gᵀ(z − x) + λ(‖z‖₁ − ‖x‖₁), summed by entry, since the two terms almost cancel close to the optimum. */
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

/** The one-sided slope of F along the direction, just before the point. */
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

/**
 * The largest entry of the smallest subgradient of F; NaN if any entry of the gradient is NaN.
 *
 * @param numPenalised number of penalised entries at the start of the point
 */
export function subgradientNorm(
  { point, gradient }: Pick<Trial, 'point' | 'gradient'>,
  l1: number,
  numPenalised: number,
): number {
  let largest = 0;
  for (let i = 0; i < point.length; i++) {
    const entry = Math.abs(leastSubgradient(point[i], gradient[i], i < numPenalised ? l1 : 0));
    if (Number.isNaN(gradient[i])) return Number.NaN;
    largest = Math.max(largest, entry);
  }
  return largest;
}

/** The curvature with as many pairs as rounding allows. */
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

/** Converts [order, blocks] to consecutive blocks. */
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
    const expected = `have ${metric.size} numbers, like the metric`;
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
