// features: a table of terms, as UTF-8 bytes in one array; and their order.
import { DomainError } from '../../core/errors.js';
import { grown } from './lists.js';
import { murmur3 } from './murmur.js';

/** The terms of a vocabulary as UTF-8, one after the other: term k is bytes[offsets[k] … offsets[k + 1] − 1]. */
export interface TermBytes {
  readonly bytes: Uint8Array;
  /** [number of terms + 1] */
  readonly offsets: Int32Array;
}

/** The bytes of all terms are fewer than this. */
const MOST_BYTES = 2 ** 31;

/**
 * Distinct terms with numbers from 0, found by their bytes without making strings.
 *
 * @example
 * const terms = new Terms();
 * const bytes = new TextEncoder().encode('red green red');
 * [terms.add(bytes, 0, 3), terms.add(bytes, 4, 9), terms.add(bytes, 10, 13)]   // [0, 1, 0]
 */
export class Terms {
  size = 0;
  #bytes = new Uint8Array(4096);
  #offsets = new Int32Array(512);
  /** Open addressing, at most half full: pairs of a hash and the number of the term plus 1, which is 0 in an empty slot. */
  #slots = new Int32Array(2048);

  /** The number of a term, or −1. */
  find(from: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slotOf(from, start, end, murmur3(from, start, end)) + 1] - 1;
  }

  /** The number of a term, which is new if it is the former size. */
  add(from: Uint8Array, start: number, end: number): number {
    const hash = murmur3(from, start, end);
    const slot = this.#slotOf(from, start, end, hash);
    const found = this.#slots[slot + 1];
    return found !== 0 ? found - 1 : this.#append(from, start, end, hash, slot);
  }

  /** The terms in the order of their numbers. The arrays are shared until the next term is added. */
  list(): TermBytes {
    const { size } = this;
    return { bytes: this.#bytes.subarray(0, this.#offsets[size]), offsets: this.#offsets.subarray(0, size + 1) };
  }

  /** Where the slot of a term is, or the empty one where it belongs. */
  #slotOf(from: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (2 * hash) & mask;
    while (slots[slot + 1] !== 0) {
      if (slots[slot] === hash && this.#is(slots[slot + 1] - 1, from, start, end)) return slot;
      slot = (slot + 2) & mask;
    }
    return slot;
  }

  #is(k: number, from: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let at = this.#offsets[k];
    if (this.#offsets[k + 1] - at !== end - start) return false;
    for (let i = start; i < end; i++) if (bytes[at++] !== from[i]) return false;
    return true;
  }

  #append(from: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const k = this.size;
    let at = this.#offsets[k];
    const after = at + end - start;
    if (after >= MOST_BYTES) {
      throw new DomainError({
        where: 'vocabulary',
        argument: 'the terms',
        expected: 'take less than 2 GiB',
        actual: `more than that after ${k} terms`,
        hint: 'Use a smaller ngramRange, or HashingVectorizer.',
      });
    }
    this.#bytes = grown(this.#bytes, after);
    for (let i = start; i < end; i++) this.#bytes[at++] = from[i];
    this.#offsets = grown(this.#offsets, k + 2);
    this.#offsets[k + 1] = after;
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = k + 1;
    this.size = k + 1;
    if (4 * this.size > this.#slots.length) this.#slots = rehashed(this.#slots);
    return k;
  }
}

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** Term k as a string. */
export function termText({ bytes, offsets }: TermBytes, k: number): string {
  return DECODER.decode(bytes.subarray(offsets[k], offsets[k + 1]));
}

/** The pairs of a full table, in one of twice the size. */
export function rehashed(before: Int32Array): Int32Array<ArrayBuffer> {
  const slots = new Int32Array(2 * before.length);
  const mask = slots.length - 1;
  for (let old = 0; old < before.length; old += 2) {
    if (before[old + 1] === 0) continue;
    let slot = (2 * before[old]) & mask;
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
    slots[slot] = before[old];
    slots[slot + 1] = before[old + 1];
  }
  return slots;
}

/** Runs of at most this many terms are sorted by insertion. */
const SHORT = 12;
/** The bytes of a key, a number below 2⁴⁸. After the end of a term they are 0, which is in no term but U+0000. */
const KEY = 6;

/**
 * The numbers of the terms in the order of their bytes, which is that of their code points. The terms are distinct.
 *
 * Sorts by the first bytes as one number, and then the terms where they are equal by the next ones.
 */
export function byteOrder({ bytes, offsets }: TermBytes): Int32Array {
  const n = offsets.length - 1;
  const order = Int32Array.from({ length: n }, (_, k) => k);
  const keys = new Float64Array(n);
  // Groups with equal bytes: first, end, and the number of these bytes.
  const groups = [0, n, 0];
  while (groups.length > 0) {
    const depth = groups.pop() as number;
    const end = groups.pop() as number;
    const first = groups.pop() as number;
    for (let i = first; i < end; i++) keys[i] = keyOf(bytes, offsets[order[i]] + depth, offsets[order[i] + 1]);
    sortByKey(keys, order, first, end);
    for (let i = first; i < end; ) {
      const start = i++;
      while (i < end && keys[i] === keys[start]) i++;
      if (i - start > 1) groups.push(start, i, depth + KEY);
    }
  }
  return order;
}

function keyOf(bytes: Uint8Array, start: number, end: number): number {
  let key = 0;
  for (let i = start; i < start + KEY; i++) key = 256 * key + (i < end ? bytes[i] : 0);
  return key;
}

/** Sorts keys[first … end − 1], and the order with them. */
function sortByKey(keys: Float64Array, order: Int32Array, first: number, end: number): void {
  let [low, high] = [first, end];
  // The larger part is sorted in this loop, so the calls are few.
  while (high - low > SHORT) {
    const pivot = median(keys[low], keys[(low + high) >> 1], keys[high - 1]);
    let [i, j] = [low, high - 1];
    while (i <= j) {
      while (keys[i] < pivot) i++;
      while (keys[j] > pivot) j--;
      if (i <= j) swap(keys, order, i++, j--);
    }
    if (j - low < high - i) {
      sortByKey(keys, order, low, j + 1);
      low = i;
    } else {
      sortByKey(keys, order, i, high);
      high = j + 1;
    }
  }
  for (let i = low + 1; i < high; i++)
    for (let at = i; at > low && keys[at - 1] > keys[at]; at--) swap(keys, order, at - 1, at);
}

function swap(keys: Float64Array, order: Int32Array, i: number, j: number): void {
  const key = keys[i];
  keys[i] = keys[j];
  keys[j] = key;
  const term = order[i];
  order[i] = order[j];
  order[j] = term;
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
