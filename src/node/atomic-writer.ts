// node: a large file, written piece by piece, that appears whole or not at all.
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BackendError } from '../core/errors.js';
import { fileError, makeFolder, statIfAny } from './files.js';

export interface AtomicWriter {
  write(text: string): Promise<void>;
  /** Puts the file in its place. */
  commit(): Promise<void>;
  /** Leaves what was there before, and nothing else; after `commit` it does nothing. */
  abandon(): Promise<void>;
}

/**
 * A temporary file in the same folder, that `commit` flushes and renames.
 *
 * @throws BackendError, here and from its methods, if the file cannot be written
 */
export async function openAtomicWriter(path: string): Promise<AtomicWriter> {
  await assertReplaceable(path);
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
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
 * That a file may be put in this place: nothing, or a file, is there, and its folder may be written. Known before the work
 * is done whose result it shall hold.
 *
 * @throws BackendError if it may not
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

/** Tried, not asked: permissions say little of read-only disks, and of root. */
async function assertFolderWritable(path: string): Promise<void> {
  const probe = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
  try {
    await makeFolder(dirname(path));
    await (await open(probe, 'wx')).close();
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}
