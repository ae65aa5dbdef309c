// data: one row of a table, independent of its columns.
import { type NumberFormat, parseGrouped, parseNumber } from './number.js';

/** The fields of a row. */
export interface Row {
  /** The number of fields. */
  readonly length: number;
  /** A field as a decimal number, or NaN for any other text, as `parseNumber` returns. */
  number(field: number, decimal: '.' | ','): number;
  /** Whether a digit follows a zero at the beginning of a field, as in 02134. */
  isPadded(field: number): boolean;
  /** Whether a field is text whatever it looks like, as in a file whose values have types. Fields of CSV never are. */
  isText(field: number): boolean;
  /** The text of a field, without quotes and surrounding blanks. */
  text(field: number): string;
  /** What the value of a field is if it is no value of a table, such as `a list`. Absent where all values are. */
  readonly oddType?: ((field: number) => string | undefined) | undefined;
}

/** Rows, of which one is selected and read. */
export interface RowBlock extends Row {
  /** The number of rows. */
  readonly count: number;
  /** The place of the selected row in the file, from 1: the line on which it begins, or its number where there are no lines. */
  readonly line: number;
  /** Selects the row to read. */
  select(row: number): void;
}

/** A row of strings. */
export class TextRow implements Row {
  readonly #texts: readonly string[];

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  get length(): number {
    return this.#texts.length;
  }

  number(field: number, decimal: '.' | ','): number {
    return parseNumber(this.#texts[field], decimal);
  }

  isPadded(field: number): boolean {
    return /^[+-]?0\d/.test(this.#texts[field]);
  }

  isText(): boolean {
    return false;
  }

  text(field: number): string {
    return this.#texts[field];
  }
}

/** A field as a number, or NaN for any other text. */
export function readNumber(row: Row, field: number, { decimal, thousands }: NumberFormat): number {
  const number = row.number(field, decimal);
  return thousands === true && Number.isNaN(number) ? parseGrouped(row.text(field), decimal) : number;
}

/** The texts of all fields of a row. */
export function textsOf(row: Row): string[] {
  return Array.from({ length: row.length }, (_, field) => row.text(field));
}
