// core: the parameters of an affine map as plain arrays.
import { LARGEST_FLOAT32 } from './tolerance.js';

/**
 * Standardises columns before they are multiplied: zⱼ = (xⱼ − centerⱼ)·factorⱼ, in float64. Folded into float32 weights,
 * columns that are far from 0 in units of their deviation would lose their digits.
 */
export interface Columns {
  /** [inputs] */
  readonly center: Float64Array;
  /** One over the deviation, [inputs]. */
  readonly factor: Float64Array;
  /** For messages. */
  readonly names?: readonly string[];
}

/** A weight matrix and a bias, as stored in a fitted model: o = xW + b, or o = zW + b with `columns`. */
export interface Affine {
  /** W, row-major, [inputs, units]. */
  readonly weight: Float32Array;
  /** b, [units]. */
  readonly bias: Float32Array;
  readonly columns?: Columns;
}

/** The largest absolute feature that a model takes: any finite number where it standardises columns. */
export function largestFeature({ columns }: Pick<Affine, 'columns'>): number {
  return columns === undefined ? LARGEST_FLOAT32 : Number.MAX_VALUE;
}
