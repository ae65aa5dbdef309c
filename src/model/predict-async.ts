// model: logits of many samples, chunk by chunk: on the backend in use where that pays, and never for long at a time.
import * as tf from '@tensorflow/tfjs';
import type { Affine } from '../core/affine.js';
import { DomainError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { assertKnownOptions, checkFeatureCount, formatShape } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import {
  batchRanges,
  checkedRows,
  type FeatureArray,
  type Features,
  featureShape,
  gatherRows,
} from '../data/batches.js';
import { argMax, argTopK, assertK, softmaxInPlace } from '../predict/scores.js';
import type { FeaturesInput } from '../training/inputs.js';
import { logitsInto } from './predict.js';

/** How far a prediction is. */
export interface PredictProgress {
  /** Samples that are done, and how many there are. */
  readonly done: number;
  readonly total: number;
}

/** Options of the predictions that return promises. */
export interface PredictOptions {
  /** Ends the work with the signal's reason as error. */
  readonly signal?: AbortSignal;
  /** After each chunk. */
  readonly onProgress?: (progress: PredictProgress) => void;
}

/** Numbers of n samples in one array, row after row: a hundred thousand small arrays would take longer than the arithmetic. */
export interface RowArray {
  /** Column k of sample i is values[i·columns + k]. */
  readonly values: Float64Array;
  /** [n, columns] */
  readonly shape: readonly [number, number];
}

/** The k most probable classes of n samples, the most probable first. */
export interface TopKArray<L extends Label> {
  /** That of rank r of sample i is labels[i·k + r]. */
  readonly labels: L[];
  /** In the same places. */
  readonly probabilities: Float64Array;
  /** [n, k] */
  readonly shape: readonly [number, number];
}

/** What is asked for: o = xW + b, or softmax(o). */
export type Kind = 'logits' | 'probabilities';

/** Numbers of the samples start, …, end − 1, [end − start, classes] row-major; the next chunk may overwrite them. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly values: Float64Array;
}

/** Up to so many multiply-adds plain TypeScript takes less time than it takes to bring numbers to a backend and back. */
const PLAIN_WORK = 5e6;
/** What a chunk may take, in multiply-adds of plain TypeScript: some 20 ms. Backends do more in the time. */
const WORK_OF_A_CHUNK = { plain: 2e7, tensor: 8e7 };
/** What is done with a row beside its products, in their unit, evaluation included; and for each of its classes. */
const WORK_OF_A_ROW = 400;
const WORK_OF_A_CLASS = 50;

/** Arrays whose numbers float32 holds, so that a backend loses nothing of them. */
const NO_MORE_THAN_FLOAT32 = ['Uint8Array', 'Int8Array', 'Int16Array', 'Float32Array'];

type RowsOf = (start: number, end: number) => Promise<Float64Array>;

/**
 * o = xW + b, or softmax of it, chunk by chunk.
 *
 * Large arrays of bytes, small integers or float32, and tensors, are multiplied by the backend in use, in float32; rows of
 * numbers and Float64Arrays keep their digits and stay in plain TypeScript, as all does on the backend cpu, which is no
 * faster. Shapes, types and backend alone decide.
 *
 * @param features checked as far as they are read, chunk by chunk
 * @throws ShapeError, DomainError as the synchronous methods do; the signal's reason if it is aborted
 */
export async function* predictChunks(
  affine: Affine,
  features: FeaturesInput,
  kind: Kind,
  where: string,
  { signal, onProgress }: PredictOptions,
): AsyncGenerator<Chunk, void, void> {
  const n = checkedCount(affine, features, where);
  signal?.throwIfAborted();
  if (n === 0) return;
  const q = affine.bias.length;
  const d = affine.weight.length / q;
  const onTensors = await paysOnTensors(features, n * d * q);
  const source = features instanceof tf.Tensor && !onTensors ? await readTensor(features) : features;
  const rows = Math.floor(
    WORK_OF_A_CHUNK[onTensors ? 'tensor' : 'plain'] / (d * q + WORK_OF_A_CLASS * q + WORK_OF_A_ROW),
  );
  const kept: tf.Tensor[] = [];
  try {
    const rowsOf = onTensors
      ? tensorRows(affine, source as FeatureArray | tf.Tensor2D, kind, where, kept)
      : plainRows(affine, source as Features, kind, where);
    for (const [start, end] of batchRanges(n, Math.max(1, rows))) {
      if (start > 0) await nextTask();
      signal?.throwIfAborted();
      yield { start, end, values: await rowsOf(start, end) };
      onProgress?.({ done: end, total: n });
    }
  } finally {
    tf.dispose(kept);
  }
}

/** Logits of all samples, or softmax of them. */
export async function predictRows(
  affine: Affine,
  features: FeaturesInput,
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

/** The most probable class of each sample; of equally probable ones the first. */
export async function predictLabels<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: FeaturesInput,
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

/** The k most probable classes of each sample, and how probable they are. */
export async function predictTop<L extends Label>(
  affine: Affine,
  classes: readonly L[],
  features: FeaturesInput,
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

/** How many samples there are, the structure of the features checked. */
export function checkedCount(affine: Affine, features: FeaturesInput, where: string): number {
  const shape = features instanceof tf.Tensor ? tensorShape(features, where) : featureShape(features, where);
  checkFeatureCount({ shape }, affine.weight.length / affine.bias.length, where);
  return shape[0];
}

function tensorShape(features: tf.Tensor, where: string): readonly [number, number] {
  const argument = 'features';
  const { shape, dtype, isDisposed } = features;
  if (isDisposed) throw new DomainError({ where, argument, expected: 'be there', actual: 'a disposed tensor' });
  if (shape.length !== 2) {
    throw new ShapeError({ where, argument, expected: 'have shape [n, features]', actual: formatShape(shape) });
  }
  if (!['float32', 'int32', 'bool'].includes(dtype)) {
    throw new DomainError({ where, argument, expected: 'be numbers', actual: `a tensor of ${dtype}` });
  }
  return [shape[0], shape[1]];
}

async function paysOnTensors(features: FeaturesInput, work: number): Promise<boolean> {
  if (work <= PLAIN_WORK) return false;
  if (features instanceof tf.Tensor) {
    // Slices of a tensor are slow on wasm: 74 ms for 256 rows of 6,000 × 784. Its values are read once, and cut.
    return features.dtype === 'float32' && !['cpu', 'wasm'].includes(tf.getBackend());
  }
  if (Array.isArray(features)) return false;
  if (!NO_MORE_THAN_FLOAT32.includes((features as FeatureArray).values[Symbol.toStringTag])) return false;
  await tf.ready();
  return tf.getBackend() !== 'cpu';
}

async function readTensor(tensor: tf.Tensor): Promise<FeatureArray> {
  const [n, d] = tensor.shape;
  const values = await tensor.data();
  return { values: tensor.dtype === 'bool' ? Uint8Array.from(values) : (values as Float32Array), shape: [n, d] };
}

function plainRows(affine: Affine, features: Features, kind: Kind, where: string): RowsOf {
  const q = affine.bias.length;
  let rows = new Float64Array(0);
  return async (start, end) => {
    const x = checkedRows(features, start, end, where);
    const size = (end - start) * q;
    if (rows.length < size) rows = new Float64Array(size);
    for (let i = 0; i < end - start; i++) {
      logitsInto(affine, x, i, rows, i * q);
      if (kind === 'probabilities') softmaxInPlace(rows, i * q, q);
    }
    return rows.subarray(0, size);
  };
}

/** @param kept where the tensors go that the caller disposes at the end */
function tensorRows(
  affine: Affine,
  features: FeatureArray | tf.Tensor2D,
  kind: Kind,
  where: string,
  kept: tf.Tensor[],
): RowsOf {
  const q = affine.bias.length;
  const d = affine.weight.length / q;
  const isTensor = features instanceof tf.Tensor;
  // The scale of the features goes into the weight.
  const { scale = 1 } = isTensor ? {} : features;
  const weight = tf.tensor2d(scale === 1 ? affine.weight : affine.weight.map((w) => w / scale), [d, q]);
  const bias = tf.tensor1d(affine.bias);
  kept.push(weight, bias);
  // TensorFlow carries what is not finite from a feature to its logits, all of them, and softmax makes NaN of it: there it is
  // found in no time. Others may not.
  const isSeen = isTensor || tf.getBackend() === 'tensorflow';
  return async (start, end) => {
    if (!isSeen) checkedRows(features, start, end, where);
    const output = tf.tidy(() => {
      const x = isTensor ? tf.slice2d(features, [start, 0], [end - start, d]) : tensorOf(features, start, end);
      const logits = tf.matMul(x, weight).add<tf.Tensor2D>(bias);
      return kind === 'logits' ? logits : tf.softmax(logits);
    });
    const rows = new Float64Array(await output.data<'float32'>().finally(() => output.dispose()));
    if (areFinite(rows)) return rows;
    // Plain TypeScript names the feature; or all are finite, and a product is beyond float32.
    return plainRows(affine, isTensor ? await readTensor(features) : features, kind, where)(start, end);
  };
}

/** The rows as they are stored, in float32; not copied where they are. */
function tensorOf({ values, shape }: FeatureArray, start: number, end: number): tf.Tensor2D {
  return tf.tensor2d(gatherRows({ values, shape }, undefined, start, end), [end - start, shape[1]]);
}

function areFinite(numbers: Float64Array): boolean {
  let zero = 0;
  for (let i = 0; i < numbers.length; i++) zero += numbers[i] - numbers[i];
  return zero === 0;
}
