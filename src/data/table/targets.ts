// data: the labels and weights of rows, and the labels that a model does not know.
import { FormatError } from '../../core/errors.js';
import type { Label } from '../../core/labels.js';
import { describe } from '../../core/shape.js';
import { isWeight, missingValue, type Place, parseBoolean, WEIGHT_RULE } from './encode.js';
import { MissingMarkers } from './missing.js';
import { parseNumber } from './number.js';
import type { Row } from './row.js';
import type { CsvColumn, CsvSchema } from './schema.js';

/** A column, and the index of its field. */
interface Target<Kind extends CsvColumn['kind']> {
  readonly column: Extract<CsvColumn, { readonly kind: Kind }>;
  readonly field: number;
}

/** Reads the labels and the weights of rows. */
export class TargetReader {
  readonly #schema: CsvSchema;
  readonly #place: Place;
  readonly #label: Target<'label'> | undefined;
  readonly #weight: Target<'weight'> | undefined;
  readonly #markers: MissingMarkers;

  /** @param fieldOf the index of the field of each schema column; -1 for an absent column */
  constructor(schema: CsvSchema, fieldOf: readonly number[], place: Place) {
    this.#schema = schema;
    this.#place = place;
    this.#markers = new MissingMarkers(schema.missingTokens, schema);
    for (const [i, column] of schema.columns.entries()) {
      const field = fieldOf[i];
      if (field === -1) continue;
      if (column.kind === 'label') this.#label = { column, field };
      if (column.kind === 'weight') this.#weight = { column, field };
    }
  }

  get hasLabel(): boolean {
    return this.#label !== undefined;
  }

  get hasWeight(): boolean {
    return this.#weight !== undefined;
  }

  /**
   * The label of a row.
   *
   * @throws FormatError for a label that is missing, of another type, or not among `classes`, if they are given
   */
  label(row: Row, line: number, classes?: ReadonlySet<Label>): Label {
    const target = this.#label as Target<'label'>;
    const label = this.#read(target, row, line);
    if (label !== undefined && classes?.has(label) !== false) return label;
    const hint = classes && 'Pass `onUnknownLabel` to leave such rows out.';
    if (label === undefined || classes === undefined) {
      const type = target.column.type === 'number' ? 'a number' : 'true or false';
      throw this.#error(target, row, line, `be ${type}, like the classes`, hint);
    }
    // Not all of them: this may be the error of each of many rows.
    const some: string[] = [];
    for (const each of classes) if (some.push(describe(each)) === 10) break;
    const list = `${some.join(', ')}${classes.size > 10 ? ', …' : ''}`;
    const { decimal } = this.#schema;
    const number = parseNumber(row.text(target.field), decimal);
    const isOneByValue = [...classes].some((each) => typeof each === 'string' && parseNumber(each, decimal) === number);
    const train = "Train with `labelType: 'number'` to compare labels as numbers. ";
    throw this.#error(target, row, line, `be one of the classes ${list}`, `${isOneByValue ? train : ''}${hint}`);
  }

  /**
   * The label of a row as written if it is not among `classes`, or of another type.
   *
   * @throws FormatError if it is missing
   */
  unknownLabel(row: Row, line: number, classes: ReadonlySet<Label>): string | undefined {
    const target = this.#label as Target<'label'>;
    const label = this.#read(target, row, line);
    return label !== undefined && classes.has(label) ? undefined : row.text(target.field);
  }

  /**
   * The weight of a row.
   *
   * @throws FormatError if it is missing, or not a finite number ≥ 0
   */
  weight(row: Row, line: number): number {
    const target = this.#weight as Target<'weight'>;
    const number = row.number(target.field, this.#schema.decimal);
    if (isWeight(number) && !this.#markers.haveNumbers) return number;
    this.#assertPresent(target, row, line);
    if (isWeight(number)) return number;
    throw this.#error(target, row, line, WEIGHT_RULE);
  }

  /** Undefined for text of another type. */
  #read(target: Target<'label'>, row: Row, line: number): Label | undefined {
    const { column, field } = target;
    if (column.type === 'number' && !this.#markers.haveNumbers) {
      const number = row.number(field, this.#schema.decimal);
      if (!Number.isNaN(number)) return number;
    }
    this.#assertPresent(target, row, line);
    const text = row.text(field);
    if (column.type === 'string') return text;
    if (column.type === 'boolean') return parseBoolean(text);
    const number = parseNumber(text, this.#schema.decimal);
    return Number.isNaN(number) ? undefined : number;
  }

  #assertPresent({ column, field }: Target<'label'> | Target<'weight'>, row: Row, line: number): void {
    const text = row.text(field);
    if (!this.#markers.has(text)) return;
    const option = column.kind === 'label' ? 'missingLabel' : 'missing';
    const hint = `Pass \`${option}: 'drop'\` to skip such rows.`;
    throw missingValue(this.#place(line, field), column.name, text, 'have a value', option, hint);
  }

  #error(
    { column, field }: Target<'label'> | Target<'weight'>,
    row: Row,
    line: number,
    expected: string,
    hint?: string,
  ): FormatError {
    const [where, actual] = [this.#place(line, field), describe(row.text(field))];
    return new FormatError({ where, argument: column.name, expected, actual, hint });
  }
}
