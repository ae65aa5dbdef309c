// The front door for programs and pages that read Parquet and Arrow without Node. Its readers are loaded on demand.
/**
 * Parquet and Arrow for `readSamples`, in pages too. `softmax-regression/node` has them already.
 *
 * @module softmax-regression/formats
 */
export { provideFormats } from './formats/provide.js';
