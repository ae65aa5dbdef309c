// training: standardises features for training and converts the parameters back to raw features.
import { nextTask } from '../core/task.js';
import { batchRanges, type FeatureArray } from '../data/batches.js';
import { ColumnSums, type Scaling, standardizeRows } from '../data/standardize.js';

/** Largest |mean| in deviations: float32 errors of 1e-6 in logits of size 1. */
const FARTHEST = 16;

/** About 20 ms of work. */
const NUMBERS_OF_A_TASK = 4e6;

/**
 * The unweighted mean and deviation of each column, as in scikit-learn's Pipeline(StandardScaler, LogisticRegression),
 * where sample weights apply to the last step alone.
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
 * A standardised copy. It is float64 for a Float64Array, which doubles the memory. Otherwise it is float32: 188 MB for
 * 60,000 × 784 bytes.
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
 * Converts parameters for standardised features to parameters for raw features with the same logits.
 *
 *   zW' + b' = xW + b,   Wⱼ = W'ⱼ/scaleⱼ,   b = b' − Σⱼ meanⱼ·Wⱼ
 *
 * Constant columns, z = 0, get W = 0 for any W'. The bias is computed from W rounded to float32, so it absorbs the
 * rounding error of x·W at the mean. Otherwise columns far from 0 would shift all logits.
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
 * Whether float32 is precise enough without a standardised copy. (x − mean)/scale is then the difference of two
 * products, x·(W/scale) − (mean/scale)·W, which loses precision by the ratio of mean to deviation.
 */
export function isNear({ mean, scale, isConstant }: Scaling): boolean {
  return mean.every((each, j) => isConstant[j] === 1 || Math.abs(each) <= FARTHEST * scale[j]);
}

/** The inverse of `foldBack`: W'ⱼ = scaleⱼ·Wⱼ, b' = b + Σⱼ meanⱼ·Wⱼ. */
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

/** Processes rows in tasks, so that the event loop is not blocked and the signal is checked. */
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
