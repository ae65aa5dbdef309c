// data: one row of a table, independent of its columns.
import { parseNumber } from './number.js';

/** The fields of a row. */
export interface Row {
  /** The number of fields. */
  readonly length: number;
  /** A field as a decimal number, or NaN for any other text, as `parseNumber` returns. */
  number(field: number, decimal: '.' | ','): number;
  /** The text of a field, without quotes and surrounding blanks. */
  text(field: number): string;
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

  text(field: number): string {
    return this.#texts[field];
  }
}

/** The texts of all fields of a row. */
export function textsOf(row: Row): string[] {
  return Array.from({ length: row.length }, (_, field) => row.text(field));
}
