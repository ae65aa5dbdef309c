// `compile` and `scan` are not limited to softmax regression. A network with a hidden layer and a custom loss, written
// in plain TensorFlow.js, trains as one native graph. `model.fit` of TensorFlow.js trains the same network for
// comparison.
import * as tf from '@tensorflow/tfjs';
import { adam, compile, formatBackend, type OptimizerState, Random, scan, selectBackend } from 'softmax-regression';
import { type LabelledImages, loadFashionMnist } from 'softmax-regression/node';

const HIDDEN = 128;
const CLASSES = 10;
const BATCH = 64;
const RATE = 0.001;

type Parameters = Readonly<Record<'w1' | 'b1' | 'w2' | 'b2', tf.Tensor>>;

/** Focal loss, −(1 − p)²·log p at the true class: samples with a high p have a low weight (Lin et al. 2017). */
function focalLoss(targets: tf.Tensor, logits: tf.Tensor): tf.Scalar {
  const logP = targets.mul(tf.logSoftmax(logits)).sum(-1);
  return tf.sub(1, logP.exp()).square().mul(logP).mean<tf.Scalar>().neg();
}

function network({ w1, b1, w2, b2 }: Parameters, x: tf.Tensor): tf.Tensor {
  const hidden = tf.relu(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D).add(b1));
  return tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D).add(b2);
}

function start(inputs: number): Parameters {
  const random = new Random(1);
  const uniform = (rows: number, columns: number) => {
    const limit = Math.sqrt(6 / (rows + columns));
    return tf.tensor2d(
      Float32Array.from({ length: rows * columns }, () => limit * (2 * random.uniform() - 1)),
      [rows, columns],
    );
  };
  return { w1: uniform(inputs, HIDDEN), b1: tf.zeros([HIDDEN]), w2: uniform(HIDDEN, CLASSES), b2: tf.zeros([CLASSES]) };
}

/** One step, from state to state: a pure function of tensors. The moments and the count of Adam are tensors as well. */
const { init, update } = adam();
interface State {
  readonly parameters: Parameters;
  readonly optimizer: OptimizerState;
}
function trainingStep(
  { parameters, optimizer }: State,
  { x, y }: { x: tf.Tensor; y: tf.Tensor1D },
): [State, tf.Scalar] {
  const names = ['w1', 'b1', 'w2', 'b2'] as const;
  const { value, grads } = tf.valueAndGrads((w1, b1, w2, b2) =>
    focalLoss(tf.oneHot(y, CLASSES), network({ w1, b1, w2, b2 }, x)),
  )(names.map((name) => parameters[name]));
  const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i]]));
  const next = update(parameters, gradients, optimizer, tf.scalar(RATE));
  return [{ parameters: next.parameters as Parameters, optimizer: next.state }, value];
}

export interface Trained {
  /** The mean over the batches of each epoch. */
  readonly losses: readonly number[];
  readonly parameters: Parameters;
}

/** Many steps in one native call. */
export async function trainCompiled(
  { features, labels }: LabelledImages,
  epochs: number,
  onChunk?: (chunk: { readonly step: number }) => void,
): Promise<Trained> {
  const parameters = start(features.shape[1]);
  const first: State = { parameters, optimizer: init(parameters) };
  const data = { x: features, y: labels };
  const { state, outputs } = await scan(trainingStep, first, data, { batchSize: BATCH, epochs, onChunk });
  const losses = tf.tidy(() => outputs.reshape([epochs, -1]).mean(1).arraySync() as number[]);
  tf.dispose([first, state.optimizer, outputs] as unknown as tf.TensorContainer);
  return { losses, parameters: state.parameters };
}

/** The same network, loss, initial weights and order with the layers of TensorFlow.js. */
export async function trainWithLayers({ features, labels }: LabelledImages, epochs: number): Promise<Trained> {
  const [n, d] = features.shape;
  const x = tf.tidy(() =>
    tf.tensor2d(Float32Array.from(features.values), [n, d]).mul<tf.Tensor2D>(1 / (features.scale ?? 1)),
  );
  const y = tf.tidy(() => tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES).toFloat());
  const parameters = start(d);
  const { w1, b1, w2, b2 } = parameters;
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [d], units: HIDDEN, activation: 'relu', weights: [w1, b1] }),
      tf.layers.dense({ units: CLASSES, weights: [w2, b2] }),
    ],
  });
  const optimizer = tf.train.adam(RATE, 0.9, 0.999, 1e-8);
  model.compile({ optimizer, loss: focalLoss });
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const history = await model.fit(x, y, { epochs: 1, batchSize: BATCH, shuffle: false, verbose: 0 });
    losses.push(history.history.loss[0] as number);
  }
  const [v1, c1, v2, c2] = model.getWeights().map((weight) => weight.clone());
  tf.dispose([x, y, parameters] as unknown as tf.TensorContainer);
  optimizer.dispose();
  model.dispose();
  return { losses, parameters: { w1: v1, b1: c1, w2: v2, b2: c2 } };
}

/** The number of correct predictions. */
function hits(parameters: Parameters, x: tf.Tensor2D, y: tf.Tensor1D): tf.Tensor {
  return network(parameters, x).argMax(1).equal(y).sum();
}

export async function main(
  print: (line: string) => void = console.log,
  { samples = 60_000, epochs = 3 } = {},
): Promise<void> {
  print(formatBackend(await selectBackend()));
  const { train, test } = await loadFashionMnist();
  const { features, labels } = train;
  const d = features.shape[1];
  const part: LabelledImages = {
    features: { ...features, values: features.values.subarray(0, samples * d), shape: [samples, d] },
    labels: labels.subarray(0, samples),
  };
  print(`${d}-${HIDDEN}-${CLASSES} network, focal loss, Adam, ${samples} images, batch ${BATCH}, ${epochs} epochs`);
  const count = compile(hits);
  const { features: x, labels: y } = test;
  const [n] = x.shape;
  const images = tf.tidy(() =>
    tf.tensor2d(Float32Array.from(x.values), x.shape as [number, number]).div<tf.Tensor2D>(255),
  );
  const truth = tf.tensor1d(y, 'int32');
  const milliseconds: number[] = [];
  for (const [name, trainer] of [
    ['scan', trainCompiled],
    ['model.fit', trainWithLayers],
  ] as const) {
    const began = performance.now();
    const { losses, parameters } = await trainer(part, epochs);
    milliseconds.push(performance.now() - began);
    const right = count(parameters, images, truth);
    const accuracy = (await right.data())[0] / n;
    const loss = losses.map((each) => each.toFixed(5)).join(', ');
    const perEpoch = milliseconds[milliseconds.length - 1] / epochs;
    print(`${name}: loss ${loss}; test accuracy ${accuracy.toFixed(4)}; ${perEpoch.toFixed(0)} ms an epoch`);
    right.dispose();
    tf.dispose(parameters);
  }
  print(`scan takes ${(milliseconds[0] / milliseconds[1]).toFixed(2)} of the time of model.fit`);
  count.dispose();
  tf.dispose([images, truth]);
}

if (require.main === module) void main();
