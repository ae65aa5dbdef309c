// node: one file from the network, whole and as expected or not at all.
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackendError, FormatError, isSoftmaxRegressionError } from '../../core/errors.js';
import { fileError, makeFolder, sha256OfFile, statIfAny } from '../files.js';

/** What a file must turn out to be. */
export interface ExpectedFile {
  readonly bytes: number;
  /** As lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Milliseconds without a byte after which a server is given up. */
const STALL = 30_000;

export interface DownloadOptions {
  /** Called with the number of bytes that are here. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Downloads `url` to `path`, which then holds exactly the expected bytes.
 *
 * What came before a broken connection or an abort stays beside it as `.partial`, and the next call goes on from there,
 * from whichever server. No more bytes are taken than expected.
 *
 * @throws FormatError if the server has another file; what it sent is removed
 * @throws BackendError if it cannot be reached, refuses or stalls, or the disk does; the signal's reason if aborted
 */
export async function download(
  url: string,
  path: string,
  expected: ExpectedFile,
  options: DownloadOptions = {},
): Promise<void> {
  const partial = `${path}.partial`;
  await makeFolder(dirname(path));
  const present = (await statIfAny(partial))?.size ?? 0;
  const resumed = await fetchRest(url, partial, present, expected.bytes, options);
  const actual = await sha256OfFile(partial, undefined, options.signal);
  if (actual === expected.sha256) {
    await rename(partial, path);
    return;
  }
  await rm(partial, { force: true });
  // The bytes from before may be the wrong ones, and this server innocent.
  if (resumed) return download(url, path, expected, options);
  throw new FormatError({
    where: url,
    argument: 'sha256',
    expected: `be ${expected.sha256}`,
    actual,
    hint: 'What came was removed.',
  });
}

/** Brings `partial` to its full length; true if what was present is part of it. */
async function fetchRest(
  url: string,
  partial: string,
  present: number,
  bytes: number,
  { onBytes, signal }: DownloadOptions,
): Promise<boolean> {
  if (present === bytes) return true;
  const from = present < bytes ? present : 0;
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  const stalled = setTimeout(() => stop.abort(new Error(`no byte for ${STALL / 1000} s`)), STALL);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    const response = await fetch(url, { headers, signal: stop.signal });
    const start = startOf(response, url, from, bytes);
    let here = start;
    const file = await open(partial, start > 0 ? 'a' : 'w').catch((error) => {
      throw fileError(error, partial);
    });
    try {
      for await (const chunk of chunksOf(response)) {
        stalled.refresh();
        if (here + chunk.length > bytes) throw wrongLength(url, bytes, 'more');
        await file.writeFile(chunk).catch((error) => {
          throw fileError(error, partial);
        });
        here += chunk.length;
        onBytes?.(here);
      }
    } finally {
      await file.close();
    }
    if (here < bytes) throw unreachable(url, `${here} of ${bytes} bytes before the connection ended`);
    return start > 0;
  } catch (error) {
    // Nothing more is wanted from this server.
    stop.abort();
    signal?.throwIfAborted();
    if (isSoftmaxRegressionError(error)) {
      if (error.code === 'FORMAT') await rm(partial, { force: true });
      throw error;
    }
    throw unreachable(url, reasonOf(error), error);
  } finally {
    clearTimeout(stalled);
    signal?.removeEventListener('abort', abort);
  }
}

/** Where in the file the answer begins; refuses an answer that cannot be the file before its body is read. */
function startOf(response: Response, url: string, from: number, bytes: number): number {
  if (!response.ok) throw unreachable(url, `HTTP status ${response.status}`);
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  const start = response.status === 206 ? Number(range?.[1]) : 0;
  if (start !== 0 && start !== from) throw unreachable(url, `bytes from ${start} instead of ${from}`);
  const length = response.headers.get('content-length');
  const announced = start + Number(length);
  if (length !== null && announced !== bytes) throw wrongLength(url, bytes, String(announced));
  return start;
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  // fetch says "fetch failed" and keeps what happened in the cause.
  return (cause as Error | undefined)?.message || message;
}

function wrongLength(url: string, bytes: number, actual: string): FormatError {
  const hint = 'Is there a proxy that answers with a page of its own?';
  return new FormatError({ where: url, argument: 'length', expected: `be ${bytes} bytes`, actual, hint });
}

function unreachable(url: string, actual: string, cause?: unknown): BackendError {
  return new BackendError({ where: url, argument: 'the server', expected: 'send the file', actual, cause });
}
