// data: a block of records as ranges of bytes.
import { mayBeginNumber, parseNumber, shortDecimal } from '../number.js';
import type { Row } from '../row.js';
import { skipBlanks, textOf, trimmedEnd } from './text.js';

const QUOTE = 34;

/** How many texts are kept to be used again, and the most bytes of one of them. */
const KEPT = 4096;
const LONGEST_KEPT = 64;

/**
 * Rows of fields, one of which is selected.
 *
 * A field is a range of `bytes`; within quotes it is as written, so that a quote in it stands for half of a doubled one.
 */
export class RowBlock implements Row {
  /** How many rows there are. */
  count = 0;
  /** What the fields are ranges of. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Whether all bytes of these rows are ASCII, so that a byte is a character. */
  isAscii = true;
  /** Where each field begins and ends, one row after the other. */
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #numFields = 0;
  /** The number of each row's first field, and that of the row which is not yet complete. */
  #firsts = new Int32Array(64);
  #lines = new Float64Array(64);
  /** The selected row. */
  #row = 0;
  #first = 0;
  /** All rows as one text, once it was asked for. */
  #all: string | undefined;
  readonly #texts = new TextCache();

  /** Makes a row the one whose fields are read. */
  select(row: number): void {
    this.#row = row;
    this.#first = this.#firsts[row];
  }

  get length(): number {
    return this.#firsts[this.#row + 1] - this.#first;
  }

  /** The line on which the selected row begins, from 1. */
  get line(): number {
    return this.#lines[this.#row];
  }

  number(field: number, decimal: '.' | ','): number {
    const start = this.#starts[this.#first + field];
    const end = this.#ends[this.#first + field];
    const number = shortDecimal(this.bytes, start, end, decimal);
    if (!Number.isNaN(number) || start === end || !mayBeginNumber(this.bytes[start])) return number;
    return parseNumber(this.#slice(start, end), decimal);
  }

  text(field: number): string {
    return this.#texts.text(this.bytes, this.#starts[this.#first + field], this.#ends[this.#first + field]);
  }

  /** A slice of all the text where that is possible: to decode field by field takes several times as long. */
  #slice(start: number, end: number): string {
    if (!this.isAscii) return textOf(this.bytes.subarray(start, end));
    const from = this.#starts[0];
    this.#all ??= textOf(this.bytes.subarray(from, this.#ends[this.#firsts[this.count] - 1]));
    return this.#all.slice(start - from, end - from);
  }

  /** Adds a field to the row that is not yet complete, without the blanks around it. */
  add(start: number, end: number): void {
    const { bytes } = this;
    let [first, last] = [start, end];
    if (start < end && (bytes[start] <= 32 || bytes[end - 1] <= 32)) {
      first = skipBlanks(bytes, start, end);
      last = trimmedEnd(bytes, first, end);
    }
    const i = this.#numFields++;
    if (i === this.#starts.length) {
      this.#starts = twice(this.#starts);
      this.#ends = twice(this.#ends);
    }
    this.#starts[i] = first;
    this.#ends[i] = last;
  }

  /** How many fields the row has that is not yet complete. */
  get open(): number {
    return this.#numFields - this.#firsts[this.count];
  }

  /** Completes a row, which is none where it has one field without text. */
  close(line: number): void {
    const last = this.#numFields - 1;
    if (last === this.#firsts[this.count] && this.#starts[last] === this.#ends[last]) {
      this.#numFields = last;
      return;
    }
    if (this.count + 1 === this.#lines.length) {
      const lines = new Float64Array(2 * this.#lines.length);
      lines.set(this.#lines);
      this.#lines = lines;
      this.#firsts = twice(this.#firsts);
    }
    this.#lines[this.count++] = line;
    this.#firsts[this.count] = this.#numFields;
  }

  /** Drops the rows that are complete. */
  clear(): void {
    const first = this.#firsts[this.count];
    if (first > 0) {
      this.#starts.copyWithin(0, first, this.#numFields);
      this.#ends.copyWithin(0, first, this.#numFields);
    }
    this.#numFields -= first;
    this.#firsts[0] = 0;
    this.count = 0;
    this.#all = undefined;
  }

  /** What the fields are ranges of has moved to the front by so many bytes. */
  move(bytes: Uint8Array, by: number): void {
    this.bytes = bytes;
    for (let i = 0; i < this.#numFields; i++) {
      this.#starts[i] -= by;
      this.#ends[i] -= by;
    }
  }
}

function twice(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}

/** The texts of fields. What comes again and again, such as labels, is decoded once. */
class TextCache {
  readonly #texts: string[] = new Array(KEPT).fill('');
  readonly #keys: Uint8Array[] = new Array(KEPT).fill(new Uint8Array(0));

  text(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > LONGEST_KEPT) return unquoted(bytes, start, end);
    let hash = 0;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]) | 0;
    const slot = (hash ^ (hash >>> 12)) & (KEPT - 1);
    const key = this.#keys[slot];
    let i = 0;
    if (key.length === length) while (i < length && key[i] === bytes[start + i]) i++;
    if (i === length && key.length === length) return this.#texts[slot];
    this.#keys[slot] = new Uint8Array(bytes.subarray(start, end));
    this.#texts[slot] = unquoted(bytes, start, end);
    return this.#texts[slot];
  }
}

function unquoted(bytes: Uint8Array, start: number, end: number): string {
  const field = bytes.subarray(start, end);
  return field.includes(QUOTE) ? textOf(field).replaceAll('""', '"') : textOf(field);
}
