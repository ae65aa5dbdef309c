// web: a model as the page draws it: its weights, the gradient at them, and its logits in the plane of the regions.
import type { Label } from 'softmax-regression';
import type { GradientView, ImageSize, ModelView, WeightsView } from '../messages.js';
import { gradientOf } from './gradient.js';
import type { Affine } from './layer.js';
import { logitsIn, type PlanedData } from './plane.js';

/** What the weights belong to. */
export interface Shown {
  readonly classes: readonly Label[];
  readonly featureNames: readonly string[] | undefined;
  readonly numFeatures: number;
  readonly image: ImageSize | undefined;
  /** The standard deviation of each feature, if it is known. */
  readonly deviations: ArrayLike<number> | undefined;
}

const MOST_FEATURES = 12;

/**
 * Weights are shown minus their mean over the classes, which softmax ignores: one image per class, or the features of
 * the largest weights. The gradient is shown for the same features.
 */
export function modelViewOf(affine: Affine, shown: Shown, data: PlanedData | undefined): ModelView {
  const rows = centredRows(affine, shown);
  const most = largestOf(rows);
  const weights = viewOfRows(rows, most, shown);
  if (data === undefined) return { weights };
  const { values, samples } = gradientOf(affine, data, shown.classes);
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const gradient: GradientView = { ...viewOfRows(rowsOf(values, shown), most, shown), samples, norm };
  return { weights, gradient, regions: data.plane && logitsIn(data.plane, affine, data) };
}

function rowsOf<A extends Float64Array | Float32Array>(values: A, { classes, numFeatures }: Shown): A[] {
  const q = classes.length;
  return Array.from({ length: numFeatures }, (_, j) => values.subarray(j * q, (j + 1) * q) as A);
}

function centredRows({ weight, columns }: Affine, shown: Shown): Float64Array[] {
  const q = shown.classes.length;
  return rowsOf(weight, shown).map((row, j) => {
    const mean = row.reduce((sum, each) => sum + each, 0) / q;
    return Float64Array.from(row, (each) => (each - mean) * (columns?.factor[j] ?? 1) * (shown.deviations?.[j] ?? 1));
  });
}

/** The features with the longest rows, in their order. */
function largestOf(rows: readonly Float64Array[]): number[] {
  const sizes = rows.map((row) => Math.sqrt(row.reduce((sum, weight) => sum + weight * weight, 0)));
  const order = [...rows.keys()].sort((a, b) => sizes[b] - sizes[a]);
  return order.slice(0, MOST_FEATURES).sort((a, b) => a - b);
}

function viewOfRows(
  rows: readonly Float64Array[],
  most: readonly number[],
  { classes, image, featureNames, numFeatures, deviations }: Shown,
): WeightsView {
  if (image !== undefined) {
    return { kind: 'images', size: image, pictures: classes.map((_, k) => Float32Array.from(rows, (row) => row[k])) };
  }
  const features = most.map((j) => featureNames?.[j] ?? `x${j}`);
  return {
    kind: 'bars',
    features,
    weights: most.map((j) => rows[j]),
    per: deviations === undefined ? 'unit' : 'deviation',
    numFeatures,
  };
}
