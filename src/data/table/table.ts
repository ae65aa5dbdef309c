// data: CSV → samples, labels, and the schema for encoding other rows.
import { assertPositiveInteger } from '../../core/shape.js';
import type { FeatureArray } from '../batches.js';
import type { Source } from '../source.js';
import type { RowStoring, StoredRows } from '../stored-rows.js';
import { BadRows } from './bad-rows.js';
import type { RecordFormat } from './csv/delimiter.js';
import { CsvSource, RecordReader } from './csv/records.js';
import { type CsvOptions, learnOptions } from './csv-options.js';
import { type CsvTable, type LabelledCsvTable, TableEncoding, type TableOf } from './encoding.js';
import type { LearnOptions } from './learn/column.js';
import { Learner } from './learn/learner.js';
import { assertFits, assertSize, MAX_VALUES, memoryOf } from './limits.js';
import type { Row, RowBlock } from './row.js';
import type { TypedTable } from './typed/table.js';

/**
 * Samples and labels from CSV.
 *
 * Fields may be quoted (RFC 4180); blanks around a field, blank lines and a byte-order mark are ignored. A column
 * contains numbers, `true`/`false`, or text. Its kind is inferred, and all its values must be of that kind. Labels
 * become numbers if all are numbers and none is a code (see `labelType`), booleans if all are `true`/`false`, and strings
 * otherwise.
 *
 * The text is read twice. The first pass checks everything; only then is the table allocated.
 *
 * @param source text, or UTF-8 bytes with or without a byte-order mark
 * @returns features [n, d] in float64, so that standardising a column such as a year loses no precision
 * @throws FormatError, with `file:line:column` (the column's number, from 1), for: a missing or repeated name in the
 *         header, a row of another length, text or a missing value instead of a number, no rows, only one class,
 *         another delimiter, unbalanced quotes, a row of more than 2²³ characters, bytes that are not UTF-8, an unknown
 *         column, more than 100,000,000 rows or 1,000,000 columns
 * @throws DomainError for an option that is unknown or out of range; ShapeError if the source is neither text nor bytes
 * @example
 * const { features, labels } = parseCsv('width,colour,kind\n1.5,red,cat\n2,blue,dog', { label: 'kind', strings: 'one-hot' });
 * features.values   // Float64Array [1.5, 0, 1, 2, 1, 0]: width, colour=blue, colour=red
 * labels            // ['cat', 'dog']
 * @see RFC 4180; scikit-learn's SimpleImputer and OneHotEncoder, which treat missing values and categories in the same
 *        way
 */
export function parseCsv(
  source: string | Uint8Array,
  options: CsvOptions & { readonly label: string | number },
): LabelledCsvTable;
export function parseCsv(source: string | Uint8Array, options?: CsvOptions): CsvTable;
export function parseCsv(source: string | Uint8Array, options: CsvOptions = {}): CsvTable | LabelledCsvTable {
  const reader = new TableReader(options);
  reader.learn(source);
  return reader.finish([source]);
}

/** Reads a table whose chunks arrive one after the other. The first pass is over when the last chunk has arrived. */
export class TableReader {
  readonly #format: RecordFormat;
  readonly #builder: TableBuilder;
  readonly #reader: RecordReader;
  /** The length of the chunks. */
  #length = 0;

  /**
   * @param maxMemory the maximum number of bytes that the chunks and the table may take
   * @throws DomainError for an option that is unknown or out of range
   */
  constructor(options: CsvOptions, maxMemory = Number.POSITIVE_INFINITY) {
    this.#builder = new TableBuilder(options, maxMemory);
    const { name, decimal, comment } = this.#builder.options;
    const { delimiter } = options;
    this.#format = { name, delimiter, decimal, comment };
    this.#reader = new RecordReader(this.#format);
  }

  /**
   * Learns from a chunk.
   *
   * @throws FormatError at the first row that does not fit, or as soon as the table needs more memory than it may
   */
  learn(chunk: string | Uint8Array): void {
    for (const block of this.#reader.push(chunk)) this.#builder.learn(block, this.#length);
    this.#length += chunk.length;
    this.#builder.assertFits(this.#length);
  }

  /**
   * The table.
   *
   * @param chunks those that were learned from
   */
  finish(chunks: readonly (string | Uint8Array)[]): CsvTable | LabelledCsvTable {
    for (const block of this.#reader.end()) this.#builder.learn(block, this.#length);
    const rows = new CsvSource(chunks, this.#format);
    return this.#builder.finish(rows, this.#length);
  }
}

const FEWER = 'Give a file with fewer rows, or exclude columns with `ignore`.';

/** Learns a table from blocks of rows, and encodes it in a second pass over them. */
class TableBuilder {
  readonly options: LearnOptions;
  readonly #minClassCount: number;
  readonly #maxMemory: number;
  readonly #hint: string;
  readonly #bad: BadRows;
  readonly #typed: TypedTable | undefined;
  readonly #rowAt: (line: number) => string;
  readonly #learner: Learner;

  /**
   * @param maxMemory the maximum number of bytes that the source and the table may take
   * @param typed the table, if its columns have names and types; the first row is data then
   * @param hint what to do if it does not fit
   * @throws DomainError for an option that is unknown or out of range
   */
  constructor(options: CsvOptions, maxMemory: number, typed?: TypedTable, hint = FEWER) {
    this.options = learnOptions(options);
    const { name } = this.options;
    const { onBadRow, minClassCount = 1 } = options;
    assertPositiveInteger(minClassCount, 'parseCsv', 'minClassCount');
    this.#minClassCount = minClassCount;
    this.#maxMemory = maxMemory;
    this.#hint = hint;
    this.#typed = typed;
    this.#rowAt = typed?.where ?? ((line) => `${name}:${line}`);
    this.#bad = new BadRows(onBadRow, name);
    this.#learner = this.#begin(new Set());
  }

  /** The fields that are read; known once the table has begun. */
  get fields(): ReadonlySet<number> {
    return this.#learner.fields;
  }

  #begin(rare: ReadonlySet<string>): Learner {
    const learner = new Learner(this.options, rare, this.#rowAt);
    if (this.#typed !== undefined) learner.beginTyped(this.#typed.columns);
    return learner;
  }

  /**
   * @param length the bytes of the source that are kept
   * @throws FormatError at the first row that does not fit, or as soon as the table needs more memory than it may
   */
  learn(block: RowBlock, length: number): void {
    learnBlock(block, this.#learner, this.#bad);
    this.assertFits(length);
  }

  assertFits(length: number, { columns, rows, rowBytes }: Size = this.#learner): void {
    const size = { bytes: length, columns, rows, rowBytes };
    assertFits(size, this.#maxMemory, this.options.name, this.#hint);
  }

  /**
   * The table.
   *
   * @param rows the blocks that were learned from
   */
  finish(rows: Source<RowBlock>, length: number): CsvTable | LabelledCsvTable {
    let learner = this.#withoutRare();
    if (learner === undefined) learner = this.#learner;
    else for (const block of rows.blocks()) learnBlock(block, learner, this.#bad);
    const encoding = this.#encoding(learner);
    const { n, d } = encoding;
    assertSize(n, d, this.options.name);
    this.assertFits(length, learner);
    const values = new Float64Array(n * d);
    let row = 0;
    for (const block of rows.blocks()) row += encoding.add(block, values.subarray(row * d));
    return encoding.table({ values, shape: [n, d] });
  }

  /** Learns from a block of which nothing is kept. */
  learnOnly(block: RowBlock): void {
    learnBlock(block, this.#learner, this.#bad);
    this.#assertListed(this.#learner);
  }

  /** The table, from blocks that are read again. Its features are stored if they do not fit into memory, or always. */
  async finishAgain(
    blocks: () => AsyncIterable<RowBlock>,
    store: RowStoring,
    stores?: 'always',
  ): Promise<TableOf<FeatureArray<Float64Array> | StoredRows>> {
    let learner = this.#withoutRare();
    if (learner === undefined) learner = this.#learner;
    else for await (const block of blocks()) learnBlock(block, learner, this.#bad);
    const encoding = this.#encoding(learner, true);
    const { n, d } = encoding;
    this.#assertListed(learner);
    const needed = memoryOf({ bytes: 0, columns: learner.columns, rows: n, rowBytes: learner.rowBytes });
    if (stores === undefined && n * d <= MAX_VALUES && needed <= this.#maxMemory) {
      const values = new Float64Array(n * d);
      let row = 0;
      for await (const block of blocks()) row += encoding.add(block, values.subarray(row * d));
      return encoding.table({ values, shape: [n, d] });
    }
    const writer = await store(n, d, needed);
    // A block may have any number of rows, as a row group of Parquet has.
    const most = Math.max(1, Math.floor(NUMBERS_OF_A_PIECE / d));
    let values = new Float64Array(0);
    try {
      for await (const block of blocks()) {
        for (let start = 0; start < block.count; start += most) {
          const end = Math.min(start + most, block.count);
          if (values.length < (end - start) * d) values = new Float64Array((end - start) * d);
          const rows = encoding.add(block, values, start, end);
          await writer.write(values.subarray(0, rows * d));
        }
      }
      return encoding.table(await writer.finish());
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  #assertListed({ columns, rows, listedBytes }: Learner): void {
    this.assertFits(0, { columns, rows, rowBytes: listedBytes });
  }

  /** The rare labels, once all rows were learned from. */
  #rare: ReadonlyMap<string, number> = new Map();

  /** A learner that leaves out the rows of rare labels; undefined if there are none. */
  #withoutRare(): Learner | undefined {
    const whole = this.#learner;
    this.#bad.assertFew(whole.rows + whole.dropped);
    this.#rare = whole.rareLabels(this.#minClassCount);
    return this.#rare.size === 0 ? undefined : this.#begin(new Set(this.#rare.keys()));
  }

  #encoding(learner: Learner, isInterned = false): TableEncoding {
    const isHeader = this.#typed === undefined;
    const { name } = this.options;
    const learnt = { name, learner, bad: this.#bad, rare: this.#rare, rowAt: this.#rowAt };
    return new TableEncoding({ ...learnt, isHeader, isInterned });
  }
}

/** Numbers that are encoded before they are written: 4 MB. */
const NUMBERS_OF_A_PIECE = 2 ** 19;

/** How many columns and rows a table has, and what one row takes. */
type Size = Pick<Learner, 'columns' | 'rows' | 'rowBytes'>;

/** Where features go that do not fit into memory. */
interface StoringOptions {
  /** The maximum number of bytes that the table may take. */
  readonly maxMemory: number;
  readonly store: RowStoring;
  /** Whether features are stored that fit, too. */
  readonly stores?: 'always' | undefined;
  /** What to do if not even the lists of its labels fit. */
  readonly hint?: string | undefined;
}

/** A table whose rows can be read again. */
export interface RereadableTable {
  /** The name of the file, for error messages. */
  readonly name: string;
  /** Present if the columns have names and types. */
  readonly typed?: TypedTable;
  /** The rows in blocks, each valid until the next one is requested. */
  readonly blocks: (read: ReadonlySet<number>) => AsyncIterable<RowBlock>;
}

/**
 * `parseCsv` of a table that is read two or three times, of which nothing is kept in between. Features that do not fit into
 * memory are stored.
 *
 * @throws as `parseCsv`, and what `store` throws
 */
export async function readTableAgain(
  { typed, blocks }: RereadableTable,
  options: CsvOptions,
  { maxMemory, store, stores, hint }: StoringOptions,
): Promise<TableOf<FeatureArray<Float64Array> | StoredRows>> {
  const builder = new TableBuilder(options, maxMemory, typed, hint);
  for await (const block of blocks(builder.fields)) builder.learnOnly(block);
  return builder.finishAgain(() => blocks(builder.fields), store, stores);
}

/**
 * Samples and labels of a typed table, as `parseCsv` makes them of CSV. Its blocks are kept in memory between the passes.
 *
 * @param maxMemory the maximum number of bytes that the blocks and the samples may take
 * @throws as `parseCsv`, and FormatError for a column that is read and has a type without an encoding
 */
export async function readTypedTable(
  table: TypedTable,
  options: CsvOptions,
  maxMemory = Number.POSITIVE_INFINITY,
): Promise<CsvTable | LabelledCsvTable> {
  const builder = new TableBuilder(options, maxMemory, table);
  const kept: RowBlock[] = [];
  let bytes = 0;
  for await (const block of table.blocks(builder.fields)) {
    kept.push(block);
    bytes += block.bytes;
    builder.learn(block, bytes);
  }
  return builder.finish({ blocks: () => kept }, bytes);
}

function learnBlock(block: RowBlock, learner: Learner, bad: BadRows): void {
  const check = (row: Row, line: number) => learner.check(row, line);
  for (let i = 0; i < block.count; i++) {
    block.select(i);
    const { line } = block;
    if (bad.lines.has(line) || (!learner.hasBegun && learner.begin(block, line))) continue;
    if (bad.fits(block, line, check)) learner.take(block, line);
  }
}
