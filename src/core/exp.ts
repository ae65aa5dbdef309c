// core: the exponential function in float64, with the same bits on every engine.

/** 2ⁿ for −541 ≤ n ≤ 512. */
const SMALLEST = -541;
const POWERS = new Float64Array(512 - SMALLEST + 1);
for (let i = 0, power = 1; i <= 512; i++, power *= 2) POWERS[i - SMALLEST] = power;
for (let i = 1, power = 1 / 2; i <= -SMALLEST; i++, power /= 2) POWERS[-i - SMALLEST] = power;

/**
 * eˣ, to 1 unit in the last place. `Math.exp` differs between engines in the last bit; this uses sums and products only,
 * in the order of assembly/simd.ts.
 *
 * x = n·log 2 + r with |r| ≤ log(2)/2; eʳ is its Taylor polynomial of degree 13, and 2ⁿ is two factors, so that a result
 * below 2.2e-308 is rounded once.
 *
 * @example exp(2)   // 7.38905609893065
 */
export function exp(given: number): number {
  const x = Math.min(Math.max(given, -750), 710);
  const n = roundEven(x * Math.LOG2E);
  const r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10;
  let p = 1.6059043836821613e-10;
  p = p * r + 2.08767569878681e-9;
  p = p * r + 2.505210838544172e-8;
  p = p * r + 2.755731922398589e-7;
  p = p * r + 2.7557319223985893e-6;
  p = p * r + 2.48015873015873e-5;
  p = p * r + 1.984126984126984e-4;
  p = p * r + 1.3888888888888889e-3;
  p = p * r + 8.333333333333333e-3;
  p = p * r + 4.1666666666666664e-2;
  p = p * r + 0.16666666666666666;
  p = p * r + 0.5;
  p = 1 + (r + r * r * p);
  const half = n >> 1;
  return p * POWERS[half - SMALLEST] * POWERS[n - half - SMALLEST];
}

/** Adding 1.5·2⁵² rounds to the nearest integer, ties to even. */
const ROUNDER = 6755399441055744;

function roundEven(x: number): number {
  return x + ROUNDER - ROUNDER;
}
