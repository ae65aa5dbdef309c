// cli: --memory: where the rows of a table go that do not fit.
import { FormatError } from '../../core/errors.js';
import type { RowStoring } from '../../data/stored-rows.js';
import { inBytes } from '../../data/table/limits.js';
import { memoryForData } from '../../node/memory.js';
import type { Keeping } from '../../reading/keeping.js';
import { count } from '../output.js';

/** How many rows a command keeps in memory. */
export interface Room {
  readonly signal?: AbortSignal;
  /** The most bytes that the rows of a table may take in memory; by default, most of what is free. */
  readonly memory?: number;
  /** Why rows must be in memory, if they must: the flags to leave out. */
  readonly unstored?: string;
  /** Takes what closes the file of stored rows, for the time when they are no longer read. */
  readonly closing?: (close: () => Promise<void>) => void;
}

/**
 * The part of a table that is kept in memory. The rest is stored in a temporary file.
 *
 * @param where the name of the table
 * @param aside what else makes a table smaller
 */
export function keepingOf(where: string, room: Room, aside?: string): Keeping {
  const { memory } = room;
  const maxMemory = memory ?? memoryForData();
  const others = ['Pass a larger --memory', 'give a file with fewer rows', ...(aside === undefined ? [] : [aside])];
  const hint = `${others.slice(0, -1).join(', ')}, or ${others.at(-1)}.`;
  return { maxMemory, store: storing(where, maxMemory, room), ...(memory !== undefined && { hint }) };
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

/** Refuses to store rows that must be in memory. The arguments are those of `RowStoring`. */
export function assertUnneeded(where: string, maxMemory: number, { unstored }: Room) {
  return (n: number, d: number, needed: number): void => {
    if (unstored === undefined) return;
    const expected = `fit into ${inBytes(maxMemory)} of memory with ${unstored}`;
    const actual = `${count(n)} rows of ${count(d)} features, which need ${inBytes(needed)}`;
    const hint = `Leave out ${unstored}, so that rows can be read from a file, or pass a larger --memory.`;
    throw new FormatError({ where, argument: 'the table', expected, actual, hint });
  };
}

/** Stores rows in a temporary file, unless they must be in memory. */
function storing(where: string, maxMemory: number, room: Room): RowStoring {
  const { signal, closing } = room;
  return async (n, d, needed) => {
    assertUnneeded(where, maxMemory, room)(n, d, needed);
    const { openRowFile } = await import('../../node/row-file.js');
    const writer = await openRowFile(n, d);
    closing?.(writer.close);
    return {
      ...writer,
      write: async (values) => {
        signal?.throwIfAborted();
        await writer.write(values);
      },
    };
  };
}
