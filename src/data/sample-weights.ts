// data: sample weights in a mean.

/** The weight sᵢ of each sample, and their sum. */
export interface SampleWeights {
  readonly values: Float64Array;
  /** S = Σ sᵢ > 0 */
  readonly total: number;
}

/** sᵢ/S, [n]: the share of each sample in the mean over all samples. */
export function sharesOf(weights: SampleWeights | undefined, n: number): Float32Array {
  if (weights === undefined) return new Float32Array(n).fill(1 / n);
  return Float32Array.from(weights.values, (weight) => weight / weights.total);
}

/** sᵢ·n/S, [n]: weights with mean 1. */
export function relativeWeights({ values, total }: SampleWeights): Float32Array {
  return Float32Array.from(values, (weight) => (weight / total) * values.length);
}
