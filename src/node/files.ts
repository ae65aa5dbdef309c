// node: the cache folder, errors of the file system, and atomic writes of folders.

import { createHash, randomUUID } from 'node:crypto';
import { type BigIntStats, createReadStream, fstatSync, type Stats, statSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { BackendError, DomainError, isSoftmaxRegressionError } from '../core/errors.js';
import { assertText, describe } from '../core/shape.js';
import { assertTrusted, isWithin } from './trust.js';

/** The progress of a task. `total` is missing while it is unknown. */
export interface Progress {
  /** The current stage, as a short phrase: `'download libtensorflow'`. */
  readonly stage: string;
  readonly done: number;
  readonly total?: number;
  readonly unit?: 'bytes' | 'steps';
  /** Further information on the progress: `'loss 0.4471'`. */
  readonly note?: string;
}

/** Called during a download or an installation. */
export type OnProgress = (progress: Progress) => void;

/**
 * The folder for files that can be downloaded or built again: native libraries, data sets.
 *
 * It is `$SOFTMAX_REGRESSION_CACHE` if that is set. Otherwise it is `softmax-regression` below `$XDG_CACHE_HOME`,
 * or below the cache folder of the platform: `~/.cache`, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows.
 * The folder need not exist.
 *
 * @throws BackendError if the home folder is unknown
 */
export function cacheFolder(...segments: string[]): string {
  for (const segment of segments) assertText(segment, 'cacheFolder', 'segments');
  const own = process.env.SOFTMAX_REGRESSION_CACHE;
  return own ? resolve(own, ...segments) : join(userCacheFolder(), 'softmax-regression', ...segments);
}

function userCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  // Relative paths must be ignored: XDG Base Directory Specification, "Basics".
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

export function assertPath(path: unknown, where: string, hint?: string): void {
  if (typeof path === 'string' && path !== '') return;
  throw new DomainError({ where, argument: 'path', expected: 'be a path', actual: describe(path), hint });
}

/** Converts an error of the file system to a BackendError with path and hint. Returns other errors unchanged. */
export function fileError(cause: unknown, path: string): unknown {
  const code = errorCode(cause);
  if (code === undefined || isSoftmaxRegressionError(cause)) return cause;
  return new BackendError({
    where: path,
    argument: 'this path',
    ...ruleOf(code, path),
    actual: (cause as Error).message,
    cause,
  });
}

const FULL = { expected: 'be on a disk with free space', hint: 'Free some space, or choose another disk.' };
const OPEN = { expected: 'be opened beside the other open files', hint: 'Raise their limit, such as: ulimit -n 1024' };

/** Limits of the system, by the code of the error. An exceeded quota counts as a full disk. */
const LIMITS: Readonly<Record<string, { readonly expected: string; readonly hint: string }>> = {
  ...{ ENOSPC: FULL, EDQUOT: FULL, EMFILE: OPEN, ENFILE: OPEN },
  EFBIG: {
    expected: 'stay within the limit on the size of a file',
    hint: 'Raise the limit, such as: ulimit -f unlimited',
  },
};

/** The rule that a path breaks if writing it fails with this code, and the way out. */
export function ruleOf(code: string, path?: string): { readonly expected: string; readonly hint: string } {
  const way = path !== undefined && isCached(path) ? 'Set SOFTMAX_REGRESSION_CACHE to' : 'Choose';
  return LIMITS[code] ?? { expected: 'be writable', hint: `${way} a folder you may write to.` };
}

/** Whether the system refused for want of a resource, which no file can be blamed for. */
export function isLimit(error: unknown): boolean {
  return ['EMFILE', 'ENFILE'].includes(errorCode(error) ?? '');
}

/** Whether a path lies in the cache. */
export function isCached(path: string): boolean {
  try {
    return isWithin(path, cacheFolder());
  } catch {
    return false;
  }
}

/** The code of a system error, such as `'ENOENT'`. Does not use `instanceof`, which fails across realms. */
export function errorCode(error: unknown): string | undefined {
  const isFromSystem = typeof error === 'object' && error !== null && 'syscall' in error;
  return isFromSystem ? (error as NodeJS.ErrnoException).code : undefined;
}

/**
 * The state of a path or a descriptor, or undefined if it does not exist or is not accessible.
 *
 * In BigInt: Node's `realpathSync` reads the last state that was no BigInt, and follows no links after one of a pipe or a socket. Packages that
 * are links, such as those of pnpm, were then loaded a second time.
 */
export function stateNow(place: string | number): BigIntStats | undefined {
  try {
    return typeof place === 'number' ? fstatSync(place, { bigint: true }) : statSync(place, { bigint: true });
  } catch {
    return undefined;
  }
}

/** The state of a file, or undefined if it does not exist or is not accessible. */
export async function statIfAny(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/**
 * Creates `folder` with its parents. In the cache, only this user may use new folders, whatever the umask.
 *
 * @throws BackendError if it cannot be created, or is in a cache that other users could have written
 */
export async function makeFolder(folder: string): Promise<void> {
  const isPrivate = isCached(folder);
  if (isPrivate) assertTrusted(cacheFolder(), [folder]);
  try {
    await makeParentsToo(folder, isPrivate);
  } catch (error) {
    throw fileError(error, folder);
  }
  // In a sticky folder such as /tmp, another user may have been faster.
  if (isPrivate) assertTrusted(cacheFolder(), [folder]);
}

// Not mkdir with { recursive: true }: it never returns if the system says ENOENT though the parent exists, as in /proc.
async function makeParentsToo(folder: string, isPrivate: boolean): Promise<void> {
  const isThere = async () => (await statIfAny(folder))?.isDirectory() === true;
  if (await isThere()) return;
  if (dirname(folder) !== folder) await makeParentsToo(dirname(folder), isPrivate);
  try {
    await mkdir(folder, isPrivate ? 0o700 : 0o777);
    if (isPrivate) await chmod(folder, 0o700);
  } catch (error) {
    // Another process may have created it first.
    if (!(await isThere())) throw error;
  }
}

const LEFT = /^[0-9a-f-]+\.(partial|retired)$/;

/**
 * Lets `build` fill an empty folder, and replaces `target` by it if `build` succeeds.
 *
 * Call it within `withLock`: it first removes the folders that a killed build left beside `target`.
 *
 * @throws the errors of `build`, and BackendError for errors of the file system; `target` is then unchanged
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
      // A build that was killed between the two renames below has left no target.
      if (name.endsWith('.retired') && (await statIfAny(target)) === undefined) await rename(left, target);
      else await rm(left, { recursive: true, force: true, maxRetries: 5 });
    }
    await makeFolder(fresh);
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
 * The SHA-256 of a file in lower-case hexadecimal digits. The file is read in chunks.
 *
 * @throws the error of the file system if it cannot be read, and the signal's reason if aborted
 */
export async function sha256OfFile(path: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const total = (await stat(path)).size;
  const stage = `check ${basename(path)}`;
  let done = 0;
  // Not an option of the stream, which would throw an AbortError instead of the signal's reason.
  signal?.throwIfAborted();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onProgress?.({ stage, done, total, unit: 'bytes' });
  }
  return hash.digest('hex');
}
