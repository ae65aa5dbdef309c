// data: rows that are kept as they arrive, without the zeros of sparse ones.
import { NUMBERS_OF_A_BATCH } from '../core/limits.js';
import type { FeatureArray } from './batches.js';
import type { Source } from './source.js';

/** The numbers of a chunk of memory, 1 MiB, unless one row needs more. */
const ROOM = 2 ** 17;

/** Bytes of a number, and of a number with its column. */
const [DENSE, SPARSE] = [8, 12];

/** Consecutive rows. A row whose length is not d has the columns of its numbers. */
interface Chunk {
  readonly values: Float64Array;
  columns: Int32Array | undefined;
  /** The end of each row. */
  readonly ends: NumberList;
}

/** Numbers that arrive one after the other, outside the heap. Takes up to three times their bytes while it grows. */
export class NumberList<Numbers extends Float64Array | Float32Array | Int32Array = Float64Array> {
  length = 0;
  #room: Numbers;

  /** @param room of the first numbers, and of the type of all */
  constructor(room = new Float64Array(16) as Numbers) {
    this.#room = room;
  }

  push(x: number): void {
    if (this.length === this.#room.length) {
      const larger = new (this.#room.constructor as new (length: number) => Numbers)(2 * this.length);
      larger.set(this.#room);
      this.#room = larger;
    }
    this.#room[this.length++] = x;
  }

  /** The number at an index; 0 before the first. */
  at(i: number): number {
    return i < 0 ? 0 : this.#room[i];
  }

  /** A copy. */
  values(): Numbers {
    return this.#room.slice(0, this.length) as Numbers;
  }
}

/**
 * Float64 rows of d numbers. A row of which less than two thirds differ from 0 is kept as these numbers and their columns, so
 * a one-hot column takes 12 bytes, whatever its number of categories. Every number is kept exactly, −0 too.
 *
 * @example
 * const rows = new KeptRows(3);
 * rows.add({ values: Float64Array.of(0, 1, 0, 1, 2, 3), shape: [2, 3] });
 * rows.bytes                  // 36
 * [...rows.row(0).values]     // [0, 1, 0]
 */
export class KeptRows implements Source<FeatureArray<Float64Array>> {
  readonly #d: number;
  readonly #chunks: Chunk[] = [];
  /** The first row of each chunk. */
  readonly #firsts: number[] = [];
  #n = 0;
  #bytes = 0;

  /** @param d the length of a row */
  constructor(d: number) {
    this.#d = d;
  }

  /** [n, d] */
  get shape(): readonly [number, number] {
    return [this.#n, this.#d];
  }

  /** The bytes of the numbers and columns that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a copy of rows [m, d] without a scale. */
  add({ values, shape: [m] }: FeatureArray<Float64Array>): void {
    for (let i = 0; i < m; i++) this.#add(values, i * this.#d);
  }

  /** A copy of one row. */
  row(i: number): FeatureArray<Float64Array> {
    const values = new Float64Array(this.#d);
    const c = chunkOf(this.#firsts, i);
    copyInto(this.#chunks[c], i - this.#firsts[c], values, 0, this.#d);
    return { values, shape: [1, this.#d] };
  }

  /** The rows in blocks of at most 32 MiB, or of one row. The next block overwrites the numbers of the one before. */
  *blocks(): Generator<FeatureArray<Float64Array>, void, undefined> {
    const d = this.#d;
    const most = Math.min(this.#n, Math.max(1, Math.floor(NUMBERS_OF_A_BATCH / d)));
    const values = new Float64Array(most * d);
    let m = 0;
    for (const chunk of this.#chunks) {
      for (let r = 0; r < chunk.ends.length; r++) {
        copyInto(chunk, r, values, m * d, d);
        if (++m < most) continue;
        yield { values, shape: [m, d] };
        m = 0;
      }
    }
    if (m > 0) yield { values: values.subarray(0, m * d), shape: [m, d] };
  }

  #add(from: Float64Array, at: number): void {
    const d = this.#d;
    let count = 0;
    for (let j = at; j < at + d; j++) if (isKept(from[j])) count++;
    const isSparse = SPARSE * count < DENSE * d;
    const { values, columns, start } = this.#place(isSparse ? count : d, isSparse);
    if (columns === undefined) values.set(from.subarray(at, at + d), start);
    else {
      let to = start;
      for (let j = 0; j < d; j++) {
        if (!isKept(from[at + j])) continue;
        columns[to] = j;
        values[to++] = from[at + j];
      }
    }
    this.#n++;
    this.#bytes += isSparse ? SPARSE * count : DENSE * d;
  }

  /** Takes the place of the next row. */
  #place(length: number, isSparse: boolean): Pick<Chunk, 'values' | 'columns'> & { readonly start: number } {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || endOf(chunk) + length > chunk.values.length) {
      chunk = {
        values: new Float64Array(Math.ceil(ROOM / this.#d) * this.#d),
        columns: undefined,
        ends: new NumberList(),
      };
      this.#chunks.push(chunk);
      this.#firsts.push(this.#n);
    }
    if (isSparse) chunk.columns ??= new Int32Array(chunk.values.length);
    const start = endOf(chunk);
    chunk.ends.push(start + length);
    return { values: chunk.values, columns: isSparse ? chunk.columns : undefined, start };
  }
}

function isKept(x: number): boolean {
  return x !== 0 || Object.is(x, -0);
}

function endOf({ ends }: Chunk): number {
  return ends.at(ends.length - 1);
}

/** The last chunk that begins at row i or before. */
function chunkOf(firsts: readonly number[], i: number): number {
  let [low, high] = [0, firsts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (firsts[middle] <= i) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Copies row r of a chunk to `into` from index `to`. */
function copyInto({ values, columns, ends }: Chunk, r: number, into: Float64Array, to: number, d: number): void {
  const [start, end] = [ends.at(r - 1), ends.at(r)];
  if (end - start === d) {
    into.set(values.subarray(start, end), to);
    return;
  }
  into.fill(0, to, to + d);
  for (let at = start; at < end; at++) into[to + (columns as Int32Array)[at]] = values[at];
}
