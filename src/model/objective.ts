// model: the objective of the whole training set, and its gradient, batch by batch.
import * as tf from '@tensorflow/tfjs';
import { nextTask } from '../core/task.js';
import { batchRanges, type FeatureArray, gatherRows } from '../data/batches.js';
import type { Layer, Parameters } from '../nn/layer.js';
import { byClosedForm } from './step.js';

/** Multiply-adds of a forward pass that a backend of plain JavaScript does in some 80 ms, gradient included: what one task may take. */
const WORK_OF_A_TASK = 1.4e7;

/** How many rows one task may take without holding up the event loop; from shapes alone, never from a timing. */
export function rowsOfATask(inputs: number, units: number): number {
  return Math.max(1, Math.floor(WORK_OF_A_TASK / (inputs * units)));
}

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
  layer: Layer,
  parameters: Parameters,
  features: FeatureArray,
  labels: Int32Array,
  { l2, fitIntercept, signal }: ObjectiveOptions,
): Promise<ObjectiveValue> {
  const [n, d] = features.shape;
  let loss = 0;
  let sums: Record<string, tf.Tensor> = tf.tidy(() => penaltyGradient(layer, parameters, l2));
  try {
    const batchSize = Math.min(n, rowsOfATask(d, layer.units));
    const rows = new Float32Array(batchSize * d);
    for (const [start, end] of batchRanges(n, batchSize)) {
      const share = (end - start) / n;
      const before = sums;
      const batch = tf.tidy(() => {
        const x = tf.tensor2d(gatherRows(features, undefined, start, end, rows), [end - start, d]);
        const y = tf.tensor1d(labels.subarray(start, end), 'int32');
        const { loss, gradients } = byClosedForm(layer, parameters, x, y, 0);
        return { loss, sums: combine((sum, gradient) => sum.add(gradient.mul(share)), before, gradients) };
      });
      tf.dispose(before);
      sums = batch.sums;
      loss += share * (await batch.loss.data())[0];
      batch.loss.dispose();
      await nextTask();
      signal?.throwIfAborted();
    }
    const looked = tf.tidy(() => {
      const { bias, ...others } = sums;
      const trained = Object.values(fitIntercept ? sums : others);
      const norm = tf.stack(trained.map((sum) => sum.abs().max())).max();
      return { norm, square: layer.weightOf(parameters).square().sum() };
    });
    const [[gradientNorm], [square]] = await Promise.all([looked.norm.data(), looked.square.data()]);
    tf.dispose(looked);
    return { objective: l2 === 0 ? loss : loss + (l2 / 2) * square, gradientNorm };
  } finally {
    tf.dispose(sums);
  }
}

/** λ·W, back through what W is made of. */
function penaltyGradient(layer: Layer, parameters: Parameters, l2: number): Record<string, tf.Tensor> {
  const bias = tf.zerosLike(parameters.bias);
  return { ...layer.pullback(layer.weightOf(parameters).mul(l2), parameters), bias };
}

function combine(
  f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  left: Parameters,
  right: Parameters,
): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.keys(left).map((name) => [name, f(left[name], right[name])]));
}
