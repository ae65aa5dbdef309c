// The cross-entropy as a loss of tfjs-layers: model.compile, fit and evaluate.
import * as tf from '@tensorflow/tfjs';
import { crossEntropy, loadIris, oneHot, reference } from 'softmax-regression';
import { onEveryBackend } from './helpers/backends.js';

const loss = (y: tf.Tensor, o: tf.Tensor) => crossEntropy(o as tf.Tensor2D, y as tf.Tensor2D);

/** One dense layer without an activation: its outputs are logits. */
function linear(weight: number[][]): tf.Sequential {
  const [inputs, units] = [weight.length, weight[0].length];
  const model = tf.sequential({ layers: [tf.layers.dense({ units, inputShape: [inputs] })] });
  const values = [tf.tensor2d(weight), tf.zeros([units])];
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

onEveryBackend('crossEntropy as a loss of model.compile', () => {
  it('trains with gradient softmax(o) − y', async () => {
    const { features, labels, classNames } = loadIris();
    const x = tf.tensor2d(features);
    const y = oneHot(
      labels.map((label) => classNames.indexOf(label)),
      3,
    );
    const model = linear(Array.from({ length: 4 }, () => [0, 0, 0]));
    model.compile({ optimizer: tf.train.sgd(0.1), loss });
    const { history } = await model.fit(x, y, { epochs: 1, batchSize: 150, shuffle: false, verbose: 0 });
    expect(history.loss[0]).toBeAllClose(Math.log(3), { rtol: 1e-6, atol: 1e-6 });
    const targets = reference.oneHot(
      labels.map((label) => classNames.indexOf(label)),
      3,
    );
    const x64 = reference.asMatrix(features);
    const gradient = reference.matmul(
      reference.transpose(x64),
      reference.crossEntropyGradient(reference.asMatrix(features.map(() => [0, 0, 0])), targets),
    );
    const [weight] = model.getWeights();
    expect(Array.from(weight.dataSync())).toBeAllClose(
      Array.from(gradient.values, (value) => -0.1 * value),
      { rtol: 1e-5, atol: 1e-6 },
    );
    model.dispose();
    tf.dispose([x, y]);
  });

  it('is 100 nats where the built-in loss is 16.118', async () => {
    const x = tf.tensor2d([[100]]);
    const y = oneHot([1], 3);
    const evaluated = (chosen: typeof loss | string, outputs: 'logits' | 'probabilities') => {
      const model = linear([[1, 0, 0]]);
      if (outputs === 'probabilities') model.add(tf.layers.softmax());
      model.compile({ optimizer: 'sgd', loss: chosen });
      const value = (model.evaluate(x, y, { verbose: 0 }) as tf.Scalar).dataSync()[0];
      model.dispose();
      return value;
    };
    expect(evaluated(loss, 'logits')).toBe(100);
    expect(evaluated('categoricalCrossentropy', 'probabilities')).toBeAllClose(16.118, { rtol: 1e-3, atol: 0 });
    tf.dispose([x, y]);
  });

  it('respects its options', () => {
    const x = tf.tensor2d([[1], [2]]);
    const y = oneHot([0, 1], 2);
    const model = linear([[1, 0]]);
    const options = { labelSmoothing: 0.1, classWeights: [1, 3] };
    model.compile({ optimizer: 'sgd', loss: (y, o) => crossEntropy(o as tf.Tensor2D, y as tf.Tensor2D, options) });
    const value = (model.evaluate(x, y, { verbose: 0 }) as tf.Scalar).dataSync()[0];
    const logits = reference.asMatrix([
      [1, 0],
      [2, 0],
    ]);
    const expected = reference.crossEntropy(logits, reference.oneHot([0, 1], 2), options);
    expect(value).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
    model.dispose();
    tf.dispose([x, y]);
  });
});
