// model: the objective of the whole training set, and its gradient, batch by batch.
import * as tf from '@tensorflow/tfjs';
import { batchRanges, type FeatureArray, gatherRows } from '../data/batches.js';
import type { Layer, Parameters } from '../nn/layer.js';
import { nextTask } from './runner.js';
import { byClosedForm } from './step.js';

/** Multiply-adds of a forward pass that a backend of plain JavaScript does in some 50 ms: what one task may take. */
const WORK_OF_A_TASK = 8e6;

/** How many rows one task may take without holding up the event loop; from shapes alone, never from a timing. */
export function rowsOfATask(inputs: number, units: number): number {
  return Math.max(1, Math.floor(WORK_OF_A_TASK / (inputs * units)));
}

export interface ObjectiveValue {
  /** (1/n)·Σᵢ NLLᵢ + λ/2·‖W‖² */
  readonly objective: number;
  /** Largest absolute entry of its gradient. */
  readonly gradientNorm: number;
}

/** The objective and the largest entry of its gradient, at these parameters. */
export async function objectiveOf(
  layer: Layer,
  parameters: Parameters,
  features: FeatureArray,
  labels: Int32Array,
  l2: number,
): Promise<ObjectiveValue> {
  const [n, d] = features.shape;
  let loss = 0;
  let sums: Record<string, tf.Tensor> = tf.tidy(() => penaltyGradient(layer, parameters, l2));
  for (const [start, end] of batchRanges(n, rowsOfATask(d, layer.units))) {
    const share = (end - start) / n;
    const before = sums;
    const batch = tf.tidy(() => {
      const x = tf.tensor2d(gatherRows(features, undefined, start, end), [end - start, d]);
      const y = tf.tensor1d(labels.subarray(start, end), 'int32');
      const { loss, gradients } = byClosedForm(layer, parameters, x, y, 0);
      return { loss, sums: combine((sum, gradient) => sum.add(gradient.mul(share)), before, gradients) };
    });
    tf.dispose(before);
    sums = batch.sums;
    loss += share * (await batch.loss.data())[0];
    batch.loss.dispose();
    await nextTask();
  }
  const looked = tf.tidy(() => ({
    norm: tf.stack(Object.values(sums).map((sum) => sum.abs().max())).max(),
    square: layer.weightOf(parameters).square().sum(),
  }));
  const [[gradientNorm], [square]] = await Promise.all([looked.norm.data(), looked.square.data()]);
  tf.dispose([looked, sums]);
  return { objective: l2 === 0 ? loss : loss + (l2 / 2) * square, gradientNorm };
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
