// node: unpacks gzip data whose length is known in advance.
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { FormatError } from '../../core/errors.js';

/** Deflate packs at most 258 bytes into 2 bits, a ratio of 1032. */
const MAX_RATIO = 1032;

/**
 * The unpacked data, at most `length` bytes.
 *
 * A damaged or hostile header can claim any length. A length that data of this size cannot have is refused before
 * memory is allocated.
 *
 * @param hint the hint of the error
 * @throws FormatError if the data are not gzip data, or are longer
 * @see RFC 1951, §3.2.5
 */
export async function unpack(packed: Uint8Array, length: number, path: string, hint: string): Promise<Uint8Array> {
  const most = MAX_RATIO * packed.length;
  if (length > most) {
    const expected = `unpack to ${length} bytes, as its header says`;
    throw new FormatError({ where: path, argument: 'gzip data', expected, actual: `at most ${most}`, hint });
  }
  try {
    // One chunk of the full length, so that zlib fills one array instead of joining thousands.
    return await promisify(gunzip)(packed, { maxOutputLength: length, chunkSize: Math.max(length, 64) });
  } catch (cause) {
    throw notUnpacked(cause, path, `unpack to ${length} bytes`, hint);
  }
}

/**
 * The start of the unpacked data, as far as the first 4096 packed bytes reach.
 *
 * @throws FormatError if the data are not gzip data
 */
export function unpackStart(packed: Uint8Array, path: string, hint: string): Uint8Array {
  try {
    return gunzipSync(packed.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 23 });
  } catch (cause) {
    throw notUnpacked(cause, path, 'unpack', hint);
  }
}

function notUnpacked(cause: unknown, path: string, expected: string, hint: string): FormatError {
  const { message, code } = cause as NodeJS.ErrnoException;
  return new FormatError({
    where: path,
    argument: 'gzip data',
    expected,
    actual: code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : message,
    hint: message === 'incorrect header check' ? 'If the file is not compressed, rename it without .gz.' : hint,
    cause,
  });
}
