// features: texts as counts by the hash of a term: what a predictor needs of a hashing vectorizer.
import type { SparseMatrix } from '../../data/matrix.js';
import { Counts } from './counts.js';
import { type Documents, eachDocument } from './documents.js';
import { grown } from './lists.js';
import { murmur3 } from './murmur.js';
import { type HashingSettings, scannerOf } from './settings.js';
import type { HashingState, TextVectorizer } from './transformer.js';

/** The column of a hash. */
export function columnOf(hash: number, numFeatures: number): number {
  return Math.abs(hash) % numFeatures;
}

/** Counts terms by their hashes. */
export class HashTransformer implements TextVectorizer {
  readonly state: HashingState;
  readonly numFeatures: number;
  readonly #settings: HashingSettings;

  constructor(state: HashingState, settings: HashingSettings) {
    this.state = state;
    this.numFeatures = settings.numFeatures;
    this.#settings = settings;
  }

  /** The hashed counts of documents. A column where counts cancel out is stored as 0. */
  transform(documents: Documents): SparseMatrix {
    const { alternateSign, binary, weighing } = this.#settings;
    const scanner = scannerOf(this.#settings);
    const rows = new Counts();
    /** 2 · column of each n-gram, and 1 more for a negative one. */
    let found = new Uint32Array(64);
    eachDocument(documents, 'HashingVectorizer.transform', (text) => {
      let size = 0;
      scanner.read(text);
      scanner.visit((bytes, start, end) => {
        const hash = murmur3(bytes, start, end);
        if (size === found.length) found = grown(found, size + 1);
        found[size++] = 2 * columnOf(hash, this.numFeatures) + (hash < 0 && alternateSign ? 1 : 0);
      });
      found.subarray(0, size).sort();
      for (let i = 0; i < size; ) {
        const column = found[i] >>> 1;
        let sum = 0;
        for (; i < size && found[i] >>> 1 === column; i++) sum += found[i] % 2 === 0 ? 1 : -1;
        rows.add(column, binary ? 1 : sum);
      }
      rows.endRow();
    });
    return rows.matrix(this.numFeatures, weighing);
  }
}
