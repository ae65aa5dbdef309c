// metrics: two models on the same samples: whose predictions and whose losses are better.
import { DomainError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertKnownOptions, describe } from '../core/shape.js';
import { assertPaired } from './inputs.js';
import { assertConfidence, centralQuantile, type Interval } from './interval.js';

/** The samples on which exactly one of two models is right. */
export interface McNemar {
  /** The number of samples that only the first model predicts correctly. */
  readonly onlyFirst: number;
  /** The number of samples that only the second model predicts correctly. */
  readonly onlySecond: number;
  /** The probability of a split at least as uneven if each of these samples is as likely to fall to either model. */
  readonly pValue: number;
}

/**
 * McNemar's exact test: whether two models differ in accuracy on the same samples.
 *
 *   p = min(1, 2·P(X ≤ min(b, c))),   X ~ Binomial(b + c, ½)
 *
 * b and c are the numbers of samples that only the first and only the second model predicts correctly. Samples that both
 * predict correctly, or neither, carry no information about the difference. p is 1 if b = c, also if both are 0. The
 * test assumes independent samples, and that neither model was trained on them.
 *
 * @param first  the predictions of one model, in the order of the labels
 * @param second the predictions of the other
 * @throws ShapeError if the numbers of labels and predictions differ, or are 0
 * @throws DomainError if labels and predictions differ in type, or one is not finite
 * @example mcnemar([0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [1, 1, 0, 1, 1])   // { onlyFirst: 3, onlySecond: 1, pValue: 0.625 }
 * @see McNemar, Note on the sampling error of the difference between correlated proportions or percentages (1947);
 *      statsmodels, mcnemar(table, exact=True)
 */
export function mcnemar<L extends Label>(labels: ArrayLike<L>, first: ArrayLike<L>, second: ArrayLike<L>): McNemar {
  const where = 'mcnemar';
  assertPaired(labels, first, where, 'first');
  assertPaired(labels, second, where, 'second');
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let i = 0; i < labels.length; i++) {
    if (first[i] === second[i]) continue;
    if (first[i] === labels[i]) onlyFirst++;
    else if (second[i] === labels[i]) onlySecond++;
  }
  const pValue = Math.min(1, 2 * fairTail(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond));
  return { onlyFirst, onlySecond, pValue };
}

/**
 * P(X ≤ k) for X ~ Binomial(n, ½), k ≤ n/2.
 *
 * C(n, k)/2ⁿ is one product. A factor ½ is taken whenever the product exceeds 1, so that it cannot overflow, and halving
 * is exact. The other terms follow from the ratio of neighbours, C(n, i − 1)/C(n, i) = i/(n − i + 1).
 */
function fairTail(k: number, n: number): number {
  let last = 1;
  let halvings = n;
  for (let j = 1; j <= k; j++) {
    last *= (n - k + j) / j;
    while (last > 1 && halvings > 0) {
      last /= 2;
      halvings--;
    }
  }
  let sum = 0;
  for (let i = k, term = 1; i >= 0; i--) {
    sum += term;
    term *= i / (n - i + 1);
  }
  return sum * last * 2 ** -halvings;
}

/** A mean difference with its interval. */
export interface PairedDifference extends Interval {
  readonly mean: number;
  /** The standard deviation of the differences, divided by √n. */
  readonly standardError: number;
}

/**
 * The mean of first − second over the same samples, with a normal interval.
 *
 *   d̄ ± z·s/√n,   dᵢ = firstᵢ − secondᵢ,   s² = Σ(dᵢ − d̄)²/(n − 1),   z = Φ⁻¹((1 + confidence)/2)
 *
 * For losses of two models on the same samples, pairing removes the variation that both share: a hard sample is hard for
 * both. The interval assumes independent samples, enough of them for the mean to be about normal, and that neither model
 * was trained on them.
 *
 * @param first  one number per sample, such as −log p of the true class
 * @param second the same for the other model
 * @throws ShapeError if there are fewer than two numbers, or not equally many; DomainError if one is not finite, or
 *         confidence is not in (0, 1)
 * @example pairedDifference([0.1, 0.7, 0.3], [0.2, 0.4, 0.9])
 * // { mean: -0.1333, standardError: 0.2603, lower: -0.6436, upper: 0.3769 }
 */
export function pairedDifference(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: { readonly confidence?: number } = {},
): PairedDifference {
  const where = 'pairedDifference';
  assertKnownOptions(options, ['confidence'], where);
  const { confidence = 0.95 } = options;
  assertConfidence(confidence, where);
  assertNumbers(first, where, 'first');
  assertNumbers(second, where, 'second');
  const n = first.length;
  if (second.length !== n) {
    const expected = `have ${n} entries, one per entry of first`;
    throw new ShapeError({ where, argument: 'second', expected, actual: String(second.length) });
  }
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (first[i] - second[i]) / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (first[i] - second[i] - mean) ** 2;
  const standardError = Math.sqrt(squares / (n - 1) / n);
  const reach = centralQuantile(confidence) * standardError;
  return { mean, standardError, lower: mean - reach, upper: mean + reach };
}

function assertNumbers(numbers: ArrayLike<number>, where: string, argument: string): void {
  if (!(numbers?.length >= 2)) {
    throw new ShapeError({ where, argument, expected: 'have at least 2 entries', actual: describe(numbers) });
  }
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isFinite(numbers[i])) continue;
    const expected = 'be a finite number';
    throw new DomainError({ where, argument: `${argument}[${i}]`, expected, actual: describe(numbers[i]) });
  }
}
