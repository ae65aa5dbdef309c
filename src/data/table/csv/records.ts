// data: chunks of CSV → blocks of records with their line numbers.
import { FormatError, ShapeError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import type { Source } from '../../source.js';
import { assertDelimiter, delimiterOf, isAmbiguous, namedDelimiter, type RecordFormat } from './delimiter.js';
import { CsvBlock } from './rows.js';
import { openScan, type ScanFormat, type Scanned } from './scan.js';
import { assertCsv, assertUtf8, isAscii, MAX_RECORD, NEWLINE, skipBlanks, textOf, unitsOf } from './text.js';

/** Chunks are parsed in pieces of this size, so memory does not grow with the chunk. */
const PIECE = 2 ** 18;

const QUOTE = 34;
const CARRIAGE_RETURN = 13;
const ENCODER = new TextEncoder();

const scan = openScan();
/** After fewer lines, where most records have quotes, the rest of a piece is read without `scan`. */
const FEW_LINES = 8;
/** What a number can have besides the decimal mark. */
const NUMERIC = /[\d+-]/;

/** Chunks of text or bytes in memory as blocks of records. */
export class CsvSource implements Source<CsvBlock> {
  readonly #chunks: readonly (string | Uint8Array)[];
  readonly #format: RecordFormat;

  constructor(chunks: readonly (string | Uint8Array)[], format: RecordFormat) {
    this.#chunks = chunks;
    this.#format = format;
  }

  *blocks(): Generator<CsvBlock, void, undefined> {
    const reader = new RecordReader(this.#format);
    for (const chunk of this.#chunks) yield* reader.push(chunk);
    yield* reader.end();
  }
}

/** The beginning of a record within a file. */
export interface RecordPlace {
  readonly delimiter: string;
  /** Its line, from 1. */
  readonly line: number;
}

/**
 * A streaming CSV parser. It holds one record and one piece of a chunk in memory, and reads each byte a bounded number
 * of times, for any chunk boundaries and quotes.
 *
 * Fields follow RFC 4180; blanks around them are trimmed. Lines end in \n or \r\n. Blank lines are skipped.
 */
export class RecordReader {
  readonly #format: RecordFormat;
  readonly #rows: CsvBlock;
  /** The bytes since the beginning of the incomplete record, with earlier ones until they are moved out. */
  #bytes = new Uint8Array(0);
  #length = 0;
  /** The end of the complete lines of valid UTF-8; only these are parsed. */
  #valid = 0;
  /** Whether no line has been validated yet: the file may not be text. */
  #isStart = true;
  /** The first half of a surrogate pair. */
  #half = '';
  /** The delimiter of a first line such as `sep=;`. */
  #named: string | undefined;
  /** The first record, if the second one decides on the delimiter. */
  #first: string | undefined;
  /** Empty until it is known. */
  #delimiter = new Uint8Array(0);
  /** Not 0 for the bytes that need action: newline, quote, and the last byte of the delimiter. */
  readonly #isMark = new Uint8Array(256);
  /** The byte that begins lines to skip; −1 for none. */
  readonly #comment: number;
  /** How `scan` reads the records; undefined where it cannot. */
  #scanned: ScanFormat | undefined;
  /** Whether blanks around quotes are trimmed: unless the delimiter is a blank. */
  #trims = true;

  /** The line of the record, and the number of newlines within its quotes so far. */
  #line = 1;
  #newlines = 0;
  /** The beginning of the record, and the next byte to parse. */
  #record = 0;
  #at = 0;
  /** The beginning of the field. */
  #field = 0;
  /** The beginning of the text after an opening quote, and the position of the closing quote; −1 for none. */
  #open = -1;
  #close = -1;
  /** The end of the counted characters of the record, and their number; only long records are counted. */
  #counted = 0;
  #units = 0;

  /** @param from where the bytes begin, if that is not the beginning of the file */
  constructor(format: RecordFormat, from?: RecordPlace) {
    this.#format = format;
    this.#rows = new CsvBlock(format.decimal ?? '.');
    this.#comment = format.comment?.charCodeAt(0) ?? -1;
    assertDelimiter(format);
    if (from === undefined) return;
    this.#isStart = false;
    this.#line = from.line;
    this.#begin(from.delimiter);
  }

  /** The delimiter, given or detected, once there is a record. */
  get delimiter(): string {
    return textOf(this.#delimiter);
  }

  /**
   * The records that a chunk completes. A block is valid until the next block is requested.
   *
   * @throws FormatError for invalid CSV, after the rows before it; ShapeError for a chunk that is neither text nor
   *         bytes
   */
  *push(chunk: Uint8Array | string): Generator<CsvBlock, void, undefined> {
    if (typeof chunk !== 'string' && chunk?.[Symbol.toStringTag] !== 'Uint8Array') {
      const expected = 'be text, or bytes in a Uint8Array';
      throw new ShapeError({ where: this.#format.name, argument: 'CSV', expected, actual: describe(chunk) });
    }
    for (let start = 0; start < chunk.length; start += PIECE) {
      yield* this.#add(
        typeof chunk === 'string'
          ? this.#encode(chunk.slice(start, start + PIECE))
          : chunk.subarray(start, start + PIECE),
      );
    }
  }

  /** The last record, with or without a final newline. */
  *end(): Generator<CsvBlock, void, undefined> {
    this.#append(ENCODER.encode(this.#half));
    this.#validate(this.#length);
    yield* this.#complete(this.#cut(true) ?? this.#last());
  }

  /** Encodes text as bytes, except a surrogate whose second half is in the next piece. */
  #encode(piece: string): Uint8Array {
    // A string cannot be a binary file or invalid UTF-8.
    this.#isStart = false;
    const text = this.#half + piece;
    const last = text.charCodeAt(text.length - 1);
    this.#half = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : '';
    return ENCODER.encode(this.#half === '' ? text : text.slice(0, -1));
  }

  *#add(piece: Uint8Array): Generator<CsvBlock, void, undefined> {
    this.#append(piece);
    const newline = piece.lastIndexOf(NEWLINE);
    if (newline !== -1) {
      this.#validate(this.#length - piece.length + newline + 1);
      yield* this.#complete(this.#cut(false));
    }
    // A character takes at most four bytes.
    if (this.#isTooLong(this.#valid) || this.#length - this.#valid > 4 * MAX_RECORD) throw this.#tooLong(this.#length);
  }

  /** Yields the complete rows, then throws the error. */
  *#complete(wrong: FormatError | undefined): Generator<CsvBlock, void, undefined> {
    if (this.#rows.count > 0) yield this.#rows;
    if (wrong !== undefined) throw wrong;
    this.#rows.clear();
    if (this.#record === this.#valid) this.#rows.isAscii = true;
  }

  /** Copies the piece, because the caller may reuse its buffer. */
  #append(piece: Uint8Array): void {
    const start = this.#record;
    const length = this.#length - start + piece.length;
    if (this.#length + piece.length > this.#bytes.length) {
      if (length > this.#bytes.length) {
        const bytes = new Uint8Array(2 * length);
        bytes.set(this.#bytes.subarray(start, this.#length));
        this.#bytes = bytes;
      } else {
        this.#bytes.copyWithin(0, start, this.#length);
      }
      this.#rows.move(this.#bytes, start);
      this.#length -= start;
      this.#valid -= start;
      this.#record = 0;
      this.#at -= start;
      this.#field -= start;
      this.#counted -= start;
      if (this.#open !== -1) this.#open -= start;
      if (this.#close !== -1) this.#close -= start;
    }
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** Checks that the lines before `end` are UTF-8, and releases them for parsing. */
  #validate(end: number): void {
    const start = this.#valid;
    const lines = this.#bytes.subarray(start, end);
    if (this.#isStart && lines.length > 0) assertCsv(this.#bytes.subarray(start, this.#length), this.#format.name);
    this.#isStart = false;
    if (!isAscii(lines)) {
      this.#rows.isAscii = false;
      assertUtf8(
        lines,
        this.#format.name,
        (at) => this.#line + countOf(NEWLINE, this.#bytes, this.#record, start + at),
      );
    }
    this.#valid = end;
  }

  /** Parses complete lines into records. Returns an error, so that the rows before it can be yielded first. */
  #cut(isLast: boolean): FormatError | undefined {
    if (this.#delimiter.length === 0 && !this.#findDelimiter(isLast)) return undefined;
    const bytes = this.#bytes;
    const isMark = this.#isMark;
    const end = this.#valid;
    const single = this.#delimiter.length === 1 ? this.#delimiter[0] : -1;
    let at = this.#at;
    let scanFrom = this.#scanned && scan?.(bytes, at, end, this.#scanned);
    while (at < end) {
      if (scanFrom !== undefined && at === this.#record) {
        if (this.#addScanned(scanFrom(at)) < FEW_LINES) scanFrom = undefined;
        at = this.#record;
        continue;
      }
      if (bytes[at] === this.#comment && at === this.#record) {
        at = this.#nextLine(at, end);
        this.#line++;
        this.#beginRecord(at);
        continue;
      }
      if (this.#open !== -1 && this.#close === -1) {
        for (; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === NEWLINE) this.#newlines++;
        if (at < end) this.#close = at++;
        continue;
      }
      while (at < end && isMark[bytes[at]] === 0) at++;
      // Fields without quotes, most of a table, without the calls below.
      while (at < end && bytes[at] === single && this.#close === -1) {
        this.#rows.add(this.#field, at);
        this.#field = ++at;
        while (at < end && isMark[bytes[at]] === 0) at++;
      }
      if (at === end) break;
      const wrong = this.#mark(bytes[at], at);
      if (wrong !== undefined) return wrong;
      at++;
    }
    this.#at = at;
    return undefined;
  }

  /** Returns the number of lines. */
  #addScanned(scanned: Scanned): number {
    this.#rows.addRows(scanned, this.#line);
    this.#line += scanned.numLines;
    this.#beginRecord(this.#record + scanned.length);
    return scanned.numLines;
  }

  /** Handles a marked byte outside quotes. */
  #mark(byte: number, at: number): FormatError | undefined {
    if (byte === NEWLINE) return this.#endRecord(at);
    if (byte === QUOTE) return this.#quote(at);
    const length = this.#delimiter.length;
    for (let i = 1; i < length; i++) if (this.#bytes[at - i] !== this.#delimiter[length - 1 - i]) return undefined;
    return this.#endField(at + 1 - length, at + 1);
  }

  /** Handles a quote outside quotes: an opening quote, or the second of a doubled quote. */
  #quote(at: number): FormatError | undefined {
    if (this.#close === -1) {
      if (!this.#isBlank(this.#field, at)) return this.#quoteError(QUOTE_WITHIN);
      this.#open = at + 1;
    } else {
      const isDoubled = at === this.#close + 1;
      const isWithin = this.#close > this.#open && this.#isBlank(this.#close + 1, at);
      if (!isDoubled) return this.#quoteError(isWithin ? QUOTE_WITHIN : AFTER_QUOTE);
      this.#close = -1;
    }
    return undefined;
  }

  #endField(end: number, next: number): FormatError | undefined {
    if (this.#close === -1) {
      this.#rows.add(this.#field, end);
    } else {
      if (!this.#isBlank(this.#close + 1, end)) return this.#quoteError(AFTER_QUOTE);
      this.#rows.add(this.#open, this.#close);
      this.#open = -1;
      this.#close = -1;
    }
    this.#field = next;
    return undefined;
  }

  #endRecord(end: number): FormatError | undefined {
    if (this.#isTooLong(end)) return this.#tooLong(end);
    const isCrLf = end > this.#record && this.#bytes[end - 1] === CARRIAGE_RETURN;
    const wrong = this.#endField(isCrLf ? end - 1 : end, end + 1);
    if (wrong !== undefined) return wrong;
    this.#rows.close(this.#line);
    this.#line += 1 + this.#newlines;
    this.#newlines = 0;
    this.#beginRecord(end + 1);
    return undefined;
  }

  /** The beginning of the line after the one that contains `at`, at most `end`. */
  #nextLine(at: number, end: number): number {
    const newline = this.#bytes.subarray(0, end).indexOf(NEWLINE, at);
    return newline === -1 ? end : newline + 1;
  }

  #beginRecord(at: number): void {
    this.#record = at;
    this.#field = at;
    this.#counted = at;
    this.#units = 0;
  }

  /** Ends a record without a final newline. */
  #last(): FormatError | undefined {
    const end = this.#length;
    if (end === this.#record) return undefined;
    if (this.#isTooLong(end)) return this.#tooLong(end);
    return this.#open !== -1 && this.#close === -1 ? this.#quoteError(NOT_CLOSED) : this.#endRecord(end);
  }

  #isBlank(start: number, end: number): boolean {
    return start === end || (this.#trims && skipBlanks(this.#bytes, start, end) === end);
  }

  /** Detects the delimiter. False until the first records that decide are complete. Each byte is scanned once. */
  #findDelimiter(isLast: boolean): boolean {
    const bytes = this.#bytes;
    if (this.#at === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      this.#at = 3;
      this.#beginRecord(3);
    }
    if (!this.#scanRecord() && !isLast) return false;
    const [start, at] = [this.#field, this.#at];
    const record = textOf(bytes.subarray(Math.min(start, at), at));
    if (this.#first !== undefined) return this.#begin(delimiterOf(this.#first, record, this.#sniffed));
    const named = namedDelimiter(record);
    if (named !== undefined && this.#named === undefined && at < this.#valid) {
      // The line is no record: detection begins again after it.
      this.#named = named;
      this.#line += countOf(NEWLINE, bytes, this.#record, at + 1);
      this.#beginRecord(at + 1);
      this.#at = at + 1;
      return this.#findDelimiter(isLast);
    }
    if (!isAmbiguous(record, this.#sniffed)) return this.#begin(delimiterOf(record, undefined, this.#sniffed));
    this.#first = record;
    this.#open = -1;
    this.#field = at + 1;
    this.#at = at + 1;
    return this.#findDelimiter(isLast);
  }

  get #sniffed(): RecordFormat {
    return { ...this.#format, delimiter: this.#format.delimiter ?? this.#named };
  }

  /** Begins to parse, with a delimiter. */
  #begin(delimiter: string): true {
    this.#delimiter = ENCODER.encode(delimiter);
    this.#trims = delimiter !== '\t' && delimiter !== ' ';
    const { decimal = '.' } = this.#format;
    const isByte = this.#delimiter.length === 1 && !NUMERIC.test(delimiter) && delimiter !== decimal;
    const [byte, point] = [this.#delimiter[0], decimal.charCodeAt(0)];
    this.#scanned = isByte ? { delimiter: byte, point, comment: this.#comment } : undefined;
    for (const byte of [NEWLINE, QUOTE, this.#delimiter[this.#delimiter.length - 1]]) this.#isMark[byte] = 1;
    this.#open = -1;
    this.#field = this.#record;
    this.#at = this.#record;
    return true;
  }

  /**
   * Moves `#at` to the newline after the record at `#field`, which it moves behind comments and, before the first record,
   * blank lines. False if there is no such newline yet.
   */
  #scanRecord(): boolean {
    const bytes = this.#bytes;
    const end = this.#valid;
    let at = this.#at;
    for (; at < end; at++) {
      if (bytes[at] === this.#comment && at === this.#field) {
        this.#field = this.#nextLine(at, end);
        at = this.#field - 1;
      } else if (bytes[at] === QUOTE) {
        this.#open = this.#open === -1 ? at : -1;
      } else if (bytes[at] === NEWLINE && this.#open === -1) {
        if (this.#first !== undefined || skipBlanks(bytes, this.#field, at) < at) break;
        this.#field = at + 1;
      }
    }
    this.#at = at;
    return at < end;
  }

  #isTooLong(end: number): boolean {
    // A character has at least one byte.
    if (end - this.#record <= MAX_RECORD) return false;
    this.#units += unitsOf(this.#bytes, this.#counted, end);
    this.#counted = end;
    return this.#units > MAX_RECORD;
  }

  #tooLong(end: number): FormatError {
    const hasQuote = this.#bytes.subarray(this.#record, end).includes(QUOTE);
    return new FormatError({
      where: `${this.#format.name}:${this.#line}`,
      argument: 'the row',
      expected: `have at most ${MAX_RECORD} characters`,
      actual: 'more',
      hint: hasQuote ? 'Is there a quote that is never closed?' : 'Is this a CSV file?',
    });
  }

  #quoteError(rule: typeof AFTER_QUOTE): FormatError {
    return new FormatError({ where: `${this.#format.name}:${this.#line}:${this.#rows.open + 1}`, ...rule });
  }
}

const QUOTE_WITHIN = {
  argument: 'a field with quotes',
  expected: 'begin with a quote',
  actual: 'a quote inside it',
  hint: 'Write "5"" disk" for 5" disk.',
};

const AFTER_QUOTE = {
  argument: 'a closing quote',
  expected: 'be followed by the delimiter or the end of the line',
  actual: 'something else',
  hint: 'Double each quote inside a quoted field.',
};

const NOT_CLOSED = {
  argument: 'a quoted field',
  expected: 'be closed',
  actual: 'the end of the file',
  hint: 'A closing quote is missing on this line or after it.',
};

function countOf(byte: number, bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if (bytes[i] === byte) count++;
  return count;
}
