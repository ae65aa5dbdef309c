// model: logits and probabilities of plain arrays, in plain TypeScript: no tensor, no wait, on any backend.
import { ShapeError } from '../core/errors.js';
import type { FeatureArray } from '../data/batches.js';

/** A weight matrix and a bias, as a fitted model keeps them. */
export interface Affine {
  /** W, row-major, [inputs, units]. */
  readonly weight: Float32Array;
  /** b, [units]. */
  readonly bias: Float32Array;
}

/**
 * o = xW + b for the rows start, …, end − 1, summed in float64.
 *
 * @returns one Float64Array of [units] for each row
 */
export function affineRows(
  { weight, bias }: Affine,
  features: FeatureArray,
  start: number,
  end: number,
): Float64Array[] {
  const { values, shape, scale = 1 } = features;
  const [, d] = shape;
  const q = bias.length;
  return Array.from({ length: end - start }, (_, i) => {
    const logits = new Float64Array(q);
    const offset = (start + i) * d;
    for (let j = 0; j < d; j++) {
      const x = values[offset + j];
      // Half of the pixels of an image are 0.
      if (x === 0) continue;
      for (let k = 0, at = j * q; k < q; k++, at++) logits[k] += x * weight[at];
    }
    for (let k = 0; k < q; k++) logits[k] = logits[k] / scale + bias[k];
    return logits;
  });
}

/** softmax of one row, in float64. */
export function softmaxRow(logits: Float64Array): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const exponentials = logits.map((o) => Math.exp(o - max));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((e) => e / sum);
}

/** −log softmax(o)_y of one row, in float64. */
export function surpriseRow(logits: Float64Array, label: number): number {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((a, o) => a + Math.exp(o - max), 0);
  return Math.log(sum) - (logits[label] - max);
}

/** Index of the largest entry, the first of equals. */
export function argMax(row: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k] > row[best]) best = k;
  return best;
}

export function checkFeatureCount(features: FeatureArray, d: number, where: string, argument = 'features'): void {
  const [n, actual] = features.shape;
  // No rows have no length.
  if (actual === d || (n === 0 && actual === 0)) return;
  throw new ShapeError({
    where,
    argument,
    expected: `have shape [${n}, ${d}]`,
    actual: `[${n}, ${actual}]`,
  });
}
