// serialization: the safetensors container of model files and checkpoints: a JSON header, then tensors.
import { ShapeError } from '../core/errors.js';
import { describe, formatShape } from '../core/shape.js';
import { type Fail, isRecord, orNothing, parseJson, sortedJson } from './json.js';

/** Room for a million short names of features; the safetensors library itself stops at 100 MB. */
export const MAX_HEADER_BYTES = 2 ** 24;

/** Numbers of a tensor: float32 or float64. */
export type Dtype = 'F32' | 'F64';

const BYTES: Readonly<Record<Dtype, number>> = { F32: 4, F64: 8 };

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
}

/** Tensors as they lie in a file: what its header says of them, and their bytes. */
export interface LaidOut {
  readonly entries: Readonly<Record<string, object>>;
  readonly data: Uint8Array;
}

/** Tensors one after the other, in the order given. */
export function layOut(tensors: Readonly<Record<string, StoredTensor>>): LaidOut {
  const named = Object.entries(tensors);
  const data = new Uint8Array(named.reduce((sum, [, { values }]) => sum + values.byteLength, 0));
  let end = 0;
  const entries = named.map(([name, { shape, values }]) => {
    const start = end;
    end += values.byteLength;
    data.set(littleEndian(values), start);
    return [name, { dtype: dtypeOf(values), shape, data_offsets: [start, end] }];
  });
  return { entries: Object.fromEntries(entries), data };
}

/**
 * A safetensors file.
 *
 *   header length, 8 bytes │ header, JSON padded by spaces to 8 bytes │ tensors      all little-endian
 *
 * @param fail makes the error where the header is too large
 */
export function encodeContainer(
  metadata: Readonly<Record<string, string>>,
  { entries, data }: LaidOut,
  fail: Fail,
): Uint8Array {
  const header = new TextEncoder().encode(sortedJson({ ...entries, __metadata__: metadata }));
  const size = Math.ceil(header.length / 8) * 8;
  if (size > MAX_HEADER_BYTES) {
    const expected = `fit a header of ${MAX_HEADER_BYTES} bytes`;
    throw fail({ argument: 'all but the tensors', expected, actual: `${size} bytes` });
  }
  const bytes = new Uint8Array(8 + size + data.length).fill(0x20, 8, 8 + size);
  new DataView(bytes.buffer).setUint32(0, size, true);
  bytes.set(header, 8);
  bytes.set(data, 8 + size);
  return bytes;
}

export function dtypeOf(values: Float32Array | Float64Array): Dtype {
  return values[Symbol.toStringTag] === 'Float64Array' ? 'F64' : 'F32';
}

/** The bytes of numbers as files have them, on every machine. */
export function littleEndian(numbers: Float32Array | Float64Array): Uint8Array {
  const bytes = new Uint8Array(numbers.byteLength);
  const view = new DataView(bytes.buffer);
  if (dtypeOf(numbers) === 'F32') {
    for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i], true);
  } else {
    for (let i = 0; i < numbers.length; i++) view.setFloat64(8 * i, numbers[i], true);
  }
  return bytes;
}

/** The opposite. */
export function float32(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = new Float32Array(bytes.length / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * i, true);
  return numbers;
}

export function float64(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = new Float64Array(bytes.length / 8);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat64(8 * i, true);
  return numbers;
}

/** A Uint8Array, and nothing that only looks like one. */
export function assertBytes(bytes: Uint8Array, where: string): void {
  if (bytes?.[Symbol.toStringTag] === 'Uint8Array') return;
  const hint = 'An ArrayBuffer? Pass new Uint8Array(buffer).';
  throw new ShapeError({ where, argument: 'bytes', expected: 'be a Uint8Array', actual: describe(bytes), hint });
}

/** The header of a file, and where its tensors begin. It must be compact JSON, so that no key can hide behind another. */
export function readHeader(bytes: Uint8Array, fail: Fail): { header: Record<string, unknown>; start: number } {
  const { length } = bytes;
  if (length < 8) throw fail({ argument: 'length', expected: 'be at least 8 bytes', actual: `${length}` });
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const size = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (size > MAX_HEADER_BYTES) {
    const expected = `be at most ${MAX_HEADER_BYTES}`;
    throw fail({ argument: 'header length', expected, actual: `${size}`, hint: 'It may be no safetensors file.' });
  }
  const start = 8 + size;
  if (start > length) {
    const hint = 'The file was cut short, or is no safetensors file.';
    throw fail({ argument: 'header length', expected: `be at most ${length - 8}`, actual: `${size}`, hint });
  }
  let end = start;
  while (end > 8 && bytes[end - 1] === 0x20) end--;
  const text = utf8(bytes.subarray(8, end), fail);
  const header = parseJson(text, 'header', fail);
  if (!isRecord(header)) {
    throw fail({ argument: 'header', expected: 'be a JSON object', actual: describe(header) });
  }
  if (JSON.stringify(header) !== text) {
    const expected = 'be compact JSON in which no key comes twice';
    throw fail({ argument: 'header', expected, actual: 'text that reads back differently' });
  }
  return { header, start };
}

function utf8(bytes: Uint8Array, fail: Fail): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw fail({ argument: 'header', expected: 'be UTF-8', actual: 'other bytes', cause });
  }
}

/** What a file says it is. */
export interface Kind {
  readonly format: string;
  /** The newest version that can be read. */
  readonly version: number;
  /** What to do about a file of another format. */
  hint(format: string | undefined): string;
}

/** The metadata of a file of one kind, held to its format and version. */
export function readMetadata(header: Record<string, unknown>, kind: Kind, fail: Fail): Record<string, string> {
  const metadata = header.__metadata__ ?? {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    const expected = 'map names to strings';
    throw fail({ argument: '__metadata__', expected, actual: isRecord(metadata) ? 'others' : describe(metadata) });
  }
  const { format, version = '' } = metadata as Record<string, string>;
  if (format !== kind.format) {
    const actual = orNothing(format);
    throw fail({ argument: 'format', expected: `be "${kind.format}"`, actual, hint: kind.hint(format) });
  }
  if (!/^[1-9]\d{0,8}$/.test(version)) {
    throw fail({ argument: 'version', expected: 'be an integer ≥ 1', actual: orNothing(version) });
  }
  if (Number(version) > kind.version) {
    const hint = 'A newer softmax-regression wrote the file: update the package.';
    throw fail({ argument: 'version', expected: `be at most ${kind.version}`, actual: version, hint });
  }
  return metadata as Record<string, string>;
}

/** Where a tensor lies, in bytes from the end of the header. */
export interface Place {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** What a tensor may be. */
export interface TensorRule {
  readonly dtypes: readonly Dtype[];
  /** To follow "shape must". */
  readonly shape: string;
  fits(shape: readonly number[]): boolean;
}

/** The entry of a tensor, its offsets held to its shape. */
export function readTensor(header: Record<string, unknown>, name: string, rule: TensorRule, fail: Fail): Place {
  const entry = header[name];
  const keys = ['data_offsets', 'dtype', 'shape'];
  if (!isRecord(entry) || Object.keys(entry).sort().join() !== keys.join()) {
    const actual = isRecord(entry) ? Object.keys(entry).join(', ') || 'nothing' : orNothing(entry);
    throw fail({ argument: name, expected: `be a tensor with ${keys.join(', ')}`, actual });
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!rule.dtypes.includes(dtype as Dtype)) {
    const expected = `be ${rule.dtypes.map((each) => `"${each}"`).join(' or ')}`;
    throw fail({ argument: `${name}.dtype`, expected, actual: describe(dtype) });
  }
  if (!isSizes(shape) || !rule.fits(shape)) {
    throw fail({ argument: `${name}.shape`, expected: rule.shape, actual: list(shape) });
  }
  const bytes = BYTES[dtype as Dtype];
  const length = shape.reduce((a, b) => a * b, bytes);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[1] - offsets[0] !== length) {
    const expected = `span ${length} bytes, ${bytes} for each number of ${formatShape(shape)}`;
    throw fail({ argument: `${name}.data_offsets`, expected, actual: list(offsets) });
  }
  return { dtype: dtype as Dtype, shape, start: offsets[0], end: offsets[1] };
}

/** Tensors follow each other from the end of the header to that of the file. */
export function assertContiguous(places: Readonly<Record<string, Place>>, length: number, fail: Fail): void {
  const named = Object.entries(places);
  const inOrder = [...named].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let at = 0;
  for (const [, { start, end }] of inOrder) {
    if (start !== at) {
      const expected = 'follow each other from 0, without gap or overlap';
      const actual = named.map(([name, place]) => `${name} [${place.start}, ${place.end}]`).join(' and ');
      throw fail({ argument: 'data_offsets', expected, actual });
    }
    at = end;
  }
  if (at !== length) {
    const hint = at > length ? 'The file was cut short.' : undefined;
    throw fail({ argument: 'length', expected: `be ${at} after the header`, actual: `${length}`, hint });
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}

function list(value: unknown): string {
  return Array.isArray(value) && value.length <= 4 ? JSON.stringify(value) : orNothing(value);
}
