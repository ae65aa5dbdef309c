// cli: DATA that can be read once, a pipe or a query, kept for the time of several passes.
import { openTableBytes } from '../../formats/table-bytes.js';
import { memoryForData } from '../../node/memory.js';
import { type SpooledBytes, spooled } from '../../node/spool.js';
import { openNamed } from '../../node/unnamed-file.js';
import type { NamedBytes } from '../../reading/bytes.js';
import type { TableSource } from '../../reading/table.js';
import { namedBytes } from '../bytes.js';
import { STDIN } from '../files.js';
import { type Data, nameOf, Query } from './query.js';
import type { Room } from './row-files.js';

/** Bytes that are kept in memory, if that is a small part of what there is; the rest goes to a file. */
const IN_MEMORY = 2 ** 26;

/** The result of `read`, which may read the table in several passes. */
export async function withSpooled<T>(source: Data, room: Room, read: (table: TableSource) => Promise<T>): Promise<T> {
  const shared = sharedInput(source, room);
  const again = shared === undefined ? await spooledBytes(source, room) : { ...shared, close: async () => {} };
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

/** Names the file of DATA in each process of --workers. */
const SHARED = 'SOFTMAX_REGRESSION_INPUT';

/** Whether DATA can be read once, and by this process alone. */
export function isOnce(source: Data): boolean {
  return source === STDIN || typeof source !== 'string';
}

/**
 * Copies DATA that can be read once to a file, which processes that this one starts read in its place.
 *
 * @returns removes the file
 * @throws BackendError if the folder for temporary files cannot be written to, or is full; the errors of reading
 */
export async function shareInput(source: Data, room: Room): Promise<() => Promise<void>> {
  const file = await openNamed('softmax-regression-shared');
  try {
    let end = 0;
    for await (const chunk of (await bytesOnce(source, room)).stream() as AsyncIterable<Uint8Array>) {
      await file.write(chunk, end);
      end += chunk.length;
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  process.env[SHARED] = file.path;
  return file.close;
}

/** The bytes of such a file, if this is one of these processes; they can be read again. */
export function sharedInput(source: Data, { signal }: Room): NamedBytes | undefined {
  const path = process.env[SHARED];
  if (path === undefined || !isOnce(source)) return undefined;
  const { name } = namedBytes(nameOf(source), signal);
  return { ...namedBytes(path, signal), name };
}

async function bytesOnce(source: Data, room: Room): Promise<NamedBytes> {
  return typeof source === 'string' ? namedBytes(source, room.signal) : source.bytes(room);
}

async function spooledBytes(source: Data, room: Room): Promise<SpooledBytes> {
  const { memory = memoryForData() } = room;
  return spooled(await bytesOnce(source, room), Math.min(IN_MEMORY, memory / 4));
}
