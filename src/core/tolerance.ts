// core: named tolerances, and the one comparison that uses them.

/** How far a number may be from the expected one: |difference| ≤ atol + rtol·|expected|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** float32 arithmetic on given logits. Long sums are judged against rtol·(|X||W| + |b|) instead. */
export const FLOAT32: Tolerance = { rtol: 1e-5, atol: 1e-6 };

/** float64 arithmetic that should agree but for the order of its sums. */
export const FLOAT64: Tolerance = { rtol: 1e-12, atol: 1e-14 };

/** Central differences in float64 with step ∛ε, truncation and rounding together, for |o| ≤ 20. */
export const FINITE_DIFFERENCE: Tolerance = { rtol: 1e-6, atol: 1e-8 };

/**
 * |actual − expected| over what the tolerance allows: ≤ 1 passes.
 *
 *   |actual − expected| / (atol + rtol·scale),   scale = |expected| unless given
 *
 * Equal infinities and a pair of NaN agree (0); one NaN, or two different infinities, never do (∞).
 */
export function disagreement(
  actual: number,
  expected: number,
  tolerance: Tolerance,
  scale = Math.abs(expected),
): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const error = Math.abs(actual - expected);
  if (!Number.isFinite(error)) return Number.POSITIVE_INFINITY;
  return error / (tolerance.atol + tolerance.rtol * scale);
}

/**
 * How far from 1 the sum of a distribution may be. Rounding its entries to float32 moves it by at most 2⁻²⁴; the rest
 * is room for rows that were normalised in float32 over many classes. Rows cut to two or three decimals do not pass.
 */
export const DISTRIBUTION_ATOL = 1e-5;
