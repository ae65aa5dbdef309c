// core: a checksum that is cheap beside the reading of what it is about.

/** The prime of the 32-bit FNV hash, and another odd factor. */
const [FNV, OTHER] = [0x01000193, 0x5bd1e995];

/**
 * A checksum of numbers in order, in any pieces. Numbers that differ in one place always have another one; it is no
 * protection against those who want the same.
 */
export class Checksum {
  #low = 0x811c9dc5;
  #high = 0;

  add(numbers: Float64Array): void {
    const words = new Int32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length);
    let [low, high] = [this.#low, this.#high];
    for (let i = 0; i < words.length; i++) {
      low = Math.imul(low ^ words[i], FNV);
      high = Math.imul(high ^ words[i], OTHER) + (low >>> 16);
    }
    [this.#low, this.#high] = [low, high | 0];
  }

  /** Hexadecimal digits. */
  toString(): string {
    return [this.#high, this.#low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
