// predict: the reader of safetensors files: a JSON header, then tensors.
import { ShapeError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { type Check, isRecord, isSizes, orNothing, parseJson } from './json.js';

/** Enough for a million short feature names. The limit of the safetensors library is 100 MB. */
export const MAX_HEADER_BYTES = 2 ** 24;

/** The type of a tensor: a letter and the bits of a number. */
export type Dtype = 'F32' | 'F64' | 'I32' | 'U8';

type Floats<D extends 'F32' | 'F64'> = D extends 'F32' ? Float32Array : Float64Array;

/** Decodes little-endian numbers, whatever the byte order of the machine. */
export function floats<D extends 'F32' | 'F64'>(bytes: Uint8Array, dtype: D): Floats<D> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isSingle = dtype === 'F32';
  const numbers = isSingle ? new Float32Array(bytes.length / 4) : new Float64Array(bytes.length / 8);
  for (let i = 0; i < numbers.length; i++) {
    numbers[i] = isSingle ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true);
  }
  return numbers as Floats<D>;
}

/** Accepts Uint8Arrays of any realm. */
export function assertBytes(bytes: Uint8Array, where: string): void {
  if (bytes?.[Symbol.toStringTag] === 'Uint8Array') return;
  const hint = 'An ArrayBuffer? Pass new Uint8Array(buffer).';
  throw new ShapeError({ where, argument: 'bytes', expected: 'be a Uint8Array', actual: describe(bytes), hint });
}

/** Reads the header, and where the tensors begin. Compact JSON is required because it excludes duplicate keys. */
export function readHeader(bytes: Uint8Array, check: Check): { header: Record<string, unknown>; start: number } {
  const { length } = bytes;
  check(length >= 8, 'length', 'be at least 8 bytes', `${length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const size = Number(view.getBigUint64(0, true));
  const most = Math.min(MAX_HEADER_BYTES, length - 8);
  const hint = 'The file is truncated, or not a safetensors file.';
  check(size <= most, 'header length', `be at most ${most}`, `${size}`, hint);
  const start = 8 + size;
  let text: string | undefined;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start));
  } catch {}
  check(text !== undefined, 'header', 'be UTF-8', 'other bytes');
  const header = parseJson(text, 'header', check);
  // Spaces may follow, so that tensors are aligned.
  const isCompact = isRecord(header) && JSON.stringify(header).padEnd(text.length) === text;
  check(isCompact, 'header', 'be one compact JSON object without duplicate keys', describe(text));
  return { header, start };
}

/** The format and version of a file. */
export interface Kind {
  readonly format: string;
  /** The newest readable version. */
  readonly version: number;
  /** Advice for a file of another format. */
  hint?(format: string | undefined): string;
}

/** The hint for a file of a later version. */
export const NEWER = 'A newer softmax-regression wrote the file: update the package.';

/** Reads the metadata, and checks format and version. */
export function readMetadata(header: Record<string, unknown>, kind: Kind, check: Check): Record<string, string> {
  const metadata = header.__metadata__ ?? {};
  const isText = isRecord(metadata) && Object.values(metadata).every((value) => typeof value === 'string');
  check(isText, '__metadata__', 'map names to strings', describe(metadata));
  const { format, version = '' } = metadata as Record<string, string>;
  check(format === kind.format, 'format', `be "${kind.format}"`, orNothing(format), kind.hint?.(format));
  check(/^[1-9]\d{0,8}$/.test(version), 'version', 'be an integer ≥ 1', orNothing(version));
  check(Number(version) <= kind.version, 'version', `be at most ${kind.version}`, version, NEWER);
  return metadata as Record<string, string>;
}

/** The type, shape and position of a tensor, in bytes from the end of the header. */
export interface Place<D extends Dtype = Dtype> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Reads the header entry of a tensor, and checks its offsets against its shape. */
export function readTensor<D extends Dtype>(
  header: Record<string, unknown>,
  name: string,
  dtypes: readonly D[],
  check: Check,
): Place<D> {
  const entry = header[name];
  const keys = isRecord(entry) ? Object.keys(entry).sort().join(', ') : orNothing(entry);
  const expected = 'data_offsets, dtype, shape';
  check(keys === expected, name, `be a tensor with ${expected}`, keys);
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  check(dtypes.includes(dtype as D), `${name}.dtype`, `be ${dtypes.join(' or ')}`, orNothing(dtype));
  check(isSizes(shape), `${name}.shape`, 'be integers ≥ 0', list(shape));
  const length = shape.reduce((a, b) => a * b, Number((dtype as D).slice(1)) / 8);
  const isSpan = isSizes(offsets, 2) && offsets[1] - offsets[0] === length;
  check(isSpan, `${name}.data_offsets`, `span ${length} bytes for ${list(shape)}`, list(offsets));
  return { dtype: dtype as D, shape, start: offsets[0], end: offsets[1] };
}

/** Checks that the tensors fill the file after the header without gap or overlap. */
export function assertContiguous(places: readonly Place[], length: number, check: Check): void {
  const inOrder = [...places].sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  for (const { start, end } of inOrder) {
    const expected = 'follow each other from 0, without gap or overlap';
    check(start === at, 'data_offsets', expected, `${start} after ${at}`);
    at = end;
  }
  const hint = at > length ? 'The file is truncated.' : undefined;
  check(at === length, 'length', `be ${at} after the header`, `${length}`, hint);
}

/** A list as printed in a message. */
export function list(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** Compares the stored checksum with that of the content. */
export function assertChecksum(stored: string | undefined, actual: string, check: Check): void {
  const hint = 'The file is damaged, or was changed without a new checksum.';
  check(stored === actual, 'sha256', `be ${actual}, that of the content`, orNothing(stored), hint);
}
