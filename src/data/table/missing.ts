// data: the markers of missing values in a table.
import { type NumberFormat, parseGrouped, parseNumber } from './number.js';

/** The markers of missing values, in lower case. */
export class MissingMarkers {
  /** Whether a marker is a number, such as -999: a number may then be missing. */
  readonly haveNumbers: boolean;
  readonly #markers: ReadonlySet<string>;
  readonly #longest: number;

  constructor(markers: readonly string[], { decimal, thousands }: NumberFormat) {
    this.#markers = new Set(markers);
    this.#longest = markers.reduce((most, { length }) => Math.max(most, length), 0);
    const isNumber = (marker: string) =>
      !Number.isNaN(parseNumber(marker, decimal)) ||
      (thousands === true && !Number.isNaN(parseGrouped(marker, decimal)));
    this.haveNumbers = markers.some(isNumber);
  }

  /** Whether the text marks a missing value, in upper or lower case. */
  has(text: string): boolean {
    return this.#markers.has(text) || (text.length <= this.#longest && this.#markers.has(text.toLowerCase()));
  }
}
