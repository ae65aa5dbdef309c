// node: temporary files, without a name unless other processes read them.
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError } from '../core/errors.js';
import { inBytes } from '../core/shape.js';
import { lackForOthers, lackOfSpace } from './free-space.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

/** Bytes that are written between two looks at the free space. */
const LOOK = 2 ** 26;

export interface UnnamedFile {
  /** @throws BackendError if it cannot be written, or leaves too little of the disk to others */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Fills the bytes. */
  read(bytes: Uint8Array, at: number): Promise<void>;
  close(): Promise<void>;
}

export interface UnnamedFileOptions {
  /** Where to put it; the system's folder for temporary files by default, which TMPDIR names. */
  readonly folder?: string;
  /** The bytes that it will take, and for what. A file of unknown length leaves a part of the disk free: a pipe may be endless. */
  readonly room?: { readonly bytes: number; readonly purpose: string };
}

/**
 * Opens a file that has no name on systems that allow that: it is gone when the process ends, also if it is killed.
 *
 * @param name where the system needs names, they begin with it
 * @throws BackendError if the folder has too little space, or cannot be written to
 */
export async function openUnnamed(name: string, options: UnnamedFileOptions = {}): Promise<UnnamedFile> {
  const file = await openNamed(name, options);
  // Windows refuses this; the name is then removed at the end.
  await rm(file.path).catch(() => undefined);
  return file;
}

/**
 * Opens a file that other processes can read until it is closed. If this process is killed, the next one that opens a file
 * of this name removes it.
 *
 * @throws as `openUnnamed`
 */
export async function openNamed(
  name: string,
  options: UnnamedFileOptions = {},
): Promise<UnnamedFile & { readonly path: string }> {
  const { folder = tmpdir(), room } = options;
  const refuse = (expected: string, actual: string, cause?: unknown) => {
    const rule = { where: folder, argument: 'the folder for temporary files', expected, actual, cause };
    return new BackendError({ ...rule, hint: 'Name another one in the variable TMPDIR.' });
  };
  const lack = room && (await lackOfSpace(folder, room.bytes));
  if (lack !== undefined) throw refuse(`have ${lack.needed} free for ${room?.purpose}`, lack.free);
  const base = join(folder, name);
  await removeLeftBeside(base);
  const path = temporaryBeside(base);
  const failed = (cause: unknown) => refuse('be writable', (cause as Error).message, cause);
  const file = await open(path, 'wx+', 0o600).catch((cause) => {
    throw failed(cause);
  });
  let [written, looked] = [0, 0];
  return {
    path,
    async write(bytes, at) {
      if (room === undefined && written - looked >= LOOK) {
        looked = written;
        const less = await lackForOthers(folder);
        if (less !== undefined)
          throw refuse(`keep ${less.needed} free`, `${less.free} after ${inBytes(written)} were written`);
      }
      await writeAll(file, bytes, at).catch((cause) => {
        throw failed(cause);
      });
      written += bytes.length;
    },
    read: (bytes, at) => readAll(file, bytes, at),
    async close() {
      await file.close();
      await rm(path, { force: true });
    },
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function readAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, at + done);
    if (bytesRead === 0) throw new Error('the temporary file has become shorter');
    done += bytesRead;
  }
}
