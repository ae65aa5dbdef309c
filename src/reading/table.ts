// reading: rows of a table, encoded by the schema of a model.
import { type Columns, largestFeature } from '../core/affine.js';
import { DomainError, FormatError } from '../core/errors.js';
import { DistinctLabels, type Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import type { AnyRows } from '../data/any-rows.js';
import { NumberList } from '../data/kept-rows.js';
import { assertMostFit, type BadRow } from '../data/table/bad-rows.js';
import { RecordReader } from '../data/table/csv/records.js';
import { textsOf } from '../data/table/row.js';
import {
  type CsvSchema,
  type MissingLabelPolicy,
  type MissingPolicy,
  numberSchema,
  type UnseenPolicy,
} from '../data/table/schema.js';
import {
  type CsvBatch,
  type ReadOptions,
  readRowsWithin,
  readTypedRowsWithin,
  type TablePlace,
  type UnknownLabel,
  type Within,
} from '../data/table/stream.js';
import { streamJsonLines } from '../data/table/typed/json-lines.js';
import { indexIn, readSvmlightTable, streamSvmlight } from '../data/table/typed/svmlight.js';
import type { TypedTable } from '../data/table/typed/table.js';
import { begun, type Chunks, chunksOf, type NamedBytes } from './bytes.js';
import { tableFormatOf } from './format.js';
import { ArrivingRows, type Keeping } from './keeping.js';
import type { Samples } from './samples.js';

/** The part of a model that decides how a table is read. */
export interface TableModel {
  readonly classes: readonly Label[];
  readonly numFeatures: number;
  readonly featureNames?: readonly string[];
  readonly schema?: CsvSchema;
  /** Present if the model standardises columns, so that it takes any finite numbers. */
  readonly columns?: Columns;
}

/** Options that override the model's schema. */
export interface TableOptions {
  /** The label column, if its name differs from the one in training. */
  readonly label?: string;
  readonly delimiter?: string;
  /** The character that begins lines to skip. */
  readonly comment?: string;
  readonly decimal?: '.' | ',';
  readonly thousands?: boolean;
  readonly missing?: MissingPolicy;
  readonly missingLabel?: MissingLabelPolicy;
  readonly unseen?: UnseenPolicy;
  /** Whether the first line names the columns; as in the schema by default. As `header` of `readCsvRows`. */
  readonly header?: boolean;
  /** How to treat rows whose label is not a class of the model: an error by default. */
  readonly unknownLabel?: 'error' | 'drop';
  /** Columns to pass through. */
  readonly keep?: readonly (string | number)[];
  readonly onBadRow?: (row: BadRow) => void;
}

export interface RowsOptions
  extends Omit<TableOptions, 'unknownLabel'>,
    Pick<ReadOptions, 'onUnknownLabel'>,
    Pick<Within, 'onDropped'> {
  readonly labels: 'read' | 'skip';
  readonly signal?: AbortSignal;
  /** Where the bytes begin, if that is not the beginning of the table. */
  readonly from?: TablePlace;
}

/** Rows that were left out because their labels are not classes of the model. */
export interface UnknownLabels {
  readonly rows: number;
  /** The sum of their weights; the number of rows without a column of weights. */
  readonly weight: number;
  /** The number of rows of each label, as written. */
  readonly labels: Readonly<Record<string, number>>;
}

/** Samples to evaluate a model on. The rows of a table are kept without the zeros of one-hot columns, or stored. */
export interface LabelledRows extends Omit<Samples, 'features'> {
  readonly features: AnyRows;
  /** The number of rows dropped because of missing values. */
  readonly dropped?: number;
  /** Absent if there are none. */
  readonly unknownLabels?: UnknownLabels;
}

/** A table in a file, or one that is open. */
export type TableSource = NamedBytes | TypedTable;

/**
 * Rows of a table in batches, encoded like the training rows of the model.
 *
 * @throws FormatError for a binary format, which must be open
 */
export async function* rowsOf(
  source: TableSource,
  model: TableModel,
  { label, header, onUnknownLabel, onDropped, labels, from, ...options }: RowsOptions,
): AsyncGenerator<CsvBatch, void, undefined> {
  const { name } = source;
  const schema = schemaOf(model, label, header, name);
  const { classes } = model;
  const { delimiter, comment, decimal, thousands, missing, missingLabel, unseen, keep, onBadRow, signal } = options;
  const within = { largest: largestFeature(model), onDropped };
  const reading: ReadOptions = {
    ...{ name, header, delimiter, comment, decimal, thousands, missing, missingLabel, unseen, keep },
    ...{ onBadRow, onUnknownLabel, labels, signal },
    classes: labels === 'read' && classes.length > 0 ? classes : undefined,
  };
  if ('columns' in source) return yield* readTypedRowsWithin(within, source, schema, reading);
  const chunks = chunksOf(source);
  if (from !== undefined) return yield* readRowsWithin(within, chunks, schema, reading, from);
  const { start, all } = await begun(chunks);
  try {
    const format = tableFormatOf(start, name);
    if (format === 'json-lines') yield* readTypedRowsWithin(within, await streamJsonLines(all, name), schema, reading);
    else if (format === 'svmlight')
      yield* readTypedRowsWithin(within, await svmlightFor(schema, all, name, keep), schema, reading);
    else yield* readRowsWithin(within, all, schema, reading);
  } finally {
    await chunks.return();
  }
}

/** The rows as they arrive, where the model finds them by index; else as a whole, because columns are found by their number. */
function svmlightFor(schema: CsvSchema, chunks: Chunks, name: string, keep: RowsOptions['keep'] = []) {
  const names = schema.columns.map((column) => column.name);
  const read = schema.columns.filter(({ kind }) => kind !== 'label' && kind !== 'weight' && kind !== 'ignored');
  const isByIndex = schema.header && read.every((column) => indexIn(column.name) !== undefined);
  // A column that is passed through may be another one.
  const known = new Set<string | number>(names);
  return isByIndex && keep.every((column) => known.has(column))
    ? streamSvmlight(chunks, name, names)
    : readSvmlightTable(chunks, name, { names });
}

/**
 * Finds what a part of a table needs to know of its beginning. The function takes the chunks in order, until it returns
 * the delimiter and the first record.
 *
 * @throws FormatError as `readCsvRows`
 */
export function beginningOf(
  name: string,
  { schema }: TableModel,
  { delimiter, decimal = schema?.decimal, comment = schema?.comment }: TableOptions,
): (chunk: Uint8Array) => Omit<TablePlace, 'line'> | undefined {
  const reader = new RecordReader({ name, delimiter, decimal, comment });
  return (chunk) => {
    for (const block of reader.push(chunk)) {
      block.select(0);
      return { delimiter: reader.delimiter, first: textsOf(block) };
    }
    return undefined;
  };
}

/**
 * All rows with their labels, and with their weights where the table has the column.
 *
 * @param options where rows go that do not fit; without `store`, they are an error, and without `maxMemory`, all fit
 * @throws FormatError as `readCsvRows`; if there are no rows, no labels, or only weights of 0; with `onBadRow`, if most of
 *         the rows that are not dropped do not fit
 */
export async function labelledRows(
  source: TableSource,
  model: TableModel,
  { maxMemory, store, hint, ...options }: TableOptions & Partial<Keeping>,
  signal?: AbortSignal,
): Promise<LabelledRows & { readonly dropped: number }> {
  const { name } = source;
  const out = new LeftOutRows();
  const features = new ArrivingRows(name, model.numFeatures, { maxMemory, store, hint });
  const distinct = new DistinctLabels();
  const labels: Label[] = [];
  const lines = new NumberList();
  const weights = new NumberList();
  try {
    for await (const batch of rowsOf(source, model, { ...out.optionsOf(options), labels: 'read', signal })) {
      if (batch.labels === undefined) {
        const expected = `have the label column ${JSON.stringify(options.label ?? nameOf(model, 'label'))}`;
        throw new FormatError({ where: name, argument: 'the table', expected, actual: 'none' });
      }
      await features.add(batch.features);
      for (const each of batch.labels) labels.push(distinct.of(each));
      for (const each of batch.lines) lines.push(each);
      for (const each of batch.sampleWeights ?? []) weights.push(each);
    }
    out.assertRows(labels.length, name);
    const sampleWeights = weights.length === 0 ? undefined : weights.values();
    if (sampleWeights?.some((each) => each > 0) === false) {
      const argument = nameOf(model, 'weight') as string;
      throw new FormatError({ where: name, argument, expected: 'have a weight > 0', actual: 'only 0' });
    }
    return {
      ...{ features: await features.finish(), labels, lines: lines.values(), ...out.counts() },
      ...(sampleWeights && { sampleWeights }),
    };
  } catch (error) {
    await features.close();
    throw error;
  }
}

/** Counts the rows of a table that are left out. */
class LeftOutRows {
  #dropped = 0;
  #bad = 0;
  #firstBad: BadRow | undefined;
  #unknown = 0;
  #weight = 0;
  readonly #labels = new Map<string, number>();

  /** The options of reading, with which rows are counted. */
  optionsOf({ onBadRow, unknownLabel, ...options }: TableOptions): Omit<RowsOptions, 'labels'> {
    const onUnknownLabel = ({ label, sampleWeight = 1 }: UnknownLabel) => {
      this.#unknown++;
      this.#weight += sampleWeight;
      this.#labels.set(label, (this.#labels.get(label) ?? 0) + 1);
    };
    return {
      ...options,
      onDropped: () => {
        this.#dropped++;
      },
      onBadRow:
        onBadRow &&
        ((row) => {
          this.#bad++;
          this.#firstBad ??= row;
          onBadRow(row);
        }),
      onUnknownLabel: unknownLabel === 'drop' ? onUnknownLabel : undefined,
    };
  }

  /** Refuses a table without rows, or of which most rows do not fit. */
  assertRows(rows: number, where: string): void {
    assertMostFit(this.#bad, this.#firstBad?.error, rows + this.#unknown, where);
    if (rows > 0) return;
    const missing = this.#dropped > 0 ? `only rows with a missing value, ${this.#dropped}` : 'none';
    const actual = this.#unknown > 0 ? `only rows of unknown labels, ${this.#unknown}` : missing;
    throw new FormatError({ where, argument: 'the table', expected: 'have at least one row', actual });
  }

  counts(): { readonly dropped: number; readonly unknownLabels?: UnknownLabels } {
    const [dropped, rows, weight] = [this.#dropped, this.#unknown, this.#weight];
    return { dropped, ...(rows > 0 && { unknownLabels: { rows, weight, labels: Object.fromEntries(this.#labels) } }) };
  }
}

function nameOf({ schema }: TableModel, of: 'label' | 'weight'): string | undefined {
  return schema?.columns.find(({ kind }) => kind === of)?.name;
}

/** The model's schema; for a model that was not trained on a table, a schema of numeric columns. */
function schemaOf(model: TableModel, label: string | undefined, header: boolean | undefined, where: string): CsvSchema {
  const { schema, classes, featureNames, numFeatures } = model;
  const named = label === undefined ? undefined : { name: label, type: typeOf(classes[0]) };
  if (schema === undefined) return numberSchema(featureNames, numFeatures, named);
  if (named === undefined) return schema;
  if (header === false || !schema.header) {
    const hint = 'Without a header in training or here, the label column has the same position as in training.';
    throw new DomainError({ where, argument: 'label', expected: 'be left out', actual: describe(label), hint });
  }
  const isFree = (kind: string) => kind === 'label' || kind === 'ignored';
  if (schema.columns.some(({ kind, name }) => name === label && !isFree(kind))) {
    const expected = 'be a column that the model does not read';
    throw new DomainError({ where, argument: 'label', expected, actual: describe(label) });
  }
  const others = schema.columns.filter(({ kind, name }) => kind !== 'label' && name !== label);
  return { ...schema, columns: [...others, { kind: 'label', ...named }] };
}

function typeOf(label: Label): 'string' | 'number' | 'boolean' {
  return typeof label as 'string' | 'number' | 'boolean';
}
