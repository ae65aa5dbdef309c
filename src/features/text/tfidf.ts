// features: terms weighed by how few documents have them.
import { log } from '../../core/elementary.js';
import { FormatError } from '../../core/errors.js';
import { assertObject, describe } from '../../core/shape.js';
import type { SparseMatrix } from '../../data/matrix.js';
import type { CountState, FittedVectorizer } from './count.js';
import { TermCounter } from './counter.js';
import { Counts } from './counts.js';
import type { Documents } from './documents.js';
import { booleanOf, dtypeOf, normOf, TFIDF_KEYS, type TfidfOptions, type Weighing } from './options.js';
import type { Learned } from './vocabulary.js';

/** What a `TfidfVectorizer` is made of, to store it. */
export interface TfidfState extends CountState {
  readonly options: TfidfOptions;
  /** The weight of each term; undefined with `useIdf: false`. */
  readonly idf: Float64Array | undefined;
}

/**
 * Documents as weighed counts of words or n-grams, as scikit-learn's TfidfVectorizer. With n documents, d of which have the term:
 *
 *   value = count · (ln((n + 1) / (d + 1)) + 1), divided by the length of the row
 *
 * Without `smoothIdf` the weight is ln(n / d) + 1.
 *
 * @example
 * const { vectorizer, features } = TfidfVectorizer.fitTransform(['red red rose', 'blue rose']);
 * vectorizer.state.idf   // blue 1.4055, red 1.4055, rose 1
 * features.values        // row 0: red 0.9422, rose 0.3352; row 1: blue 0.8148, rose 0.5797
 */
export class TfidfVectorizer {
  readonly #options: TfidfOptions;
  readonly #counter: TermCounter;
  readonly #idf: Float64Array | undefined;
  readonly #weighing: Weighing;

  private constructor(options: TfidfOptions, counter: TermCounter, idf: Float64Array | undefined, weighing: Weighing) {
    this.#options = { ...options };
    this.#counter = counter;
    this.#idf = idf;
    this.#weighing = weighing;
  }

  /** Learns the vocabulary and the weights in one pass. @throws DomainError if no term is within the limits */
  static fit(documents: Documents, options: TfidfOptions = {}): TfidfVectorizer {
    return TfidfVectorizer.#learn(documents, options, undefined, 'TfidfVectorizer.fit');
  }

  /** Learns the vocabulary and the weights, and transforms, in one pass. @throws DomainError if no term is within the limits */
  static fitTransform(documents: Documents, options: TfidfOptions = {}): FittedVectorizer<TfidfVectorizer> {
    const rows = new Counts();
    const vectorizer = TfidfVectorizer.#learn(documents, options, rows, 'TfidfVectorizer.fitTransform');
    return { vectorizer, features: rows.matrix(vectorizer.numFeatures, vectorizer.#weighing, vectorizer.#idf) };
  }

  /** The vectorizer of a stored state. @throws FormatError if the terms are not a vocabulary, or the weights do not fit */
  static of(state: TfidfState): TfidfVectorizer {
    const where = 'TfidfVectorizer.of';
    assertObject(state, where, 'state');
    const { options, terms, idf } = state;
    const { weighing, useIdf } = settingsOf(options, where);
    const counter = TermCounter.of(terms, options, TFIDF_KEYS, where);
    const isRight = useIdf
      ? idf instanceof Float64Array && idf.length === counter.numFeatures && idf.every(Number.isFinite)
      : idf === undefined;
    if (!isRight) {
      const expected = useIdf
        ? `be a Float64Array of ${counter.numFeatures} finite numbers`
        : 'be undefined: useIdf is false';
      throw new FormatError({ where, argument: 'idf', expected, actual: describe(idf) });
    }
    return new TfidfVectorizer(options, counter, idf, weighing);
  }

  static #learn(documents: Documents, options: TfidfOptions, rows: Counts | undefined, where: string): TfidfVectorizer {
    const { weighing, useIdf, smoothIdf } = settingsOf(options, where);
    const { counter, learned } = TermCounter.learn(documents, options, TFIDF_KEYS, rows, where);
    return new TfidfVectorizer(options, counter, useIdf ? idfOf(learned, smoothIdf) : undefined, weighing);
  }

  /** What to store. The arrays are shared. */
  get state(): TfidfState {
    return { options: this.#options, terms: this.#counter.terms, idf: this.#idf };
  }

  /** The number of columns. */
  get numFeatures(): number {
    return this.#counter.numFeatures;
  }

  /** The term of each column, a new array. */
  get featureNames(): string[] {
    return this.#counter.names();
  }

  /** The weighed terms of documents. Terms outside the vocabulary are left out. */
  transform(documents: Documents): SparseMatrix {
    const counts = this.#counter.count(documents, 'TfidfVectorizer.transform');
    return counts.matrix(this.numFeatures, this.#weighing, this.#idf);
  }
}

function settingsOf(options: TfidfOptions, where: string) {
  assertObject(options, where, 'options');
  const { useIdf = true, smoothIdf = true, sublinearTf = false } = options;
  return {
    useIdf: booleanOf(useIdf, where, 'useIdf'),
    smoothIdf: booleanOf(smoothIdf, where, 'smoothIdf'),
    weighing: {
      sublinearTf: booleanOf(sublinearTf, where, 'sublinearTf'),
      norm: normOf(options, where),
      dtype: dtypeOf(options, where),
    },
  };
}

function idfOf({ documentCounts, numDocuments }: Learned, smoothIdf: boolean): Float64Array {
  const more = smoothIdf ? 1 : 0;
  // Most terms are in few documents, so a weight occurs many times.
  const known = new Float64Array(numDocuments + 1);
  const idf = new Float64Array(documentCounts.length);
  for (let j = 0; j < idf.length; j++) {
    const count = documentCounts[j];
    if (known[count] === 0) known[count] = log((numDocuments + more) / (count + more)) + 1;
    idf[j] = known[count];
  }
  return idf;
}
