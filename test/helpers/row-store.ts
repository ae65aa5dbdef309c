// Rows that are stored in an array, and what happened to them.
import { type RowStoring, StoredRows } from '../../src/data/stored-rows.js';

export interface RowStore {
  readonly store: RowStoring;
  /** The sizes of what was stored: the rows at the beginning, their length, the bytes of memory. */
  readonly stored: [n: number, d: number, needed: number][];
  /** How many numbers were written each time. */
  readonly writes: number[];
  /** How often it was closed. */
  readonly closed: () => number;
}

export function rowStore(): RowStore {
  const stored: RowStore['stored'] = [];
  const writes: number[] = [];
  let closed = 0;
  const store: RowStoring = async (n, d, needed) => {
    const all: number[] = [];
    stored.push([n, d, needed]);
    return {
      write: async (values) => {
        writes.push(values.length);
        for (const each of values) all.push(each);
      },
      finish: async () =>
        new StoredRows([all.length / d, d], async (start, end, into) => into.set(all.slice(start * d, end * d))),
      close: async () => {
        closed++;
      },
    };
  };
  return { store, stored, writes, closed: () => closed };
}
