// compile: the samples that a loop has in memory: all of them, or those of some batches at a time.
import * as tf from '@tensorflow/tfjs';
import { DomainError } from '../core/errors.js';
import { NUMBERS_OF_A_BATCH } from '../core/limits.js';
import { untilAborted } from '../core/task.js';
import { allocateLike, type BatchRange, type FeatureValues } from '../data/batches.js';
import { readInOrder, type SomeRows } from '../data/rows-in-order.js';
import { StoredRows } from '../data/stored-rows.js';
import { copySamples, type DataStore, type Resident, type Source, sizeOf } from './arrays.js';

/** Batches whose samples are in memory: the samples order[start], …, order[end − 1] of the arrays. */
interface Window {
  readonly order: Int32Array | undefined;
  readonly batches: readonly BatchRange[];
}

/** The samples of a loop. */
export interface Windows {
  /** Those of the present window. */
  readonly arrays: readonly Resident[];
  /** Whether windows have an order. */
  readonly isOrdered: boolean;
  /** Window after window of these batches of a pass. */
  read(
    batches: readonly BatchRange[],
    order: Int32Array | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Window, void, undefined>;
  close(): void;
}

/** What the size of a window depends on. */
export interface WindowShape {
  readonly numSamples: number;
  readonly batchSize: number;
  /** Whether each pass has its own order. */
  readonly isOrdered: boolean;
}

/** @throws DomainError for tensors beside stored rows */
export function windowsOf(sources: readonly Source[], shape: WindowShape, store: DataStore): Windows {
  return areResident(sources) ? wholeOf(sources, shape) : new StoredWindows(sources, shape, store);
}

function areResident(sources: readonly Source[]): sources is readonly Resident[] {
  return sources.every(({ source }) => !(source instanceof StoredRows));
}

/** One window of all samples. */
function wholeOf(arrays: readonly Resident[], { isOrdered }: WindowShape): Windows {
  return {
    arrays,
    isOrdered,
    async *read(batches, order) {
      yield { order, batches };
    },
    close: () => {},
  };
}

/** Numbers of a sample besides its own: those that sort its row. */
const NUMBERS_TO_SORT = 2;

/** Samples of which some are outside memory. Those of a window lie in the order of its batches. */
class StoredWindows implements Windows {
  readonly arrays: readonly (Resident & { readonly source: FeatureValues })[];
  readonly isOrdered = false;
  readonly #sources: readonly Source[];
  readonly #store: DataStore;
  /** Batches of a window. */
  readonly #length: number;

  constructor(sources: readonly Source[], { numSamples, batchSize }: WindowShape, store: DataStore) {
    const numbers = sources.reduce((sum, each) => sum + sizeOf(each), NUMBERS_TO_SORT);
    this.#length = Math.max(1, Math.floor(NUMBERS_OF_A_BATCH / (numbers * batchSize)));
    const rows = Math.min(numSamples, this.#length * batchSize);
    this.arrays = sources.map((each) => ({ ...each, source: bufferFor(each, rows), numSamples: rows }));
    this.#sources = sources;
    this.#store = store;
  }

  /** The next window is read while one is used. An abort does not wait for a read; another end does. */
  async *read(
    batches: readonly BatchRange[],
    order: Int32Array | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Window, void, undefined> {
    const incoming = this.arrays.map(({ source }) => allocateLike(source, source.length));
    let isEnded = false;
    const readFrom = (first: number) => {
      const some = batches.slice(first, first + this.#length);
      if (some.length === 0) return undefined;
      const [[start], [, end]] = [some[0], some[some.length - 1]];
      const rows = { order, start, end };
      const reading = Promise.all(this.#sources.map((each, i) => copy(each, rows, incoming[i], () => isEnded)));
      // Handled where it is awaited, which may be later.
      reading.catch(() => {});
      return { reading, batches: some.map((batch): BatchRange => [batch[0] - start, batch[1] - start]) };
    };
    let next = readFrom(0);
    try {
      for (let first = this.#length; next !== undefined; first += this.#length) {
        await untilAborted(next.reading, signal);
        const { batches } = next;
        this.arrays.forEach(({ source }, i) => {
          source.set(incoming[i]);
          this.#store.forget(source);
        });
        next = readFrom(first);
        yield { order: undefined, batches };
      }
    } finally {
      isEnded = true;
      if (signal?.aborted !== true) await next?.reading.catch(() => {});
    }
  }

  close(): void {
    for (const { source } of this.arrays) this.#store.forget(source);
  }
}

function bufferFor({ path, source, ...form }: Source, rows: number): FeatureValues {
  const length = rows * sizeOf(form);
  if (source instanceof StoredRows) return new Float32Array(length);
  if (!(source instanceof tf.Tensor)) return allocateLike(source, length);
  const expected = 'be a typed array, or { values, shape }, beside stored rows';
  throw new DomainError({ where: 'scan', argument: `data${path}`, expected, actual: 'a tensor' });
}

async function copy(from: Source, rows: SomeRows, into: FeatureValues, isEnded: () => boolean): Promise<void> {
  const { source } = from;
  if (source instanceof StoredRows) await readInOrder(source, rows, into as Float32Array, isEnded);
  else copySamples(source as FeatureValues, sizeOf(from), rows, into);
}
