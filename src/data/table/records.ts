// data: the values of a row in memory, an object or a list, as the fields of a row of a table.
import { FormatError, ShapeError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';
import { describe } from '../../core/shape.js';
import { didYouMean, placesInRow } from './places.js';
import type { CsvColumn, CsvSchema } from './schema.js';

/** A JSON value in a row. */
export type CsvValue = string | number | boolean | null | undefined;

/**
 * The fields of an object or a list as text, without label and weight.
 *
 * @param where the place of the row, for errors
 * @param strict whether a key that is no column is an error
 */
export function fieldsOf(row: unknown, where: string, schema: CsvSchema, strict: boolean): string[] {
  if (!Array.isArray(row)) return recordFieldsOf(row, where, schema, strict, 'be an object or a list');
  const { columns, decimal } = schema;
  const places = placesInRow(columns, row.length);
  if (places === undefined) {
    const expected = `have ${columns.filter(isEncoded).length} fields, like the schema`;
    throw new FormatError({ where, argument: 'the row', expected, actual: String(row.length) });
  }
  return columns.flatMap((column, c) =>
    isEncoded(column) ? [textOf(row[places[c]], decimal, where, column.name)] : [],
  );
}

/** Whether rows to encode need the column: labels and weights are not read. */
export function isEncoded({ kind }: CsvColumn): boolean {
  return kind !== 'label' && kind !== 'weight';
}

/** The fields of an object as text, without label and weight. */
export function recordFieldsOf(
  row: unknown,
  where: string,
  { columns, decimal }: CsvSchema,
  strict: boolean,
  expected = 'be an object',
): string[] {
  if (typeof row !== 'object' || row === null || ArrayBuffer.isView(row) || Symbol.iterator in row) {
    const hint = Object.prototype.toString.call(row) === '[object Map]' ? 'Pass Object.fromEntries(row).' : undefined;
    throw new ShapeError({ where, argument: 'the row', expected, actual: describe(row), hint });
  }
  const record = row as Readonly<Record<string, unknown>>;
  if (strict) assertKnownKeys(record, columns, where);
  return columns.filter(isEncoded).flatMap(({ name, kind }) => {
    if (kind === 'ignored') return [''];
    const value = hasKey(record, name) ? record[name] : undefined;
    if (value === undefined) throw absentKey(record, name, columns, where);
    return [textOf(value, decimal, where, name)];
  });
}

function textOf(value: unknown, decimal: string, where: string, argument: string): string {
  if (value === null || value === undefined) return '';
  if (!['string', 'number', 'boolean', 'bigint'].includes(typeof value)) {
    const expected = 'be text, a number, true, false or null';
    const hint = value instanceof Date ? 'Pass its toISOString().' : undefined;
    throw new FormatError({ where, argument, expected, actual: describe(value), hint });
  }
  return typeof value === 'number' ? String(value).replace('.', decimal) : String(value).trim();
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

/** The first names of a list, for an error. */
function listOf(names: readonly string[]): string {
  return `${names.slice(0, 20).map(describe).join(', ')}${names.length > 20 ? ', …' : ''}`;
}

function absentKey(record: object, name: string, columns: CsvSchema['columns'], where: string): FormatError {
  const known = new Set(columns.map((column) => column.name));
  const keys = Object.keys(record);
  const others = keys.filter((key) => !known.has(key));
  const actual = keys.includes(name) ? 'undefined' : keys.length === 0 ? 'no keys' : `the keys ${listOf(keys)}`;
  const near = nearest(name, others);
  const hint =
    near === undefined ? 'Use null for a missing value.' : `Rename the key ${describe(near)} to ${describe(name)}.`;
  return new FormatError({ where, argument: 'the row', expected: `have the key ${describe(name)}`, actual, hint });
}

function assertKnownKeys(record: object, columns: CsvSchema['columns'], where: string): void {
  const names = columns.map(({ name }) => name);
  const known = new Set(names);
  const stray = Object.keys(record).find((key) => !known.has(key));
  if (stray === undefined) return;
  const expected = `have only the keys ${listOf(names)}`;
  const hint = didYouMean(stray, names);
  throw new FormatError({ where, argument: 'the row', expected, actual: describe(stray), hint });
}
