// data: a row of fields → a row of numbers, by a schema.
import { FormatError } from '../../core/errors.js';
import type { Label } from '../../core/labels.js';
import { describe } from '../../core/shape.js';
import { parseNumber } from './number.js';
import type { Row } from './row.js';
import type { CsvColumn, CsvSchema } from './schema.js';

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
  readonly categories?: ReadonlyMap<string, number>;
}

/** Encodes rows of fields by a schema. */
export class RowEncoder {
  readonly numFeatures: number;
  readonly #schema: CsvSchema;
  readonly #place: Place;
  readonly #missingHint: string | undefined;
  readonly #steps: readonly Step[];
  readonly #label: Step | undefined;
  readonly #tokens: ReadonlySet<string>;
  /** Whether a marker of missing values is a number, such as -999. */
  readonly #hasNumberToken: boolean;

  /**
   * @param fieldOf the index of the field of each schema column; -1 for an absent column
   * @param missingHint the way out for a missing feature, where rows cannot be dropped
   */
  constructor(schema: CsvSchema, fieldOf: readonly number[], place: Place, missingHint?: string) {
    this.#schema = schema;
    this.#place = place;
    this.#missingHint = missingHint;
    this.#tokens = new Set(schema.missingTokens);
    this.#hasNumberToken = schema.missingTokens.some((token) => !Number.isNaN(parseNumber(token, schema.decimal)));
    const steps: Step[] = [];
    let at = 0;
    schema.columns.forEach((column, i) => {
      const field = fieldOf[i];
      if (column.kind === 'ignored' || field === -1) return;
      if (column.kind === 'category') {
        steps.push({ column, field, at, categories: new Map(column.categories.map((name, k) => [name, at + k])) });
        at += column.categories.length;
      } else {
        steps.push({ column, field, at });
        if (column.kind !== 'label') at++;
      }
    });
    this.#label = steps.find(({ column }) => column.kind === 'label');
    this.#steps = steps.filter(({ column }) => column.kind !== 'label');
    this.numFeatures = at;
  }

  get hasLabel(): boolean {
    return this.#label !== undefined;
  }

  /**
   * Writes the features of a row to `values` from index `at`. Returns false if the row is dropped.
   *
   * @throws FormatError for a field that does not match its column
   */
  encode(row: Row, line: number, values: Float64Array, at: number): boolean {
    const { decimal, missing } = this.#schema;
    if (missing === 'drop' && this.#isIncomplete(row)) return false;
    for (const step of this.#steps) {
      const { column, field } = step;
      if (column.kind === 'number') {
        const number = row.number(field, decimal);
        const isNumber = number <= Number.MAX_VALUE && number >= -Number.MAX_VALUE;
        values[at + step.at] =
          isNumber && !this.#hasNumberToken ? number : this.#slowNumber(step, row.text(field), number, line);
      } else if (column.kind === 'boolean') {
        const text = row.text(field);
        const value = parseBoolean(text);
        values[at + step.at] = value === undefined ? this.#fill(step, text, line, 'be true or false') : Number(value);
      } else if (column.kind === 'category') {
        values.fill(0, at + step.at, at + step.at + column.categories.length);
        const feature = this.#category(step, row.text(field), line);
        if (feature !== undefined) values[at + feature] = 1;
      }
    }
    return true;
  }

  /**
   * The label of a row.
   *
   * @throws FormatError for a label that is not among `classes`, if they are given
   */
  label(row: Row, line: number, classes?: ReadonlySet<Label>): Label {
    const label = this.#readLabel(row, line);
    if (classes === undefined || classes.has(label)) return label;
    const step = this.#label as Step;
    const some = [...classes].slice(0, 10).map(describe).join(', ');
    const expected = `be one of the classes ${some}${classes.size > 10 ? ', …' : ''}`;
    throw this.#error(step, line, expected, row.text(step.field));
  }

  #readLabel(row: Row, line: number): Label {
    const step = this.#label as Step;
    const { type } = step.column as Extract<CsvColumn, { kind: 'label' }>;
    if (type === 'number' && !this.#hasNumberToken) {
      const number = row.number(step.field, this.#schema.decimal);
      if (!Number.isNaN(number)) return number;
    }
    const text = row.text(step.field);
    if (this.#isMissing(text))
      throw missingValue(this.#where(line, step), step.column.name, text, 'have a value', true);
    const label =
      type === 'string' ? text : type === 'number' ? parseNumber(text, this.#schema.decimal) : parseBoolean(text);
    if (label !== undefined && !Number.isNaN(label)) return label;
    const expected = type === 'number' ? 'be a number, like the classes' : 'be true or false, like the classes';
    throw this.#error(step, line, expected, text);
  }

  #isMissing(text: string): boolean {
    return this.#tokens.has(text) || (text.length < 16 && this.#tokens.has(text.toLowerCase()));
  }

  #isIncomplete(row: Row): boolean {
    if (this.#label !== undefined && this.#isMissing(row.text(this.#label.field))) return true;
    return this.#steps.some(({ field, column }) => {
      const isNumber = column.kind === 'number' && !Number.isNaN(row.number(field, this.#schema.decimal));
      return (!isNumber || this.#hasNumberToken) && this.#isMissing(row.text(field));
    });
  }

  #slowNumber(step: Step, text: string, number: number, line: number): number {
    if (Math.abs(number) > Number.MAX_VALUE) throw this.#error(step, line, 'be a finite number', text);
    if (!Number.isNaN(number) && !this.#isMissing(text)) return number;
    return this.#fill(step, text, line, 'be a number');
  }

  /** The fill value if the text marks a missing value; other text is refused. */
  #fill(step: Step, text: string, line: number, expected: string): number {
    if (!this.#isMissing(text)) throw this.#error(step, line, expected, text, numberHint(text, this.#schema.decimal));
    const { fill } = step.column as { fill?: number };
    if (fill === undefined) throw this.#missing(step, line, text, expected);
    return fill;
  }

  #category(step: Step, text: string, line: number): number | undefined {
    const known = step.categories?.get(text);
    if (known !== undefined) return known;
    const { fill, categories } = step.column as Extract<CsvColumn, { kind: 'category' }>;
    if (this.#isMissing(text)) {
      if (fill === undefined) throw this.#missing(step, line, text, 'have a value');
      return step.categories?.get(fill);
    }
    if (this.#schema.unseen === 'zero') return undefined;
    const some = categories.slice(0, 10).map(describe).join(', ');
    const expected = `be one of ${some}${categories.length > 10 ? ', …' : ''}`;
    throw this.#error(step, line, expected, text, "Pass `unseen: 'zero'` to encode unseen categories as zeros.");
  }

  #missing(step: Step, line: number, text: string, expected: string): FormatError {
    return missingValue(this.#where(line, step), step.column.name, text, expected, false, this.#missingHint);
  }

  #where(line: number, step: Step): string {
    return this.#place(line, step.field);
  }

  #error(step: Step, line: number, expected: string, text: string, hint?: string): FormatError {
    const where = this.#where(line, step);
    return new FormatError({ where, argument: step.column.name, expected, actual: describe(text), hint });
  }
}

/** How features can be filled in. */
export const FILLED = "when training, `missing: 'mean'` or `missing: 'median'` fills it in";

export function missingValue(
  where: string,
  argument: string,
  text: string,
  expected: string,
  isLabel: boolean,
  hint = `Pass \`missing: 'drop'\` to skip such rows${isLabel ? '' : `; ${FILLED}`}.`,
): FormatError {
  return new FormatError({ where, argument, expected, actual: text === '' ? 'nothing' : describe(text), hint });
}

/** A hint for text that is almost a number. */
export function numberHint(text: string, decimal: '.' | ','): string | undefined {
  if (decimal === '.' && /^[+-]?[1-9]\d{0,2},\d{3}$/.test(text)) {
    return "Thousands? Write numbers without separators. A decimal comma? Pass `decimal: ','`.";
  }
  if (/^[+-]?\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d+)?$/.test(text) && !/^\d+[.,]\d+$/.test(text)) {
    return 'Write numbers without thousands separators.';
  }
  if (decimal === '.' && /^[+-]?\d+,\d+$/.test(text)) return "A decimal comma? Pass `decimal: ','`.";
  if (decimal === ',' && /^[+-]?\d+\.\d+$/.test(text)) return "A decimal point? Pass `decimal: '.'`.";
  return undefined;
}
