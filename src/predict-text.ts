// The front door for edge functions and pages that read text. It imports no package, directly or indirectly.
/**
 * Text vectorizers that have learned, without any dependency.
 *
 * @module softmax-regression/predict-text
 */
export type { SparseMatrix } from './data/matrix.js';
export type { Documents } from './features/text/documents.js';
export type { TextVectorizer } from './features/text/transformer.js';
export { loadTextVectorizer } from './predict-text/load.js';
