// core: a sum over the blocks of all ranks, with the bits of one process.
import { BackendError } from '../errors.js';
import { type Part, VectorSum } from '../tree-sum.js';
import type { Communicator } from './communicator.js';

/** The most that a rank receives in one call: 64 MB. */
const MOST_BYTES = 2 ** 26;

/** More parts than the nodes of a tree over 2³² blocks that a range can need. */
const MOST_PARTS = 64;

/** Numbers before the parts of a message: the length of a vector, the place and length of the tile, and how many parts. */
const HEADER = 4;

/**
 * Σ over the blocks of all ranks, with the bits of one process that has all blocks.
 *
 * Each rank has the blocks of one range, after those of the ranks before it, and passes what `TreeSum.parts` returns; a
 * rank without blocks passes nothing. Every rank gets all parts, in messages with tiles of the vectors, and adds them by the same tree.
 *
 * @param parts  vectors of this length, which stay unchanged
 * @param length the same on all ranks
 * @returns the sum, zeros if no rank has a part
 * @throws BackendError if the ranks do not sum the same, or their blocks are not in order; the errors of `allGather`
 */
export async function sumOverRanks(
  communicator: Communicator,
  parts: readonly Part<Float64Array>[],
  length: number,
): Promise<Float64Array> {
  const sum = new Float64Array(length);
  // By size and length alone, so that all ranks cut the same tiles. A call of no numbers would not compare the lengths.
  const most = Math.max(1, Math.floor(MOST_BYTES / (8 * MOST_PARTS * communicator.size)));
  for (let start = 0; start === 0 || start < length; start += most) {
    const end = Math.min(length, start + most);
    const messages = await communicator.allGather(messageOf(parts, length, start, end));
    const total = totalOf(messages.map(numbersOf), length, start, end);
    if (total !== undefined) sum.set(total, start);
  }
  return sum;
}

/** The numbers of the blocks, and then their sums between two entries. */
function messageOf(parts: readonly Part<Float64Array>[], length: number, start: number, end: number): Uint8Array {
  const count = parts.length;
  const numbers = new Float64Array(HEADER + count * (1 + end - start));
  numbers.set([length, start, end, count]);
  for (const [i, { block, sum }] of parts.entries()) {
    numbers[HEADER + i] = block;
    numbers.set(sum.subarray(start, end), HEADER + count + i * (end - start));
  }
  return new Uint8Array(numbers.buffer);
}

function numbersOf({ buffer, byteOffset, byteLength }: Uint8Array): Float64Array {
  return new Float64Array(buffer, byteOffset, Math.floor(byteLength / 8));
}

function totalOf(
  messages: readonly Float64Array[],
  length: number,
  start: number,
  end: number,
): Float64Array | undefined {
  const tree = new VectorSum();
  let last = -1;
  for (const [rank, message] of messages.entries()) {
    const [itsLength, itsStart, itsEnd, count] = message;
    if (itsLength !== length || itsStart !== start || itsEnd !== end)
      throw different(rank, 'sum vectors of the same length', `lengths ${length} and ${itsLength}`);
    for (let i = 0; i < count; i++) {
      const block = message[HEADER + i];
      if (block <= last) throw different(rank, `have blocks after ${last}`, `block ${block}`);
      last = block;
      const at = HEADER + count + i * (end - start);
      tree.add(block, message.slice(at, at + end - start));
    }
  }
  return tree.total();
}

function different(rank: number, expected: string, actual: string): BackendError {
  return new BackendError({ where: 'sumOverRanks', argument: `rank ${rank}`, expected, actual });
}
