// features: terms by their hash, without a vocabulary.

import { DomainError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import { type Documents, eachDocument } from './documents.js';
import { columnOf, HashTransformer } from './hash-transformer.js';
import { murmur3 } from './murmur.js';
import { assertBoolean, assertDtype, assertNorm, HASHING_KEYS, textSettings } from './options.js';
import { type HashingOptions, hashingSettingsOf, scannerOf, type TextSettings } from './settings.js';
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
export class HashingVectorizer extends HashTransformer {
  readonly #settings: TextSettings;

  /** @throws DomainError */
  constructor(options: HashingOptions = {}) {
    const where = 'HashingVectorizer';
    const settings = textSettings(options, HASHING_KEYS, where);
    const { numFeatures = 1, alternateSign = true, binary = false } = options;
    if (!Number.isInteger(numFeatures) || numFeatures < 1 || numFeatures > MOST_FEATURES) {
      const expected = 'be an integer from 1 to 2³¹ − 1';
      throw new DomainError({ where, argument: 'numFeatures', expected, actual: describe(numFeatures) });
    }
    assertBoolean(alternateSign, where, 'alternateSign');
    assertBoolean(binary, where, 'binary');
    assertNorm(options, where);
    assertDtype(options, where);
    super({ kind: 'hashing', options: { ...options } }, hashingSettingsOf(options));
    this.#settings = settings;
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
        const column = columnOf(murmur3(bytes, start, end), this.numFeatures);
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
}
