// The front door for edge functions and pages: no package is imported by what it reaches.
/**
 * A predictor for edge functions and pages, without any dependency.
 *
 * @module softmax-regression/predict
 */
export type { Label } from './core/labels.js';
export type { Features } from './predict/features.js';
export { loadPredictor, type Predictor } from './predict/predictor.js';
