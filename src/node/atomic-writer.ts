// node: writes files that appear complete or not at all. Links are followed; modes are kept; devices are never replaced.
import { type Stats, writeFileSync } from 'node:fs';
import { open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BackendError } from '../core/errors.js';
import { errorCode, fileError, isCached, makeFolder, statIfAny } from './files.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

export interface AtomicWriter {
  write(content: Uint8Array | string): Promise<void>;
  /** As `write`, where a callback cannot wait: what is written does not pile up in memory. Not during a `write`. */
  writeSync(content: string): void;
  /** Renames the file to its final path. */
  commit(): Promise<void>;
  /** Removes the temporary file and keeps the previous file. Does nothing after `commit`. */
  abandon(): Promise<void>;
}

/**
 * Opens a temporary file in the same folder, which `commit` flushes and renames. Temporary files of killed processes are
 * removed.
 *
 * Where the path is a symbolic link, the link stays and the file it names is replaced. A replaced file keeps its mode, and
 * its owner where the system allows it; other hard links keep the old content.
 *
 * @throws BackendError, from this function and from the methods, if the file cannot be written
 */
export async function openAtomicWriter(path: string): Promise<AtomicWriter> {
  const inOurs = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw fileError(error, path);
    }
  };
  const { target, state } = await replaceable(path);
  const temporary = temporaryBeside(target);
  await makeFolder(dirname(target));
  await removeLeftBeside(target);
  // Nobody else may read the new content before it has the mode of the old file.
  const mode = state === undefined && !isCached(target) ? 0o666 : 0o600;
  const file = await inOurs(open(temporary, 'wx', mode));
  let isOpen = true;
  const close = async () => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    write: (content) => inOurs(file.writeFile(content)),
    writeSync: (content) => {
      try {
        writeFileSync(file.fd, content);
      } catch (error) {
        throw fileError(error, path);
      }
    },
    commit: async () => {
      if (state !== undefined) {
        // Only root may give files away, and some disks have no modes. The owner comes first: a change of it resets bits.
        await file.chown(state.uid, state.gid).catch(() => {});
        await file.chmod(state.mode & 0o777).catch(() => {});
      }
      await inOurs(file.sync());
      await inOurs(close());
      await inOurs(rename(temporary, target));
    },
    abandon: async () => {
      await close().catch(() => {});
      await rm(temporary, { force: true });
    },
  };
}

/**
 * Writes a file atomically, as `openAtomicWriter` does.
 *
 * @throws BackendError if it cannot be written; the previous file stays and no temporary file is left
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const writer = await openAtomicWriter(path);
  try {
    await writer.write(content);
    await writer.commit();
  } finally {
    await writer.abandon();
  }
}

/**
 * Checks that a file can be written to this path: the path is free or a file, and its folder is writable. Called before
 * long work whose result the file will contain. Creates the folder.
 *
 * @throws BackendError if it cannot be written
 */
export async function assertReplaceable(path: string): Promise<void> {
  const { target } = await replaceable(path);
  await assertFolderWritable(target, path);
}

/** The file that a write to this path replaces, and its state if it exists. */
async function replaceable(path: string): Promise<{ readonly target: string; readonly state: Stats | undefined }> {
  const target = await followed(path);
  const state = await statIfAny(target);
  const kind = state === undefined ? (/[/\\]$/.test(path) ? 'the name of a folder' : undefined) : kindOf(state);
  if (kind === undefined) return { target, state };
  throw new BackendError({
    where: path,
    argument: 'this path',
    expected: 'be a file, or free',
    actual: kind,
    hint: 'Choose another name.',
  });
}

/** What is not a file; undefined for a file. */
function kindOf(state: Stats): string | undefined {
  if (state.isFile()) return undefined;
  if (state.isDirectory()) return 'a folder';
  if (state.isFIFO()) return 'a pipe';
  return state.isSocket() ? 'a socket' : 'a device';
}

/**
 * The path that a path leads to through symbolic links, also if nothing is there yet. The system finds the folder: `..`
 * after a link to a folder leads elsewhere than `path.resolve` says.
 *
 * @throws BackendError if links form a circle, or the system refuses to follow one
 */
export async function followed(path: string): Promise<string> {
  const link = await readlink(path).catch(() => undefined);
  if (link === undefined) return inFolder(path);
  try {
    // The system decides first: it does not follow the links of others in folders that everyone may write to.
    const state = await stat(path);
    // Links in /proc may name pipes that have no path.
    return state.isFile() ? await realpath(path) : path;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw fileError(error, path);
  }
  return followed(resolve(await realpath(dirname(path)), link));
}

/** The path; with `..` in it, by the real path of its nearest folder. */
async function inFolder(path: string): Promise<string> {
  if (!path.split(/[/\\]/).includes('..')) return path;
  for (
    let folder = dirname(path), rest = basename(path);
    ;
    rest = join(basename(folder), rest), folder = dirname(folder)
  ) {
    const real = await realpath(folder).catch(() => undefined);
    if (real !== undefined) return join(real, rest);
    if (dirname(folder) === folder) return path;
  }
}

/** Creates a file and removes it, because permissions say little about read-only disks and about root. */
async function assertFolderWritable(target: string, path: string): Promise<void> {
  const probe = temporaryBeside(target);
  try {
    await makeFolder(dirname(target));
    await removeLeftBeside(target);
    await (await open(probe, 'wx')).close();
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}
