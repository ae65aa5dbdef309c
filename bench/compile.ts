// bench: a training step in plain tfjs: eager, compiled, and in `scan`; and the network of an example.
import * as tf from '@tensorflow/tfjs';
import { compile, scan } from 'softmax-regression';
import type { FashionMnist } from 'softmax-regression/node';
import { trainCompiled, trainWithLayers } from '../examples/compile-mlp.js';
import type { Measured, Work } from './timing.js';

const BATCH = 256;
const RATE = 0.1;

type Parameters = readonly [weight: tf.Tensor2D, bias: tf.Tensor1D];

/** One step with the loss and the autograd of tfjs. Returns the new weights and the loss. */
function autogradStep(parameters: Parameters, x: tf.Tensor2D, y: tf.Tensor1D): [Parameters, tf.Scalar] {
  const loss = (w: tf.Tensor, b: tf.Tensor) =>
    tf.losses.softmaxCrossEntropy(tf.oneHot(y, 10), tf.matMul(x, w as tf.Tensor2D).add(b)) as tf.Scalar;
  const { value, grads } = tf.valueAndGrads(loss)([...parameters]);
  const next = parameters.map((tensor, i) => tensor.sub(grads[i].mul(RATE)));
  return [next as unknown as Parameters, value];
}

const compiledStep = compile(autogradStep);

/** One epoch in order over full batches, in three ways. The outcome is the mean loss. */
export function stepWorks({ train }: FashionMnist): { works: Work[]; dispose(): void } {
  const [n, d] = train.features.shape;
  const x = tf.tidy(() => tf.tensor2d(Float32Array.from(train.features.values), [n, d]).div<tf.Tensor2D>(255));
  const y = tf.tensor1d(train.labels, 'int32');
  const steps = Math.floor(n / BATCH);
  // Batches are cut before the clock starts, so that only the steps are compared.
  const batches = Array.from(
    { length: steps },
    (_, i) => [x.slice(i * BATCH, BATCH), y.slice(i * BATCH, BATCH)] as [tf.Tensor2D, tf.Tensor1D],
  );
  const start = (): Parameters => [tf.zeros([d, 10]), tf.zeros([10])];
  const loop = (name: string, step: (...args: Parameters3) => [Parameters, tf.Scalar]): Work => ({
    name,
    async run() {
      let parameters = start();
      let total = tf.scalar(0);
      for (let i = 0; i < steps; i++) {
        const before = [parameters, total] as const;
        [parameters, total] = tf.tidy(() => {
          const [next, loss] = step(before[0], ...batches[i]);
          return [next, total.add<tf.Scalar>(loss)] as unknown as tf.TensorContainer;
        }) as unknown as [Parameters, tf.Scalar];
        tf.dispose(before as unknown as tf.TensorContainer);
      }
      const [loss] = await total.data();
      tf.dispose([parameters, total] as unknown as tf.TensorContainer);
      return loss / steps;
    },
  });
  const scanning: Work = {
    name: 'scan',
    async run() {
      const initial = start();
      const { state, outputs } = await scan(
        (parameters: Parameters, batch: { x: tf.Tensor2D; y: tf.Tensor1D }) =>
          autogradStep(parameters, batch.x, batch.y),
        initial,
        { x, y },
        { batchSize: BATCH },
      );
      const losses = await outputs.data<'float32'>();
      tf.dispose([initial, state, outputs] as unknown as tf.TensorContainer);
      return losses.slice(0, steps).reduce((a, b) => a + b, 0) / steps;
    },
  };
  return {
    works: [loop('eager', autogradStep), loop('compile', compiledStep), scanning],
    dispose: () => tf.dispose([x, y, batches]),
  };
}

type Parameters3 = [Parameters, tf.Tensor2D, tf.Tensor1D];

/** Milliseconds of the first call of a compiled step: two recordings, writing, loading and one run. */
export function firstCall(): number {
  const step = compile(autogradStep);
  const inputs = [[tf.zeros([784, 10]), tf.zeros([10])], tf.zeros([BATCH, 784]), tf.zeros([BATCH], 'int32')] as const;
  const began = performance.now();
  const made = step(...(inputs as unknown as Parameters3));
  const milliseconds = performance.now() - began;
  step.dispose();
  tf.dispose([inputs, made] as unknown as tf.TensorContainer);
  return milliseconds;
}

/** Epochs of a run of the network, of which the first is not timed: XLA compiles in it. */
const NETWORK_EPOCHS = 6;
const NETWORK_BATCH = 64;

/** An epoch after the first of the network of examples/compile-mlp.ts. The outcome is the loss of the last one. */
export function networkWorks({ train }: FashionMnist): Work[] {
  const steps = Math.ceil(train.labels.length / NETWORK_BATCH);
  const scanning: Work = {
    name: 'scan',
    async run(): Promise<Measured> {
      let [first, from] = [0, 0];
      const onChunk = ({ step }: { readonly step: number }) => {
        if (first !== 0 || step < steps) return;
        [first, from] = [step, performance.now()];
      };
      const { losses, parameters } = await trainCompiled(train, NETWORK_EPOCHS, onChunk);
      const each = (performance.now() - from) / (NETWORK_EPOCHS * steps - first);
      tf.dispose(parameters);
      return { milliseconds: each * steps, outcome: losses[0] };
    },
  };
  const layers: Work = {
    name: 'tfjs model.fit',
    async run() {
      const { losses, parameters } = await trainWithLayers(train, 1);
      tf.dispose(parameters);
      return losses[0];
    },
  };
  return [layers, scanning];
}
