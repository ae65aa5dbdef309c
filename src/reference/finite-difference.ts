// reference: derivatives from function values only, an independent check of every gradient.
import { DomainError } from '../core/errors.js';
import { assertFunction, assertKnownOptions, describe } from '../core/shape.js';
import { asVector } from './matrix.js';

/** Options of `centralDifference`. */
export interface CentralDifferenceOptions {
  /** The coordinates to differentiate, in this order. Default all. */
  readonly indices?: ArrayLike<number>;
  /** Relative to max(1, |xⱼ|). Default ∛ε = 6.06e-6. */
  readonly step?: number;
}

/** ∛ε balances the truncation error of central differences, O(h²), with the rounding error of f, O(ε/h). */
const STEP = Math.cbrt(Number.EPSILON);

/**
 * Gradient of a scalar function by central differences.
 *
 *   ∂f/∂xⱼ ≈ (f(x + heⱼ) − f(x − heⱼ)) / 2h,   h = ∛ε·max(1, |xⱼ|)
 *
 * @param f     from [d] to a number; it receives the same array in every call and must not store it
 * @param point x, [d]
 * @returns [d], or [indices.length]
 * @throws ShapeError if the point or the indices are not numbers
 * @throws DomainError if an index is outside [0, d), or the step is not > 0
 * @example centralDifference(([x, y]) => x * x * y, [3, 2])   // Float64Array [12, 9], to 1e-8
 * @see Nocedal and Wright, Numerical Optimization (2006), §8.1
 */
export function centralDifference(
  f: (point: Float64Array) => number,
  point: ArrayLike<number>,
  options: CentralDifferenceOptions = {},
): Float64Array {
  const where = 'centralDifference';
  assertKnownOptions(options, ['indices', 'step'], where);
  const { indices, step = STEP } = options;
  assertFunction(f, where, 'f');
  if (!(typeof step === 'number' && step > 0 && step < Number.POSITIVE_INFINITY)) {
    throw new DomainError({ where, argument: 'step', expected: 'be finite and > 0', actual: describe(step) });
  }
  const x = asVector(point, undefined, where, 'point');
  const coordinates = indices === undefined ? x.map((_, j) => j) : asVector(indices, undefined, where, 'indices');
  return coordinates.map((j, at) => {
    if (!Number.isInteger(j) || j < 0 || j >= x.length) {
      const expected = `be an integer in [0, ${x.length})`;
      throw new DomainError({ where, argument: `indices[${at}]`, expected, actual: String(j) });
    }
    const middle = x[j];
    const h = step * Math.max(1, Math.abs(middle));
    x[j] = middle + h;
    const [upper, above] = [x[j], f(x)];
    x[j] = middle - h;
    const [lower, below] = [x[j], f(x)];
    x[j] = middle;
    // Not 2h: the two points are rounded, so their distance differs from 2h by up to ε|x|.
    return (above - below) / (upper - lower);
  });
}
