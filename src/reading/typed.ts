// reading: tables whose columns have names and types → samples.
import { DomainError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import type { FeatureArray } from '../data/batches.js';
import type { StoredRows } from '../data/stored-rows.js';
import type { CsvOptions } from '../data/table/csv-options.js';
import type { LabelledCsvTable } from '../data/table/encoding.js';
import { NO_HEADER } from '../data/table/places.js';
import { assertWithoutCsv } from '../data/table/stream.js';
import { readTypedTable } from '../data/table/table.js';
import { readJsonLines, streamJsonLines } from '../data/table/typed/json-lines.js';
import { readSvmlightTable } from '../data/table/typed/svmlight.js';
import type { TypedTable } from '../data/table/typed/table.js';
import { bounded, type Chunks, KeptBytes, type NamedBytes, wholeOf } from './bytes.js';
import { fileInMemory, openBinary, type TableFormat } from './format.js';
import type { DataSet } from './samples.js';

/** A format other than CSV. */
type TypedFormat = Exclude<TableFormat, 'csv'>;

/** The limits of reading, in bytes. */
export interface Most {
  readonly maxBytes: number | undefined;
  readonly maxMemory: number | undefined;
}

/** The table in the bytes of a file, to be read as a whole. */
export async function openTyped(
  format: TypedFormat,
  chunks: Chunks,
  name: string,
  { maxBytes, maxMemory, zeroBased }: Most & { readonly zeroBased?: boolean | undefined },
): Promise<TypedTable> {
  const some = bounded(chunks, name, maxBytes);
  if (format === 'json-lines') return readJsonLines(some, name, maxMemory);
  if (format === 'svmlight') return readSvmlightTable(some, name, { zeroBased, maxMemory });
  const kept = new KeptBytes();
  for await (const chunk of some) kept.add(chunk);
  return openBinary(format, [fileInMemory(name, kept.whole())], name);
}

/** The table in several files of one format. */
export async function openParts(
  files: readonly NamedBytes[],
  name: string,
  maxBytes: number | undefined,
): Promise<TypedTable> {
  const parts = [];
  for (const file of files) parts.push(fileInMemory(file.name, await wholeOf(file, maxBytes)));
  return openBinary('parquet', parts, name);
}

/** The columns of a file, and its first rows as text if they are asked for. */
export interface TableStart {
  readonly columns: readonly string[];
  readonly rows?: readonly (readonly string[])[];
}

/** The start of a file. Of JSON lines, no more is read than the objects that arrive first. */
export async function startOfTyped(
  format: TypedFormat,
  chunks: Chunks,
  name: string,
  numRows: number | undefined,
): Promise<TableStart> {
  const most = { maxBytes: undefined, maxMemory: undefined };
  const table =
    format === 'json-lines' ? await streamJsonLines(chunks, name) : await openTyped(format, chunks, name, most);
  const columns = table.columns.map((column) => column.name);
  return numRows === undefined ? { columns } : { columns, rows: await firstRows(table, numRows) };
}

/** A column that cannot be read has its type in place of its values. */
async function firstRows({ columns, blocks }: TypedTable, count: number): Promise<string[][]> {
  const rows: string[][] = [];
  const read = new Set(columns.flatMap(({ refusal }, i) => (refusal === undefined ? [i] : [])));
  for await (const block of blocks(read)) {
    for (let row = 0; row < block.count && rows.length < count; row++) {
      block.select(row);
      rows.push(columns.map(({ refusal }, i) => (refusal === undefined ? block.text(i) : `(${refusal.type})`)));
    }
    if (rows.length === count) break;
  }
  return rows;
}

/** The samples of a table. */
export async function samplesOfTyped(
  table: TypedTable,
  options: CsvOptions,
  maxMemory: number | undefined,
): Promise<DataSet> {
  const { name } = table;
  assertWithoutCsv(options, name);
  const { label = table.label } = options;
  if (label === undefined) {
    throw withoutLabel(
      table.columns.map((column) => column.name),
      name,
    );
  }
  return dataSetOf(name, (await readTypedTable(table, { ...options, label, name }, maxMemory)) as LabelledCsvTable);
}

/** A table as a data set. */
export function dataSetOf<Features extends FeatureArray | StoredRows>(
  name: string,
  table: Omit<LabelledCsvTable, 'features'> & { readonly features: Features },
): DataSet<Features> {
  const { features, labels, lines, sampleWeights, groups, times, ...described } = table;
  const samples = {
    ...{ features, labels, lines },
    ...(sampleWeights && { sampleWeights }),
    ...(groups && { groups }),
    ...(times && { times }),
  };
  return { name, samples, ...described };
}

/** @param from `csv`: the names are a line, which may be data */
export function withoutLabel(columns: readonly string[], where: string, from: 'csv' | 'typed' = 'typed'): DomainError {
  const some = columns.slice(0, 20).map(describe).join(', ');
  const expected = `be one of the columns ${some}${columns.length > 20 ? ', …' : ''}`;
  // A name that is a number is a value in most cases.
  const hint = from === 'csv' && columns.some((column) => /^-?\d/.test(column)) ? NO_HEADER : undefined;
  return new DomainError({ where, argument: 'label', expected, actual: 'nothing', hint });
}
