// web: the code of page 2, as it is shown there.
import { dense, toRows, transpose } from 'softmax-regression/reference';

/** One product for each edge: row j holds wⱼ₁x₁ … wⱼ₄x₄. */
export function products(weight: number[][], x: readonly number[]): number[][] {
  return weight.map((row) => row.map((w, i) => w * x[i]));
}

/** o = Wx + b. The package has samples in rows, O = XW + b, so its W is this one transposed. */
export function logits(weight: number[][], bias: readonly number[], x: readonly number[]): number[] {
  return toRows(dense([x], transpose(weight), bias))[0];
}
