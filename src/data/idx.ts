// data: the IDX format of MNIST and similar data sets, bytes → one typed array with its shape.
import { FormatError, ShapeError } from '../core/errors.js';
import { assertKnownOptions, assertPositiveInteger, assertText, describe, formatShape } from '../core/shape.js';
import type { FeatureValues } from './batches.js';

/** The contents of an IDX file. */
export interface IdxArray {
  /** The length of each axis, outermost first: [60000, 28, 28]. */
  readonly shape: readonly number[];
  /** All numbers, last axis fastest. */
  readonly values: FeatureValues;
}

/** Options of `parseIdx`. */
export interface IdxOptions {
  /** The file's name, for error messages. */
  readonly name?: string;
  /** The required first four bytes, such as 0x00000803 for images of bytes. */
  readonly magic?: number;
}

interface NumberType {
  readonly name: string;
  readonly bytes: number;
  readonly read: (bytes: Uint8Array, count: number) => FeatureValues;
}

const NUMBER_TYPES: Readonly<Record<number, NumberType>> = {
  8: { name: 'uint8', bytes: 1, read: (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) },
  9: { name: 'int8', bytes: 1, read: (bytes) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) },
  11: { name: 'int16', bytes: 2, read: (bytes, count) => decode(bytes, new Int16Array(count), 'getInt16') },
  12: { name: 'int32', bytes: 4, read: (bytes, count) => decode(bytes, new Int32Array(count), 'getInt32') },
  13: { name: 'float32', bytes: 4, read: (bytes, count) => decode(bytes, new Float32Array(count), 'getFloat32') },
  14: { name: 'float64', bytes: 8, read: (bytes, count) => decode(bytes, new Float64Array(count), 'getFloat64') },
};

/**
 * Parses an IDX file.
 *
 *   0 0 type rank │ rank sizes, 32 bits each │ numbers        all big-endian
 *
 * Every field and the exact length are checked before anything is allocated, so that a hostile header cannot exhaust
 * memory. Bytes are returned as a view of `bytes`, without a copy; wider numbers are decoded.
 *
 * @throws FormatError if the bytes are not one complete IDX file; ShapeError if they are not a Uint8Array
 * @example
 * const { shape, values } = parseIdx(Uint8Array.of(0, 0, 8, 2,  0, 0, 0, 1,  0, 0, 0, 3,  7, 8, 9));
 * shape    // [1, 3]
 * values   // Uint8Array [7, 8, 9]
 * @see LeCun, Cortes and Burges, The MNIST database: "The IDX file format"
 */
export function parseIdx(bytes: Uint8Array, options: IdxOptions = {}): IdxArray {
  assertKnownOptions(options, ['name', 'magic'], 'parseIdx');
  const { name = 'parseIdx' } = options;
  assertText(name, 'parseIdx', 'name');
  if (options.magic !== undefined) assertPositiveInteger(options.magic, 'parseIdx', 'magic');
  if (bytes?.[Symbol.toStringTag] !== 'Uint8Array') {
    const hint = 'An ArrayBuffer? Pass new Uint8Array(buffer).';
    throw new ShapeError({
      where: name,
      argument: 'bytes',
      expected: 'be a Uint8Array',
      actual: describe(bytes),
      hint,
    });
  }
  const { type, shape, headerBytes, count, length: expectedBytes } = readHeader(bytes, name, options.magic);
  if (bytes.length !== expectedBytes) {
    throw new FormatError({
      where: name,
      argument: 'length',
      expected: `be ${expectedBytes} bytes for ${type.name} of shape ${formatShape(shape)}`,
      actual: String(bytes.length),
      hint:
        bytes.length < expectedBytes
          ? 'The file is truncated: fetch it again.'
          : 'There are extra bytes after the numbers: fetch the file again.',
    });
  }
  return { shape, values: type.read(bytes.subarray(headerBytes), count) };
}

/**
 * The length of an IDX file in bytes, according to its header. This allows a check before the file is unpacked.
 *
 * @param start the first bytes of the file, with the complete header
 * @throws FormatError if they are not a header
 */
export function idxLength(start: Uint8Array, name: string): number {
  return readHeader(start, name, undefined).length;
}

interface Header {
  readonly type: NumberType;
  readonly shape: readonly number[];
  readonly headerBytes: number;
  /** The number of values. */
  readonly count: number;
  /** The expected number of bytes of the file. */
  readonly length: number;
}

function readHeader(bytes: Uint8Array, name: string, magic: number | undefined): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = checkMagic(view, name, magic);
  const shape = checkShape(view, name);
  const headerBytes = 4 + 4 * shape.length;
  // A product of sizes may exceed 2⁵³ and be rounded, but never to a valid length of an array of bytes.
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size);
  return { type, shape, headerBytes, count, length: headerBytes + count * type.bytes };
}

function checkMagic(view: DataView, name: string, expectedMagic: number | undefined): NumberType {
  if (view.byteLength < 4) {
    const actual = `${view.byteLength} bytes`;
    const hint =
      view.byteLength === 0 ? 'The file is empty: fetch it again.' : 'The file is truncated: fetch it again.';
    throw new FormatError({ where: name, argument: 'header', expected: 'have at least 4 bytes', actual, hint });
  }
  const magic = view.getUint32(0);
  const type = magic >>> 16 === 0 ? NUMBER_TYPES[view.getUint8(2)] : undefined;
  const rank = view.getUint8(3);
  const isExpected = expectedMagic === undefined || magic === expectedMagic;
  if (type !== undefined && rank > 0 && isExpected) return type;
  throw new FormatError({
    where: name,
    argument: 'magic',
    expected:
      expectedMagic === undefined
        ? 'be the bytes 00 00, a number type (08, 09, 0b, 0c, 0d or 0e) and the number of axes (01 or more)'
        : `be ${hex(expectedMagic)}`,
    actual: hex(magic),
    hint: wayOut(magic, type, rank),
  });
}

function wayOut(magic: number, type: NumberType | undefined, rank: number): string {
  if (magic >>> 16 === 0x1f8b) return 'The file is still gzipped: gunzip it first.';
  if (type === undefined || rank === 0) return 'This is not an IDX file: give one such as train-images-idx3-ubyte.';
  const axes = rank === 1 ? '1 axis' : `${rank} axes`;
  return `This is an IDX file of ${type.name} with ${axes}: were the files of images and labels swapped?`;
}

function checkShape(view: DataView, name: string): number[] {
  const rank = view.getUint8(3);
  const headerBytes = 4 + 4 * rank;
  if (view.byteLength < headerBytes) {
    throw new FormatError({
      where: name,
      argument: 'header',
      expected: `have ${headerBytes} bytes: 4, and 4 for each of ${rank} sizes`,
      actual: `${view.byteLength} bytes`,
      hint: 'The file is truncated: fetch it again.',
    });
  }
  return Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

type Getter = 'getInt16' | 'getInt32' | 'getFloat32' | 'getFloat64';

function decode<Numbers extends Int16Array | Int32Array | Float32Array | Float64Array>(
  bytes: Uint8Array,
  into: Numbers,
  getter: Getter,
): Numbers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < into.length; i++) into[i] = view[getter](i * into.BYTES_PER_ELEMENT);
  return into;
}
