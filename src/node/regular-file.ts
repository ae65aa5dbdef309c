// node: reads a regular file up to a size limit, but no pipes, which block, and no devices, which may be endless.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { BackendError, FormatError } from '../core/errors.js';
import { errorCode } from './files.js';

/**
 * The bytes of a file. Links are followed.
 *
 * @param maxBytes the maximum size
 * @throws FormatError if it is not a file, or is larger; BackendError if it cannot be read
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const rule = { where: path, argument: 'this path' };
  try {
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const state = await file.stat();
      if (!state.isFile()) throw new FormatError({ ...rule, expected: 'be a file', actual: 'something else' });
      if (state.size > maxBytes) {
        throw new FormatError({ ...rule, expected: `hold at most ${maxBytes} bytes`, actual: `${state.size}` });
      }
      const bytes = new Uint8Array(state.size);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length);
        // The file was truncated after its size was read.
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    const isMissing = code === 'ENOENT';
    const actual = isMissing ? 'no such file' : (cause as Error).message;
    const hint = isMissing ? 'Is the path right?' : undefined;
    throw new BackendError({ ...rule, expected: 'be a readable file', actual, hint, cause });
  }
}
