// cli: the work of `explain`: why a model predicts what it does for one row, in the words of the table.
import { DomainError, FormatError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { type CsvSchema, namesOf } from '../data/table/schema.js';
import { type Contributions, contributionsOf } from '../model/insight.js';
import type { OnProgress } from '../node/files.js';
import { argTopK, softmaxInPlace } from '../predict/scores.js';
import { type ColumnContribution, encodedValue } from '../predict-records/records.js';
import { formatTable } from '../report/text.js';
import type { ModelContent } from '../serialization/model-file.js';
import type { RowBatch } from './commands/predict.js';
import { count, counted } from './output.js';
import { formatProbability } from './predict/byte-text.js';

/** The row to explain. */
export interface Wanted {
  /** The file, for messages. */
  readonly name: string;
  /** `line`: of the file, from 1; `row`: of a table without lines, from 1; of images, from 0. */
  readonly unit: 'line' | 'row';
  /** The number of the first row; 0 by default. */
  readonly first?: 0 | 1;
  readonly number: number;
  /** What contributions are relative to: the mean of all rows, or the bias alone. */
  readonly baseline: 'mean' | 'none';
  /** Whether rows with missing values are left out. */
  readonly drops: boolean;
}

/** One row, and the mean of all rows. */
export interface FoundRow {
  readonly features: Float64Array;
  readonly mean: Float64Array;
  readonly rows: number;
}

/**
 * Finds a row, and takes the mean of all rows in one pass.
 *
 * @throws DomainError if there is no such row; FormatError if it is the only one, and the baseline is the mean
 */
export async function findRow(
  batches: AsyncIterable<RowBatch>,
  wanted: Wanted,
  onProgress: OnProgress,
): Promise<FoundRow> {
  const { name, number } = wanted;
  let features: Float64Array | undefined;
  let mean = new Float64Array(0);
  let rows = 0;
  let before: number | undefined;
  let after: number | undefined;
  for await (const batch of batches) {
    const { values, shape, scale = 1 } = batch.features;
    const [n, d] = shape;
    if (rows === 0) mean = new Float64Array(d);
    for (let i = 0; i < n; i++) {
      rows++;
      for (let j = 0; j < d; j++) mean[j] += (values[i * d + j] / scale - mean[j]) / rows;
      const at = batch.numbers[i];
      if (at === number) features = Float64Array.from(values.subarray(i * d, (i + 1) * d), (x) => x / scale);
      else if (at < number) before = at;
      else after ??= at;
    }
    onProgress({ stage: 'read', done: 0, note: `${count(rows)} rows` });
  }
  if (features === undefined) throw noSuchRow(wanted, [before, after]);
  if (wanted.baseline === 'mean' && rows < 2) {
    const expected = 'have at least 2 rows, because their mean is the baseline';
    const hint = 'Pass --baseline none to explain by the weights alone.';
    throw new FormatError({ where: name, argument: 'the data', expected, actual: String(rows), hint });
  }
  return { features, mean, rows };
}

function noSuchRow(
  { name, unit, first = 0, number, drops }: Wanted,
  nearest: readonly (number | undefined)[],
): DomainError {
  const near = nearest.filter((each) => each !== undefined);
  const nearby = near.length === 0 ? 'There is no row.' : `The nearest rows: ${near.join(', ')}.`;
  const left = drops ? ' Rows with missing values are left out; pass --missing mean to fill them in.' : '';
  const expected =
    unit === 'line' ? `be a line of ${name} on which a row begins` : `be a row of ${name}, from ${first}`;
  return new DomainError({ where: name, argument: 'row', expected, actual: String(number), hint: `${nearby}${left}` });
}

/**
 * The contributions by column: the features of a one-hot encoded column are summed, and 0 and 1 of a boolean column are
 * false and true. Without a schema, each feature is a column.
 */
export function columnContributions(
  { features }: Contributions<Label>,
  schema: CsvSchema | undefined,
): ColumnContribution[] {
  if (schema === undefined) {
    return features.map(({ feature, value, contributions }) => ({ column: feature, value, contributions }));
  }
  let next = 0;
  return schema.columns.flatMap((column): ColumnContribution[] => {
    const own = features.slice(next, next + namesOf(column).length);
    if (own.length === 0) return [];
    next += own.length;
    const contributions = new Float64Array(own[0].contributions.length);
    for (const part of own)
      part.contributions.forEach((each, k) => {
        contributions[k] += each;
      });
    const value = encodedValue(
      column,
      own.map((each) => each.value),
    );
    return [{ column: column.name, value, contributions }];
  });
}

/** Why the model predicts `label` rather than `against`, the next most probable class. */
export interface Reasons {
  readonly label: Label;
  readonly against: Label;
  /** By class, the most probable first. */
  readonly probabilities: readonly { readonly label: Label; readonly probability: number }[];
  /** log p(label)/p(against) = baseline + Σ contributions, nats. */
  readonly logOdds: number;
  /** The log odds of the baseline. */
  readonly baseline: number;
  /** The largest first. */
  readonly contributions: readonly {
    readonly column: string;
    readonly value: number | string | boolean | null;
    readonly logOdds: number;
  }[];
}

export function reasonsOf(model: ModelContent, row: Float64Array, baseline: Float64Array | undefined): Reasons {
  const { classes, schema } = model;
  const found = contributionsOf(model, row, { baseline });
  const { base, logits } = found;
  const order = argTopK(logits, classes.length);
  const [first, second] = order;
  const odds = (numbers: ArrayLike<number>) => numbers[first] - numbers[second];
  const p = softmaxInPlace(Float64Array.from(logits));
  return {
    label: classes[first],
    against: classes[second],
    probabilities: order.map((k) => ({ label: classes[k], probability: p[k] })),
    logOdds: odds(logits),
    baseline: odds(base),
    contributions: columnContributions(found, schema)
      .map(({ column, value, contributions }) => ({ column, value, logOdds: odds(contributions) }))
      .sort((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds)),
  };
}

/** The most classes to list. */
const MOST_CLASSES = 10;

export function reasonLines(
  { label, against, probabilities, logOdds, baseline, contributions }: Reasons,
  { name, unit, number, baseline: kind }: Wanted,
  rows: number,
  top: number,
): string[] {
  const towards = (odds: number) => `+${Math.abs(odds).toFixed(3)} towards ${odds < 0 ? against : label}`;
  const shown = contributions.slice(0, top);
  const others = contributions.slice(top);
  const rest = others.reduce((sum, each) => sum + each.logOdds, 0);
  const listed = probabilities
    .slice(0, MOST_CLASSES)
    .map(({ label, probability }) => `${label} ${formatProbability(probability)}`);
  return [
    `${unit} ${number} of ${name}: ${label}`,
    `probabilities: ${listed.join(', ')}${probabilities.length > MOST_CLASSES ? ', …' : ''}`,
    '',
    `log odds of ${label} against ${against}: ${logOdds.toFixed(3)}, the sum of`,
    ...formatTable({
      rows: [
        [kind === 'mean' ? `the mean of the ${counted(rows, 'row')}` : 'the bias', towards(baseline)],
        ...shown.map(({ column, value, logOdds }) => [`${column} = ${valueText(value)}`, towards(logOdds)]),
        ...(others.length === 0
          ? []
          : [[`${count(others.length)} other ${others.length === 1 ? 'column' : 'columns'}`, towards(rest)]]),
      ],
    }).map((line) => `  ${line}`),
  ];
}

function valueText(value: number | string | boolean | null): string {
  if (value === null) return '(unknown category)';
  const text = String(value);
  // A number of a table has few digits; a filled-in mean or a pixel has many.
  return typeof value === 'number' && text.length > 12 ? String(Number(value.toPrecision(6))) : text;
}
