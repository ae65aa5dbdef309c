// data: rows in memory → numbers, by the schema of a table.
import { DomainError, ShapeError } from '../../core/errors.js';
import { assertKnownOptions, assertOneOf, describe } from '../../core/shape.js';
import type { FeatureArray } from '../batches.js';
import { RowEncoder } from './encode.js';
import { assertSize } from './limits.js';
import { type CsvValue, fieldsOf, isEncoded } from './records.js';
import { TextRow } from './row.js';
import {
  assertSchema,
  type CsvSchema,
  MISSING_LABEL_POLICIES,
  MISSING_POLICIES,
  type MissingLabelPolicy,
  type MissingPolicy,
  UNSEEN_POLICIES,
  type UnseenPolicy,
} from './schema.js';

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
  options: EncodeOptions & { readonly missingLabel?: MissingLabelPolicy },
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
  const { missingLabel = schema.missingLabel } = options;
  if (missingLabel !== undefined) assertOneOf(missingLabel, MISSING_LABEL_POLICIES, where, 'missingLabel');
  const applied = { ...schema, decimal, thousands: thousands || undefined, missingLabel, unseen };
  if (options.missing === undefined) return applied;
  const learnt = new Set<MissingPolicy>(['error', 'drop', schema.missing]);
  for (const column of schema.columns)
    if ('missing' in column && column.missing !== undefined) learnt.add(column.missing);
  if (!learnt.has(missing)) {
    const expected = `be among ${[...learnt].join(', ')}: how to fill in values is learnt in training`;
    throw new DomainError({ where, argument: 'missing', expected, actual: describe(missing) });
  }
  // The policy of the training: the columns keep theirs.
  if (missing === schema.missing) return applied;
  // The caller's policy is that of every column, and of the label unless the caller gives it one of its own.
  const columns = schema.columns.map((column) => ('missing' in column ? { ...column, missing: undefined } : column));
  return { ...applied, missing, missingLabel: options.missingLabel, columns };
}
