// reference: reduction of per-sample values, for every loss.
import { sum } from './matrix.js';

/** `'mean'` or `'sum'` over the samples, or `'none'`: one value per sample. */
export type Reduction = 'mean' | 'sum' | 'none';

/** A number, or [n] with reduction `'none'`. */
export type Reduced<R extends Reduction> = R extends 'none' ? Float64Array : number;

export const REDUCTIONS: readonly Reduction[] = ['mean', 'sum', 'none'];

/**
 * The factor of each sample in the reduced value: 1, or 1/total in a mean. Values and gradients both include it. The
 * mean is 0 if the total is 0.
 *
 * @param total the number of samples, or the sum of their weights
 */
export function sampleShare(reduction: Reduction, total: number): number {
  if (reduction !== 'mean') return 1;
  return total === 0 ? 0 : 1 / total;
}

/** Reduces per-sample values that already include their `sampleShare`. */
export function reduceShares<R extends Reduction>(shares: Float64Array, reduction: R): Reduced<R> {
  return (reduction === 'none' ? shares : sum(shares)) as Reduced<R>;
}
