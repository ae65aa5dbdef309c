// reading: named bytes, in chunks or as a whole; gzip data are unpacked.

import { FormatError } from '../core/errors.js';
import { assertObject } from '../core/shape.js';

/** Bytes with a name, such as a `File`. */
export interface NamedBytes {
  /** The file's name, for error messages. */
  readonly name: string;
  /** All bytes, in chunks. */
  stream(): ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** The maximum length of a Uint8Array on Node 20. */
const MAX_BYTES = 2 ** 32;

/**
 * The bytes in chunks, unpacked if they begin with the magic number of gzip.
 *
 * @throws FormatError for damaged gzip data; errors of the stream pass through
 */
export async function* chunksOf(source: NamedBytes): AsyncGenerator<Uint8Array, void, undefined> {
  const stream: unknown = source.stream();
  assertObject(stream, source.name, 'stream()', 'return a stream of bytes');
  const chunks = iterate(stream as ReturnType<NamedBytes['stream']>);
  try {
    const start = await startOfChunks(chunks, 2);
    const all = joinedBefore(start, chunks);
    yield* isGzip(start) ? unpacked(all, source.name) : all;
  } finally {
    await chunks.return();
  }
}

/** Whether the first bytes are those of gzip. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** At least the first `length` bytes, or all bytes of a shorter file. */
export async function startOf(source: NamedBytes, length: number): Promise<Uint8Array> {
  return reading(source, length, async (start) => start);
}

/**
 * The result of `read`, which receives the first bytes, as of `startOf`, and all bytes in chunks. The stream is closed
 * afterwards.
 */
export async function reading<T>(
  source: NamedBytes,
  length: number,
  read: (start: Uint8Array, chunks: Chunks) => Promise<T>,
): Promise<T> {
  const chunks = chunksOf(source);
  try {
    const start = await startOfChunks(chunks, length);
    return await read(start, joinedBefore(start, chunks));
  } finally {
    await chunks.return();
  }
}

/** The first chunk, and all chunks. A pipe is not waited for beyond its first bytes. */
export async function begun(chunks: Chunks): Promise<{ readonly start: Uint8Array; readonly all: Chunks }> {
  const start = await startOfChunks(chunks, 1);
  return { start, all: joinedBefore(start, chunks) };
}

/** All bytes at once, as `bounded` yields them. */
export async function wholeOf(source: NamedBytes, maxBytes?: number): Promise<Uint8Array> {
  const kept = new KeptBytes();
  for await (const chunk of bounded(chunksOf(source), source.name, maxBytes)) kept.add(chunk);
  return kept.whole();
}

/**
 * The chunks.
 *
 * @throws FormatError as soon as there are more than `maxBytes`
 */
export async function* bounded(chunks: Chunks, name: string, maxBytes = MAX_BYTES): Chunks {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maxBytes) {
      const rule = { where: name, argument: 'the file', expected: `have at most ${maxBytes} bytes` };
      throw new FormatError({ ...rule, actual: 'more' });
    }
    yield chunk;
  }
}

/** Bytes of a block. A chunk of a pipe may be one byte, and takes 200 bytes where it is kept. */
const BLOCK = 2 ** 20;

/** Bytes that are kept in blocks, whatever the size of the chunks. */
export class KeptBytes {
  length = 0;
  readonly #full: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #used = 0;

  add(chunk: Uint8Array): void {
    this.length += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      if (this.#used === this.#block.length) this.#begin();
      const part = chunk.subarray(at, at + this.#block.length - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
    }
  }

  /** Some of the bytes from a place, which must be below the length. */
  from(at: number): Uint8Array {
    const block = Math.floor(at / BLOCK);
    return (this.#full[block] ?? this.#block.subarray(0, this.#used)).subarray(at - block * BLOCK);
  }

  get chunks(): readonly Uint8Array[] {
    return [...this.#full, this.#block.subarray(0, this.#used)];
  }

  whole(): Uint8Array {
    return joined(this.chunks, this.length);
  }

  #begin(): void {
    if (this.#used > 0) this.#full.push(this.#block);
    this.#block = new Uint8Array(BLOCK);
    this.#used = 0;
  }
}

export type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** Reads web streams with a reader, because they are not iterable in Safari. */
async function* iterate(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): Chunks {
  if (!('getReader' in stream)) return yield* stream;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // A stream that failed has said so already.
    await reader.cancel().catch(() => undefined);
  }
}

async function startOfChunks(chunks: Chunks, length: number): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < length) {
    const { done, value } = await chunks.next();
    if (done) break;
    start = start.length === 0 ? value : joined([start, value], start.length + value.length);
  }
  return start;
}

async function* joinedBefore(start: Uint8Array, chunks: Chunks): Chunks {
  if (start.length > 0) yield start;
  yield* chunks;
}

async function* unpacked(chunks: Chunks, name: string): Chunks {
  const { readable, writable } = new DecompressionStream('gzip');
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  let isStreamLost = false;
  // pipeThrough on Node 20 queues 16,384 chunks before it applies back-pressure.
  const feed = async () => {
    const next = () =>
      chunks.next().catch((error) => {
        isStreamLost = true;
        throw error;
      });
    for (let chunk = await next(); !chunk.done; chunk = await next()) {
      await writer.write(chunk.value as Uint8Array<ArrayBuffer>);
    }
    await writer.close();
  };
  // Errors surface in the reader.
  const fed = feed().catch(async (error) => {
    await writer.abort(error).catch(() => undefined);
    return { error };
  });
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(async (cause) => {
        throw isStreamLost ? (await fed)?.error : notUnpacked(name, cause);
      });
      if (done) return;
      yield value;
    }
  } finally {
    // A stream that failed has said so already.
    await reader.cancel().catch(() => undefined);
  }
}

function notUnpacked(name: string, cause: unknown): FormatError {
  const actual = cause instanceof Error ? cause.message : String(cause);
  const hint = 'The file is damaged: fetch it again.';
  return new FormatError({ where: name, argument: 'gzip data', expected: 'unpack', actual, hint, cause });
}

/** The chunks as one array of `length` bytes. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
