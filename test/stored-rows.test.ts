import { nextTask } from '../src/core/task.js';
import { type AnyRows, blocksOf, rowsAt } from '../src/data/any-rows.js';
import { KeptRows } from '../src/data/kept-rows.js';
import { readInOrder } from '../src/data/rows-in-order.js';
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

  it('passes on an error that comes while a block is used', async () => {
    const broken = new StoredRows([4, 1], async (start, _end, into) => {
      if (start === 2) throw new Error('disk');
      into.fill(1);
    });
    const unhandled: unknown[] = [];
    const listen = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    const blocks = broken.blocks(2);
    await blocks.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(blocks.next()).rejects.toThrow('disk');
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
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

describe('stored rows in the order of batches', () => {
  /** The first number of each row, divided by 10. */
  async function inOrder(rows: StoredRows, order: readonly number[] | undefined, start: number, end: number) {
    const into = new Float32Array(2 * (end - start) + 1).fill(-1);
    await readInOrder(rows, { order: order && Int32Array.from(order), start, end }, into);
    expect(into.at(-1)).toBe(-1);
    for (let i = 0; i < into.length - 1; i += 2) expect(into[i + 1]).toBe(into[i] + 1);
    return [...into.subarray(0, -1)].filter((_, i) => i % 2 === 0).map((first) => first / 10);
  }

  it('are a part of an order, with rows twice, or a range', async () => {
    const order = [7, 3, 8, 0, 3, 9, 1];
    expect(await inOrder(stored(10).rows, order, 0, 7)).toEqual(order);
    expect(await inOrder(stored(10).rows, order, 2, 6)).toEqual([8, 0, 3, 9]);
    expect(await inOrder(stored(10).rows, undefined, 4, 7)).toEqual([4, 5, 6]);
    expect(await inOrder(stored(10).rows, order, 3, 3)).toEqual([]);
  });

  it('are read with their neighbours, but not with rows that are far', async () => {
    const { rows, reads } = stored(200_000);
    const order = [150_000, 12, 4000, 150_001, 100_000, 4097, 8194];
    expect(await inOrder(rows, order, 0, 7)).toEqual(order);
    // 4096 rows lie between 4097 and 8194: as many numbers as are read for nothing, and no more.
    expect(reads.sort(([a], [b]) => a - b)).toEqual([
      [12, 8195],
      [100_000, 100_001],
      [150_000, 150_002],
    ]);
    const again = stored(200_000);
    expect((await inOrder(again.rows, [4097, 8195], 0, 2)).length).toBe(2);
    expect(again.reads.length).toBe(2);
  });

  it('are read in pieces', async () => {
    const { rows, reads } = stored(150_000);
    await inOrder(rows, undefined, 0, 150_000);
    expect(reads).toEqual([
      [0, 65_536],
      [65_536, 131_072],
      [131_072, 150_000],
    ]);
  });

  it('end with the error of a read, after the reads that have begun and before others', async () => {
    let [pending, count] = [0, 0];
    const long = 10_000;
    const rows = new StoredRows([100, long], async (start, _end, into) => {
      into.fill(1);
      [pending, count] = [pending + 1, count + 1];
      await nextTask();
      if (start === 20) await nextTask();
      pending--;
      if (start === 30) throw new Error('disk');
    });
    const order = Int32Array.from({ length: 10 }, (_, i) => 10 * i + 20);
    const into = new Float32Array(10 * long);
    await expect(readInOrder(rows, { order, start: 0, end: 10 }, into)).rejects.toThrow('disk');
    expect([pending, count]).toEqual([0, 4]);
  });

  it('are no longer read once they are not needed', async () => {
    let count = 0;
    const long = 10_000;
    const rows = new StoredRows([100, long], async (_start, _end, into) => {
      into.fill(++count);
    });
    const order = Int32Array.from({ length: 10 }, (_, i) => 10 * i);
    await readInOrder(rows, { order, start: 0, end: 10 }, new Float32Array(10 * long), () => count >= 6);
    expect(count).toBe(6);
  });

  it('name a row that is not finite', async () => {
    const rows = new StoredRows([9, 2], async (start, end, into) => {
      for (let i = start; i < end; i++) if (i !== 5) into.fill(1, 2 * (i - start), 2 * (i - start) + 2);
    });
    await expect(inOrder(rows, [7, 5], 0, 2)).rejects.toThrow(
      'StoredRows: row 5 must have the same finite numbers in each pass; got NaN.',
    );
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
