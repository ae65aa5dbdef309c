// optim: a line search along a descent direction, from values and slopes.
import { square } from '../core/elementary.js';

/** The values φ(t) and φ′(t) of a function on a line. */
export interface LinePoint {
  readonly value: number;
  readonly slope: number;
}

export interface LineSearchOptions<Point extends LinePoint> {
  /** φ and φ′ at t > 0; they may be non-finite. Other fields of a point are returned with the result. */
  readonly evaluate: (step: number) => Point | Promise<Point>;
  /** At t = 0: finite, with φ′(0) < 0. */
  readonly start: LinePoint;
  /** The first t tried, > 0. */
  readonly firstStep: number;
  /** Differences of values up to `noise`·|φ(0)| are ignored; the slopes decide instead. */
  readonly noise: number;
  readonly maxEvaluations?: number;
}

export type LineSearchResult<Point extends LinePoint> =
  /** Both Wolfe conditions hold at `step`. */
  | { readonly found: 'wolfe'; readonly step: number; readonly point: Point; readonly evaluations: number }
  /** Only the sufficient decrease holds: the limit of evaluations or of floating-point resolution was reached. */
  | { readonly found: 'decrease'; readonly step: number; readonly point: Point; readonly evaluations: number }
  /** No step improves the value; `finite` says whether any value was finite. */
  | { readonly found: 'none'; readonly finite: boolean; readonly evaluations: number };

/** c₁ and c₂ of the strong Wolfe conditions, with the usual values for quasi-Newton methods. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
/** Growing steps change by a factor of at least 2, steps back from non-finite values by 10. */
const MAX_EVALUATIONS = 60;

/**
 * Finds a step t that satisfies the strong Wolfe conditions.
 *
 *   φ(t) ≤ φ(0) + c₁tφ′(0)        |φ′(t)| ≤ c₂|φ′(0)|        c₁ = 1e-4, c₂ = 0.9
 *
 * The search maintains an interval (a, b): at a, the decrease holds and φ still falls steeply; at b, the decrease
 * fails, or φ rises. In terms of ψ(t) = φ(t) − φ(0) − c₁tφ′(0): ψ(a) ≤ 0, ψ′(a) < 0, and ψ(b) > 0 or ψ′(b) > 0. So ψ
 * has a minimum in between, where both conditions hold. Each trial replaces a or b. It is the minimum of the cubic
 * through both, at a distance from the ends, or the midpoint if two trials have not halved the interval.
 *
 * A non-finite value counts as a failed decrease, and the next step is a tenth. If |φ(t) − φ(0)| is within the noise of
 * the values, only the slopes count (the approximate Wolfe conditions), so a search continues where values rounded to
 * float32 no longer change.
 *
 * @example φ(t) = (t − 3)², from t = 0 with firstStep 1   // { found: 'wolfe', step: 1, … }: |φ′(1)| = 4 ≤ 0.9·6
 * @see Nocedal and Wright, Numerical Optimization (2006), §3.1 and §3.5; Hager and Zhang, A new conjugate gradient method
 * with guaranteed descent and an efficient line search (2005), for the noise
 */
export async function lineSearch<Point extends LinePoint>({
  evaluate,
  start,
  firstStep,
  noise,
  maxEvaluations = MAX_EVALUATIONS,
}: LineSearchOptions<Point>): Promise<LineSearchResult<Point>> {
  const allowance = noise * Math.abs(start.value);
  /** The left end, and its point unless that is the start. */
  let a: LinePoint & { readonly step: number } = { step: 0, value: start.value, slope: start.slope };
  let below: Point | undefined;
  /** The right end, if any; its value is +∞ where φ is not finite. */
  let b: (LinePoint & { readonly step: number }) | undefined;
  let finite = false;
  let step = firstStep;
  /** The lengths of the last two intervals. */
  let widths: readonly [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let evaluations = 0;
  while (evaluations < maxEvaluations) {
    const point = await evaluate(step);
    evaluations++;
    const { value, slope } = point;
    if (!Number.isFinite(value) || !Number.isFinite(slope)) {
      b = { step, value: Number.POSITIVE_INFINITY, slope: Number.NaN };
    } else {
      finite = true;
      const decreased =
        value <= start.value + DECREASE * step * start.slope || Math.abs(value - start.value) <= allowance;
      if (decreased && Math.abs(slope) <= CURVATURE * Math.abs(start.slope)) {
        return { found: 'wolfe', step, point, evaluations };
      }
      if (decreased && slope < 0) {
        const before = a;
        a = { step, value, slope };
        below = point;
        if (b === undefined) {
          step = lengthened(before, a);
          if (!Number.isFinite(step)) break;
          continue;
        }
      } else {
        b = { step, value, slope };
      }
    }
    const width = b.step - a.step;
    const next = between(a, b, allowance, width > widths[0] / 2);
    widths = [widths[1], width];
    // The floating-point numbers between a and b are exhausted.
    if (!(next > a.step && next < b.step)) break;
    step = next;
  }
  if (below === undefined) return { found: 'none', finite, evaluations };
  return { found: 'decrease', step: a.step, point: below, evaluations };
}

/** The zero of the secant of the slopes, limited to 2 to 10 times the last step. */
function lengthened(before: LinePoint & { step: number }, last: LinePoint & { step: number }): number {
  const secant = last.step + ((last.step - before.step) * last.slope) / (before.slope - last.slope);
  const wanted = secant > last.step ? secant : 10 * last.step;
  return Math.min(Math.max(wanted, 2 * last.step), 10 * last.step);
}

/** The next trial in (a, b). */
function between(
  a: LinePoint & { step: number },
  b: LinePoint & { step: number },
  allowance: number,
  isSlow: boolean,
): number {
  const width = b.step - a.step;
  if (b.value === Number.POSITIVE_INFINITY) return a.step + 0.1 * width;
  if (isSlow) return a.step + 0.5 * width;
  const share = Math.abs(b.value - a.value) <= allowance ? secantShare(a, b) : cubicShare(a, b, width);
  // Written so that NaN, from overflow, gives the midpoint.
  return a.step + (share > 0 && share < 1 ? Math.min(Math.max(share, 1e-3), 0.95) : 0.5) * width;
}

function secantShare(a: LinePoint, b: LinePoint): number {
  return a.slope / (a.slope - b.slope);
}

/** The minimum of the cubic with the values and slopes of both ends, as a fraction of the way from a to b. */
function cubicShare(a: LinePoint, b: LinePoint, width: number): number {
  const [left, right] = [a.slope * width, b.slope * width];
  const theta = left + right - 3 * (b.value - a.value);
  // Scaled by the largest term before squaring, to avoid overflow.
  const scale = Math.max(Math.abs(theta), Math.abs(left), Math.abs(right));
  const root = scale * Math.sqrt(Math.max(0, square(theta / scale) - (left / scale) * (right / scale)));
  // root + θ, which cancels if the minimum is close to a; root² − θ² = −left·right.
  const sum = theta < 0 ? -left * (right / (root - theta)) : root + theta;
  return (sum - left) / (2 * root + right - left);
}
