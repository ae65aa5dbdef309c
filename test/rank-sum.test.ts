// The kernel that sums over ranks, with one rank alone; test/slow/mpi.test.ts has several.
import * as tf from '@tensorflow/tfjs';
import { record } from '../src/graph/record.js';
import '../src/node.js';
import { hasRankSum, RANK_SUM, rankSum } from '../src/nn/rank-sum.js';
import { TEST_BACKENDS, useBackend } from './helpers/backends.js';

const alone = { address: 0, part: 3, whole: 4 };

describe.each(TEST_BACKENDS)('rankSum on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  it('is there on TensorFlow alone', () => {
    expect(hasRankSum()).toBe(backend === 'tensorflow');
  });

  if (backend !== 'tensorflow') return;

  it('is the share of one rank, computed in float64', () => {
    const sums = tf.tidy(() => rankSum(tf.tensor1d([1, -2, 1e-30, 3e38]), alone).dataSync());
    expect([...sums]).toEqual([...Float32Array.of(0.75, -1.5, 0.75 * Math.fround(1e-30), 0.75 * Math.fround(3e38))]);
    const third = tf.tidy(() => rankSum(tf.tensor1d([0.1]), { address: 0, part: 1, whole: 3 }).dataSync());
    expect(third[0]).toBe(Math.fround(Math.fround(0.1) / 3));
  });

  it('keeps NaN, and takes no numbers', () => {
    expect(tf.tidy(() => [...rankSum(tf.tensor1d([Number.NaN]), alone).dataSync()])).toEqual([Number.NaN]);
    expect(tf.tidy(() => rankSum(tf.tensor1d([]), alone).shape)).toEqual([0]);
  });

  it('refuses a matrix, and a part of nothing', () => {
    const matrix = tf.zeros([2, 2]);
    expect(() => rankSum(matrix as unknown as tf.Tensor1D, alone)).toThrow(/a list of float32; got shape \[2, 2\]/);
    expect(() => tf.tidy(() => rankSum(tf.tensor1d([1]), { ...alone, whole: 0 }))).toThrow(/whole/);
    matrix.dispose();
  });

  it('is not called while a graph is recorded', () => {
    // Nothing is at this address: a call would end the process.
    const nowhere = { ...alone, address: 1 };
    const x = tf.ones<tf.Rank.R1>([3]);
    const { kernels } = record('step', ([x]) => [rankSum(x as tf.Tensor1D, nowhere)], [x]);
    x.dispose();
    const { op, attributes } = kernels[0];
    expect([op, attributes.find(({ name }) => name === 'address')?.value]).toEqual([RANK_SUM, 1]);
  });
});
