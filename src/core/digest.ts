// core: a checksum of large data that does not block the event loop.
import { sha256 } from './sha256.js';
import { nextTask } from './task.js';

/** Takes plain JavaScript about 25 ms. */
const SLICE = 2 ** 20;

type Subtle = { digest(algorithm: 'SHA-256', data: Uint8Array): Promise<ArrayBuffer> };

/**
 * A checksum of byte arrays: the SHA-256 of the SHA-256s of their slices of 1 MiB, written as lines of hexadecimal digits.
 *
 * Slices, because `crypto.subtle` copies its input and is missing on pages without https. On such pages, `sha256`
 * computes the same and yields to the event loop after each slice.
 *
 * @returns lower-case hexadecimal digits
 * @throws the reason of `signal`, once it is aborted
 */
export async function digestOf(
  parts: readonly (Uint8Array | AsyncIterable<Uint8Array>)[],
  signal?: AbortSignal,
): Promise<string> {
  const lines: string[] = [];
  for (const part of parts) {
    const sums: string[] = [];
    for await (const slice of part instanceof Uint8Array ? slicesOf(part) : joinedSlices(part)) {
      sums.push(await digestOfSlice(slice));
      signal?.throwIfAborted();
    }
    lines.push(sums.join(' '));
  }
  return sha256([new TextEncoder().encode(lines.join('\n'))]);
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += SLICE) yield bytes.subarray(start, start + SLICE);
}

/** The slices of bytes that arrive in pieces. */
async function* joinedSlices(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const slice = new Uint8Array(SLICE);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const some = piece.subarray(at, at + SLICE - filled);
      slice.set(some, filled);
      filled += some.length;
      at += some.length;
      if (filled < SLICE) break;
      yield slice;
      filled = 0;
    }
  }
  if (filled > 0) yield slice.subarray(0, filled);
}

async function digestOfSlice(slice: Uint8Array): Promise<string> {
  const { crypto } = globalThis as { crypto?: { readonly subtle?: Subtle } };
  if (crypto?.subtle === undefined) {
    await nextTask();
    return sha256([slice]);
  }
  // A copy, because memory shared between workers is rejected.
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(slice)));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
