// predict: a model for prediction only.
import type { Affine } from '../core/affine.js';
import { FormatError, ShapeError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import { type FeatureRows, type Features, readFeatures } from './features.js';
import { type Check, checkOf } from './json.js';
import { readModel } from './model-file.js';
import { argMax, assertK, softmaxInPlace, standardized } from './scores.js';

const WHERE = 'loadPredictor';

/** A fitted model for prediction only. */
export interface Predictor<L extends Label = Label> {
  /** The classes, in the order of the columns of logits and probabilities. */
  readonly classes: readonly L[];
  /** d, features of a sample. */
  readonly numFeatures: number;
  readonly featureNames?: readonly string[];
  /** o = xW + b: one Float64Array of [classes] for each sample. */
  logits(features: Features): Float64Array[];
  /** softmax(o): one Float64Array of [classes] for each sample. */
  predictProbabilities(features: Features): Float64Array[];
  /** The most probable class of each sample; the first of equally probable classes. */
  predict(features: Features): L[];
  /** The k most probable classes of each sample, the most probable first. */
  predictTopK(features: Features, k: number): { label: L; probability: number }[][];
}

/**
 * A predictor from the bytes of a model file, such as `saveModel` writes.
 *
 * Its results equal those of the model bit for bit. The structure and checksum of the file are checked first. The type
 * parameter of the labels is not checked.
 *
 * @throws an error with `code` 'FORMAT' if the bytes are not one complete model file of a known version; the methods
 *         throw 'SHAPE' for rows of another length, 'DOMAIN' for a feature that is not a finite float32 number
 * @example
 * const predictor = loadPredictor(await (await fetch('iris.safetensors')).arrayBuffer());
 * predictor.predict([[5.1, 3.5, 1.4, 0.2]]);   // ['setosa']
 */
export function loadPredictor<L extends Label = Label>(bytes: Uint8Array | ArrayBuffer): Predictor<L> {
  const check = checkOf(FormatError, WHERE);
  const { content } = readModel(bytesOf(bytes, WHERE), check);
  const { classes, numFeatures, featureNames } = content;
  const columns = content.columns && { ...content.columns, names: featureNames };
  const labels = Object.freeze(classes) as readonly L[];
  const logits = (features: Features, where: string) =>
    logitsOf(content, readFeatures(features, numFeatures, where, columns));
  const probabilities = (features: Features, where: string) =>
    logits(features, where).map((row) => softmaxInPlace(row));
  return Object.freeze({
    classes: labels,
    numFeatures,
    ...(featureNames && { featureNames: Object.freeze(featureNames) }),
    logits: (features: Features) => logits(features, 'logits'),
    predictProbabilities: (features: Features) => probabilities(features, 'predictProbabilities'),
    predict: (features: Features) => logits(features, 'predict').map((row) => labels[argMax(row)]),
    predictTopK: (features: Features, k: number) => {
      const where = 'predictTopK';
      assertK(k, labels.length, where);
      return probabilities(features, where).map((row) =>
        // Equals argTopK of scores.ts, at a third of its size.
        [...row.keys()]
          .sort((a, b) => row[b] - row[a])
          .slice(0, k)
          .map((column) => ({ label: labels[column], probability: row[column] })),
      );
    },
  });
}

/** Equals `logitsInto` of model/predict.ts bit for bit, at a third of its speed and a third of its size. */
export function logitsOf({ weight, bias, columns }: Affine, { values, shape, scale = 1 }: FeatureRows): Float64Array[] {
  const [n, d] = shape;
  const q = bias.length;
  const divisor = columns === undefined ? scale : 1;
  return Array.from({ length: n }, (_, i) => {
    const logits = new Float64Array(q);
    for (let j = 0; j < d; j++) {
      let x = values[i * d + j];
      if (columns !== undefined) x = standardized(x / scale, columns, j);
      for (let k = 0; k < q; k++) logits[k] += x * weight[j * q + k];
    }
    return logits.map((sum, k) => sum / divisor + bias[k]);
  });
}

export function bytesOf(bytes: Uint8Array | ArrayBuffer, where: string): Uint8Array {
  const kind = bytes?.[Symbol.toStringTag];
  if (kind === 'ArrayBuffer') return new Uint8Array(bytes as ArrayBuffer);
  const check: Check = checkOf(ShapeError, where);
  check(kind === 'Uint8Array', 'bytes', 'be a Uint8Array or an ArrayBuffer', describe(bytes));
  return bytes as Uint8Array;
}
