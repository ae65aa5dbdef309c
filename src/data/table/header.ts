// data: the column names of a table, read without its rows.
import { FormatError } from '../../core/errors.js';
import type { RecordFormat } from './csv/delimiter.js';
import { RecordReader } from './csv/records.js';
import { type RowBlock, textsOf } from './row.js';

/** Options for reading a header, as in `parseCsv`. */
export interface HeaderOptions extends RecordFormat {
  /** Whether the first line names the columns; otherwise the names are `column 1`, `column 2`, …. */
  readonly header?: boolean;
}

/**
 * The column names in the first record; `parseCsv` checks them.
 *
 * Reading stops at the chunk that completes the record.
 *
 * @throws FormatError if there is no record, or the text is not CSV
 */
export async function readHeader(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { header = true, ...format }: HeaderOptions,
): Promise<readonly string[]> {
  const reader = new RecordReader(format);
  let first: readonly string[] | undefined;
  for await (const chunk of chunks) {
    first = firstRecord(reader.push(chunk));
    if (first !== undefined) break;
  }
  first ??= firstRecord(reader.end());
  if (first === undefined) {
    const rule = { where: format.name, argument: 'the table', expected: 'have a header line' };
    throw new FormatError({ ...rule, actual: 'an empty file' });
  }
  return header ? first : first.map((_, i) => `column ${i + 1}`);
}

function firstRecord(blocks: Iterable<RowBlock>): readonly string[] | undefined {
  for (const block of blocks) {
    block.select(0);
    return textsOf(block);
  }
  return undefined;
}
