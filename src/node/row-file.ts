// node: rows of numbers in a temporary file.
import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError } from '../core/errors.js';
import { type RowWriter, StoredRows } from '../data/stored-rows.js';
import { removeLeftBeside, temporaryBeside } from './temporary.js';

const NUMBER = 8;

/** Names of these files begin with this. */
const NAME = 'softmax-regression-rows';

/**
 * Begins a file of n rows of d numbers, which has no name on systems that allow that: it is gone when the process ends, also
 * if it is killed.
 *
 * @param folder where to put it; the system's folder for temporary files by default, which TMPDIR names
 * @throws BackendError if the folder has too little space, or cannot be written to
 */
export async function openRowFile(n: number, d: number, folder = tmpdir()): Promise<RowWriter> {
  const rule = { where: folder, argument: 'the folder for temporary files' };
  const hint = 'Name another one in the variable TMPDIR.';
  const refuse = (expected: string, actual: string, cause?: unknown) =>
    new BackendError({ ...rule, expected, actual, hint, cause });
  const bytes = NUMBER * n * d;
  const gigabytes = (size: number) => `${(size / 1e9).toPrecision(2)} GB`;
  const disk = await statfs(folder).catch(() => undefined);
  const free = disk === undefined ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
  if (free < bytes) throw refuse(`have ${gigabytes(bytes)} free for the rows of the table`, gigabytes(free));
  const base = join(folder, NAME);
  await removeLeftBeside(base);
  const path = temporaryBeside(base);
  const failed = (cause: unknown) => refuse('be writable', (cause as Error).message, cause);
  const file = await open(path, 'wx+', 0o600).catch((cause) => {
    throw failed(cause);
  });
  // Windows refuses this; the name is then removed at the end.
  const isNamed = await rm(path).then(
    () => false,
    () => true,
  );
  let end = 0;
  const close = async () => {
    await file.close();
    if (isNamed) await rm(path, { force: true });
  };
  return {
    async write(values) {
      await writeAll(file, bytesOf(values), end).catch((cause) => {
        throw failed(cause);
      });
      end += NUMBER * values.length;
    },
    async finish() {
      return new StoredRows([n, d], (start, stop, into) =>
        readAll(file, bytesOf(into.subarray(0, (stop - start) * d)), NUMBER * start * d),
      );
    },
    close,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
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
    if (bytesRead === 0) throw new Error('the file of the rows has become shorter');
    done += bytesRead;
  }
}
