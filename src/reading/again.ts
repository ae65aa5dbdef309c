// reading: tables that are read twice, so that rows that do not fit into memory can be stored.
import type { FeatureArray } from '../data/batches.js';
import type { StoredRows } from '../data/stored-rows.js';
import { RecordReader } from '../data/table/csv/records.js';
import { type CsvOptions, learnOptions } from '../data/table/csv-options.js';
import type { LabelledCsvTable, TableOf } from '../data/table/encoding.js';
import { readHeader } from '../data/table/header.js';
import type { RowBlock } from '../data/table/row.js';
import { assertWithoutCsv } from '../data/table/stream.js';
import { readTableAgain } from '../data/table/table.js';
import { openJsonLines } from '../data/table/typed/json-lines.js';
import { openSvmlight } from '../data/table/typed/svmlight.js';
import type { TypedTable } from '../data/table/typed/table.js';
import { chunksOf, type NamedBytes, reading } from './bytes.js';
import { tableFormatOf } from './format.js';
import type { Keeping } from './keeping.js';
import type { AnyDataSet } from './samples.js';
import type { TableSource } from './table.js';
import { dataSetOf, withoutLabel } from './typed.js';

/**
 * `readSamples` of a table that can be read again: of CSV, JSON lines and SVMlight, nothing is kept between the passes.
 *
 * @throws as `readSamples`, and what `store` throws; FormatError for a binary format, which must be open
 */
export async function readSamplesAgain(
  source: TableSource,
  options: Omit<CsvOptions, 'name'>,
  keeping: Keeping,
): Promise<AnyDataSet> {
  if ('columns' in source) return typedSamples(source, options, keeping);
  const { name } = source;
  const { maxMemory, hint } = keeping;
  const own = { ...options, name };
  const format = await reading(source, 1, async (start, chunks) => {
    const found = tableFormatOf(start, name);
    if (found === 'csv' && options.label === undefined) throw withoutLabel(await readHeader(chunks, own), name, 'csv');
    return found;
  });
  if (format === 'json-lines')
    return typedSamples(await openJsonLines(() => chunksOf(source), name, { maxMemory, hint }), options, keeping);
  if (format === 'svmlight')
    return typedSamples(await openSvmlight(() => chunksOf(source), name, { maxMemory, hint }), options, keeping);
  // Bytes of a binary format are refused as CSV, by the name of their format.
  const table = await readTableAgain({ name, blocks: () => csvBlocks(source, own) }, own, keeping);
  return dataSetOf(name, table as TableOf<FeatureArray | StoredRows> & Pick<LabelledCsvTable, 'labels' | 'classes'>);
}

async function typedSamples(typed: TypedTable, options: CsvOptions, keeping: Keeping): Promise<AnyDataSet> {
  const { name, columns, blocks } = typed;
  assertWithoutCsv(options, name);
  const { label = typed.label } = options;
  if (label === undefined) {
    throw withoutLabel(
      columns.map((column) => column.name),
      name,
    );
  }
  const table = await readTableAgain({ name, typed, blocks }, { ...options, label, name }, keeping);
  return dataSetOf(name, table as TableOf<FeatureArray | StoredRows> & Pick<LabelledCsvTable, 'labels' | 'classes'>);
}

async function* csvBlocks(source: NamedBytes, options: CsvOptions): AsyncGenerator<RowBlock, void, undefined> {
  const { name, decimal, comment } = learnOptions(options);
  const reader = new RecordReader({ name, delimiter: options.delimiter, decimal, comment });
  for await (const chunk of chunksOf(source)) yield* reader.push(chunk);
  yield* reader.end();
}
