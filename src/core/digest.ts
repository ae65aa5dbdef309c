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
export async function digestOf(parts: readonly Uint8Array[], signal?: AbortSignal): Promise<string> {
  const lines: string[] = [];
  for (const part of parts) {
    const sums: string[] = [];
    for (let start = 0; start < part.length; start += SLICE) {
      sums.push(await digestOfSlice(part.subarray(start, start + SLICE)));
      signal?.throwIfAborted();
    }
    lines.push(sums.join(' '));
  }
  return sha256([new TextEncoder().encode(lines.join('\n'))]);
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
