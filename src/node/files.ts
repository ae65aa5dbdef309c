// node: where this package keeps files, and writes that happen whole or not at all.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { BackendError, isSoftmaxRegressionError } from '../core/errors.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

/** How far a piece of work is. `total` is missing while it is unknown. */
export interface Progress {
  /** What is being done, as a short phrase: `'download libtensorflow'`. */
  readonly stage: string;
  readonly done: number;
  readonly total?: number;
  readonly unit?: 'bytes' | 'steps';
  /** How it goes, beside how far it is: `'loss 0.4471'`. */
  readonly note?: string;
}

/** Called as a download or an installation goes on. */
export type OnProgress = (progress: Progress) => void;

/**
 * The folder for what can be had again: native libraries, data sets.
 *
 * `$SOFTMAX_REGRESSION_CACHE` is that folder itself. Without it, it is `softmax-regression` below `$XDG_CACHE_HOME`, or
 * below the platform's own place: `~/.cache`, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows. The folder need
 * not exist.
 *
 * @throws BackendError if the system knows no home folder
 */
export function cacheFolder(...segments: string[]): string {
  const own = process.env.SOFTMAX_REGRESSION_CACHE;
  return own ? resolve(own, ...segments) : join(userCacheFolder(), 'softmax-regression', ...segments);
}

function userCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  // A relative path there is to be ignored: XDG Base Directory Specification, "Basics".
  if (XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  switch (process.platform) {
    case 'win32':
      return LOCALAPPDATA || join(homeFolder(), 'AppData', 'Local');
    case 'darwin':
      return join(homeFolder(), 'Library', 'Caches');
    default:
      return join(homeFolder(), '.cache');
  }
}

function homeFolder(): string {
  try {
    return homedir();
  } catch (cause) {
    throw new BackendError({
      where: 'cacheFolder',
      argument: 'the home folder',
      expected: 'be known to the system',
      actual: (cause as Error).message,
      hint: 'Set SOFTMAX_REGRESSION_CACHE to a folder you may write to.',
      cause,
    });
  }
}

/** An error of the file system as ours: which path, what came, the way out. Others pass through unchanged. */
export function fileError(cause: unknown, path: string): unknown {
  const code = errorCode(cause);
  if (code === undefined || isSoftmaxRegressionError(cause)) return cause;
  // A quota is a disk of one's own.
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new BackendError({
    where: path,
    argument: 'this path',
    expected: isFull ? 'be on a disk with free space' : 'be writable',
    actual: (cause as Error).message,
    hint: isFull
      ? 'Free some space, or choose another disk.'
      : isCached(path)
        ? 'Set SOFTMAX_REGRESSION_CACHE to a folder you may write to.'
        : 'Choose a folder you may write to.',
    cause,
  });
}

function isCached(path: string): boolean {
  try {
    return path.startsWith(cacheFolder());
  } catch {
    return false;
  }
}

/** `'ENOENT'` and the like of an error that the system raised. Not by `instanceof`, which fails across realms. */
export function errorCode(error: unknown): string | undefined {
  const isFromSystem = typeof error === 'object' && error !== null && 'syscall' in error;
  return isFromSystem ? (error as NodeJS.ErrnoException).code : undefined;
}

/** The state of a file, or undefined where there is none to see. */
export async function statIfAny(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/**
 * Creates `folder` with its parents.
 *
 * @throws BackendError if it cannot be
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeParentsToo(folder);
  } catch (error) {
    throw fileError(error, folder);
  }
}

// Not mkdir's { recursive: true }, which never returns where the system says ENOENT though the parent is there: in /proc.
async function makeParentsToo(folder: string): Promise<void> {
  const isThere = async () => (await statIfAny(folder))?.isDirectory() === true;
  if (await isThere()) return;
  if (dirname(folder) !== folder) await makeParentsToo(dirname(folder));
  try {
    await mkdir(folder);
  } catch (error) {
    // Another process may have been quicker.
    if (!(await isThere())) throw error;
  }
}

/**
 * Writes a file that is either whole or as it was before: a temporary file in the same folder, flushed, then renamed.
 * What earlier writes of it left whose process was killed is removed.
 *
 * @throws BackendError if it cannot be written; nothing is left behind
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = temporaryBeside(path);
  await makeFolder(dirname(path));
  await removeLeftBeside(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path);
  }
}

const LEFT = /^[0-9a-f-]+\.(partial|retired)$/;

/**
 * Lets `build` fill an empty folder, and puts it in the place of `target` only when all of it succeeded.
 *
 * To be called within `withLock`: what a build that was killed left beside `target` is removed first.
 *
 * @throws what `build` throws, and BackendError if the file system refuses; `target` is then as it was
 */
export async function replaceFolderAtomic(target: string, build: (folder: string) => Promise<void>): Promise<void> {
  const parent = dirname(target);
  const prefix = `.${basename(target)}.`;
  const fresh = join(parent, `${prefix}${randomUUID()}.partial`);
  const retired = join(parent, `${prefix}${randomUUID()}.retired`);
  await makeFolder(parent);
  try {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(prefix) || !LEFT.test(name.slice(prefix.length))) continue;
      const left = join(parent, name);
      // Killed between the two renames below, a build has left nothing in the place.
      if (name.endsWith('.retired') && (await statIfAny(target)) === undefined) await rename(left, target);
      else await rm(left, { recursive: true, force: true, maxRetries: 5 });
    }
    await mkdir(fresh);
    await build(fresh);
    const replaces = (await statIfAny(target)) !== undefined;
    if (replaces) await rename(target, retired);
    try {
      await rename(fresh, target);
    } catch (error) {
      if (replaces) await rename(retired, target);
      throw error;
    }
  } catch (error) {
    throw fileError(error, target);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(retired, { recursive: true, force: true });
  }
}

/**
 * SHA-256 of a file, as lower-case hexadecimal digits, without holding the file in memory.
 *
 * @throws the file system's error if it cannot be read, and the signal's reason if aborted
 */
export async function sha256OfFile(path: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const total = (await stat(path)).size;
  const stage = `check ${basename(path)}`;
  let done = 0;
  // Not as an option of the stream, which would throw an AbortError in place of the signal's reason.
  signal?.throwIfAborted();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onProgress?.({ stage, done, total, unit: 'bytes' });
  }
  return hash.digest('hex');
}
