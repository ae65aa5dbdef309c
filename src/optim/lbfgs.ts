// optim: L-BFGS on plain arrays, for functions known by value and gradient.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertPositiveInteger, describe } from '../core/shape.js';
import { type LinePoint, lineSearch } from './line-search.js';

export interface ValueAndGradient {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** How a step and the gradient moved together; both stay as they are. */
export interface CurvaturePair {
  readonly step: Float64Array;
  readonly change: Float64Array;
}

/** All that the next iteration depends on. Its arrays are never written to again, so it can be kept as it is. */
export interface LbfgsState extends ValueAndGradient {
  readonly point: Float64Array;
  /** Oldest first. */
  readonly pairs: readonly CurvaturePair[];
  readonly iterations: number;
  readonly evaluations: number;
  /** The best so far, and for how many iterations neither has improved. */
  readonly bestValue: number;
  readonly bestNorm: number;
  readonly stalled: number;
}

export interface LbfgsIteration {
  /** 1 for the first. */
  readonly iteration: number;
  readonly value: number;
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number;
  /** How far along its direction it went; 1 is the direction as it is. */
  readonly step: number;
  /** Calls of `evaluate`, so far. */
  readonly evaluations: number;
  /** To resume from here. Read it, do not write to it. */
  readonly state: LbfgsState;
}

/** Why it ended. */
export type LbfgsReason =
  /** No entry of the gradient exceeds the tolerance. */
  | 'gradient'
  | 'iterations'
  /** `onIteration` said so. */
  | 'stopped'
  /** No step improves the value, or none has done so beyond the noise for many iterations. */
  | 'no-progress'
  /** The value or gradient is not finite, at the start or wherever the line search looked. */
  | 'diverged';

export interface LbfgsOptions {
  /** Its arrays are the solver's afterwards; the point is the solver's, always, and is not to be changed. */
  readonly evaluate: (point: Float64Array) => ValueAndGradient | Promise<ValueAndGradient>;
  readonly start: Float64Array;
  /** v ↦ M⁻¹v into a fresh array, M symmetric positive definite and near the Hessian, up to a factor. Two calls an iteration. */
  readonly precondition?: (vector: Float64Array) => Float64Array;
  /** How many curvature pairs are kept; 10 unless given. */
  readonly memory?: number;
  /** Ends where no entry of the gradient exceeds it. */
  readonly tolerance: number;
  /** In all, those before `state` included. */
  readonly maxIterations: number;
  /**
   * Relative error of the values: 1e-13 unless given, which fits long sums in float64; 1e-6 fits float32. What changes
   * the value by less is judged by the gradient.
   */
  readonly noise?: number;
  /** Ends it with the signal's reason as error. */
  readonly signal?: AbortSignal;
  readonly onIteration?: (info: LbfgsIteration) => undefined | 'stop' | Promise<undefined | 'stop'>;
  /** From an earlier run with the same function and options; then `start` is not looked at. */
  readonly state?: LbfgsState;
}

export interface LbfgsResult extends ValueAndGradient {
  readonly point: Float64Array;
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number;
  readonly iterations: number;
  readonly evaluations: number;
  readonly reason: LbfgsReason;
  readonly state: LbfgsState;
}

/** A pair counts if sᵀy > 1e-10·‖s‖‖y‖: else rounding may have made it, and the inverse Hessian not positive definite. */
const CURVATURE_FLOOR = 1e-10;
/** Iterations without a better value or a smaller gradient, after which what remains is noise. */
export const PATIENCE = 20;

interface Trial extends LinePoint, ValueAndGradient {
  readonly point: Float64Array;
}

/**
 * Minimises a smooth function by L-BFGS with a strong Wolfe line search.
 *
 *   x ← x − t·Hg,   H from the last m pairs s = Δx, y = Δg by the two-loop recursion
 *
 * H starts from γM⁻¹, γ = sᵀy / yᵀM⁻¹y of the last pair, or 1 before the first; without a preconditioner M is I. With M
 * that bounds the Hessian (Böhning's, for softmax regression), step 1 is safe from the start, and a badly scaled problem
 * behaves like a well scaled one. γ matters where M exceeds the Hessian by far, as that bound does once most samples are
 * certain: with M⁻¹ alone, Iris at C = 100 takes 631 iterations, with γM⁻¹ 77.
 *
 * The run is decided by its inputs: no clock, no random number. Resumed from a state, it goes on bit for bit as if it had
 * not been interrupted. Where the line search fails, the pairs are dropped once and the direction is −M⁻¹g (or −g).
 *
 * @throws ShapeError if a gradient is not as long as the point
 * @throws DomainError if the tolerance, the noise or a count is out of range, or `precondition` not positive definite
 * @throws the reason of `signal`, once it is aborted
 * @example lbfgs({ evaluate: ([x]) => ({ value: (x - 3) ** 2, gradient: Float64Array.of(2 * x - 6) }), … })   // point [3]
 * @see Nocedal and Wright, Numerical Optimization (2006), §7.2
 */
export async function lbfgs(options: LbfgsOptions): Promise<LbfgsResult> {
  const { evaluate, precondition, memory = 10, tolerance, maxIterations, noise = 1e-13, signal, onIteration } = options;
  assertSolverOptions({ memory, tolerance, maxIterations, noise }, 'lbfgs');
  signal?.throwIfAborted();
  let state = options.state ?? (await firstState(options));
  let norm = maxAbs(state.gradient);
  const end = (reason: LbfgsReason): LbfgsResult => {
    const { point, value, gradient, iterations, evaluations } = state;
    return { point, value, gradient, gradientNorm: norm, iterations, evaluations, reason, state };
  };
  for (;;) {
    if (!Number.isFinite(state.value) || !Number.isFinite(norm)) return end('diverged');
    if (norm <= tolerance) return end('gradient');
    if (state.stalled >= PATIENCE) return end('no-progress');
    if (state.iterations >= maxIterations) return end('iterations');
    const direction = directionOf(state, precondition);
    const slope = dot(state.gradient, direction);
    if (state.pairs.length === 0 && slope > 0 && precondition !== undefined) {
      const expected = 'be positive definite, vᵀM⁻¹v > 0 for every v';
      throw new DomainError({ where: 'lbfgs', argument: 'precondition', expected, actual: `${-slope} for a gradient` });
    }
    let evaluations = state.evaluations;
    const { point: from } = state;
    const at = async (step: number): Promise<Trial> => {
      signal?.throwIfAborted();
      const point = new Float64Array(from.length);
      for (let i = 0; i < point.length; i++) point[i] = from[i] + step * direction[i];
      const { value, gradient } = await evaluate(point);
      evaluations++;
      assertLength(gradient, point);
      return { point, value, gradient, slope: dot(gradient, direction) };
    };
    const isScaled = precondition !== undefined || state.pairs.length > 0;
    // Without any idea of the scale, the first step moves by 1 at most.
    const firstStep = isScaled ? 1 : Math.min(1, 1 / Math.sqrt(dot(direction, direction)));
    const searched =
      slope < 0 && Number.isFinite(slope) && firstStep > 0
        ? await lineSearch({ evaluate: at, start: { value: state.value, slope }, firstStep, noise })
        : ({ found: 'none', finite: true, evaluations: 0 } as const);
    if (searched.found === 'none') {
      const { pairs } = state;
      state = { ...state, pairs: [], evaluations };
      if (pairs.length > 0) continue;
      return end(searched.finite ? 'no-progress' : 'diverged');
    }
    const before = state;
    const { point, value, gradient } = searched.point;
    norm = maxAbs(gradient);
    const isBetter = value < before.bestValue - noise * Math.abs(before.bestValue) || norm < before.bestNorm;
    state = {
      point,
      value,
      gradient,
      pairs: withPair(before.pairs, difference(point, before.point), difference(gradient, before.gradient), memory),
      iterations: before.iterations + 1,
      evaluations,
      bestValue: Math.min(before.bestValue, value),
      bestNorm: Math.min(before.bestNorm, norm),
      stalled: isBetter ? 0 : before.stalled + 1,
    };
    const { iterations } = state;
    const info = { iteration: iterations, value, gradientNorm: norm, step: searched.step, evaluations, state };
    if ((await onIteration?.(info)) === 'stop') return end(norm <= tolerance ? 'gradient' : 'stopped');
  }
}

async function firstState({ evaluate, start }: LbfgsOptions): Promise<LbfgsState> {
  const point = start.slice();
  const { value, gradient } = await evaluate(point);
  assertLength(gradient, point);
  const norm = maxAbs(gradient);
  return {
    point,
    value,
    gradient,
    pairs: [],
    iterations: 0,
    evaluations: 1,
    bestValue: value,
    bestNorm: norm,
    stalled: 0,
  };
}

/** −Hg, by the two-loop recursion. */
function directionOf({ gradient, pairs }: LbfgsState, precondition: LbfgsOptions['precondition']): Float64Array {
  const q = gradient.slice();
  const inverses = pairs.map(({ step, change }) => 1 / dot(step, change));
  const alphas = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    alphas[i] = inverses[i] * dot(pairs[i].step, q);
    add(q, -alphas[i], pairs[i].change);
  }
  const r = precondition === undefined ? q : precondition(q);
  assertLength(r, gradient, 'precondition');
  if (pairs.length > 0) {
    const { change } = pairs[pairs.length - 1];
    const scaled = precondition === undefined ? change : precondition(change);
    const gamma = 1 / (inverses[pairs.length - 1] * dot(change, scaled));
    for (let i = 0; i < r.length; i++) r[i] *= gamma;
  }
  for (let i = 0; i < pairs.length; i++) {
    add(r, alphas[i] - inverses[i] * dot(pairs[i].change, r), pairs[i].step);
  }
  for (let i = 0; i < r.length; i++) r[i] = -r[i];
  return r;
}

/** With one more pair, if its curvature is beyond rounding; the oldest go. */
export function withPair(
  pairs: readonly CurvaturePair[],
  step: Float64Array,
  change: Float64Array,
  memory: number,
): readonly CurvaturePair[] {
  const floor = CURVATURE_FLOOR * Math.sqrt(dot(step, step)) * Math.sqrt(dot(change, change));
  const curvature = dot(step, change);
  if (!(curvature > floor) || !Number.isFinite(1 / curvature)) return pairs;
  return [...pairs, { step, change }].slice(-memory);
}

export function assertSolverOptions(
  {
    memory,
    tolerance,
    maxIterations,
    noise,
  }: Required<Pick<LbfgsOptions, 'memory' | 'tolerance' | 'maxIterations' | 'noise'>>,
  where: string,
): void {
  assertPositiveInteger(memory, where, 'memory');
  for (const [argument, value] of [
    ['tolerance', tolerance],
    ['noise', noise],
  ] as const) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new DomainError({ where, argument, expected: 'be a finite number ≥ 0', actual: describe(value) });
  }
  if (maxIterations >= 0 && (Number.isInteger(maxIterations) || maxIterations === Number.POSITIVE_INFINITY)) return;
  const actual = describe(maxIterations);
  throw new DomainError({ where, argument: 'maxIterations', expected: 'be an integer ≥ 0, or Infinity', actual });
}

export function assertLength(vector: Float64Array, like: Float64Array, argument = 'evaluate', where = 'lbfgs'): void {
  if (vector.length === like.length) return;
  const expected = `return ${like.length} numbers, as many as the point has`;
  throw new ShapeError({ where, argument, expected, actual: String(vector.length) });
}

export function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

/** a ← a + factor·b */
function add(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}

export function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((entry, i) => entry - b[i]);
}

/** The largest absolute entry; NaN if any is. */
function maxAbs(vector: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) {
    const size = Math.abs(vector[i]);
    if (!(size <= largest)) largest = size;
    if (Number.isNaN(size)) return Number.NaN;
  }
  return largest;
}
