import fc from 'fast-check';
import { Random } from '../src/core/random.js';
import { Aborted, ONE_PROCESS, type Reduction } from '../src/core/ranks/communicator.js';
import { sumOverRanks } from '../src/core/ranks/sum.js';
import { type Part, VectorSum } from '../src/core/tree-sum.js';
import { ranksOf } from './helpers/local-ranks.js';

const random = new Random(1);

/** Vectors whose sum depends on the order. */
function vectorsOf(count: number, length: number): Float64Array[] {
  return Array.from({ length: count }, () =>
    Float64Array.from({ length }, () => random.normal() * 10 ** random.below(12)),
  );
}

/** The sum of blocks from `first`, if they are there. */
function treeOf(vectors: readonly Float64Array[], first: number, end: number, present: readonly boolean[]): VectorSum {
  const tree = new VectorSum(first);
  for (let block = first; block < end; block++) if (present[block] ?? true) tree.add(block, vectors[block].slice());
  return tree;
}

/** Some blocks, cut into ranges: empty ones, and more ranges than blocks, included. */
const cut = fc.integer({ min: 1, max: 200 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    cuts: fc.array(fc.nat({ max: count }), { maxLength: 12 }),
    present: fc.oneof(fc.constant([] as boolean[]), fc.array(fc.boolean(), { minLength: count, maxLength: count })),
  }),
);

function rangesOf(count: number, cuts: readonly number[]): [number, number][] {
  const ends = [...cuts, count].sort((a, b) => a - b);
  return ends.map((end, i) => [i === 0 ? 0 : ends[i - 1], end]);
}

describe('the parts of a TreeSum', () => {
  it('give the bits of one sum, however the blocks are cut into ranges', () => {
    fc.assert(
      fc.property(cut, ({ count, cuts, present }) => {
        const vectors = vectorsOf(count, 2);
        const whole = treeOf(vectors, 0, count, present).total();
        const tree = new VectorSum();
        for (const [first, end] of rangesOf(count, cuts)) {
          const parts = treeOf(vectors, first, end, present).parts(end);
          for (const { block, sum } of parts) tree.add(block, sum);
        }
        expect(tree.total()).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [0, 8, [0]],
    [0, 7, [0, 4, 6]],
    [1, 8, [1, 2, 4]],
    [1, 3, [1, 2]],
    [3, 5, [3, 4]],
    [5, 5, []],
  ])('of the blocks from %i to %i begin with %j', (first, end, blocks) => {
    const tree = treeOf(vectorsOf(8, 1), first, end, []);
    expect(tree.parts(end).map(({ block }) => block)).toEqual(blocks);
    expect(tree.total()).toBeUndefined();
  });

  it('are few', () => {
    const vectors = Array.from({ length: 1000 }, () => Float64Array.of(1));
    expect(treeOf(vectors, 1, 999, []).parts(999).length).toBeLessThanOrEqual(18);
  });
});

describe('sumOverRanks', () => {
  const sumsOf = async (all: readonly Part<Float64Array>[][], length: number) => {
    const ranks = ranksOf(all.length);
    return Promise.all(ranks.map((communicator, rank) => sumOverRanks(communicator, all[rank], length)));
  };

  it('has the bits of one process on every rank', async () => {
    await fc.assert(
      fc.asyncProperty(cut, fc.constantFrom(0, 1, 3), async ({ count, cuts, present }, length) => {
        const vectors = vectorsOf(count, length);
        const expected = treeOf(vectors, 0, count, present).total() ?? new Float64Array(length);
        const parts = rangesOf(count, cuts).map(([first, end]) => treeOf(vectors, first, end, present).parts(end));
        for (const sum of await sumsOf(parts, length)) expect(sum).toEqual(expected);
      }),
    );
  });

  it('has them for vectors of several tiles, and leaves the parts unchanged', async () => {
    const length = 200_000;
    const vectors = vectorsOf(5, length);
    const expected = treeOf(vectors, 0, 5, []).total();
    const parts = rangesOf(5, [1, 1, 4]).map(([first, end]) => treeOf(vectors, first, end, []).parts(end));
    const before = parts.map((each) => each.map(({ sum }) => sum.slice()));
    for (const sum of await sumsOf(parts, length)) expect(Buffer.compare(bytes(sum), bytes(expected))).toBe(0);
    for (const [i, each] of parts.entries())
      for (const [j, { sum }] of each.entries()) expect(Buffer.compare(bytes(sum), bytes(before[i][j]))).toBe(0);
  });

  it('is zeros if no rank has a block', async () => {
    expect(await sumsOf([[], []], 2)).toEqual([new Float64Array(2), new Float64Array(2)]);
  });

  it('refuses vectors of different lengths, on all ranks', async () => {
    const [one, other] = ranksOf(2);
    const sums = await Promise.allSettled([sumOverRanks(one, [], 2), sumOverRanks(other, [], 3)]);
    expect(sums).toMatchObject([
      { reason: { code: 'BACKEND', argument: 'rank 1', actual: 'lengths 2 and 3' } },
      { reason: { code: 'BACKEND', argument: 'rank 0', actual: 'lengths 3 and 2' } },
    ]);
  });

  it('refuses blocks that are not in the order of the ranks', async () => {
    const part = (block: number) => [{ block, sum: Float64Array.of(1) }];
    const ranks = ranksOf(2);
    const sums = ranks.map((communicator, rank) => sumOverRanks(communicator, part(1 - rank), 1));
    for (const sum of await Promise.allSettled(sums))
      expect(sum).toMatchObject({ reason: { code: 'BACKEND', expected: 'have blocks after 1', actual: 'block 0' } });
  });
});

function bytes(numbers: Float64Array = new Float64Array()): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

describe('one process', () => {
  it('is rank 0 of 1, and gathers and reduces what it has', async () => {
    const values = Float64Array.of(1, 2);
    const given = Uint8Array.of(1, 2);
    expect([ONE_PROCESS.rank, ONE_PROCESS.size]).toEqual([0, 1]);
    const [gathered] = await ONE_PROCESS.allGather(given);
    expect(gathered).toEqual(given);
    expect(gathered).not.toBe(given);
    await ONE_PROCESS.allReduce(values, 'sum');
    expect(values).toEqual(Float64Array.of(1, 2));
    await ONE_PROCESS.barrier();
  });

  it('throws on abort', () => {
    expect(() => ONE_PROCESS.abort('planted', 3)).toThrow(new Aborted('planted', 3));
  });

  it('refuses other arguments', async () => {
    await expect(ONE_PROCESS.allGather([1] as unknown as Uint8Array)).rejects.toMatchObject({ argument: 'bytes' });
    await expect(ONE_PROCESS.allReduce(Int32Array.of(1) as unknown as Float64Array, 'sum')).rejects.toMatchObject({
      argument: 'values',
    });
    await expect(ONE_PROCESS.allReduce(Float64Array.of(1), 'mean' as Reduction)).rejects.toMatchObject({
      argument: 'reduction',
    });
  });
});
