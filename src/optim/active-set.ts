// optim: proximal Newton steps over some entries of a point, with the Hessian of these as M.
import { BlockMetric } from './block-metric.js';
import { proximalNewton, subgradientNorm } from './proximal-newton.js';
import {
  type CurvaturePair,
  difference,
  type SolverIteration,
  type SolverOptions,
  type SolverResult,
  type SolverState,
} from './solver.js';

export interface ActiveSetOptions {
  /** The entries that may change, ascending. The others stay 0. */
  readonly entries: Int32Array;
  /** M for these entries: [entries, entries], of which the lower half is read. */
  readonly hessian: Float64Array;
  /** Added to the diagonal of M, relative to it. */
  readonly jitter: number;
  /** λ ≥ 0 of the penalty λ·‖·‖₁ */
  readonly l1: number;
  /** Number of penalised entries at the start of the whole point. */
  readonly numPenalised: number;
}

/**
 * The entries that may differ from 0 near a point: those that do, those that are not penalised, and, as far as there is room,
 * those with the largest gradients, if these are near λ or above it. In ascending order.
 *
 * @param most the largest number of entries, unless more differ from 0 or are not penalised
 */
export function activeEntries(
  { point, gradient }: Pick<SolverState, 'point' | 'gradient'>,
  { l1, numPenalised, hasIntercept }: { l1: number; numPenalised: number; hasIntercept: boolean },
  most: number,
): Int32Array {
  const indices = [...point.keys()];
  const sizeOf = (i: number) => Math.abs(gradient[i]);
  const isUsed = (i: number) => (i < numPenalised ? point[i] !== 0 : hasIntercept);
  const used = indices.filter(isUsed);
  const near = indices.filter((i) => i < numPenalised && !isUsed(i) && sizeOf(i) > NEAR * l1);
  near.sort((a, b) => sizeOf(b) - sizeOf(a) || a - b);
  return Int32Array.from([...used, ...near.slice(0, Math.max(0, most - used.length))]).sort();
}

/** The share of λ from which a gradient counts as near it. */
const NEAR = 0.9;

/**
 * Minimises F(x) = f(x) + λ‖x‖₁ over some entries of x, by `proximalNewton`. Near the optimum most weights are 0, so that the
 * Hessian of the others can be factored.
 *
 * States and results are those of the whole point, and so is the reason `'gradient'`. If only the given entries are optimal, it
 * is `'iterations'`, and others have to be added.
 *
 * @throws DomainError if M is not positive definite, up to rounding
 */
export function activeSetSolver({
  entries,
  hessian,
  jitter,
  l1,
  numPenalised,
}: ActiveSetOptions): (options: SolverOptions) => Promise<SolverResult> {
  const metric = new BlockMetric(hessian, entries.length, 1, jitter);
  // Factored at once, so that it fails here if it does.
  metric.solvePart(Int32Array.from(entries.keys()), new Float64Array(entries.length));
  const numPenalisedHere = entries.filter((i) => i < numPenalised).length;
  return async (options) => {
    const { length } = options.state?.point ?? options.start;
    const whole = new Wholes(entries, length);
    const evaluate: SolverOptions['evaluate'] = async (part) => {
      const { value, gradient } = await options.evaluate(whole.expand(part));
      return { value, gradient: whole.restrict(gradient) };
    };
    const state = options.state && whole.restrictState(options.state);
    const result = await proximalNewton({
      ...options,
      ...{ evaluate, metric, l1, numPenalised: numPenalisedHere, state, start: whole.part(options.start) },
      async onIteration(info: SolverIteration) {
        return options.onIteration?.({ ...info, state: whole.expandState(info.state) });
      },
    });
    const end = whole.expandState(result.state);
    const gradientNorm = subgradientNorm(end, l1, numPenalised);
    const isPart = result.reason === 'gradient' && !(gradientNorm <= options.tolerance);
    const reason = isPart ? 'iterations' : result.reason;
    return { ...result, ...end, gradientNorm, reason, state: end };
  };
}

/** Converts between points and those of the entries, and keeps the whole gradients and pairs. */
class Wholes {
  readonly #entries: Int32Array;
  readonly #length: number;
  /** The whole gradient of each one of the entries. */
  readonly #gradients = new WeakMap<Float64Array, Float64Array>();
  readonly #pairs = new WeakMap<CurvaturePair, CurvaturePair>();
  /** The whole gradient of the last state. */
  #last: Float64Array | undefined;

  constructor(entries: Int32Array, length: number) {
    this.#entries = entries;
    this.#length = length;
  }

  part(vector: Float64Array): Float64Array {
    return Float64Array.from(this.#entries, (i) => vector[i]);
  }

  expand(part: Float64Array): Float64Array {
    const vector = new Float64Array(this.#length);
    for (let a = 0; a < part.length; a++) vector[this.#entries[a]] = part[a];
    return vector;
  }

  restrict(gradient: Float64Array): Float64Array {
    const part = this.part(gradient);
    this.#gradients.set(part, gradient);
    // The first one is that of the start.
    this.#last ??= gradient;
    return part;
  }

  restrictState(state: SolverState): SolverState {
    const pairs = state.pairs.map((pair) => {
      const part = { step: this.part(pair.step), change: this.part(pair.change) };
      this.#pairs.set(part, pair);
      return part;
    });
    return { ...state, point: this.part(state.point), gradient: this.restrict(state.gradient), pairs };
  }

  expandState(state: SolverState): SolverState {
    const gradient = this.#gradients.get(state.gradient) as Float64Array;
    const before = this.#last as Float64Array;
    // Only the newest pair is not known yet.
    const pairs = state.pairs.map((part) => {
      const pair = this.#pairs.get(part) ?? { step: this.expand(part.step), change: difference(gradient, before) };
      this.#pairs.set(part, pair);
      return pair;
    });
    this.#last = gradient;
    return { ...state, point: this.expand(state.point), gradient, pairs };
  }
}
