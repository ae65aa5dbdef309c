// data: the markers of missing values in a table.
import { type NumberFormat, parseGrouped, parseNumber } from './number.js';

/** The markers of missing values, in lower case. */
export class MissingMarkers {
  /** Whether a marker is a number, such as -999: a number may then be missing. */
  readonly haveNumbers: boolean;
  readonly #markers: ReadonlySet<string>;
  readonly #longest: number;
  readonly #format: NumberFormat;
  readonly #numbers: ReadonlySet<number>;

  constructor(markers: readonly string[], format: NumberFormat) {
    this.#markers = new Set(markers);
    this.#longest = markers.reduce((most, { length }) => Math.max(most, length), 0);
    this.#format = format;
    this.#numbers = new Set(markers.map((marker) => this.#valueOf(marker)).filter((value) => !Number.isNaN(value)));
    this.haveNumbers = this.#numbers.size > 0;
  }

  /** Whether the text marks a missing value, in upper or lower case; a number marks it however it is written: -999.0. */
  has(text: string): boolean {
    if (this.#markers.has(text)) return true;
    if (text.length <= this.#longest && this.#markers.has(text.toLowerCase())) return true;
    // A code such as 007 is no number.
    return this.haveNumbers && !/^[+-]?0\d/.test(text) && this.#numbers.has(this.#valueOf(text));
  }

  #valueOf(text: string): number {
    const { decimal, thousands } = this.#format;
    const number = parseNumber(text, decimal);
    return Number.isNaN(number) && thousands === true ? parseGrouped(text, decimal) : number;
  }
}
