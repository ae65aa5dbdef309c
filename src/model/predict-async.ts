// model: logits of many samples in short chunks, on the backend in use if that is faster.
import * as tf from '@tensorflow/tfjs';
import { BackendInUse } from '../compile/backend-in-use.js';
import { type Affine, largestFeature } from '../core/affine.js';
import { DomainError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertFunction, assertKnownOptions, assertSignal, checkFeatureCount, formatShape } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { blocksOf } from '../data/any-rows.js';
import {
  batchRanges,
  checkedRows,
  type FeatureArray,
  type Features,
  featureShape,
  gatherRows,
  isRows,
} from '../data/batches.js';
import { KeptRows } from '../data/kept-rows.js';
import type { SparseMatrix } from '../data/matrix.js';
import { assertColumns } from '../data/standardize.js';
import { StoredRows, withLeftOut } from '../data/stored-rows.js';
import { argMax, argTopK, assertK, softmaxInPlace } from '../predict/scores.js';
import { type AnyFeatures, type FeaturesInput, isSparseInput } from '../training/inputs.js';
import { logitsInto, NativePredictions } from './predict.js';
import { assertSparseFor, SparseLogits, sparseRanges } from './sparse.js';

/** What predictions and evaluations are made of. */
export type Rows = AnyFeatures | KeptRows;

/** The progress of a prediction. */
export interface PredictProgress {
  /** The number of finished samples, and the total. */
  readonly done: number;
  readonly total: number;
}

/** Options of the predictions that return promises. */
export interface PredictOptions {
  /** Aborts the work, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each chunk. */
  readonly onProgress?: (progress: PredictProgress) => void;
}

/**
 * Numbers of n samples in one array, row by row. Allocating an array per sample would take longer than the arithmetic.
 */
export interface RowArray {
  /** Column k of sample i is values[i·columns + k]. */
  readonly values: Float64Array;
  /** [n, columns] */
  readonly shape: readonly [number, number];
}

/** The k most probable classes of n samples, the most probable first. */
export interface TopKArray<L extends Label> {
  /** The label of rank r of sample i is labels[i·k + r]. */
  readonly labels: L[];
  /** In the order of `labels`. */
  readonly probabilities: Float64Array;
  /** [n, k] */
  readonly shape: readonly [number, number];
}

/** The output: o = xW + b, or softmax(o). */
export type Kind = 'logits' | 'probabilities';

/** Numbers of the samples start, …, end − 1, [end − start, classes] row-major; the next chunk may overwrite them. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly values: Float64Array;
}

/**
 * Up to this many multiply-adds, plain TypeScript is faster than transferring the numbers to a backend and back, and gives
 * the bits of the synchronous methods.
 */
const PLAIN_WORK = 5e6;
/** The work of a chunk in multiply-adds: about 20 ms in plain TypeScript. Native kernels do more in that time. */
const WORK_OF_A_CHUNK = { plain: 2e7, native: 8e7 };
/** Up to this many classes, native float64 products on the caller's array take less time than a copy into a tensor. */
const NATIVE_CLASSES = 20;
/** Work per row, and per class of a row, besides the products, in multiply-adds. Includes evaluation. */
const WORK_OF_A_ROW = 400;
const WORK_OF_A_CLASS = 50;

/** Arrays whose numbers float32 represents exactly, so that a backend does not lose precision. */
const NO_MORE_THAN_FLOAT32 = ['Uint8Array', 'Int8Array', 'Int16Array', 'Float32Array'];

export function assertPredictOptions({ signal, onProgress }: PredictOptions, where: string): void {
  assertSignal(signal, where);
  if (onProgress !== undefined) assertFunction(onProgress, where, 'onProgress');
}

type RowsOf = (start: number, end: number) => Promise<Float64Array>;

/**
 * Yields o = xW + b, or its softmax, in chunks.
 *
 * Tensors and large arrays of bytes, small integers or float32 are multiplied in float32 by the backend in use. Rows of
 * numbers and Float64Arrays are multiplied in float64. So is all input on the cpu backend, which is not faster, and bytes
 * and float32 for up to 20 classes if the native float64 kernels are loaded, whose exponential may differ in the last
 * bit. The choice depends only on shapes, types, backend and kernels.
 *
 * @param features checked chunk by chunk, as they are read
 * @throws ShapeError or DomainError as the synchronous methods; BackendError if the backend that multiplies is changed
 *   before the end; the signal's reason if it is aborted
 */
export async function* predictChunks(
  affine: Affine,
  features: Rows,
  kind: Kind,
  where: string,
  options: PredictOptions,
): AsyncGenerator<Chunk, void, void> {
  if (isSparseInput(features)) {
    yield* sparseChunks(affine, features, kind, where, options);
    return;
  }
  if (!isInBlocks(features)) {
    yield* arrayChunks(affine, features, kind, where, options);
    return;
  }
  const { onProgress, ...others } = options;
  assertSignal(others.signal, where);
  const total = checkedCount(affine, features, where);
  let first = 0;
  for await (const block of blocksOf(features, others.signal)) {
    if (first > 0) await nextTask();
    const chunks = arrayChunks(affine, block, kind, where, others);
    for await (const { start, end, values } of atRow(first, chunks, features instanceof StoredRows)) {
      yield { start, end, values };
      onProgress?.({ done: end, total });
    }
    first += block.shape[0];
  }
}

/** The chunks of a block whose first row has a number, which errors name too. */
export async function* atRow(
  first: number,
  chunks: AsyncGenerator<Chunk, void, void>,
  isStored: boolean,
): AsyncGenerator<Chunk, void, void> {
  try {
    for await (const { start, end, values } of chunks) yield { start: first + start, end: first + end, values };
  } catch (error) {
    const [, row, rest] = (error instanceof DomainError && /^features\[(\d+)\](.*)$/.exec(error.argument)) || [];
    if (row === undefined) throw error;
    const { where, expected, actual, hint } = error as DomainError;
    const argument = `features[${first + Number(row)}]${rest}`;
    const shifted = new DomainError({ where, argument, expected, actual, hint });
    throw isStored && actual === 'NaN' ? withLeftOut(shifted) : shifted;
  }
}

async function* arrayChunks(
  affine: Affine,
  features: FeaturesInput,
  kind: Kind,
  where: string,
  { signal, onProgress }: PredictOptions,
): AsyncGenerator<Chunk, void, void> {
  assertPredictOptions({ signal, onProgress }, where);
  const n = checkedCount(affine, features, where);
  signal?.throwIfAborted();
  if (n === 0) return;
  const backend = new BackendInUse(where, signal);
  const q = affine.bias.length;
  const d = affine.weight.length / q;
  const native = n * d * q > PLAIN_WORK && q <= NATIVE_CLASSES ? NativePredictions.of(affine) : undefined;
  const onTensors = affine.columns === undefined && (await paysOnTensors(features, n * d * q, native, backend));
  const source = features instanceof tf.Tensor && !onTensors ? await readTensor(features) : features;
  const isNative = onTensors || native?.reads(source as Features);
  const rows = Math.floor(
    WORK_OF_A_CHUNK[isNative ? 'native' : 'plain'] / (d * q + WORK_OF_A_CLASS * q + WORK_OF_A_ROW),
  );
  const kept: tf.Tensor[] = [];
  try {
    const rowsOf = onTensors
      ? tensorRows(affine, source as FeatureArray | tf.Tensor2D, kind, where, kept, backend)
      : plainRows(affine, source as Features, kind, where, native);
    for (const [start, end] of batchRanges(n, Math.max(1, rows))) {
      if (start > 0) await nextTask();
      signal?.throwIfAborted();
      yield { start, end, values: await rowsOf(start, end) };
      onProgress?.({ done: end, total: n });
    }
  } finally {
    backend.dispose(kept);
  }
}

async function* sparseChunks(
  affine: Affine,
  matrix: SparseMatrix,
  kind: Kind,
  where: string,
  { signal, onProgress }: PredictOptions,
): AsyncGenerator<Chunk, void, void> {
  assertPredictOptions({ signal, onProgress }, where);
  const n = checkedCount(affine, matrix, where);
  const q = affine.bias.length;
  const logits = new SparseLogits(affine);
  for (const [start, end] of sparseRanges(matrix, q)) {
    if (start > 0) await nextTask();
    signal?.throwIfAborted();
    const values = new Float64Array((end - start) * q);
    for (let i = start, at = 0; i < end; i++, at += q) {
      logits.write(matrix, i, values, at);
      if (kind === 'probabilities') softmaxInPlace(values, at, q);
    }
    yield { start, end, values };
    onProgress?.({ done: end, total: n });
  }
}

/** The logits of all samples, or their softmax. */
export async function predictRows(
  affine: Affine,
  features: Rows,
  kind: Kind,
  where: string,
  options: PredictOptions,
): Promise<RowArray> {
  assertKnownOptions(options, ['signal', 'onProgress'], where);
  const q = affine.bias.length;
  const n = checkedCount(affine, features, where);
  const all = new Float64Array(n * q);
  for await (const { start, values } of predictChunks(affine, features, kind, where, options))
    all.set(values, start * q);
  return { values: all, shape: [n, q] };
}

/** The most probable class of each sample; the first of several equally probable ones. */
export async function predictLabels<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: Rows,
  where: string,
  options: PredictOptions,
): Promise<L[]> {
  assertKnownOptions(options, ['signal', 'onProgress'], where);
  const q = affine.bias.length;
  const labels = new Array<L>(checkedCount(affine, features, where));
  for await (const { start, end, values } of predictChunks(affine, features, 'logits', where, options)) {
    for (let i = start; i < end; i++) labels[i] = classes[argMax(values, (i - start) * q, q)];
  }
  return labels;
}

/** The k most probable classes of each sample, with their probabilities. */
export async function predictTop<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: Rows,
  k: number,
  where: string,
  options: PredictOptions,
): Promise<TopKArray<L>> {
  assertKnownOptions(options, ['signal', 'onProgress'], where);
  const q = affine.bias.length;
  assertK(k, q, where);
  const n = checkedCount(affine, features, where);
  const labels = new Array<L>(n * k);
  const probabilities = new Float64Array(n * k);
  for await (const { start, end, values } of predictChunks(affine, features, 'probabilities', where, options)) {
    for (let i = start; i < end; i++) {
      const row = values.subarray((i - start) * q, (i - start + 1) * q);
      argTopK(row, k).forEach((column, rank) => {
        labels[i * k + rank] = classes[column];
        probabilities[i * k + rank] = row[column];
      });
    }
  }
  return { labels, probabilities, shape: [n, k] };
}

const ONE_FLOAT32 = { values: new Float32Array(0) };
const NO_FLOAT64 = { values: new Float64Array(0) };

/** Checks the structure of the features, and that columns are not far in float32. Returns the number of samples. */
export function checkedCount(affine: Affine, features: Rows, where: string): number {
  if (isSparseInput(features)) assertSparseFor(affine, features, where);
  const shape = shapeOf(features, where);
  checkFeatureCount({ shape }, affine.weight.length / affine.bias.length, where);
  if (isInBlocks(features) || isSparseInput(features)) {
    if (affine.columns) assertColumns(NO_FLOAT64, affine.columns, where);
    return shape[0];
  }
  if (features instanceof tf.Tensor) {
    if (affine.columns && features.dtype === 'float32') assertColumns(ONE_FLOAT32, affine.columns, where);
  } else if (affine.columns && !Array.isArray(features)) {
    assertColumns(features as FeatureArray, affine.columns, where);
  }
  return shape[0];
}

function isInBlocks(features: Rows): features is KeptRows | StoredRows {
  return features instanceof KeptRows || features instanceof StoredRows;
}

function shapeOf(features: Rows, where: string): readonly [number, number] {
  if (isInBlocks(features) || isSparseInput(features)) return features.shape;
  return features instanceof tf.Tensor ? tensorShape(features, where) : featureShape(features, where);
}

function tensorShape(features: tf.Tensor, where: string): readonly [number, number] {
  const argument = 'features';
  const { shape, dtype, isDisposed } = features;
  if (isDisposed) throw new DomainError({ where, argument, expected: 'be a live tensor', actual: 'a disposed tensor' });
  if (shape.length !== 2) {
    throw new ShapeError({ where, argument, expected: 'have shape [n, features]', actual: formatShape(shape) });
  }
  if (!['float32', 'int32', 'bool'].includes(dtype)) {
    throw new DomainError({ where, argument, expected: 'be numbers', actual: `a tensor of ${dtype}` });
  }
  return [shape[0], shape[1]];
}

async function paysOnTensors(
  features: FeaturesInput,
  work: number,
  native: NativePredictions | undefined,
  backend: BackendInUse,
): Promise<boolean> {
  if (work <= PLAIN_WORK) return false;
  if (features instanceof tf.Tensor) {
    // Slicing a tensor is slow on wasm: 74 ms for 256 rows of 6,000 × 784. Its values are read once and sliced as an
    // array.
    return features.dtype === 'float32' && !['cpu', 'wasm'].includes(tf.getBackend());
  }
  if (Array.isArray(features) || native?.reads(features as Features)) return false;
  if (!NO_MORE_THAN_FLOAT32.includes((features as FeatureArray).values[Symbol.toStringTag])) return false;
  await backend.start();
  return tf.getBackend() !== 'cpu';
}

async function readTensor(tensor: tf.Tensor): Promise<FeatureArray> {
  const [n, d] = tensor.shape;
  const values = await tensor.data();
  return {
    values: tensor.dtype === 'bool' ? Uint8Array.from(values) : (values as Float32Array | Int32Array),
    shape: [n, d],
  };
}

function plainRows(affine: Affine, features: Features, kind: Kind, where: string, native?: NativePredictions): RowsOf {
  const q = affine.bias.length;
  let all = new Float64Array(0);
  return async (start, end) => {
    const size = (end - start) * q;
    if (all.length < size) all = new Float64Array(size);
    const rows = all.subarray(0, size);
    // Numbers up to the largest float32 cannot overflow float64, so an infinite feature is seen in its logits.
    const isSeen = !isRows(features) && features.values[Symbol.toStringTag] !== 'Float64Array';
    if (isSeen && native?.write(features as FeatureArray, [start, end], kind, rows)) return rows;
    const x = checkedRows(features, start, end, where, undefined, largestFeature(affine));
    if (native?.write(x, [0, end - start], kind, rows)) return rows;
    for (let i = 0; i < end - start; i++) logitsInto(affine, x, i, rows, i * q);
    if (kind === 'probabilities') for (let at = 0; at < size; at += q) softmaxInPlace(rows, at, q);
    return rows;
  };
}

/** @param kept collects the tensors that the caller disposes at the end */
function tensorRows(
  affine: Affine,
  features: FeatureArray | tf.Tensor2D,
  kind: Kind,
  where: string,
  kept: tf.Tensor[],
  backend: BackendInUse,
): RowsOf {
  backend.assertSame();
  const q = affine.bias.length;
  const d = affine.weight.length / q;
  const isTensor = features instanceof tf.Tensor;
  // The scale of the features is folded into the weight.
  const { scale = 1 } = isTensor ? {} : features;
  const weight = tf.tensor2d(scale === 1 ? affine.weight : affine.weight.map((w) => w / scale), [d, q]);
  const bias = tf.tensor1d(affine.bias);
  kept.push(weight, bias);
  // On TensorFlow, a feature that is not finite makes all its logits not finite and their softmax NaN, which is cheap
  // to detect. Other backends may not propagate it.
  const isSeen = isTensor || tf.getBackend() === 'tensorflow';
  return async (start, end) => {
    if (!isSeen) checkedRows(features, start, end, where);
    backend.assertSame();
    const output = tf.tidy(() => {
      const x = isTensor ? tf.slice2d(features, [start, 0], [end - start, d]) : tensorOf(features, start, end);
      const logits = tf.matMul(x, weight).add<tf.Tensor2D>(bias);
      return kind === 'logits' ? logits : tf.softmax(logits);
    });
    const rows = new Float64Array(await output.data<'float32'>().finally(() => backend.dispose(output)));
    if (areFinite(rows)) return rows;
    // Recomputed in plain TypeScript: it reports the feature, or handles a product that overflows float32.
    return plainRows(affine, isTensor ? await readTensor(features) : features, kind, where)(start, end);
  };
}

/** The stored rows in float32, without a copy if they are float32 already. */
function tensorOf({ values, shape }: FeatureArray, start: number, end: number): tf.Tensor2D {
  return tf.tensor2d(gatherRows({ values, shape }, undefined, start, end), [end - start, shape[1]]);
}

function areFinite(numbers: Float64Array): boolean {
  let zero = 0;
  for (let i = 0; i < numbers.length; i++) zero += numbers[i] - numbers[i];
  return zero === 0;
}
