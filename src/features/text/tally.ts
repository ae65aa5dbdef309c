// features: how often each term is in the document that is read.
import { grown } from './lists.js';

/** Runs of at most this many numbers are sorted by insertion. */
const SHORT = 24;

/** Counts of terms, by their numbers. */
export class Tally {
  #counts = new Int32Array(1024);
  #touched = new Int32Array(64);
  #size = 0;

  add(term: number): void {
    if (term >= this.#counts.length) this.#counts = grown(this.#counts, term + 1);
    if (this.#counts[term]++ > 0) return;
    if (this.#size === this.#touched.length) this.#touched = grown(this.#touched, this.#size + 1);
    this.#touched[this.#size++] = term;
  }

  /** Calls `each` with every term and its count, and begins the next document. */
  drain(each: (term: number, count: number) => void): void {
    const counts = this.#counts;
    for (let i = 0; i < this.#size; i++) {
      const term = this.#touched[i];
      each(term, counts[term]);
      counts[term] = 0;
    }
    this.#size = 0;
  }

  /** The terms will be drained in ascending order. */
  sort(): void {
    sortRange(this.#touched, 0, this.#size);
  }
}

/** Sorts numbers[start … end − 1] in ascending order. */
export function sortRange(numbers: Int32Array, start: number, end: number): void {
  if (end - start > SHORT) {
    numbers.subarray(start, end).sort();
    return;
  }
  for (let i = start + 1; i < end; i++) {
    const number = numbers[i];
    let at = i;
    for (; at > start && numbers[at - 1] > number; at--) numbers[at] = numbers[at - 1];
    numbers[at] = number;
  }
}
