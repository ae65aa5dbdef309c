// cli: the bytes of a file or of standard input.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { BackendError, FormatError } from '../core/errors.js';
import { errorCode } from '../node/files.js';
import type { NamedBytes } from '../reading/bytes.js';
import { STDIN } from './files.js';

/** The length of the chunks of a file. */
export const CHUNK = 2 ** 18;

/** A file or standard input. An abort ends a pending read. */
export function namedBytes(source: string, signal?: AbortSignal, chunk = CHUNK): NamedBytes {
  const name = source === STDIN ? 'standard input' : source;
  return { name, stream: () => bytesOf(source, name, signal, chunk) };
}

async function* bytesOf(
  source: string,
  where: string,
  signal: AbortSignal | undefined,
  chunk: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (source === STDIN) {
      if (signal !== undefined) addAbortSignal(signal, process.stdin);
      yield* process.stdin as AsyncIterable<Buffer>;
    } else {
      const rule = { where, argument: 'this path', expected: 'be a table or a folder of IDX files' };
      if ((await stat(source)).isDirectory()) throw new FormatError({ ...rule, actual: 'a folder without IDX files' });
      yield* createReadStream(source, { highWaterMark: chunk, signal }) as AsyncIterable<Buffer>;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw readError(cause, where);
  }
}

/** An error of the system as one that names the file. Others are returned unchanged. */
export function readError(cause: unknown, where: string): unknown {
  const code = errorCode(cause);
  if (code === undefined) return cause;
  const isMissing = code === 'ENOENT';
  return new BackendError({
    where,
    argument: 'this path',
    expected: 'be a readable file',
    actual: isMissing ? 'no such file' : (cause as Error).message,
    hint: isMissing ? 'Check the path.' : undefined,
    cause,
  });
}
