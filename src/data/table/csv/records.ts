// data: chunks of CSV → records of fields, with the line on which each begins.
import { parse } from '#csv-parse';
import { DomainError, FormatError, ShapeError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import { LineDecoder, MAX_RECORD, NEWLINE } from './text.js';

/** What `delimiter` is found among, the first of equals. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** How much is cut at once, whatever the length of a chunk: memory stays flat. */
const PIECE = 2 ** 18;

const QUOTE = 34;

export interface RecordFormat {
  /** The file's name, for error messages. */
  readonly name: string;
  /** One character; found in the first record if left out. */
  readonly delimiter?: string;
  /** A decimal comma is no delimiter. */
  readonly decimal?: string;
}

/**
 * Cuts CSV into records as it comes, in memory for one record and one chunk.
 *
 * Fields are as RFC 4180 has them, and lose the blanks around them; lines may end in \n or \r\n; blank lines are none.
 * Where each quote begins or ends a field, records are cut by searches for characters; others are read by csv-parse.
 */
export class RecordReader {
  readonly #format: RecordFormat;
  readonly #take: (fields: string[], line: number) => void;
  readonly #bytes: LineDecoder;
  #delimiter: string | undefined;
  /** The record that is not yet complete, in the pieces in which it came. */
  #rest: string[] = [];
  #restLength = 0;
  #hasQuote = false;
  /** Whether the rest ends within a quoted field. */
  #isOpen = false;
  /** That of the first character of the rest. */
  #line = 1;

  /** @param take is given each record's fields, and the line on which it begins, from 1 */
  constructor(format: RecordFormat, take: (fields: string[], line: number) => void) {
    this.#format = format;
    this.#take = take;
    this.#bytes = new LineDecoder(format.name);
    assertDelimiter(format);
  }

  /** @throws FormatError where the text is no CSV; ShapeError for a chunk that is neither text nor bytes */
  push(chunk: Uint8Array | string): void {
    if (typeof chunk !== 'string' && chunk?.[Symbol.toStringTag] !== 'Uint8Array') {
      const expected = 'be text, or bytes in a Uint8Array';
      throw new ShapeError({ where: this.#format.name, argument: 'CSV', expected, actual: describe(chunk) });
    }
    for (let start = 0; start < chunk.length; start += PIECE) {
      if (typeof chunk === 'string') this.#add(chunk.slice(start, start + PIECE), false);
      else this.#add(this.#bytes.push(chunk.subarray(start, start + PIECE)), false);
    }
  }

  /** Takes what is left as the last record. */
  end(): void {
    this.#add(this.#bytes.end(), true);
  }

  /** Every character is looked at once, however many pieces a record comes in. */
  #add(text: string, isLast: boolean): void {
    const end = isLast ? text.length : this.#endOfRecords(text);
    this.#hasQuote ||= text.includes('"');
    if (end > 0 || isLast) {
      const all = this.#rest.join('') + text.slice(0, end);
      const block = this.#line === 1 && all.charCodeAt(0) === 0xfeff ? all.slice(1) : all;
      const hasQuote = this.#hasQuote && block.includes('"');
      this.#rest = [];
      this.#restLength = 0;
      if (block.length > 0) {
        this.#delimiter ??= delimiterOf(block, this.#format);
        this.#cut(block, this.#delimiter, hasQuote);
      }
    }
    this.#rest.push(text.slice(end));
    this.#restLength += text.length - end;
    if (end > 0) this.#hasQuote = this.#rest[0].includes('"');
    if (this.#restLength > MAX_RECORD) throw this.#tooLong(this.#hasQuote);
  }

  /** Where the last complete record ends: at a newline before which the quotes are even. */
  #endOfRecords(text: string): number {
    for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) this.#isOpen = !this.#isOpen;
    let isOpen = this.#isOpen;
    let newline = text.lastIndexOf('\n');
    let quote = text.lastIndexOf('"');
    // Backwards from the end, as the last record is seldom long.
    while (newline !== -1) {
      if (newline > quote) {
        if (!isOpen) return newline + 1;
        newline = newline === 0 ? -1 : text.lastIndexOf('\n', newline - 1);
      } else {
        isOpen = !isOpen;
        quote = quote === 0 ? -1 : text.lastIndexOf('"', quote - 1);
      }
    }
    return 0;
  }

  #cut(block: string, delimiter: string, hasQuote: boolean): void {
    for (let start = 0; start < block.length; ) {
      const end = hasQuote ? endOfRecord(block, start) : block.indexOf('\n', start);
      const stop = end === -1 ? block.length : end;
      if (stop - start > MAX_RECORD) throw this.#tooLong(hasQuote && block.slice(start, stop).includes('"'));
      const isCrLf = stop > start && block.charCodeAt(stop - 1) === 13;
      const record = block.slice(start, isCrLf ? stop - 1 : stop);
      if (hasQuote && record.includes('"')) {
        this.#record(cutAtQuotes(record, delimiter) ?? this.#parse(record, delimiter));
        this.#line += linesOf(record);
      } else {
        this.#record(record.split(delimiter));
        this.#line++;
      }
      start = stop + 1;
    }
  }

  #parse(record: string, delimiter: string): string[] {
    try {
      const trim = delimiter !== '\t' && delimiter !== ' ';
      const rows: string[][] = parse(record, { delimiter, record_delimiter: ['\n', '\r\n'], trim });
      return rows[0];
    } catch (error) {
      throw this.#quoteError(error);
    }
  }

  #record(fields: string[]): void {
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i];
      if (field.charCodeAt(0) <= 32 || field.charCodeAt(field.length - 1) <= 32) fields[i] = field.trim();
    }
    if (fields.length > 1 || fields[0] !== '') this.#take(fields, this.#line);
  }

  #tooLong(hasQuote: boolean): FormatError {
    return new FormatError({
      where: `${this.#format.name}:${this.#line}`,
      argument: 'the row',
      expected: `have at most ${MAX_RECORD} characters`,
      actual: 'more',
      hint: hasQuote ? 'Is there a quote that is never closed?' : 'Is this a CSV file?',
    });
  }

  #quoteError(error: unknown): unknown {
    const { code, column } = error as { code?: string; column?: unknown };
    const rule = code === undefined ? undefined : QUOTE_RULES[code];
    if (rule === undefined) return error;
    const place = typeof column === 'number' ? `:${column + 1}` : '';
    return new FormatError({ where: `${this.#format.name}:${this.#line}${place}`, ...rule, cause: error });
  }
}

const AFTER_QUOTE = {
  argument: 'a closing quote',
  expected: 'be followed by the delimiter or the end of the line',
  actual: 'something else',
  hint: 'Write a quote within a quoted field twice.',
};

/** What csv-parse says of quotes, in our words. */
const QUOTE_RULES: Readonly<Record<string, { argument: string; expected: string; actual: string; hint: string }>> = {
  INVALID_OPENING_QUOTE: {
    argument: 'a field with quotes',
    expected: 'begin with one',
    actual: 'a quote in its middle',
    hint: 'Write "5"" disk" for 5" disk.',
  },
  CSV_INVALID_CLOSING_QUOTE: AFTER_QUOTE,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: AFTER_QUOTE,
  CSV_QUOTE_NOT_CLOSED: {
    argument: 'a quoted field',
    expected: 'be closed',
    actual: 'the end of the file',
    hint: 'A closing quote is missing on this line or after it.',
  },
};

/** The newline that ends the record, or −1: the first before which the quotes are even. */
function endOfRecord(text: string, start: number): number {
  let quote = text.indexOf('"', start);
  for (let at = start; ; ) {
    const newline = text.indexOf('\n', at);
    if (newline === -1 || quote === -1 || newline < quote) return newline;
    const close = text.indexOf('"', quote + 1);
    if (close === -1) return -1;
    at = close + 1;
    quote = text.indexOf('"', at);
  }
}

/** The fields of a record where each quote begins or ends one of them; undefined where it is less simple. */
function cutAtQuotes(record: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  let quote = record.indexOf('"');
  for (let at = 0; ; ) {
    if (at === quote) {
      const close = record.indexOf('"', at + 1);
      const isEnd = close === record.length - 1;
      if (close === -1 || (!isEnd && record[close + 1] !== delimiter)) return undefined;
      fields.push(record.slice(at + 1, close));
      if (isEnd) return fields;
      at = close + 2;
      quote = record.indexOf('"', at);
    } else {
      const next = record.indexOf(delimiter, at);
      const end = next === -1 ? record.length : next;
      if (quote !== -1 && quote < end) return undefined;
      fields.push(record.slice(at, end));
      if (next === -1) return fields;
      at = next + 1;
    }
  }
}

/** How many lines a record spans. */
function linesOf(record: string): number {
  let lines = 1;
  for (let at = record.indexOf('\n'); at !== -1; at = record.indexOf('\n', at + 1)) lines++;
  return lines;
}

function assertDelimiter({ name, delimiter, decimal }: RecordFormat): void {
  if (delimiter === undefined) return;
  const isOne = typeof delimiter === 'string' && delimiter.length === 1 && !/["\r\n\w.+-]/.test(delimiter);
  if (isOne && delimiter !== decimal) return;
  const expected = 'be one character, no quote, newline, letter, digit, sign or decimal mark';
  throw new DomainError({ where: name, argument: 'delimiter', expected, actual: describe(delimiter) });
}

/** The delimiter that cuts the first record into most fields, or the one that was asked for, if it cuts it. */
function delimiterOf(block: string, { name, delimiter, decimal }: RecordFormat): string {
  const first = firstRecord(block);
  const counts = DELIMITERS.map((each) => (each === decimal ? 0 : first.split(each).length - 1));
  const most = Math.max(...counts);
  const found = DELIMITERS[counts.indexOf(most)];
  if (delimiter === undefined) return most === 0 && decimal === ',' ? ';' : found;
  if (most === 0 || first.includes(delimiter)) return delimiter;
  throw new FormatError({
    where: `${name}:1`,
    argument: 'the first line',
    expected: `be cut by the delimiter ${describe(delimiter)}`,
    actual: `a line with ${most} of ${describe(found)}`,
    hint: `Pass delimiter: ${describe(found)}, or leave it out.`,
  });
}

/** The first line that is not blank, without what is quoted. */
function firstRecord(block: string): string {
  let text = '';
  let isOpen = false;
  let hasQuote = false;
  for (let i = 0; i < block.length; i++) {
    const char = block.charCodeAt(i);
    if (char === QUOTE) {
      isOpen = !isOpen;
      hasQuote = true;
    } else if (!isOpen) {
      if (char !== NEWLINE) text += block[i];
      else if (hasQuote || text.trim() !== '') break;
      // Or else each of many blank lines would be looked at again with the next.
      else text = '';
    }
  }
  return text;
}
