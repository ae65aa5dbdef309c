// data: the options of parseCsv, and their checks.
import { DomainError } from '../../core/errors.js';
import {
  assertFunction,
  assertKnownOptions,
  assertOneOf,
  assertPositiveInteger,
  assertText,
  describe,
} from '../../core/shape.js';
import { DATE_ORDERS, type DateOrder } from '../../features/date.js';
import type { BadRow } from './bad-rows.js';
import { LABEL_TYPES, type LearnOptions } from './learn/column.js';
import {
  COMMENT_RULE,
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
  /** The column of the weight of each row, a finite number ≥ 0, not all 0. It becomes `sampleWeights`, not a feature. */
  readonly sampleWeight?: string | number;
  /** The column that names the group of each row, such as a patient. It becomes `groups`, not a feature. */
  readonly group?: string | number;
  /** The column of the time of each row, all numbers or all dates. It becomes `times`, not a feature. */
  readonly time?: string | number;
  /** The maximum number of distinct values in a column of labels or categories; 1000 by default. */
  readonly maxCategories?: number;
  /**
   * Called with each row that does not fit the table; such rows are skipped, unless most do not fit or none of the first
   * 10,000. By default the first one is an error.
   */
  readonly onBadRow?: (row: BadRow) => void;
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

/** The checked options of the learner. */
export function learnOptions(options: CsvOptions): LearnOptions {
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
