// web: the check of the gradient at the weights of the moment.
import * as tf from '@tensorflow/tfjs';
import { Dense, type GradcheckResult, gradcheckAsync, oneHot } from 'softmax-regression';
import type { PageData } from './data.js';
import { type Affine, scaledLayerOf, scaledRows } from './layer.js';

/** For larger logits, finite differences of the loss lose too many digits. */
const LARGEST_LOGIT = 20;
const DIFFERENCES = 40;

/**
 * Checks the gradient at these weights in three ways on the first samples. It uses standardised features z = (x − m)/s
 * with V = s·W and c = b + mW, which give the same logits.
 *
 * @returns undefined if no sample has logits small enough for finite differences
 */
export async function proofOf(affine: Affine, data: PageData, samples: number): Promise<GradcheckResult | undefined> {
  const { classes } = data;
  const { labels } = data.samples;
  const q = classes.length;
  const d = affine.weight.length / q;
  const { weight, bias: offset } = scaledLayerOf(affine, data);
  const scaled = Array.from({ length: d }, (_, j) => Array.from(weight.subarray(j * q, (j + 1) * q)));
  const n = Math.min(samples, labels.length);
  const z = scaledRows(data, n);
  const rows = Array.from({ length: n }, (_, i) => Array.from(z.subarray(i * d, (i + 1) * d)));
  const isSmall = (row: readonly number[]) =>
    offset.every((base, k) => Math.abs(row.reduce((sum, x, j) => sum + x * scaled[j][k], base)) <= LARGEST_LOGIT);
  const shown = [...rows.keys()].filter((i) => isSmall(rows[i]));
  if (shown.length === 0) return undefined;
  const layer = new Dense({ inputs: d, units: q, weight: scaled, bias: Array.from(offset) });
  const features = tf.tensor2d(shown.map((i) => rows[i]));
  const targets = oneHot(
    shown.map((i) => classes.indexOf(labels[i])),
    q,
  );
  try {
    return await gradcheckAsync({ layer, features, targets, maxDifferences: DIFFERENCES });
  } finally {
    layer.dispose();
    tf.dispose([features, targets]);
  }
}
