// reading: rows of a table, encoded by the schema of a model.
import { DomainError, FormatError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import type { BadRow } from '../data/table/bad-rows.js';
import { type CsvSchema, type MissingPolicy, numberSchema, type UnseenPolicy } from '../data/table/schema.js';
import { type CsvBatch, readCsvRows } from '../data/table/stream.js';
import { chunksOf, type NamedBytes } from './bytes.js';
import type { Samples } from './samples.js';

/** The part of a model that decides how a table is read. */
export interface TableModel {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly featureNames?: readonly string[];
  readonly schema?: CsvSchema;
}

/** Options that override the model's schema. */
export interface TableOptions {
  /** The label column, if its name differs from the one in training. */
  readonly label?: string;
  readonly delimiter?: string;
  readonly decimal?: '.' | ',';
  readonly thousands?: boolean;
  readonly missing?: MissingPolicy;
  readonly unseen?: UnseenPolicy;
  /** Columns to pass through. */
  readonly keep?: readonly (string | number)[];
  readonly onBadRow?: (row: BadRow) => void;
}

interface RowsOptions extends TableOptions {
  readonly labels: 'read' | 'skip';
  readonly signal?: AbortSignal;
}

/** Rows of a table in batches, encoded like the training rows of the model. */
export function rowsOf(
  source: NamedBytes,
  model: TableModel,
  { label, delimiter, decimal, thousands, missing, unseen, keep, onBadRow, labels, signal }: RowsOptions,
): AsyncGenerator<CsvBatch, void, undefined> {
  const { name } = source;
  const schema = schemaOf(model, label, name);
  const { classes } = model;
  return readCsvRows(chunksOf(source), schema, {
    ...{ name, delimiter, decimal, thousands, missing, unseen, keep, onBadRow, labels, signal },
    classes: labels === 'read' && classes.length > 0 ? classes : undefined,
  });
}

/** All rows with their labels, and with their weights where the table has the column. */
export async function labelledRows(
  source: NamedBytes,
  model: TableModel,
  options: TableOptions,
  signal?: AbortSignal,
): Promise<Samples> {
  const batches: CsvBatch[] = [];
  for await (const batch of rowsOf(source, model, { ...options, labels: 'read', signal })) batches.push(batch);
  const rule = { where: source.name, argument: 'the table' };
  const n = batches.reduce((rows, { rows: { length } }) => rows + length, 0);
  if (n === 0) throw new FormatError({ ...rule, expected: 'have at least one row', actual: 'none' });
  const values = new Float64Array(n * model.numFeatures);
  const all: Label[] = [];
  const numbers = new Float64Array(n);
  const weights: number[] = [];
  // A batch is released once it is copied.
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    const { features, labels, lines, sampleWeights } = batch;
    values.set(features.values, all.length * model.numFeatures);
    if (labels === undefined) {
      const expected = `have the label column ${JSON.stringify(options.label ?? nameOf(model, 'label'))}`;
      throw new FormatError({ ...rule, expected, actual: 'none' });
    }
    numbers.set(lines, all.length);
    for (const each of labels) all.push(each);
    for (const each of sampleWeights ?? []) weights.push(each);
  }
  const samples = { features: { values, shape: [n, model.numFeatures] as const }, labels: all, lines: numbers };
  if (weights.length === 0) return samples;
  if (weights.some((weight) => weight > 0)) return { ...samples, sampleWeights: Float64Array.from(weights) };
  const argument = nameOf(model, 'weight') as string;
  throw new FormatError({ where: source.name, argument, expected: 'have a weight > 0', actual: 'only 0' });
}

function nameOf({ schema }: TableModel, of: 'label' | 'weight'): string | undefined {
  return schema?.columns.find(({ kind }) => kind === of)?.name;
}

/** The model's schema; for a model that was not trained on a table, a schema of numeric columns. */
function schemaOf(model: TableModel, label: string | undefined, where: string): CsvSchema {
  const { schema, classes, featureNames, numFeatures } = model;
  const named = label === undefined ? undefined : { name: label, type: typeOf(classes[0]) };
  if (schema === undefined) return numberSchema(featureNames, numFeatures, named);
  if (named === undefined) return schema;
  if (!schema.header) {
    const hint = 'Without a header, the label column has the same position as in training.';
    throw new DomainError({ where, argument: 'label', expected: 'be left out', actual: describe(label), hint });
  }
  const others = schema.columns.filter(({ kind }) => kind !== 'label');
  return { ...schema, columns: [...others, { kind: 'label', ...named }] };
}

function typeOf(label: Label): 'string' | 'number' | 'boolean' {
  return typeof label as 'string' | 'number' | 'boolean';
}
