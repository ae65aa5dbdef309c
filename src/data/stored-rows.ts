// data: rows outside memory, such as in a file.
import { DomainError, ShapeError } from '../core/errors.js';
import { assertFunction, assertList, assertPositiveInteger, describe } from '../core/shape.js';
import { untilAborted } from '../core/task.js';
import type { FeatureArray } from './batches.js';

/** Where errors say they are. */
const WHERE = 'StoredRows';

/** Numbers of a piece. */
const PIECE = 2 ** 19;

type Read = (start: number, end: number, into: Float64Array) => Promise<void>;

/** Stored rows whose `read` writes every number, or leaves it to others that do. */
let complete: (shape: readonly [number, number], read: Read) => StoredRows;

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
  readonly #read: Read;
  /** Whether `read` may leave numbers out. */
  #isPartial = true;

  static {
    complete = (shape, read) => {
      const rows = new StoredRows(shape, read);
      rows.#isPartial = false;
      return rows;
    };
  }

  /**
   * @param read reads the rows from `start` to `end` into the beginning of a buffer, whose numbers are NaN before; may be
   *   called again while a call is pending
   * @throws ShapeError or DomainError if the shape is not [n, d], or `read` no function
   */
  constructor(
    shape: readonly [number, number],
    read: (start: number, end: number, into: Float64Array) => Promise<void>,
  ) {
    const isSize = (size: unknown) => Number.isInteger(size) && (size as number) >= 0;
    if (!Array.isArray(shape) || shape.length !== 2 || !shape.every(isSize)) {
      const expected = 'be [n, d], two integers ≥ 0';
      throw new ShapeError({ where: WHERE, argument: 'shape', expected, actual: describe(shape) });
    }
    assertFunction(read, WHERE, 'read');
    this.shape = [shape[0], shape[1]];
    this.#read = read;
  }

  /**
   * Reads the rows from `start` to `end` into the beginning of a buffer.
   *
   * @throws DomainError if the range is not one of rows; ShapeError if the buffer is no Float64Array, or too small
   */
  async read(start: number, end: number, into: Float64Array): Promise<void> {
    const [n, d] = this.shape;
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= n)) {
      const actual = `[${describe(start)}, ${describe(end)})`;
      throw new DomainError({ where: WHERE, argument: '[start, end)', expected: `lie within [0, ${n})`, actual });
    }
    // Unlike instanceof, the tag also identifies arrays of other realms.
    const isArray = ArrayBuffer.isView(into) && into[Symbol.toStringTag] === 'Float64Array';
    if (!isArray || into.length < (end - start) * d) {
      const expected = `be a Float64Array of at least ${(end - start) * d} numbers`;
      const actual = isArray ? String(into.length) : describe(into);
      throw new ShapeError({ where: WHERE, argument: 'into', expected, actual });
    }
    await this.#fill(start, end, into.subarray(0, (end - start) * d));
  }

  /**
   * All rows in order, `rows` at a time. A block is valid until the next one is requested; that one is read meanwhile.
   * Returning early waits for a read that has begun.
   *
   * @throws DomainError if `rows` is not an integer > 0
   */
  async *blocks(rows: number): AsyncGenerator<FeatureArray<Float64Array>, void, undefined> {
    assertPositiveInteger(rows, WHERE, 'rows');
    const [n, d] = this.shape;
    const buffers = [
      new Float64Array(Math.min(n, rows) * d),
      new Float64Array(Math.min(Math.max(0, n - rows), rows) * d),
    ];
    const read = async (start: number): Promise<FeatureArray<Float64Array>> => {
      const end = Math.min(n, start + rows);
      const values = buffers[(start / rows) % 2].subarray(0, (end - start) * d);
      await this.#fill(start, end, values);
      return { values, shape: [end - start, d] };
    };
    let next = n > 0 ? read(0) : undefined;
    try {
      for (let end = rows; next !== undefined; end += rows) {
        const block = await next;
        next = end < n ? read(end) : undefined;
        // It may fail before it is awaited.
        next?.catch(() => {});
        yield block;
      }
    } finally {
      await next?.catch(() => {});
    }
  }

  /**
   * Some of the rows. The others are skipped in each pass.
   *
   * @param indices in ascending order
   * @throws DomainError if an index is out of range or not after the one before
   */
  take(indices: ArrayLike<number>): StoredRows {
    const [n, d] = this.shape;
    assertList(indices, WHERE, 'indices', 'be an array of indices');
    const places = new Int32Array(indices.length);
    for (let i = 0; i < places.length; i++) {
      const index = indices[i];
      if (!Number.isInteger(index) || index <= (i === 0 ? -1 : places[i - 1]) || index >= n) {
        const expected = `be rows in ascending order, in [0, ${n})`;
        throw new DomainError({ where: WHERE, argument: `indices[${i}]`, expected, actual: describe(index) });
      }
      places[i] = index;
    }
    return completeRows([places.length, d], async (start, end, into) => {
      const most = end - start;
      // Its own, since a pass that ended early may still be reading.
      const some = new Float64Array(most * d);
      for (let i = start; i < end; ) {
        // As many of them as lie among as many rows as the buffer holds.
        const first = places[i];
        let last = i;
        while (last + 1 < end && places[last + 1] < first + most) last++;
        const rows = some.subarray(0, (places[last] + 1 - first) * d);
        await this.#fill(first, places[last] + 1, rows);
        for (; i <= last; i++) {
          const from = (places[i] - first) * d;
          into.set(rows.subarray(from, from + d), (i - start) * d);
        }
      }
    });
  }

  /** Numbers that are left out are NaN, never those of other rows. */
  async #fill(start: number, end: number, into: Float64Array): Promise<void> {
    if (this.#isPartial) into.fill(Number.NaN);
    await this.#read(start, end, into);
  }
}

/** Says that a number that is not read is NaN. */
export function withLeftOut({ where, argument, expected, actual }: DomainError): DomainError {
  return new DomainError({ where, argument, expected, actual, hint: 'A number that `read` leaves out is NaN.' });
}

/** Stored rows of a reader of our own, which writes every number that it is asked for. */
export function completeRows(shape: readonly [number, number], read: Read): StoredRows {
  return complete(shape, read);
}

/** Features were finite when they were checked. In a later pass, rows may have changed, or been left out. */
export function assertFinite({ values, shape }: FeatureArray, start: number): void {
  // Four sums, which do not wait for each other.
  const whole = values.length - (values.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i] - values[i];
    b += values[i + 1] - values[i + 1];
    c += values[i + 2] - values[i + 2];
    d += values[i + 3] - values[i + 3];
  }
  for (let i = whole; i < values.length; i++) a += values[i] - values[i];
  if (a + b + c + d === 0) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw new DomainError({
    where: WHERE,
    argument: `row ${start + Math.floor(at / shape[1])}`,
    expected: 'have the same finite numbers in each pass',
    actual: String(values[at]),
  });
}

/** Rows in memory as stored rows, divided by their scale. */
export function storedOf(features: FeatureArray | StoredRows): StoredRows {
  if (features instanceof StoredRows) return features;
  const { values, shape, scale = 1 } = features;
  const [, d] = shape;
  return completeRows(shape, async (start, end, into) => {
    into.set(values.subarray(start * d, end * d));
    if (scale !== 1) for (let i = 0; i < (end - start) * d; i++) into[i] /= scale;
  });
}

/** The rows from `start` to `end`. */
export function rowsBetween(rows: StoredRows, start: number, end: number): StoredRows {
  return completeRows([end - start, rows.shape[1]], (first, last, into) =>
    rows.read(start + first, start + last, into),
  );
}

/** All rows in blocks that suit passes without other needs: 4 MB, or a row. An abort does not wait for a read. */
export async function* piecesOf(
  rows: StoredRows,
  signal?: AbortSignal,
): AsyncGenerator<FeatureArray<Float64Array>, void, undefined> {
  const blocks = rows.blocks(Math.max(1, Math.floor(PIECE / Math.max(1, rows.shape[1]))));
  try {
    for (;;) {
      const { done, value } = await untilAborted(blocks.next(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    const end = blocks.return();
    if (signal?.aborted !== true) await end;
  }
}

/** Takes rows in order. */
export interface RowWriter {
  /** The array may be overwritten afterwards. */
  write(values: Float64Array): Promise<void>;
  /** The rows that were written. */
  finish(): Promise<StoredRows>;
  /** Removes what was written. */
  close(): Promise<void>;
}

/** Begins to store rows of d features, at least n of them, which would need this many bytes of memory. */
export type RowStoring = (n: number, d: number, needed: number) => Promise<RowWriter>;
