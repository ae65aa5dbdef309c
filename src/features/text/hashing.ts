// features: terms by their hash, without a vocabulary.

import { DomainError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import type { SparseMatrix } from '../../data/matrix.js';
import { Counts } from './counts.js';
import { type Documents, eachDocument } from './documents.js';
import { grown } from './lists.js';
import { murmur3 } from './murmur.js';
import {
  booleanOf,
  dtypeOf,
  HASHING_KEYS,
  type HashingOptions,
  normOf,
  scannerOf,
  type TextSettings,
  textSettings,
  type Weighing,
} from './options.js';
import { Terms, termText } from './terms.js';

const MOST_FEATURES = 2 ** 31 - 1;

/** Which terms of documents share a column. */
export interface Collisions {
  /** The number of different terms. */
  readonly numTerms: number;
  /** The number of columns with at least one term. */
  readonly numColumns: number;
  /** The columns with several terms, ascending. The terms are in order of appearance. */
  readonly shared: readonly { readonly column: number; readonly terms: readonly string[] }[];
}

/**
 * Documents as counts of words or n-grams in the columns of their hashes, as scikit-learn's HashingVectorizer. It learns nothing,
 * so new terms have columns too, and no memory is needed for a vocabulary. Different terms may share a column.
 *
 *   column = |h| mod numFeatures, h = MurmurHash3 of the term in UTF-8, signed; the sign of a count is that of h
 *
 * @example
 * const vectorizer = new HashingVectorizer({ numFeatures: 16, norm: 'none' });
 * vectorizer.transform(['red red rose'])   // one row: −2 in column 3, −1 in column 12
 */
export class HashingVectorizer {
  readonly numFeatures: number;
  readonly #settings: TextSettings;
  readonly #weighing: Weighing;
  readonly #alternateSign: boolean;
  readonly #binary: boolean;

  /** @throws DomainError */
  constructor(options: HashingOptions = {}) {
    const where = 'HashingVectorizer';
    this.#settings = textSettings(options, HASHING_KEYS, where);
    const { numFeatures = 2 ** 20, alternateSign = true, binary = false } = options;
    if (!Number.isInteger(numFeatures) || numFeatures < 1 || numFeatures > MOST_FEATURES) {
      const expected = 'be an integer from 1 to 2³¹ − 1';
      throw new DomainError({ where, argument: 'numFeatures', expected, actual: describe(numFeatures) });
    }
    this.numFeatures = numFeatures;
    this.#alternateSign = booleanOf(alternateSign, where, 'alternateSign');
    this.#binary = booleanOf(binary, where, 'binary');
    this.#weighing = { sublinearTf: false, norm: normOf(options, where), dtype: dtypeOf(options, where) };
  }

  /** The hashed counts of documents. A column where counts cancel out is stored as 0. */
  transform(documents: Documents): SparseMatrix {
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
        found[size++] = 2 * this.#columnOf(hash) + (hash < 0 && this.#alternateSign ? 1 : 0);
      });
      found.subarray(0, size).sort();
      for (let i = 0; i < size; ) {
        const column = found[i] >>> 1;
        let sum = 0;
        for (; i < size && found[i] >>> 1 === column; i++) sum += found[i] % 2 === 0 ? 1 : -1;
        rows.add(column, this.#binary ? 1 : sum);
      }
      rows.endRow();
    });
    return rows.matrix(this.numFeatures, this.#weighing);
  }

  /** The terms of documents that share a column. It keeps all the different terms in memory. */
  collisions(documents: Documents): Collisions {
    const scanner = scannerOf(this.#settings);
    const terms = new Terms();
    const byColumn = new Map<number, number[]>();
    eachDocument(documents, 'HashingVectorizer.collisions', (text) => {
      scanner.read(text);
      scanner.visit((bytes, start, end) => {
        const before = terms.size;
        const term = terms.add(bytes, start, end);
        if (term < before) return;
        const column = this.#columnOf(murmur3(bytes, start, end));
        const others = byColumn.get(column);
        if (others === undefined) byColumn.set(column, [term]);
        else others.push(term);
      });
    });
    const list = terms.list();
    const shared = [...byColumn]
      .filter(([, those]) => those.length > 1)
      .sort(([a], [b]) => a - b)
      .map(([column, those]) => ({ column, terms: those.map((k) => termText(list, k)) }));
    return { numTerms: terms.size, numColumns: byColumn.size, shared };
  }

  #columnOf(hash: number): number {
    return Math.abs(hash) % this.numFeatures;
  }
}
