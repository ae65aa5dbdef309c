// data: rows outside memory, such as in a file.
import { DomainError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import type { FeatureArray } from './batches.js';

/** Numbers of a piece. */
const PIECE = 2 ** 19;

/** Reads the rows from `start` to `end` into the beginning of a buffer. */
type ReadRows = (start: number, end: number, into: Float64Array) => Promise<void>;

/**
 * Float64 rows of d numbers that are read again for each pass, block by block.
 *
 * @example
 * const rows = new StoredRows([3, 1], async (start, end, into) => { for (let i = start; i < end; i++) into[i - start] = i; });
 * for await (const { values } of rows.take(Int32Array.of(0, 2)).blocks(10)) …   // Float64Array [0, 2]
 */
export class StoredRows {
  /** [n, d] */
  readonly shape: readonly [number, number];
  readonly #read: ReadRows;

  constructor(shape: readonly [number, number], read: ReadRows) {
    this.shape = shape;
    this.#read = read;
  }

  /**
   * All rows in order, `rows` at a time. A block is valid until the next one is requested; that one is read meanwhile.
   * Returning early waits for a read that has begun.
   */
  async *blocks(rows: number): AsyncGenerator<FeatureArray<Float64Array>, void, undefined> {
    const [n, d] = this.shape;
    const buffers = [
      new Float64Array(Math.min(n, rows) * d),
      new Float64Array(Math.min(Math.max(0, n - rows), rows) * d),
    ];
    const read = async (start: number): Promise<FeatureArray<Float64Array>> => {
      const end = Math.min(n, start + rows);
      const values = buffers[(start / rows) % 2].subarray(0, (end - start) * d);
      await this.#read(start, end, values);
      return { values, shape: [end - start, d] };
    };
    let next = n > 0 ? read(0) : undefined;
    try {
      for (let end = rows; next !== undefined; end += rows) {
        const block = await next;
        next = end < n ? read(end) : undefined;
        yield block;
      }
    } finally {
      await next?.catch(() => {});
    }
  }

  /** `blocks` of a size that suits passes without other needs: 4 MB, or a row. */
  pieces(): AsyncGenerator<FeatureArray<Float64Array>, void, undefined> {
    return this.blocks(Math.max(1, Math.floor(PIECE / Math.max(1, this.shape[1]))));
  }

  /**
   * Some of the rows. The others are skipped in each pass.
   *
   * @param places in ascending order
   * @throws DomainError if a place is out of range or not after the one before
   */
  take(places: Int32Array): StoredRows {
    const [n, d] = this.shape;
    for (let i = 0; i < places.length; i++) {
      if (places[i] > (i === 0 ? -1 : places[i - 1]) && places[i] < n) continue;
      const expected = `be rows in ascending order, in [0, ${n})`;
      throw new DomainError({ where: 'take', argument: `places[${i}]`, expected, actual: describe(places[i]) });
    }
    let some = new Float64Array(0);
    return new StoredRows([places.length, d], async (start, end, into) => {
      const most = end - start;
      if (some.length < most * d) some = new Float64Array(most * d);
      for (let i = start; i < end; ) {
        // As many of them as lie among as many rows as the buffer holds.
        const first = places[i];
        let last = i;
        while (last + 1 < end && places[last + 1] < first + most) last++;
        const rows = some.subarray(0, (places[last] + 1 - first) * d);
        await this.#read(first, places[last] + 1, rows);
        for (; i <= last; i++) {
          const from = (places[i] - first) * d;
          into.set(rows.subarray(from, from + d), (i - start) * d);
        }
      }
    });
  }

  /** The rows after a change of each block of them, in place. */
  changed(change: (block: FeatureArray<Float64Array>) => void): StoredRows {
    return new StoredRows(this.shape, async (start, end, into) => {
      await this.#read(start, end, into);
      change({ values: into, shape: [end - start, this.shape[1]] });
    });
  }
}

/** Takes the rows in order. */
export interface RowWriter {
  /** The array may be overwritten afterwards. */
  write(values: Float64Array): Promise<void>;
  finish(): Promise<StoredRows>;
  /** Removes what was written. */
  close(): Promise<void>;
}

/** Begins to store n rows of d features, of a table that would need this many bytes of memory. */
export type RowStoring = (n: number, d: number, needed: number) => Promise<RowWriter>;
