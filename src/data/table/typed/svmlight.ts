// data: SVMlight and LIBSVM: a label, then index:value of the features that are not 0.
import { FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import { NumberList } from '../../kept-rows.js';
import { MAX_RECORD } from '../csv/text.js';
import { assertFits, NUMBER } from '../limits.js';
import { parseNumber } from '../number.js';
import type { TypedBlock, TypedTable } from './table.js';

/** The name of the column of labels. */
const LABEL = 'label';
/** The largest index: the state of a column takes memory. */
const MAX_INDEX = 1_000_000;
/** The most rows of a block. */
const BLOCK_ROWS = 4096;

export interface SvmlightOptions {
  /** Whether the first feature has index 0; by default if any index is 0. */
  readonly zeroBased?: boolean | undefined;
  /** The columns of a model, which a file without their indices has too, as zeros. */
  readonly names?: readonly string[] | undefined;
  /** The maximum number of bytes that the rows may take, with all their zeros. */
  readonly maxMemory?: number | undefined;
}

/**
 * All rows in memory, without their zeros. The columns are x1, x2, … (from x0 if indices begin with 0) and `label`.
 *
 * @throws FormatError, with `file:line`, for a line of another form, or indices that do not ascend
 * @see the golden values of scikit-learn's load_svmlight_file in test/svmlight.test.ts
 */
export async function readSvmlight(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  { zeroBased, names, maxMemory = Number.POSITIVE_INFINITY }: SvmlightOptions = {},
): Promise<TypedTable> {
  const isOfOne = zeroBased === false || (names !== undefined && !names.includes('x0'));
  const rows = new SparseRows(name, isOfOne ? 1 : 0, maxMemory);
  for await (const lines of linesOf(chunks, name)) for (const line of lines) rows.add(line);
  if (rows.count === 0) {
    const rule = { where: name, argument: 'the table', expected: 'have at least one row' };
    throw new FormatError({ ...rule, actual: 'none' });
  }
  const { least, last } = rows;
  const first = zeroBased === true || (!isOfOne && least === 0) ? 0 : 1;
  const indices = Array.from({ length: Math.max(0, last - first + 1) }, (_, j) => first + j);
  const missing = (names ?? []).flatMap((each) => {
    const index = /^x(0|[1-9]\d{0,6})$/.exec(each)?.[1];
    return index !== undefined && (Number(index) > last || Number(index) < first) ? [Number(index)] : [];
  });
  const own = [...indices, ...missing];
  return {
    name,
    label: LABEL,
    columns: [...own.map((index) => ({ name: `x${index}` })), { name: LABEL }],
    where: (line) => `${name}:${line}`,
    blocks: async function* () {
      for (let start = 0; start < rows.count; start += BLOCK_ROWS) {
        yield new SparseBlock(rows, own, start, Math.min(BLOCK_ROWS, rows.count - start));
      }
    },
  };
}

/** Rows as lists of their values and indices. */
class SparseRows {
  readonly labels = new NumberList();
  readonly lines = new NumberList();
  /** Where the entries of each row end. */
  readonly ends = new NumberList();
  readonly indices = new NumberList();
  readonly values = new NumberList();
  /** The smallest and the largest index. */
  least = Number.POSITIVE_INFINITY;
  last = 0;
  readonly #name: string;
  readonly #first: 0 | 1;
  readonly #maxMemory: number;
  #line = 0;

  constructor(name: string, first: 0 | 1, maxMemory: number) {
    this.#name = name;
    this.#first = first;
    this.#maxMemory = maxMemory;
  }

  get count(): number {
    return this.labels.length;
  }

  add(line: string): void {
    this.#line++;
    const [label, ...entries] = line.replace(/#.*/s, '').trim().split(/\s+/);
    if (label === '') return;
    this.labels.push(this.#number(label, 'the label', label.includes(',') ? MULTILABEL : undefined));
    let before = -1;
    for (const entry of entries) {
      const colon = entry.indexOf(':');
      const [key, value] = [entry.slice(0, colon), entry.slice(colon + 1)];
      if (colon === -1) throw this.#error('the entry', 'be index:value', describe(entry));
      if (key === 'qid') throw this.#error('qid', 'be left out', describe(entry), RANKING);
      const index = /^\+?\d+$/.test(key) ? Number(key) : Number.NaN;
      if (!(index >= this.#first && index <= MAX_INDEX)) {
        const rule = `be an integer from ${this.#first} to ${MAX_INDEX.toLocaleString('en')}`;
        throw this.#error('the index', rule, describe(key), key === '0' ? ZERO : undefined);
      }
      if (index <= before) {
        const rule = `be greater than the one before it, ${before}`;
        throw this.#error('the index', rule, String(index), 'Sort the entries of the row by index, each index once.');
      }
      this.indices.push(index);
      this.values.push(/^[+-]?nan$/i.test(value) ? Number.NaN : this.#number(value, `the value of index ${index}`));
      before = index;
      this.least = Math.min(this.least, index);
      this.last = Math.max(this.last, index);
    }
    this.lines.push(this.#line);
    this.ends.push(this.indices.length);
    const { count: rows, last } = this;
    const size = { bytes: 2 * NUMBER * this.indices.length, columns: last, rows, rowBytes: NUMBER * (last + 3) };
    assertFits(
      size,
      this.#maxMemory,
      this.#name,
      `Each row has its zeros: ${last} features. Give fewer rows or features.`,
    );
  }

  #number(text: string, argument: string, hint?: string): number {
    const number = parseNumber(text.replace(/^\+/, ''), '.');
    if (Number.isFinite(number)) return number;
    throw this.#error(argument, 'be a finite number', describe(text), hint);
  }

  #error(argument: string, expected: string, actual: string, hint?: string): FormatError {
    return new FormatError({ where: `${this.#name}:${this.#line}`, argument, expected, actual, hint });
  }
}

const MULTILABEL = 'Rows with several labels are not read: give each row one class.';
const RANKING = 'It groups rows for ranking. Remove it to classify.';
const ZERO = 'Do the indices of this file begin with 0? Here they must begin with 1.';

/** Rows, of which the selected one is written out with its zeros. */
class SparseBlock implements TypedBlock {
  readonly count: number;
  readonly #rows: SparseRows;
  readonly #start: number;
  readonly #fields: ReadonlyMap<number, number>;
  readonly #width: number;
  #dense: Float64Array | undefined;
  #row = 0;

  /** @param indices the index of each field; the label comes after them */
  constructor(rows: SparseRows, indices: readonly number[], start: number, count: number) {
    this.#rows = rows;
    this.#fields = new Map(indices.map((index, field) => [index, field]));
    this.#width = indices.length;
    this.#start = start;
    this.count = count;
  }

  get bytes(): number {
    const { ends } = this.#rows;
    const from = this.#start === 0 ? 0 : ends.at(this.#start - 1);
    return NUMBER * (2 * (ends.at(this.#start + this.count - 1) - from) + 3 * this.count);
  }

  get length(): number {
    return this.#width + 1;
  }

  get line(): number {
    return this.#rows.lines.at(this.#row);
  }

  select(row: number): void {
    const { ends, indices, values, labels } = this.#rows;
    this.#row = this.#start + row;
    this.#dense ??= new Float64Array(this.#width + 1);
    this.#dense.fill(0);
    const from = this.#row === 0 ? 0 : ends.at(this.#row - 1);
    for (let i = from; i < ends.at(this.#row); i++) {
      const field = this.#fields.get(indices.at(i));
      if (field !== undefined) this.#dense[field] = values.at(i);
    }
    this.#dense[this.#width] = labels.at(this.#row);
  }

  number(field: number): number {
    return this.#dense?.[field] ?? Number.NaN;
  }

  text(field: number): string {
    const number = this.number(field);
    return Number.isNaN(number) ? '' : String(number);
  }

  isText(): boolean {
    return false;
  }

  isPadded(): boolean {
    return false;
  }
}

/** The lines that each chunk completes, and at last the rest. Comments may have any bytes. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string[], void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
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
