// node: bytes that can be read once, such as those of a pipe, kept so that they can be read again.
import { KeptBytes, type NamedBytes } from '../reading/bytes.js';
import { openUnnamed, type UnnamedFile } from './unnamed-file.js';

/** Bytes that are read from the file at a time. */
const CHUNK = 2 ** 18;

export interface SpooledBytes extends NamedBytes {
  /** Ends the source, and removes the file. */
  close(): Promise<void>;
}

/**
 * The same bytes, which can be streamed again, one stream at a time. They are read from the source as they are needed, so
 * an error in the first lines ends an endless pipe. The file has no name: it is gone when the process ends.
 *
 * @param inMemory bytes that are kept in memory; the rest is in a temporary file
 */
export function spooled(once: NamedBytes, inMemory: number): SpooledBytes {
  const spool = new Spool(inMemory);
  let source: AsyncIterator<Uint8Array> | undefined;
  return {
    name: once.name,
    async *stream() {
      source ??= (once.stream() as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      for (let at = 0; ; ) {
        const chunk = at < spool.length ? await spool.read(at) : await spool.next(source);
        if (chunk === undefined) return;
        at += chunk.length;
        yield chunk;
      }
    },
    async close() {
      await source?.return?.();
      await spool.close();
    },
  };
}

class Spool {
  length = 0;
  readonly #kept = new KeptBytes();
  readonly #most: number;
  #file: UnnamedFile | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** The next chunk of the source, which is kept; undefined at its end. */
  async next(source: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
    const { done, value } = await source.next();
    if (done) return undefined;
    if (this.#file === undefined && this.length + value.length <= this.#most) this.#kept.add(value);
    else {
      this.#file ??= await openUnnamed('softmax-regression-input');
      await this.#file.write(value, this.length - this.#kept.length);
    }
    this.length += value.length;
    return value;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Some of the bytes that are kept, from a place. */
  async read(at: number): Promise<Uint8Array> {
    const { length } = this.#kept;
    if (at < length) return this.#kept.from(at);
    const bytes = new Uint8Array(Math.min(CHUNK, this.length - at));
    await (this.#file as UnnamedFile).read(bytes, at - length);
    return bytes;
  }
}
