// features: counts of the terms of a vocabulary.

import type { SparseMatrix } from '../../data/matrix.js';
import { Counts } from './counts.js';
import type { Documents } from './documents.js';
import { termSettings } from './options.js';
import type { CountOptions } from './settings.js';
import { type CountState, TermTransformer, type TextVectorizer } from './transformer.js';
import { learn, limitsOf } from './vocabulary.js';

/** A vectorizer, and the rows of the documents that it was made from. */
export interface FittedVectorizer<V> {
  readonly vectorizer: V;
  /** [documents, terms] */
  readonly features: SparseMatrix;
}

/**
 * Documents as counts of words or n-grams, as scikit-learn's CountVectorizer. The columns are the terms in the order of their
 * code points.
 *
 * @example
 * const { vectorizer, features } = CountVectorizer.fitTransform(['red red rose', 'blue']);
 * vectorizer.featureNames   // ['blue', 'red', 'rose']
 * features.values           // [2, 1, 1], in the columns [1, 2, 0]
 */
export class CountVectorizer implements TextVectorizer {
  readonly #transformer: TermTransformer;

  private constructor(transformer: TermTransformer) {
    this.#transformer = transformer;
  }

  /** Learns the vocabulary in one pass. @throws DomainError if no term is within the limits */
  static fit(documents: Documents, options: CountOptions = {}): CountVectorizer {
    return CountVectorizer.#learn(documents, options, undefined, 'CountVectorizer.fit');
  }

  /** Learns the vocabulary and counts, in one pass. @throws DomainError if no term is within the limits */
  static fitTransform(documents: Documents, options: CountOptions = {}): FittedVectorizer<CountVectorizer> {
    const rows = new Counts();
    const vectorizer = CountVectorizer.#learn(documents, options, rows, 'CountVectorizer.fitTransform');
    return { vectorizer, features: vectorizer.#transformer.matrix(rows) };
  }

  static #learn(documents: Documents, options: CountOptions, rows: Counts | undefined, where: string): CountVectorizer {
    const settings = termSettings('count', options, where);
    const { terms } = learn(documents, settings, limitsOf(options, where), rows, where);
    return new CountVectorizer(new TermTransformer({ kind: 'count', options: { ...options }, terms }, settings));
  }

  get state(): CountState {
    return this.#transformer.state as CountState;
  }

  get numFeatures(): number {
    return this.#transformer.numFeatures;
  }

  get featureNames(): string[] {
    return this.#transformer.featureNames;
  }

  /** Counts of the terms in documents. Terms outside the vocabulary are left out. */
  transform(documents: Documents): SparseMatrix {
    return this.#transformer.transform(documents);
  }
}
