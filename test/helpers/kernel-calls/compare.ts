// Compares the results of a kernel with those of the eager one.
import type * as tf from '@tensorflow/tfjs';
import { FLOAT32 } from 'softmax-regression';

/** Same types, same shapes, and the same numbers to float32 rounding. */
export function expectSameResults(results: readonly tf.Tensor[], eager: readonly tf.Tensor[]): void {
  const types = (tensors: readonly tf.Tensor[]) => tensors.map(({ dtype, shape }) => ({ dtype, shape }));
  expect(types(results)).toEqual(types(eager));
  // The order of additions depends on the number of threads, so sums that cancel are judged by the largest entry.
  const { rtol } = FLOAT32;
  results.forEach((tensor, i) => {
    const expected = numbers(eager[i]);
    const largest = Math.max(0, ...expected.map(Math.abs).filter(Number.isFinite));
    expect(numbers(tensor)).toBeAllClose(expected, { rtol, atol: FLOAT32.atol + rtol * largest });
  });
}

/** Complex numbers as real and imaginary parts, one after the other; strings by their characters. */
export function numbers(tensor: tf.Tensor): number[] {
  const values = [...(tensor.dataSync() as unknown as ArrayLike<unknown> & Iterable<number | string>)];
  return values.flatMap((value) => (typeof value === 'string' ? [...value].map((each) => each.charCodeAt(0)) : value));
}
