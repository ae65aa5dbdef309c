// core: an incremental sort of many numbers.
import type { Steps } from './task.js';

/** Sorted in one step, about two milliseconds. */
const RUN = 2 ** 13;
/** Merged in one step. */
const STEP = 2 ** 16;

/**
 * Indices of the values in ascending order, a stable merge sort that yields between steps.
 *
 * @param values without NaN
 * @example finish(ascendingOrder(Float64Array.of(3, 1, 2)))   // Uint32Array [1, 2, 0]
 */
export function* ascendingOrder(values: Float64Array): Steps<Uint32Array> {
  const n = values.length;
  let from = new Uint32Array(n);
  let to = new Uint32Array(n);
  for (let i = 0; i < n; i++) from[i] = i;
  for (let start = 0; start < n; start += RUN) {
    from.subarray(start, start + RUN).sort((a, b) => values[a] - values[b]);
    yield;
  }
  let merged = 0;
  for (let width = RUN; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(start + width, n);
      const end = Math.min(start + 2 * width, n);
      let left = start;
      let right = middle;
      for (let i = start; i < end; i++) {
        const takesLeft = left < middle && (right === end || values[from[left]] <= values[from[right]]);
        to[i] = from[takesLeft ? left++ : right++];
        if (++merged % STEP === 0) yield;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
