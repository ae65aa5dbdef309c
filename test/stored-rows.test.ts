import { nextTask } from '../src/core/task.js';
import { type AnyRows, blocksOf, rowsAt } from '../src/data/any-rows.js';
import { KeptRows } from '../src/data/kept-rows.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { modelOf } from './helpers/models.js';

/** Rows of two numbers, 10·i and 10·i + 1, and what was read. */
function stored(n: number): { rows: StoredRows; reads: [number, number][] } {
  const reads: [number, number][] = [];
  const rows = new StoredRows([n, 2], async (start, end, into) => {
    reads.push([start, end]);
    await nextTask();
    for (let i = start; i < end; i++) into.set([10 * i, 10 * i + 1], 2 * (i - start));
  });
  return { rows, reads };
}

/** The first number of each row, divided by 10, in blocks. */
async function firstsOf(rows: StoredRows, size: number): Promise<number[][]> {
  const blocks: number[][] = [];
  for await (const { values, shape } of rows.blocks(size)) {
    expect(values.length).toBe(2 * shape[0]);
    blocks.push([...values].filter((_, i) => i % 2 === 0).map((value) => value / 10));
  }
  return blocks;
}

describe('StoredRows', () => {
  it('gives all rows in order, in each pass', async () => {
    const { rows } = stored(5);
    for (const _ of [1, 2]) expect(await firstsOf(rows, 2)).toEqual([[0, 1], [2, 3], [4]]);
    expect(await firstsOf(rows, 9)).toEqual([[0, 1, 2, 3, 4]]);
    expect(await firstsOf(rows, 5)).toEqual([[0, 1, 2, 3, 4]]);
    expect(await firstsOf(stored(0).rows, 3)).toEqual([]);
  });

  it('reads the next block while one is used, and no further', async () => {
    const { rows, reads } = stored(9);
    const blocks = rows.blocks(3);
    const { value } = await blocks.next();
    const first = [...(value?.values ?? [])];
    expect(reads).toEqual([
      [0, 3],
      [3, 6],
    ]);
    await nextTask();
    await nextTask();
    expect([...(value?.values ?? [])]).toEqual(first);
    await blocks.return();
    expect(reads.length).toBe(2);
  });

  it('takes some of the rows, and some of these', async () => {
    const { rows } = stored(20);
    const some = rows.take(Int32Array.of(0, 1, 5, 6, 7, 19));
    expect(some.shape).toEqual([6, 2]);
    for (const size of [1, 2, 3, 4, 100]) expect((await firstsOf(some, size)).flat()).toEqual([0, 1, 5, 6, 7, 19]);
    expect((await firstsOf(some.take(Int32Array.of(1, 2, 5)), 2)).flat()).toEqual([1, 5, 19]);
    expect(await firstsOf(rows.take(new Int32Array(0)), 2)).toEqual([]);
  });

  it('takes rows in reads that overlap', async () => {
    const slow = new StoredRows([20, 1], async (start, end, into) => {
      for (let i = start; i < end; i++) into[i - start] = i;
      await nextTask();
    });
    const some = slow.take(Int32Array.of(4, 5, 8, 9));
    const [one, other] = [new Float64Array(2), new Float64Array(2)];
    await Promise.all([some.read(0, 2, one), some.read(2, 4, other)]);
    expect([[...one], [...other]]).toEqual([
      [4, 5],
      [8, 9],
    ]);
  });

  it('reads no more rows at once than a block has', async () => {
    const { rows, reads } = stored(1000);
    await firstsOf(rows.take(Int32Array.from({ length: 100 }, (_, i) => 10 * i)), 8);
    for (const [start, end] of reads) expect(end - start).toBeLessThanOrEqual(8);
  });

  it('reads rows on request', async () => {
    const into = new Float64Array(5).fill(-1);
    await stored(9)
      .rows.take(Int32Array.of(2, 4, 5))
      .read(1, 3, into);
    expect([...into]).toEqual([40, 41, 50, 51, -1]);
    const { rows } = stored(9);
    await expect(rows.read(0, 10, new Float64Array(40))).rejects.toThrow('[start, end) must lie within [0, 9)');
    await expect(rows.read(0, 2, new Float64Array(3))).rejects.toThrow('into must be a Float64Array of at least 4');
  });

  it.each([
    ['[3]', () => new StoredRows([3] as never, async () => {}), 'StoredRows: shape must be [n, d]'],
    ['[3, 0.5]', () => new StoredRows([3, 0.5], async () => {}), 'two integers ≥ 0'],
    ['[-1, 2]', () => new StoredRows([-1, 2], async () => {}), 'two integers ≥ 0'],
    ['no function', () => new StoredRows([1, 2], 7 as never), 'StoredRows: read must be a function'],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });

  it('refuses blocks of no rows', async () => {
    await expect(stored(3).rows.blocks(0).next()).rejects.toThrow('StoredRows: rows must be an integer > 0; got 0');
  });

  it('passes on an error, and none of a block that is not wanted', async () => {
    const broken = new StoredRows([4, 1], async (start) => {
      if (start === 2) throw new Error('disk');
    });
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const { shape } of broken.blocks(2)) seen.push(shape[0]);
      })(),
    ).rejects.toThrow('disk');
    expect(seen).toEqual([2]);
    for await (const _ of broken.blocks(2)) break;
  });

  it.each([
    [[1, 0], 'indices[1] must be rows in ascending order, in [0, 3); got 0'],
    [[0, 0], 'indices[1]'],
    [[3], 'indices[0]'],
    [[-1], 'indices[0]'],
  ])('refuses the places %j', (places, message) => {
    expect(() => stored(3).rows.take(Int32Array.from(places))).toThrow(message);
  });
});

describe('rows wherever they are', () => {
  const values = Float64Array.from({ length: 12 }, (_, i) => i % 5);
  const kept = new KeptRows(3);
  kept.add({ values, shape: [4, 3] });
  const stored = new StoredRows([4, 3], async (start, end, into) => into.set(values.subarray(3 * start, 3 * end)));
  const rows: readonly [string, AnyRows][] = [
    ['an array', { values, shape: [4, 3] }],
    ['bytes with a scale', { values: Uint8Array.from(values, (x) => 2 * x), shape: [4, 3], scale: 2 }],
    ['kept', kept],
    ['stored', stored],
  ];

  it.each(rows)('are found by number, and in blocks: %s', async (_, each) => {
    const found = await rowsAt(each, [3, 0, 3]);
    expect(found.map((row) => [...row])).toEqual([
      [4, 0, 1],
      [0, 1, 2],
      [4, 0, 1],
    ]);
    expect(await rowsAt(each, [])).toEqual([]);
    const all: number[] = [];
    for await (const { values: some, scale = 1 } of blocksOf(each)) for (const x of some) all.push(x / scale);
    expect(all).toEqual([...values]);
  });

  it('have the same predictions and evaluations', async () => {
    const model = modelOf(
      [
        [1, -1],
        [0.5, 0],
        [0, 2],
      ],
      [0, 0.1],
      [0, 1],
    );
    const labels: (0 | 1)[] = [0, 1, 1, 0];
    const features = { values, shape: [4, 3] as const };
    expect(await model.predictProbabilitiesAsync(stored)).toEqual(await model.predictProbabilitiesAsync(features));
    expect(await model.predictAsync(stored)).toEqual(await model.predictAsync(features));
    expect(await model.predictTopKAsync(stored, 2)).toEqual(await model.predictTopKAsync(features, 2));
    expect(await model.evaluate(stored, labels)).toEqual(await model.evaluate(features, labels));
    const [own, other] = [await model.calibrate(stored, labels), await model.calibrate(features, labels)];
    expect(own.temperature).toBe(other.temperature);
    await expect(model.evaluate(new StoredRows([4, 2], async () => {}), labels)).rejects.toThrow('3');
  });
});
