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
  /** @param steps the first batch and the one after the last, to sum over a part of the samples */
  evaluate(
    parameters: Tensors,
    signal?: AbortSignal,
    steps?: readonly [first: number, end: number | undefined],
  ): Promise<LossAndGradient>;
  close(): void;
}

/**
 * Prepares the weighted mean loss of all samples. On TensorFlow, an evaluation takes one or a few native calls.
 *
 * @param parameters read for their shapes only
 * @param evaluations the largest number of evaluations
 * @param batchSize samples of a batch; by default, as many as divide all of them
 */
export async function openLoss(
  scaled: ScaledLayer,
  parameters: Tensors,
  { features, labels, shares }: TrainingData,
  evaluations: number,
  store: DataStore,
  batchSize = rowsOfAStep(features.shape[0], mostOfABatch(features.shape, parameters.bias.size)),
): Promise<OpenLoss> {
  const { backend } = store;
  backend.assertSame();
  type State = { readonly sums: Tensors; readonly at: Tensors };
  type Batch = { readonly features: tf.Tensor2D; readonly labels: tf.Tensor1D; readonly shares: tf.Tensor1D };
  const step = ({ sums, at }: State, { features, labels, shares }: Batch): [State, tf.Scalar] => {
    const loss = (o: tf.Tensor) =>
      sparseCrossEntropyOp(o as tf.Tensor2D, labels)
        .mul(shares)
        .sum<tf.Scalar>();
    const { value, grad } = tf.valueAndGrad(loss)(scaled.forward(features, at));
    const gradients = scaled.backward(features, grad as tf.Tensor2D, at, 0);
    const added = Object.keys(sums).map((name) => [name, sums[name].add(gradients[name])]);
    return [{ sums: Object.fromEntries(added), at }, value as tf.Scalar];
  };
  const zeros = (): Tensors =>
    Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, tf.zeros(tensor.shape)]));
  const initial = { sums: zeros(), at: parameters };
  const options = { batchSize, passes: evaluations, isOrdered: false };
  const loop = await openLoop(step, initial, { features, labels, shares }, options, store).finally(() =>
    backend.dispose(initial.sums),
  );
  return {
    async evaluate(at, signal, [first, end] = [0, undefined]) {
      backend.assertSame();
      const sums = zeros();
      let gradients = sums;
      let loss = 0;
      try {
        for await (const { state, outputs } of loop.pass({ sums, at }, undefined, signal, first, end)) {
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
