// web: the gradient of the mean loss over training samples, in closed form.
import { type Label, reference } from 'softmax-regression';
import type { PageData } from './data.js';
import { type Affine, scaledLayerOf, scaledRows } from './layer.js';

/** Samples that the gradient is computed from, and multiplications for it: a few milliseconds. */
const MOST_SAMPLES = 500;
const MOST_WORK = 4e6;

export interface LossGradient {
  /** ∂ℓ/∂V = (1/n)·Zᵀ(softmax(o) − y), [features, classes] row by row. */
  readonly values: Float64Array;
  readonly samples: number;
}

/** The gradient of the loss, without a penalty, on the first training samples; features are standardised. */
export function gradientOf(affine: Affine, data: PageData, classes: readonly Label[]): LossGradient {
  const layer = scaledLayerOf(affine, data);
  const [d, q] = [data.samples.features.shape[1], classes.length];
  const samples = Math.max(1, Math.min(data.samples.labels.length, MOST_SAMPLES, Math.floor(MOST_WORK / (d * q))));
  const z = { rows: samples, columns: d, values: scaledRows(data, samples) };
  const labels = data.samples.labels.slice(0, samples).map((label) => classes.indexOf(label));
  const logits = reference.dense(z, { rows: d, columns: q, values: layer.weight }, layer.bias);
  const error = reference.sparseCrossEntropyGradient(logits, labels);
  return { values: reference.matmul(reference.transpose(z), error).values, samples };
}
