// objective: the loss of the whole training set and its gradient, on tensors.
import * as tf from '@tensorflow/tfjs';
import type { DataArray, DataStore } from '../compile/arrays.js';
import { openLoop } from '../compile/loop.js';
import { WORK_OF_A_TASK } from '../core/task.js';
import type { FeatureArray } from '../data/batches.js';
import { StoredRows } from '../data/stored-rows.js';
import { sparseCrossEntropyOp } from '../nn/cross-entropy.js';
import { squareOf } from '../nn/penalty.js';
import { clonesOf, type Tensors } from '../optim/first-order.js';
import { l2PenaltyOf } from '../optim/penalty.js';
import type { ScaledLayer } from './scaled-layer.js';

/** How many rows one task can process without blocking the event loop. Depends on shapes alone, never on timings. */
export function rowsOfATask(inputs: number, units: number): number {
  return Math.max(1, Math.floor(WORK_OF_A_TASK / (inputs * units)));
}

/** Few enough rows to fit in the processor's caches with their products, many enough to amortise the step overhead. */
export const ROWS_IN_CACHE = 512;

/** The most rows of a step. */
function mostOfABatch([n, inputs]: readonly [number, number], units: number): number {
  return Math.min(n, ROWS_IN_CACHE, rowsOfATask(inputs, units));
}

/** Rows of a step, chosen to divide n if possible: a short last batch would need a graph of its own. */
function rowsOfAStep(n: number, most: number): number {
  for (let rows = most; rows > most / 2; rows--) if (n % rows === 0) return rows;
  return most;
}

/** The samples that a loss is summed over. */
export interface TrainingData {
  readonly features: (FeatureArray & Pick<DataArray, 'dtype'>) | StoredRows;
  /** Class indices. */
  readonly labels: Int32Array;
  /** The weight of each sample in the mean, sᵢ/S; they sum to 1. */
  readonly shares: Float32Array;
}

/** The features as batches have them: the scaled layer applies the scale. */
export function unscaled(features: FeatureArray | StoredRows): TrainingData['features'] {
  return features instanceof StoredRows ? features : { ...features, scale: 1, dtype: 'float32' };
}

/** Σᵢ sᵢ/S·NLLᵢ at some parameters and its gradient, without a penalty. */
export interface LossAndGradient {
  readonly loss: number;
  /** Owned by the caller. */
  readonly gradients: Tensors;
}

/** The loss as a function of the parameters, prepared for repeated evaluation. */
export interface OpenLoss {
  evaluate(parameters: Tensors, signal?: AbortSignal): Promise<LossAndGradient>;
  close(): void;
}

/** The samples of a step. */
type Batch = { readonly features: tf.Tensor2D; readonly labels: tf.Tensor1D; readonly shares: tf.Tensor1D };

/** Σᵢ sᵢ/S·NLLᵢ over a batch and its gradient, at some parameters. */
function lossOfBatch(scaled: ScaledLayer, at: Tensors, { features, labels, shares }: Batch) {
  const loss = (o: tf.Tensor) =>
    sparseCrossEntropyOp(o as tf.Tensor2D, labels)
      .mul(shares)
      .sum<tf.Scalar>();
  const { value, grad } = tf.valueAndGrad(loss)(scaled.forward(features, at));
  return { loss: value as tf.Scalar, gradients: scaled.backward(features, grad as tf.Tensor2D, at, 0) };
}

/**
 * Prepares the weighted mean loss of all samples. On TensorFlow, an evaluation takes one or a few native calls.
 *
 * @param parameters read for their shapes only
 * @param evaluations the largest number of evaluations
 */
export async function openLoss(
  scaled: ScaledLayer,
  parameters: Tensors,
  { features, labels, shares }: TrainingData,
  evaluations: number,
  store: DataStore,
): Promise<OpenLoss> {
  const { backend } = store;
  backend.assertSame();
  type State = { readonly sums: Tensors; readonly at: Tensors };
  const step = ({ sums, at }: State, batch: Batch): [State, tf.Scalar] => {
    const { loss, gradients } = lossOfBatch(scaled, at, batch);
    const added = Object.keys(sums).map((name) => [name, sums[name].add(gradients[name])]);
    return [{ sums: Object.fromEntries(added), at }, loss];
  };
  const zeros = (): Tensors =>
    Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, tf.zeros(tensor.shape)]));
  const initial = { sums: zeros(), at: parameters };
  const batchSize = rowsOfAStep(features.shape[0], mostOfABatch(features.shape, parameters.bias.size));
  const options = { batchSize, passes: evaluations, isOrdered: false };
  const loop = await openLoop(step, initial, { features, labels, shares }, options, store).finally(() =>
    backend.dispose(initial.sums),
  );
  return {
    async evaluate(at, signal) {
      backend.assertSame();
      const sums = zeros();
      let gradients = sums;
      let loss = 0;
      try {
        for await (const { state, outputs } of loop.pass({ sums, at }, undefined, signal)) {
          backend.assertSame();
          if (gradients !== sums) tf.dispose(gradients);
          gradients = clonesOf(state.sums);
          loss += (await outputs.data<'float32'>()).reduce((sum, each) => sum + each, 0);
        }
      } catch (error) {
        if (gradients !== sums) backend.dispose(gradients);
        throw error;
      } finally {
        backend.dispose(sums);
      }
      return { loss, gradients };
    },
    close: () => loop.close(),
  };
}

/** The loss of each batch and its gradient, one after another in order. */
export interface OpenBatchLosses {
  /** @param add takes ∂/∂W [d, q], ∂/∂b [q] and the loss; the arrays are valid until it returns */
  evaluate(
    parameters: Tensors,
    add: (weight: Float32Array, bias: Float32Array, loss: number) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  close(): void;
}

/** As `openLoss`, for those who add the batches themselves. `batchSize` divides the number of samples. */
export async function openBatchLosses(
  scaled: ScaledLayer,
  parameters: Tensors,
  { features, labels, shares }: TrainingData,
  batchSize: number,
  store: DataStore,
): Promise<OpenBatchLosses> {
  const { backend } = store;
  backend.assertSame();
  const step = (at: Tensors, batch: Batch): [Tensors, { readonly loss: tf.Scalar; readonly gradients: Tensors }] => [
    at,
    lossOfBatch(scaled, at, batch),
  ];
  // With so many passes, every loop is worth a graph.
  const options = { batchSize, passes: Number.POSITIVE_INFINITY, isOrdered: false };
  const loop = await openLoop(step, parameters, { features, labels, shares }, options, store);
  return {
    async evaluate(at, add, signal) {
      backend.assertSame();
      for await (const { outputs, batchSizes } of loop.pass(at, undefined, signal)) {
        const { loss, gradients } = outputs;
        const of = [gradients.weight, gradients.bias, loss];
        const [weights, biases, losses] = await Promise.all(of.map((each) => each.data<'float32'>()));
        backend.assertSame();
        const part = (all: Float32Array, i: number, size = all.length / batchSizes.length) =>
          all.subarray(i * size, (i + 1) * size);
        for (let i = 0; i < batchSizes.length; i++) add(part(weights, i), part(biases, i), losses[i]);
      }
    },
    close: () => loop.close(),
  };
}

export interface ObjectiveOptions {
  /** λ of the penalty λ/2·‖W‖². */
  readonly l2: number;
  /** Whether the bias is trained. */
  readonly fitIntercept: boolean;
  readonly signal?: AbortSignal;
}

export interface ObjectiveValue {
  /** (1/S)·Σᵢ sᵢ·NLLᵢ + λ/2·‖W‖² */
  readonly objective: number;
  /** Largest absolute entry of its gradient with respect to the trained parameters. */
  readonly gradientNorm: number;
}

/** The objective and the largest absolute entry of its gradient, at these parameters. */
export async function objectiveOf(
  scaled: ScaledLayer,
  parameters: Tensors,
  data: TrainingData,
  { l2, fitIntercept, signal }: ObjectiveOptions,
  store: DataStore,
): Promise<ObjectiveValue> {
  const open = await openLoss(scaled, parameters, data, 1, store);
  const { loss, gradients } = await open.evaluate(parameters, signal).finally(() => open.close());
  const { backend } = store;
  let looked: tf.Tensor | undefined;
  try {
    backend.assertSame();
    looked = tf.tidy(() => {
      const penalised = l2 === 0 ? gradients : scaled.addPenalty(gradients, parameters, l2);
      const { bias, ...others } = penalised;
      const norm = tf.stack(Object.values(fitIntercept ? penalised : others).map((sum) => sum.abs().max())).max();
      return tf.stack([norm, squareOf(scaled.weightOf(parameters))]);
    });
    const [gradientNorm, square] = await looked.data<'float32'>();
    return { objective: loss + l2PenaltyOf(square, l2), gradientNorm };
  } finally {
    backend.dispose([looked ?? [], gradients] as unknown as tf.TensorContainer);
  }
}
