// data: the schema of a table: its columns, and how rows of text become rows of numbers.
import { DomainError, type ErrorFields, FormatError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';
import { describe } from '../../core/shape.js';
import { DATE_ORDERS, type DateOrder, dateFeatures } from '../../features/date.js';

/**
 * How to treat a row with a missing value: refuse it, drop it, or fill in the column's mean or median. `'indicator'` fills
 * in the mean, or nothing for a category, and adds a feature that is 1 where the value is missing.
 */
export type MissingPolicy = 'error' | 'drop' | 'mean' | 'median' | 'indicator';
export const MISSING_POLICIES: readonly MissingPolicy[] = ['error', 'drop', 'mean', 'median', 'indicator'];

/** How to treat a row whose label is missing. */
export type MissingLabelPolicy = 'error' | 'drop';
export const MISSING_LABEL_POLICIES: readonly MissingLabelPolicy[] = ['error', 'drop'];

/** How to treat a category that the schema does not contain: refuse it, or encode it as zeros. */
export type UnseenPolicy = 'error' | 'zero';
export const UNSEEN_POLICIES: readonly UnseenPolicy[] = ['error', 'zero'];

/** What every column of features has. */
export interface FeatureColumn {
  readonly name: string;
  /** How to treat a missing value, if not as the schema says. */
  readonly missing?: MissingPolicy;
  /** Whether one more feature is 1 where the value is missing. */
  readonly indicator?: true;
}

/** A column of the file, and its encoding. */
export type CsvColumn =
  | { readonly kind: 'label'; readonly name: string; readonly type: 'string' | 'number' | 'boolean' }
  /** One feature. `fill` replaces a missing value; a `percent` such as 12% is 0.12. */
  | (FeatureColumn & { readonly kind: 'number'; readonly fill?: number; readonly percent?: true })
  /** One feature, 0 for false and 1 for true. */
  | (FeatureColumn & { readonly kind: 'boolean'; readonly fill?: number })
  /** One-hot encoding: a feature for each category. */
  | (FeatureColumn & { readonly kind: 'category'; readonly categories: readonly string[]; readonly fill?: string })
  /** Year, days since `origin`, and one-hot month, weekday and, with `hasTime`, hour. Times are in ms since 1970. */
  | (FeatureColumn & {
      readonly kind: 'date';
      readonly order: DateOrder;
      readonly origin: number;
      readonly hasTime: boolean;
      readonly fill?: number;
    })
  /** The weight of each row, ≥ 0: `evaluate` uses it where the file has it, `predict` ignores it. */
  | { readonly kind: 'weight'; readonly name: string }
  | { readonly kind: 'ignored'; readonly name: string };

/**
 * How a table is read, as plain JSON. Store it with the model to encode other rows like the training rows.
 */
export interface CsvSchema {
  /** Whether files have a header. If so, columns are matched by name, in any order. */
  readonly header: boolean;
  readonly decimal: '.' | ',';
  /** Whether numbers may have thousands separators. */
  readonly thousands?: true;
  /** The character that begins lines to skip. */
  readonly comment?: string;
  readonly missing: MissingPolicy;
  /** Without it, rows without a label are dropped where `missing` is `'drop'`, and refused otherwise. */
  readonly missingLabel?: MissingLabelPolicy;
  /** Markers of missing values, in lower case. */
  readonly missingTokens: readonly string[];
  readonly unseen: UnseenPolicy;
  /** In the order of the file. */
  readonly columns: readonly CsvColumn[];
}

/** Whether rows without a label are dropped. */
export function dropsUnlabelled({ missing, missingLabel }: Pick<CsvSchema, 'missing' | 'missingLabel'>): boolean {
  return missingLabel === undefined ? missing === 'drop' : missingLabel === 'drop';
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

/** Checks the schema of a model file, with the caller's error. */
export function assertSchemaFits(
  schema: CsvSchema,
  numFeatures: number,
  fail: (fields: Omit<ErrorFields, 'where'>) => Error,
): void {
  try {
    checkedSchema(schema, numFeatures, '');
  } catch (error) {
    const { argument, expected, actual } = error as DomainError;
    throw fail({ argument, expected, actual });
  }
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
  return schema.columns.flatMap(namesOf);
}

/** The names of a column's features, which may not be unique in the table. */
export function namesOf(column: CsvColumn): string[] {
  const { kind, name } = column;
  if (kind === 'label' || kind === 'weight' || kind === 'ignored') return [];
  const values =
    kind === 'category'
      ? column.categories.map((category) => `${name}=${category}`)
      : kind === 'date'
        ? dateFeatures(name, column)
        : [name];
  return column.indicator ? [...values, `${name} missing`] : values;
}

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

/** Refuses lines that end in \r alone. */
export function assertLineEnds(fields: readonly string[], where: string): void {
  if (!fields.some((field) => /\r(?!\n)/.test(field))) return;
  const hint = 'Save it with Unix or Windows line endings.';
  throw new FormatError({ where, argument: 'lines', expected: 'end in \\n or \\r\\n', actual: '\\r alone', hint });
}

/** Refuses a row with more or fewer fields than there are columns. */
export function checkWidth(
  numFields: number,
  width: number,
  name: string,
  line: number,
  rule: string,
  aside?: string,
): void {
  if (numFields === width) return;
  const where = `${name}:${line}:${Math.min(numFields, width) + 1}`;
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
 * @throws FormatError if a feature column is missing; the message suggests a similar name
 */
export function locateColumns(schema: CsvSchema, names: readonly string[], where: string): number[] {
  const known = new Set(schema.columns.map(({ name }) => name));
  const places = placesOf(names);
  return schema.columns.map(({ name, kind }) => {
    const field = places.get(name) ?? -1;
    if (field !== -1 || kind === 'label' || kind === 'weight' || kind === 'ignored') return field;
    const others = names.filter((each) => !known.has(each));
    const expected = `have the column ${describe(name)}, which the schema needs`;
    const actual = names.map(describe).slice(0, 20).join(', ');
    const isNone = !names.some((each) => known.has(each));
    const hint =
      didYouMean(name, others) ?? (isNone ? 'The first line must name the columns, as in training.' : undefined);
    throw new FormatError({ where, argument: 'the header', expected, actual, hint });
  });
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
    throw new FormatError({ where, argument, expected, actual: String(column) });
  }
  const some = names.slice(0, 20).map(describe).join(', ');
  const expected = `be one of the columns ${some}${names.length > 20 ? ', …' : ''}`;
  const aside = names[0].startsWith('#')
    ? "If # begins a comment, pass `comment: '#'`."
    : names.length === 1
      ? 'If another character separates the fields, name it with `delimiter`.'
      : NO_HEADER;
  const other = header ? aside : undefined;
  throw new FormatError({
    where,
    argument,
    expected,
    actual: describe(column),
    // Not the name 1 for -1, which is meant as an index.
    hint: (INTEGER.test(column) ? undefined : didYouMean(column, names)) ?? other,
  });
}

/** Advice on a header that looks like a row of data. */
export const NO_HEADER = 'If the first line is data, pass `header: false`.';

const INTEGER = /^-?\d+$/;

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
  const { thousands, comment, missingLabel } = schema;
  check(thousands === undefined || thousands === true, '.thousands', 'be true, or absent', thousands);
  check(comment === undefined || isComment(comment), '.comment', COMMENT_RULE, comment);
  const isPolicy = missingLabel === undefined || MISSING_LABEL_POLICIES.includes(missingLabel);
  check(isPolicy, '.missingLabel', `be among ${MISSING_LABEL_POLICIES.join(', ')}`, missingLabel);
  check(isNames(missingTokens), '.missingTokens', 'be a list of strings', missingTokens);
  check(Array.isArray(columns), '.columns', 'be a list', columns);
  columns.forEach((column: CsvColumn | null, i) => {
    const at = `.columns[${i}]`;
    check(typeof column === 'object' && typeof column?.name === 'string', at, 'have a kind and a name', column);
    const { kind, name: _, ...rest } = column as CsvColumn;
    const { type, categories, fill, missing: own, indicator, percent, order, origin, hasTime } = rest as Untrusted;
    const kinds = ['label', 'number', 'boolean', 'category', 'date', 'weight', 'ignored'];
    check(kinds.includes(kind), `${at}.kind`, `be among ${kinds.join(', ')}`, kind);
    const isOwn = own === undefined || MISSING_POLICIES.includes(own as MissingPolicy);
    check(isOwn, `${at}.missing`, `be among ${MISSING_POLICIES.join(', ')}`, own);
    check(indicator === undefined || indicator === true, `${at}.indicator`, 'be true, or absent', indicator);
    check(percent === undefined || percent === true, `${at}.percent`, 'be true, or absent', percent);
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
    if (kind !== 'date') return;
    check(DATE_ORDERS.includes(order as DateOrder), `${at}.order`, `be among ${DATE_ORDERS.join(', ')}`, order);
    check(Number.isFinite(origin), `${at}.origin`, 'be a finite number', origin);
    check(typeof hasTime === 'boolean', `${at}.hasTime`, 'be true or false', hasTime);
  });
  for (const kind of ['label', 'weight']) {
    const count = columns.filter((column) => column.kind === kind).length;
    check(count <= 1, '.columns', `have at most one ${kind}`, count);
  }
}

/** The fields of a column that is not trusted. */
interface Untrusted extends Readonly<Record<string, unknown>> {
  readonly categories?: string[];
}

export const COMMENT_RULE = 'be one of the characters ! # $ % & * / : ; < = > ? @ \\ ^ ` | ~';

export function isComment(comment: unknown): boolean {
  return typeof comment === 'string' && /^[!#$%&*/:;<=>?@\\^`|~]$/.test(comment);
}
