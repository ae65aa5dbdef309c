// node: where this package keeps files, and writes that happen whole or not at all.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendError, isSoftmaxRegressionError } from '../core/errors.js';

/** How far a piece of work is. `total` is missing while it is unknown. */
export interface Progress {
  /** What is being done, as a short phrase: `'download libtensorflow'`. */
  readonly stage: string;
  readonly done: number;
  readonly total?: number;
  readonly unit?: 'bytes' | 'steps';
}

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
  return new BackendError({
    where: path,
    argument: 'this path',
    expected: code === 'ENOSPC' ? 'be on a disk with free space' : 'be writable',
    actual: (cause as Error).message,
    hint:
      code === 'ENOSPC'
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
 *
 * @throws BackendError if it cannot be written; nothing is left behind
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
  await makeFolder(dirname(path));
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
      if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
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

const LOCK_POLL = 200;
const LOCK_HEARTBEAT = 5_000;
/** After so long without a heartbeat a holder is given up, if it runs elsewhere or its number may be another's by now. */
const LOCK_SILENCE = 60_000;

interface LockOwner {
  readonly pid: number;
  readonly host: string;
  readonly id: string;
}

/**
 * Runs `work` while no other process does the same for `folder`; waits for its turn.
 *
 * The lock is a file beside the folder that names its owner; the lock of a dead process is taken over. It saves double
 * work and downloads. That a reader never meets half an install rests on the atomic rename, not on the lock.
 *
 * @param options.onWait called once if another process holds the lock, with its id
 * @throws BackendError if the folder's parent cannot be written, and the signal's reason if aborted while waiting
 */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal; onWait?: (pid: number) => void } = {},
): Promise<T> {
  const lock = `${folder}.lock`;
  const mine: LockOwner = { pid: process.pid, host: hostname(), id: randomUUID() };
  await makeFolder(dirname(lock));
  for (let waited = false; !(await createLock(lock, mine)); waited = true) {
    options.signal?.throwIfAborted();
    const owner = await readOwner(lock);
    if (await isAbandoned(lock, owner)) {
      await removeAbandoned(lock, owner);
      continue;
    }
    if (!waited && owner !== undefined) options.onWait?.(owner.pid);
    await sleep(LOCK_POLL, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted());
  }
  const heartbeat = setInterval(() => utimes(lock, new Date(), new Date()).catch(() => {}), LOCK_HEARTBEAT).unref();
  try {
    options.signal?.throwIfAborted();
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await readOwner(lock))?.id === mine.id) await rm(lock, { force: true });
  }
}

async function createLock(lock: string, owner: LockOwner): Promise<boolean> {
  try {
    await writeFile(lock, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw fileError(error, lock);
  }
}

async function readOwner(lock: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await readFile(lock, 'utf8')) as LockOwner;
  } catch {
    return undefined; // gone, or created a moment ago and not yet written
  }
}

async function isAbandoned(lock: string, owner: LockOwner | undefined): Promise<boolean> {
  if (owner?.host === hostname() && !isRunning(owner.pid)) return true;
  const state = await statIfAny(lock);
  return state !== undefined && Date.now() - state.mtimeMs > LOCK_SILENCE;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Moves the lock aside before removing it: of several that found it abandoned, one succeeds. */
async function removeAbandoned(lock: string, owner: LockOwner | undefined): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  const moved = await readOwner(aside);
  // Another process had taken over in between, and this is its lock: give it back.
  if (moved?.id !== owner?.id) await rename(aside, lock);
  else await rm(aside, { force: true });
}
