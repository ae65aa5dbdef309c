// data: what the learners of columns have in common.
import { FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import type { DateOrder } from '../../../features/date.js';
import type { Row } from '../row.js';
import type { CsvColumn, CsvSchema, MissingPolicy } from '../schema.js';

/** How labels that look like numbers are read. */
export const LABEL_TYPES = ['text', 'number'] as const;
export type LabelType = (typeof LABEL_TYPES)[number];

/** The caller's options, with defaults. */
export interface LearnOptions extends Omit<CsvSchema, 'columns'> {
  readonly name: string;
  readonly label: string | number | undefined;
  readonly labelType: LabelType | undefined;
  readonly ignore: readonly (string | number)[];
  readonly sampleWeight: string | number | undefined;
  readonly group: string | number | undefined;
  readonly time: string | number | undefined;
  /** Whether text columns are one-hot encoded. */
  readonly strings: 'error' | 'one-hot';
  /** Columns to one-hot encode whatever they contain. */
  readonly categories: readonly (string | number)[];
  readonly dates: readonly (string | number)[];
  readonly dateOrder: DateOrder | undefined;
  readonly missingByColumn: Readonly<Record<string, MissingPolicy>>;
  readonly maxCategories: number;
}

/** A column of the table: what it contains, and the features that it became. */
export interface ColumnSummary {
  readonly name: string;
  /** How the column is read. */
  readonly kind: CsvColumn['kind'];
  /** The number of different values; undefined if there are more than were counted, or none was. */
  readonly values: number | undefined;
  /** The number of rows without a value, dropped rows included. */
  readonly missing: number;
  /** The number of features that the column became. */
  readonly features: number;
  /** What the column seems to be, if such columns are rarely useful features. */
  readonly suspect?: 'id' | 'code' | 'text' | 'thousands';
  /** Why it is suspect and the way out, or what was decided. Options are written in backticks. */
  readonly note?: string;
}

/** What a column learns without its name, its place in the file and its missing values. */
export interface Learnt {
  readonly column: CsvColumn;
  readonly values: number | undefined;
  readonly suspect?: 'id' | 'code' | 'text' | 'thousands';
  readonly note?: string;
}

/** The number of missing values of a column, and how they are treated. */
export interface Missing {
  readonly count: number;
  readonly policy: MissingPolicy;
  /** The number of rows that were learned from. */
  readonly rows: number;
}

/** A column during the pass over the rows. */
export interface ColumnLearner {
  /**
   * Checks a field that is not missing, and changes nothing.
   *
   * @param number the field as `row.number` returns it: NaN unless it is a plain decimal number
   * @throws FormatError if the field does not fit the column
   */
  check(row: Row, field: number, number: number, line: number): void;
  /** Learns from a field that was checked. */
  take(row: Row, field: number, number: number, line: number): void;
  /** @throws FormatError if the values make no column of this kind */
  learnt(missing: Missing): Learnt;
}

/**
 * The fields of a column that say how a missing value is encoded. The policy `'indicator'` adds an indicator if training has
 * a missing value.
 *
 * @param fill the value of the policy; undefined if an indicator alone is enough
 */
export function encodingOfMissing<T>(
  { count, policy }: Missing,
  fill: (isIndicated: boolean) => T | undefined,
): { readonly fill?: T; readonly indicator?: true } {
  if (policy === 'error' || policy === 'drop') return {};
  const isIndicated = policy === 'indicator' && count > 0;
  const value = fill(isIndicated);
  return { ...(value === undefined ? {} : { fill: value }), ...(isIndicated ? { indicator: true } : {}) };
}

/** Different values that are counted, except of labels and categories. */
export const MOST_COUNTED = 1000;

/** Makes the errors of one column. */
export class ColumnErrors {
  readonly name: string;
  readonly #file: string;
  readonly #rowAt: (line: number) => string;

  /** @param rowAt the place of a row, `file:line` */
  constructor(name: string, file: string, rowAt: (line: number) => string) {
    this.name = name;
    this.#file = file;
    this.#rowAt = rowAt;
  }

  /** An error at a field. */
  at(line: number, field: number, expected: string, text: string, hint?: string, before = ''): FormatError {
    const where = `${this.#rowAt(line)}:${field + 1}`;
    return new FormatError({ where, argument: this.name, expected, actual: `${before}${describe(text)}`, hint });
  }

  /** An error of the whole column. */
  whole(expected: string, actual: string, hint?: string): FormatError {
    return new FormatError({ where: this.#file, argument: this.name, expected, actual, hint });
  }
}

/** The distinct texts of a column with their numbers of rows. */
export class Values {
  readonly counts = new Map<string, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds a text. Returns whether there are now too many values. */
  add(text: string): boolean {
    const count = this.counts.get(text) ?? 0;
    this.counts.set(text, count + 1);
    return count === 0 && this.counts.size > this.#most;
  }

  get texts(): string[] {
    return [...this.counts.keys()];
  }
}

/** In tables with fewer rows, no column is suspect. */
const FEWEST_ROWS = 20;

/** Whether most values of a text column occur once: an id, or free text. */
export function suspectText(name: string, texts: readonly string[], rows: number): Pick<Learnt, 'suspect' | 'note'> {
  if (rows < FEWEST_ROWS || texts.length <= rows / 2) return {};
  const words = texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0) / texts.length;
  return suspicion(words >= 3 ? 'text' : 'id', name, texts.length, rows);
}

const QUESTIONS = { id: 'an id', code: 'a code', text: 'free text' } as const;

function suspicion(suspect: 'id' | 'text', name: string, values: number, rows: number) {
  const counts = `${values.toLocaleString('en')} values in ${rows.toLocaleString('en')} rows`;
  return { suspect, note: `${counts}: ${QUESTIONS[suspect]}? \`ignore: [${describe(name)}]\`` };
}

/** Names of columns that hold codes or ids: zip, postal_code, user id, customerId, UUID. */
const ID_NAME = /(^|[^a-z])(id|ids|uuid|guid|key|ssn|isbn|index|nr|rowid|row id)$|[a-z]Id$/i;
const CODE_NAME = /(^|[^a-z])(zip|zip ?code|post ?code|postal|postal.?code|code|phone|fips|sku|ean)$|[a-z]Code$/i;

/** Facts about a column of numbers. */
export interface NumberFacts {
  readonly name: string;
  /** The number of different values; undefined for more than were counted. */
  readonly values: number | undefined;
  readonly rows: number;
  readonly areIntegers: boolean;
  /** Whether each value is one more than the value before it. */
  readonly areConsecutive: boolean;
  /** A value with a leading zero, such as 02134. */
  readonly padded: string | undefined;
  /** A value with more digits than a double keeps. */
  readonly long: string | undefined;
  /** A value whose decimal mark may be a thousands separator, and the decimal mark that the table then has. */
  readonly grouped: { readonly text: string; readonly decimal: '.' | ',' } | undefined;
}

/** Whether a column of numbers seems to hold codes or ids, whose size means nothing. */
export function suspectNumbers(facts: NumberFacts): Pick<Learnt, 'suspect' | 'note'> {
  const { name, values, rows, areIntegers, areConsecutive, padded, long, grouped } = facts;
  // Not before they are needed: a table may have a million columns.
  const ignore = () => `\`ignore: [${describe(name)}]\``;
  const ways = () => `\`categories: [${describe(name)}]\` or ${ignore()}`;
  if (padded !== undefined)
    return { suspect: 'code', note: `values such as ${padded} are read as numbers: a code? ${ways()}` };
  if (long !== undefined) {
    return { suspect: 'id', note: `digits of ${long} beyond 15 are lost: an id? ${ignore()}` };
  }
  if (rows >= FEWEST_ROWS && grouped !== undefined) {
    const { text, decimal } = grouped;
    return {
      suspect: 'thousands',
      note: `${text} is below 1000: thousands? \`thousands: true\` and \`decimal: '${decimal}'\``,
    };
  }
  if (!areIntegers || rows < FEWEST_ROWS) return {};
  if (areConsecutive) return { suspect: 'id', note: `consecutive numbers: a row number? ${ignore()}` };
  const areMany = values === undefined || values > rows / 2;
  if (areMany && ID_NAME.test(name)) return suspicion('id', name, values ?? rows, rows);
  if (CODE_NAME.test(name)) return { suspect: 'code', note: `read as numbers: a code? ${ways()}` };
  return {};
}
