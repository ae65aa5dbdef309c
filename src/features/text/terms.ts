// features: a table of terms, as UTF-8 bytes in one array; and their order.
import { DomainError } from '../../core/errors.js';
import { grown, IntList } from './lists.js';
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
  #bytes: Uint8Array;
  readonly #offsets = new IntList();
  readonly #hashes = new IntList();
  /** Open addressing: the number of a term plus 1, or 0. At most half are taken. */
  #slots: Int32Array;

  /** @param capacity terms and bytes to expect */
  constructor(capacity: { readonly terms: number; readonly bytes: number } = { terms: 512, bytes: 4096 }) {
    let slots = 1024;
    while (slots < 2 * capacity.terms) slots *= 2;
    this.#slots = new Int32Array(slots);
    this.#bytes = new Uint8Array(capacity.bytes);
    this.#offsets.push(0);
  }

  /** A table with the numbers of the list. Of equal terms, the first is found. */
  static of({ bytes, offsets }: TermBytes): Terms {
    const terms = new Terms({ terms: offsets.length - 1, bytes: bytes.length });
    for (let k = 0; k + 1 < offsets.length; k++) terms.add(bytes, offsets[k], offsets[k + 1]);
    return terms;
  }

  get size(): number {
    return this.#hashes.length;
  }

  /** The number of a term, or −1. */
  find(from: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slotOf(from, start, end, murmur3(from, start, end))] - 1;
  }

  /** The number of a term, which is new if it is the former size. */
  add(from: Uint8Array, start: number, end: number): number {
    const hash = murmur3(from, start, end);
    const slot = this.#slotOf(from, start, end, hash);
    if (this.#slots[slot] !== 0) return this.#slots[slot] - 1;
    const at = this.#offsets.values[this.size];
    if (at + end - start >= MOST_BYTES) {
      throw new DomainError({
        where: 'vocabulary',
        argument: 'the terms',
        expected: 'take less than 2 GiB',
        actual: `more than that after ${this.size} terms`,
        hint: 'Use a smaller ngramRange, or HashingVectorizer.',
      });
    }
    this.#bytes = grown(this.#bytes, at + end - start);
    for (let i = start; i < end; i++) this.#bytes[at + i - start] = from[i];
    this.#offsets.push(at + end - start);
    this.#hashes.push(hash);
    this.#slots[slot] = this.size;
    if (2 * this.size > this.#slots.length) this.#rehash();
    return this.size - 1;
  }

  /** The terms in the order of their numbers. The bytes are shared until the next term is added. */
  list(): TermBytes {
    return { bytes: this.#bytes.subarray(0, this.#offsets.values[this.size]), offsets: this.#offsets.copy() };
  }

  /** The slot of a term, or the empty one where it belongs. */
  #slotOf(from: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0 && !this.#is(this.#slots[slot] - 1, from, start, end, hash))
      slot = (slot + 1) & mask;
    return slot;
  }

  #is(k: number, from: Uint8Array, start: number, end: number, hash: number): boolean {
    if (this.#hashes.values[k] !== hash) return false;
    const at = this.#offsets.values[k];
    const length = end - start;
    if (this.#offsets.values[k + 1] - at !== length) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== from[start + i]) return false;
    return true;
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let k = 0; k < this.size; k++) {
      let slot = this.#hashes.values[k] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = k + 1;
    }
    this.#slots = slots;
  }
}

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** Term k as a string. */
export function termText({ bytes, offsets }: TermBytes, k: number): string {
  return DECODER.decode(bytes.subarray(offsets[k], offsets[k + 1]));
}

/** The chosen terms, in this order. */
export function pickTerms({ bytes, offsets }: TermBytes, chosen: Int32Array): TermBytes {
  const ends = new Int32Array(chosen.length + 1);
  for (let i = 0; i < chosen.length; i++) ends[i + 1] = ends[i] + offsets[chosen[i] + 1] - offsets[chosen[i]];
  const copy = new Uint8Array(ends[chosen.length]);
  for (let i = 0; i < chosen.length; i++) {
    copy.set(bytes.subarray(offsets[chosen[i]], offsets[chosen[i] + 1]), ends[i]);
  }
  return { bytes: copy, offsets: ends };
}

/** Runs of at most this many terms are sorted by insertion. */
const SHORT = 12;

/**
 * The numbers of the terms in the order of their bytes, which is that of their code points. The terms are distinct.
 *
 * Quicksort by one byte at a time: terms with equal beginnings are not compared from the start again.
 */
export function byteOrder({ bytes, offsets }: TermBytes): Int32Array {
  const order = Int32Array.from({ length: offsets.length - 1 }, (_, k) => k);
  /** The byte of a term at a depth, or −1 after its end. */
  const byteAt = (k: number, depth: number): number =>
    offsets[k] + depth < offsets[k + 1] ? bytes[offsets[k] + depth] : -1;
  // Groups to sort: first, end, and the number of bytes that are equal.
  const groups = [0, order.length, 0];
  while (groups.length > 0) {
    const depth = groups.pop() as number;
    const end = groups.pop() as number;
    const first = groups.pop() as number;
    if (end - first <= SHORT) {
      sortByInsertion(order, first, end, (a, b) => compareFrom(a, b, depth, byteAt));
      continue;
    }
    const pivot = median(
      byteAt(order[first], depth),
      byteAt(order[(first + end) >> 1], depth),
      byteAt(order[end - 1], depth),
    );
    let [low, high] = [first, end];
    for (let i = first; i < high; ) {
      const byte = byteAt(order[i], depth);
      if (byte === pivot) i++;
      else {
        const other = byte < pivot ? low++ : --high;
        [order[i], order[other]] = [order[other], order[i]];
        if (byte < pivot) i++;
      }
    }
    groups.push(first, low, depth, high, end, depth);
    if (pivot !== -1) groups.push(low, high, depth + 1);
  }
  return order;
}

function compareFrom(a: number, b: number, depth: number, byteAt: (k: number, depth: number) => number): number {
  for (let i = depth; ; i++) {
    const [x, y] = [byteAt(a, i), byteAt(b, i)];
    if (x !== y || x === -1) return x - y;
  }
}

function sortByInsertion(
  order: Int32Array,
  first: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  for (let i = first + 1; i < end; i++) {
    const k = order[i];
    let at = i;
    for (; at > first && compare(order[at - 1], k) > 0; at--) order[at] = order[at - 1];
    order[at] = k;
  }
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
