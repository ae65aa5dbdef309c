// model: from features and labels to trained parameters, by steps over batches.
import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import { type ScanChunk, scanChunks } from '../compile/scan.js';
import type { Label } from '../core/labels.js';
import { Random } from '../core/random.js';
import { Dense } from '../nn/dense.js';
import type { Layer } from '../nn/layer.js';
import { Phm } from '../nn/phm.js';
import { adam, momentum, type Optimizer, sgd, type Tensors } from '../optim/first-order.js';
import type { EpochRecord, FitResult, Fitted, Samples } from './fit.js';
import { objectiveOf } from './objective.js';
import type { FirstOrderOptions, FitOptions } from './options.js';
import { type TrainingState, trainingStep } from './step.js';
import { layoutOf, type TrainingLayout } from './training-layout.js';
import { relativeWeights, sharesOf } from './weights.js';

/**
 * Minimises (1/S)·Σᵢ sᵢ·NLLᵢ + λ/2·‖W‖² by first-order steps over shuffled batches.
 *
 * The loss of a batch B is (1/|B|)·Σ_{i∈B} sᵢ·n/S·NLLᵢ: over a random batch, it is that objective on the average, whatever
 * weights are in the batch. To divide by the weights of the batch itself would favour the samples of light batches.
 *
 * @returns parameters as plain arrays; no tensor is left behind, whatever happens
 */
export async function fitFirstOrder<L extends Label>(
  { features, labels, weights, numClasses }: Samples,
  options: FirstOrderOptions,
  { signal, onProgress }: Pick<FitOptions<L>, 'signal' | 'onProgress'>,
): Promise<Fitted> {
  signal?.throwIfAborted();
  const [n, inputs] = features.shape;
  const { epochs, batchSize, learningRate, shuffle } = options;
  const layer = layerOf(inputs, numClasses, options);
  const optimizer = optimizerOf(options.solver);
  const { scale = 1 } = features;
  const layout = layoutOf(layer, scale);
  let state = tf.tidy((): TrainingState => {
    const parameters = layout.start();
    return { parameters, optimizer: optimizer.init(parameters) };
  });
  const store = new DataStore();
  try {
    // Stored as they are: the layout sees to the scale.
    const stored = { features: { ...features, scale: 1, dtype: 'float32' }, labels } as const;
    const data = weights === undefined ? stored : { ...stored, weights: relativeWeights(weights) };
    const order = shuffle ? shuffles(options.seed, n) : undefined;
    const step = trainingStep({ ...options, layout, optimizer });
    const history: EpochRecord[] = [];
    let iterations = 0;
    let reason: FitResult['reason'] = 'epochs';
    let epoch = { total: 0, samples: 0 };
    for await (const chunk of scanChunks(step, state, data, { batchSize, epochs, order, signal }, store)) {
      const total = await finiteTotal(chunk);
      if (total === undefined) {
        reason = 'diverged';
        break;
      }
      tf.dispose(state);
      state = copyState(chunk.state);
      iterations += chunk.batchSizes.length;
      epoch = { total: epoch.total + total, samples: epoch.samples + sum(chunk.batchSizes) };
      const loss = epoch.total / epoch.samples;
      const { step, steps } = chunk;
      onProgress?.({ epoch: chunk.epoch, epochs, step, steps, loss, learningRate });
      if (step < steps) continue;
      history.push({ epoch: chunk.epoch, loss });
      epoch = { total: 0, samples: 0 };
    }
    const whole = { ...stored, shares: sharesOf(weights, n) };
    const value = await objectiveOf(layout, state.parameters, whole, { ...options, signal }, store);
    const result: FitResult = {
      converged: false,
      reason,
      advice: null,
      ...value,
      suboptimality: null,
      iterations,
      history,
    };
    // A bias that stays 0 is none.
    const numParameters = layer.numParameters - (options.fitIntercept ? 0 : numClasses);
    return { ...(await readAffine(layer, layout, state.parameters)), numParameters, result };
  } finally {
    tf.dispose(state);
    store.dispose();
    layer.dispose();
  }
}

/** The summed loss of the samples of a chunk, or undefined if it or a parameter is not finite. */
async function finiteTotal({
  state,
  outputs,
  batchSizes,
}: Pick<ScanChunk<TrainingState, tf.Tensor>, 'state' | 'outputs' | 'batchSizes'>): Promise<number | undefined> {
  const sizes = tf.tidy(() => tf.stack(Object.values(state.parameters).map((tensor) => tensor.abs().sum())));
  const [losses, parameters] = await Promise.all([outputs.data<'float32'>(), sizes.data()]);
  sizes.dispose();
  const total = losses.reduce((sum, loss, i) => sum + loss * batchSizes[i], 0);
  return Number.isFinite(total) && parameters.every(Number.isFinite) ? total : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** A state of its own: new tensors on the same values. */
function copyState({ parameters, optimizer }: TrainingState): TrainingState {
  const copy = (tensors: Tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
  return {
    parameters: copy(parameters),
    optimizer: Object.fromEntries(Object.entries(optimizer).map(([name, tensors]) => [name, copy(tensors)])),
  };
}

function layerOf(inputs: number, units: number, { layer, seed }: FirstOrderOptions): Layer {
  return layer === 'dense' ? new Dense({ inputs, units, seed }) : new Phm({ inputs, units, n: layer.phm, seed });
}

function optimizerOf(solver: FirstOrderOptions['solver']): Optimizer {
  switch (solver) {
    case 'sgd':
      return sgd();
    case 'momentum':
      return momentum();
    case 'adam':
      return adam();
    default:
      return solver satisfies never;
  }
}

/** A new order of the samples at each call, from a generator of its own: the seed's first bits seed it. */
function shuffles(seed: number, n: number): () => Int32Array {
  const random = new Random(new Random(seed).bits());
  return () => random.permutation(n);
}

/** W and b as plain arrays. */
async function readAffine(
  layer: Layer,
  layout: TrainingLayout,
  trained: Tensors,
): Promise<{ weight: Float32Array; bias: Float32Array }> {
  const tensors = tf.tidy(() => {
    const parameters = layout.restore(trained);
    return { weight: layer.weightOf(parameters), bias: parameters.bias.clone() };
  });
  const [weight, bias] = await Promise.all([tensors.weight.data<'float32'>(), tensors.bias.data<'float32'>()]);
  tf.dispose(tensors);
  // Copies: what a backend hands out may be its own memory.
  return { weight: Float32Array.from(weight), bias: Float32Array.from(bias) };
}
