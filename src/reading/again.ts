// reading: tables that are read twice, so that rows that do not fit into memory can be stored.
import type { FeatureArray } from '../data/batches.js';
import type { RowStoring, StoredRows } from '../data/stored-rows.js';
import { RecordReader } from '../data/table/csv/records.js';
import { type CsvOptions, learnOptions } from '../data/table/csv-options.js';
import type { LabelledCsvTable, TableOf } from '../data/table/encoding.js';
import { readHeader } from '../data/table/header.js';
import type { RowBlock } from '../data/table/row.js';
import { assertWithoutCsv } from '../data/table/stream.js';
import { readTableAgain } from '../data/table/table.js';
import type { TypedTable } from '../data/table/typed/table.js';
import { begun, chunksOf, type NamedBytes } from './bytes.js';
import { tableFormatOf } from './format.js';
import type { AnyDataSet } from './samples.js';
import type { TableSource } from './table.js';
import { dataSetOf, openTyped, withoutLabel } from './typed.js';

/** How much of a table is kept in memory, and where the rest goes. */
export interface Keeping {
  /** The maximum number of bytes that the table may take. */
  readonly maxMemory: number;
  /** Stores the features of a table that does not fit. */
  readonly store: RowStoring;
  /** What to do if not even the lists of its labels fit. */
  readonly hint?: string;
}

/**
 * `readSamples` of a table that can be read again: of a CSV file, nothing is kept between the passes.
 *
 * @throws as `readSamples`, and what `store` throws
 */
export async function readSamplesAgain(
  source: TableSource,
  options: Omit<CsvOptions, 'name'>,
  keeping: Keeping,
): Promise<AnyDataSet> {
  if ('columns' in source) return typedSamples(source, options, keeping);
  const { name } = source;
  const chunks = chunksOf(source);
  const { start, all } = await begun(chunks);
  try {
    if (tableFormatOf(start, name) === 'json-lines') {
      const most = { maxBytes: undefined, maxMemory: keeping.maxMemory };
      return typedSamples(await openTyped('json-lines', all, name, most), options, keeping);
    }
    if (options.label === undefined) throw withoutLabel(await readHeader(all, { ...options, name }), name, 'csv');
  } finally {
    await chunks.return();
  }
  const own = { ...options, name };
  const table = await readTableAgain({ name, blocks: () => csvBlocks(source, own) }, own, keeping);
  return dataSetOf(name, table as TableOf<FeatureArray | StoredRows> & Pick<LabelledCsvTable, 'labels' | 'classes'>);
}

async function typedSamples(typed: TypedTable, options: CsvOptions, keeping: Keeping): Promise<AnyDataSet> {
  const { name, columns, blocks } = typed;
  assertWithoutCsv(options, name);
  if (options.label === undefined) {
    throw withoutLabel(
      columns.map((column) => column.name),
      name,
    );
  }
  const table = await readTableAgain({ name, typed, blocks }, { ...options, name }, keeping);
  return dataSetOf(name, table as TableOf<FeatureArray | StoredRows> & Pick<LabelledCsvTable, 'labels' | 'classes'>);
}

async function* csvBlocks(source: NamedBytes, options: CsvOptions): AsyncGenerator<RowBlock, void, undefined> {
  const { name, decimal, comment } = learnOptions(options);
  const reader = new RecordReader({ name, delimiter: options.delimiter, decimal, comment });
  for await (const chunk of chunksOf(source)) yield* reader.push(chunk);
  yield* reader.end();
}
