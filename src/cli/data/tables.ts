// cli: the tables that DATA can name.
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { TypedTable } from '../../data/table/typed/table.js';
import { provideFormats } from '../../formats/provide.js';
import { openTableBytes } from '../../formats/table-bytes.js';
import { stateNow } from '../../node/files.js';
import { isGzip, wholeOf } from '../../reading/bytes.js';
import { FORMAT_START, fileInMemory, openBinary, type TableFormat, tableFormatOf } from '../../reading/format.js';
import type { TableSource } from '../../reading/table.js';
import { namedBytes } from '../bytes.js';
import { STDIN } from '../files.js';
import { binaryFile } from './binary-file.js';
import type { Data } from './query.js';
import type { Room } from './row-files.js';

/** The files of a folder that make one table, in the order of their names; hidden files are none. */
export function partsOfFolder(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^[^._].*\.(?:parquet|pq)$/i.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Whether a folder holds the parts of a table. */
export function isTableFolder(folder: string): boolean {
  return stateNow(folder)?.isDirectory() === true && partsOfFolder(folder).length > 0;
}

export function isFile(path: string): boolean {
  return stateNow(path)?.isFile() === true;
}

/** How the rows of a table are numbered: by the line on which they begin, or from 1. */
export function unitOf(source: Data): 'line' | 'row' {
  const format = typeof source === 'string' ? formatOf(source) : 'parquet';
  return format === 'parquet' || format === 'arrow' ? 'row' : 'line';
}

/** The format of a table; of standard input, CSV also stands for JSON lines. */
export function formatOf(source: string): TableFormat {
  if (source === STDIN) return 'csv';
  if (isTableFolder(source)) return 'parquet';
  return tableFormatOf(startOfFile(source), source);
}

/** The first bytes of a file; none of one that cannot be read, which is refused where it is read. */
function startOfFile(path: string): Uint8Array {
  // A pipe that has a name can be read once.
  if (!isFile(path)) return new Uint8Array(0);
  try {
    const file = openSync(path, 'r');
    try {
      const start = new Uint8Array(FORMAT_START);
      return start.subarray(0, readSync(file, start, 0, FORMAT_START, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * A table: text formats as bytes to come, the others open. Of those, columns are read as they are asked for.
 *
 * A pipe and a query can be read in one pass.
 */
export async function openTable(source: Data, room: Room = {}): Promise<TableSource> {
  if (typeof source !== 'string') return openTableBytes(await source.bytes(room));
  const { signal } = room;
  const format = formatOf(source);
  if (format !== 'parquet' && format !== 'arrow') return namedBytes(source, signal);
  provideFormats();
  const paths = isTableFolder(source) ? partsOfFolder(source) : [source];
  const files = [];
  for (const path of paths) {
    // What cannot be read in any order: a pipe, and what is packed.
    const isWhole = isFile(path) && !isGzip(startOfFile(path));
    files.push(isWhole ? binaryFile(path) : fileInMemory(path, await wholeOf(namedBytes(path, signal))));
  }
  const table = await openBinary(format, files, source);
  return { ...table, blocks: (read) => untilAborted(table.blocks(read), signal) };
}

/** The blocks of a pass, which ends with the reason of the signal if it is aborted. */
async function* untilAborted<Block>(blocks: AsyncIterable<Block>, signal: AbortSignal | undefined) {
  for await (const block of blocks) {
    signal?.throwIfAborted();
    yield block;
  }
}

export function isTyped(table: TableSource): table is TypedTable {
  return 'columns' in table;
}
