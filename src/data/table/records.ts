// data: the values of a row in memory, an object or a list, as the fields of a row of a table.
import { FormatError, ShapeError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import { type CsvSchema, didYouMean } from './schema.js';

/** A JSON value in a row. */
export type CsvValue = string | number | boolean | null | undefined;

/** The fields of a row as text, without the label. */
export function fieldsOf(row: unknown, i: number, { columns, decimal }: CsvSchema, strict: boolean): string[] {
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
