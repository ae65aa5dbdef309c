// features: MurmurHash3 of bytes.

/**
 * MurmurHash3 (x86, 32 bits, seed 0) of bytes[start … end − 1], signed.
 *
 * @example murmur3(new TextEncoder().encode('foo'), 0, 3)   // -156908512
 * @see https://github.com/aappleby/smhasher, public domain; scikit-learn's murmurhash3_bytes_s32
 */
export function murmur3(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    hash ^= mixed(word);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let last = end - 1; last >= at; last--) rest = (rest << 8) | bytes[last];
  hash ^= mixed(rest) ^ (end - start);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixed(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
