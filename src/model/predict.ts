// model: logits and probabilities of plain arrays, in plain TypeScript: no tensor, no wait, on any backend.

import type { Affine } from '../core/affine.js';
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import type { FeatureArray, FeatureValues } from '../data/batches.js';

/** A class, and how likely it is. */
export interface Prediction<L extends Label> {
  readonly label: L;
  readonly probability: number;
}

/**
 * o = xW + b of one row, summed in float64 in the order of the features, into out[at], …, out[at + units − 1].
 *
 * Five sums at a time stay in registers: 3.3 µs for 784 × 10, where a loop over an array of ten sums takes 10 (Node 20, x64). Where
 * five do not divide the units, the last five begin earlier: some sums are made twice, and are the same.
 */
export function logitsInto(
  { weight, bias }: Affine,
  { values, shape, scale = 1 }: FeatureArray,
  row: number,
  out: Float64Array,
  at = 0,
): void {
  const [, d] = shape;
  const q = bias.length;
  const first = row * d;
  const end = first + d;
  const width = q < WIDTH ? 2 : WIDTH;
  for (let block = 0; block < q; block += width) {
    const k = Math.min(block, q - width);
    if (width === 2) addTwo(weight, q, k, values, first, end, out, at + k);
    else addFive(weight, q, k, values, first, end, out, at + k);
  }
  for (let k = 0; k < q; k++) out[at + k] = out[at + k] / scale + bias[k];
}

const WIDTH = 5;

function addFive(
  weight: Float32Array,
  q: number,
  k: number,
  values: FeatureValues,
  first: number,
  end: number,
  out: Float64Array,
  at: number,
): void {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let sum4 = 0;
  for (let i = first, w = k; i < end; i++, w += q) {
    const x = values[i];
    sum0 += x * weight[w];
    sum1 += x * weight[w + 1];
    sum2 += x * weight[w + 2];
    sum3 += x * weight[w + 3];
    sum4 += x * weight[w + 4];
  }
  out[at] = sum0;
  out[at + 1] = sum1;
  out[at + 2] = sum2;
  out[at + 3] = sum3;
  out[at + 4] = sum4;
}

function addTwo(
  weight: Float32Array,
  q: number,
  k: number,
  values: FeatureValues,
  first: number,
  end: number,
  out: Float64Array,
  at: number,
): void {
  let sum0 = 0;
  let sum1 = 0;
  for (let i = first, w = k; i < end; i++, w += q) {
    const x = values[i];
    sum0 += x * weight[w];
    sum1 += x * weight[w + 1];
  }
  out[at] = sum0;
  out[at + 1] = sum1;
}

/** softmax of the q numbers from `at` on, in their place. */
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

/** −log softmax(o)_y of the q logits from `at` on. */
export function surprise(logits: ArrayLike<number>, label: number, at = 0, q = logits.length): number {
  const max = logits[argMax(logits, at, q) + at];
  let sum = 0;
  for (let k = at; k < at + q; k++) sum += Math.exp(logits[k] - max);
  return Math.log(sum) - (logits[at + label] - max);
}

/** Which of the q numbers from `at` on is the largest, the first of equals. */
export function argMax(numbers: ArrayLike<number>, at = 0, q = numbers.length): number {
  let best = 0;
  for (let k = 1; k < q; k++) if (numbers[at + k] > numbers[at + best]) best = k;
  return best;
}

/** Indices of the k largest entries, the largest first, and the first of equals before the others. */
export function argTopK(row: ArrayLike<number>, k: number): number[] {
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
  if (Number.isInteger(k) && k >= 1 && k <= numClasses) return;
  const expected = `be an integer in [1, ${numClasses}], the number of classes`;
  throw new DomainError({ where, argument: 'k', expected, actual: describe(k) });
}
