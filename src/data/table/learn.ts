// data: rows of fields → the schema of the table.
import { FormatError } from '../../core/errors.js';
import { type Label, sortedClasses } from '../../core/labels.js';
import { describe } from '../../core/shape.js';
import { missingValue, numberHint, parseBoolean } from './encode.js';
import { parseNumber } from './number.js';
import { type Row, textsOf } from './row.js';
import {
  assertLineEnds,
  type CsvColumn,
  type CsvSchema,
  checkHeader,
  checkWidth,
  didYouMean,
  placesOf,
} from './schema.js';

/** How labels that look like numbers are read. */
export const LABEL_TYPES = ['text', 'number'] as const;
export type LabelType = (typeof LABEL_TYPES)[number];

/** The caller's options, with defaults. */
export interface LearnOptions extends Omit<CsvSchema, 'columns'> {
  readonly name: string;
  readonly label: string | number | undefined;
  readonly labelType: LabelType | undefined;
  readonly ignore: readonly (string | number)[];
  /** Which text columns to one-hot encode: none, all, or the named ones. */
  readonly strings: 'error' | 'one-hot' | readonly string[];
  readonly maxCategories: number;
}

type Kind = 'number' | 'boolean' | 'text';

/** The state of a column during the pass. */
interface Column {
  readonly name: string;
  readonly role: 'label' | 'ignored' | 'category' | 'feature';
  /** The values of labels and categories with their frequencies. */
  readonly counts: Map<string, number>;
  /** All values, if the median is needed. */
  readonly numbers: number[];
  /** The kind of its values so far; `'text'` for labels or categories of several kinds. */
  kind: Kind | undefined;
  count: number;
  mean: number;
}

/**
 * Learns a schema in one pass. Its memory does not grow with the number of rows, unless medians are needed.
 *
 * Errors in a table are found here, before memory for its values is allocated.
 */
export class Learner {
  rows = 0;
  dropped = 0;
  readonly #options: LearnOptions;
  readonly #tokens: ReadonlySet<string>;
  /** Whether a marker of missing values is a number, such as -999. */
  readonly #hasNumberToken: boolean;
  #columns: Column[] | undefined;
  /** The fields of a row as numbers, NaN for other text. */
  #numbers = new Float64Array(0);

  constructor(options: LearnOptions) {
    this.#options = options;
    this.#tokens = new Set(options.missingTokens);
    this.#hasNumberToken = options.missingTokens.some((token) => !Number.isNaN(parseNumber(token, options.decimal)));
  }

  /** Processes the header or a row. */
  take(row: Row, line: number): void {
    if (this.#columns === undefined) {
      this.#columns = this.#begin(textsOf(row), line);
      if (this.#options.header) return;
    }
    const columns = this.#columns;
    const { name, header, decimal } = this.#options;
    if (row.length !== columns.length) assertLineEnds(textsOf(row), `${name}:${line}`);
    checkWidth(row.length, columns.length, name, line, header ? 'like the header' : 'like the first row');
    const numbers = this.#numbers;
    for (let i = 0; i < columns.length; i++) {
      if (columns[i].role !== 'ignored') numbers[i] = row.number(i, decimal);
    }
    if (this.#isLeftOut(row, line, columns)) {
      this.dropped++;
      return;
    }
    for (let i = 0; i < columns.length; i++) {
      if (columns[i].role !== 'ignored' && !this.#isMissing(row, i)) this.#look(columns[i], row, line, i);
    }
    this.rows++;
  }

  /** @throws FormatError if there are no rows, only one class, or a column without values */
  finish(): CsvSchema {
    const { name: where, header, decimal, missing, missingTokens, unseen } = this.#options;
    if (this.#columns === undefined || this.rows === 0) {
      const rows = this.dropped > 0 ? `${this.dropped} with a missing value` : 'none';
      const actual = this.#columns === undefined ? 'an empty file' : rows;
      throw new FormatError({ where, argument: 'the table', expected: 'have at least one row', actual });
    }
    const columns = this.#columns.map((column) => this.#learnt(column));
    if (!columns.some(({ kind }) => kind !== 'label' && kind !== 'ignored')) {
      const expected = 'have at least one column of features';
      throw new FormatError({ where, argument: 'the table', expected, actual: 'none' });
    }
    return { header, decimal, missing, missingTokens, unseen, columns };
  }

  #begin(fields: readonly string[], line: number): Column[] {
    const { name, header, label, ignore, strings } = this.#options;
    const where = `${name}:${line}`;
    assertLineEnds(fields, where);
    const names = header ? [...fields] : fields.map((_, i) => `column ${i + 1}`);
    if (header) assertNames(fields, where);
    const places = placesOf(names);
    const find = (column: string | number, argument: string) =>
      findColumn(column, names, places, where, argument, header);
    const ignored = new Set(ignore.map((column) => find(column, 'ignore')));
    const labelled = label === undefined ? -1 : find(label, 'label');
    const encoded = new Set(typeof strings === 'string' ? [] : strings.map((column) => find(column, 'strings')));
    checkHeader(names, where, (i) => !ignored.has(i));
    this.#numbers = new Float64Array(names.length);
    return names.map((name, i) => {
      const role =
        i === labelled ? 'label' : ignored.has(i) ? 'ignored' : encoded.has(i) ? ('category' as const) : 'feature';
      return { name, role, kind: undefined, counts: new Map(), numbers: [], count: 0, mean: 0 };
    });
  }

  #isMissing(row: Row, i: number): boolean {
    if (!this.#hasNumberToken && !Number.isNaN(this.#numbers[i])) return false;
    const text = row.text(i);
    return this.#tokens.has(text) || (text.length < 16 && this.#tokens.has(text.toLowerCase()));
  }

  /** Whether a row is dropped because of a missing value. Throws if a required value is missing. */
  #isLeftOut(row: Row, line: number, columns: readonly Column[]): boolean {
    const { missing, name: file } = this.#options;
    for (let i = 0; i < columns.length; i++) {
      const { role, kind, name } = columns[i];
      if (role === 'ignored' || !this.#isMissing(row, i)) continue;
      if (missing === 'drop') return true;
      if (missing !== 'error' && role !== 'label') continue;
      const expected = role === 'feature' && kind === 'number' ? 'be a number' : 'have a value';
      throw missingValue(`${file}:${line}:${i + 1}`, name, row.text(i), expected, role === 'label');
    }
    return false;
  }

  #look(column: Column, row: Row, line: number, i: number): void {
    const number = this.#numbers[i];
    const boolean = Number.isNaN(number) ? parseBoolean(row.text(i)) : undefined;
    const kind = !Number.isNaN(number) ? 'number' : boolean === undefined ? 'text' : 'boolean';
    if (column.kind !== kind) this.#change(column, kind, row.text(i), line, i);
    if (column.role === 'label' && this.#options.labelType === 'number' && !Number.isFinite(number)) {
      const hint = "Pass `labelType: 'text'` to keep labels as they are written.";
      throw this.#error(column, line, i, 'be a finite number', row.text(i), hint);
    }
    if (column.role === 'feature' && kind !== 'text') {
      const value = kind === 'number' ? number : Number(boolean);
      if (Math.abs(value) > Number.MAX_VALUE) {
        throw this.#error(column, line, i, 'be a finite number', row.text(i));
      }
      column.count++;
      column.mean += (value - column.mean) / column.count;
      if (this.#options.missing === 'median') column.numbers.push(value);
      return;
    }
    const text = row.text(i);
    const count = column.counts.get(text) ?? 0;
    column.counts.set(text, count + 1);
    if (count > 0 || column.counts.size <= this.#options.maxCategories) return;
    const expected = `have at most ${this.#options.maxCategories} different values`;
    const hint =
      column.role === 'label'
        ? 'Is it a quantity? This model predicts classes. Otherwise raise `maxCategories`.'
        : `Each becomes a feature: pass \`ignore: [${describe(column.name)}]\`, or raise \`maxCategories\`.`;
    throw this.#error(column, line, i, expected, text, hint, 'one more, ');
  }

  /** Handles a change of kind within a column, which is valid only for labels and explicit categories. */
  #change(column: Column, kind: Kind, text: string, line: number, i: number): void {
    const before = column.kind;
    column.kind = before === undefined ? kind : 'text';
    if (column.role !== 'feature') return;
    const { strings, decimal } = this.#options;
    const name = describe(column.name);
    if (kind === 'text' && before === undefined && strings !== 'one-hot') {
      const encode = `Pass \`strings: 'one-hot'\` to encode text as 0 and 1, or \`ignore: [${name}]\`.`;
      const hint = numberHint(text, decimal) ?? encode;
      throw this.#error(column, line, i, 'be a number', text, hint);
    }
    if (before === undefined) return;
    const rule = { number: 'be a number', boolean: 'be true or false', text: 'be text' }[before];
    const aside = `If it marks a missing value, add it to \`missingTokens\`; \`strings: [${name}]\` makes all values categories.`;
    const hint = (before === 'number' ? numberHint(text, decimal) : undefined) ?? aside;
    throw this.#error(column, line, i, `${rule}, like the rows above`, text, hint);
  }

  #learnt(column: Column): CsvColumn {
    const { name, role, kind, counts, count, mean, numbers } = column;
    if (role === 'ignored') return { kind: 'ignored', name };
    if (kind === undefined) {
      const hint = `Pass \`ignore: [${describe(name)}]\`.`;
      const where = this.#options.name;
      throw new FormatError({ where, argument: name, expected: 'have at least one value', actual: 'none', hint });
    }
    if (role === 'label') return { kind: 'label', name, type: this.#labelType(column, kind) };
    const { missing } = this.#options;
    const fills = missing === 'mean' || missing === 'median';
    if (role === 'category' || kind === 'text') {
      const categories = sortedClasses([...counts.keys()]);
      // The first of the most frequent categories, as scikit-learn's strategy 'most_frequent'.
      const [fill] = [...categories].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
      return { kind: 'category', name, categories, ...(fills ? { fill } : {}) };
    }
    return { kind, name, ...(fills ? { fill: missing === 'mean' ? mean : median(numbers, count) } : {}) };
  }

  #labelType({ name, counts }: Column, kind: Kind): 'string' | 'number' | 'boolean' {
    const { labelType, decimal } = this.#options;
    const texts = [...counts.keys()];
    const type =
      labelType === 'text' || kind === 'text' || (labelType === undefined && areCodes(texts, kind, decimal))
        ? 'string'
        : kind;
    const read: Record<string, (text: string) => Label | undefined> = {
      number: (text) => parseNumber(text, decimal),
      boolean: parseBoolean,
      string: (text) => text,
    };
    const classes = new Set(texts.map(read[type]));
    if (classes.size > 1) return type;
    const where = this.#options.name;
    const [only] = classes;
    const actual = `only ${describe(only)}`;
    throw new FormatError({ where, argument: name, expected: 'have at least two classes', actual });
  }

  #error(column: Column, line: number, i: number, expected: string, text: string, hint?: string, before = '') {
    const where = `${this.#options.name}:${line}:${i + 1}`;
    return new FormatError({ where, argument: column.name, expected, actual: `${before}${describe(text)}`, hint });
  }
}

/**
 * Whether labels that look like numbers or booleans are codes: as values, two of them would be the same, or one would be
 * written in another way, such as 02134, 1.10, 1E2 or an id of 20 digits.
 */
function areCodes(texts: readonly string[], kind: 'number' | 'boolean', decimal: '.' | ','): boolean {
  if (kind === 'boolean') return new Set(texts.map(parseBoolean)).size < texts.length;
  return texts.some((text) => String(parseNumber(text, decimal)).replace('.', decimal) !== text);
}

function median(numbers: number[], count: number): number {
  const sorted = Float64Array.from(numbers).sort();
  const upper = sorted[count >> 1];
  return count % 2 === 1 ? upper : (sorted[(count >> 1) - 1] + upper) / 2;
}

/** Refuses a header that looks like data. */
function assertNames(fields: readonly string[], where: string): void {
  const numbers = fields.filter((field) => !Number.isNaN(parseNumber(field)));
  const fractions = numbers.filter((field) => !/^\d+$/.test(field));
  // Integers can be column names, such as years or pixels.
  if (numbers.length < fields.length && fractions.length < fields.length / 2) return;
  const actual = fields.slice(0, 5).join(', ') + (fields.length > 5 ? ', …' : '');
  const hint = 'If the file has no header, pass `header: false`.';
  throw new FormatError({ where, argument: 'the header', expected: 'name the columns', actual, hint });
}

/** The index of a column given by name or by number: from 0, or from the end with −1, −2, …. */
function findColumn(
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
  const other = header ? 'If the first line is data, pass `header: false`.' : undefined;
  throw new FormatError({
    where,
    argument,
    expected,
    actual: describe(column),
    hint: didYouMean(column, names) ?? other,
  });
}
