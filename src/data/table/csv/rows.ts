// data: a block of records, with fields as ranges of bytes.
import { mayBeginNumber, parseNumber, shortDecimal } from '../number.js';
import type { RowBlock } from '../row.js';
import type { Scanned } from './scan.js';
import { skipBlanks, textOf, trimmedEnd } from './text.js';

const QUOTE = 34;
const PLUS = 43;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;

/** The number of slots in the text cache, and the maximum length of a cached text in bytes. */
const KEPT = 4096;
const LONGEST_KEPT = 64;

/**
 * Rows of CSV.
 *
 * A field is a range of `bytes`. Quoted fields are not unescaped: quotes in them are still doubled.
 */
export class CsvBlock implements RowBlock {
  count = 0;
  /** The bytes that contain the fields. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Whether all bytes of these rows are ASCII, so that each byte is a character. */
  isAscii = true;
  /** The start and end of each field, row after row. */
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  /** The number of each field, with the decimal mark of the block; NaN where it is unknown. */
  #numbers = new Float64Array(64);
  #numFields = 0;
  /** The index of the first field of each row, including the incomplete row. */
  #firsts = new Int32Array(64);
  #lines = new Float64Array(64);
  /** The selected row. */
  #row = 0;
  #first = 0;
  /** All rows as one text, decoded on demand. */
  #all: string | undefined;
  readonly #texts = new TextCache();
  readonly #decimal: string;

  /** @param decimal the decimal mark of the numbers that `addRows` knows */
  constructor(decimal: string) {
    this.#decimal = decimal;
  }

  select(row: number): void {
    this.#row = row;
    this.#first = this.#firsts[row];
  }

  get length(): number {
    return this.#firsts[this.#row + 1] - this.#first;
  }

  get line(): number {
    return this.#lines[this.#row];
  }

  number(field: number, decimal: '.' | ','): number {
    const known = decimal === this.#decimal ? this.#numbers[this.#first + field] : Number.NaN;
    if (!Number.isNaN(known)) return known;
    const start = this.#starts[this.#first + field];
    const end = this.#ends[this.#first + field];
    const number = shortDecimal(this.bytes, start, end, decimal);
    if (!Number.isNaN(number) || start === end || !mayBeginNumber(this.bytes[start])) return number;
    return parseNumber(this.#slice(start, end), decimal);
  }

  isPadded(field: number): boolean {
    const { bytes } = this;
    let start = this.#starts[this.#first + field];
    if (bytes[start] === PLUS || bytes[start] === MINUS) start++;
    const next = bytes[start + 1];
    return bytes[start] === ZERO && next >= ZERO && next <= NINE && start + 1 < this.#ends[this.#first + field];
  }

  isText(): boolean {
    return false;
  }

  text(field: number): string {
    return this.#texts.text(this.bytes, this.#starts[this.#first + field], this.#ends[this.#first + field]);
  }

  /** A slice of the decoded text, if it is ASCII: decoding each field takes several times as long. */
  #slice(start: number, end: number): string {
    if (!this.isAscii) return textOf(this.bytes.subarray(start, end));
    const from = this.#starts[0];
    this.#all ??= textOf(this.bytes.subarray(from, this.#ends[this.#firsts[this.count] - 1]));
    return this.#all.slice(start - from, end - from);
  }

  /** Adds a field to the incomplete row, without the blanks around it. */
  add(start: number, end: number): void {
    const { bytes } = this;
    const isPadded = start < end && (bytes[start] <= 32 || bytes[end - 1] <= 32);
    const first = isPadded ? skipBlanks(bytes, start, end) : start;
    const last = isPadded ? trimmedEnd(bytes, first, end) : end;
    const i = this.#numFields;
    this.#reserve(1);
    this.#numFields++;
    this.#starts[i] = first;
    this.#ends[i] = last;
    this.#numbers[i] = Number.NaN;
  }

  /** Adds complete rows, where there is no incomplete one. */
  addRows({ starts, ends, numbers, fieldsBefore, lines }: Scanned, line: number): void {
    const before = this.#numFields;
    this.#reserve(starts.length);
    this.#starts.set(starts, before);
    this.#ends.set(ends, before);
    this.#numbers.set(numbers, before);
    this.#numFields += starts.length;
    for (let i = 0; i < lines.length; i++) this.#endRow(before + fieldsBefore[i], line + lines[i]);
  }

  #reserve(fields: number): void {
    const least = this.#numFields + fields;
    if (least <= this.#starts.length) return;
    const length = Math.max(least, 2 * this.#starts.length);
    this.#starts = longer(this.#starts, new Int32Array(length));
    this.#ends = longer(this.#ends, new Int32Array(length));
    this.#numbers = longer(this.#numbers, new Float64Array(length));
  }

  /** The number of fields in the incomplete row. */
  get open(): number {
    return this.#numFields - this.#firsts[this.count];
  }

  /** Completes the row. A row with one empty field is a blank line and is dropped. */
  close(line: number): void {
    const last = this.#numFields - 1;
    if (last === this.#firsts[this.count] && this.#starts[last] === this.#ends[last]) {
      this.#numFields = last;
      return;
    }
    this.#endRow(this.#numFields, line);
  }

  #endRow(numFields: number, line: number): void {
    const { length } = this.#lines;
    if (this.count + 1 === length) {
      this.#lines = longer(this.#lines, new Float64Array(2 * length));
      this.#firsts = longer(this.#firsts, new Int32Array(2 * length));
    }
    this.#lines[this.count++] = line;
    this.#firsts[this.count] = numFields;
  }

  /** Removes the complete rows. */
  clear(): void {
    const first = this.#firsts[this.count];
    if (first > 0) {
      this.#starts.copyWithin(0, first, this.#numFields);
      this.#ends.copyWithin(0, first, this.#numFields);
      this.#numbers.copyWithin(0, first, this.#numFields);
    }
    this.#numFields -= first;
    this.#firsts[0] = 0;
    this.count = 0;
    this.#all = undefined;
  }

  /** Adjusts the fields after their bytes moved to the front by `by` bytes. */
  move(bytes: Uint8Array, by: number): void {
    this.bytes = bytes;
    for (let i = 0; i < this.#numFields; i++) {
      this.#starts[i] -= by;
      this.#ends[i] -= by;
    }
  }
}

function longer<T extends Int32Array | Float64Array>(numbers: T, more: T): T {
  more.set(numbers);
  return more;
}

/** A cache of field texts, so that repeated values such as labels are decoded once. */
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
