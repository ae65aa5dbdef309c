// model: the objective of the whole training set, and its gradient.
import * as tf from '@tensorflow/tfjs';
import type { DataArray, DataStore } from '../compile/arrays.js';
import { scanChunks } from '../compile/scan.js';
import type { FeatureArray } from '../data/batches.js';
import type { Tensors } from '../optim/first-order.js';
import { byClosedForm, type TrainingBatch } from './step.js';
import type { TrainingLayout } from './training-layout.js';

/** Multiply-adds of a forward pass that a backend of plain JavaScript does in some 80 ms: what one task may take. */
const WORK_OF_A_TASK = 1.4e7;

/** How many rows one task may take without holding up the event loop; from shapes alone, never from a timing. */
export function rowsOfATask(inputs: number, units: number): number {
  return Math.max(1, Math.floor(WORK_OF_A_TASK / (inputs * units)));
}

/** Few enough rows that they and their products stay in the processor's caches; many enough that steps cost little. */
const BATCH = 512;

export interface ObjectiveOptions {
  /** λ of the penalty λ/2·‖W‖². */
  readonly l2: number;
  /** Whether the bias is trained. */
  readonly fitIntercept: boolean;
  readonly signal?: AbortSignal;
}

export interface ObjectiveValue {
  /** (1/n)·Σᵢ NLLᵢ + λ/2·‖W‖² */
  readonly objective: number;
  /** Largest absolute entry of its gradient, with respect to what is trained. */
  readonly gradientNorm: number;
}

/** The objective and the largest entry of its gradient, at these parameters. */
export async function objectiveOf(
  layout: TrainingLayout,
  parameters: Tensors,
  features: FeatureArray & Pick<DataArray, 'dtype'>,
  labels: Int32Array,
  { l2, fitIntercept, signal }: ObjectiveOptions,
  store: DataStore,
): Promise<ObjectiveValue> {
  const n = labels.length;
  const inputs = features.shape[1];
  const batchSize = Math.min(n, BATCH, rowsOfATask(inputs, parameters.bias.size));
  /** Gradients, and what they are taken at; each batch counts by its share of the samples. */
  const step = ({ sums, at }: { sums: Tensors; at: Tensors }, { features, labels }: TrainingBatch) => {
    const { loss, gradients } = byClosedForm(layout, at, features, labels, l2);
    const share = features.shape[0] / n;
    const added = Object.keys(sums).map((name) => [name, sums[name].add(gradients[name].mul(share))]);
    return [{ sums: Object.fromEntries(added) as Tensors, at }, loss.mul(share)] as const;
  };
  const start = tf.tidy(() => {
    const zeros = Object.entries(parameters).map(([name, tensor]) => [name, tf.zerosLike(tensor)]);
    return { sums: Object.fromEntries(zeros) as Tensors, at: parameters };
  });
  let loss = 0;
  let norms: tf.Tensor | undefined;
  try {
    const chunks = scanChunks(step, start, { features, labels }, { batchSize, signal }, store);
    for await (const { state, outputs } of chunks) {
      norms?.dispose();
      norms = tf.tidy(() => {
        const { bias, ...others } = state.sums;
        const trained = Object.values(fitIntercept ? state.sums : others);
        const norm = tf.stack(trained.map((sum) => sum.abs().max())).max();
        return tf.stack([norm, layout.weightOf(parameters).square().sum()]);
      });
      loss += (await outputs.data<'float32'>()).reduce((sum, each) => sum + each, 0);
    }
    const [gradientNorm, square] = await (norms as tf.Tensor).data<'float32'>();
    return { objective: l2 === 0 ? loss : loss + (l2 / 2) * square, gradientNorm };
  } finally {
    tf.dispose([start.sums, norms] as unknown as tf.TensorContainer);
  }
}
