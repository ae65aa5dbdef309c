// optim: L-BFGS on plain arrays, for functions given by value and gradient.
import { DomainError } from '../core/errors.js';
import { type LinePoint, lineSearch } from './line-search.js';
import {
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
import { TwoLoopRecursion } from './two-loop.js';

export interface LbfgsOptions extends SolverOptions {
  /** v ↦ M⁻¹v as a new array, M positive definite and near a multiple of the Hessian. Two calls per iteration. */
  readonly precondition?: (vector: Float64Array) => Float64Array | Promise<Float64Array>;
}

/**
 * Minimises a smooth function by L-BFGS with a strong Wolfe line search.
 *
 *   x ← x − t·Hg,   H from the last m pairs s = Δx, y = Δg by the two-loop recursion
 *
 * H starts from γM⁻¹, γ = sᵀy / yᵀM⁻¹y of the last pair, or 1 before the first; without a preconditioner M is I. If M
 * bounds the Hessian (Böhning's bound, for softmax regression), step 1 is safe from the start and the scaling of the
 * problem does not matter. γ helps if M greatly exceeds the Hessian, as that bound does once most samples are
 * certain: with M⁻¹ alone, Iris at C = 100 takes 631 iterations, with γM⁻¹ 77.
 *
 * The run is deterministic: it uses no clock and no random numbers. A run resumed from a state gives the same bits as
 * an uninterrupted one. If the line search fails, the pairs are dropped once and the direction is −M⁻¹g (or −g).
 *
 * @throws ShapeError if a gradient differs in length from the point
 * @throws DomainError if tolerance, noise or a count is out of range, or `precondition` is not positive definite
 * @throws the reason of `signal` if it is aborted
 * @example lbfgs({ evaluate: ([x]) => ({ value: (x - 3) ** 2, gradient: Float64Array.of(2 * x - 6) }), … })   // point [3]
 * @see Nocedal and Wright, Numerical Optimization (2006), §7.2
 */
export async function lbfgs(options: LbfgsOptions): Promise<SolverResult> {
  const recursion = new TwoLoopRecursion(options.precondition);
  return solve(options, {
    where: WHERE,
    normOf: ({ gradient }) => maxAbs(gradient),
    search: (state, noise) => searchLine(state, options, noise, recursion),
  });
}

const WHERE = 'lbfgs';

async function searchLine(
  state: SolverState,
  options: LbfgsOptions,
  noise: number,
  recursion: TwoLoopRecursion,
): Promise<Search> {
  const { gradient, pairs } = state;
  const { precondition } = options;
  const direction = await recursion.direction(state);
  const slope = dot(gradient, direction);
  if (pairs.length === 0 && slope > 0 && precondition !== undefined) {
    const expected = 'be positive definite, vᵀM⁻¹v > 0 for every v';
    throw new DomainError({ where: WHERE, argument: 'precondition', expected, actual: `${-slope} for a gradient` });
  }
  const isScaled = precondition !== undefined || pairs.length > 0;
  // The scale is unknown, so the first step moves by at most 1.
  const firstStep = isScaled ? 1 : Math.min(1, 1 / Math.sqrt(dot(direction, direction)));
  return { ...(await searchAlong(state, direction, { firstStep, noise }, options, WHERE)), pairs };
}

/** Searches the line from a state along a direction; nothing better is found if it does not descend. */
export async function searchAlong(
  { point: from, value, gradient }: SolverState,
  direction: Float64Array,
  { firstStep, noise }: { readonly firstStep: number; readonly noise: number },
  options: SolverOptions,
  where: string,
): Promise<Found> {
  const slope = dot(gradient, direction);
  const at = async (step: number): Promise<Trial & LinePoint> => {
    const trial = await evaluateAt(moved(from, step, direction), options, where);
    return { ...trial, slope: dot(trial.gradient, direction) };
  };
  if (!(slope < 0 && Number.isFinite(slope) && firstStep > 0))
    return { trial: undefined, finite: true, evaluations: 0 };
  const searched = await lineSearch({ evaluate: at, start: { value, slope }, firstStep, noise });
  const { evaluations } = searched;
  if (searched.found === 'none') return { trial: undefined, finite: searched.finite, evaluations };
  return { trial: searched.point, step: searched.step, evaluations };
}

/** from + step·direction */
function moved(from: Float64Array, step: number, direction: Float64Array): Float64Array {
  const point = new Float64Array(from.length);
  for (let i = 0; i < point.length; i++) point[i] = from[i] + step * direction[i];
  return point;
}

/** The largest absolute entry; NaN if any entry is NaN. */
export function maxAbs(vector: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) {
    const size = Math.abs(vector[i]);
    if (!(size <= largest)) largest = size;
    if (Number.isNaN(size)) return Number.NaN;
  }
  return largest;
}
