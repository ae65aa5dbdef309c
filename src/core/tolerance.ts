// core: named tolerances and the comparison that uses them.

/** Allowed difference from the expected number: |difference| ≤ atol + rtol·|expected|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** float32 arithmetic on given logits. Long sums are compared with rtol·(|X||W| + |b|) instead. */
export const FLOAT32: Tolerance = { rtol: 1e-5, atol: 1e-6 };

/** float64 arithmetic that differs only in the order of its sums. */
export const FLOAT64: Tolerance = { rtol: 1e-12, atol: 1e-14 };

/** Central differences in float64 with step ∛ε, for |o| ≤ 20; covers truncation and rounding. */
export const FINITE_DIFFERENCE: Tolerance = { rtol: 1e-6, atol: 1e-8 };

/**
 * |actual − expected| divided by what the tolerance allows: ≤ 1 passes.
 *
 *   |actual − expected| / (atol + rtol·scale),   scale = |expected| by default
 *
 * Equal infinities or two NaN give 0. A single NaN or two different infinities give ∞.
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
 * Allowed difference from 1 of the sum of a distribution: that of a thousand entries printed with six decimals. Rounding
 * entries to float32 changes the sum by at most 2⁻²⁴. Rows rounded to two or three decimals fail.
 */
export const DISTRIBUTION_ATOL = 1e-4;

/** The largest finite float32. */
export const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;
