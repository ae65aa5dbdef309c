// data: a column of features whose kind follows from its values: numbers, percentages, booleans, or text.
import { describe } from '../../../core/shape.js';
import { NumberSum } from '../../../core/tree-sum.js';
import { looksLikeDate } from '../../../features/date.js';
import { isLongInteger, numberHint, numberRule, parseBoolean } from '../encode.js';
import { parseGrouped, parseNumber, parsePercent } from '../number.js';
import { type Row, textsOf } from '../row.js';
import type { MissingPolicy } from '../schema.js';
import { CategoryLearner } from './category.js';
import {
  type ColumnErrors,
  type ColumnLearner,
  encodingOfMissing,
  type LearnOptions,
  type Learnt,
  type Missing,
  MOST_COUNTED,
  type NumberFacts,
  suspectNumbers,
} from './column.js';

type Kind = 'number' | 'percent' | 'boolean' | 'text';

const RULES: Readonly<Record<Kind, string>> = {
  number: 'be a number',
  percent: 'be a percentage',
  boolean: 'be true or false',
  text: 'be text',
};

/** Sums up to 2²⁷ numbers of float64 without overflow. */
const DOWN = 2 ** -40;

/** The mean of finite numbers. Their sum may overflow, the mean cannot. */
class Mean {
  readonly #sum = new NumberSum();
  readonly #scaled = new NumberSum();

  add(value: number): void {
    this.#sum.add(value);
    this.#scaled.add(value * DOWN);
  }

  /** Call it once. */
  value(): number {
    const { count } = this.#sum;
    const sum = this.#sum.total();
    if (Number.isFinite(sum)) return sum / count;
    const mean = this.#scaled.total() / count / DOWN;
    return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, mean));
  }
}

export class FeatureLearner implements ColumnLearner {
  readonly #errors: ColumnErrors;
  readonly #options: LearnOptions;
  /** Made at the first text: a table may have a million columns of numbers. */
  #texts: CategoryLearner | undefined;
  /** The kind of the values so far, and the place of the first. */
  #kind: Kind | undefined;
  #firstLine = 0;
  #field = 0;
  #count = 0;
  /** Of all values, if it is needed. */
  readonly #mean: Mean | undefined;
  /** All values, if the median is needed. */
  readonly #numbers: number[] | undefined;
  readonly #distinct = new Set<number>();
  #areIntegers = true;
  #areConsecutive = true;
  #first = 0;
  #last = Number.NaN;
  #padded: string | undefined;
  #long: string | undefined;
  readonly #groups = new GroupedDigits();
  /** Whether the values are text by their type. */
  #areTexts = false;

  constructor(errors: ColumnErrors, options: LearnOptions, policy: MissingPolicy) {
    this.#errors = errors;
    this.#options = options;
    if (policy === 'median') this.#numbers = [];
    if (policy === 'mean' || policy === 'indicator') this.#mean = new Mean();
  }

  get #categories(): CategoryLearner {
    this.#texts ??= new CategoryLearner(this.#errors, this.#options);
    return this.#texts;
  }

  check(row: Row, field: number, plain: number, line: number): void {
    const number = this.#number(row, field, plain);
    const kind = kindOf(row, field, number, this.#options);
    if (kind === 'number' && !Number.isFinite(number)) {
      throw this.#errors.at(line, field, 'be a finite number', row.text(field));
    }
    if (kind === this.#kind) return;
    const text = row.text(field);
    const { strings, decimal } = this.#options;
    const name = describe(this.#errors.name);
    const isText = row.isText(field);
    if (kind === 'text' && !isText && isLongInteger(text)) {
      const hint = `Is it an id? Pass \`categories: [${name}]\` or \`ignore: [${name}]\`.`;
      throw this.#errors.at(line, field, numberRule(text), text, hint);
    }
    if (kind === 'text' && this.#kind === undefined && strings !== 'one-hot') {
      const isHeader = !this.#options.header && looksLikeHeader(row, this.#options);
      const header = isHeader ? 'A header? Leave out `header: false`, and give columns by name. ' : '';
      const encode = /[\p{L}\d]/u.test(text)
        ? `${header}Pass \`strings: 'one-hot'\` to encode text as 0 and 1, or \`ignore: [${name}]\`.`
        : `If it marks a missing value, add \`missingTokens: [${describe(text)}]\`.`;
      throw this.#errors.at(
        line,
        field,
        'be a number',
        text,
        (isText ? undefined : numberHint(text, decimal)) ?? this.#dateHint(text) ?? encode,
        isText ? 'the text ' : '',
      );
    }
    if (this.#kind === undefined) return;
    const aside = `If it marks a missing value, add \`missingTokens: [${describe(text)}]\`; \`categories: [${name}]\` makes all values categories.`;
    const isNumeric = this.#kind === 'number' || this.#kind === 'percent';
    const hint = (isNumeric ? numberHint(text, decimal) : undefined) ?? aside;
    throw this.#errors.at(line, field, `${RULES[this.#kind]}, like the rows above`, text, hint);
  }

  take(row: Row, field: number, plain: number, line: number): void {
    const number = this.#number(row, field, plain);
    if (this.#kind === undefined) {
      this.#kind = kindOf(row, field, number, this.#options);
      this.#areTexts = row.isText(field);
      this.#firstLine = line;
      this.#field = field;
    }
    if (this.#kind === 'text') {
      this.#takeText(row, field, number, line);
      return;
    }
    const value =
      this.#kind === 'number'
        ? number
        : this.#kind === 'percent'
          ? parsePercent(row.text(field), this.#options)
          : Number(parseBoolean(row.text(field)));
    if (this.#kind === 'number') {
      this.#takeFacts(row, field, value);
      this.#groups.take(row, field, value, this.#options);
    }
    this.#count++;
    this.#mean?.add(value);
    this.#last = value;
    this.#numbers?.push(value);
    if (this.#distinct.size <= MOST_COUNTED) this.#distinct.add(value);
  }

  learnt(missing: Missing): Learnt {
    const { name } = this.#errors;
    const kind = this.#kind;
    if (kind === undefined) {
      throw this.#errors.whole('have at least one value', 'none', `Pass \`ignore: [${describe(name)}]\`.`);
    }
    if (kind === 'text') {
      this.#assertText();
      return this.#categories.learnt(missing);
    }
    const { count, rows } = missing;
    const values = this.#distinct.size > MOST_COUNTED ? undefined : this.#distinct.size;
    const facts = {
      ...{
        name,
        values,
        rows: rows - count,
        padded: this.#padded,
        long: this.#long,
        grouped: this.#groups.found(this.#options),
      },
      areIntegers: this.#areIntegers,
      areConsecutive: this.#areConsecutive,
    };
    return {
      column: {
        ...{ kind: kind === 'boolean' ? kind : 'number', name },
        ...(kind === 'percent' ? { percent: true } : {}),
        ...encodingOfMissing(missing, () => this.#mean?.value() ?? median(this.#numbers ?? [])),
      },
      values,
      ...(kind === 'percent' ? { note: 'percentages: 12% is read as 0.12' } : {}),
      ...(kind === 'number' ? suspectNumbers(facts) : {}),
    };
  }

  /** Whether the values are 0, 1, 2, … or 1, 2, 3, …, as row numbers are. */
  get areRowNumbers(): boolean {
    return this.#kind === 'number' && this.#areConsecutive && (this.#first === 0 || this.#first === 1);
  }

  /** A plain number, or one with thousands separators where the table may have them. */
  #number(row: Row, field: number, plain: number): number {
    const { thousands, decimal } = this.#options;
    return thousands === true && Number.isNaN(plain) ? parseGrouped(row.text(field), decimal) : plain;
  }

  #takeText(row: Row, field: number, number: number, line: number): void {
    try {
      this.#categories.take(row, field, number, line);
    } catch (error) {
      // For dates and grouped numbers, the option that reads them is the better advice.
      this.#assertText();
      throw error;
    }
  }

  #takeFacts(row: Row, field: number, value: number): void {
    if (this.#count === 0) this.#first = value;
    // From 2^53 on, x + 1 may round to x.
    else if (this.#areConsecutive && value - this.#last !== 1) this.#areConsecutive = false;
    if (!Number.isInteger(value)) {
      this.#areIntegers = false;
      this.#areConsecutive = false;
    } else if (this.#padded === undefined && row.isPadded(field)) {
      this.#padded = row.text(field);
    } else if (this.#long === undefined && Math.abs(value) > Number.MAX_SAFE_INTEGER && /^\d+$/.test(row.text(field))) {
      this.#long = row.text(field);
    }
  }

  /** Refuses categories that are all dates or numbers in another format. */
  #assertText(): void {
    const { texts } = this.#categories;
    const { decimal } = this.#options;
    const [text] = texts;
    const name = describe(this.#errors.name);
    const keep = `\`categories: [${name}]\` keeps them as categories.`;
    if (texts.every(looksLikeDate)) {
      const hint = `${this.#dateHint(text)} ${keep}`;
      throw this.#errors.at(this.#firstLine, this.#field, 'be a number or a category', text, hint, 'a date, ');
    }
    const isNumber = (each: string) => !Number.isNaN(parseNumber(each, decimal)) || isGrouped(each);
    if (!this.#areTexts && texts.every(isNumber)) {
      const hint = `${numberHint(text, decimal)} ${keep}`;
      throw this.#errors.at(this.#firstLine, this.#field, 'be a number or a category', text, hint);
    }
  }

  #dateHint(text: string): string | undefined {
    if (!looksLikeDate(text)) return undefined;
    const name = describe(this.#errors.name);
    return `Pass \`dates: [${name}]\` to make features of year, month, weekday and hour, or \`ignore: [${name}]\`.`;
  }
}

/**
 * Detects thousands separators that are read as decimal marks: 9.700 beside 850. All fractions have three digits, and all
 * numbers without a mark are below 1000; with three decimals, 850 would be 850.000.
 */
class GroupedDigits {
  #isPossible = true;
  #grouped: string | undefined;
  #hasWhole = false;

  take(row: Row, field: number, value: number, { decimal, thousands }: LearnOptions): void {
    if (!this.#isPossible) return;
    // Numbers of few decimals are excluded before their text is made.
    this.#isPossible = thousands !== true && Math.abs(value) < 1000 && Number.isInteger(Math.round(value * 1e6) / 1e3);
    if (!this.#isPossible) return;
    const text = row.text(field);
    if (/^[+-]?\d+$/.test(text)) this.#hasWhole ||= Math.abs(value) >= 100;
    else if (GROUP[decimal].test(text)) this.#grouped ??= text;
    else this.#isPossible = false;
  }

  /** A number with such a mark, and the decimal mark that the table then has. */
  found({ decimal }: LearnOptions): NumberFacts['grouped'] {
    if (!this.#isPossible || !this.#hasWhole || this.#grouped === undefined) return undefined;
    return { text: this.#grouped, decimal: decimal === '.' ? ',' : '.' };
  }
}

const GROUP = { '.': /^[+-]?[1-9]\d{0,2}\.\d{3}$/, ',': /^[+-]?[1-9]\d{0,2},\d{3}$/ } as const;

/** Whether the fields are different words. */
function looksLikeHeader(row: Row, { decimal }: LearnOptions): boolean {
  const texts = textsOf(row);
  const isWord = (text: string) => /\p{L}/u.test(text) && Number.isNaN(parseNumber(text, decimal));
  return new Set(texts).size === texts.length && texts.every(isWord);
}

function isGrouped(text: string): boolean {
  return !Number.isNaN(parseGrouped(text, '.')) || !Number.isNaN(parseGrouped(text, ','));
}

function kindOf(row: Row, field: number, number: number, options: LearnOptions): Kind {
  if (row.isText(field)) return 'text';
  if (!Number.isNaN(number)) return 'number';
  const text = row.text(field);
  if (parseBoolean(text) !== undefined) return 'boolean';
  return Number.isFinite(parsePercent(text, options)) ? 'percent' : 'text';
}

export function median(numbers: number[]): number {
  const sorted = Float64Array.from(numbers).sort();
  const upper = sorted[sorted.length >> 1];
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[(sorted.length >> 1) - 1];
  const sum = lower + upper;
  return Number.isFinite(sum) ? sum / 2 : lower / 2 + upper / 2;
}
