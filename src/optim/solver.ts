// optim: the common part of the solvers: options, results, and the iteration.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertPositiveInteger, describe } from '../core/shape.js';

export interface ValueAndGradient {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A step and the change of the gradient along it. Both are constant. */
export interface CurvaturePair {
  readonly step: Float64Array;
  readonly change: Float64Array;
}

/** Everything that determines the next iteration. Its arrays are never modified, so they can be stored uncopied. */
export interface SolverState extends ValueAndGradient {
  readonly point: Float64Array;
  /** Oldest first. */
  readonly pairs: readonly CurvaturePair[];
  readonly iterations: number;
  readonly evaluations: number;
  /** The best values so far, and the number of iterations without an improvement of either. */
  readonly bestValue: number;
  readonly bestNorm: number;
  readonly stalled: number;
}

export interface SolverIteration {
  /** Counted from 1. */
  readonly iteration: number;
  readonly value: number;
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number;
  /** Length of the step relative to its direction; 1 is the full direction. */
  readonly step: number;
  /** Calls of `evaluate` so far. */
  readonly evaluations: number;
  /** State to resume from. Do not modify it. */
  readonly state: SolverState;
}

/** Why the run ended. */
export type SolverReason =
  /** No entry of the gradient exceeds the tolerance. */
  | 'gradient'
  | 'iterations'
  /** `onIteration` requested it. */
  | 'stopped'
  /** No step improves the value, or none has done so beyond the noise for many iterations. */
  | 'no-progress'
  /** The value or gradient is not finite, at the start or at every point of a line search. */
  | 'diverged';

export interface SolverOptions {
  /** The solver takes ownership of the returned arrays. It owns the point, which must not be modified. */
  readonly evaluate: (point: Float64Array) => ValueAndGradient | Promise<ValueAndGradient>;
  readonly start: Float64Array;
  /** Number of curvature pairs. Default 10. */
  readonly memory?: number;
  /** Ends when no entry of the gradient exceeds it. */
  readonly tolerance: number;
  /** Total, including iterations before `state`. */
  readonly maxIterations: number;
  /**
   * Relative error of the values. Default 1e-13, suitable for long sums in float64; 1e-6 suits float32. For smaller
   * changes of the value, the gradient decides.
   */
  readonly noise?: number;
  /** Ends the run with the reason of the signal as its error. */
  readonly signal?: AbortSignal;
  readonly onIteration?: (info: SolverIteration) => undefined | 'stop' | Promise<undefined | 'stop'>;
  /** State of an earlier run with the same function and options; `start` is then ignored. */
  readonly state?: SolverState;
}

export interface SolverResult extends ValueAndGradient {
  readonly point: Float64Array;
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number;
  readonly iterations: number;
  readonly evaluations: number;
  readonly reason: SolverReason;
  readonly state: SolverState;
}

/** A pair is used if sᵀy > 1e-10·‖s‖‖y‖. Otherwise rounding could make the inverse Hessian indefinite. */
const CURVATURE_FLOOR = 1e-10;
/** Iterations without a better value or a smaller gradient after which only noise remains. */
const PATIENCE = 20;

export interface Trial extends ValueAndGradient {
  readonly point: Float64Array;
}

/** A better point, or no better one. */
export type Found = { readonly evaluations: number } & (
  | { readonly trial: Trial; readonly step: number }
  /** `finite` says whether any value was finite. */
  | { readonly trial: undefined; readonly finite: boolean }
);

/** The result of a search from a state, with the pairs that were usable. */
export type Search = Found & { readonly pairs: readonly CurvaturePair[] };

/** The parts in which solvers differ. */
export interface Method {
  /** The function to name in errors. */
  readonly where: string;
  /** The quantity that the tolerance limits; NaN if an entry of the gradient is NaN. */
  readonly normOf: (trial: Pick<Trial, 'point' | 'gradient'>) => number;
  readonly search: (state: SolverState, noise: number) => Promise<Search>;
}

/**
 * Iterates from the best point so far until one of the end conditions holds. If no better point is found, the pairs are
 * dropped once.
 *
 * @throws the errors of `lbfgs`
 */
export async function solve(options: SolverOptions, method: Method): Promise<SolverResult> {
  const { memory = 10, tolerance, maxIterations, noise = 1e-13, signal, onIteration } = options;
  assertSolverOptions({ memory, tolerance, maxIterations, noise }, method.where);
  signal?.throwIfAborted();
  let state = options.state ?? (await firstState(options, method));
  let norm = method.normOf(state);
  const end = (reason: SolverReason): SolverResult => {
    const { point, value, gradient, iterations, evaluations } = state;
    return { point, value, gradient, gradientNorm: norm, iterations, evaluations, reason, state };
  };
  for (;;) {
    if (!Number.isFinite(state.value) || !Number.isFinite(norm)) return end('diverged');
    if (norm <= tolerance) return end('gradient');
    if (state.stalled >= PATIENCE) return end('no-progress');
    if (state.iterations >= maxIterations) return end('iterations');
    const found = await method.search(state, noise);
    const evaluations = state.evaluations + found.evaluations;
    if (found.trial === undefined) {
      state = { ...state, pairs: [], evaluations };
      if (found.pairs.length > 0) continue;
      return end(found.finite ? 'no-progress' : 'diverged');
    }
    const before = state;
    const { point, value, gradient } = found.trial;
    norm = method.normOf(found.trial);
    const isBetter = value < before.bestValue - noise * Math.abs(before.bestValue) || norm < before.bestNorm;
    state = {
      point,
      value,
      gradient,
      pairs: withPair(found.pairs, difference(point, before.point), difference(gradient, before.gradient), memory),
      iterations: before.iterations + 1,
      evaluations,
      bestValue: Math.min(before.bestValue, value),
      bestNorm: Math.min(before.bestNorm, norm),
      stalled: isBetter ? 0 : before.stalled + 1,
    };
    const info = { iteration: state.iterations, value, gradientNorm: norm, step: found.step, evaluations, state };
    if ((await onIteration?.(info)) === 'stop') return end(norm <= tolerance ? 'gradient' : 'stopped');
  }
}

async function firstState(options: SolverOptions, { where, normOf }: Method): Promise<SolverState> {
  const trial = await evaluateAt(options.start.slice(), options, where);
  const none = { pairs: [], iterations: 0, evaluations: 1, stalled: 0 };
  return { ...trial, ...none, bestValue: trial.value, bestNorm: normOf(trial) };
}

export async function evaluateAt(
  point: Float64Array,
  { evaluate, signal }: Pick<SolverOptions, 'evaluate' | 'signal'>,
  where: string,
): Promise<Trial> {
  signal?.throwIfAborted();
  const { value, gradient } = await evaluate(point);
  assertLength(gradient, point, 'evaluate', where);
  return { point, value, gradient };
}

/** Adds a pair if its curvature exceeds rounding, and drops the oldest ones. */
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

function assertSolverOptions(
  {
    memory,
    tolerance,
    maxIterations,
    noise,
  }: Required<Pick<SolverOptions, 'memory' | 'tolerance' | 'maxIterations' | 'noise'>>,
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

export function assertLength(vector: Float64Array, like: Float64Array, argument: string, where: string): void {
  if (vector.length === like.length) return;
  const expected = `return ${like.length} numbers, like the point`;
  throw new ShapeError({ where, argument, expected, actual: String(vector.length) });
}

/** aᵀb, in four partial sums: a processor adds one number to each at a time, instead of waiting for the last addition. */
export function dot(a: Float64Array, b: Float64Array): number {
  const { length } = a;
  const whole = length - (length % 4);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (let i = whole; i < length; i++) s0 += a[i] * b[i];
  return s0 + s1 + (s2 + s3);
}

export function difference(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = a[i] - b[i];
  return result;
}
