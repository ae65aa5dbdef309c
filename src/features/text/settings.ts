// features: options that are checked, with their defaults, as transforming needs them.
import type { HashingOptions, Norm, TextOptions, TfidfOptions } from './options.js';
import { type Reading, Scanner } from './scanner.js';
import { Terms } from './terms.js';

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
