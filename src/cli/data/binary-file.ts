// cli: a file of which any part can be read, and which must stay the same meanwhile.
import { type BigIntStats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { FormatError } from '../../core/errors.js';
import { type BinaryFile, fileInMemory } from '../../reading/format.js';
import { readError } from '../bytes.js';

/** What differs after a file was written to or replaced. */
export function stateOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs].join();
}

/** A file that changed between two reads. */
export function changed(where: string): FormatError {
  const rule = { where, argument: 'the file', expected: 'stay the same while it is read' };
  return new FormatError({ ...rule, actual: 'changes', hint: 'Read it when it is complete, or read a copy.' });
}

/**
 * A file that exists. Each read opens it again, so a folder may have more files than can be open, and none has to be closed.
 *
 * @throws BackendError, from a read, if the file cannot be read; FormatError if it has changed
 */
export function binaryFile(path: string): BinaryFile {
  const state = statSync(path, { bigint: true });
  const before = stateOf(state);
  const byteLength = Number(state.size);
  if (byteLength === 0) return fileInMemory(path, new Uint8Array(0));
  const slice = async (start: number, end = byteLength): Promise<ArrayBuffer> => {
    const from = Math.min(Math.max(0, start), byteLength);
    const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - from));
    const file = await open(path, 'r');
    try {
      if (stateOf(await file.stat({ bigint: true })) !== before) throw changed(path);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) throw changed(path);
        done += bytesRead;
      }
    } finally {
      await file.close();
    }
    return bytes.buffer;
  };
  return {
    ...{ name: path, byteLength },
    slice: (start, end) =>
      slice(start, end).catch((cause) => {
        throw readError(cause, path);
      }),
  };
}
