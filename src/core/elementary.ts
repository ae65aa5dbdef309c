// core: exp, log, log1p, powers and cos(πx) in float64, with the same bits on every engine.

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

/** x². The last bit of `x ** 2` differs between engines. */
export function square(x: number): number {
  return x * x;
}

/**
 * Powers with an integer n ≥ 0, by squaring: exact if all products are.
 *
 * @example power(10, 22)   // 1e22
 */
export function power(base: number, n: number): number {
  let result = 1;
  for (let [factor, left] = [base, n]; left > 0; left = Math.floor(left / 2), factor *= factor) {
    if (left % 2 === 1) result *= factor;
  }
  return result;
}

/** The largest power of two that is at most a normal x > 0. */
export function binadeOf(x: number): number {
  number[0] = x;
  halves[HIGH] &= 0x7ff00000;
  halves[1 - HIGH] = 0;
  return number[0];
}

/**
 * cos(πx) for x ≥ 0, by Taylor polynomials up to π/4, within 2e-16.
 *
 * @example cosPi(1 / 3)   // 0.5
 */
export function cosPi(x: number): number {
  const turn = x % 2;
  const half = turn > 1 ? 2 - turn : turn;
  if (half > 0.5) return -quarterCosPi(1 - half);
  return quarterCosPi(half);
}

/** The same for 0 ≤ x ≤ ½. */
function quarterCosPi(x: number): number {
  if (x > 0.25) {
    const y = Math.PI * (0.5 - x);
    const z = y * y;
    let sine = 1 / 355687428096000;
    for (const term of SINE) sine = sine * z + term;
    return y * sine;
  }
  const y = Math.PI * x;
  const z = y * y;
  let cosine = 1 / 20922789888000;
  for (const term of COSINE) cosine = cosine * z + term;
  return cosine;
}

/** ±1/n! for odd n = 15, 13, …, 1 and for even n = 14, 12, …, 0. */
const SINE = [-1307674368000, 6227020800, -39916800, 362880, -5040, 120, -6, 1].map((factorial) => 1 / factorial);
const COSINE = [-87178291200, 479001600, -3628800, 40320, -720, 24, -2, 1].map((factorial) => 1 / factorial);

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
