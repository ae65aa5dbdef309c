// metrics: confidence intervals of proportions.
import { DomainError } from '../core/errors.js';
import { assertKnownOptions, assertPositiveInteger, describe } from '../core/shape.js';

/** Bounds of an interval. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Wilson's score interval of a proportion, such as an accuracy: `right` of `samples`.
 *
 *   {p : |p̂ − p| ≤ z·√(p(1 − p)/n)},   p̂ = right/n,   z = Φ⁻¹((1 + confidence)/2)
 *
 * The interval contains the true proportion with about that confidence, also for few samples and proportions near 0 and
 * 1, where p̂ ± z·√(p̂(1 − p̂)/n) shrinks to a point or leaves [0, 1]. It assumes independent samples, and does not
 * cover the variation between training sets or seeds. It has no continuity correction.
 *
 * @param right number of successes, an integer in [0, samples]
 * @throws DomainError if samples is not an integer > 0, right not one in [0, samples], or confidence not in (0, 1)
 * @example
 * wilsonInterval(8, 10)   // { lower: 0.4902, upper: 0.9433 }
 * wilsonInterval(10, 10).lower   // 0.7225
 * @see Wilson, Probable inference, the law of succession, and statistical inference (1927); scipy's binomtest(…).proportion_ci
 */
export function wilsonInterval(
  right: number,
  samples: number,
  options: { readonly confidence?: number } = {},
): Interval {
  const where = 'wilsonInterval';
  assertKnownOptions(options, ['confidence'], where);
  const { confidence = 0.95 } = options;
  assertPositiveInteger(samples, where, 'samples');
  if (!(Number.isInteger(right) && right >= 0 && right <= samples)) {
    const expected = `be an integer in [0, ${samples}]`;
    throw new DomainError({ where, argument: 'right', expected, actual: describe(right) });
  }
  assertConfidence(confidence, where);
  return wilsonOf(right, samples, confidence);
}

export function assertConfidence(confidence: number, where: string): void {
  if (typeof confidence === 'number' && confidence > 0 && confidence < 1) return;
  throw new DomainError({ where, argument: 'confidence', expected: 'be in (0, 1)', actual: describe(confidence) });
}

/** For any numbers 0 ≤ right ≤ samples, such as sums of weights. */
export function wilsonOf(right: number, samples: number, confidence: number): Interval {
  const z = centralQuantile(confidence);
  // The ends are the roots of (n + z²)p² − (2·right + z²)p + right²/n. The lower one is computed from their product,
  // because a difference would cancel for small `right`. So 0 and 1 are exact.
  const spread = (z * z) / 2 + z * Math.sqrt(right * ((samples - right) / samples) + (z * z) / 4);
  return { lower: ((right / samples) * right) / (right + spread), upper: (right + spread) / (samples + z * z) };
}

/**
 * z with P(|Z| ≤ z) = confidence for a standard normal Z, to about 16 digits.
 *
 * @see Wichura, Algorithm AS 241: the percentage points of the normal distribution (1988), PPND16
 */
export function centralQuantile(confidence: number): number {
  const q = confidence / 2;
  if (q <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log((1 - confidence) / 2));
  return r <= 5 ? ratio(SHOULDER, r - 1.6) : ratio(TAIL, r - 5);
}

/** Coefficients of numerator and denominator, highest power first. */
type Rational = readonly [readonly number[], readonly number[]];

function ratio([numerator, denominator]: Rational, x: number): number {
  const value = (coefficients: readonly number[]) => coefficients.reduce((sum, each) => sum * x + each, 0);
  return value(numerator) / value(denominator);
}

const CENTRE: Rational = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
];
const SHOULDER: Rational = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
];
const TAIL: Rational = [
  [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
];
