import fc from 'fast-check';
import { parseIdx } from '../src/data/idx.js';

interface Writer {
  readonly array: string;
  readonly bytes: number;
  readonly write: (view: DataView, at: number, value: number) => void;
  readonly numbers: fc.Arbitrary<number>;
}

/** By type code. */
const WRITERS: Readonly<Record<number, Writer>> = {
  8: {
    array: 'Uint8Array',
    bytes: 1,
    write: (view, at, value) => view.setUint8(at, value),
    numbers: fc.integer({ min: 0, max: 255 }),
  },
  9: {
    array: 'Int8Array',
    bytes: 1,
    write: (view, at, value) => view.setInt8(at, value),
    numbers: fc.integer({ min: -128, max: 127 }),
  },
  11: {
    array: 'Int16Array',
    bytes: 2,
    write: (view, at, value) => view.setInt16(at, value),
    numbers: fc.integer({ min: -32768, max: 32767 }),
  },
  12: {
    array: 'Int32Array',
    bytes: 4,
    write: (view, at, value) => view.setInt32(at, value),
    numbers: fc.integer(),
  },
  13: {
    array: 'Float32Array',
    bytes: 4,
    write: (view, at, value) => view.setFloat32(at, value),
    numbers: fc.float(),
  },
  14: {
    array: 'Float64Array',
    bytes: 8,
    write: (view, at, value) => view.setFloat64(at, value),
    numbers: fc.double(),
  },
};

/** An independent writer of the format, number by number. */
function encodeIdx(type: number, shape: readonly number[], numbers: readonly number[]): Uint8Array {
  const { bytes, write } = WRITERS[type];
  const header = 4 + 4 * shape.length;
  const view = new DataView(new ArrayBuffer(header + numbers.length * bytes));
  view.setUint8(2, type);
  view.setUint8(3, shape.length);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  numbers.forEach((number, i) => {
    write(view, header + i * bytes, number);
  });
  return new Uint8Array(view.buffer);
}

const file = fc
  .record({
    type: fc.constantFrom(8, 9, 11, 12, 13, 14),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
    offset: fc.integer({ min: 0, max: 9 }),
  })
  .chain((header) => {
    const count = header.shape.reduce((product, size) => product * size);
    const numbers = fc.array(WRITERS[header.type].numbers, { minLength: count, maxLength: count });
    return numbers.map((each) => ({ ...header, numbers: each }));
  });

const images = encodeIdx(8, [2, 3, 1], [1, 2, 3, 4, 5, 6]);

describe('parseIdx', () => {
  it('reads every type, at any offset in the buffer', () => {
    fc.assert(
      fc.property(file, ({ type, shape, numbers, offset }) => {
        const encoded = encodeIdx(type, shape, numbers);
        const bytes = new Uint8Array(offset + encoded.length).subarray(offset);
        bytes.set(encoded);
        const array = parseIdx(bytes);
        expect(array.shape).toEqual(shape);
        expect(array.values[Symbol.toStringTag]).toBe(WRITERS[type].array);
        expect(Array.from(array.values)).toEqual(numbers);
      }),
      { seed: 1 },
    );
  });

  it('matches its docstring example', () => {
    const { shape, values } = parseIdx(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9));
    expect(shape).toEqual([1, 3]);
    expect(Array.from(values)).toEqual([7, 8, 9]);
  });

  it('returns single bytes as a view, without a copy', () => {
    const { values } = parseIdx(images);
    expect(values.buffer).toBe(images.buffer);
    expect(values.byteOffset).toBe(16);
  });

  it('returns a plain Uint8Array for a Buffer', () => {
    const { values } = parseIdx(Buffer.from(images));
    expect(Buffer.isBuffer(values)).toBe(false);
  });

  it('accepts an empty array', () => {
    expect(parseIdx(encodeIdx(8, [0, 28, 28], []))).toMatchObject({ shape: [0, 28, 28], values: { length: 0 } });
    const huge = encodeIdx(12, [...Array.from({ length: 40 }, () => 0xffffffff), 0], []);
    expect(parseIdx(huge).values).toHaveLength(0);
  });

  it('rejects a file that is still gzipped, with a hint', () => {
    const gzipped = Uint8Array.of(0x1f, 0x8b, 0x08, 0x08, 0, 0, 0, 0);
    expect(() => parseIdx(gzipped, { name: 'train-images-idx3-ubyte', magic: 0x00000803 })).toThrow(
      expect.objectContaining({
        code: 'FORMAT',
        message:
          'train-images-idx3-ubyte: magic must be 0x00000803; got 0x1f8b0808. ' +
          'The file is still gzipped: gunzip it first.',
      }),
    );
  });

  it.each<[string, Uint8Array, { argument: string; actual: string }]>([
    ['an empty file', new Uint8Array(0), { argument: 'header', actual: '0 bytes' }],
    ['a file of three bytes', Uint8Array.of(0, 0, 8), { argument: 'header', actual: '3 bytes' }],
    ['text', new TextEncoder().encode('5.1,3.5'), { argument: 'magic', actual: '0x352e312c' }],
    ['an unknown type', Uint8Array.of(0, 0, 10, 1, 0, 0, 0, 0), { argument: 'magic', actual: '0x00000a01' }],
    ['rank 0', Uint8Array.of(0, 0, 8, 0), { argument: 'magic', actual: '0x00000800' }],
    ['a first byte that is not 0', Uint8Array.of(1, 0, 8, 1, 0, 0, 0, 0), { argument: 'magic', actual: '0x01000801' }],
    ['a truncated list of sizes', images.subarray(0, 15), { argument: 'header', actual: '15 bytes' }],
    ['one byte too few', images.subarray(0, 21), { argument: 'length', actual: '21' }],
    ['one byte too many', Uint8Array.of(...images, 0), { argument: 'length', actual: '23' }],
    ['a truncated number', encodeIdx(11, [2], [1, 2]).subarray(0, 11), { argument: 'length', actual: '11' }],
  ])('rejects %s', (_, bytes, fields) => {
    expect(() => parseIdx(bytes, { name: 'file' })).toThrow(
      expect.objectContaining({ code: 'FORMAT', where: 'file', ...fields }),
    );
  });

  it('rejects a header of more bytes than memory before it allocates', () => {
    const promise = encodeIdx(14, [0xffffffff, 0xffffffff, 0xffffffff], [1]);
    expect(() => parseIdx(promise)).toThrow(
      expect.objectContaining({ code: 'FORMAT', argument: 'length', actual: '24' }),
    );
  });

  it('rejects an IDX file of another kind than expected', () => {
    expect(() => parseIdx(images, { name: 'labels', magic: 0x00000801 })).toThrow(
      expect.objectContaining({
        code: 'FORMAT',
        argument: 'magic',
        expected: 'be 0x00000801',
        actual: '0x00000803',
        hint: 'This is an IDX file of uint8 with 3 axes: were the files of images and labels swapped?',
      }),
    );
  });

  it.each<[string, unknown]>([
    ['an ArrayBuffer', images.buffer],
    ['an array', [0, 0, 8, 1]],
    ['undefined', undefined],
  ])('rejects %s in place of bytes', (_, value) => {
    expect(() => parseIdx(value as Uint8Array)).toThrow(expect.objectContaining({ code: 'SHAPE', argument: 'bytes' }));
  });
});
