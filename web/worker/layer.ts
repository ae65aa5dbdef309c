// web: the parameters during training, on standardised features, where weights of features of any size can be compared.
import type { Label, SoftmaxRegression } from 'softmax-regression';
import type { PageData } from './data.js';

export interface Affine {
  /** W, [features, classes] row by row. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly columns?: SoftmaxRegression<Label>['columns'];
}

export function affineOf({
  weight,
  bias,
  columns,
}: Pick<SoftmaxRegression<Label>, 'weight' | 'bias' | 'columns'>): Affine {
  return { weight: Float32Array.from(weight.flatMap((row) => Array.from(row))), bias, columns };
}

/** o = zV + c with z = (x − m)/s: the logits of the model. Pictures have m = 0 and s = 1. */
export interface ScaledLayer {
  /** V, [features, classes] row by row. */
  readonly weight: Float64Array;
  /** c, [classes] */
  readonly bias: Float64Array;
}

/** V = s·W and c = b + mW; or, where the model standardises columns, the same of its own centre and factor. */
export function scaledLayerOf({ weight, bias, columns }: Affine, { deviations }: PageData): ScaledLayer {
  const q = bias.length;
  const offset = Float64Array.from(bias);
  const scaled = Float64Array.from(weight, (each, at) => {
    const j = Math.floor(at / q);
    const [mean, scale] = [deviations?.mean[j] ?? 0, deviations?.scale[j] ?? 1];
    const [center, factor] = [columns?.center[j] ?? 0, columns?.factor[j] ?? 1];
    offset[at % q] += (mean - center) * factor * each;
    return each * factor * scale;
  });
  return { weight: scaled, bias: offset };
}

/** z of the first training samples, row by row. */
export function scaledRows({ samples: { features }, deviations }: PageData, count: number): Float64Array {
  const { values, shape, scale: unit = 1 } = features;
  const d = shape[1];
  return Float64Array.from(values.subarray(0, count * d), (x, at) => {
    const j = at % d;
    return (x / unit - (deviations?.mean[j] ?? 0)) / (deviations?.scale[j] ?? 1);
  });
}
