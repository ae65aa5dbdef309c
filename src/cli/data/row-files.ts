// cli: --memory: where the rows of a table go that do not fit.
import { tmpdir } from 'node:os';
import { inBytes } from '../../core/shape.js';
import type { RowStoring, RowWriter } from '../../data/stored-rows.js';
import type { OnProgress } from '../../node/files.js';
import { memoryForData } from '../../node/memory.js';
import type { Keeping } from '../../reading/keeping.js';

/** How many rows a command keeps in memory. */
export interface Room {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** The most bytes that the rows of a table may take in memory; by default, most of what is free. */
  readonly memory?: number;
  /** Takes what closes the file of stored rows, for the time when they are no longer read. */
  readonly closing?: (close: () => Promise<void>) => void;
}

/**
 * The part of a table that is kept in memory. The rest is stored in a temporary file.
 *
 * @param aside what else makes a table smaller
 */
export function keepingOf(room: Room, aside?: string): Keeping {
  const { memory } = room;
  const maxMemory = memory ?? memoryForData();
  const others = ['Pass a larger --memory', 'give a file with fewer rows', ...(aside === undefined ? [] : [aside])];
  const hint = `${others.slice(0, -1).join(', ')}, or ${others.at(-1)}.`;
  return { maxMemory, store: storing(room), ...(memory !== undefined && { hint }) };
}

/** Runs `work`, and closes the files of stored rows afterwards. */
export async function withRowFiles<T>(work: (closing: NonNullable<Room['closing']>) => Promise<T>): Promise<T> {
  const files: (() => Promise<void>)[] = [];
  try {
    return await work((close) => void files.push(close));
  } finally {
    await Promise.allSettled(files.map((close) => close()));
  }
}

/** Stores rows in a temporary file. */
function storing(room: Room): RowStoring {
  return async (n, d) => {
    const { openRowFile } = await import('../../node/row-file.js');
    const writer = await openRowFile(n, d);
    room.closing?.(writer.close);
    return shownWriter(writer, room, tmpdir());
  };
}

/** Shows how much is stored in a folder, until the command is interrupted. */
export function shownWriter(writer: RowWriter, { signal, onProgress }: Room, folder: string): RowWriter {
  let bytes = 0;
  return {
    ...writer,
    async write(values) {
      signal?.throwIfAborted();
      await writer.write(values);
      bytes += values.byteLength;
      onProgress?.({ stage: 'store the rows', done: 0, note: `${inBytes(bytes)} in ${folder}` });
    },
  };
}
