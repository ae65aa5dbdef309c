import * as tf from '@tensorflow/tfjs';
import { Random, reference, sparseCrossEntropy } from 'softmax-regression';
import { onEveryBackend } from './helpers/backends.js';
import { gradientOf, numbers } from './helpers/problems.js';

const random = new Random(11);
const N = 20_000;
// As at the start of training from zeros: equal losses, whose rounding errors do not cancel.
const logits = Array.from({ length: N }, () => [0, 0, 0]);
const labels = Array.from({ length: N }, () => random.below(3));
const sampleWeights = Array.from({ length: N }, () => Math.fround(random.uniform()));

const losses = [{}, { sampleWeights }, { reduction: 'sum' as const }].map((options) => ({
  options,
  expected: reference.sparseCrossEntropy(logits, labels, options),
}));
const expectedGradient = reference.sparseCrossEntropyGradient(logits, labels);

onEveryBackend('the mean of many losses', () => {
  it('keeps float32 precision, with and without weights', () => {
    for (const { options, expected } of losses) {
      const loss = numbers(() => sparseCrossEntropy(tf.zeros([N, 3]), labels, options));
      expect(loss).toBeAllClose(expected);
    }
  });

  it('has the reference gradient for each sample', () => {
    const gradient = gradientOf((o) => sparseCrossEntropy(o, labels), logits);
    expect(gradient).toBeAllClose(expectedGradient, { rtol: 1e-5, atol: 1e-10 });
  });
});

onEveryBackend('a mean of total weight 0', () => {
  it('is 0 with gradient 0, even with smoothing and NaN', () => {
    const [o, y, options] = [
      [
        [Number.NaN, 1],
        [0, 1],
      ],
      [0, 0],
      { classWeights: [0, 1], labelSmoothing: 0.1 },
    ] as const;
    const rows = o.map((row) => [...row]);
    expect([...numbers(() => sparseCrossEntropy(tf.tensor2d(rows), y, options))]).toEqual([0]);
    expect(gradientOf((x) => sparseCrossEntropy(x, y, options), rows)).toBeAllClose([0, 0, 0, 0]);
    expect(reference.sparseCrossEntropy(rows, y, options)).toBe(0);
  });
});
