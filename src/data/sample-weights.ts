// data: what each sample counts in a mean.

/** sᵢ of each sample, and their sum. */
export interface SampleWeights {
  readonly values: Float64Array;
  /** S = Σ sᵢ > 0 */
  readonly total: number;
}

/** sᵢ/S, [n]: what each sample counts in the mean over all. */
export function sharesOf(weights: SampleWeights | undefined, n: number): Float32Array {
  if (weights === undefined) return new Float32Array(n).fill(1 / n);
  return Float32Array.from(weights.values, (weight) => weight / weights.total);
}

/** sᵢ·n/S, [n]: of mean 1. */
export function relativeWeights({ values, total }: SampleWeights): Float32Array {
  return Float32Array.from(values, (weight) => (weight / total) * values.length);
}
