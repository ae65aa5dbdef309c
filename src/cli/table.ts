// cli: a table in a file or on standard input: its bytes, and its rows as a model wants them.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { BackendError, FormatError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import type { FeatureArray } from '../data/batches.js';
import { type CsvSchema, type MissingPolicy, numberSchema, type UnseenPolicy } from '../data/table/schema.js';
import { type CsvBatch, readCsvRows } from '../data/table/stream.js';
import { UsageError } from './usage.js';

/** Standard input, as programs of the command line write it. */
export const STDIN = '-';

export function nameOf(source: string): string {
  return source === STDIN ? 'standard input' : source;
}

/** The bytes of a file as they are read, or of standard input; an abort ends the wait for those that do not come. */
export async function* bytesOf(source: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const where = nameOf(source);
  try {
    if (source === STDIN) {
      if (signal !== undefined) addAbortSignal(signal, process.stdin);
      yield* process.stdin as AsyncIterable<Buffer>;
    } else {
      const rule = { where, argument: 'this path', expected: 'be a CSV file or a folder of IDX files' };
      if ((await stat(source)).isDirectory()) throw new FormatError({ ...rule, actual: 'a folder without IDX files' });
      yield* createReadStream(source, { highWaterMark: 1 << 18, signal }) as AsyncIterable<Buffer>;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new BackendError({
      where,
      argument: 'this path',
      expected: 'be a readable file',
      actual: isMissing ? 'no such file' : cause.message,
      hint: isMissing ? 'Is the path right?' : undefined,
      cause,
    });
  }
}

/** All bytes at once. */
export async function wholeOf(source: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytesOf(source)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a model says of the tables that it reads. */
export interface TableModel {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly featureNames?: readonly string[];
  readonly schema?: CsvSchema;
}

export interface TableOptions {
  readonly label?: string;
  readonly delimiter?: string;
  readonly missing?: MissingPolicy;
  readonly unseen?: UnseenPolicy;
}

/** Rows of a table, batch after batch, encoded as those that the model learnt from. */
export function rowsOf(
  source: string,
  model: TableModel,
  { label, delimiter, missing, unseen }: TableOptions,
  { labels, signal }: { readonly labels: 'read' | 'skip'; readonly signal?: AbortSignal },
): AsyncGenerator<CsvBatch, void, undefined> {
  const options = { name: nameOf(source), delimiter, missing, unseen, labels, signal };
  return readCsvRows(bytesOf(source, signal), schemaOf(model, label), options);
}

/** All rows with their labels. */
export async function labelledRows(
  source: string,
  model: TableModel,
  options: TableOptions,
): Promise<{ features: FeatureArray; labels: Label[] }> {
  const batches: CsvBatch[] = [];
  for await (const batch of rowsOf(source, model, options, { labels: 'read' })) batches.push(batch);
  const where = nameOf(source);
  const n = batches.reduce((rows, { rows: { length } }) => rows + length, 0);
  if (n === 0)
    throw new FormatError({ where, argument: 'the table', expected: 'have at least one row', actual: 'none' });
  const values = new Float64Array(n * model.numFeatures);
  const labels: Label[] = [];
  for (const { features, labels: some } of batches) {
    values.set(features.values, labels.length * model.numFeatures);
    if (some === undefined) {
      const expected = `have the column of labels, ${JSON.stringify(labelOf(model, options.label))}`;
      throw new FormatError({ where, argument: 'the table', expected, actual: 'none' });
    }
    labels.push(...some);
  }
  return { features: { values, shape: [n, model.numFeatures] }, labels };
}

function labelOf({ schema }: TableModel, label: string | undefined): string | undefined {
  return label ?? schema?.columns.find(({ kind }) => kind === 'label')?.name;
}

/** The model's schema; for a model that did not learn from a table, one of columns of numbers. */
function schemaOf(model: TableModel, label: string | undefined): CsvSchema {
  const { schema, classes, featureNames, numFeatures } = model;
  const named = label === undefined ? undefined : { name: label, type: typeOf(classes[0]) };
  if (schema !== undefined) {
    if (named === undefined) return schema;
    if (!schema.header)
      throw new UsageError('--label must be left out: without a header, the label is where it was when training.');
    const others = schema.columns.filter(({ kind }) => kind !== 'label');
    return { ...schema, columns: [...others, { kind: 'label', ...named }] };
  }
  return numberSchema(featureNames, numFeatures, named);
}

function typeOf(label: Label): 'string' | 'number' | 'boolean' {
  return typeof label as 'string' | 'number' | 'boolean';
}
