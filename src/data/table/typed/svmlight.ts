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
  options: SvmlightOptions = {},
): Promise<TypedTable> {
  const { maxMemory = Number.POSITIVE_INFINITY } = options;
  const reader = new LineReader(name, options);
  const rows = new SparseRows();
  for await (const lines of linesOf(chunks, name)) {
    for (const line of lines) {
      reader.read(line, rows);
      const { rows: count, last } = reader;
      const size = {
        bytes: 2 * NUMBER * rows.indices.length,
        columns: last,
        rows: count,
        rowBytes: NUMBER * (last + 3),
      };
      const hint = `Each row has its zeros: ${last} features. Give fewer rows or features.`;
      assertFits(size, maxMemory, name, hint);
    }
  }
  reader.assertRows();
  return tableOf(name, reader.indices(), async function* (fields) {
    for (let start = 0; start < rows.count; start += BLOCK_ROWS) {
      yield new SparseBlock(rows, fields, start, Math.min(BLOCK_ROWS, rows.count - start));
    }
  });
}

/**
 * The same table, of which nothing but the rows of a chunk are kept: the file is read once for its indices before this function
 * returns, and once more for each pass.
 *
 * @param stream the bytes of the file, from its beginning
 * @param maxMemory the maximum number of bytes that the state of the columns and the places of the rows may take
 * @throws as `readSvmlight`
 */
export async function openSvmlight(
  stream: () => AsyncIterable<Uint8Array>,
  name: string,
  { maxMemory, hint = FEWER }: { readonly maxMemory: number; readonly hint?: string | undefined },
): Promise<TypedTable> {
  const reader = new LineReader(name, {});
  for await (const _ of arriving(stream(), reader)) {
    const { last: columns, rows } = reader;
    assertFits({ bytes: 0, columns, rows, rowBytes: NUMBER }, maxMemory, name, hint);
  }
  reader.assertRows();
  return tableOf(name, reader.indices(), async function* (fields) {
    for await (const rows of arriving(stream(), new LineReader(name, {}))) {
      yield new SparseBlock(rows, fields, 0, rows.count);
    }
  });
}

/**
 * The rows as they arrive, for one pass. The columns are those of a model, all of which are indices; others are ignored.
 *
 * @throws as `readSvmlight`, in the pass
 */
export function streamSvmlight(chunks: AsyncIterable<Uint8Array>, name: string, names: readonly string[]): TypedTable {
  const reader = new LineReader(name, { names });
  return tableOf(name, reader.indices(), async function* (fields) {
    for await (const rows of arriving(chunks, reader)) yield new SparseBlock(rows, fields, 0, rows.count);
    reader.assertRows();
  });
}

/** The index in the name of a column; undefined for another name. */
export function indexIn(name: string): number | undefined {
  const digits = /^x(0|[1-9]\d{0,6})$/.exec(name)?.[1];
  return digits === undefined || Number(digits) > MAX_INDEX ? undefined : Number(digits);
}

/** The rows that each chunk completes, if there are any. */
async function* arriving(
  chunks: AsyncIterable<Uint8Array>,
  reader: LineReader,
): AsyncGenerator<SparseRows, void, undefined> {
  for await (const lines of linesOf(chunks, reader.name)) {
    const rows = new SparseRows();
    for (const line of lines) reader.read(line, rows);
    if (rows.count > 0) yield rows;
  }
}

/** The fields of a row, by their indices; the label comes after them. */
type Fields = ReadonlyMap<number, number>;

/** A table of these indices and a label. */
function tableOf(
  name: string,
  indices: readonly number[],
  blocks: (fields: Fields) => AsyncIterable<TypedBlock>,
): TypedTable {
  const fields = new Map(indices.map((index, field) => [index, field]));
  return {
    name,
    label: LABEL,
    columns: [...indices.map((index) => ({ name: `x${index}` })), { name: LABEL }],
    where: (line) => `${name}:${line}`,
    blocks: () => blocks(fields),
  };
}

const FEWER = 'Give a file with fewer rows.';

/** Rows as lists of their values and indices. */
class SparseRows {
  readonly labels = new NumberList();
  readonly lines = new NumberList();
  /** Where the entries of each row end. */
  readonly ends = new NumberList();
  readonly indices = new NumberList();
  readonly values = new NumberList();

  get count(): number {
    return this.labels.length;
  }
}

/** Reads lines, and finds the indices that they have. */
class LineReader {
  readonly name: string;
  rows = 0;
  /** The largest index. */
  last = 0;
  #least = Number.POSITIVE_INFINITY;
  readonly #options: SvmlightOptions;
  /** The smallest index that is accepted. */
  readonly #first: 0 | 1;
  #line = 0;

  constructor(name: string, options: SvmlightOptions) {
    const { zeroBased, names } = options;
    this.name = name;
    this.#options = options;
    this.#first = zeroBased === false || (names !== undefined && !names.includes('x0')) ? 1 : 0;
  }

  /** The indices of the columns: all up to the largest one, and those that a model has besides. */
  indices(): number[] {
    const { last } = this;
    const { zeroBased, names = [] } = this.#options;
    const first = zeroBased === true || (this.#first === 0 && this.#least === 0) ? 0 : 1;
    const own = Array.from({ length: Math.max(0, last - first + 1) }, (_, j) => first + j);
    const missing = names.flatMap((each) => {
      const index = indexIn(each);
      return index !== undefined && (index > last || index < first) ? [index] : [];
    });
    return [...own, ...missing];
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
      into.indices.push(index);
      into.values.push(/^[+-]?nan$/i.test(value) ? Number.NaN : this.#number(value, `the value of index ${index}`));
      before = index;
      this.#least = Math.min(this.#least, index);
      this.last = Math.max(this.last, index);
    }
    into.lines.push(this.#line);
    into.ends.push(into.indices.length);
    this.rows++;
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
const RANKING = 'It groups rows for ranking. Remove it to classify.';
const ZERO = 'Do the indices of this file begin with 0? Here they must begin with 1.';

/** Rows, of which the selected one is written out with its zeros. */
class SparseBlock implements TypedBlock {
  readonly count: number;
  readonly #rows: SparseRows;
  readonly #start: number;
  readonly #fields: Fields;
  readonly #width: number;
  #dense: Float64Array | undefined;
  #row = 0;

  constructor(rows: SparseRows, fields: Fields, start: number, count: number) {
    this.#rows = rows;
    this.#fields = fields;
    this.#width = fields.size;
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
