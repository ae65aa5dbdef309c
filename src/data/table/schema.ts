// data: the schema of a table: its columns, and how rows of text become rows of numbers.
import { DomainError, type ErrorFields, FormatError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';
import { describe } from '../../core/shape.js';

/** How to treat a row with a missing value: refuse it, drop it, or fill in the column's mean or median. */
export type MissingPolicy = 'error' | 'drop' | 'mean' | 'median';
export const MISSING_POLICIES: readonly MissingPolicy[] = ['error', 'drop', 'mean', 'median'];

/** How to treat a category that the schema does not contain: refuse it, or encode it as zeros. */
export type UnseenPolicy = 'error' | 'zero';
export const UNSEEN_POLICIES: readonly UnseenPolicy[] = ['error', 'zero'];

/** A column of the file, and its encoding. */
export type CsvColumn =
  | { readonly kind: 'label'; readonly name: string; readonly type: 'string' | 'number' | 'boolean' }
  /** One feature. `fill` replaces a missing value. */
  | { readonly kind: 'number'; readonly name: string; readonly fill?: number }
  /** One feature, 0 for false and 1 for true. */
  | { readonly kind: 'boolean'; readonly name: string; readonly fill?: number }
  /** One-hot encoding: a feature for each category. */
  | { readonly kind: 'category'; readonly name: string; readonly categories: readonly string[]; readonly fill?: string }
  | { readonly kind: 'ignored'; readonly name: string };

/**
 * How a table is read, as plain JSON. Store it with the model to encode other rows like the training rows.
 */
export interface CsvSchema {
  /** Whether files have a header. If so, columns are matched by name, in any order. */
  readonly header: boolean;
  readonly decimal: '.' | ',';
  readonly missing: MissingPolicy;
  /** Markers of missing values, in lower case. */
  readonly missingTokens: readonly string[];
  readonly unseen: UnseenPolicy;
  /** In the order of the file. */
  readonly columns: readonly CsvColumn[];
}

/**
 * A checked copy of an untrusted schema, for models with `numFeatures` features.
 *
 * @throws DomainError if it is not a schema, or has another number of features
 */
export function checkedSchema(schema: CsvSchema, numFeatures: number, where: string): CsvSchema {
  assertSchema(schema, where);
  const count = featureNamesOf(schema).length;
  if (count === numFeatures) return JSON.parse(JSON.stringify(schema));
  const expected = `have ${numFeatures} features, like the model`;
  throw new DomainError({ where, argument: 'schema', expected, actual: String(count) });
}

/**
 * The schema of a numeric table, for a model that was not trained on a table.
 *
 * @param featureNames the names of the columns; undefined for a table without a header
 */
export function numberSchema(
  featureNames: readonly string[] | undefined,
  numFeatures: number,
  label?: Omit<CsvColumn & { readonly kind: 'label' }, 'kind'>,
): CsvSchema {
  const names = featureNames ?? Array.from({ length: numFeatures }, (_, j) => `column ${j + 1}`);
  const columns: CsvColumn[] = names.map((name) => ({ kind: 'number', name }));
  if (label !== undefined) columns.push({ kind: 'label', ...label });
  const policies = { decimal: '.', missing: 'error', missingTokens: [''], unseen: 'error' } as const;
  // Without names, a header cannot be checked.
  return { header: featureNames !== undefined, ...policies, columns };
}

/**
 * The names of the features, in order: the name of the column, or `column=category` for each category. A name that occurs
 * again, such as `a=b=c` of the category b=c of a and of the category c of a=b, is followed by a number in brackets.
 */
export function featureNamesOf(schema: CsvSchema): string[] {
  const seen = new Set<string>();
  return plainNames(schema).map((name) => {
    let unique = name;
    for (let i = 2; seen.has(unique); i++) unique = `${name} (${i})`;
    seen.add(unique);
    return unique;
  });
}

function plainNames(schema: CsvSchema): string[] {
  return schema.columns.flatMap((column) => {
    if (column.kind === 'category') return column.categories.map((category) => `${column.name}=${category}`);
    return column.kind === 'number' || column.kind === 'boolean' ? [column.name] : [];
  });
}

/**
 * Checks that each used column has a name, and that names are unique.
 *
 * @param isUsed whether a column is read
 */
export function checkHeader(names: readonly string[], where: string, isUsed: (i: number) => boolean): void {
  const places = new Map<string, number>();
  names.forEach((name, i) => {
    const place = `${where}:${i + 1}`;
    if (name === '' && isUsed(i)) {
      const hint = `If it is a row index, pass \`ignore: [${i}]\`.`;
      throw new FormatError({ where: place, argument: 'the header', expected: 'name each column', actual: '""', hint });
    }
    const first = places.get(name);
    if (first !== undefined && name !== '') {
      const expected = 'name each column once';
      const actual = `${describe(name)} in columns ${first + 1} and ${i + 1}`;
      throw new FormatError({ where: place, argument: 'the header', expected, actual, hint: 'Rename one of them.' });
    }
    places.set(name, i);
  });
}

/** Refuses lines that end in \r alone. */
export function assertLineEnds(fields: readonly string[], where: string): void {
  if (!fields.some((field) => /\r(?!\n)/.test(field))) return;
  const hint = 'Save it with Unix or Windows line endings.';
  throw new FormatError({ where, argument: 'lines', expected: 'end in \\n or \\r\\n', actual: '\\r alone', hint });
}

/** Refuses a row with more or fewer fields than there are columns. */
export function checkWidth(numFields: number, width: number, name: string, line: number, rule: string): void {
  if (numFields === width) return;
  const where = `${name}:${line}:${Math.min(numFields, width) + 1}`;
  const hint =
    numFields < width
      ? 'Is a field missing, or is the delimiter different?'
      : 'Does an unquoted field contain the delimiter?';
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
 * The index in a file of each column of the schema; -1 for an absent label or ignored column.
 *
 * @throws FormatError if a feature column is missing; the message suggests a similar name
 */
export function locateColumns(schema: CsvSchema, names: readonly string[], where: string): number[] {
  const known = new Set(schema.columns.map(({ name }) => name));
  const places = placesOf(names);
  return schema.columns.map(({ name, kind }) => {
    const field = places.get(name) ?? -1;
    if (field !== -1 || kind === 'label' || kind === 'ignored') return field;
    const others = names.filter((each) => !known.has(each));
    const expected = `have the column ${describe(name)}, which the schema needs`;
    const actual = names.map(describe).slice(0, 20).join(', ');
    throw new FormatError({ where, argument: 'the header', expected, actual, hint: didYouMean(name, others) });
  });
}

export function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const meant = nearest(name, candidates);
  return meant === undefined ? undefined : `Did you mean ${describe(meant)}?`;
}

/**
 * Checks an untrusted schema.
 *
 * @throws DomainError with the name of the first invalid field
 */
export function assertSchema(schema: CsvSchema, where: string): void {
  const check = (holds: boolean, argument: string, expected: string, actual: unknown) => {
    const fields: ErrorFields = { where, argument: `schema${argument}`, expected, actual: describe(actual) };
    if (!holds) throw new DomainError(fields);
  };
  const isNames = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string');
  check(typeof schema === 'object' && schema !== null, '', 'be a schema from parseCsv', schema);
  const { header, decimal, missing, missingTokens, unseen, columns } = schema;
  check(typeof header === 'boolean', '.header', 'be true or false', header);
  check(decimal === '.' || decimal === ',', '.decimal', "be '.' or ','", decimal);
  check(MISSING_POLICIES.includes(missing), '.missing', `be among ${MISSING_POLICIES.join(', ')}`, missing);
  check(UNSEEN_POLICIES.includes(unseen), '.unseen', `be among ${UNSEEN_POLICIES.join(', ')}`, unseen);
  check(isNames(missingTokens), '.missingTokens', 'be a list of strings', missingTokens);
  check(Array.isArray(columns), '.columns', 'be a list', columns);
  columns.forEach((column: CsvColumn | null, i) => {
    const at = `.columns[${i}]`;
    check(typeof column === 'object' && typeof column?.name === 'string', at, 'have a kind and a name', column);
    const { kind, name: _, ...rest } = column as CsvColumn;
    const { type, categories, fill } = rest as { type?: unknown; categories?: string[]; fill?: unknown };
    const kinds = ['label', 'number', 'boolean', 'category', 'ignored'];
    check(kinds.includes(kind), `${at}.kind`, `be among ${kinds.join(', ')}`, kind);
    if (kind === 'label') {
      check(['string', 'number', 'boolean'].includes(type as string), `${at}.type`, 'be a type of labels', type);
    } else if (kind === 'category') {
      check(isNames(categories), `${at}.categories`, 'be a list of strings', categories);
      const isDistinct = new Set(categories).size === categories?.length;
      check(isDistinct, `${at}.categories`, 'be distinct', categories);
      const isKnown = fill === undefined || categories?.includes(fill as string) === true;
      check(isKnown, `${at}.fill`, 'be one of the categories', fill);
    } else {
      check(fill === undefined || Number.isFinite(fill), `${at}.fill`, 'be a finite number', fill);
    }
  });
  const labels = columns.filter(({ kind }) => kind === 'label').length;
  check(labels <= 1, '.columns', 'have at most one label', labels);
}
