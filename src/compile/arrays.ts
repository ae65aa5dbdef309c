// compile: the sample arrays from which a loop takes its batches.
import * as tf from '@tensorflow/tfjs';
import { DomainError, ShapeError } from '../core/errors.js';
import { describe, formatShape } from '../core/shape.js';
import { allocateLike, type FeatureArray, type FeatureValues, gatherRows } from '../data/batches.js';
import type { SomeRows } from '../data/rows-in-order.js';
import { StoredRows } from '../data/stored-rows.js';
import { BackendInUse } from './backend-in-use.js';
import { isPlainObject } from './tree.js';

/**
 * n samples in one typed array.
 *
 *   sample i = values[i·size … (i+1)·size − 1] / scale, of shape shape[1 …]
 */
export interface DataArray<Values extends FeatureValues = FeatureValues> {
  readonly values: Values;
  /** `[n, …]`: the first axis counts the samples. */
  readonly shape: readonly number[];
  /** Divisor of the stored values; batches are then float32. */
  readonly scale?: number;
  /** The type of a batch. Default float32 for floats and scaled values, int32 for integers. */
  readonly dtype?: 'float32' | 'int32';
}

/** Sources of batches: arrays, tensors and stored rows whose first axis counts the samples, in nested arrays and objects. */
export type Data =
  | FeatureValues
  | DataArray
  | StoredRows
  | tf.Tensor
  | readonly Data[]
  | { readonly [name: string]: Data };

/** The batch that a step receives for such data: tensors in the same structure. */
export type Batch<D> = D extends tf.Tensor
  ? D
  : D extends FeatureValues
    ? tf.Tensor1D
    : D extends FeatureArray | StoredRows
      ? tf.Tensor2D
      : D extends DataArray
        ? tf.Tensor
        : { readonly [K in keyof D]: Batch<D[K]> };

/** One array of the data, validated. */
export interface Resident {
  /** Its position in the data: `.features`. */
  readonly path: string;
  /** The samples: values in JavaScript, or a tensor. */
  readonly source: FeatureValues | tf.Tensor;
  readonly numSamples: number;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  /** Type of a batch. */
  readonly dtype: tf.DataType;
  readonly scale: number;
}

/** One array of the data, validated, whose samples may be outside memory. */
export interface Source extends Omit<Resident, 'source'> {
  readonly source: Resident['source'] | StoredRows;
}

/** Runners' copies of arrays, for example in a native library; shared by all loops over the same data. */
export class DataStore {
  /** @param backend the backend of these loops */
  constructor(readonly backend = new BackendInUse('scan')) {}

  readonly #kept = new Map<Resident['source'], Map<string, { readonly value: unknown; free(): void }>>();

  /** The copy of these samples in this form, created on the first call. The same values may exist in several forms. */
  keep<T>(source: Resident['source'], form: string, make: () => { readonly value: T; free(): void }): T {
    const forms = this.#kept.get(source) ?? new Map();
    this.#kept.set(source, forms);
    const kept = forms.get(form) ?? make();
    forms.set(form, kept);
    return kept.value as T;
  }

  /** Frees the copies of samples that change. */
  forget(source: Resident['source']): void {
    for (const { free } of this.#kept.get(source)?.values() ?? []) free();
    this.#kept.delete(source);
  }

  dispose(): void {
    for (const forms of this.#kept.values()) for (const { free } of forms.values()) free();
    this.#kept.clear();
  }
}

const WHOLE = ['Uint8Array', 'Int8Array', 'Int16Array', 'Int32Array'];
const FLOATS = ['Float32Array', 'Float64Array'];

/** Flattened data: its arrays as a list, and a function that restores the structure for a batch. */
export interface FlatData {
  readonly arrays: readonly Source[];
  readonly numSamples: number;
  /** A batch with the given tensors, one per array. */
  batch(tensors: readonly tf.Tensor[]): unknown;
}

/**
 * @throws DomainError if the data contain anything except arrays and tensors of numbers, or are empty
 * @throws ShapeError if two arrays differ in their number of samples
 */
export function flattenData(data: unknown, where: string): FlatData {
  const arrays: Source[] = [];
  const visit = (node: unknown, path: string): ((tensors: readonly tf.Tensor[]) => unknown) => {
    const source = sourceOf(node, where, path);
    if (source !== undefined) {
      const index = arrays.push(source) - 1;
      return (tensors) => tensors[index];
    }
    if (!Array.isArray(node) && !isPlainObject(node)) throw noData(where, path, describe(node));
    const parts = Object.entries(node).map(([name, part]) => {
      const at = Array.isArray(node) ? `[${name}]` : `.${name}`;
      return [name, visit(part, `${path}${at}`)] as const;
    });
    if (Array.isArray(node)) return (tensors) => parts.map(([, part]) => part(tensors));
    return (tensors) => Object.fromEntries(parts.map(([name, part]) => [name, part(tensors)]));
  };
  const batch = visit(data, '');
  if (arrays.length === 0) throw noData(where, '', describe(data));
  const [{ numSamples }] = arrays;
  for (const { path, numSamples: own } of arrays) {
    if (own === numSamples) continue;
    const expected = `have ${numSamples} samples, like data${arrays[0].path}`;
    throw new ShapeError({ where, argument: `data${path}`, expected, actual: String(own) });
  }
  if (numSamples === 0) {
    throw new DomainError({ where, argument: 'data', expected: 'have at least one sample', actual: 'none' });
  }
  return { arrays, numSamples, batch };
}

function sourceOf(node: unknown, where: string, path: string): Source | undefined {
  if (node instanceof StoredRows) {
    const [numSamples, d] = node.shape;
    return { path, source: node, numSamples, shape: [d], dtype: 'float32', scale: 1 };
  }
  if (node instanceof tf.Tensor) return fromTensor(node, where, path);
  if (isNumbers(node)) return fromArray({ values: node, shape: [node.length] }, where, path);
  const isArray = typeof node === 'object' && node !== null && 'values' in node && 'shape' in node;
  return isArray ? fromArray(node as unknown as DataArray, where, path) : undefined;
}

function fromTensor(tensor: tf.Tensor, where: string, path: string): Resident {
  const { dtype, shape, isDisposed } = tensor;
  if (isDisposed) throw noData(where, path, 'a disposed tensor');
  if (!['float32', 'int32', 'bool'].includes(dtype)) throw noData(where, path, `a tensor of ${dtype}`);
  if (shape.length === 0) {
    const expected = 'have a first axis that counts the samples';
    throw new ShapeError({ where, argument: `data${path}`, expected, actual: 'a scalar' });
  }
  return { path, source: tensor, numSamples: shape[0], shape: shape.slice(1), dtype, scale: 1 };
}

function fromArray({ values, shape, scale = 1, dtype }: DataArray, where: string, path: string): Resident {
  if (!isNumbers(values)) throw noData(where, `${path}.values`, describe(values));
  const isSize = (size: unknown) => Number.isInteger(size) && (size as number) >= 0;
  const fits = Array.isArray(shape) && shape.length > 0 && shape.every(isSize);
  if (!fits || shape.reduce((a, b) => a * b, 1) !== values.length) {
    const expected = `be sizes with a product of ${values.length}, the number of values`;
    const actual = Array.isArray(shape) ? formatShape(shape) : describe(shape);
    throw new ShapeError({ where, argument: `data${path}.shape`, expected, actual });
  }
  if (!Number.isFinite(scale) || scale <= 0) {
    const expected = 'be a finite number > 0';
    throw new DomainError({ where, argument: `data${path}.scale`, expected, actual: describe(scale) });
  }
  const isWhole = scale === 1 && WHOLE.includes(values[Symbol.toStringTag]);
  const type = dtype ?? (isWhole ? 'int32' : 'float32');
  if (type !== 'float32' && !(type === 'int32' && isWhole)) {
    const expected = "be 'float32', or 'int32' for integers without a scale";
    throw new DomainError({ where, argument: `data${path}.dtype`, expected, actual: describe(dtype) });
  }
  return { path, source: values, numSamples: shape[0], shape: shape.slice(1), dtype: type, scale };
}

function isNumbers(value: unknown): value is FeatureValues {
  // The tag, not instanceof, also identifies typed arrays of other realms.
  return ArrayBuffer.isView(value) && [...WHOLE, ...FLOATS].includes((value as FeatureValues)[Symbol.toStringTag]);
}

function noData(where: string, path: string, actual: string): DomainError {
  const expected = 'be typed arrays, { values, shape }, StoredRows or tensors of numbers, in arrays and plain objects';
  return new DomainError({ where, argument: `data${path}`, expected, actual });
}

/** The samples order[start], …, order[end − 1] as a tensor; without an order, samples start to end − 1. */
export function gather(array: Resident, order: Int32Array | undefined, start: number, end: number): tf.Tensor {
  const { source, shape, dtype, numSamples, scale } = array;
  const size = sizeOf(array);
  if (source instanceof tf.Tensor) {
    if (order !== undefined) return tf.gather(source, tf.tensor1d(order.subarray(start, end), 'int32'));
    return source.slice([start], [end - start]);
  }
  const batchShape = [end - start, ...shape];
  if (dtype === 'float32') {
    const features: FeatureArray = { values: source, shape: [numSamples, size], scale };
    // A separate copy, since a step may keep the tensor.
    const into = new Float32Array((end - start) * size);
    return tf.tensor(gatherRows(features, order, start, end, into), batchShape, 'float32');
  }
  const rows = allocateLike(source, (end - start) * size);
  copySamples(source, size, { order, start, end }, rows);
  return tf.tensor(Int32Array.from(rows), batchShape, 'int32');
}

/** The numbers of a sample. */
export function sizeOf({ shape }: Pick<Resident, 'shape'>): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Copies the samples order[start], …, order[end − 1] to the beginning of a buffer, as they are. */
export function copySamples(
  values: FeatureValues,
  size: number,
  { order, start, end }: SomeRows,
  into: FeatureValues,
): void {
  if (order === undefined) into.set(values.subarray(start * size, end * size));
  else
    for (let i = start, at = 0; i < end; i++) for (let j = 0; j < size; j++) into[at++] = values[order[i] * size + j];
}

/** Reads tensors into typed arrays if the backend slices slowly: wasm takes 74 ms for 256 rows of 6,000 × 784. */
export async function readWhereSlicingIsSlow(arrays: readonly Resident[]): Promise<Resident[]> {
  const isSlow = ['wasm', 'cpu'].includes(tf.getBackend());
  return Promise.all(
    arrays.map(async (array) => {
      if (!isSlow || !(array.source instanceof tf.Tensor) || array.dtype === 'bool') return array;
      // A copy, since the backend may return its own memory.
      return { ...array, source: (await array.source.data()).slice() as FeatureValues };
    }),
  );
}
