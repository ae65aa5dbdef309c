// node: gzip data of a length that is known before they are unpacked.
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { FormatError } from '../../core/errors.js';

/** Deflate packs at most 258 bytes into 2 bits: 1032 to 1. */
const MAX_RATIO = 1032;

/**
 * What is packed, exactly `length` bytes at most.
 *
 * A length that data of this size cannot have, as a damaged or hostile header may promise it, is refused before it is allocated.
 *
 * @param hint the way out where the data are not what they should be
 * @throws FormatError if they are no gzip data, or are longer
 * @see RFC 1951, §3.2.5
 */
export async function unpack(packed: Uint8Array, length: number, path: string, hint: string): Promise<Uint8Array> {
  const most = MAX_RATIO * packed.length;
  if (length > most) {
    const expected = `unpack to ${length} bytes, as the data say`;
    throw new FormatError({ where: path, argument: 'gzip data', expected, actual: `at most ${most}`, hint });
  }
  try {
    // One chunk of the whole length: zlib then fills one array, where it would join thousands.
    return await promisify(gunzip)(packed, { maxOutputLength: length, chunkSize: Math.max(length, 64) });
  } catch (cause) {
    throw notUnpacked(cause, path, `unpack to ${length} bytes`, hint);
  }
}

/**
 * The first bytes of what is packed, some thousands of them or all.
 *
 * @throws FormatError if they are no gzip data
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
    hint: message === 'incorrect header check' ? 'Is it unpacked already? Then name it without .gz.' : hint,
    cause,
  });
}
