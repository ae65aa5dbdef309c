// features: the n-grams of a vocabulary as a tree: an n-gram is the one without its last unit, and that unit.
import { DomainError } from '../../core/errors.js';
import { grown } from './lists.js';
import { type Reading, type Scanner, SPACE } from './scanner.js';
import type { Tally } from './tally.js';
import { rehashed, type TermBytes, Terms } from './terms.js';

/** The n-grams are fewer than this. */
const MOST_GRAMS = 2 ** 28;

/** N-grams as the nodes of a tree. */
export interface GramTree {
  readonly size: number;
  /** Of each n-gram: the one without its last unit, or −1, and this unit. The rest is room. */
  readonly nodes: Int32Array;
  readonly units: TermBytes;
}

/**
 * Distinct n-grams with numbers from 0. A text is looked up by pairs of numbers (an n-gram and the next unit), not by its bytes,
 * except for its single units: words or characters.
 */
export class Grams {
  /** The number of n-grams, and of beginnings of n-grams. */
  size = 0;
  readonly #reading: Reading;
  /** The words or characters. */
  readonly #units = new Terms();
  #nodes = new Int32Array(2048);
  /** The n-gram of each unit alone, plus 1, or 0. */
  #roots = new Int32Array(512);
  /** Of longer ones, by open addressing: pairs of a hash and the n-gram plus 1, which is 0 in an empty slot. */
  #slots = new Int32Array(4096);
  #taken = 0;
  /** The column of each n-gram, or −1. Without them, unknown n-grams are added, and counted by their numbers. */
  #columns: Int32Array | undefined;
  /** The units of the text that is read; −1 for unknown ones. */
  #text = new Int32Array(256);

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Those of the terms alone, counted by their columns. */
  static of({ bytes, offsets }: TermBytes, reading: Reading): Grams {
    const grams = new Grams(reading);
    // Room for all of them, so that the table does not grow.
    while (grams.#slots.length < 4 * offsets.length) grams.#slots = new Int32Array(2 * grams.#slots.length);
    const ends = new Int32Array(offsets.length - 1);
    for (let j = 0; j < ends.length; j++) ends[j] = grams.#add(bytes, offsets[j], offsets[j + 1]);
    const columns = new Int32Array(grams.size).fill(-1);
    for (let j = 0; j < ends.length; j++) columns[ends[j]] = j;
    grams.#columns = columns;
    return grams;
  }

  /** Adds the n-grams of the text that the scanner has read to the tally. */
  count(scanner: Scanner, tally: Tally): void {
    const { bytes, starts, ends, sequences } = scanner;
    const grows = this.#columns === undefined;
    const numUnits = starts.length;
    this.#text = grown(this.#text, numUnits);
    const text = this.#text;
    const units = this.#units;
    for (let k = 0; k < numUnits; k++) {
      const start = starts.values[k];
      const end = ends.values[k];
      text[k] = grows ? units.add(bytes, start, end) : units.find(bytes, start, end);
    }
    for (let s = 0; s < sequences.length; s++) {
      this.#countSequence(s === 0 ? 0 : sequences.values[s - 1], sequences.values[s], tally);
    }
  }

  #countSequence(first: number, end: number, tally: Tally): void {
    const [smallest, largest] = this.#reading.ngramRange;
    // A word that is shorter than every n counts once, as in scikit-learn.
    const least = this.#reading.analyzer === 'char_wb' ? Math.min(smallest, end - first) : smallest;
    const text = this.#text;
    const columns = this.#columns;
    for (let i = first; i + least <= end; i++) {
      const stop = Math.min(i + largest, end);
      let gram = -1;
      for (let k = i; k < stop; k++) {
        gram = text[k] < 0 ? -1 : this.#next(gram, text[k]);
        if (gram < 0) break;
        if (k - i + 1 < least) continue;
        const term = columns === undefined ? gram : columns[gram];
        if (term >= 0) tally.add(term);
      }
    }
  }

  /** What the n-grams are made of. The arrays are shared. */
  get tree(): GramTree {
    return { size: this.size, nodes: this.#nodes, units: this.#units.list() };
  }

  /** The n-gram of a term. */
  #add(bytes: Uint8Array, start: number, end: number): number {
    const isWords = this.#reading.analyzer === 'word';
    let [gram, from] = [-1, start];
    for (let i = start + 1; i <= end; i++) {
      if (i < end && (isWords ? bytes[i] !== SPACE : (bytes[i] & 0xc0) === 0x80)) continue;
      gram = this.#next(gram, this.#units.add(bytes, from, i));
      from = isWords ? i + 1 : i;
    }
    return gram;
  }

  /** The n-gram that has one unit more; −1 if it is unknown and the columns are fixed. */
  #next(gram: number, unit: number): number {
    if (gram < 0) {
      if (unit >= this.#roots.length) this.#roots = grown(this.#roots, unit + 1);
      if (this.#roots[unit] === 0) this.#roots[unit] = this.#append(gram, unit) + 1;
      return this.#roots[unit] - 1;
    }
    const slots = this.#slots;
    const nodes = this.#nodes;
    const mask = slots.length - 1;
    let hash = Math.imul(gram, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 13;
    let slot = (2 * hash) & mask;
    while (slots[slot + 1] !== 0) {
      const found = slots[slot + 1] - 1;
      // For one unit, different n-grams have different hashes, so the n-gram need not be compared.
      if (slots[slot] === hash && nodes[2 * found + 1] === unit) return found;
      slot = (slot + 2) & mask;
    }
    if (this.#columns !== undefined) return -1;
    slots[slot] = hash;
    slots[slot + 1] = this.size + 1;
    if (4 * ++this.#taken > slots.length) this.#slots = rehashed(slots);
    return this.#append(gram, unit);
  }

  #append(gram: number, unit: number): number {
    if (this.size === MOST_GRAMS) {
      const [where, expected] = ['vocabulary', 'be fewer than 2²⁸'];
      const hint = 'Use a smaller ngramRange, or HashingVectorizer.';
      throw new DomainError({ where, argument: 'n-grams', expected, actual: 'more', hint });
    }
    if (2 * this.size === this.#nodes.length) this.#nodes = grown(this.#nodes, 2 * this.size + 2);
    this.#nodes[2 * this.size] = gram;
    this.#nodes[2 * this.size + 1] = unit;
    return this.size++;
  }
}
