// features: terms weighed by how few documents have them.

import { log } from '../../core/elementary.js';
import type { SparseMatrix } from '../../data/matrix.js';
import type { FittedVectorizer } from './count.js';
import { Counts } from './counts.js';
import type { Documents } from './documents.js';
import { termSettings } from './options.js';
import type { TfidfOptions } from './settings.js';
import { TermTransformer, type TextVectorizer, type TfidfState } from './transformer.js';
import { type Learned, learn, limitsOf } from './vocabulary.js';

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
export class TfidfVectorizer implements TextVectorizer {
  readonly #transformer: TermTransformer;

  private constructor(transformer: TermTransformer) {
    this.#transformer = transformer;
  }

  /** Learns the vocabulary and the weights in one pass. @throws DomainError if no term is within the limits */
  static fit(documents: Documents, options: TfidfOptions = {}): TfidfVectorizer {
    return TfidfVectorizer.#learn(documents, options, undefined, 'TfidfVectorizer.fit');
  }

  /** Learns the vocabulary and the weights, and transforms, in one pass. @throws DomainError if no term is within the limits */
  static fitTransform(documents: Documents, options: TfidfOptions = {}): FittedVectorizer<TfidfVectorizer> {
    const rows = new Counts();
    const vectorizer = TfidfVectorizer.#learn(documents, options, rows, 'TfidfVectorizer.fitTransform');
    return { vectorizer, features: vectorizer.#transformer.matrix(rows) };
  }

  static #learn(documents: Documents, options: TfidfOptions, rows: Counts | undefined, where: string): TfidfVectorizer {
    const settings = termSettings('tfidf', options, where);
    const learned = learn(documents, settings, limitsOf(options, where), rows, where);
    const idf = settings.useIdf ? idfOf(learned, settings.smoothIdf) : undefined;
    const state = { kind: 'tfidf', options: { ...options }, terms: learned.terms, idf } as const;
    return new TfidfVectorizer(new TermTransformer(state, settings));
  }

  get state(): TfidfState {
    return this.#transformer.state as TfidfState;
  }

  get numFeatures(): number {
    return this.#transformer.numFeatures;
  }

  get featureNames(): string[] {
    return this.#transformer.featureNames;
  }

  /** The weighed terms of documents. Terms outside the vocabulary are left out. */
  transform(documents: Documents): SparseMatrix {
    return this.#transformer.transform(documents);
  }
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
