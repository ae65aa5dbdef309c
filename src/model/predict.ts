// model: logits of plain arrays, computed synchronously in plain TypeScript without tensors.
import type { Affine, Columns } from '../core/affine.js';
import type { Label } from '../core/labels.js';
import { type Float64Kernels, float64Kernels } from '../core/simd.js';
import { type FeatureArray, type Features, type FeatureValues, isRows } from '../data/batches.js';
import { argMax, standardized } from '../predict/scores.js';

/** A class and its probability. */
export interface Prediction<L extends Label> {
  readonly label: L;
  readonly probability: number;
}

/**
 * Writes o = xW + b of one row to out[at], …, out[at + units − 1], summed in float64 in the order of the features.
 *
 * Five sums at a time stay in registers. This takes 3.3 µs for 784 × 10; a loop over an array of ten sums takes 10 µs
 * (Node 20, x64). If the number of units is not a multiple of five, the last five overlap the previous ones, and the
 * repeated sums are identical.
 */
export function logitsInto(affine: Affine, features: FeatureArray, row: number, out: Float64Array, at = 0): void {
  if (affine.columns !== undefined) {
    standardizedLogitsInto(affine, affine.columns, features, row, out, at);
    return;
  }
  const { weight, bias } = affine;
  const { values, shape, scale = 1 } = features;
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

const NATIVE_TYPES = ['Uint8Array', 'Float32Array', 'Float64Array'];

/**
 * o = xW + b of many rows by the native float64 kernels, with the bits of `logitsInto`, or its softmax. The exponential of
 * the kernels is that of core/elementary.ts, so probabilities may differ from `softmaxInPlace` in the last bit.
 */
export class NativePredictions {
  readonly #bias: Float64Array;
  readonly #kernels: Float64Kernels;
  /** [d, stride], as the kernels take it. */
  readonly #weight: Float64Array;

  private constructor(affine: Affine, kernels: Float64Kernels) {
    const { weight, bias } = affine;
    const q = bias.length;
    const d = weight.length / q;
    const stride = Math.ceil(q / 8) * 8;
    this.#bias = Float64Array.from(bias);
    this.#kernels = kernels;
    this.#weight = new Float64Array(d * stride);
    for (let j = 0; j < d; j++) this.#weight.set(weight.subarray(j * q, (j + 1) * q), j * stride);
  }

  /** Undefined if the kernels are not loaded, or the model standardises columns. */
  static of(affine: Affine): NativePredictions | undefined {
    const kernels = float64Kernels();
    return kernels === undefined || affine.columns !== undefined ? undefined : new NativePredictions(affine, kernels);
  }

  /** Whether the kernels read the type of these features. Rows are copied as float64. */
  reads(features: Features): boolean {
    return isRows(features) || NATIVE_TYPES.includes(features.values[Symbol.toStringTag]);
  }

  /**
   * Writes the rows start, …, end − 1 to `out`. Returns false, with `out` undefined, if a logit is not finite, or the
   * features are of a type that the kernels do not read.
   */
  write(
    features: FeatureArray,
    [start, end]: readonly [number, number],
    kind: 'logits' | 'probabilities',
    out: Float64Array,
  ): boolean {
    if (!this.reads(features)) return false;
    const { values, shape, scale = 1 } = features;
    const bias = this.#bias;
    const x = values as Float32Array;
    const softmax = kind === 'probabilities';
    return this.#kernels.predictRows(
      x,
      start,
      end - start,
      shape[1],
      this.#weight,
      bias.length,
      bias,
      scale,
      softmax,
      out,
    );
  }
}

/** o = zW + b, zⱼ = (xⱼ − centerⱼ)·factorⱼ. */
function standardizedLogitsInto(
  { weight, bias }: Affine,
  columns: Columns,
  { values, scale = 1 }: FeatureArray,
  row: number,
  out: Float64Array,
  at: number,
): void {
  const d = columns.center.length;
  const q = bias.length;
  out.fill(0, at, at + q);
  for (let j = 0, w = 0; j < d; j++) {
    const z = standardized(values[row * d + j] / scale, columns, j);
    for (let k = at; k < at + q; k++, w++) out[k] += z * weight[w];
  }
  for (let k = 0; k < q; k++) out[at + k] += bias[k];
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

/** −log softmax(o)_y of the q logits that start at `at`. */
export function surprise(logits: ArrayLike<number>, label: number, at = 0, q = logits.length): number {
  const max = logits[argMax(logits, at, q) + at];
  let sum = 0;
  for (let k = at; k < at + q; k++) sum += Math.exp(logits[k] - max);
  return Math.log(sum) - (logits[at + label] - max);
}
