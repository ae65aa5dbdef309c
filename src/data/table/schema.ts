// data: the schema of a table: its columns, and how rows of text become rows of numbers.
import { DomainError, type ErrorFields } from '../../core/errors.js';
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
  // The next number of each name: a schema from a file may repeat one name in every column.
  const numbers = new Map<string, number>();
  return plainNames(schema).map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let unique = name;
    let number = numbers.get(name) ?? 2;
    while (seen.has(unique)) unique = `${name} (${number++})`;
    numbers.set(name, number);
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
 * Checks an untrusted schema.
 *
 * @throws DomainError with the name of the first invalid field
 */
export function assertSchema(schema: CsvSchema, where: string): void {
  const check = (holds: boolean, argument: string, expected: string, actual: unknown) => {
    if (holds) return;
    throw new DomainError({ where, argument: `schema${argument}`, expected, actual: describe(actual) });
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
  const seen = new Set<string>();
  columns.forEach(({ name }, i) => {
    check(!seen.has(name), `.columns[${i}].name`, 'differ from the names before it', name);
    seen.add(name);
  });
}

/** The fields of a column that is not trusted. */
interface Untrusted extends Readonly<Record<string, unknown>> {
  readonly categories?: string[];
}

export const COMMENT_RULE = 'be one of the characters ! # $ % & * / : ; < = > ? @ \\ ^ ` | ~';

export function isComment(comment: unknown): boolean {
  return typeof comment === 'string' && /^[!#$%&*/:;<=>?@\\^`|~]$/.test(comment);
}
