// bench: training on Fashion-MNIST, 784 × 10, batch 256, learning rate 0.1, with this package and with tfjs-layers.
import * as tf from '@tensorflow/tfjs';
import { type BackendName, SoftmaxRegression, selectBackend } from 'softmax-regression';
import { type FashionMnist, loadFashionMnist } from 'softmax-regression/node';
import type { Work } from './timing.js';

/** The default of `fit`. */
export const EPOCHS = 10;

export interface OurFit {
  readonly gradient?: 'closed-form' | 'autograd';
  readonly shuffle?: boolean;
}

/** A complete `fit` of this package. The outcome is the mean loss of the last epoch. */
export function ourFit({ train }: FashionMnist, { gradient = 'closed-form', shuffle = true }: OurFit = {}): Work {
  return {
    name: `fit, ${gradient}`,
    async run() {
      const options = { solver: 'sgd', epochs: EPOCHS, gradient, shuffle } as const;
      const { result } = await SoftmaxRegression.fit(train.features, train.labels, options);
      return result.history[EPOCHS - 1].loss;
    },
  };
}

/** `model.fit` of tfjs-layers on the same samples. They are float32 tensors before the clock starts. */
export function layersFit({ train }: FashionMnist, shuffle: boolean): Work & { dispose(): void } {
  const [n, d] = train.features.shape;
  const x = tf.tidy(() => tf.tensor2d(Float32Array.from(train.features.values), [n, d]).div<tf.Tensor2D>(255));
  const y = tf.tidy(() => tf.oneHot(tf.tensor1d(train.labels, 'int32'), 10).toFloat());
  return {
    name: 'tfjs model.fit',
    async run() {
      const kernelInitializer = 'zeros';
      const model = tf.sequential({
        layers: [tf.layers.dense({ inputShape: [d], units: 10, activation: 'softmax', kernelInitializer })],
      });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
      const history = await model.fit(x, y, { epochs: EPOCHS, batchSize: 256, shuffle, verbose: 0 });
      tf.dispose([model.getWeights(), model.optimizer.getWeights()] as unknown as tf.TensorContainer);
      return history.history.loss[EPOCHS - 1] as number;
    },
    dispose: () => tf.dispose([x, y]),
  };
}

/** The longest gap between two runs of a timer of 10 ms during `fit`. */
export async function longestGap(data: FashionMnist): Promise<number> {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 10);
  await ourFit(data).run();
  look();
  clearInterval(timer);
  return longest;
}

/** A complete training in its own process: `tsx bench/fashion-mnist.ts BACKEND`. */
async function trainAlone(backend: BackendName): Promise<void> {
  await selectBackend(backend);
  await ourFit(await loadFashionMnist()).run();
}

if (require.main === module) void trainAlone(process.argv[2] as BackendName);
