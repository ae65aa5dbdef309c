// features: counts of the terms of a vocabulary.
import { assertObject } from '../../core/shape.js';
import type { SparseMatrix } from '../../data/matrix.js';
import { TermCounter } from './counter.js';
import { Counts } from './counts.js';
import type { Documents } from './documents.js';
import { COUNT_KEYS, type CountOptions, dtypeOf, type Weighing } from './options.js';
import type { TermBytes } from './terms.js';

/** A vectorizer, and the rows of the documents that it was made from. */
export interface FittedVectorizer<V> {
  readonly vectorizer: V;
  /** [documents, terms] */
  readonly features: SparseMatrix;
}

/** What a `CountVectorizer` is made of, to store it. */
export interface CountState {
  readonly options: CountOptions;
  readonly terms: TermBytes;
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
export class CountVectorizer {
  readonly #options: CountOptions;
  readonly #counter: TermCounter;
  readonly #weighing: Weighing;

  private constructor(options: CountOptions, counter: TermCounter, where: string) {
    this.#options = { ...options };
    this.#counter = counter;
    this.#weighing = { sublinearTf: false, norm: 'none', dtype: dtypeOf(options, where) };
  }

  /** Learns the vocabulary in one pass. @throws DomainError if no term is within the limits */
  static fit(documents: Documents, options: CountOptions = {}): CountVectorizer {
    return CountVectorizer.#learn(documents, options, undefined, 'CountVectorizer.fit');
  }

  /** Learns the vocabulary and counts, in one pass. @throws DomainError if no term is within the limits */
  static fitTransform(documents: Documents, options: CountOptions = {}): FittedVectorizer<CountVectorizer> {
    const rows = new Counts();
    const vectorizer = CountVectorizer.#learn(documents, options, rows, 'CountVectorizer.fitTransform');
    return { vectorizer, features: rows.matrix(vectorizer.numFeatures, vectorizer.#weighing) };
  }

  /** The vectorizer of a stored state. @throws FormatError if the terms are not a vocabulary */
  static of(state: CountState): CountVectorizer {
    const where = 'CountVectorizer.of';
    assertObject(state, where, 'state');
    const { options, terms } = state;
    return new CountVectorizer(options, TermCounter.of(terms, options, COUNT_KEYS, where), where);
  }

  static #learn(documents: Documents, options: CountOptions, rows: Counts | undefined, where: string): CountVectorizer {
    assertObject(options, where, 'options');
    dtypeOf(options, where);
    const { counter } = TermCounter.learn(documents, options, COUNT_KEYS, rows, where);
    return new CountVectorizer(options, counter, where);
  }

  /** What to store. The arrays are shared. */
  get state(): CountState {
    return { options: this.#options, terms: this.#counter.terms };
  }

  /** The number of columns. */
  get numFeatures(): number {
    return this.#counter.numFeatures;
  }

  /** The term of each column, a new array. */
  get featureNames(): string[] {
    return this.#counter.names();
  }

  /** Counts of the terms in documents. Terms outside the vocabulary are left out. */
  transform(documents: Documents): SparseMatrix {
    return this.#counter.count(documents, 'CountVectorizer.transform').matrix(this.numFeatures, this.#weighing);
  }
}
