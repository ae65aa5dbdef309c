// model: logits of rows that several processes share.
import { type Affine, largestFeature } from '../core/affine.js';
import type { Communicator } from '../core/ranks/communicator.js';
import { nextTask, untilAborted } from '../core/task.js';
import { KeptRows } from '../data/kept-rows.js';
import { rowsBetween, StoredRows, storedOf } from '../data/stored-rows.js';
import { isSparseInput, readFeatures } from '../training/inputs.js';
import {
  assertPredictOptions,
  atRow,
  type Chunk,
  type PredictOptions,
  predictChunks,
  type Rows,
} from './predict-async.js';
import { assertSparseFor, denseRows } from './sparse.js';

/** Features, and logits, of the rows that a rank reads at a time: 4 MB and 512 kB. */
const [FEATURES, LOGITS] = [2 ** 19, 2 ** 16];
/** Logits of all ranks together: 64 MB. */
const LOGITS_OF_ALL = 2 ** 23;

/** Rows of any kind as float64 rows of which a rank reads some. */
export async function shareable(affine: Affine, rows: Rows, where: string): Promise<StoredRows> {
  if (rows instanceof StoredRows) return rows;
  if (isSparseInput(rows)) {
    assertSparseFor(affine, rows, where);
    return denseRows(rows);
  }
  if (!(rows instanceof KeptRows)) return storedOf(await readFeatures(rows, where, undefined, largestFeature(affine)));
  const [, d] = rows.shape;
  return new StoredRows(rows.shape, async (start, end, into) => {
    for (let i = start; i < end; i++) into.set(rows.row(i).values, (i - start) * d);
  });
}

/**
 * The logits of all rows in order, on every rank. In turns, each rank reads and multiplies a piece of its own, and all ranks
 * exchange their pieces. The bits do not depend on the number of ranks.
 *
 * @throws as `predictChunks`, on the rank that reads the row; the errors of `allGather`
 */
export async function* sharedChunks(
  affine: Affine,
  rows: StoredRows,
  communicator: Communicator,
  where: string,
  { signal, onProgress }: PredictOptions,
): AsyncGenerator<Chunk, void, void> {
  assertPredictOptions({ signal, onProgress }, where);
  const [n, d] = rows.shape;
  const q = affine.bias.length;
  const { rank, size } = communicator;
  const most = Math.min(FEATURES / d, LOGITS / q, LOGITS_OF_ALL / (size * q), Math.ceil(n / size));
  const piece = Math.max(1, Math.floor(most));
  for (let turn = 0; turn < n; turn += size * piece) {
    const startOf = (of: number) => Math.min(n, turn + of * piece);
    const [first, end] = [startOf(rank), startOf(rank + 1)];
    const own = new Float64Array((end - first) * q);
    const chunks = predictChunks(affine, rowsBetween(rows, first, end), 'logits', where, { signal });
    for await (const { start, values } of atRow(first, chunks, false)) own.set(values, (start - first) * q);
    const messages = await untilAborted(communicator.allGather(new Uint8Array(own.buffer)), signal);
    for (const [of, { buffer, byteOffset, byteLength }] of messages.entries()) {
      await nextTask();
      signal?.throwIfAborted();
      const [start, end] = [startOf(of), startOf(of + 1)];
      if (start < end) yield { start, end, values: new Float64Array(buffer, byteOffset, byteLength / 8) };
    }
    onProgress?.({ done: startOf(size), total: n });
  }
}
