// data: the lines of SVMlight and LIBSVM: a label, then index:value of the features that are not 0.
import { FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import { MAX_RECORD } from '../csv/text.js';
import { parseNumber } from '../number.js';

/** Where the rows of lines are added, one number after the other. */
export interface SparseRows {
  readonly labels: Numbers;
  /** The line of each row. */
  readonly lines?: Numbers;
  /** Where the entries of each row end. */
  readonly ends: Numbers;
  readonly indices: Numbers;
  readonly values: Numbers;
}

interface Numbers {
  readonly length: number;
  push(x: number): void;
}

export interface LineOptions {
  /** Whether the first feature has index 0; by default if any index is 0. An index 0 is refused if not. */
  readonly zeroBased?: boolean | undefined;
  /** The largest index, and the way out for a larger one. */
  readonly largest: number;
  readonly hintOfLargest?: string | undefined;
  /** What becomes of nan, and of the groups of rows for ranking; by default they are refused. */
  readonly nan?: 'missing';
  readonly hintOfQid: string;
  readonly qid?: 'ignore' | undefined;
  /** The largest absolute value. */
  readonly largestValue?: number | undefined;
}

/** Reads lines, and finds the indices that they have. */
export class LineReader {
  readonly name: string;
  rows = 0;
  /** The largest index, and its first line. */
  last = 0;
  lineOfLast = 0;
  #least = Number.POSITIVE_INFINITY;
  readonly #options: LineOptions;
  /** The smallest index that is accepted. */
  readonly #first: 0 | 1;
  #line = 0;

  constructor(name: string, options: LineOptions) {
    this.name = name;
    this.#options = options;
    this.#first = options.zeroBased === false ? 1 : 0;
  }

  /** The index of the first feature, by the lines that are read. */
  get first(): 0 | 1 {
    return this.#options.zeroBased === true || this.#least === 0 ? 0 : 1;
  }

  assertRows(): void {
    if (this.rows > 0) return;
    const rule = { where: this.name, argument: 'the table', expected: 'have at least one row' };
    throw new FormatError({ ...rule, actual: 'none' });
  }

  /** Adds the row of the next line, if it has one. */
  read(line: string, into: SparseRows): void {
    this.#line++;
    const [label, ...entries] = line.replace(/#.*/s, '').trim().split(/\s+/);
    if (label === '') return;
    into.labels.push(this.#number(label, 'the label', label.includes(',') ? MULTILABEL : undefined));
    let before = -1;
    for (const entry of entries) {
      const colon = entry.indexOf(':');
      const [key, value] = [entry.slice(0, colon), entry.slice(colon + 1)];
      if (colon === -1) throw this.#error('the entry', 'be index:value', describe(entry));
      if (key === 'qid') {
        if (this.#options.qid === 'ignore') continue;
        throw this.#error('qid', 'be left out', describe(entry), this.#options.hintOfQid);
      }
      const index = this.#index(key);
      if (index <= before) {
        const rule = `be greater than the one before it, ${before}`;
        throw this.#error('the index', rule, String(index), 'Sort the entries of the row by index, each index once.');
      }
      into.indices.push(index);
      into.values.push(this.#value(value, index));
      before = index;
      this.#least = Math.min(this.#least, index);
      if (index > this.last) [this.last, this.lineOfLast] = [index, this.#line];
    }
    into.lines?.push(this.#line);
    into.ends.push(into.indices.length);
    this.rows++;
  }

  #index(key: string): number {
    const { largest, hintOfLargest } = this.#options;
    const index = /^\+?\d+$/.test(key) ? Number(key) : Number.NaN;
    if (index >= this.#first && index <= largest) return index;
    const rule = `be an integer from ${this.#first} to ${largest.toLocaleString('en')}`;
    throw this.#error(
      'the index',
      rule,
      describe(key),
      key === '0' ? ZERO : index > largest ? hintOfLargest : undefined,
    );
  }

  #value(text: string, index: number): number {
    const argument = `the value of index ${index}`;
    const isNaNThere = /^[+-]?nan$/i.test(text);
    if (isNaNThere && this.#options.nan === 'missing') return Number.NaN;
    const value = this.#number(text, argument, isNaNThere ? MISSING : undefined);
    const { largestValue = Number.MAX_VALUE } = this.#options;
    if (Math.abs(value) <= largestValue) return value;
    throw this.#error(argument, `be at most ${largestValue.toPrecision(3)}`, describe(text), BEYOND);
  }

  #number(text: string, argument: string, hint?: string): number {
    const number = parseNumber(text.replace(/^\+/, ''), '.');
    if (Number.isFinite(number)) return number;
    throw this.#error(argument, 'be a finite number', describe(text), hint);
  }

  #error(argument: string, expected: string, actual: string, hint?: string): FormatError {
    return new FormatError({ where: `${this.name}:${this.#line}`, argument, expected, actual, hint });
  }
}

const MULTILABEL = 'Rows with several labels are not read: give each row one class.';
const MISSING = 'A sparse matrix has no missing values: leave the entry out, which makes it 0, or leave out the row.';
const BEYOND = 'It does not fit into float32: read float64.';
const ZERO = 'Do the indices of this file begin with 0? Here they must begin with 1.';

/** The lines that each chunk completes, and at last the rest. Comments may have any bytes. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<string[], void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of piecesOf(chunks)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() as string;
    if (rest.length > MAX_RECORD) {
      const expected = `have at most ${MAX_RECORD} characters`;
      throw new FormatError({ where: name, argument: 'a line', expected, actual: 'more' });
    }
    yield lines;
  }
  yield [rest + decoder.decode()];
}

/** The most bytes that become text at once. */
const PIECE = 2 ** 18;

async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) yield chunk.subarray(at, at + PIECE);
  }
}
