// data: stored rows in any order, such as that of batches.
import { assertFinite, type StoredRows } from './stored-rows.js';

/** The most numbers of a read: 1 MB. */
const PIECE = 2 ** 17;
/** Numbers between two rows that are read with them: to read 64 kB of a file takes as long as a call. */
const GAP = 2 ** 13;
/** Reads at a time: as many as Node has threads for files. */
const READS = 4;

/** The rows order[start], …, order[end − 1]; without an order, the rows start to end − 1. */
export interface SomeRows {
  readonly order: Int32Array | undefined;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads rows into the beginning of a float32 buffer, in their order. Rows that are near each other are read together.
 *
 * @param isEnded whether the rows are no longer needed: then no further read begins
 * @throws DomainError if a number is not finite; the error of a read, once those that have begun have ended
 */
export async function readInOrder(
  rows: StoredRows,
  { order, start, end }: SomeRows,
  into: Float32Array,
  isEnded = () => false,
): Promise<void> {
  const d = rows.shape[1];
  const wanted = order?.subarray(start, end) ?? Int32Array.from({ length: end - start }, (_, i) => start + i);
  const groups = groupsOf(wanted, d);
  const read = async () => {
    // An error leaves the loop and ends the generator, and so the other loops.
    for (const places of groups) {
      if (isEnded()) return;
      const [first, last] = [wanted[places[0]], wanted[places[places.length - 1]]];
      const values = new Float64Array((last + 1 - first) * d);
      await rows.read(first, last + 1, values);
      assertFinite({ values, shape: [last + 1 - first, d] }, first);
      for (const place of places) {
        const from = (wanted[place] - first) * d;
        for (let j = 0; j < d; j++) into[place * d + j] = values[from + j];
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: READS }, read));
  const failed = ends.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** The places of the rows in ascending order of the rows, in groups of rows that are near each other. */
function* groupsOf(wanted: Int32Array, d: number): Generator<Int32Array, void, undefined> {
  const n = wanted.length;
  // As numbers, which sort in native code.
  const places = Int32Array.from(Float64Array.from(wanted, (row, place) => row * n + place).sort(), (key) => key % n);
  const [most, gap] = [PIECE, GAP].map((numbers) => Math.floor(numbers / Math.max(1, d)));
  for (let start = 0, end = 0; start < n; start = end) {
    const first = wanted[places[start]];
    for (let row = first; end < n; end++) {
      const next = wanted[places[end]];
      if (next - row > gap + 1 || next - first >= Math.max(1, most)) break;
      row = next;
    }
    yield places.subarray(start, end);
  }
}
