// cli: DATA that can be read once, a pipe or a query, kept for the time of several passes.
import { openTableBytes } from '../../formats/table-bytes.js';
import { memoryForData } from '../../node/memory.js';
import { type SpooledBytes, spooled } from '../../node/spool.js';
import type { TableSource } from '../../reading/table.js';
import { namedBytes } from '../bytes.js';
import { type Data, Query } from './query.js';
import type { Room } from './row-files.js';

/** Bytes that are kept in memory, if that is a small part of what there is; the rest goes to a file. */
const IN_MEMORY = 2 ** 26;

/** The result of `read`, which may read the table in several passes. */
export async function withSpooled<T>(source: Data, room: Room, read: (table: TableSource) => Promise<T>): Promise<T> {
  const again = await spooledBytes(source, room);
  try {
    return await read(typeof source === 'string' ? again : await openTableBytes(again));
  } finally {
    await again.close();
  }
}

/** The result of `read`, which may read DATA several times. A query runs once. */
export async function withSpooledQuery<T>(source: Data, room: Room, read: (source: Data) => Promise<T>): Promise<T> {
  if (typeof source === 'string') return read(source);
  const again = await spooledBytes(source, room);
  try {
    return await read(new Query(async () => again));
  } finally {
    await again.close();
  }
}

async function spooledBytes(source: Data, room: Room): Promise<SpooledBytes> {
  const { signal, memory = memoryForData() } = room;
  const once = typeof source === 'string' ? namedBytes(source, signal) : await source.bytes(room);
  return spooled(once, Math.min(IN_MEMORY, memory / 4));
}
