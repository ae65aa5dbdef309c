// node: a lock, so that one process at a time works on a folder.
import { randomUUID } from 'node:crypto';
import { link, lstat, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendError } from '../core/errors.js';
import { errorCode, fileError, makeFolder, statIfAny } from './files.js';
import { type Liveness, livenessOf, type ProcessName, thisProcess } from './processes.js';
import { quoted } from './shell.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

const POLL = 200;
const HEARTBEAT = 5_000;
/**
 * Polls without a heartbeat, 60 s, after which a holder that cannot be checked counts as silent. Polls are counted, and
 * times of the file are compared with each other only, so no clock has to be right.
 */
const SILENT_POLLS = 300;

interface Owner extends ProcessName {
  readonly id: string;
}

/**
 * Runs `work` while no other process runs work for the same `folder`. Waits until the lock is free.
 *
 * The lock is a file beside the folder that names its owner. Only the lock of a process that is known to be dead is taken
 * over, never that of a stopped one: see `livenessOf`. The atomic rename, not the lock, keeps readers from seeing a
 * partial install.
 *
 * @param options.onWait called with a phrase such as `wait for process 7, which holds /x/install.lock`, when another
 *        process holds the lock, and again when that process is stopped or continues
 * @throws BackendError if the folder's parent cannot be written, or if the owner cannot be checked from here, as on another
 *         machine, and has been silent for a minute; the signal's reason if aborted while waiting
 */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal; onWait?: (phrase: string) => void } = {},
): Promise<T> {
  const { signal, onWait } = options;
  const lock = `${folder}.lock`;
  const mine: Owner = { ...thisProcess(), id: randomUUID() };
  await makeFolder(dirname(lock));
  let said = '';
  let seen = '';
  let silent = 0;
  while (!(await create(lock, mine))) {
    signal?.throwIfAborted();
    const owner = await ownerOf(lock);
    const liveness = owner === undefined ? 'unknown' : livenessOf(owner);
    if (owner !== undefined && liveness === 'dead' && (await takeOver(lock, owner, mine))) break;
    const sign = `${owner?.id} ${(await lstat(lock).catch(() => undefined))?.mtimeMs}`;
    silent = sign === seen ? silent + 1 : 0;
    seen = sign;
    if (liveness === 'unknown' && silent >= SILENT_POLLS) throw uncheckable(lock, owner);
    const phrase = owner === undefined ? '' : phraseFor(lock, owner, liveness);
    if (phrase !== '' && phrase !== said) onWait?.(phrase);
    said = phrase || said;
    await sleep(POLL, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
  const heartbeat = setInterval(() => utimes(lock, new Date(), new Date()).catch(() => {}), HEARTBEAT).unref();
  try {
    await removeLeft(lock);
    signal?.throwIfAborted();
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await ownerOf(lock))?.id === mine.id) await rm(lock, { force: true });
  }
}

function phraseFor(lock: string, owner: Owner, liveness: Liveness): string {
  if (liveness === 'unknown') return `wait for ${inWords(owner)}, which holds ${lock}`;
  const { pid } = owner;
  return liveness === 'stopped'
    ? `wait for process ${pid}, which is stopped and holds ${lock}; to continue it: kill -CONT ${pid}`
    : `wait for process ${pid}, which holds ${lock}`;
}

function uncheckable(lock: string, owner: Owner | undefined): BackendError {
  return new BackendError({
    where: lock,
    argument: 'the holder of this lock',
    expected: 'be a process that can be checked from here, or give a sign each minute',
    actual: owner === undefined ? 'a file that names no process' : inWords(owner),
    hint: `It is on another machine, in another container, or ran before the last start. If it no longer works: rm ${quoted(lock)}`,
  });
}

/** Without the scope of process ids, which says nothing to a reader. */
function inWords({ pid, host }: Owner): string {
  return `process ${pid} of ${host.split(' ')[0]}`;
}

/** Creates a file unless it exists, by linking a complete file: a full disk must not leave a lock without an owner. */
async function create(path: string, owner: Owner, lock = path): Promise<boolean> {
  if ((await statIfAny(path)) !== undefined) return false;
  await removeLeftBeside(lock);
  const temporary = temporaryBeside(lock);
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
      Number.isInteger(owner.pid) &&
      owner.pid > 0 &&
      [owner.host, owner.start, owner.id].every((x) => typeof x === 'string') &&
      /^[\w-]+$/.test(owner.id);
    return isWhole ? owner : undefined;
  } catch {
    return undefined; // removed, or not written yet
  }
}

/**
 * Replaces the lock of a dead owner by ours. Only the holder of the claim may do so. The name of a claim has the id of
 * the owner that it follows, so a process that was stopped for long cannot hold the claim to a later lock. A dead
 * claimer is followed in the same way.
 */
async function takeOver(lock: string, gone: Owner, mine: Owner): Promise<boolean> {
  let claim = `${lock}.${gone.id}.claim`;
  while (!(await create(claim, mine, lock))) {
    const claimer = await ownerOf(claim);
    if (claimer === undefined || livenessOf(claimer) !== 'dead') return false;
    claim = `${lock}.${claimer.id}.claim`;
  }
  const temporary = temporaryBeside(lock);
  try {
    // Another process may have taken it over before we had the claim.
    if ((await ownerOf(lock))?.id !== gone.id) return false;
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

/** Removes what dead claimers left. Only the holder of the lock may call it: no claim follows a living holder. */
async function removeLeft(lock: string): Promise<void> {
  await removeLeftBeside(lock);
  const prefix = `${basename(lock)}.`;
  for (const name of await readdir(dirname(lock))) {
    if (name.startsWith(prefix) && name.endsWith('.claim')) await rm(join(dirname(lock), name), { force: true });
  }
}
