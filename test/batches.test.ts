import fc from 'fast-check';
import { Random } from '../src/core/random.js';
import {
  asFeatureArray,
  batchRanges,
  type FeatureArray,
  type FeatureValues,
  gatherEntries,
  gatherRows,
} from '../src/data/batches.js';

const bytes: FeatureArray<Uint8Array> = { values: Uint8Array.of(0, 51, 102, 153, 204, 255), shape: [3, 2], scale: 255 };
const floats: FeatureArray<Float32Array> = { values: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };

/** The expected result of gatherRows, computed number by number. */
function rowsOf({ values, shape, scale = 1 }: FeatureArray, order: ArrayLike<number>): number[] {
  return Array.from(order).flatMap((row) =>
    Array.from({ length: shape[1] }, (_, j) => Math.fround(values[row * shape[1] + j] / scale)),
  );
}

describe('batchRanges', () => {
  it('keeps the short last batch', () => {
    expect(batchRanges(10, 4)).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
    ]);
  });

  it('splits any count into full batches and one remainder, without gaps or overlaps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 600 }), (count, batchSize) => {
        const ranges = batchRanges(count, batchSize);
        expect(ranges.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i))).toEqual(
          Array.from({ length: count }, (_, i) => i),
        );
        expect(ranges.slice(0, -1).every(([start, end]) => end - start === batchSize)).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it.each([
    [-1, 4, 'count'],
    [1.5, 4, 'count'],
    [10, 0, 'batchSize'],
    [10, 2.5, 'batchSize'],
    [10, Number.NaN, 'batchSize'],
  ])('rejects %p samples in batches of %p', (count, batchSize, argument) => {
    expect(() => batchRanges(count, batchSize)).toThrow(expect.objectContaining({ code: 'DOMAIN', argument }));
  });
});

describe('gatherRows', () => {
  it('returns the rows listed in the order, divided by the scale', () => {
    expect(Array.from(gatherRows(bytes, Int32Array.of(2, 0, 1), 0, 2))).toEqual([0.8, 1, 0, 0.2].map(Math.fround));
  });

  it('divides each byte by 255 exactly as float32 division does', () => {
    const values = Uint8Array.from({ length: 256 }, (_, i) => i);
    const quotients = Array.from(values, (value) => Math.fround(value / 255));
    expect(Array.from(gatherRows({ values, shape: [1, 256], scale: 255 }, undefined, 0, 1))).toEqual(quotients);
  });

  it.each<[string, FeatureValues]>([
    ['Uint8Array', new Uint8Array(35)],
    ['Int8Array', new Int8Array(35)],
    ['Int16Array', new Int16Array(35)],
    ['Int32Array', new Int32Array(35)],
    ['Float32Array', new Float32Array(35)],
    ['Float64Array', new Float64Array(35)],
  ])('returns every sample of an epoch over a %s, batch by batch', (_, values) => {
    const random = new Random(2);
    for (let i = 0; i < values.length; i++) values[i] = random.below(100);
    const features: FeatureArray = { values, shape: [7, 5], scale: 4 };
    const order = random.permutation(7);
    const buffer = new Float32Array(3 * 5);
    const epoch = batchRanges(7, 3).map(([start, end]) => Array.from(gatherRows(features, order, start, end, buffer)));
    expect(epoch.map((batch) => batch.length)).toEqual([15, 15, 5]);
    expect(epoch.flat()).toEqual(rowsOf(features, order));
  });

  it('returns consecutive float32 rows as a view, without a copy', () => {
    const batch = gatherRows(floats, undefined, 1, 3);
    expect(batch.buffer).toBe(floats.values.buffer);
    expect(Array.from(batch)).toEqual([3, 4, 5, 6]);
  });

  it('fills the start of a given buffer and returns a view of it, also for a short batch', () => {
    const buffer = new Float32Array(6).fill(9);
    const batch = gatherRows(floats, undefined, 2, 3, buffer);
    expect(batch.buffer).toBe(buffer.buffer);
    expect(Array.from(batch)).toEqual([5, 6]);
    expect(Array.from(buffer)).toEqual([5, 6, 9, 9, 9, 9]);
  });

  it('scales a copy of float32 rows, and leaves the buffer past the batch unchanged', () => {
    const scaled = { ...floats, scale: 2 };
    const buffer = new Float32Array(6).fill(9);
    expect(Array.from(gatherRows(scaled, undefined, 0, 1))).toEqual([0.5, 1]);
    expect(Array.from(gatherRows(scaled, Int32Array.of(2), 0, 1, buffer))).toEqual([2.5, 3]);
    expect(Array.from(buffer)).toEqual([2.5, 3, 9, 9, 9, 9]);
    expect(Array.from(floats.values)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('accepts an order that repeats samples', () => {
    expect(Array.from(gatherRows(floats, Int32Array.of(0, 0, 2, 2), 1, 4))).toEqual([1, 2, 5, 6, 5, 6]);
  });

  it('returns an empty batch for an empty range or samples without features', () => {
    expect(gatherRows(floats, undefined, 3, 3)).toHaveLength(0);
    expect(gatherRows({ values: new Uint8Array(0), shape: [3, 0] }, Int32Array.of(0, 2), 0, 2)).toHaveLength(0);
  });

  it.each<[string, FeatureArray, Int32Array | undefined, number, number, number | undefined, object]>([
    ['a range past the samples', floats, undefined, 1, 4, undefined, { code: 'DOMAIN', argument: '[start, end)' }],
    ['a range past the order', floats, Int32Array.of(0), 0, 2, undefined, { code: 'DOMAIN', actual: '[0, 2)' }],
    ['a reversed range', floats, undefined, 2, 1, undefined, { code: 'DOMAIN', actual: '[2, 1)' }],
    ['a fractional range', floats, undefined, 0, 1.5, undefined, { code: 'DOMAIN', actual: '[0, 1.5)' }],
    ['a row past the samples', floats, Int32Array.of(0, 3), 0, 2, undefined, { code: 'DOMAIN', argument: 'order[1]' }],
    ['a negative row', floats, Int32Array.of(-1), 0, 1, undefined, { code: 'DOMAIN', argument: 'order[0]' }],
    ['a buffer that is too small', floats, undefined, 0, 3, 5, { code: 'SHAPE', argument: 'into', actual: '5' }],
    [
      'a shape with fewer entries than values',
      { ...floats, shape: [2, 2] },
      undefined,
      0,
      1,
      undefined,
      { code: 'SHAPE' },
    ],
    ['scale 0', { ...floats, scale: 0 }, undefined, 0, 1, undefined, { code: 'DOMAIN', argument: 'features.scale' }],
  ])('rejects %s', (_, features, order, start, end, room, fields) => {
    const into = room === undefined ? undefined : new Float32Array(room);
    expect(() => gatherRows(features, order, start, end, into)).toThrow(
      expect.objectContaining({
        where: 'gatherRows',
        ...fields,
      }),
    );
  });
});

describe('gatherEntries', () => {
  it('returns the labels listed in the order, with their own type', () => {
    const labels = gatherEntries(Int32Array.of(7, 8, 9), Int32Array.of(2, 0, 1), 0, 2);
    expect(labels[Symbol.toStringTag]).toBe('Int32Array');
    expect(Array.from(labels)).toEqual([9, 7]);
  });

  it('keeps labels aligned with their rows', () => {
    const features: FeatureArray = { values: Float32Array.from({ length: 50 }, (_, i) => i), shape: [50, 1] };
    const labels = Int32Array.from({ length: 50 }, (_, i) => i);
    const order = new Random(3).permutation(50);
    for (const [start, end] of batchRanges(50, 8)) {
      expect(Array.from(gatherRows(features, order, start, end))).toEqual(
        Array.from(gatherEntries(labels, order, start, end)),
      );
    }
  });

  it('returns consecutive entries as a view, without a copy', () => {
    const weights = Float64Array.of(1, 2, 3);
    expect(gatherEntries(weights, undefined, 1, 3).buffer).toBe(weights.buffer);
  });

  it('rejects an order with an index out of range', () => {
    expect(() => gatherEntries(Int32Array.of(1, 2), Int32Array.of(0, 2), 0, 2)).toThrow(
      expect.objectContaining({
        code: 'DOMAIN',
        where: 'gatherEntries',
        argument: 'order[1]',
        expected: 'be in [0, 2)',
        actual: '2',
      }),
    );
  });
});

describe('asFeatureArray', () => {
  it('copies rows of numbers, plain or typed, into one Float64Array', () => {
    for (const rows of [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [1, 3, 5].map((first) => Float32Array.of(first, first + 1)),
    ]) {
      const { values, shape } = asFeatureArray(rows);
      expect(values[Symbol.toStringTag]).toBe('Float64Array');
      expect(Array.from(values)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(shape).toEqual([3, 2]);
    }
  });

  it('returns a FeatureArray without a copy', () => {
    expect(asFeatureArray(bytes)).toBe(bytes);
  });

  it('accepts the largest float32 number', () => {
    expect(asFeatureArray([[3.4028234663852886e38]]).values[0]).toBe(3.4028234663852886e38);
  });

  it.each<[string, unknown, object]>([
    ['rows of different lengths', [[1, 2], [3]], { code: 'SHAPE', argument: 'features' }],
    ['a single row instead of a list of rows', [1, 2], { code: 'SHAPE', argument: 'features[0]' }],
    [
      'NaN',
      [
        [1, 2],
        [3, Number.NaN],
      ],
      { code: 'DOMAIN', argument: 'features[1][1]', actual: 'NaN' },
    ],
    ['infinity', [[Number.POSITIVE_INFINITY]], { code: 'DOMAIN', argument: 'features[0][0]', actual: 'Infinity' }],
    ['a number that float32 cannot hold', [[1e39]], { code: 'DOMAIN', actual: '1e+39' }],
    ['a missing number', [[1, null]], { code: 'DOMAIN', argument: 'features[0][1]', actual: 'null' }],
    ['a number in quotes', [['5.1']], { code: 'DOMAIN', argument: 'features[0][0]', actual: '"5.1"' }],
    [
      'NaN in a typed array',
      { values: Float32Array.of(0, 0, 0, Number.NaN), shape: [2, 2] },
      { code: 'DOMAIN', argument: 'features[1][1]' },
    ],
    ['a typed array without a shape', Float32Array.of(1, 2), { code: 'SHAPE', actual: 'a Float32Array of 2' }],
    ['a shape of rank 3', { values: new Uint8Array(8), shape: [2, 2, 2] }, { code: 'SHAPE', actual: '[2, 2, 2]' }],
    ['values of 64-bit integers', { values: new BigInt64Array(1), shape: [1, 1] }, { code: 'SHAPE' }],
    ['undefined', undefined, { code: 'SHAPE', actual: 'undefined' }],
  ])('rejects %s', (_, features, fields) => {
    expect(() => asFeatureArray(features as FeatureArray)).toThrow(expect.objectContaining(fields));
  });
});
