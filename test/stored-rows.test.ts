import { nextTask } from '../src/core/task.js';
import { StoredRows } from '../src/data/stored-rows.js';

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
async function blocksOf(rows: StoredRows, size: number): Promise<number[][]> {
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
    for (const _ of [1, 2]) expect(await blocksOf(rows, 2)).toEqual([[0, 1], [2, 3], [4]]);
    expect(await blocksOf(rows, 9)).toEqual([[0, 1, 2, 3, 4]]);
    expect(await blocksOf(rows, 5)).toEqual([[0, 1, 2, 3, 4]]);
    expect(await blocksOf(stored(0).rows, 3)).toEqual([]);
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
    for (const size of [1, 2, 3, 4, 100]) expect((await blocksOf(some, size)).flat()).toEqual([0, 1, 5, 6, 7, 19]);
    expect((await blocksOf(some.take(Int32Array.of(1, 2, 5)), 2)).flat()).toEqual([1, 5, 19]);
    expect(await blocksOf(rows.take(new Int32Array(0)), 2)).toEqual([]);
  });

  it('reads no more rows at once than a block has', async () => {
    const { rows, reads } = stored(1000);
    await blocksOf(rows.take(Int32Array.from({ length: 100 }, (_, i) => 10 * i)), 8);
    for (const [start, end] of reads) expect(end - start).toBeLessThanOrEqual(8);
  });

  it('changes blocks in place', async () => {
    const { rows } = stored(5);
    const doubled = rows.changed(({ values }) => {
      for (let i = 0; i < values.length; i++) values[i] *= 2;
    });
    expect((await blocksOf(doubled, 2)).flat()).toEqual([0, 2, 4, 6, 8]);
    expect((await blocksOf(doubled.take(Int32Array.of(3)), 2)).flat()).toEqual([6]);
    expect((await blocksOf(rows, 2)).flat()).toEqual([0, 1, 2, 3, 4]);
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
    [[1, 0], 'places[1] must be rows in ascending order, in [0, 3); got 0'],
    [[0, 0], 'places[1]'],
    [[3], 'places[0]'],
    [[-1], 'places[0]'],
  ])('refuses the places %j', (places, message) => {
    expect(() => stored(3).rows.take(Int32Array.from(places))).toThrow(message);
  });
});
