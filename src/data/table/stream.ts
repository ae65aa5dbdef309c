// data: CSV in batches of rows, for files that do not fit into memory.

import { DomainError, FormatError } from '../../core/errors.js';
import type { Label } from '../../core/labels.js';
import { NUMBERS_OF_A_BATCH } from '../../core/limits.js';
import {
  assertFunction,
  assertList,
  assertOneOf,
  assertPositiveInteger,
  assertSignal,
  assertText,
  describe,
} from '../../core/shape.js';
import type { FeatureArray } from '../batches.js';
import { type BadRow, BadRows } from './bad-rows.js';
import { type RecordPlace, RecordReader } from './csv/records.js';
import { RowEncoder } from './encode.js';
import { type EncodeOptions, withOptions } from './encode-rows.js';
import { MissingMarkers } from './missing.js';
import { parseNumber } from './number.js';
import {
  assertLineEnds,
  assertNames,
  checkHeader,
  checkWidth,
  findColumn,
  locateColumns,
  placesInRow,
  placesOf,
} from './places.js';
import { type Row, type RowBlock, textsOf } from './row.js';
import { COMMENT_RULE, type CsvSchema, isComment, type MissingLabelPolicy } from './schema.js';
import { TargetReader } from './targets.js';
import { assertReadable } from './typed/refusal.js';
import type { TypedTable } from './typed/table.js';

/** Options of `readCsvRows`. */
export interface ReadOptions extends EncodeOptions {
  /** The file's name, for error messages. */
  readonly name?: string;
  /** As in `parseCsv`: detected in the first two rows by default. */
  readonly delimiter?: string;
  /** The character that begins lines to skip; as in the schema by default. */
  readonly comment?: string;
  /** Whether to read labels and weights if the file has them; `'skip'` ignores both, which may then be wrong or empty. */
  readonly labels?: 'read' | 'skip';
  /** How to treat rows without a label; by default as `missing`, or as in the schema. */
  readonly missingLabel?: MissingLabelPolicy;
  /**
   * Whether the first line names the columns, as the schema has it by default. With `false`, or where the schema has no
   * header, fields are in the order of the schema.
   */
  readonly header?: boolean;
  /** The labels that are accepted; all by default. */
  readonly classes?: readonly Label[];
  /** Called with each row whose label is not among `classes`; such rows are skipped. By default the first one is an error. */
  readonly onUnknownLabel?: (row: UnknownLabel) => void;
  /** Columns to pass through as text, by name, or by number for a table without a header. */
  readonly keep?: readonly (string | number)[];
  /**
   * Called with each row that does not fit the schema; such rows are skipped, unless none of the first 10,000 fits. By
   * default the first one is an error.
   */
  readonly onBadRow?: (row: BadRow) => void;
  /** The maximum number of rows in a batch; by default 4096, or as many as have 2²² numbers, 32 MiB, if that is less. */
  readonly batchSize?: number;
  /** Aborts reading. */
  readonly signal?: AbortSignal;
}

/** A row whose label is not among the classes. */
export interface UnknownLabel {
  /** The line on which the row begins, from 1. */
  readonly line: number;
  /** As written. */
  readonly label: string;
  /** If the file has the column of weights. */
  readonly sampleWeight?: number;
}

/** A batch of encoded rows. */
export interface CsvBatch {
  /** [rows, d]; the caller owns the array. */
  readonly features: FeatureArray<Float64Array>;
  /** One for each row, if the file has the label column. */
  readonly labels?: readonly Label[];
  /** One for each row, if the file has the column of weights. */
  readonly sampleWeights?: Float64Array;
  /** The number of each row in the file, from 0; dropped rows count. */
  readonly rows: Float64Array;
  /** The line on which each row begins, from 1. */
  readonly lines: Float64Array;
  /** With `keep`, the texts of these columns for each row. */
  readonly kept?: readonly (readonly string[])[];
}

/**
 * Rows of a CSV file, encoded by a schema, in batches and constant memory.
 *
 * Columns are matched by name, in any order. Label and weight may be absent, and columns outside the schema are ignored.
 * Without a header, a row has the columns of the schema: all, without the label, or without label and weight. Rows of a pipe are available
 * immediately: a batch never waits for the next chunk.
 *
 * @param chunks bytes or text: a file stream, standard input, the body of a response
 * @throws as `parseCsv`, at the first invalid row; the signal's reason if it is aborted
 * @example
 * for await (const { features, rows } of readCsvRows(createReadStream('new.csv'), schema)) model.predict(features);
 */
export function readCsvRows(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  schema: CsvSchema,
  options: ReadOptions = {},
): AsyncGenerator<CsvBatch, void, undefined> {
  return readRowsWithin({ largest: Number.MAX_VALUE }, chunks, schema, options);
}

/** What a model adds to the reading of rows. */
export interface Within {
  /** The largest size of a number in a column of numbers. */
  readonly largest: number;
  /** Called for each row that is dropped because of a missing value. */
  readonly onDropped?: () => void;
}

/**
 * As `readCsvRows`, for a model that takes no larger numbers.
 *
 * @param from where the chunks begin, if that is not the beginning of the file
 */
export async function* readRowsWithin(
  within: Within,
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  schema: CsvSchema,
  options: ReadOptions,
  from?: TablePlace,
): AsyncGenerator<CsvBatch, void, undefined> {
  const where = 'readCsvRows';
  const read = readingOf(within, schema, options, where);
  const { schema: applied, name } = read;
  const { delimiter, signal } = options;
  if (!isIterable(chunks)) {
    const expected = 'be an iterable of bytes or text, such as a stream';
    const hint = typeof chunks === 'string' ? 'Text? Pass it in an array: [text].' : undefined;
    throw new DomainError({ where, argument: 'chunks', expected, actual: describe(chunks), hint });
  }
  const batches = new Batches(read);
  const reader = new RecordReader({ name, delimiter, decimal: applied.decimal, comment: applied.comment }, from);
  if (from !== undefined) batches.begin(from.first);
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    for (const block of reader.push(chunk)) yield* batches.take(block);
    yield* batches.rest();
  }
  signal?.throwIfAborted();
  for (const block of reader.end()) yield* batches.take(block);
  if (applied.header && !batches.hasBegun) {
    const rule = { where: name, argument: 'the table', expected: 'have a header line' };
    throw new FormatError({ ...rule, actual: 'an empty file' });
  }
  yield* batches.rest();
}

/** The options that say how CSV is written. */
const OF_CSV = ['delimiter', 'comment', 'decimal', 'thousands', 'header'] as const;

/**
 * As `readRowsWithin`, for a table whose columns have names and types.
 *
 * @throws DomainError for an option that says how CSV is written
 */
export async function* readTypedRowsWithin(
  within: Within,
  table: TypedTable,
  schema: CsvSchema,
  options: ReadOptions,
): AsyncGenerator<CsvBatch, void, undefined> {
  assertWithoutCsv(options, table.name);
  const { signal } = options;
  const batches = new Batches({
    ...readingOf(within, { ...schema, header: true }, options, 'readCsvRows'),
    hasHeader: schema.header,
    rowAt: table.where,
  });
  const read = batches.beginTyped(table);
  for await (const block of table.blocks(read)) {
    signal?.throwIfAborted();
    yield* batches.take(block);
    yield* batches.rest();
  }
}

/** Refuses options that say how CSV is written. */
export function assertWithoutCsv(
  options: { readonly [name in (typeof OF_CSV)[number]]?: unknown },
  name: string,
): void {
  const stray = OF_CSV.find((option) => options[option] !== undefined);
  if (stray === undefined) return;
  const expected = 'be left out: it applies only to CSV files';
  throw new DomainError({ where: name, argument: stray, expected, actual: describe(options[stray]) });
}

/** The checked options of a pass over rows. */
function readingOf(within: Within, schema: CsvSchema, options: ReadOptions, where: string): BatchesOptions {
  const encoding = withOptions(schema, options, where, [
    ...(['name', 'delimiter', 'comment', 'header', 'labels', 'missingLabel', 'classes'] as const),
    ...(['onUnknownLabel', 'keep', 'onBadRow', 'batchSize', 'signal'] as const),
  ]);
  const { header = encoding.header, comment = encoding.comment, onUnknownLabel } = options;
  assertOneOf(header, [true, false], where, 'header');
  if (comment !== undefined && !isComment(comment)) {
    throw new DomainError({ where, argument: 'comment', expected: COMMENT_RULE, actual: describe(comment) });
  }
  const { name = where, labels = 'read', classes, keep, onBadRow, batchSize, signal } = options;
  assertOneOf(labels, ['read', 'skip'], where, 'labels');
  if (batchSize !== undefined) assertPositiveInteger(batchSize, where, 'batchSize');
  assertText(name, where, 'name');
  if (keep !== undefined) assertList(keep, where, 'keep', 'be a list of names or numbers of columns');
  assertSignal(signal, where);
  if (onBadRow !== undefined) assertFunction(onBadRow, where, 'onBadRow');
  if (onUnknownLabel !== undefined) assertFunction(onUnknownLabel, where, 'onUnknownLabel');
  return {
    ...within,
    schema: { ...encoding, header, comment },
    hasHeader: encoding.header,
    readsLabels: labels === 'read',
    rowAt: (line) => `${name}:${line}`,
    ...{ name, batchSize, classes, onUnknownLabel, keep, onBadRow },
  };
}

/** The beginning of a row within a table that is read in parts. */
export interface TablePlace extends RecordPlace {
  /** The fields of the first record of the table, which decides where the columns are. */
  readonly first: readonly string[];
}

interface BatchesOptions extends Within {
  readonly schema: CsvSchema;
  /** Whether files have a header by the schema of the model. */
  readonly hasHeader: boolean;
  readonly name: string;
  /** The place of a row for error messages. */
  readonly rowAt: (line: number) => string;
  readonly batchSize: number | undefined;
  readonly readsLabels: boolean;
  readonly classes: readonly Label[] | undefined;
  readonly onUnknownLabel: ((row: UnknownLabel) => void) | undefined;
  readonly keep: readonly (string | number)[] | undefined;
  readonly onBadRow: ((row: BadRow) => void) | undefined;
}

/** The rows of a batch by default. */
const MOST_ROWS = 4096;
/** The numbers for which the first batch has room at first. */
const LEAST_NUMBERS = 1024;

/** Collects rows into batches. */
class Batches {
  readonly #schema: CsvSchema;
  readonly #options: BatchesOptions;
  readonly #name: string;
  readonly #bad: BadRows;
  #encoder: RowEncoder | undefined;
  #targets: TargetReader | undefined;
  readonly #classes: ReadonlySet<Label> | undefined;
  #width = 0;
  /** The rows of a full batch. */
  #room = 0;
  /** The fields to keep. */
  #keep: readonly number[] = [];
  /** Of a table whose columns have types, the fields that are read, and their names. */
  #typed: readonly (readonly [field: number, name: string])[] = [];
  #values = new Float64Array(0);
  #labels: Label[] = [];
  #weights: number[] = [];
  #rows: number[] = [];
  #lines: number[] = [];
  #kept: string[][] = [];
  #row = 0;

  constructor(options: BatchesOptions) {
    this.#options = options;
    this.#classes = options.classes && new Set(options.classes);
    this.#schema = options.schema;
    this.#name = options.name;
    this.#bad = new BadRows(options.onBadRow, options.name);
  }

  /** Whether the header or the first row has been read. */
  get hasBegun(): boolean {
    return this.#encoder !== undefined;
  }

  /** Takes the first record of a table of which other rows follow. */
  begin(first: readonly string[]): void {
    this.#encoder = this.#beginCsv(first, 1);
  }

  /**
   * Begins a table whose columns have names and types. Returns the fields that are read.
   *
   * @throws FormatError if a column of the schema is missing, or has a type without an encoding
   */
  beginTyped(table: TypedTable): ReadonlySet<number> {
    const { columns } = table;
    const names = columns.map(({ name }) => name);
    const fieldOf = this.#options.hasHeader
      ? this.#find(names, this.#name, table)
      : this.#inOrder(names.length, this.#name);
    this.#encoder = this.#begin(names, this.#name, fieldOf);
    const { columns: own } = this.#schema;
    const fields = fieldOf.filter((field, i) => field !== -1 && own[i].kind !== 'ignored');
    for (const field of fields) assertReadable(columns[field], this.#name);
    this.#typed = fields.map((field) => [field, names[field]]);
    return new Set([...fields, ...this.#keep]);
  }

  /** Takes the rows of a block. Yields each full batch before it takes further rows. */
  *take(block: RowBlock): Generator<CsvBatch, void, undefined> {
    for (let i = 0; i < block.count; i++) {
      block.select(i);
      this.#takeRow(block, block.line);
      if (this.#rows.length === this.#room) yield this.#close();
    }
  }

  #takeRow(fields: Row, line: number): void {
    if (this.#encoder === undefined) {
      this.#encoder = this.#beginCsv(textsOf(fields), line);
      if (this.#schema.header) return;
    }
    const { numFeatures } = this.#encoder;
    const at = this.#rows.length * numFeatures;
    if (at + numFeatures > this.#values.length) this.#grow(numFeatures);
    const row = this.#row++;
    if (!this.#bad.fits(fields, line, this.#encode) || this.#isDropped) return;
    if (this.#label !== undefined) this.#labels.push(this.#label);
    if (this.#weight !== undefined) this.#weights.push(this.#weight);
    if (this.#options.keep !== undefined) this.#kept.push(this.#keep.map((field) => fields.text(field)));
    this.#rows.push(row);
    this.#lines.push(line);
  }

  /** Whether the encoded row is dropped; its label and its weight. */
  #isDropped = false;
  #label: Label | undefined;
  #weight: number | undefined;

  /** Encodes a row after those of the batch. @throws FormatError if it does not fit */
  readonly #encode = (fields: Row, line: number): void => {
    const encoder = this.#encoder as RowEncoder;
    const rule = this.#schema.header ? 'like the header' : 'like the first row';
    if (fields.length !== this.#width) {
      const where = this.#options.rowAt(line);
      assertLineEnds(textsOf(fields), where);
      checkWidth(fields.length, this.#width, where, rule);
    }
    if (fields.oddType !== undefined) this.#assertValues(line, fields.oddType);
    this.#isDropped = !encoder.encode(fields, line, this.#values, this.#rows.length * encoder.numFeatures);
    if (this.#isDropped) {
      this.#options.onDropped?.();
      return;
    }
    const targets = this.#targets as TargetReader;
    const { onUnknownLabel } = this.#options;
    const classes = targets.hasLabel ? this.#classes : undefined;
    const unknown = classes && onUnknownLabel && targets.unknownLabel(fields, line, classes);
    this.#isDropped = unknown !== undefined;
    this.#label = targets.hasLabel && !this.#isDropped ? targets.label(fields, line, classes) : undefined;
    this.#weight = targets.hasWeight ? targets.weight(fields, line) : undefined;
    if (unknown !== undefined) onUnknownLabel?.({ line, label: unknown, sampleWeight: this.#weight });
  };

  /** Refuses lists and objects, which as text would be categories that training has not seen. */
  #assertValues(line: number, oddType: (field: number) => string | undefined): void {
    for (const [field, argument] of this.#typed) {
      const actual = oddType(field);
      if (actual === undefined) continue;
      const where = `${this.#options.rowAt(line)}:${field + 1}`;
      const hint = 'Write one value in its place, or leave the row out.';
      throw new FormatError({ where, argument, expected: 'be a number, text, true, false or null', actual, hint });
    }
  }

  /** The rows after the last full batch. */
  *rest(): Generator<CsvBatch, void, undefined> {
    if (this.#rows.length > 0) yield this.#close();
  }

  #close(): CsvBatch {
    const { numFeatures } = this.#encoder as RowEncoder;
    const { hasLabel, hasWeight } = this.#targets as TargetReader;
    const n = this.#rows.length;
    const batch: CsvBatch = {
      features: { values: this.#values.slice(0, n * numFeatures), shape: [n, numFeatures] },
      ...(hasLabel ? { labels: this.#labels } : {}),
      ...(hasWeight ? { sampleWeights: Float64Array.from(this.#weights) } : {}),
      rows: Float64Array.from(this.#rows),
      lines: Float64Array.from(this.#lines),
      ...(this.#options.keep && { kept: this.#kept }),
    };
    this.#kept = [];
    this.#labels = [];
    this.#weights = [];
    this.#rows = [];
    this.#lines = [];
    return batch;
  }

  #grow(numFeatures: number): void {
    const rows = Math.min(this.#room, Math.max(Math.ceil(LEAST_NUMBERS / numFeatures), 2 * this.#rows.length));
    const values = new Float64Array(rows * numFeatures);
    values.set(this.#values);
    this.#values = values;
  }

  #beginCsv(fields: readonly string[], line: number): RowEncoder {
    const where = this.#options.rowAt(line);
    const { header } = this.#schema;
    assertLineEnds(fields, where);
    const fieldOf = header && this.#options.hasHeader ? this.#find(fields, where) : this.#count(fields, where);
    return this.#begin(header ? fields : fields.map((_, i) => `column ${i + 1}`), where, fieldOf);
  }

  #begin(names: readonly string[], where: string, fieldOf: number[]): RowEncoder {
    const place = (at: number, field: number) => `${this.#options.rowAt(at)}:${field + 1}`;
    const { columns, header } = this.#schema;
    this.#width = names.length;
    const places = placesOf(names);
    const { keep = [] } = this.#options;
    this.#keep = keep.map((column) => findColumn(column, names, places, where, 'keep', header));
    if (!this.#options.readsLabels) {
      columns.forEach(({ kind }, i) => {
        if (kind === 'label' || kind === 'weight') fieldOf[i] = -1;
      });
    }
    const encoder = new RowEncoder(this.#schema, fieldOf, place, { largest: this.#options.largest });
    this.#targets = new TargetReader(this.#schema, fieldOf, place);
    const room = Math.min(MOST_ROWS, Math.max(1, Math.floor(NUMBERS_OF_A_BATCH / encoder.numFeatures)));
    this.#room = this.#options.batchSize ?? room;
    return encoder;
  }

  /** The index of each column, by the names in the header. */
  #find(fields: readonly string[], where: string, typed?: TypedTable): number[] {
    const known = new Set(this.#schema.columns.map(({ name }) => name));
    const names = fields.map((name) => (known.has(name) ? name : ''));
    checkHeader(names, where, () => false);
    return locateColumns(this.#schema, fields, where, typed);
  }

  /** The index of each column in the order of the schema. */
  #inOrder(length: number, where: string): number[] {
    const { columns } = this.#schema;
    const places = placesInRow(columns, length);
    if (places === undefined) checkWidth(length, columns.length, where, 'like the schema');
    return places ?? [...columns.keys()];
  }

  /** The same for CSV, whose first line is checked to be what the options say. */
  #count(fields: readonly string[], where: string): number[] {
    const { columns } = this.#schema;
    const fieldOf = this.#inOrder(fields.length, where);
    const { hasHeader } = this.#options;
    if (this.#schema.header) {
      assertNames(fields, where, 'Leave out `header: true`.');
      return fieldOf;
    }
    const areNames = columns.every(({ name }, i) => fieldOf[i] === -1 || fields[fieldOf[i]] === name);
    if (hasHeader ? areNames : this.#areTexts(fieldOf, fields)) {
      const expected = `hold data: ${hasHeader ? '`header: false` is given' : 'the model has no header'}`;
      const actual = fields.slice(0, 20).map(describe).join(', ');
      const hint = `It looks like a header: ${hasHeader ? 'leave out `header: false`' : 'pass `header: true`'}.`;
      throw new FormatError({ where, argument: 'the first line', expected, actual, hint });
    }
    return fieldOf;
  }

  /** Whether the columns of numbers have different words. One word alone may be a bad row where such rows are skipped. */
  #areTexts(fieldOf: readonly number[], fields: readonly string[]): boolean {
    const { columns, decimal, missingTokens } = this.#schema;
    const markers = new MissingMarkers(missingTokens, this.#schema);
    const least = this.#options.onBadRow === undefined ? 1 : 2;
    const numbers = fieldOf.filter((_, i) => columns[i].kind === 'number').map((place) => fields[place]);
    const isText = (text: string) =>
      /^\p{L}|\p{L}{2}/u.test(text) && Number.isNaN(parseNumber(text, decimal)) && !markers.has(text);
    return numbers.length >= least && new Set(numbers).size === numbers.length && numbers.every(isText);
  }
}

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}
