// node: downloads one file and verifies its size and checksum.
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackendError, FormatError, isSoftmaxRegressionError } from '../../core/errors.js';
import { fileError, makeFolder, sha256OfFile, statIfAny } from '../files.js';

/** The expected size and checksum of a file. */
export interface ExpectedFile {
  readonly bytes: number;
  /** In lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Milliseconds without a byte after which a download fails. */
const STALL = 30_000;
/** Least bytes in each window of milliseconds, about 1 kB/s. A slower download fails: it could go on for ever. */
const LEAST_BYTES = 60_000;
const WINDOW = 60_000;

export interface DownloadOptions {
  /** Called with the number of bytes received so far. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
  /**
   * What the file unpacks to, and its path. Some servers declare the gzip file itself as `Content-Encoding: gzip`, so that
   * `fetch` unpacks it.
   */
  readonly unpacked?: ExpectedFile & { readonly path: string };
}

/**
 * Downloads `url` to `path`, which then contains exactly the expected bytes, or to `unpacked.path`.
 *
 * After a broken connection or an abort, the received bytes stay beside it as `.partial`. The next call resumes from
 * there, also from another server. At most the expected number of bytes is read.
 *
 * @throws FormatError if the server has another file; the received bytes are removed
 * @throws BackendError if the server is unreachable, refuses, stalls or sends less than 1 kB/s, or if the disk fails
 * @throws the signal's reason if aborted
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
  const { unpacked } = options;
  if (actual === expected.sha256) return rename(partial, path);
  if (actual === unpacked?.sha256) return rename(partial, unpacked.path);
  await rm(partial, { force: true });
  // The wrong bytes may come from an earlier download, so start over with this server.
  if (resumed) return download(url, path, expected, options);
  throw new FormatError({
    where: url,
    argument: 'sha256',
    expected: `be ${expected.sha256}`,
    actual,
    hint: 'The received file was removed.',
  });
}

/** Completes `partial`. Returns true if the bytes present before were reused. */
async function fetchRest(
  url: string,
  partial: string,
  present: number,
  bytes: number,
  { onBytes, signal, unpacked }: DownloadOptions,
): Promise<boolean> {
  if (present === bytes) return true;
  const from = present < bytes ? present : 0;
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  const stalled = setTimeout(() => stop.abort(new Error(`no byte for ${STALL / 1000} s`)), STALL);
  let received = 0;
  let before = 0;
  const watch = setInterval(() => {
    const inWindow = received - before;
    before = received;
    if (inWindow < LEAST_BYTES) stop.abort(new Error(`${inWindow} bytes in ${WINDOW / 1000} s`));
  }, WINDOW);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    const { response, start } = await request(url, from, stop.signal);
    // `fetch` has unpacked the body, so its length is that of one of the two files.
    const isEncoded = encodingOf(response) !== undefined;
    const most = isEncoded ? Math.max(bytes, unpacked?.bytes ?? 0) : bytes;
    if (!isEncoded) assertLength(response, url, start, bytes);
    let here = start;
    const file = await open(partial, start > 0 ? 'a' : 'w').catch((error) => {
      throw fileError(error, partial);
    });
    try {
      for await (const chunk of chunksOf(response)) {
        stalled.refresh();
        received += chunk.length;
        if (here + chunk.length > most) throw wrongLength(url, bytes, 'more');
        await file.writeFile(chunk).catch((error) => {
          throw fileError(error, partial);
        });
        here += chunk.length;
        onBytes?.(Math.min(here, bytes));
      }
    } catch (error) {
      // A part of an unpacked file cannot be continued by bytes of the packed one.
      if (isEncoded) await rm(partial, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    if (here < bytes && !isEncoded) throw unreachable(url, `${here} of ${bytes} bytes before the connection ended`);
    return start > 0;
  } catch (error) {
    // Ends the connection.
    stop.abort();
    signal?.throwIfAborted();
    if (isSoftmaxRegressionError(error)) {
      if (error.code === 'FORMAT') await rm(partial, { force: true });
      throw error;
    }
    throw unreachable(url, reasonOf(error), error);
  } finally {
    clearTimeout(stalled);
    clearInterval(watch);
    signal?.removeEventListener('abort', abort);
  }
}

/** The response, and the offset in the file at which it starts: `from`, or 0 if the server cannot continue there. */
async function request(url: string, from: number, signal: AbortSignal): Promise<{ response: Response; start: number }> {
  // Otherwise servers pack the packed file again.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (from > 0) headers.range = `bytes=${from}-`;
  const response = await fetch(url, { headers, signal });
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  const start = response.status === 206 ? Number(range?.[1]) : 0;
  const isUsable = response.ok && (start === 0 || (start === from && encodingOf(response) === undefined));
  if (isUsable) return { response, start };
  if (from > 0) {
    await response.body?.cancel();
    return request(url, 0, signal);
  }
  throw unreachable(url, response.ok ? `bytes from ${start} instead of 0` : `HTTP status ${response.status}`);
}

function encodingOf(response: Response): string | undefined {
  const encoding = response.headers.get('content-encoding')?.toLowerCase() ?? 'identity';
  return encoding === 'identity' ? undefined : encoding;
}

/** Refuses an impossible response before its body is read. */
function assertLength(response: Response, url: string, start: number, bytes: number): void {
  const length = response.headers.get('content-length');
  const announced = start + Number(length);
  if (length !== null && announced !== bytes) throw wrongLength(url, bytes, String(announced));
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
  // The message of fetch is "fetch failed"; the reason is in the cause.
  return (cause as Error | undefined)?.message || message;
}

function wrongLength(url: string, bytes: number, actual: string): FormatError {
  const hint = 'Does a proxy return a page of its own?';
  return new FormatError({ where: url, argument: 'length', expected: `be ${bytes} bytes`, actual, hint });
}

function unreachable(url: string, actual: string, cause?: unknown): BackendError {
  return new BackendError({ where: url, argument: 'the server', expected: 'send the file', actual, cause });
}
