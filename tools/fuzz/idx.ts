// IDX files: parseIdx accepts exactly the files that an independent writer produces.
import { type IdxArray, parseIdx } from '../../src/data/idx.js';
import { Violation } from './guard.js';
import { mutate, pick } from './mutate.js';
import { corpus, type Target } from './target.js';

const FILES = [...corpus('idx').values()];

export const idx: Target = {
  name: 'idx',
  make: (random) => mutate(pick(FILES, random), FILES, random),
  check: (bytes) => assertSameBytes(parseIdx(bytes), bytes),
};

const CODES: Readonly<Record<string, readonly [number, number]>> = {
  Uint8Array: [8, 1],
  Int8Array: [9, 1],
  Int16Array: [11, 2],
  Int32Array: [12, 4],
  Float32Array: [13, 4],
  Float64Array: [14, 8],
};

/** @throws Violation if the array written as IDX differs from the file */
export function assertSameBytes({ shape, values }: IdxArray, bytes: Uint8Array): void {
  const [code, width] = CODES[values[Symbol.toStringTag]];
  const header = 4 + 4 * shape.length;
  const written = Buffer.alloc(header + values.length * width);
  written.set([0, 0, code, shape.length]);
  shape.forEach((size, axis) => {
    written.writeUInt32BE(size, 4 + 4 * axis);
  });
  if (values.length !== (shape.includes(0) ? 0 : shape.reduce((a, b) => a * b)))
    throw new Violation('the number of values does not match the shape');
  const isFloat = width === 8 || code === 13;
  for (let i = 0, at = header; i < values.length; i++, at += width) {
    // The payload of a NaN may be lost.
    const isNaNThere =
      Number.isNaN(values[i]) && Number.isNaN(Buffer.from(bytes)[width === 8 ? 'readDoubleBE' : 'readFloatBE'](at));
    if (isFloat && isNaNThere) written.set(bytes.subarray(at, at + width), at);
    else if (width === 8) written.writeDoubleBE(values[i], at);
    else if (isFloat) written.writeFloatBE(values[i], at);
    else written.writeIntBE(code === 8 && values[i] > 127 ? values[i] - 256 : values[i], at, width);
  }
  if (!written.equals(bytes)) throw new Violation('the array written as IDX differs from the file');
}
