// data: the names of a table's columns, read without its rows.
import { FormatError } from '../../core/errors.js';
import type { RecordFormat } from './csv/delimiter.js';
import { RecordReader } from './csv/records.js';
import type { RowBlock } from './csv/rows.js';
import { textsOf } from './row.js';

/** How a header is read, as `parseCsv` has it. */
export interface HeaderOptions extends RecordFormat {
  /** Whether the first line names the columns; without, they are `column 1`, `column 2`, …. */
  readonly header?: boolean;
}

/**
 * The names of the columns, as the first record has them; `parseCsv` checks them.
 *
 * No chunk is asked for after the one that completes the record.
 *
 * @throws FormatError if there is no record, or the text is no CSV
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
    const rule = { where: format.name, argument: 'the table', expected: 'have a line of names' };
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
