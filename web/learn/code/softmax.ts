// web: the code of page 4, as it is shown there.
import { softmax, toRows } from 'softmax-regression/reference';

/** ŷⱼ = exp(zⱼ) / Σₖ exp(zₖ). The reference subtracts the maximum first, so no exponent is above 0. */
export function probabilities(z: readonly number[]): number[] {
  return toRows(softmax([z]))[0];
}

/** The same formula as it is written: exp(710) is Infinity, and Infinity / Infinity is NaN. */
export function naiveSoftmax(z: readonly number[]): number[] {
  const powers = z.map(Math.exp);
  return powers.map((each) => each / sum(powers));
}

/** log Σₖ exp(zₖ) = m + log Σₖ exp(zₖ − m) with m the maximum: it does not overflow. */
export function logSumExp(z: readonly number[]): number {
  const m = Math.max(...z);
  return m + Math.log(sum(z.map((each) => Math.exp(each - m))));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
