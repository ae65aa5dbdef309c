// Numbers in the narrowest type that keeps their bits.

import { Random } from 'softmax-regression';
import { BLOCK, NumberPacker, packedSize, unpacking, type Widths } from '../src/node/packed-numbers.js';

async function packed(values: Float64Array, piece: number) {
  const parts: Uint8Array[] = [];
  const packer = new NumberPacker(async (bytes) => void parts.push(bytes.slice()));
  for (let at = 0; at < values.length; at += piece) {
    const part = values.slice(at, at + piece);
    await packer.write(part);
    // The array belongs to the caller again.
    part.fill(7);
  }
  await packer.finish();
  const file = Buffer.concat(parts);
  const reads: number[] = [];
  const read = unpacking(packer.widths, async (bytes, at) => {
    reads.push(bytes.length);
    bytes.set(file.subarray(at, at + bytes.length));
  });
  return { widths: packer.widths, file, read, reads };
}

const bitsOf = (values: Float64Array) => new BigUint64Array(values.slice().buffer);

/** Numbers of one kind for each block; the last block is short. */
function blocksOf(kinds: readonly ((i: number) => number)[]): Float64Array {
  return Float64Array.from({ length: kinds.length * BLOCK - 1000 }, (_, i) => kinds[Math.floor(i / BLOCK)](i));
}

const byte = (i: number) => i % 256;
const float = (i: number) => (i % 1000) - 500;
const double = (i: number) => i / 3;

describe('packed numbers', () => {
  it.each<[string, number, 1 | 4 | 8]>([
    ['0', 0, 1],
    ['255', 255, 1],
    ['256', 256, 4],
    ['−1', -1, 4],
    ['−0', -0, 4],
    ['½', 0.5, 4],
    ['0.1', 0.1, 8],
    ['2²⁴ + 1', 2 ** 24 + 1, 8],
    ['the smallest float32', 2 ** -149, 4],
    ['half of it', 2 ** -150, 8],
    ['1e300', 1e300, 8],
    ['∞', Number.POSITIVE_INFINITY, 4],
    ['NaN', Number.NaN, 8],
  ])('%s among bytes is stored with its bits', async (_, value, width) => {
    const values = Float64Array.of(3, value, 200);
    const { widths, file, read } = await packed(values, 3);
    expect([widths, file.length]).toEqual([[width], 3 * width]);
    const back = new Float64Array(3);
    await read(0, 3, back);
    expect(bitsOf(back)).toEqual(bitsOf(values));
  });

  it('have the narrowest type of each block, and give any range of numbers', async () => {
    const values = blocksOf([byte, byte, float, double, double, byte, float]);
    const { widths, file, read } = await packed(values, 100_001);
    expect(widths).toEqual([1, 1, 4, 8, 8, 1, 4]);
    expect(file.length).toBe(packedSize(widths, values.length));
    const random = new Random(3);
    for (let round = 0; round < 12; round++) {
      const start = Math.floor(random.uniform() * values.length);
      const end = start + Math.floor(random.uniform() * (values.length - start + 1));
      const into = new Float64Array(end - start + 2).fill(-7);
      await read(start, end, into);
      const bits = bitsOf(into);
      const expected = bitsOf(Float64Array.from([...values.subarray(start, end), -7, -7]));
      expect(bits.findIndex((each, k) => each !== expected[k])).toBe(-1);
    }
  });

  it('of one type are read at once', async () => {
    const { read, reads } = await packed(blocksOf([float, float, float, double]), BLOCK);
    await read(10, 3 * BLOCK + 5, new Float64Array(3 * BLOCK));
    expect(reads).toEqual([4 * (3 * BLOCK - 10), 8 * 5]);
  });

  it('may be none', async () => {
    const { widths, file, read } = await packed(new Float64Array(0), 1);
    expect([widths, file.length, packedSize([] as Widths, 0)]).toEqual([[], 0, 0]);
    await read(0, 0, new Float64Array(0));
  });
});
