// data: SVMlight and LIBSVM: a label, then index:value of the features that are not 0.
import { NumberList } from '../../kept-rows.js';
import { assertFits, NUMBER } from '../limits.js';
import { type LineOptions, LineReader, linesOf, type SparseRows } from './svmlight-lines.js';
import type { TypedBlock, TypedTable } from './table.js';

const RANKING = 'It groups rows for ranking. Remove it to classify.';
/** The name of the column of labels. */
const LABEL = 'label';
/** The largest index: the state of a column takes memory. */
const MAX_INDEX = 1_000_000;
/** The most rows of a block. */
const BLOCK_ROWS = 4096;

export interface SvmlightTableOptions {
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
export async function readSvmlightTable(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  options: SvmlightTableOptions = {},
): Promise<TypedTable> {
  const { maxMemory = Number.POSITIVE_INFINITY } = options;
  const reader = new LineReader(name, readingOf(options));
  const rows = new TableRows();
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
  return tableOf(name, indicesOf(reader, options.names), async function* (fields) {
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
 * @throws as `readSvmlightTable`
 */
export async function openSvmlight(
  stream: () => AsyncIterable<Uint8Array>,
  name: string,
  { maxMemory, hint = FEWER }: { readonly maxMemory: number; readonly hint?: string | undefined },
): Promise<TypedTable> {
  const reader = new LineReader(name, readingOf({}));
  for await (const _ of arriving(stream(), reader)) {
    const { last: columns, rows } = reader;
    assertFits({ bytes: 0, columns, rows, rowBytes: NUMBER }, maxMemory, name, hint);
  }
  reader.assertRows();
  return tableOf(name, indicesOf(reader), async function* (fields) {
    for await (const rows of arriving(stream(), new LineReader(name, readingOf({})))) {
      yield new SparseBlock(rows, fields, 0, rows.count);
    }
  });
}

/**
 * The rows as they arrive, for one pass. The columns are those of a model, all of which are indices; others are ignored.
 *
 * @throws as `readSvmlightTable`, in the pass
 */
export function streamSvmlight(chunks: AsyncIterable<Uint8Array>, name: string, names: readonly string[]): TypedTable {
  const reader = new LineReader(name, readingOf({ names }));
  return tableOf(name, indicesOf(reader, names), async function* (fields) {
    for await (const rows of arriving(chunks, reader)) yield new SparseBlock(rows, fields, 0, rows.count);
    reader.assertRows();
  });
}

function readingOf({ zeroBased, names }: SvmlightTableOptions): LineOptions {
  const isFromOne = names !== undefined && !names.includes('x0');
  return { zeroBased: isFromOne ? false : zeroBased, largest: MAX_INDEX, nan: 'missing', hintOfQid: RANKING };
}

/** The indices of the columns: all up to the largest one, and those that a model has besides. */
function indicesOf({ first, last }: LineReader, names: readonly string[] = []): number[] {
  const own = Array.from({ length: Math.max(0, last - first + 1) }, (_, j) => first + j);
  const missing = names.flatMap((each) => {
    const index = indexIn(each);
    return index !== undefined && (index > last || index < first) ? [index] : [];
  });
  return [...own, ...missing];
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
): AsyncGenerator<TableRows, void, undefined> {
  for await (const lines of linesOf(chunks, reader.name)) {
    const rows = new TableRows();
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
class TableRows implements SparseRows {
  readonly labels = new NumberList();
  readonly lines = new NumberList();
  readonly ends = new NumberList();
  readonly indices = new NumberList();
  readonly values = new NumberList();

  get count(): number {
    return this.labels.length;
  }
}

/** Rows, of which the selected one is written out with its zeros. */
class SparseBlock implements TypedBlock {
  readonly count: number;
  readonly #rows: TableRows;
  readonly #start: number;
  readonly #fields: Fields;
  readonly #width: number;
  #dense: Float64Array | undefined;
  #row = 0;

  constructor(rows: TableRows, fields: Fields, start: number, count: number) {
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
