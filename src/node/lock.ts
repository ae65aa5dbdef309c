// node: a lock, so that one process at a time works on a folder.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, fileError, makeFolder, statIfAny } from './files.js';
import { isGone, type ProcessName, thisProcess } from './processes.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

const POLL = 200;
const HEARTBEAT = 5_000;
/** Milliseconds without a heartbeat after which a lock counts as abandoned, even if its process cannot be checked. */
const SILENCE = 60_000;

interface Owner extends ProcessName {
  readonly id: string;
}

/**
 * Runs `work` while no other process runs work for the same `folder`. Waits until the lock is free.
 *
 * The lock is a file beside the folder that names its owner. The lock of a dead process is taken over. It only prevents
 * duplicate work and downloads. The atomic rename, not the lock, keeps readers from seeing a partial install.
 *
 * @param options.onWait called once with the process id of the owner, if another process holds the lock
 * @throws BackendError if the folder's parent cannot be written, and the signal's reason if aborted while waiting
 */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal; onWait?: (pid: number) => void } = {},
): Promise<T> {
  const lock = `${folder}.lock`;
  const mine: Owner = { ...thisProcess(), id: randomUUID() };
  await makeFolder(dirname(lock));
  for (let waited = false; !(await create(lock, mine)); waited = true) {
    options.signal?.throwIfAborted();
    const owner = await ownerOf(lock);
    if ((await isAbandoned(lock, owner)) && (await takeOver(lock, owner, mine))) break;
    if (!waited && owner !== undefined) options.onWait?.(owner.pid);
    await sleep(POLL, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted());
  }
  const heartbeat = setInterval(() => utimes(lock, new Date(), new Date()).catch(() => {}), HEARTBEAT).unref();
  try {
    options.signal?.throwIfAborted();
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await ownerOf(lock))?.id === mine.id) await rm(lock, { force: true });
  }
}

/** Creates a file unless it exists, by linking a complete file: a full disk must not leave a lock without an owner. */
async function create(path: string, owner: Owner): Promise<boolean> {
  if ((await statIfAny(path)) !== undefined) return false;
  await removeLeftBeside(path);
  const temporary = temporaryBeside(path);
  try {
    await writeFile(temporary, JSON.stringify(owner), { flag: 'wx' });
    await link(temporary, path).catch((error) => {
      if (!HAS_NO_LINKS.includes(errorCode(error) ?? '')) throw error;
      return writeFile(path, JSON.stringify(owner), { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw fileError(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Error codes of file systems without links, such as those of USB sticks and some network shares. */
const HAS_NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8'));
    const isWhole =
      Number.isInteger(owner.pid) && [owner.host, owner.start, owner.id].every((x) => typeof x === 'string');
    return isWhole ? owner : undefined;
  } catch {
    return undefined; // removed, or not written yet
  }
}

async function isAbandoned(path: string, owner: Owner | undefined): Promise<boolean> {
  if (owner !== undefined && isGone(owner)) return true;
  const state = await statIfAny(path);
  return state !== undefined && Date.now() - state.mtimeMs > SILENCE;
}

/**
 * Replaces the lock of a dead owner by ours. Only the holder of the claim file may do so. It first reads the owner
 * again, because another process may have taken over the lock in the meantime.
 */
async function takeOver(lock: string, gone: Owner | undefined, mine: Owner): Promise<boolean> {
  const claim = `${lock}.claim`;
  if (!(await create(claim, mine))) {
    if (await isAbandoned(claim, await ownerOf(claim))) await rm(claim, { force: true });
    return false;
  }
  const temporary = temporaryBeside(lock);
  try {
    if ((await ownerOf(lock))?.id !== gone?.id) return false;
    await writeFile(temporary, JSON.stringify(mine), { flag: 'wx' });
    await rename(temporary, lock);
    return true;
  } catch (error) {
    throw fileError(error, lock);
  } finally {
    await rm(temporary, { force: true });
    await rm(claim, { force: true });
  }
}
