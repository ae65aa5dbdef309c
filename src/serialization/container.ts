// serialization: the writer of safetensors files: a JSON header, then tensors.
import { type Dtype, MAX_HEADER_BYTES } from '../predict/container.js';
import { type Fail, sortedJson } from '../predict/json.js';

/** The numbers of a tensor. */
export type TensorValues = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/** Tensors in file layout: their header entries and their bytes. */
export interface LaidOut {
  readonly entries: Readonly<Record<string, object>>;
  readonly data: Uint8Array;
}

/** Lays out tensors one after the other, in the given order. */
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
 * @param fail makes the error for a header that is too large
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

const DTYPES = { Float32Array: 'F32', Float64Array: 'F64', Int32Array: 'I32', Uint8Array: 'U8' } as const;

export function dtypeOf(values: TensorValues): Dtype {
  return DTYPES[values[Symbol.toStringTag]];
}

/** Little-endian bytes of the numbers, whatever the byte order of the machine. */
export function littleEndian(numbers: TensorValues): Uint8Array {
  const bytes = new Uint8Array(numbers.byteLength);
  const view = new DataView(bytes.buffer);
  const dtype = dtypeOf(numbers);
  if (dtype === 'F32') for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i], true);
  else if (dtype === 'F64') for (let i = 0; i < numbers.length; i++) view.setFloat64(8 * i, numbers[i], true);
  else if (dtype === 'I32') for (let i = 0; i < numbers.length; i++) view.setInt32(4 * i, numbers[i], true);
  else bytes.set(numbers);
  return bytes;
}
