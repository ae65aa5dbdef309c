// features: the terms of a vocabulary in texts, counted and weighed: what is left of a vectorizer once it has learned.
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import type { SparseMatrix } from '../../data/matrix.js';
import { Counts } from './counts.js';
import { type Documents, eachDocument } from './documents.js';
import { Grams } from './grams.js';
import { type CountOptions, type HashingOptions, scannerOf, type TermSettings, type TfidfOptions } from './settings.js';
import { Tally } from './tally.js';
import { type TermBytes, termText } from './terms.js';

/** What a `CountVectorizer` is made of, to store it. */
export interface CountState {
  readonly kind: 'count';
  readonly options: CountOptions;
  readonly terms: TermBytes;
}

/** What a `TfidfVectorizer` is made of, to store it. */
export interface TfidfState {
  readonly kind: 'tfidf';
  readonly options: TfidfOptions;
  readonly terms: TermBytes;
  /** The weight of each term; undefined with `useIdf: false`. */
  readonly idf: Float64Array | undefined;
}

/** What a `HashingVectorizer` is made of, to store it. */
export interface HashingState {
  readonly kind: 'hashing';
  readonly options: HashingOptions;
}

/** What a vectorizer is made of, to store it. */
export type VectorizerState = CountState | TfidfState | HashingState;

/** Turns documents into rows of numbers. */
export interface TextVectorizer {
  /** What to store. The arrays are shared. */
  readonly state: VectorizerState;
  /** The number of columns. */
  readonly numFeatures: number;
  /** The term of each column, a new array; undefined for hashed ones. */
  readonly featureNames?: string[];
  /** One row for each document. Terms without a column are left out. */
  transform(documents: Documents): SparseMatrix;
}

/** This many terms are decoded at once. */
const AT_ONCE = 4096;

/** A vectorizer that has learned its vocabulary. */
export class TermTransformer implements TextVectorizer {
  readonly state: CountState | TfidfState;
  readonly #settings: TermSettings;
  #grams: Grams | undefined;

  constructor(state: CountState | TfidfState, settings: TermSettings) {
    this.state = state;
    this.#settings = settings;
  }

  /** That of a stored state. @throws FormatError if the terms are not a vocabulary, or the weights do not fit */
  static of(state: CountState | TfidfState, settings: TermSettings, where: string): TermTransformer {
    assertTerms(state.terms, where);
    if (state.kind === 'tfidf') assertWeights(state, where);
    return new TermTransformer({ ...state, options: { ...state.options } }, settings);
  }

  get numFeatures(): number {
    return this.state.terms.offsets.length - 1;
  }

  get featureNames(): string[] {
    return Array.from({ length: this.numFeatures }, (_, j) => termText(this.state.terms, j));
  }

  transform(documents: Documents): SparseMatrix {
    this.#grams ??= Grams.of(this.state.terms, this.#settings);
    const grams = this.#grams;
    const scanner = scannerOf(this.#settings);
    const tally = new Tally();
    const rows = new Counts();
    const where = `${this.state.kind === 'count' ? 'CountVectorizer' : 'TfidfVectorizer'}.transform`;
    eachDocument(documents, where, (text) => {
      scanner.read(text);
      grams.count(scanner, tally);
      tally.sort();
      tally.drain((term, count) => rows.add(term, this.#settings.binary ? 1 : count));
      rows.endRow();
    });
    return this.matrix(rows);
  }

  /** The counts as values. */
  matrix(rows: Counts): SparseMatrix {
    const idf = this.state.kind === 'tfidf' ? this.state.idf : undefined;
    return rows.matrix(this.numFeatures, this.#settings.weighing, idf);
  }
}

function assertWeights({ terms, idf }: TfidfState, where: string): void {
  const numFeatures = terms.offsets.length - 1;
  if (idf === undefined || (idf.length === numFeatures && idf.every(Number.isFinite))) return;
  const expected = `be ${numFeatures} finite numbers`;
  throw new FormatError({ where, argument: 'idf', expected, actual: describe(idf) });
}

/** Checks that terms ascend, so that none occurs twice, and are UTF-8, so that characters begin where they are looked for. */
function assertTerms(terms: TermBytes, where: string): void {
  const refused = (expected: string, actual: string) => new FormatError({ where, argument: 'terms', expected, actual });
  const { bytes, offsets } = terms;
  const expected = `have offsets that ascend from 0 to ${bytes.length}`;
  if (offsets.length < 2) throw refused(expected, `${offsets.length} offsets`);
  for (let k = 0; k < offsets.length; k++) {
    const isLast = k === offsets.length - 1;
    if (k === 0 ? offsets[0] === 0 : offsets[k] > offsets[k - 1] && (!isLast || offsets[k] === bytes.length)) continue;
    throw refused(expected, `offsets[${k}] = ${offsets[k]}`);
  }
  const k = firstNotUtf8(terms);
  if (k >= 0) throw refused('be UTF-8', `other bytes in term ${k}`);
  for (let k = 1; k + 1 < offsets.length; k++) {
    if (isBefore(terms, k - 1)) continue;
    throw refused('ascend by code point', `${describe(termText(terms, k))} after ${describe(termText(terms, k - 1))}`);
  }
}

/** The first term that is not UTF-8, or −1. */
function firstNotUtf8({ bytes, offsets }: TermBytes): number {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const isUtf8 = (from: number, end: number): boolean => {
    try {
      strict.decode(bytes.subarray(offsets[from], offsets[end]));
      return true;
    } catch {
      return false;
    }
  };
  const numTerms = offsets.length - 1;
  // Many at once: a call takes longer than the bytes of a term. A character that two terms share has a later byte at an offset.
  for (let from = 0; from < numTerms; from += AT_ONCE) {
    const end = Math.min(from + AT_ONCE, numTerms);
    const isWhole = isUtf8(from, end);
    for (let k = from; k < end; k++)
      if ((bytes[offsets[k]] & 0xc0) === 0x80 || !(isWhole || isUtf8(k, k + 1))) return k;
  }
  return -1;
}

/** Whether term k is before the next one. */
function isBefore({ bytes, offsets }: TermBytes, k: number): boolean {
  let [a, b] = [offsets[k], offsets[k + 1]];
  while (a < offsets[k + 1] && b < offsets[k + 2]) {
    const difference = bytes[a++] - bytes[b++];
    if (difference !== 0) return difference < 0;
  }
  return a === offsets[k + 1] && b < offsets[k + 2];
}
