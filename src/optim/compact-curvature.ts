// optim: the Hessian approximation of block L-BFGS in its compact form.
import type { BlockMetric } from './block-metric.js';
import { dot } from './solver.js';

/** A curvature pair of block L-BFGS, with M times its step. */
export interface BlockPair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly ofStep: Float64Array;
}

/**
 * The Hessian approximation of L-BFGS, B = σM − UCUᵀ, in its compact form.
 *
 *   U = [σMS, Y],   C = [[σSᵀMS, L], [Lᵀ, −D]]⁻¹,   Lᵢⱼ = sᵢᵀyⱼ below the diagonal of SᵀY, and D that diagonal
 *
 * @see Byrd, Nocedal and Schnabel, Representations of quasi-Newton matrices (1994)
 */
export interface CompactCurvature {
  readonly metric: BlockMetric;
  readonly sigma: number;
  /** 2m, columns of U */
  readonly width: number;
  /** U, [size, width] */
  readonly outer: Float64Array;
  /** UC, [size, width] */
  readonly inner: Float64Array;
  /** Bᵢᵢ > 0 */
  readonly diagonal: Float64Array;
}

/** B, or undefined if rounding makes it singular or not positive definite. */
export function compactCurvature(
  metric: BlockMetric,
  sigma: number,
  pairs: readonly BlockPair[],
): CompactCurvature | undefined {
  const { size, order } = metric;
  const m = pairs.length;
  const width = 2 * m;
  const outer = new Float64Array(size * width);
  const inner = new Float64Array(size * width);
  const diagonal = new Float64Array(size);
  for (let i = 0; i < size; i++) diagonal[i] = sigma * metric.diagonal[i % order];
  if (m === 0) return { metric, sigma, width, outer, inner, diagonal };
  // Scaled so that sᵀy = 1, which affects only the rounding.
  const scales = pairs.map(({ step, change }) => 1 / Math.sqrt(dot(step, change)));
  const middle = new Float64Array(width * width);
  for (let a = 0; a < m; a++) {
    for (let b = 0; b < m; b++) {
      const scale = scales[a] * scales[b];
      middle[a * width + b] = sigma * scale * dot(pairs[a].step, pairs[b].ofStep);
      if (a > b) {
        const below = scale * dot(pairs[a].step, pairs[b].change);
        middle[a * width + m + b] = below;
        middle[(m + b) * width + a] = below;
      }
    }
    middle[(m + a) * width + m + a] = -1;
  }
  const inverse = inverseOf(middle, width);
  if (inverse === undefined) return undefined;
  for (let i = 0; i < size; i++) {
    const at = i * width;
    for (let a = 0; a < m; a++) {
      outer[at + a] = sigma * scales[a] * pairs[a].ofStep[i];
      outer[at + m + a] = scales[a] * pairs[a].change[i];
    }
    for (let a = 0; a < width; a++) {
      let sum = 0;
      for (let b = 0; b < width; b++) sum += outer[at + b] * inverse[b * width + a];
      inner[at + a] = sum;
      diagonal[i] -= sum * outer[at + a];
    }
    if (!(diagonal[i] > 0)) return undefined;
  }
  return { metric, sigma, width, outer, inner, diagonal };
}

/** Gauss–Jordan elimination with pivoting; undefined if the matrix is singular. */
function inverseOf(matrix: Float64Array, size: number): Float64Array | undefined {
  const left = matrix.slice();
  const right = new Float64Array(size * size);
  for (let i = 0; i < size; i++) right[i * size + i] = 1;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column + 1; i < size; i++) {
      if (Math.abs(left[i * size + column]) > Math.abs(left[pivot * size + column])) pivot = i;
    }
    const entry = left[pivot * size + column];
    if (!(Math.abs(entry) > 1e-14 && Number.isFinite(entry))) return undefined;
    for (let j = 0; j < size; j++) {
      for (const each of [left, right]) {
        const swapped = each[pivot * size + j];
        each[pivot * size + j] = each[column * size + j];
        each[column * size + j] = swapped / entry;
      }
    }
    for (let i = 0; i < size; i++) {
      const factor = left[i * size + column];
      if (i === column || factor === 0) continue;
      for (let j = 0; j < size; j++) {
        left[i * size + j] -= factor * left[column * size + j];
        right[i * size + j] -= factor * right[column * size + j];
      }
    }
  }
  return right;
}
