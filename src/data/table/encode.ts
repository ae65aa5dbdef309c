// data: a row of fields → a row of numbers, by a schema.
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import { encodeDate, parseDate } from '../../features/date.js';
import { MissingMarkers } from './missing.js';
import { parseGrouped, parsePercent } from './number.js';
import { type Row, readNumber } from './row.js';
import { type CsvColumn, type CsvSchema, dropsUnlabelled, namesOf } from './schema.js';

/** True or false in any of the usual spellings; undefined for other text. */
export function parseBoolean(text: string): boolean | undefined {
  if (text === 'true' || text === 'True' || text === 'TRUE') return true;
  if (text === 'false' || text === 'False' || text === 'FALSE') return false;
  return undefined;
}

/** Formats the position of a field for error messages. */
export type Place = (line: number, field: number) => string;

interface Step {
  readonly column: CsvColumn;
  /** The index of the field. */
  readonly field: number;
  /** The index of the feature; of the first one for a category. */
  readonly at: number;
  /** The number of features, and the index of the one that is 1 for a missing value; −1 for none. */
  readonly width: number;
  readonly indicator: number;
  readonly categories?: ReadonlyMap<string, number>;
}

type Kind<K extends CsvColumn['kind']> = Extract<CsvColumn, { readonly kind: K }>;

/** Encodes the features of rows by a schema. */
export class RowEncoder {
  readonly numFeatures: number;
  readonly #schema: CsvSchema;
  readonly #place: Place;
  readonly #missingHint: string | undefined;
  readonly #largest: number;
  readonly #steps: readonly Step[];
  /** The columns without whose value a row is dropped, and further fields like them. */
  readonly #required: readonly Step[];
  readonly #needed: readonly number[];
  readonly #markers: MissingMarkers;

  /**
   * @param fieldOf the index of the field of each schema column; -1 for an absent column
   * @param needed the indices of further fields that need a value, such as the group
   * @param missingHint the way out for a missing feature, where rows cannot be dropped
   * @param largest the largest size of a number in a column of numbers
   */
  constructor(
    schema: CsvSchema,
    fieldOf: readonly number[],
    place: Place,
    {
      needed = [],
      missingHint,
      largest = Number.MAX_VALUE,
    }: { readonly needed?: readonly number[]; readonly missingHint?: string; readonly largest?: number } = {},
  ) {
    this.#schema = schema;
    this.#needed = schema.missing === 'drop' ? needed : [];
    this.#place = place;
    this.#missingHint = missingHint;
    this.#largest = largest;
    this.#markers = new MissingMarkers(schema.missingTokens, schema);
    const steps: Step[] = [];
    let at = 0;
    schema.columns.forEach((column, i) => {
      const field = fieldOf[i];
      if (column.kind === 'ignored' || field === -1) return;
      const width = namesOf(column).length;
      const isFeature = column.kind !== 'label' && column.kind !== 'weight';
      const indicator = isFeature && column.indicator ? at + width - 1 : -1;
      const categories =
        column.kind === 'category' ? new Map(column.categories.map((name, k) => [name, at + k])) : undefined;
      steps.push({ column, field, at, width, indicator, categories });
      at += width;
    });
    this.#steps = steps.filter(({ column }) => column.kind !== 'label' && column.kind !== 'weight');
    this.numFeatures = at;
    this.#required = steps.filter(({ column }) =>
      column.kind === 'label'
        ? dropsUnlabelled(schema)
        : (('missing' in column ? column.missing : undefined) ?? schema.missing) === 'drop',
    );
  }

  /**
   * Writes the features of a row to `values` from index `at`. Returns false if the row is dropped.
   *
   * @throws FormatError for a field that does not match its column
   */
  encode(row: Row, line: number, values: Float64Array, at: number): boolean {
    if (this.#required.length + this.#needed.length > 0 && this.#isIncomplete(row)) return false;
    for (const step of this.#steps) {
      const { column, field, indicator } = step;
      const index = at + step.at;
      if (indicator !== -1) values[at + indicator] = 0;
      if (column.kind === 'number') {
        const number = readNumber(row, field, this.#schema);
        const isNumber = number <= this.#largest && number >= -this.#largest;
        const isPlain = isNumber && !this.#markers.haveNumbers && column.percent === undefined;
        values[index] = isPlain ? number : this.#slowNumber(step, column, row.text(field), number, line, values, at);
      } else if (column.kind === 'boolean') {
        const text = row.text(field);
        const value = parseBoolean(text);
        values[index] =
          value === undefined ? this.#fill(step, text, line, 'be true or false', values, at, 0) : Number(value);
      } else if (column.kind === 'category') {
        values.fill(0, index, index + column.categories.length);
        const feature = this.#category(step, column, row.text(field), line, values, at);
        if (feature !== undefined) values[at + feature] = 1;
      } else if (column.kind === 'date') {
        const text = row.text(field);
        const time =
          (this.#markers.has(text) ? undefined : parseDate(text, column.order)?.time) ??
          this.#fill(step, text, line, dateExpected, values, at, column.origin);
        encodeDate(time, column, values, index);
      }
    }
    return true;
  }

  #isIncomplete(row: Row): boolean {
    if (this.#needed.some((field) => this.#markers.has(row.text(field)))) return true;
    return this.#required.some(({ field, column }) => {
      const isNumber = column.kind === 'number' && !Number.isNaN(row.number(field, this.#schema.decimal));
      return (!isNumber || this.#markers.haveNumbers) && this.#markers.has(row.text(field));
    });
  }

  #slowNumber(
    step: Step,
    column: Kind<'number'>,
    text: string,
    number: number,
    line: number,
    values: Float64Array,
    at: number,
  ): number {
    if (!this.#markers.has(text)) {
      const value = column.percent ? parsePercent(text, this.#schema) : number;
      if (Math.abs(value) > Number.MAX_VALUE) throw this.#error(step, line, 'be a finite number', text);
      if (Math.abs(value) > this.#largest) {
        const expected = `be at most ${this.#largest.toPrecision(2)} in size, the largest number of the model's float32 weights`;
        throw this.#error(step, line, expected, text, 'Correct the value, or leave the row out.');
      }
      if (!Number.isNaN(value)) return value;
    }
    return this.#fill(step, text, line, column.percent ? 'be a percentage' : numberRule(text), values, at, 0);
  }

  /**
   * The fill value if the text marks a missing value, which the indicator then shows; other text is refused.
   *
   * @param neutral the fill value of a column that has only an indicator
   */
  #fill(
    step: Step,
    text: string,
    line: number,
    expected: string,
    values: Float64Array,
    at: number,
    neutral: number,
  ): number {
    if (!this.#markers.has(text)) {
      const percent =
        step.column.kind === 'number' && step.column.percent
          ? 'Write it with a percent sign: "12%" is 0.12.'
          : undefined;
      throw this.#error(step, line, expected, text, numberHint(text, this.#schema.decimal) ?? percent);
    }
    const { fill } = step.column as { fill?: number };
    if (fill === undefined && step.indicator === -1) throw this.#missing(step, line, text, expected);
    if (this.#isRequired(step)) throw this.#missing(step, line, text, expected);
    if (step.indicator !== -1) values[at + step.indicator] = 1;
    return fill ?? neutral;
  }

  /** The index of a category's feature; undefined for one that is encoded as zeros. */
  #category(
    step: Step,
    { fill, categories }: Kind<'category'>,
    text: string,
    line: number,
    values: Float64Array,
    at: number,
  ): number | undefined {
    const known = step.categories?.get(text);
    if (known !== undefined) return known;
    if (this.#markers.has(text)) {
      const isAbsent = fill === undefined && step.indicator === -1;
      if (isAbsent || this.#isRequired(step)) throw this.#missing(step, line, text, 'have a value');
      if (step.indicator !== -1) values[at + step.indicator] = 1;
      return fill === undefined ? undefined : step.categories?.get(fill);
    }
    if (this.#schema.unseen === 'zero') return undefined;
    const some = categories.slice(0, 10).map(describe).join(', ');
    const expected = `be one of ${some}${categories.length > 10 ? ', …' : ''}`;
    throw this.#error(step, line, expected, text, "Pass `unseen: 'zero'` to encode unseen categories as zeros.");
  }

  /** Whether a missing value is an error although it could be filled in: the caller asks for that. */
  #isRequired({ column }: Step): boolean {
    return this.#schema.missing === 'error' && (column as { missing?: unknown }).missing === undefined;
  }

  #missing(step: Step, line: number, text: string, expected: string): FormatError {
    return missingValue(this.#where(line, step), step.column.name, text, expected, undefined, this.#missingHint);
  }

  #where(line: number, step: Step): string {
    return this.#place(line, step.field);
  }

  #error(step: Step, line: number, expected: string, text: string, hint?: string): FormatError {
    const where = this.#where(line, step);
    return new FormatError({ where, argument: step.column.name, expected, actual: describe(text), hint });
  }
}

/** Whether a number can be the weight of a row. */
export function isWeight(number: number): boolean {
  return number >= 0 && number <= Number.MAX_VALUE;
}

export const WEIGHT_RULE = 'be a finite number ≥ 0';

/** How features can be filled in. */
export const FILLED = "when training, `missing: 'mean'` or `missing: 'median'` fills it in";

/** @param needed the option that drops rows without a value that is never filled in, such as a label */
export function missingValue(
  where: string,
  argument: string,
  text: string,
  expected: string,
  needed?: 'missing' | 'missingLabel',
  hint = `Pass \`${needed ?? 'missing'}: 'drop'\` to skip such rows${needed === undefined ? `; ${FILLED}` : ''}.${
    needed === 'missingLabel' && text !== '' ? ` If it is a value, pass \`missingTokens: ['']\`.` : ''
  }`,
): FormatError {
  return new FormatError({ where, argument, expected, actual: text === '' ? 'nothing' : describe(text), hint });
}

/** The rule for a date in a column of dates. */
export const dateExpected = 'be a date such as 2024-01-31';

/** Whether text is an integer of more digits than a double keeps. As CSV it is rounded; an integer of 64 bits has its digits. */
export function isLongInteger(text: string): boolean {
  return /^-?\d{16,}$/.test(text);
}

/** The rule for a value in a column of numbers. */
export function numberRule(text: string): string {
  return isLongInteger(text) ? 'be an integer of at most 2^53 in size, which a number keeps exactly' : 'be a number';
}

/** A hint for text that is almost a number. */
export function numberHint(text: string, decimal: '.' | ','): string | undefined {
  if (/^[+-]?[$€£¥₹]\s?\d|\d\s?[$€£¥₹]$/.test(text)) return 'Write numbers without currency signs.';
  const percent = /^([+-]?[\d.,' ]+?)\s?%$/.exec(text);
  if (percent !== null) {
    return numberHint(percent[1], decimal) ?? 'Write all values of the column with a percent sign, or none.';
  }
  if (decimal === '.' && /^[+-]?[1-9]\d{0,2},\d{3}$/.test(text)) {
    return "Thousands? Pass `thousands: true`. A decimal comma? Pass `decimal: ','`.";
  }
  if (decimal === ',' && /^[+-]?[1-9]\d{0,2}\.\d{3}$/.test(text)) {
    return "Thousands? Pass `thousands: true`. A decimal point? Pass `decimal: '.'`.";
  }
  if (!Number.isNaN(parseGrouped(text, decimal))) return 'Pass `thousands: true` to read thousands separators.';
  const other = decimal === '.' ? ',' : '.';
  if (!/^\d+[.,]\d+$/.test(text) && !Number.isNaN(parseGrouped(text, other))) {
    // With a decimal comma, a comma is no longer detected as the delimiter.
    const also = other === ',' ? " If commas separate the fields, also pass `delimiter: ','`." : '';
    return `Pass \`thousands: true\` and \`decimal: '${other}'\` to read thousands separators.${also}`;
  }
  if (decimal === '.' && /^[+-]?\d+,\d+$/.test(text)) return "A decimal comma? Pass `decimal: ','`.";
  if (decimal === ',' && /^[+-]?\d+\.\d+$/.test(text)) return "A decimal point? Pass `decimal: '.'`.";
  return undefined;
}
