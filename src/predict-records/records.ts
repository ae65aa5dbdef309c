// predict-records: predictions and explanations for records, by the schema of a model.
import { type Affine, largestFeature } from '../core/affine.js';
import { DomainError, FormatError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import { FILLED, RowEncoder } from '../data/table/encode.js';
import { isEncoded, recordFieldsOf } from '../data/table/records.js';
import { TextRow } from '../data/table/row.js';
import { type CsvColumn, type CsvSchema, namesOf, UNSEEN_POLICIES, type UnseenPolicy } from '../data/table/schema.js';
import { dateText } from '../features/date.js';
import { type Check, checkOf, isRecord } from '../predict/json.js';
import { logitsOf } from '../predict/predictor.js';
import { argMax, softmaxInPlace } from '../predict/scores.js';

/** Options of `predictRecords` and `explainRecord`. */
export interface RecordOptions {
  /** How to treat categories that the schema does not have; overrides the schema. */
  readonly unseen?: UnseenPolicy;
  /** The decimal mark of numbers that are text; overrides the schema. */
  readonly decimal?: '.' | ',';
  /** Whether numbers that are text may have thousands separators; overrides the schema. */
  readonly thousands?: boolean;
  /** Whether a key that is no column is an error; otherwise, and by default, it is ignored. */
  readonly strict?: boolean;
}

/** The prediction for one record. */
export interface RecordPrediction<L extends Label> {
  /** The most probable class; the first of several equally probable ones. */
  readonly label: L;
  /** Its probability. */
  readonly probability: number;
  /** The probability of each class, [classes], in the order of `classes`. */
  readonly probabilities: Float64Array;
}

/** The contribution of one column of the table to each logit. */
export interface ColumnContribution {
  readonly column: string;
  /**
   * The value in this record; the filled-in value if it is missing; null for a category that the schema does not have.
   */
  readonly value: number | boolean | string | null;
  /** [classes], in the order of `classes`. */
  readonly contributions: Float64Array;
}

/** logits = base + Σ columns[c].contributions, up to rounding. */
export interface RecordExplanation<L extends Label> {
  readonly classes: readonly L[];
  /** The bias, [classes]. */
  readonly base: Float64Array;
  /** In the order of the table, without label and ignored columns. */
  readonly columns: readonly ColumnContribution[];
  /** [classes] */
  readonly logits: Float64Array;
}

/** A column and its features, of which a category has one for each of its values. */
interface Span {
  readonly column: CsvColumn;
  /** The index of the first feature. */
  readonly at: number;
  readonly end: number;
}

const MISSING_HINT = `Leave such records out; ${FILLED}.`;

/** Predicts and explains records. */
export class Records<L extends Label> {
  readonly #affine: Affine;
  readonly #classes: readonly L[];
  readonly #schema: CsvSchema;
  readonly #spans: readonly Span[];
  /** For calls without options. */
  readonly #encoder: RowEncoder;

  /** @param schema a checked one; `missing: 'drop'` is `'error'` here, because each record has a prediction */
  constructor(affine: Affine, classes: readonly L[], schema: CsvSchema) {
    this.#affine = affine;
    this.#classes = classes;
    this.#schema = {
      ...schema,
      missing: schema.missing === 'drop' ? 'error' : schema.missing,
      columns: schema.columns.map((column) =>
        'missing' in column && column.missing === 'drop' ? { ...column, missing: 'error' } : column,
      ),
    };
    this.#encoder = encoderOf(this.#schema);
    let end = 0;
    this.#spans = featureColumns(schema)
      .filter(({ kind }) => kind !== 'ignored')
      .map((column) => {
        const at = end;
        end += namesOf(column).length;
        return { column, at, end };
      });
  }

  /** One prediction for each record. */
  predict(records: readonly object[], options: RecordOptions): RecordPrediction<L>[] {
    const where = 'predictRecords';
    if (!Array.isArray(records)) {
      const actual = describe(records);
      throw new ShapeError({ where, argument: 'records', expected: 'be a list of objects', actual });
    }
    return Array.from(this.#encoded(records, placeOf, options, where), (row) => {
      const [logits] = logitsOf(this.#affine, row);
      const probabilities = softmaxInPlace(logits);
      const k = argMax(probabilities);
      return { label: this.#classes[k], probability: probabilities[k], probabilities };
    });
  }

  /** cⱼₖ = (xⱼ − centerⱼ)·factorⱼ·Wⱼₖ, summed over the features of each column. */
  explain(record: object, options: RecordOptions): RecordExplanation<L> {
    const where = 'explainRecord';
    const [features] = this.#encoded([record], () => where, options, where);
    const { weight, bias, columns: scaled } = this.#affine;
    const x = features.values;
    const q = bias.length;
    const columns = this.#spans.map(({ column, at, end }) => {
      const contributions = new Float64Array(q);
      for (let j = at; j < end; j++) {
        const difference = (x[j] - (scaled?.center[j] ?? 0)) * (scaled?.factor[j] ?? 1);
        for (let k = 0; k < q; k++) contributions[k] += difference * weight[j * q + k];
      }
      return { column: column.name, value: encodedValue(column, x.subarray(at, end)), contributions };
    });
    const [logits] = logitsOf(this.#affine, features);
    return { classes: this.#classes, base: Float64Array.from(bias), columns, logits };
  }

  /** The features of one record after the other, in one array. */
  *#encoded(
    records: readonly object[],
    place: (i: number) => string,
    options: RecordOptions,
    where: string,
  ): Generator<{ readonly values: Float64Array; readonly shape: readonly [1, number] }, void, undefined> {
    const { schema, strict } = this.#applied(options, where);
    const isUsual = schema === this.#schema && place === placeOf;
    const encoder = isUsual ? this.#encoder : encoderOf(schema, place);
    const d = encoder.numFeatures;
    const values = new Float64Array(d);
    // Standardised columns may have any finite numbers.
    const limit = largestFeature(this.#affine);
    for (let i = 0; i < records.length; i++) {
      encoder.encode(new TextRow(recordFieldsOf(records[i], place(i), schema, strict)), i, values, 0);
      for (const { column, at } of this.#spans) {
        const x = values[at];
        if (Math.abs(x) <= limit) continue;
        const expected = 'be a finite float32 number';
        throw new FormatError({ where: place(i), argument: column.name, expected, actual: describe(x) });
      }
      yield { values, shape: [1, d] };
    }
  }

  #applied(options: RecordOptions, where: string): { readonly schema: CsvSchema; readonly strict: boolean } {
    const check: Check = checkOf(DomainError, where);
    const isOptions: boolean = isRecord(options);
    check(isOptions, 'options', 'be an object', describe(options));
    const usual = {
      unseen: this.#schema.unseen,
      decimal: this.#schema.decimal,
      thousands: this.#schema.thousands ?? false,
    };
    const { unseen = usual.unseen, decimal = usual.decimal, thousands = usual.thousands, ...rest } = options;
    const { strict = false, ...others } = rest;
    const [other] = Object.keys(others);
    check(other === undefined, 'options', 'have keys among unseen, decimal, thousands, strict', `'${other}'`);
    check(UNSEEN_POLICIES.includes(unseen), 'unseen', `be among ${UNSEEN_POLICIES.join(', ')}`, describe(unseen));
    check(decimal === '.' || decimal === ',', 'decimal', "be '.' or ','", describe(decimal));
    check(typeof thousands === 'boolean', 'thousands', 'be true or false', describe(thousands));
    check(typeof strict === 'boolean', 'strict', 'be true or false', describe(strict));
    const isUsual = unseen === usual.unseen && decimal === usual.decimal && thousands === usual.thousands;
    const schema = isUsual ? this.#schema : { ...this.#schema, unseen, decimal, thousands: thousands || undefined };
    return { schema, strict };
  }
}

/** The error of a model without a schema. */
export function withoutSchema(where: string): DomainError {
  const hint = 'Pass the `schema` of parseCsv to fit, or numbers to predict.';
  return new DomainError({ where, argument: 'the model', expected: 'have a schema', actual: 'none', hint });
}

function placeOf(i: number): string {
  return `predictRecords: records[${i}]`;
}

function featureColumns({ columns }: CsvSchema): readonly CsvColumn[] {
  return columns.filter(isEncoded);
}

function encoderOf(schema: CsvSchema, place = placeOf): RowEncoder {
  const columns = featureColumns(schema);
  return new RowEncoder({ ...schema, columns }, [...columns.keys()], place, { missingHint: MISSING_HINT });
}

/** The value of a column of features by its numbers; null for a category that is missing or not in the schema. */
export function encodedValue(column: CsvColumn, features: ArrayLike<number>): number | boolean | string | null {
  const x = features[0];
  if (column.kind === 'category') return column.categories.find((_, k) => features[k] === 1) ?? null;
  if (column.kind === 'date') return dateText(features[1], column);
  // The mean of booleans, which fills in a missing one, is a number.
  return column.kind === 'boolean' && (x === 0 || x === 1) ? x === 1 : x;
}
