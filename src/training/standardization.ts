// training: features standardised while a model learns, and the model brought back to features as they come.
import { nextTask } from '../core/task.js';
import { batchRanges, type FeatureArray } from '../data/batches.js';
import { ColumnSums, type Scaling, standardizeRows } from '../data/standardize.js';

/** In deviations: errors of 1e-6 in logits of size 1. */
const FARTHEST = 16;

/** Some 20 ms of work. */
const NUMBERS_OF_A_TASK = 4e6;

/**
 * Mean and deviation of each column, unweighted, as in scikit-learn's Pipeline(StandardScaler, LogisticRegression), where
 * sample weights are those of the last step.
 */
export async function scalingOf(features: FeatureArray, signal?: AbortSignal): Promise<Scaling> {
  const { values, shape } = features;
  const d = shape[1];
  const sums = new ColumnSums(features);
  await inRanges(features, (start, end) => sums.addRows(start, end), signal);
  const squares = sums.squares();
  const isConstant = new Uint8Array(d).fill(1);
  const look = (start: number, end: number) => {
    squares.addRows(start, end);
    for (let i = start * d; i < end * d; i += d) {
      for (let j = 0; j < d; j++) if (values[i + j] !== values[j]) isConstant[j] = 0;
    }
  };
  await inRanges(features, look, signal);
  return { ...squares.statistics(), isConstant };
}

/**
 * A standardised copy: float64 for a Float64Array, which takes as much memory again; else float32, 4 bytes a number: for
 * 60,000 × 784 bytes, 188 MB.
 */
export async function standardized(
  features: FeatureArray,
  scaling: Scaling,
  signal?: AbortSignal,
): Promise<FeatureArray> {
  const { values, shape } = features;
  const isFloat64 = values[Symbol.toStringTag] === 'Float64Array';
  const into = isFloat64 ? new Float64Array(values.length) : new Float32Array(values.length);
  await inRanges(features, (start, end) => standardizeRows(features, scaling, start, end, into), signal);
  return { values: into, shape };
}

/**
 * Parameters of standardised features, for features as they come: the same logits.
 *
 *   zW' + b' = xW + b,   Wⱼ = W'ⱼ/scaleⱼ,   b = b' − Σⱼ meanⱼ·Wⱼ
 *
 * Constant columns, z = 0, get W = 0 whatever W' is. The bias is that of W as it is rounded to float32: what x·W lacks at
 * the mean is in b, where else columns far from 0 would shift all logits.
 *
 * @param point W', [d, classes], followed by b', [classes]
 */
export function foldBack(point: ArrayLike<number>, { mean, scale, isConstant }: Scaling): Float32Array {
  const folded = new Float32Array(point.length);
  const d = mean.length;
  const q = folded.length / (d + 1);
  for (let k = 0; k < q; k++) {
    let bias = point[d * q + k];
    for (let j = 0; j < d; j++) {
      const at = j * q + k;
      folded[at] = isConstant[j] ? 0 : point[at] / scale[j];
      bias -= mean[j] * folded[at];
    }
    folded[d * q + k] = bias;
  }
  return folded;
}

/**
 * Whether float32 can do it without a copy: (x − mean)/scale as the difference of two products, x·(W/scale) − (mean/scale)·W,
 * loses as many digits as the mean is greater than the deviation.
 */
export function isNear({ mean, scale, isConstant }: Scaling): boolean {
  return mean.every((each, j) => isConstant[j] === 1 || Math.abs(each) <= FARTHEST * scale[j]);
}

/** The opposite of `foldBack`: W'ⱼ = scaleⱼ·Wⱼ, b' = b + Σⱼ meanⱼ·Wⱼ. */
export function unfold(point: ArrayLike<number>, { mean, scale, isConstant }: Scaling): Float64Array {
  const unfolded = Float64Array.from(point);
  const d = mean.length;
  const q = unfolded.length / (d + 1);
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < q; k++) {
      const at = j * q + k;
      unfolded[d * q + k] += mean[j] * unfolded[at];
      unfolded[at] = isConstant[j] ? 0 : unfolded[at] * scale[j];
    }
  }
  return unfolded;
}

/** Rows in tasks, between which timers and the signal have their turn. */
async function inRanges(
  { shape }: FeatureArray,
  visit: (start: number, end: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [n, d] = shape;
  for (const [start, end] of batchRanges(n, Math.max(1, Math.floor(NUMBERS_OF_A_TASK / d)))) {
    signal?.throwIfAborted();
    visit(start, end);
    if (end < n) await nextTask();
  }
}
