// data: rows that do not fit their table.
import { FormatError } from '../../core/errors.js';
import { MAX_DISTINCT } from './limits.js';
import { type Row, textsOf } from './row.js';

/** A row that does not fit its table. */
export interface BadRow {
  /** The line on which it begins, from 1; its number in a table without lines, such as Parquet. */
  readonly line: number;
  /** The reason, with `file:line:column`, or `file:row:column` in a table without lines. */
  readonly error: FormatError;
  readonly fields: readonly string[];
}

/** A table is refused after so many rows of which none fits: a pipe may be endless. */
const ENOUGH = 10_000;

/** The rows that do not fit their table, where they are skipped. */
export class BadRows {
  #doFit = false;
  /** Their lines. */
  readonly lines = new Set<number>();
  readonly #onBadRow: ((row: BadRow) => void) | undefined;
  readonly #name: string;
  #first: FormatError | undefined;

  /** @param name the file's name */
  constructor(onBadRow: ((row: BadRow) => void) | undefined, name: string) {
    this.#onBadRow = onBadRow;
    this.#name = name;
  }

  /** Whether a row fits, by a check that throws a FormatError for a row that does not. */
  fits(row: Row, line: number, check: (row: Row, line: number) => void): boolean {
    try {
      check(row, line);
      this.#doFit = true;
      return true;
    } catch (error) {
      if (this.#onBadRow === undefined || !(error instanceof FormatError)) throw error;
      this.#first ??= error;
      if (this.lines.size === MAX_DISTINCT) {
        const expected = `have at most ${MAX_DISTINCT.toLocaleString('en')} rows that do not fit`;
        throw new FormatError({ ...{ where: error.where, argument: 'the table', expected }, actual: 'more' });
      }
      this.lines.add(line);
      this.#onBadRow({ line, error, fields: textsOf(row) });
      if (!this.#doFit && this.lines.size === ENOUGH) this.assertFew(0);
      return false;
    }
  }

  /** Refuses a table most of whose rows do not fit: then the first row is probably the odd one. */
  assertFew(rows: number): void {
    assertMostFit(this.lines.size, this.#first, rows, this.#name);
  }
}

/** @param first the error of the first of the bad rows */
export function assertMostFit(bad: number, first: FormatError | undefined, rows: number, where: string): void {
  if (bad <= rows || first === undefined) return;
  const actual = `${bad} of ${bad + rows} that do not; the first: ${first.message.replace(/\.$/, '')}`;
  throw new FormatError({ where, argument: 'the rows', expected: 'mostly fit the table', actual });
}
