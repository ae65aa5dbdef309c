// node: work on a folder that one process does at a time.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, fileError, makeFolder, statIfAny } from './files.js';
import { isGone, type ProcessName, thisProcess } from './processes.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

const POLL = 200;
const HEARTBEAT = 5_000;
/** After so long without a heartbeat a holder is given up, if it runs elsewhere or cannot be told from others. */
const SILENCE = 60_000;

interface Owner extends ProcessName {
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

/** Makes a file that names its owner from its first moment on, if there is none: a full disk leaves none that names nobody. */
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

/** What the file systems of sticks and some shares say. */
const HAS_NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8'));
    const isWhole =
      Number.isInteger(owner.pid) && [owner.host, owner.start, owner.id].every((x) => typeof x === 'string');
    return isWhole ? owner : undefined;
  } catch {
    return undefined; // gone, or another's way to make one
  }
}

async function isAbandoned(path: string, owner: Owner | undefined): Promise<boolean> {
  if (owner !== undefined && isGone(owner)) return true;
  const state = await statIfAny(path);
  return state !== undefined && Date.now() - state.mtimeMs > SILENCE;
}

/**
 * Puts ours in the place of a lock whose owner is gone. Only the holder of the claim may, and it looks again before it does: the
 * lock of one who took over a moment ago is not touched.
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
