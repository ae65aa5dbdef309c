// training: standardises features for training and converts the parameters back to raw features.
import type { Affine, Columns } from '../core/affine.js';
import { square } from '../core/elementary.js';
import { DomainError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { LARGEST_FLOAT32 } from '../core/tolerance.js';
import type { TrainingRows } from '../data/any-rows.js';
import { batchRanges, type FeatureArray, type FeatureValues } from '../data/batches.js';
import { isSparse, type SparseMatrix } from '../data/matrix.js';
import { ColumnSums, orIgnored, type Scaling, standardizeRows } from '../data/standardize.js';
import { completeRows, piecesOf, StoredRows } from '../data/stored-rows.js';

/** Largest |mean| in deviations: float32 errors of 1e-6 in logits of size 1. */
const FARTHEST = 16;
/** Deviations by which float32 weights can be divided without overflow, and without losing digits to underflow. */
const [SMALLEST, LARGEST] = [1e-30, 1e30];

/** About 20 ms of work. */
const NUMBERS_OF_A_TASK = 4e6;

/** Up to this many numbers (268 MB), the standardised copy of a Float64Array is float64. */
const FLOAT64_COPY = 2 ** 25;

/**
 * The unweighted mean and deviation of each column, as in scikit-learn's Pipeline(StandardScaler, LogisticRegression),
 * where sample weights apply to the last step alone.
 */
export async function scalingOf(features: TrainingRows, signal?: AbortSignal): Promise<Scaling> {
  if (isSparse(features)) return sparseScaling(features);
  const d = features.shape[1];
  let sums: ColumnSums | undefined;
  let first: FeatureArray['values'] = new Float64Array(0);
  const add = (part: FeatureArray) => {
    if (sums === undefined) first = part.values.slice(0, d);
    sums ??= new ColumnSums(part);
    sums.addRows(part, 0, part.shape[0]);
  };
  await eachPart(features, add, signal);
  const squares = (sums as unknown as ColumnSums).squares();
  const isConstant = new Uint8Array(d).fill(1);
  const look = (part: FeatureArray) => {
    const { values } = part;
    squares.addRows(part, 0, part.shape[0]);
    for (let i = 0; i < values.length; i += d) {
      for (let j = 0; j < d; j++) if (values[i + j] !== first[j]) isConstant[j] = 0;
    }
  };
  await eachPart(features, look, signal);
  return { ...squares.statistics(), isConstant };
}

/**
 * The deviations of the columns of a sparse matrix, each in the order of its rows. They are not centred: zeros stay zeros. A
 * constant column keeps its values.
 */
function sparseScaling({ indices, values, shape: [n, d] }: SparseMatrix): Scaling {
  const mean = new Float64Array(d);
  for (let at = 0; at < indices.length; at++) mean[indices[at]] += values[at] / n;
  const squares = new Float64Array(d);
  const counts = new Int32Array(d);
  for (let at = 0; at < indices.length; at++) {
    counts[indices[at]]++;
    squares[indices[at]] += square(values[at] - mean[indices[at]]);
  }
  const scale = squares.map((sum, j) => Math.sqrt((sum + (n - counts[j]) * square(mean[j])) / n) || 1);
  return { mean: new Float64Array(d), scale, isConstant: new Uint8Array(d) };
}

/** A copy whose columns are divided by their deviations. */
export function scaledColumns(matrix: SparseMatrix, { scale }: Scaling): SparseMatrix {
  return { ...matrix, values: Float64Array.from(matrix.values, (value, at) => value / scale[matrix.indices[at]]) };
}

/**
 * Checks that float64 holds the mean and the deviation of each column.
 *
 * @throws DomainError with the name of the first column whose values are too large for that
 */
export async function assertFinite(
  features: TrainingRows,
  { mean, scale }: Scaling,
  names: readonly string[] | undefined,
  where: string,
): Promise<void> {
  const j = mean.findIndex((each, j) => !Number.isFinite(each) || !Number.isFinite(scale[j]));
  if (j === -1) return;
  const name = names?.[j];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const look = (value: number) => {
    least = Math.min(least, value);
    most = Math.max(most, value);
  };
  if (isSparse(features)) {
    for (const [at, value] of features.values.entries()) if (features.indices[at] === j) look(value);
  } else {
    await eachPart(features, ({ values, shape: [, d] }) => {
      for (let i = j; i < values.length; i += d) look(values[i]);
    });
  }
  throw new DomainError({
    where,
    argument: `column ${name === undefined ? j : describe(name)}`,
    expected: 'have a mean and a deviation that float64 holds',
    actual: `values from ${least} to ${most}`,
    hint: `Divide its values by 1e10, for example${orIgnored(name)}.`,
  });
}

/**
 * A standardised copy. It is float64 for a Float64Array, unless that is large. Otherwise it is float32: 188 MB for
 * 60,000 × 784 bytes. Columns far from 0 keep their digits in both, since float32 rounds only the result.
 *
 * @param largest the largest number of values of a float64 copy
 */
export async function standardized(
  features: FeatureArray,
  scaling: Scaling,
  signal?: AbortSignal,
  largest = FLOAT64_COPY,
): Promise<FeatureArray> {
  const { values, shape } = features;
  const isFloat64 = values[Symbol.toStringTag] === 'Float64Array';
  const into =
    isFloat64 && values.length <= largest ? new Float64Array(values.length) : new Float32Array(values.length);
  const write = (part: FeatureArray, start: number) =>
    standardizeRows(part, scaling, 0, part.shape[0], into.subarray(start * shape[1]));
  await eachPart(features, write, signal);
  return { values: into, shape };
}

/** Stored rows that are standardised in each pass, to the numbers that `standardized` gives. */
export function standardizedRows(rows: StoredRows, scaling: Scaling, largest = FLOAT64_COPY): StoredRows {
  const [n, d] = rows.shape;
  return completeRows(rows.shape, async (start, end, into) => {
    await rows.read(start, end, into);
    const values = into.subarray(0, (end - start) * d);
    standardizeRows({ values, shape: [end - start, d] }, scaling, 0, end - start, values);
    if (n * d > largest) values.set(Float32Array.from(values));
  });
}

/**
 * The parameters that a model stores, from those for standardised features: folded back to raw features where float32
 * keeps their digits, else with the columns' centers and factors beside them.
 *
 * @param point W', [d, classes], followed by b', [classes]
 */
export function storedAffine(point: ArrayLike<number>, numClasses: number, scaling: Scaling | undefined): Affine {
  const columns = scaling && storedColumns(scaling);
  const folds = scaling !== undefined && columns === undefined;
  const kept = folds ? foldBack(point, scaling) : Float32Array.from(point);
  const split = kept.length - numClasses;
  const affine = { weight: kept.slice(0, split), bias: kept.slice(split) };
  if (scaling === undefined || columns === undefined) return affine;
  const { isConstant } = scaling;
  // In other samples, a column that was constant may differ from its center.
  isConstant.forEach((constant, j) => {
    if (constant === 1) affine.weight.fill(0, j * numClasses, (j + 1) * numClasses);
  });
  return { ...affine, columns };
}

/** The columns that a model stores beside its parameters; undefined if they are folded into raw features. */
export function storedColumns(scaling: Scaling): Columns | undefined {
  if (isNear(scaling)) return undefined;
  return { center: scaling.mean.slice(), factor: scaling.scale.map((deviation) => 1 / deviation) };
}

/** The point of a solver that has the logits of stored parameters: the inverse of `storedAffine`. */
export function pointOf({ weight, bias, columns }: Affine, scaling: Scaling | undefined): Float64Array {
  const point = new Float64Array(weight.length + bias.length);
  point.set(weight);
  point.set(bias, weight.length);
  return columns === undefined ? unfold(point, undefined, scaling) : point;
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
 * Whether float32 is precise enough for x·(W/scale) − (mean/scale)·W, in steps and in a model. This difference of two
 * products loses precision by the ratio of mean to deviation.
 */
export function isNear(scaling: Scaling): boolean {
  return farColumns(scaling).length === 0;
}

/** The columns for which float32 is not precise enough without standardisation, or that it does not hold. */
export function farColumns({ mean, scale, isConstant }: Scaling, farthest = FARTHEST): number[] {
  const isNearZero = (j: number) =>
    Math.abs(mean[j]) <= farthest * scale[j] && scale[j] >= SMALLEST && scale[j] <= LARGEST;
  const isHeld = (j: number) => (isConstant[j] === 1 ? Math.abs(mean[j]) <= LARGEST_FLOAT32 : isNearZero(j));
  return [...mean.keys()].filter((j) => !isHeld(j));
}

/**
 * Parameters for standardised features with the logits of a model's parameters.
 *
 *   x = meanⱼ + scaleⱼ·zⱼ:   W'ⱼ = scaleⱼ·factorⱼ·Wⱼ,   b' = b + Σⱼ (meanⱼ − centerⱼ)·factorⱼ·Wⱼ
 *
 * @param columns those of the model; undefined for raw features
 * @param scaling undefined for parameters for raw features
 */
export function unfold(
  point: ArrayLike<number>,
  columns: Columns | undefined,
  scaling: Scaling | undefined,
): Float64Array {
  const unfolded = Float64Array.from(point);
  const d = (scaling?.mean ?? columns?.center)?.length;
  if (d === undefined) return unfolded;
  const q = unfolded.length / (d + 1);
  for (let j = 0; j < d; j++) {
    const factor = columns?.factor[j] ?? 1;
    const shift = ((scaling?.mean[j] ?? 0) - (columns?.center[j] ?? 0)) * factor;
    const scale = scaling?.isConstant[j] === 1 ? 0 : (scaling?.scale[j] ?? 1) * factor;
    for (let k = 0; k < q; k++) {
      const at = j * q + k;
      unfolded[d * q + k] += shift * unfolded[at];
      unfolded[at] = scale === 0 ? 0 : unfolded[at] * scale;
    }
  }
  return unfolded;
}

/**
 * Visits all rows in order, in parts with the number of the first row. It yields to the event loop between the parts, and
 * looks at the signal.
 */
export async function eachPart(
  features: FeatureArray | StoredRows,
  visit: (part: FeatureArray, start: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const [n, d] = features.shape;
  if (features instanceof StoredRows) {
    let start = 0;
    for await (const part of piecesOf(features, signal)) {
      signal?.throwIfAborted();
      visit(part, start);
      start += part.shape[0];
    }
    return;
  }
  const { values } = features;
  for (const [start, end] of batchRanges(n, Math.max(1, Math.floor(NUMBERS_OF_A_TASK / d)))) {
    signal?.throwIfAborted();
    visit(
      { ...features, values: values.subarray(start * d, end * d) as FeatureValues, shape: [end - start, d] },
      start,
    );
    if (end < n) await nextTask();
  }
}
