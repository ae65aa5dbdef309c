// web: the views of a model during training: its weights for drawing, and the check of its gradient.
import * as tf from '@tensorflow/tfjs';
import {
  Dense,
  type GradcheckResult,
  gradcheckAsync,
  type Label,
  oneHot,
  type SoftmaxRegression,
} from 'softmax-regression';
import type { PageData } from './data.js';
import type { ImageSize, WeightsView } from './messages.js';

export interface Affine {
  /** W, [features, classes] row by row. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly columns?: SoftmaxRegression<Label>['columns'];
}

export interface View {
  readonly classes: readonly Label[];
  readonly featureNames: readonly string[] | undefined;
  readonly numFeatures: number;
  readonly image: ImageSize | undefined;
  /** The deviations of the features, by which weights are multiplied. */
  readonly scale: ArrayLike<number> | undefined;
}

export function affineOf({
  weight,
  bias,
  columns,
}: Pick<SoftmaxRegression<Label>, 'weight' | 'bias' | 'columns'>): Affine {
  return { weight: Float32Array.from(weight.flatMap((row) => Array.from(row))), bias, columns };
}

const MOST_FEATURES = 12;

/** W minus its mean over the classes, which softmax ignores: one image per class, or the features of largest weight. */
export function viewOf(
  { weight, columns }: Affine,
  { classes, featureNames, numFeatures, image, scale }: View,
): WeightsView {
  const q = classes.length;
  const rows = Array.from({ length: numFeatures }, (_, j) => {
    const row = weight.subarray(j * q, (j + 1) * q);
    const mean = row.reduce((sum, each) => sum + each, 0) / q;
    return Float64Array.from(row, (each) => (each - mean) * (columns?.factor[j] ?? 1) * (scale?.[j] ?? 1));
  });
  if (image !== undefined) {
    return { kind: 'images', size: image, pictures: classes.map((_, k) => Float32Array.from(rows, (row) => row[k])) };
  }
  const sizes = rows.map((row) => Math.sqrt(row.reduce((sum, weight) => sum + weight * weight, 0)));
  const most = [...rows.keys()]
    .sort((a, b) => sizes[b] - sizes[a])
    .slice(0, MOST_FEATURES)
    .sort((a, b) => a - b);
  const features = most.map((j) => featureNames?.[j] ?? `x${j}`);
  return { kind: 'bars', features, weights: most.map((j) => rows[j]) };
}

/** For larger logits, finite differences of the loss lose too many digits. */
const LARGEST_LOGIT = 20;
const DIFFERENCES = 40;

/**
 * Checks the gradient at these weights in three ways on the first samples. It uses standardised features z = (x − m)/s
 * with V = s·W and c = b + mW, which give the same logits.
 *
 * @returns undefined if no sample has logits small enough for finite differences
 */
export async function proofOf(
  { weight, bias, columns }: Affine,
  { samples: { features: all, labels }, classes, deviations }: PageData,
  samples: number,
): Promise<GradcheckResult | undefined> {
  const q = classes.length;
  const d = weight.length / q;
  const offset = Float64Array.from(bias);
  const scaled = Array.from({ length: d }, (_, j) => {
    const [mean, scale] = [deviations?.mean[j] ?? 0, deviations?.scale[j] ?? 1];
    const row = weight.subarray(j * q, (j + 1) * q);
    const [center, factor] = [columns?.center[j] ?? 0, columns?.factor[j] ?? 1];
    for (let k = 0; k < q; k++) offset[k] += (mean - center) * factor * row[k];
    return Array.from(row, (each) => each * factor * scale);
  });
  const n = Math.min(samples, labels.length);
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from(
      all.values.subarray(i * d, (i + 1) * d),
      (x, j) => (x / (all.scale ?? 1) - (deviations?.mean[j] ?? 0)) / (deviations?.scale[j] ?? 1),
    ),
  );
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
