import * as tf from '@tensorflow/tfjs';
import {
  asLabels,
  asLogits,
  asProbabilities,
  asTargets,
  crossEntropy,
  Dense,
  entropy,
  fromOneHot,
  klDivergence,
  type Logits,
  logSoftmax,
  negativeLogLikelihood,
  oneHot,
  softmax,
  sparseCrossEntropy,
} from 'softmax-regression';
import { onEveryBackend } from './helpers/backends.js';
import { numbers } from './helpers/problems.js';

const { NaN: nan, NEGATIVE_INFINITY: impossible, POSITIVE_INFINITY: infinite } = Number;

const domain = (fields: object) => expect.objectContaining({ code: 'DOMAIN', ...fields });
const shape = (fields: object) => expect.objectContaining({ code: 'SHAPE', ...fields });

onEveryBackend('checked tensors', (backend) => {
  const reads = backend !== 'tensorflow';

  it('contain the given rows as float32', () => {
    tf.tidy(() => {
      const logits = asLogits([[1, impossible, 0.1], Float32Array.of(4, 5, 6)]);
      expect([logits.shape, logits.dtype]).toEqual([[2, 3], 'float32']);
      expect([...logits.dataSync()]).toEqual([1, impossible, Math.fround(0.1), 4, 5, 6]);
      expect([...asProbabilities([[0.25, 0.75]]).dataSync()]).toEqual([0.25, 0.75]);
      expect([...asTargets([Float64Array.of(0, 1)]).dataSync()]).toEqual([0, 1]);
    });
  });

  it('contain class indices as int32', () => {
    tf.tidy(() => {
      for (const labels of [[2, 0], Uint8Array.of(2, 0), Int32Array.of(2, 0)]) {
        const tensor = asLabels(labels, 3);
        expect([tensor.shape, tensor.dtype, ...tensor.dataSync()]).toEqual([[2], 'int32', 2, 0]);
      }
    });
  });

  it('are the given tensor itself', () => {
    tf.tidy(() => {
      const matrix = tf.tensor2d([[0.5, 0.5]]);
      const labels = tf.tensor1d([1], 'int32');
      expect(asLogits(matrix)).toBe(matrix);
      expect(asProbabilities(matrix)).toBe(matrix);
      expect(asTargets(matrix)).toBe(matrix);
      expect(asLabels(labels, 2)).toBe(labels);
    });
  });

  it('can be empty', () => {
    tf.tidy(() => {
      expect(asLogits([]).shape).toEqual([0, 0]);
      expect(asTargets(tf.zeros([0, 3])).shape).toEqual([0, 3]);
      expect(asLabels([]).shape).toEqual([0]);
    });
  });

  it.each([nan, infinite, 1e39])('reject %p in rows of logits', (value) => {
    const actual = String(Math.fround(value));
    expect(() =>
      asLogits([
        [0, 1],
        [2, value],
      ]),
    ).toThrow(
      domain({
        where: 'asLogits',
        argument: 'logits[1][1]',
        actual,
        expected: 'be a finite float32 number or −Infinity',
      }),
    );
  });

  it('reject a row of only −∞, in tensors only if reading is free', () => {
    const rows = [
      [0, 0],
      [impossible, impossible],
    ];
    const refused = domain({ where: 'asLogits', argument: 'logits[1]', expected: 'have an entry above −Infinity' });
    expect(() => asLogits(rows)).toThrow(refused);
    const fromTensor = () => tf.tidy(() => asLogits(tf.tensor2d(rows)).shape);
    if (reads) expect(fromTensor).toThrow(refused);
    else expect(fromTensor()).toEqual([2, 2]);
  });

  it.each([
    ['sums to 0.9', [0.5, 0.4], '[1]', 'sum to 1'],
    ['is truncated to two decimals', [0.33, 0.66], '[1]', 'sum to 1'],
    ['contains ∞', [infinite, 0], '[1]', 'sum to 1'],
    ['is negative', [1.5, -0.5], '[1][1]', 'be ≥ 0'],
    ['contains NaN', [nan, 1], '[1][0]', 'be ≥ 0'],
  ])('reject a distribution that %s', (_, row, place, expected) => {
    const rows = [[0, 1], row];
    for (const [make, where, argument] of [
      [asTargets, 'asTargets', `targets${place}`],
      [asProbabilities, 'asProbabilities', `probabilities${place}`],
    ] as const) {
      expect(() => make(rows)).toThrow(domain({ where, argument, expected }));
      const fromTensor = () => tf.tidy(() => make(tf.tensor2d(rows)).shape);
      // NaN in a tensor is accepted and propagates; on TensorFlow the values are not read.
      if (reads && !row.some(Number.isNaN)) expect(fromTensor).toThrow(domain({ where, argument, expected }));
      else expect(fromTensor()).toEqual([2, 2]);
    }
  });

  it('accept a distribution over 1000 classes normalised in float32', () => {
    const uniform = new Float32Array(1000).fill(1 / 1000);
    expect(numbers(() => asTargets([uniform]))).toHaveLength(1000);
  });

  it('accept every non-negative int32 label if the number of classes is not given', () => {
    expect(numbers(() => asLabels([0, 2 ** 31 - 2 ** 7]))).toEqual(Float32Array.of(0, 2 ** 31 - 2 ** 7));
    expect(() => asLabels([2 ** 31])).toThrow(domain({ where: 'asLabels', argument: 'labels[0]' }));
  });

  it.each([-1, 3, 0.5, nan, infinite])('reject the label %p for three classes', (label) => {
    const refused = domain({ where: 'asLabels', argument: 'labels[1]', expected: 'be an integer in [0, 3)' });
    expect(() => asLabels([0, label], 3)).toThrow(refused);
    if (!Number.isInteger(label)) return;
    const fromTensor = () => tf.tidy(() => asLabels(tf.tensor1d([0, label], 'int32'), 3).shape);
    if (reads) expect(fromTensor).toThrow(refused);
    else expect(fromTensor()).toEqual([2]);
  });

  it.each([
    ['ragged rows', [[1, 2], [3]], 'SHAPE', 'logits'],
    ['a number in place of rows', 5, 'SHAPE', 'logits'],
    ['a flat array', [1, 2], 'SHAPE', 'logits[0]'],
    ['undefined', undefined, 'SHAPE', 'logits'],
    ['a string among numbers', [[1, '2']], 'DOMAIN', 'logits[0][1]'],
  ])('reject %s', (_, rows, code, argument) => {
    expect(() => asLogits(rows as never)).toThrow(expect.objectContaining({ code, where: 'asLogits', argument }));
  });

  it('reject tensors of the wrong rank or dtype, with a hint', () => {
    tf.tidy(() => {
      for (const make of [asLogits, asTargets, asProbabilities]) {
        expect(() => make(tf.tensor1d([1]) as never)).toThrow(shape({ actual: '[1]' }));
        expect(() => make(tf.tensor2d([[1]], [1, 1], 'int32'))).toThrow(
          shape({ actual: 'int32', hint: expect.stringContaining('.toFloat()') }),
        );
      }
      expect(() => asLabels(tf.tensor1d([1]))).toThrow(shape({ hint: 'Cast them: labels.toInt().' }));
      expect(() => asLabels(oneHot([1], 2) as never)).toThrow(shape({ hint: expect.stringContaining('fromOneHot') }));
      expect(() => asLabels('12' as never)).toThrow(shape({ actual: '"12"' }));
    });
  });
});

describe('tensor types', () => {
  // The compiler checks each line; the body does not run.
  const compiles = (body: () => unknown) => expect(body).toBeInstanceOf(Function);

  it('accept plain tensors and results of this package', () => {
    compiles(() => {
      const plain = tf.tensor2d([[1, 2]]);
      const logits: Logits = asLogits(plain);
      crossEntropy(plain, plain);
      crossEntropy(logits, softmax(logits));
      klDivergence(asTargets(plain), asProbabilities(plain));
      entropy(oneHot([1], 2));
      sparseCrossEntropy(logits, fromOneHot(oneHot([1], 2)));
      sparseCrossEntropy(logits, tf.tensor1d([1], 'int32'));
    });
  });

  it('reject one kind of tensor in place of another', () => {
    compiles(() => {
      const logits = asLogits([[1, 2]]);
      const probabilities = softmax(logits);
      const targets = oneHot([1], 2);
      const labels = asLabels([1]);
      // @ts-expect-error a softmax of a softmax: the loss takes logits
      crossEntropy(probabilities, targets);
      // @ts-expect-error targets are not logits
      logSoftmax(targets);
      // @ts-expect-error logits are not a distribution
      crossEntropy(logits, logits);
      // @ts-expect-error class indices are not one-hot
      crossEntropy(logits, labels);
      // @ts-expect-error one-hot rows are not class indices
      sparseCrossEntropy(logits, targets);
      // @ts-expect-error logits are not probabilities
      negativeLogLikelihood(logits, labels);
      // @ts-expect-error logits have no entropy before softmax
      entropy(logits);
      // @ts-expect-error class indices are not one-hot rows
      fromOneHot(labels);
      // @ts-expect-error a layer gives logits, not probabilities
      entropy(new Dense({ inputs: 2, units: 2 }).forward(logits));
    });
  });

  it('distinguish a scalar loss from one per sample', () => {
    compiles(() => {
      const logits = asLogits([[1, 2]]);
      const mean: tf.Scalar = sparseCrossEntropy(logits, [1]);
      const each: tf.Tensor1D = sparseCrossEntropy(logits, [1], { reduction: 'none' });
      // @ts-expect-error one loss per sample is not a scalar
      const wrong: tf.Scalar = sparseCrossEntropy(logits, [1], { reduction: 'none' });
      return [mean, each, wrong];
    });
  });
});
