// core: a checksum that is cheap beside the reading of what it is about.

/** The prime of the 32-bit FNV hash, and another odd factor. */
const [FNV, OTHER] = [0x01000193, 0x5bd1e995];

/**
 * A checksum of numbers of one type in order. Arrays that differ in one number always have another one; it is no protection
 * against those who want the same.
 *
 * Pieces of whole 8 bytes may be cut anywhere. Even and odd words of 32 bits have sums of their own, so that the processor
 * computes both at once.
 */
export class Checksum {
  readonly #sums = Int32Array.of(0x811c9dc5, 0, 0x811c9dc5, 0);

  add(numbers: ArrayBufferView): void {
    let [low, high, otherLow, otherHigh] = this.#sums;
    const words = wordsOf(numbers);
    for (let i = 0; i < words.length; i += 2) {
      low = Math.imul(low ^ words[i], FNV);
      high = Math.imul(high ^ words[i], OTHER) + (low >>> 16);
      otherLow = Math.imul(otherLow ^ words[i + 1], FNV);
      otherHigh = Math.imul(otherHigh ^ words[i + 1], OTHER) + (otherLow >>> 16);
    }
    this.#sums.set([low, high, otherLow, otherHigh]);
  }

  /** Hexadecimal digits. */
  toString(): string {
    return Array.from(this.#sums, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/** An even number of words; zeros fill the last ones. */
function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Int32Array {
  if (byteLength % 8 === 0 && byteOffset % 4 === 0) return new Int32Array(buffer, byteOffset, byteLength / 4);
  const words = new Int32Array(2 * Math.ceil(byteLength / 8));
  new Uint8Array(words.buffer).set(new Uint8Array(buffer, byteOffset, byteLength));
  return words;
}
