// data: one row of a table, before its columns are known.
import { parseNumber } from './number.js';

/** The fields of a row. */
export interface Row {
  /** How many fields there are. */
  readonly length: number;
  /** A field as a decimal number, or NaN for any other text, as `parseNumber` has it. */
  number(field: number, decimal: '.' | ','): number;
  /** A field as it is written, without quotes and the blanks around it. */
  text(field: number): string;
}

/** Fields that are texts already. */
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

/** All fields of a row as they are written. */
export function textsOf(row: Row): string[] {
  return Array.from({ length: row.length }, (_, field) => row.text(field));
}
