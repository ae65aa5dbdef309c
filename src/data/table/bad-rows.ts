// data: rows that do not fit their table.
import { FormatError } from '../../core/errors.js';
import { MAX_DISTINCT } from './limits.js';
import { type Row, textsOf } from './row.js';

/** A row that does not fit its table. */
export interface BadRow {
  /** The line on which it begins, from 1. */
  readonly line: number;
  /** The reason, with `file:line:column`. */
  readonly error: FormatError;
  readonly fields: readonly string[];
}

/** The rows that do not fit their table, where they are skipped. */
export class BadRows {
  /** Their lines. */
  readonly lines = new Set<number>();
  readonly #onBadRow: ((row: BadRow) => void) | undefined;
  #first: FormatError | undefined;

  constructor(onBadRow: ((row: BadRow) => void) | undefined) {
    this.#onBadRow = onBadRow;
  }

  /** Whether a row fits, by a check that throws a FormatError for a row that does not. */
  fits(row: Row, line: number, check: (row: Row, line: number) => void): boolean {
    try {
      check(row, line);
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
      return false;
    }
  }

  /** Refuses a table most of whose rows do not fit: then the first row is probably the odd one. */
  assertFew(rows: number, where: string): void {
    assertMostFit(this.lines.size, this.#first, rows, where);
  }
}

/** @param first the error of the first of the bad rows */
export function assertMostFit(bad: number, first: FormatError | undefined, rows: number, where: string): void {
  if (bad <= rows || first === undefined) return;
  const actual = `${bad} of ${bad + rows} that do not; the first: ${first.message.replace(/\.$/, '')}`;
  throw new FormatError({ where, argument: 'the rows', expected: 'mostly fit the table', actual });
}
