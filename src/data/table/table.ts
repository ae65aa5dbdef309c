// data: CSV → samples, labels, and the schema for encoding other rows.
import { DomainError, FormatError, ShapeError } from '../../core/errors.js';
import { type Label, sortedClasses } from '../../core/labels.js';
import { assertKnownOptions, assertOneOf, assertPositiveInteger, assertText, describe } from '../../core/shape.js';
import type { FeatureArray } from '../batches.js';
import { CsvSource } from './csv/records.js';
import { RowEncoder } from './encode.js';
import { LABEL_TYPES, Learner, type LearnOptions } from './learn.js';
import { TextRow } from './row.js';
import {
  assertSchema,
  type CsvSchema,
  didYouMean,
  featureNamesOf,
  MISSING_POLICIES,
  type MissingPolicy,
  UNSEEN_POLICIES,
  type UnseenPolicy,
} from './schema.js';

/** The default markers of missing values, case-insensitive. */
export const MISSING_TOKENS = ['', '?', 'na', 'n/a', '#n/a', '<na>', 'nan', 'null'];

/** Maximum number of values of a table: 16 GB, more than fit into one array on any platform. */
const MAX_VALUES = 2 ** 31;

/** Options of `parseCsv`. */
export interface CsvOptions {
  /** The file's name, for error messages. */
  readonly name?: string;
  /** The label column: its name, or its number from 0; −1 is the last. By default the table has no labels. */
  readonly label?: string | number;
  /**
   * `'text'` keeps labels as they are written; `'number'` requires numbers. By default, labels are numbers if each is
   * written as its number is printed, so that codes such as 02134, 1.10 or 1E2 stay text and no two labels become one.
   */
  readonly labelType?: 'text' | 'number';
  /** One character; by default the one of `,` `;` tab `|` that gives the most, and equally many, fields in the first two rows. */
  readonly delimiter?: string;
  /** `'.'` by default; with `','`, the comma is not detected as delimiter. */
  readonly decimal?: '.' | ',';
  /** Whether the first line names the columns; true by default. Otherwise the names are `column 1`, `column 2`, …. */
  readonly header?: boolean;
  /**
   * How to treat a row with a missing value: `'error'` (default), `'drop'`, or fill in the `'mean'` or `'median'` of
   * the column. Categories are filled with the most frequent one. A missing label is never filled in.
   */
  readonly missing?: MissingPolicy;
  /** Markers of missing values, case-insensitive; by default `''`, `?`, `NA`, `N/A`, `#N/A`, `<NA>`, `NaN`, `null`. */
  readonly missingTokens?: readonly string[];
  /**
   * How to treat text columns: `'error'` (default), or `'one-hot'`, which makes each value a feature that is 0 or 1. A
   * list of names one-hot encodes these columns only, even if they contain numbers.
   */
  readonly strings?: 'error' | 'one-hot' | readonly string[];
  /** How `encodeRows` and `readCsvRows` treat a category that is not in this table; `'error'` by default. */
  readonly unseen?: UnseenPolicy;
  /** Columns to ignore, by name or number. */
  readonly ignore?: readonly (string | number)[];
  /** The maximum number of distinct values in a column of labels or categories; 1000 by default. */
  readonly maxCategories?: number;
}

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
}

/** A table as numbers, with the labels of one column. */
export interface LabelledCsvTable extends CsvTable {
  /** One for each row: all numbers, all booleans, or all strings. */
  readonly labels: readonly Label[];
  /** The distinct labels, in ascending order. */
  readonly classes: readonly Label[];
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
 *         column
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
  const learn = learnOptions(options);
  const { name } = learn;
  const rows = new CsvSource(source, { name, delimiter: options.delimiter, decimal: learn.decimal });
  const learner = new Learner(learn);
  for (const block of rows.blocks()) {
    for (let i = 0; i < block.count; i++) {
      block.select(i);
      learner.take(block, block.line);
    }
  }
  const schema = learner.finish();
  const encoder = new RowEncoder(schema, [...schema.columns.keys()], (line, field) => `${name}:${line}:${field + 1}`);
  const n = learner.rows;
  const d = encoder.numFeatures;
  assertSize(n, d, name);
  const values = new Float64Array(n * d);
  const lines = new Float64Array(n);
  const labels: Label[] = [];
  let row = 0;
  let isHeader = schema.header;
  for (const block of rows.blocks()) {
    for (let i = isHeader ? 1 : 0; i < block.count; i++) {
      block.select(i);
      if (!encoder.encode(block, block.line, values, row * d)) continue;
      if (encoder.hasLabel) labels.push(encoder.label(block, block.line));
      lines[row++] = block.line;
    }
    isHeader = false;
  }
  const features = { values, shape: [n, d] as const };
  const table = { features, featureNames: featureNamesOf(schema), schema, lines, dropped: learner.dropped };
  return encoder.hasLabel ? { ...table, labels, classes: sortedClasses(labels) } : table;
}

function assertSize(n: number, d: number, where: string): void {
  if (n * d <= MAX_VALUES) return;
  const hint = 'Exclude columns with `ignore`, or lower `maxCategories` to find the column with the most categories.';
  const actual = `${n} rows of ${d} features`;
  throw new FormatError({ where, argument: 'the table', expected: `have at most ${MAX_VALUES} numbers`, actual, hint });
}

/** The names of the options of `parseCsv`. */
export const CSV_OPTIONS: readonly (keyof CsvOptions)[] = [
  'name',
  'label',
  'labelType',
  'delimiter',
  'decimal',
  'header',
  'missing',
  'missingTokens',
  'strings',
  'unseen',
  'ignore',
  'maxCategories',
];

function learnOptions(options: CsvOptions): LearnOptions {
  const where = 'parseCsv';
  assertKnownOptions(options, CSV_OPTIONS, where);
  if (options.name !== undefined) assertText(options.name, where, 'name');
  const { name = where, label, labelType, decimal = '.', header = true, missing = 'error', unseen = 'error' } = options;
  const { strings = 'error', ignore = [], maxCategories = 1000, missingTokens = MISSING_TOKENS } = options;
  const isColumn = (value: unknown) => typeof value === 'string' || Number.isInteger(value);
  const check = (holds: boolean, argument: string, expected: string, value: unknown) => {
    if (!holds) throw new DomainError({ where, argument, expected, actual: describe(value) });
  };
  check(label === undefined || isColumn(label), 'label', 'be the name or the number of a column', label);
  assertOneOf(decimal, ['.', ','], where, 'decimal');
  if (labelType !== undefined) assertOneOf(labelType, LABEL_TYPES, where, 'labelType');
  assertOneOf(header, [true, false], where, 'header');
  assertOneOf(missing, MISSING_POLICIES, where, 'missing');
  assertOneOf(unseen, UNSEEN_POLICIES, where, 'unseen');
  assertPositiveInteger(maxCategories, where, 'maxCategories');
  const isList = (value: unknown, holds: (item: unknown) => boolean) => Array.isArray(value) && value.every(holds);
  const isText = (value: unknown) => typeof value === 'string';
  check(isList(ignore, isColumn), 'ignore', 'be a list of names or numbers of columns', ignore);
  check(isList(missingTokens, isText), 'missingTokens', 'be a list of strings', missingTokens);
  const isStrings = strings === 'error' || strings === 'one-hot' || isList(strings, isText);
  check(isStrings, 'strings', "be 'error', 'one-hot' or a list of names of columns", strings);
  const tokens = missingTokens.map((token) => token.trim().toLowerCase());
  return {
    name,
    label,
    labelType,
    decimal,
    header,
    missing,
    unseen,
    strings,
    ignore,
    maxCategories,
    missingTokens: tokens,
  };
}

/** A JSON value in a row. */
export type CsvValue = string | number | boolean | null | undefined;

/** Options of `encodeRows`. */
export interface EncodeOptions {
  /** How to treat missing values; overrides the schema. */
  readonly missing?: MissingPolicy;
  /** How to treat unseen categories; overrides the schema. */
  readonly unseen?: UnseenPolicy;
  /** The decimal mark of the rows; overrides the schema. */
  readonly decimal?: '.' | ',';
  /** Whether a key of an object that is no column is an error; otherwise, and by default, it is ignored. */
  readonly strict?: boolean;
}

/**
 * Encodes other rows, such as rows to predict, by the schema of a table.
 *
 * An object must have a key for each feature column; null and '' are missing values, undefined is not a value. Getters and
 * inherited keys count, except those of Object.prototype. Other keys are ignored, as are other columns of a file.
 *
 * @param rows objects whose keys are column names, or lists in the order of the file, with or without the label;
 *        labels and ignored columns are not read
 * @returns features [n, d]; with `missing: 'drop'`, only of complete rows
 * @throws FormatError for a value that does not match its column, or a key that is absent or, with `strict`, unknown;
 *         ShapeError for a row that is neither an object nor a list, such as a Map; DomainError for an invalid schema or an unknown
 *         option
 * @example
 * const { schema } = parseCsv('width,colour\n1.5,red\n2,blue', { strings: 'one-hot' });
 * encodeRows(schema, [{ colour: 'blue', width: 7 }]).values   // Float64Array [7, 1, 0]
 */
export function encodeRows(
  schema: CsvSchema,
  rows: readonly (readonly CsvValue[] | Readonly<Record<string, CsvValue>>)[],
  options: EncodeOptions = {},
): FeatureArray<Float64Array> {
  const where = 'encodeRows';
  const applied = withOptions(schema, options, where, ['strict']);
  const { strict = false } = options;
  assertOneOf(strict, [true, false], where, 'strict');
  if (!Array.isArray(rows)) {
    throw new ShapeError({ where, argument: 'rows', expected: 'be a list of rows', actual: describe(rows) });
  }
  const features = applied.columns.filter(({ kind }) => kind !== 'label');
  const place = (row: number) => `${where}: rows[${row}]`;
  const encoder = new RowEncoder({ ...applied, columns: features }, [...features.keys()], place);
  const d = encoder.numFeatures;
  assertSize(rows.length, d, where);
  const values = new Float64Array(rows.length * d);
  let n = 0;
  rows.forEach((row, i) => {
    if (encoder.encode(new TextRow(fieldsOf(row, i, applied, strict)), i, values, n * d)) n++;
  });
  return { values: n === rows.length ? values : values.slice(0, n * d), shape: [n, d] };
}

/** The fields of a row as text, without the label. */
function fieldsOf(row: unknown, i: number, { columns, decimal }: CsvSchema, strict: boolean): string[] {
  const where = `encodeRows: rows[${i}]`;
  const features = columns.filter(({ kind }) => kind !== 'label');
  const text = (value: CsvValue, argument: string) => {
    if (value === null || value === undefined) return '';
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof value)) {
      const expected = 'be text, a number, true, false or null';
      throw new FormatError({ where, argument, expected, actual: describe(value) });
    }
    return typeof value === 'number' ? String(value).replace('.', decimal) : String(value).trim();
  };
  if (Array.isArray(row)) {
    const isWhole = row.length === columns.length;
    if (!isWhole && row.length !== features.length) {
      const expected = `have ${features.length} fields, like the schema`;
      throw new FormatError({ where, argument: 'the row', expected, actual: String(row.length) });
    }
    const fields = isWhole ? row.filter((_, c) => columns[c].kind !== 'label') : row;
    return fields.map((value, c) => text(value, features[c].name));
  }
  if (typeof row !== 'object' || row === null || ArrayBuffer.isView(row) || Symbol.iterator in row) {
    const hint = Object.prototype.toString.call(row) === '[object Map]' ? 'Pass Object.fromEntries(row).' : undefined;
    throw new ShapeError({
      where,
      argument: 'the row',
      expected: 'be an object or a list',
      actual: describe(row),
      hint,
    });
  }
  const record = row as Readonly<Record<string, CsvValue>>;
  if (strict) assertKnownKeys(record, columns, where);
  return features.flatMap(({ name, kind }) => {
    if (kind === 'ignored') return [''];
    const value = hasKey(record, name) ? record[name] : undefined;
    if (value === undefined) throw absentKey(record, name, columns, where);
    return [text(value, name)];
  });
}

/** Whether an object has a key: its own or inherited, but not one of Object.prototype. */
function hasKey(record: object, name: string): boolean {
  for (let owner: object | null = record; owner !== null; owner = Object.getPrototypeOf(owner)) {
    // The prototype of objects of any realm.
    if (owner !== record && Object.getPrototypeOf(owner) === null && Object.hasOwn(owner, 'hasOwnProperty'))
      return false;
    if (Object.hasOwn(owner, name)) return true;
  }
  return false;
}

function absentKey(
  record: Readonly<Record<string, CsvValue>>,
  name: string,
  columns: CsvSchema['columns'],
  where: string,
): FormatError {
  const known = new Set(columns.map((column) => column.name));
  const keys = Object.keys(record);
  const others = keys.filter((key) => !known.has(key));
  const actual = keys.includes(name) ? 'undefined' : `the keys ${keys.slice(0, 20).map(describe).join(', ') || 'none'}`;
  const hint = didYouMean(name, others) ?? 'Use null for a missing value.';
  return new FormatError({ where, argument: 'the row', expected: `have the key ${describe(name)}`, actual, hint });
}

function assertKnownKeys(record: object, columns: CsvSchema['columns'], where: string): void {
  const names = columns.map(({ name }) => name);
  const stray = Object.keys(record).find((key) => !names.includes(key));
  if (stray === undefined) return;
  const expected = `have only the keys ${names.slice(0, 20).map(describe).join(', ')}${names.length > 20 ? ', …' : ''}`;
  const hint = didYouMean(stray, names);
  throw new FormatError({ where, argument: 'the row', expected, actual: describe(stray), hint });
}

/**
 * A checked copy of an untrusted schema, with the caller's policies.
 *
 * @param others further option names that the caller accepts
 */
export function withOptions(
  schema: CsvSchema,
  options: EncodeOptions,
  where: string,
  others: readonly string[],
): CsvSchema {
  assertKnownOptions(options, ['missing', 'unseen', 'decimal', ...others], where);
  assertSchema(schema, where);
  const { missing = schema.missing, unseen = schema.unseen, decimal = schema.decimal } = options;
  assertOneOf(missing, MISSING_POLICIES, where, 'missing');
  assertOneOf(unseen, UNSEEN_POLICIES, where, 'unseen');
  assertOneOf(decimal, ['.', ','], where, 'decimal');
  return { ...schema, missing, unseen, decimal };
}
