// node: writes a large file piece by piece; it appears complete or not at all.
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackendError } from '../core/errors.js';
import { fileError, makeFolder, statIfAny } from './files.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

export interface AtomicWriter {
  write(text: string): Promise<void>;
  /** Renames the file to its final path. */
  commit(): Promise<void>;
  /** Removes the temporary file and keeps the previous file. Does nothing after `commit`. */
  abandon(): Promise<void>;
}

/**
 * Opens a temporary file in the same folder, which `commit` flushes and renames.
 * Temporary files of killed processes are removed.
 *
 * @throws BackendError, from this function and from the methods, if the file cannot be written
 */
export async function openAtomicWriter(path: string): Promise<AtomicWriter> {
  await assertReplaceable(path);
  const temporary = temporaryBeside(path);
  const inOurs = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw fileError(error, path);
    }
  };
  await makeFolder(dirname(path));
  const file = await inOurs(open(temporary, 'wx'));
  let isOpen = true;
  const close = async () => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    write: (text) => inOurs(file.writeFile(text)),
    commit: async () => {
      await inOurs(file.sync());
      await inOurs(close());
      await inOurs(rename(temporary, path));
    },
    abandon: async () => {
      await close().catch(() => {});
      await rm(temporary, { force: true });
    },
  };
}

/**
 * Checks that a file can be written to this path: the path is free or a file, and its folder is writable. Called before
 * long work whose result the file will contain.
 *
 * @throws BackendError if it cannot be written
 */
export async function assertReplaceable(path: string): Promise<void> {
  const state = await statIfAny(path);
  if (state !== undefined && !state.isFile()) {
    throw new BackendError({
      where: path,
      argument: 'this path',
      expected: 'be a file, or free',
      actual: state.isDirectory() ? 'a folder' : 'a device',
      hint: 'Choose another name.',
    });
  }
  await assertFolderWritable(path);
}

/** Creates a file and removes it, because permissions say little about read-only disks and about root. */
async function assertFolderWritable(path: string): Promise<void> {
  const probe = temporaryBeside(path);
  try {
    await makeFolder(dirname(path));
    await removeLeftBeside(path);
    await (await open(probe, 'wx')).close();
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}
