// reading: rows that are kept in memory as they arrive, and stored once they do not fit.
import type { AnyRows } from '../data/any-rows.js';
import type { FeatureArray } from '../data/batches.js';
import { KeptRows } from '../data/kept-rows.js';
import type { RowStoring, RowWriter } from '../data/stored-rows.js';
import { assertFits, LISTED, memoryOf } from '../data/table/limits.js';

/** How much of a table is kept in memory, and where the rest goes. */
export interface Keeping {
  /** The maximum number of bytes that the table may take. */
  readonly maxMemory: number;
  /** Stores the features of a table that does not fit. */
  readonly store: RowStoring;
  /** Whether features are stored that fit, too. */
  readonly stores?: 'always' | undefined;
  /** What to do if not even the lists of its labels fit. */
  readonly hint?: string;
}

/** Bytes of an entry of a list of numbers, which has twice the room while it grows, or of one of equal labels. */
const ENTRY = 24;

/** Bytes of a row besides its features: its label; in lists of numbers, its line, its weight and where it ends. */
const KEPT_ROW = LISTED + 3 * ENTRY;

/** The same of a row whose features are stored. */
const STORED_ROW = 3 * ENTRY;

/** Rows of d features as they arrive. */
export class ArrivingRows {
  readonly #name: string;
  readonly #d: number;
  readonly #keeping: Partial<Keeping>;
  #kept: KeptRows;
  #writer: RowWriter | undefined;
  #n = 0;

  /**
   * @param name of the table, for error messages
   * @param keeping without `store`, rows that do not fit are an error; without `maxMemory`, all fit
   */
  constructor(name: string, d: number, keeping: Partial<Keeping>) {
    this.#name = name;
    this.#d = d;
    this.#keeping = keeping;
    this.#kept = new KeptRows(d);
  }

  /**
   * Adds rows without a scale.
   *
   * @throws FormatError if they do not fit, or stored rows have lists that do not; what `store` throws
   */
  async add(rows: FeatureArray<Float64Array>): Promise<void> {
    const { maxMemory = Number.POSITIVE_INFINITY, store, hint = 'Give a file with fewer rows.' } = this.#keeping;
    this.#n += rows.shape[0];
    if (this.#writer === undefined) this.#kept.add(rows);
    else await this.#writer.write(rows.values);
    const needed = memoryOf(this.#size());
    if (this.#writer === undefined && store !== undefined && needed > maxMemory) await this.#begin(store, needed);
    assertFits(this.#size(), maxMemory, this.#name, hint);
  }

  /** All rows. */
  async finish(): Promise<AnyRows> {
    return (await this.#writer?.finish()) ?? this.#kept;
  }

  /** Removes what was stored. */
  async close(): Promise<void> {
    await this.#writer?.close();
  }

  #size() {
    const rowBytes = this.#writer === undefined ? KEPT_ROW : STORED_ROW;
    return { bytes: this.#kept.bytes, columns: 0, rows: this.#n, rowBytes };
  }

  async #begin(store: RowStoring, needed: number): Promise<void> {
    this.#writer = await store(this.#n, this.#d, needed);
    for (const { values } of this.#kept.blocks()) await this.#writer.write(values);
    this.#kept = new KeptRows(this.#d);
  }
}
