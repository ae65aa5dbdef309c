// data: CSV → samples, labels, and the schema for encoding other rows.
import { type Label, sortedClasses } from '../../core/labels.js';
import { assertPositiveInteger } from '../../core/shape.js';
import { instantOf } from '../../features/date.js';
import type { FeatureArray } from '../batches.js';
import type { Source } from '../source.js';
import { BadRows } from './bad-rows.js';
import type { RecordFormat } from './csv/delimiter.js';
import { CsvSource, RecordReader } from './csv/records.js';
import { type CsvOptions, learnOptions } from './csv-options.js';
import { RowEncoder } from './encode.js';
import type { ColumnSummary, LearnOptions } from './learn/column.js';
import { Learner } from './learn/learner.js';
import { assertFits, assertSize } from './limits.js';
import type { Row, RowBlock } from './row.js';
import { type CsvSchema, featureNamesOf } from './schema.js';
import { TargetReader } from './targets.js';
import type { TypedTable } from './typed/table.js';

/** A table as numbers. */
export interface CsvTable {
  readonly features: FeatureArray<Float64Array>;
  readonly featureNames: readonly string[];
  /** How the table is read, as plain JSON, for `encodeRows` and `readCsvRows`. */
  readonly schema: CsvSchema;
  /** The line of the file on which each row begins, from 1. */
  readonly lines: Float64Array;
  /** The number of rows dropped because of missing values. */
  readonly dropped: number;
  /** What was found in each column of the file, and what it became. */
  readonly columns: readonly ColumnSummary[];
  /** With `sampleWeight`, the weight of each row: the option `sampleWeights` of a fit. */
  readonly sampleWeights?: Float64Array;
  /** With `group`, the group of each row, as written. */
  readonly groups?: readonly string[];
  /** With `time`, the time of each row: its number, or for dates milliseconds since 1970, UTC without an offset. */
  readonly times?: Float64Array;
}

/** A table as numbers, with the labels of one column. */
export interface LabelledCsvTable extends CsvTable {
  /** One for each row: all numbers, all booleans, or all strings. */
  readonly labels: readonly Label[];
  /** The distinct labels, in ascending order. */
  readonly classes: readonly Label[];
  /** With `minClassCount`, the labels that were left out, as written, and the number of rows of each. */
  readonly leftOut?: Readonly<Record<string, number>>;
}

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

/** Learns a table from blocks of rows, and encodes it in a second pass over them. */
class TableBuilder {
  readonly options: LearnOptions;
  readonly #minClassCount: number;
  readonly #maxMemory: number;
  readonly #bad: BadRows;
  readonly #typed: TypedTable | undefined;
  readonly #rowAt: (line: number) => string;
  readonly #learner: Learner;

  /**
   * @param maxMemory the maximum number of bytes that the source and the table may take
   * @param typed the table, if its columns have names and types; the first row is data then
   * @throws DomainError for an option that is unknown or out of range
   */
  constructor(options: CsvOptions, maxMemory: number, typed?: TypedTable) {
    this.options = learnOptions(options);
    const { name } = this.options;
    const { onBadRow, minClassCount = 1 } = options;
    assertPositiveInteger(minClassCount, 'parseCsv', 'minClassCount');
    this.#minClassCount = minClassCount;
    this.#maxMemory = maxMemory;
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

  assertFits(length: number, { columns, rows, rowBytes } = this.#learner): void {
    const size = { bytes: length, columns, rows, rowBytes };
    const hint = 'Give a file with fewer rows, or exclude columns with `ignore`.';
    assertFits(size, this.#maxMemory, this.options.name, hint);
  }

  /**
   * The table.
   *
   * @param rows the blocks that were learned from
   */
  finish(rows: Source<RowBlock>, length: number): CsvTable | LabelledCsvTable {
    const { name } = this.options;
    const bad = this.#bad;
    const whole = this.#learner;
    bad.assertFew(whole.rows + whole.dropped);
    const rare = whole.rareLabels(this.#minClassCount);
    const learner = rare.size === 0 ? whole : learnt(rows, this.#begin(new Set(rare.keys())), bad);
    const schema = learner.finish();
    const [group, time] = [learner.fieldOf('group'), learner.fieldOf('time')];
    const place = (line: number, field: number) => `${this.#rowAt(line)}:${field + 1}`;
    const needed = [group, time].filter((field) => field !== -1);
    const fieldOf = [...schema.columns.keys()];
    const encoder = new RowEncoder(schema, fieldOf, place, { needed });
    const targets = new TargetReader(schema, fieldOf, place);
    const n = learner.rows;
    const d = encoder.numFeatures;
    assertSize(n, d, name);
    this.assertFits(length, learner);
    const values = new Float64Array(n * d);
    const lines = new Float64Array(n);
    const labels: Label[] = [];
    const sampleWeights = targets.hasWeight ? new Float64Array(n) : undefined;
    const groups: string[] | undefined = group === -1 ? undefined : [];
    const times = time === -1 ? undefined : new Float64Array(n);
    let row = 0;
    let isHeader = schema.header && this.#typed === undefined;
    for (const block of rows.blocks()) {
      for (let i = isHeader ? 1 : 0; i < block.count; i++) {
        block.select(i);
        if (bad.lines.has(block.line) || learner.isRare(block)) continue;
        if (!encoder.encode(block, block.line, values, row * d)) continue;
        if (targets.hasLabel) labels.push(targets.label(block, block.line));
        if (sampleWeights !== undefined) sampleWeights[row] = targets.weight(block, block.line);
        groups?.push(block.text(group));
        if (times !== undefined) times[row] = timeIn(block, time, schema.decimal);
        lines[row++] = block.line;
      }
      isHeader = false;
    }
    const features = { values, shape: [n, d] as const };
    const { dropped, summaries: columns } = learner;
    const table = {
      ...{ features, featureNames: featureNamesOf(schema), schema, lines, dropped, columns },
      ...(sampleWeights && { sampleWeights }),
      ...(groups && { groups }),
      ...(times && { times }),
    };
    if (!targets.hasLabel) return table;
    const leftOut = rare.size === 0 ? {} : { leftOut: Object.fromEntries(rare) };
    return { ...table, labels, classes: sortedClasses(labels), ...leftOut };
  }
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

/** The learner after it has seen all rows but the bad ones. */
function learnt(rows: Source<RowBlock>, learner: Learner, bad: BadRows): Learner {
  for (const block of rows.blocks()) learnBlock(block, learner, bad);
  return learner;
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

/** A number, or the milliseconds of a date. */
function timeIn(row: Row, field: number, decimal: '.' | ','): number {
  const number = row.number(field, decimal);
  return Number.isNaN(number) ? instantOf(row.text(field)) : number;
}
