// predict: standardised features, softmax, argmax and top-k on plain arrays.
import type { Columns } from '../core/affine.js';
import { DomainError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { type Check, checkOf } from './json.js';

/** (x − center)·factor, at most 1e30, whose product with a float32 weight is finite. */
export function standardized(x: number, { center, factor }: Columns, j: number): number {
  return Math.max(-1e30, Math.min(1e30, (x - center[j]) * factor[j]));
}

/** Replaces the q numbers from index `at` by their softmax. */
export function softmaxInPlace(numbers: Float64Array, at = 0, q = numbers.length): Float64Array {
  const max = numbers[argMax(numbers, at, q) + at];
  let sum = 0;
  for (let k = at; k < at + q; k++) {
    numbers[k] = Math.exp(numbers[k] - max);
    sum += numbers[k];
  }
  for (let k = at; k < at + q; k++) numbers[k] /= sum;
  return numbers;
}

/** The position, relative to `at`, of the largest of the q numbers from `at`; the first of equal numbers. */
export function argMax(numbers: ArrayLike<number>, at = 0, q = numbers.length): number {
  let best = 0;
  for (let k = 1; k < q; k++) if (numbers[at + k] > numbers[at + best]) best = k;
  return best;
}

/** From here on, sorting all entries is faster than inserting each. */
const MANY = 64;

/** Indices of the k largest entries in descending order; equal entries stay in their order. */
export function argTopK(row: ArrayLike<number>, k: number): number[] {
  if (k > MANY) {
    const order = Array.from({ length: row.length }, (_, i) => i);
    // The difference of equal infinities is NaN.
    return order.sort((a, b) => row[b] - row[a] || a - b).slice(0, k);
  }
  const top: number[] = [];
  for (let i = 0; i < row.length; i++) {
    if (top.length === k && row[i] <= row[top[k - 1]]) continue;
    let place = Math.min(top.length, k - 1);
    for (; place > 0 && row[i] > row[top[place - 1]]; place--) top[place] = top[place - 1];
    top[place] = i;
  }
  return top;
}

export function assertK(k: number, numClasses: number, where: string): void {
  const check: Check = checkOf(DomainError, where);
  const isCount = Number.isInteger(k) && k >= 1 && k <= numClasses;
  check(isCount, 'k', `be an integer in [1, ${numClasses}], the number of classes`, describe(k));
}
