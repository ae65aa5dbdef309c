// data: which field of a row belongs to which column.
import { FormatError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';
import { describe } from '../../core/shape.js';
import { DELIMITERS } from './csv/delimiter.js';
import { parseNumber } from './number.js';
import type { CsvColumn, CsvSchema } from './schema.js';

/**
 * Checks that each used column has a name, and that names are unique.
 *
 * @param isUsed whether a column is read
 * @param hint advice on a name that is there twice
 */
export function checkHeader(
  names: readonly string[],
  where: string,
  isUsed: (i: number) => boolean,
  hint = 'Rename one of them.',
): void {
  const places = new Map<string, number>();
  names.forEach((name, i) => {
    const place = `${where}:${i + 1}`;
    if (name === '' && isUsed(i)) {
      const expected = 'name each column';
      const toName = 'Name it, or pass `ignore: [""]`.';
      throw new FormatError({ where: place, argument: 'the header', expected, actual: '""', hint: toName });
    }
    const first = places.get(name);
    if (first !== undefined && name !== '') {
      const expected = 'name each column once';
      const actual = `${describe(name)} in columns ${first + 1} and ${i + 1}`;
      throw new FormatError({ where: place, argument: 'the header', expected, actual, hint });
    }
    places.set(name, i);
  });
}

/** Refuses a header that looks like data. */
export function assertNames(fields: readonly string[], where: string, hint: string): void {
  const numbers = fields.filter((field) => !Number.isNaN(parseNumber(field)));
  const fractions = numbers.filter((field) => !/^\d+$/.test(field));
  // Integers can be column names, such as years or pixels.
  if (numbers.length < fields.length && fractions.length < fields.length / 2) return;
  const actual = fields.slice(0, 5).join(', ') + (fields.length > 5 ? ', …' : '');
  throw new FormatError({ where, argument: 'the header', expected: 'name the columns', actual, hint });
}

/** Refuses lines that end in \r alone. */
export function assertLineEnds(fields: readonly string[], where: string): void {
  if (!fields.some((field) => /\r(?!\n)/.test(field))) return;
  const hint = 'Save it with Unix or Windows line endings.';
  throw new FormatError({ where, argument: 'lines', expected: 'end in \\n or \\r\\n', actual: '\\r alone', hint });
}

/**
 * Refuses a row with more or fewer fields than there are columns.
 *
 * @param row its place: `file:line`
 */
export function checkWidth(numFields: number, width: number, row: string, rule: string, aside?: string): void {
  if (numFields === width) return;
  const where = `${row}:${Math.min(numFields, width) + 1}`;
  const hint =
    aside ??
    (numFields < width
      ? 'Is a field missing, or is the delimiter different?'
      : 'Does an unquoted field contain the delimiter?');
  const expected = `have ${width} fields, ${rule}`;
  throw new FormatError({ where, argument: 'the row', expected, actual: String(numFields), hint });
}

/** The index of each name; of the first one for duplicates. */
export function placesOf(names: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  names.forEach((name, i) => {
    if (!places.has(name)) places.set(name, i);
  });
  return places;
}

/**
 * The index of each column in a row of `length` fields that is in the order of the schema: with all columns, without the
 * label, or without label and weight. -1 for an absent column; undefined for a row of another length.
 */
export function placesInRow(columns: readonly CsvColumn[], length: number): number[] | undefined {
  const optional = ['label', 'weight'].flatMap((kind) => columns.filter((column) => column.kind === kind));
  const absent = optional.slice(0, Math.max(0, columns.length - length));
  if (columns.length - absent.length !== length) return undefined;
  let field = 0;
  return columns.map((column) => (absent.includes(column) ? -1 : field++));
}

/**
 * The index in a file of each column of the schema; -1 for an absent label, weight or ignored column.
 *
 * @param typed of a table whose columns have types. In CSV, the names are a line, which may be data or split by another delimiter
 * @throws FormatError if a feature column is missing; the message suggests a similar name
 */
export function locateColumns(
  schema: CsvSchema,
  names: readonly string[],
  where: string,
  typed?: { readonly hintOfLack?: string },
): number[] {
  const known = new Set(schema.columns.map(({ name }) => name));
  const places = placesOf(names);
  return schema.columns.map(({ name, kind }) => {
    const field = places.get(name) ?? -1;
    if (field !== -1 || kind === 'label' || kind === 'weight' || kind === 'ignored') return field;
    const others = names.filter((each) => !known.has(each));
    const expected = `have the column ${describe(name)}, which the model reads`;
    const actual = names.map(describe).slice(0, 20).join(', ');
    const isNone = !names.some((each) => known.has(each));
    const ofCsv = typed ? undefined : (commentHint(names) ?? otherDelimiter(schema, names));
    const last = typed ? typed.hintOfLack : isNone ? FIRST_LINE : undefined;
    const hint = ofCsv ?? didYouMean(name, others) ?? last;
    const argument = typed ? 'the table' : 'the header';
    throw new FormatError({ where, argument, expected, actual: actual || 'none', hint });
  });
}

/** Advice on a header of one field, which another delimiter splits into the columns that the model reads. */
function otherDelimiter({ columns, decimal }: CsvSchema, names: readonly string[]): string | undefined {
  if (names.length !== 1) return undefined;
  const needed = columns.filter(({ kind }) => kind !== 'label' && kind !== 'weight' && kind !== 'ignored');
  const found = DELIMITERS.find((delimiter) => {
    const parts = new Set(names[0].split(delimiter).map((part) => part.trim()));
    return parts.size > 1 && needed.every(({ name }) => parts.has(name));
  });
  if (found === undefined) return undefined;
  const also = found === decimal ? ", and `decimal: '.'` if the numbers have a decimal point" : '';
  return `Pass \`delimiter: ${describe(found)}\`${also}.`;
}

/** The index of a column given by name or by number: from 0, or from the end with −1, −2, …. */
export function findColumn(
  column: string | number,
  names: readonly string[],
  places: ReadonlyMap<string, number>,
  where: string,
  argument: string,
  header: boolean,
): number {
  const found = typeof column === 'number' ? (column < 0 ? names.length + column : column) : (places.get(column) ?? -1);
  if (Number.isInteger(found) && found >= 0 && found < names.length) return found;
  if (typeof column === 'number') {
    const expected = `be a column, an integer in [${-names.length}, ${names.length})`;
    throw new FormatError({ where, argument, expected, actual: String(column), isOption: true });
  }
  const some = names.slice(0, 20).map(describe).join(', ');
  const expected = `be one of the columns ${some}${names.length > 20 ? ', …' : ''}`;
  const aside =
    commentHint(names) ??
    (names.length === 1
      ? 'If a title precedes the header, remove that line. If another character separates the fields, name it with `delimiter`.'
      : NO_HEADER);
  const other = header ? aside : undefined;
  throw new FormatError({
    where,
    argument,
    expected,
    actual: describe(column),
    // -1 is an index, not a misspelt name 1.
    isOption: true,
    hint: listHint(column, argument, places) ?? (INTEGER.test(column) ? undefined : didYouMean(column, names)) ?? other,
  });
}

/** Advice on a first line that may be a comment. */
export function commentHint([first]: readonly (string | undefined)[]): string | undefined {
  return first?.startsWith('#') ? "If # begins a comment, pass `comment: '#'`." : undefined;
}

/** Options that name several columns. */
const LISTS: ReadonlySet<string> = new Set(['ignore', 'categories', 'dates']);

/** Advice on the names of several columns in one text. */
function listHint(text: string, argument: string, places: ReadonlyMap<string, number>): string | undefined {
  const names = text.split(',').map((name) => name.trim());
  if (!LISTS.has(argument) || names.length === 1 || !names.every((name) => places.has(name))) return undefined;
  return `Several columns? Pass \`${argument}: [${names.map(describe).join(', ')}]\`.`;
}

/** Advice on a header that looks like a row of data. */
export const NO_HEADER = 'If the first line is data, pass `header: false`.';
const FIRST_LINE = `The first line must name the columns, as in training. ${NO_HEADER}`;

const INTEGER = /^-?\d+$/;

export function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const meant = candidates.find((each) => each.toLowerCase() === lower) ?? nearest(name, candidates);
  return meant === undefined ? undefined : `Did you mean ${describe(meant)}?`;
}
