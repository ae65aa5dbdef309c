// data: CSV → samples, labels, and the schema for encoding other rows.
import { DomainError, FormatError, ShapeError } from '../../core/errors.js';
import { type Label, sortedClasses } from '../../core/labels.js';
import {
  assertFunction,
  assertKnownOptions,
  assertOneOf,
  assertPositiveInteger,
  assertText,
  describe,
} from '../../core/shape.js';
import { DATE_ORDERS, type DateOrder, instantOf } from '../../features/date.js';
import type { FeatureArray } from '../batches.js';
import { CsvSource } from './csv/records.js';
import { RowEncoder } from './encode.js';
import { type ColumnSummary, LABEL_TYPES, type LearnOptions } from './learn/column.js';
import { Learner } from './learn/learner.js';
import { type CsvValue, fieldsOf, isEncoded } from './records.js';
import { type Row, TextRow, textsOf } from './row.js';
import {
  assertSchema,
  COMMENT_RULE,
  type CsvSchema,
  featureNamesOf,
  isComment,
  MISSING_LABEL_POLICIES,
  MISSING_POLICIES,
  type MissingLabelPolicy,
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
  /** Whether numbers may have thousands separators, such as 1,367 or 1.234.567,5; false by default. */
  readonly thousands?: boolean;
  /** Lines that begin with this character are skipped; none by default. */
  readonly comment?: string;
  /**
   * How to treat a row with a missing value: `'error'` (default), `'drop'`, or fill in the `'mean'` or `'median'` of
   * the column; categories are filled with the most frequent one. `'indicator'` fills in the mean, and adds a feature
   * that is 1 where the value is missing; for categories this feature alone is 1. A missing label is never filled in.
   */
  readonly missing?: MissingPolicy;
  /** As `missing`, for single columns by name. */
  readonly missingByColumn?: Readonly<Record<string, MissingPolicy>>;
  /** How to treat a row without a label: `'error'` or `'drop'`. By default, as `missing` if it is `'drop'`, else `'error'`. */
  readonly missingLabel?: MissingLabelPolicy;
  /** Markers of missing values, case-insensitive; by default `''`, `?`, `NA`, `N/A`, `#N/A`, `<NA>`, `NaN`, `null`. */
  readonly missingTokens?: readonly string[];
  /**
   * How to treat text columns: `'error'` (default), or `'one-hot'`, which makes each value a feature that is 0 or 1. A
   * list of names is the same as `categories`.
   */
  readonly strings?: 'error' | 'one-hot' | readonly string[];
  /** Columns to one-hot encode whatever they contain, by name or number. */
  readonly categories?: readonly (string | number)[];
  /**
   * Columns of dates, by name or number. Each becomes the year, the days since the first day of the table, and one-hot
   * month, weekday and, if there are times of day, hour.
   */
  readonly dates?: readonly (string | number)[];
  /** The order of dates such as 01/02/2024: `'dmy'` or `'mdy'`; by default the one that all dates of the column have. */
  readonly dateOrder?: DateOrder;
  /** How `encodeRows` and `readCsvRows` treat a category that is not in this table; `'error'` by default. */
  readonly unseen?: UnseenPolicy;
  /** Columns to ignore, by name or number. */
  readonly ignore?: readonly (string | number)[];
  /** Rows of classes with fewer rows than this are left out; 1 by default, which leaves none out. */
  readonly minClassCount?: number;
  /** The column of the weight of each row, a finite number ≥ 0: no feature, but `sampleWeights`. Not all are 0. */
  readonly sampleWeight?: string | number;
  /** The column that names the group of each row, such as a patient: no feature, but `groups`. */
  readonly group?: string | number;
  /** The column of the time of each row, all numbers or all ISO dates: no feature, but `times`. */
  readonly time?: string | number;
  /** The maximum number of distinct values in a column of labels or categories; 1000 by default. */
  readonly maxCategories?: number;
  /** Called with each row that does not fit the table; such rows are skipped. By default the first one is an error. */
  readonly onBadRow?: (row: BadRow) => void;
}

/** A row that does not fit its table. */
export interface BadRow {
  /** The line on which it begins, from 1. */
  readonly line: number;
  /** Why, with `file:line:column`. */
  readonly error: FormatError;
  readonly fields: readonly string[];
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
  const { delimiter, onBadRow, minClassCount = 1 } = options;
  assertPositiveInteger(minClassCount, 'parseCsv', 'minClassCount');
  const rows = new CsvSource(source, { name, delimiter, decimal: learn.decimal, comment: learn.comment });
  const bad = new BadRows(onBadRow);
  const whole = learnt(rows, new Learner(learn), bad);
  bad.assertFew(whole.rows + whole.dropped, name);
  const rare = whole.rareLabels(minClassCount);
  const learner = rare.size === 0 ? whole : learnt(rows, new Learner(learn, new Set(rare.keys())), bad);
  const schema = learner.finish();
  const [group, time] = [learner.fieldOf('group'), learner.fieldOf('time')];
  const place = (line: number, field: number) => `${name}:${line}:${field + 1}`;
  const needed = [group, time].filter((field) => field !== -1);
  const encoder = new RowEncoder(schema, [...schema.columns.keys()], place, { needed });
  const n = learner.rows;
  const d = encoder.numFeatures;
  assertSize(n, d, name);
  const values = new Float64Array(n * d);
  const lines = new Float64Array(n);
  const labels: Label[] = [];
  const sampleWeights = encoder.hasWeight ? new Float64Array(n) : undefined;
  const groups: string[] | undefined = group === -1 ? undefined : [];
  const times = time === -1 ? undefined : new Float64Array(n);
  let row = 0;
  let isHeader = schema.header;
  for (const block of rows.blocks()) {
    for (let i = isHeader ? 1 : 0; i < block.count; i++) {
      block.select(i);
      if (bad.lines.has(block.line) || learner.isRare(block)) continue;
      if (!encoder.encode(block, block.line, values, row * d)) continue;
      if (encoder.hasLabel) labels.push(encoder.label(block, block.line));
      if (sampleWeights !== undefined) sampleWeights[row] = encoder.weight(block, block.line);
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
  if (!encoder.hasLabel) return table;
  const leftOut = rare.size === 0 ? {} : { leftOut: Object.fromEntries(rare) };
  return { ...table, labels, classes: sortedClasses(labels), ...leftOut };
}

/** The learner after it has seen all rows but the bad ones. */
function learnt(rows: CsvSource, learner: Learner, bad: BadRows): Learner {
  const check = (row: Row, line: number) => learner.check(row, line);
  for (const block of rows.blocks()) {
    for (let i = 0; i < block.count; i++) {
      block.select(i);
      const { line } = block;
      if (bad.lines.has(line) || (!learner.hasBegun && learner.begin(block, line))) continue;
      if (bad.fits(block, line, check)) learner.take(block, line);
    }
  }
  return learner;
}

/** A number, or the milliseconds of a date. */
function timeIn(row: Row, field: number, decimal: '.' | ','): number {
  const number = row.number(field, decimal);
  return Number.isNaN(number) ? instantOf(row.text(field)) : number;
}

/** The rows that do not fit their table, where they are skipped. */
export class BadRows {
  /** Their lines. */
  readonly lines = new Set<number>();
  readonly #onBadRow: ((row: BadRow) => void) | undefined;
  #first: FormatError | undefined;

  constructor(onBadRow: ((row: BadRow) => void) | undefined) {
    this.#onBadRow = onBadRow;
  }

  /** Whether a row fits, by a check that throws a FormatError for a row that does not. */
  fits(row: Row, line: number, check: (row: Row, line: number) => void): boolean {
    try {
      check(row, line);
      return true;
    } catch (error) {
      if (this.#onBadRow === undefined || !(error instanceof FormatError)) throw error;
      this.#first ??= error;
      this.lines.add(line);
      this.#onBadRow({ line, error, fields: textsOf(row) });
      return false;
    }
  }

  /** Refuses a table most of whose rows do not fit: then the first row is probably the odd one. */
  assertFew(rows: number, where: string): void {
    const { size } = this.lines;
    if (size <= rows || this.#first === undefined) return;
    const actual = `${size} of ${size + rows} that do not; the first: ${this.#first.message.replace(/\.$/, '')}`;
    throw new FormatError({ where, argument: 'the rows', expected: 'mostly fit the table', actual });
  }
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
  'thousands',
  'comment',
  'missing',
  'missingByColumn',
  'missingLabel',
  'missingTokens',
  'strings',
  'categories',
  'dates',
  'dateOrder',
  'unseen',
  'ignore',
  'sampleWeight',
  'group',
  'time',
  'minClassCount',
  'maxCategories',
  'onBadRow',
];

function learnOptions(options: CsvOptions): LearnOptions {
  const where = 'parseCsv';
  assertKnownOptions(options, CSV_OPTIONS, where);
  if (options.name !== undefined) assertText(options.name, where, 'name');
  const { name = where, label, labelType, decimal = '.', header = true, missing = 'error', unseen = 'error' } = options;
  const { strings = 'error', ignore = [], categories = [], dates = [], maxCategories = 1000 } = options;
  const { missingTokens = MISSING_TOKENS, missingByColumn = {}, missingLabel, dateOrder, comment, onBadRow } = options;
  const { thousands = false, sampleWeight, group, time } = options;
  const isColumn = (value: unknown) => typeof value === 'string' || Number.isInteger(value);
  const check = (holds: boolean, argument: string, expected: string, value: unknown) => {
    if (!holds) throw new DomainError({ where, argument, expected, actual: describe(value) });
  };
  for (const [argument, column] of Object.entries({ label, sampleWeight, group, time })) {
    check(column === undefined || isColumn(column), argument, 'be the name or the number of a column', column);
  }
  assertOneOf(decimal, ['.', ','], where, 'decimal');
  if (labelType !== undefined) assertOneOf(labelType, LABEL_TYPES, where, 'labelType');
  assertOneOf(header, [true, false], where, 'header');
  assertOneOf(thousands, [true, false], where, 'thousands');
  check(comment === undefined || isComment(comment), 'comment', COMMENT_RULE, comment);
  assertOneOf(missing, MISSING_POLICIES, where, 'missing');
  const isByColumn =
    typeof missingByColumn === 'object' && missingByColumn !== null && !(Symbol.iterator in missingByColumn);
  check(isByColumn, 'missingByColumn', 'be policies by the names of columns', missingByColumn);
  for (const [column, policy] of Object.entries(missingByColumn)) {
    assertOneOf(policy, MISSING_POLICIES, where, `missingByColumn[${describe(column)}]`);
  }
  if (missingLabel !== undefined) assertOneOf(missingLabel, MISSING_LABEL_POLICIES, where, 'missingLabel');
  if (dateOrder !== undefined) assertOneOf(dateOrder, DATE_ORDERS, where, 'dateOrder');
  assertOneOf(unseen, UNSEEN_POLICIES, where, 'unseen');
  assertPositiveInteger(maxCategories, where, 'maxCategories');
  if (onBadRow !== undefined) assertFunction(onBadRow, where, 'onBadRow');
  const isList = (value: unknown, holds: (item: unknown) => boolean) => Array.isArray(value) && value.every(holds);
  const isText = (value: unknown) => typeof value === 'string';
  for (const [argument, columns] of Object.entries({ ignore, categories, dates })) {
    check(isList(columns, isColumn), argument, 'be a list of names or numbers of columns', columns);
  }
  check(isList(missingTokens, isText), 'missingTokens', 'be a list of strings', missingTokens);
  const isStrings = strings === 'error' || strings === 'one-hot' || isList(strings, isText);
  check(isStrings, 'strings', "be 'error', 'one-hot' or a list of names of columns", strings);
  const tokens = missingTokens.map((token) => token.trim().toLowerCase());
  const named = typeof strings === 'string' ? [] : strings;
  return {
    ...{ name, label, labelType, decimal, header, missing, missingByColumn, missingLabel, unseen, comment },
    ...{ ignore, dates, dateOrder, maxCategories, missingTokens: tokens, categories: [...named, ...categories] },
    ...{ sampleWeight, group, time },
    strings: typeof strings === 'string' ? strings : 'error',
    thousands: thousands || undefined,
  };
}

/** Options of `encodeRows`. */
export interface EncodeOptions {
  /** How to treat missing values; overrides the schema. */
  readonly missing?: MissingPolicy;
  /** How to treat unseen categories; overrides the schema. */
  readonly unseen?: UnseenPolicy;
  /** The decimal mark of the rows; overrides the schema. */
  readonly decimal?: '.' | ',';
  /** Whether numbers may have thousands separators; overrides the schema. */
  readonly thousands?: boolean;
  /** Whether a key of an object that is no column is an error; otherwise, and by default, it is ignored. */
  readonly strict?: boolean;
}

/**
 * Encodes other rows, such as rows to predict, by the schema of a table.
 *
 * An object must have a key for each feature column; null and '' are missing values, undefined is not a value. Getters and
 * inherited keys count, except those of Object.prototype. Other keys are ignored, as are other columns of a file.
 *
 * @param rows objects whose keys are column names, or lists in the order of the file: all columns, without the label, or
 *        without label and weight; labels, weights and ignored columns are not read
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
  const features = applied.columns.filter(isEncoded);
  const place = (row: number) => `${where}: rows[${row}]`;
  const encoder = new RowEncoder({ ...applied, columns: features }, [...features.keys()], place);
  const d = encoder.numFeatures;
  assertSize(rows.length, d, where);
  const values = new Float64Array(rows.length * d);
  let n = 0;
  rows.forEach((row, i) => {
    if (encoder.encode(new TextRow(fieldsOf(row, place(i), applied, strict)), i, values, n * d)) n++;
  });
  return { values: n === rows.length ? values : values.slice(0, n * d), shape: [n, d] };
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
  assertKnownOptions(options, ['missing', 'unseen', 'decimal', 'thousands', ...others], where);
  assertSchema(schema, where);
  const { thousands = schema.thousands ?? false } = options;
  assertOneOf(thousands, [true, false], where, 'thousands');
  const { missing = schema.missing, unseen = schema.unseen, decimal = schema.decimal } = options;
  assertOneOf(missing, MISSING_POLICIES, where, 'missing');
  assertOneOf(unseen, UNSEEN_POLICIES, where, 'unseen');
  assertOneOf(decimal, ['.', ','], where, 'decimal');
  const numbers = { decimal, thousands: thousands || undefined };
  if (options.missing === undefined) return { ...schema, ...numbers, unseen };
  const learnt = new Set<MissingPolicy>(['error', 'drop', schema.missing]);
  for (const column of schema.columns)
    if ('missing' in column && column.missing !== undefined) learnt.add(column.missing);
  if (!learnt.has(missing)) {
    const expected = `be among ${[...learnt].join(', ')}: how to fill in values is learnt in training`;
    throw new DomainError({ where, argument: 'missing', expected, actual: describe(missing) });
  }
  // What was learnt stays as it was.
  if (missing === schema.missing) return { ...schema, ...numbers, unseen };
  // The caller's policy is that of every column, and of the label.
  const columns = schema.columns.map((column) => ('missing' in column ? { ...column, missing: undefined } : column));
  return { ...schema, ...numbers, missing, missingLabel: undefined, unseen, columns };
}
