// features: the options of vectorizers, and their defaults.
import type { Accents } from './characters.js';
import { type Analyzer, type Reading, Scanner } from './scanner.js';
import { Terms } from './terms.js';

/** How texts are read. Names and defaults are scikit-learn's. */
export interface TextOptions {
  /** What n-grams are made of: words, characters, or the characters of a word with a blank before and after it. Default 'word'. */
  readonly analyzer?: Analyzer;
  /** The smallest and largest n of the n-grams. Default [1, 1]. */
  readonly ngramRange?: readonly [smallest: number, largest: number];
  /** Default true. */
  readonly lowercase?: boolean;
  /** 'unicode' drops marks, é → e; 'ascii' also drops what is not ASCII. Default 'keep'. */
  readonly stripAccents?: Accents;
  /** Words to leave out before n-grams are formed, as they are read: in lower case, unless `lowercase` is false. */
  readonly stopWords?: readonly string[];
  /** How the values are stored. Default 'float64'. */
  readonly dtype?: 'float32' | 'float64';
}

/** Which terms make the vocabulary, and what is counted. */
export interface CountOptions extends TextOptions {
  /** A term must be in this many documents or more; a number below 1 is a share of the documents. Default 1. */
  readonly minDocuments?: number;
  /** A term must be in this many documents or fewer; a number below 1 is a share of the documents. Default all. */
  readonly maxDocuments?: number;
  /** Keep the terms with the highest total count; of equal counts, the first ones in order. Default all. */
  readonly maxFeatures?: number;
  /** Count a term once a document. Default false. */
  readonly binary?: boolean;
}

/** What makes each row comparable with others: its length, its sum of magnitudes, or nothing. */
export type Norm = 'l1' | 'l2' | 'none';

/** Options of `TfidfVectorizer`. */
export interface TfidfOptions extends CountOptions {
  /** Divide each row by its norm. Default 'l2'. */
  readonly norm?: Norm;
  /** Weigh terms by the inverse of their number of documents. Default true. */
  readonly useIdf?: boolean;
  /** Add 1 to the numbers of documents, as if one document had every term. Default true. */
  readonly smoothIdf?: boolean;
  /** 1 + ln(count) for a count. Default false. */
  readonly sublinearTf?: boolean;
}

/** Options of `HashingVectorizer`. */
export interface HashingOptions extends TextOptions {
  /** The number of columns, from 1 to 2³¹ − 1. Default 2²⁰. */
  readonly numFeatures?: number;
  /** Half of the terms count negatively, so that the terms of a column cancel out on average. Default true. */
  readonly alternateSign?: boolean;
  /** 1 for every column that has a term. Default false. */
  readonly binary?: boolean;
  /** Divide each row by its norm. Default 'l2'. */
  readonly norm?: Norm;
}

/** How counts become values. */
export interface Weighing {
  readonly sublinearTf: boolean;
  readonly norm: Norm;
  readonly dtype: 'float32' | 'float64';
}

/** How texts are read. */
export interface TextSettings extends Reading {
  readonly stopWords: readonly string[];
}

/** Those of a vectorizer with a vocabulary. */
export interface TermSettings extends TextSettings {
  readonly binary: boolean;
  readonly useIdf: boolean;
  readonly smoothIdf: boolean;
  readonly weighing: Weighing;
}

/** Those of a hashing vectorizer. */
export interface HashingSettings extends TextSettings {
  readonly numFeatures: number;
  readonly alternateSign: boolean;
  readonly binary: boolean;
  readonly weighing: Weighing;
}

export function textSettingsOf(options: TextOptions): TextSettings {
  const { analyzer = 'word', lowercase = true, stripAccents = 'keep', stopWords = [] } = options;
  const [smallest, largest] = options.ngramRange ?? [1, 1];
  return { analyzer, ngramRange: [smallest, largest], lowercase, stripAccents, stopWords: Array.from(stopWords) };
}

/** Counts are not weighed, whatever the options are. */
export function termSettingsOf(kind: 'count' | 'tfidf', options: TfidfOptions): TermSettings {
  const isTfidf = kind === 'tfidf';
  const { binary = false, useIdf = true, smoothIdf = true, sublinearTf = false, norm = 'l2' } = options;
  return {
    ...textSettingsOf(options),
    ...{ binary, useIdf: isTfidf && useIdf, smoothIdf },
    weighing: {
      sublinearTf: isTfidf && sublinearTf,
      norm: isTfidf ? norm : 'none',
      dtype: options.dtype ?? 'float64',
    },
  };
}

export function hashingSettingsOf(options: HashingOptions): HashingSettings {
  const { numFeatures = 2 ** 20, alternateSign = true, binary = false, norm = 'l2', dtype = 'float64' } = options;
  const weighing = { sublinearTf: false, norm, dtype };
  return { ...textSettingsOf(options), numFeatures, alternateSign, binary, weighing };
}

/** A scanner that leaves out the stop words. */
export function scannerOf(settings: TextSettings): Scanner {
  if (settings.stopWords.length === 0) return new Scanner(settings);
  const stopWords = new Terms();
  for (const word of settings.stopWords) {
    const bytes = new TextEncoder().encode(word);
    stopWords.add(bytes, 0, bytes.length);
  }
  return new Scanner(settings, stopWords);
}
