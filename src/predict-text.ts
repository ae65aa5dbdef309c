// The front door for edge functions and pages that read text. It imports no package, directly or indirectly.
/**
 * Text vectorizers that have learned, without any dependency.
 *
 * @module softmax-regression/predict-text
 */
export type { SparseMatrix } from './data/matrix.js';
export type { Source } from './data/source.js';
export type { Accents } from './features/text/characters.js';
export type { Documents } from './features/text/documents.js';
export type { Analyzer } from './features/text/scanner.js';
export type { CountOptions, HashingOptions, Norm, TextOptions, TfidfOptions } from './features/text/settings.js';
export type { TermBytes } from './features/text/terms.js';
export type {
  CountState,
  HashingState,
  TextVectorizer,
  TfidfState,
  VectorizerState,
} from './features/text/transformer.js';
export { loadTextVectorizer } from './predict-text/load.js';
