// The front door for edge functions and pages. It imports no package, directly or indirectly.
/**
 * A predictor for edge functions and pages, without any dependency.
 *
 * @module softmax-regression/predict
 */
export type { Label } from './core/labels.js';
export type { Features } from './predict/features.js';
export { loadPredictor, type Predictor } from './predict/predictor.js';
