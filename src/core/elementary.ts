// core: exp, log and log1p in float64, with the same bits on every engine.

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

/** The high and the low half of a number, to read and write its exponent. */
const halves = new Int32Array(2);
const number = new Float64Array(halves.buffer);
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
/** The high half of √½. */
const ROOT_HALF = 0x3fe6a09e;
const MANTISSA = 0xfffff;

/**
 * log x for a positive x in the range of normal numbers, to 1 unit in the last place; log(0) is −∞.
 *
 * x = 2ⁿ·(1 + f) with √½ ≤ 1 + f < √2, and log(1 + f) is a polynomial in s = f/(2 + f).
 *
 * @see FreeBSD's msun (Sun Microsystems, 1993), of which these are the coefficients
 * @example log(3)   // 1.0986122886681096
 */
export function log(x: number): number {
  if (x >= 2.2250738585072014e-308 && x < Number.POSITIVE_INFINITY) return logOf(x, 0);
  if (x > 0) return x === Number.POSITIVE_INFINITY ? x : logOf(x * 18014398509481984, 0) - 54 * Math.LN2;
  return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
}

/**
 * log(1 + x) for 0 ≤ x < ∞, to 1 unit in the last place, with the operations of assembly/simd.ts.
 *
 * @example log1p(1e-10)   // 9.999999999500001e-11
 */
export function log1p(x: number): number {
  const u = 1 + x;
  // What the sum lost. NaN stays NaN.
  return logOf(u, (x - (u - 1)) / u);
}

/** log u + c, for a normal u > 0 and a small c. */
function logOf(u: number, c: number): number {
  number[0] = u;
  const shifted = halves[HIGH] - ROOT_HALF;
  const n = shifted >> 20;
  halves[HIGH] = (shifted & MANTISSA) + ROOT_HALF;
  const f = number[0] - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return s * (half + (even + odd)) + (n * 1.9082149292705877e-10 + c) - half + f + n * 0.6931471803691238;
}
