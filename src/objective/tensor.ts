// objective: the objective of a softmax regression in float32 on tensors, as a function of plain arrays.

import * as tf from '@tensorflow/tfjs';
import { DataStore } from '../compile/arrays.js';
import type { BackendInUse } from '../compile/backend-in-use.js';
import { openLoop } from '../compile/loop.js';
import { square } from '../core/elementary.js';
import { type SampleWeights, sharesOf } from '../data/sample-weights.js';
import { Dense } from '../nn/dense.js';
import { addL2Gradient, penaltyOf } from '../optim/penalty.js';
import type { ValueAndGradient } from '../optim/solver.js';
import type { DenseProblem } from './float64.js';
import { openLoss, rowsOfATask, type TrainingData } from './objective.js';
import { scaledLayer } from './scaled-layer.js';

export interface TensorObjective {
  /** f(θ) and its gradient, as from `evaluatePlain`, without l1. */
  evaluate(point: Float64Array, signal?: AbortSignal): Promise<ValueAndGradient>;
  /** X̃ᵀdiag(s)X̃/S, [d + 1, d + 1], with the column of ones last and the lower half filled. */
  gram(signal?: AbortSignal): Promise<Float64Array>;
  /** Disposes all tensors. */
  close(): void;
}

/**
 * @param evaluations the largest number of evaluations
 * @throws BackendError, also from the methods, if the backend is no longer in use
 */
export async function openTensorObjective(
  { features, labels, numSamples: n, numFeatures: d, numClasses, l2, fitIntercept }: DenseProblem,
  weights: SampleWeights | undefined,
  evaluations: number,
  backend: BackendInUse,
): Promise<TensorObjective> {
  await backend.start();
  const { scale = 1 } = features;
  const layer = new Dense({ inputs: d, units: numClasses });
  const scaled = scaledLayer(layer, scale);
  const store = new DataStore(backend);
  const data = {
    features: { ...features, scale: 1, dtype: 'float32' },
    labels,
    shares: sharesOf(weights, n),
  } as const;
  const dispose = () => {
    store.dispose();
    backend.dispose(layer);
  };
  const split = d * numClasses;
  const loss = await openLoss(scaled, layer.parameters, data, evaluations, store).catch((error) => {
    dispose();
    throw error;
  });
  return {
    async evaluate(point, signal) {
      backend.assertSame();
      const parameters = tf.tidy(() => {
        const weight = tf.tensor2d(Float32Array.from(point.subarray(0, split)), [d, numClasses]);
        return { weight, bias: tf.tensor1d(Float32Array.from(point.subarray(split))) };
      });
      try {
        const { loss: mean, gradients } = await loss.evaluate(parameters, signal);
        const [ofWeight, ofBias] = await Promise.all([gradients.weight.data(), gradients.bias.data()]).finally(() =>
          backend.dispose(gradients),
        );
        const gradient = new Float64Array(point.length);
        gradient.set(ofWeight);
        if (fitIntercept) gradient.set(ofBias, split);
        const weight = point.subarray(0, split);
        addL2Gradient(gradient, weight, l2);
        return { value: mean + penaltyOf(weight, l2), gradient };
      } finally {
        backend.dispose(parameters);
      }
    },
    async gram(signal) {
      const gram = await openGram(data, 1, store);
      const sums = new Float64Array(lengthOfGram(d));
      addGram(sums, await gram.sum(signal).finally(() => gram.close()));
      return scaledGram(sums, d, scale);
    },
    close() {
      loss.close();
      dispose();
    },
  };
}

/** Rows of a native product: few enough to fit in the caches, many enough to use all threads. */
const NATIVE_ROWS = 512;

/** Xᵀdiag(s)X/S [d, d] and Xᵀs/S [d], of features without their scale. */
export interface Gram {
  readonly products: Float32Array;
  readonly means: Float32Array;
}

/** Prepared for sums over some of the samples. */
export interface OpenGram {
  /** @param steps the first batch and the one after the last */
  sum(signal?: AbortSignal, steps?: readonly [first: number, end: number | undefined]): Promise<Gram>;
  close(): void;
}

/** @param passes the number of sums */
export async function openGram(
  { features, shares }: Pick<TrainingData, 'features' | 'shares'>,
  passes: number,
  store: DataStore,
  batchSize = Math.min(features.shape[0], rowsOfAProduct(features.shape[1])),
): Promise<OpenGram> {
  const { backend } = store;
  backend.assertSame();
  const [, d] = features.shape;
  const isNative = tf.getBackend() === 'tensorflow';
  type Sums = { readonly gram: tf.Tensor2D; readonly mean: tf.Tensor1D };
  type Batch = { readonly features: tf.Tensor2D; readonly shares: tf.Tensor1D };
  const step = ({ gram, mean }: Sums, { features: x, shares }: Batch): [Sums, object] => {
    const weighted = x.mul<tf.Tensor2D>(shares.expandDims(1));
    // wasm multiplies transposed factors slowly.
    const products = isNative ? tf.matMul(weighted, x, true, false) : tf.matMul(tf.transpose(weighted), x);
    return [{ gram: gram.add(products), mean: mean.add(weighted.sum(0)) }, {}];
  };
  const initial: Sums = { gram: tf.zeros([d, d]), mean: tf.zeros([d]) };
  const options = { batchSize, passes, isOrdered: false };
  const loop = await openLoop(step, initial, { features, shares }, options, store).catch((error) => {
    backend.dispose(initial);
    throw error;
  });
  return {
    async sum(signal, [first, end] = [0, undefined]) {
      backend.assertSame();
      let sums: Sums = initial;
      try {
        for await (const { state } of loop.pass(initial, undefined, signal, first, end)) {
          backend.assertSame();
          if (sums !== initial) tf.dispose(sums);
          sums = { gram: state.gram.clone(), mean: state.mean.clone() };
        }
        const [products, means] = await Promise.all([sums.gram, sums.mean].map((sum) => sum.data<'float32'>()));
        return { products, means };
      } finally {
        if (sums !== initial) backend.dispose(sums);
      }
    },
    close() {
      loop.close();
      backend.dispose(initial);
    },
  };
}

function rowsOfAProduct(d: number): number {
  return tf.getBackend() === 'tensorflow' ? NATIVE_ROWS : rowsOfATask(d, d);
}

/** The numbers of a Gram matrix that `addGram` adds: its lower half and the means. */
export function lengthOfGram(d: number): number {
  return (d * (d + 1)) / 2 + d;
}

/** Adds the lower half, row by row, and then the means. */
export function addGram(sums: Float64Array, { products, means }: Gram): void {
  const d = means.length;
  let at = 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) sums[at++] += products[i * d + j];
  }
  for (let i = 0; i < d; i++) sums[at++] += means[i];
}

/** X̃ᵀdiag(s)X̃/S, [d + 1, d + 1], from sums over features that are to be divided by their scale. */
export function scaledGram(sums: Float64Array, d: number, scale: number): Float64Array {
  const gram = new Float64Array(square(d + 1));
  let at = 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) gram[i * (d + 1) + j] = sums[at++] / square(scale);
  }
  for (let i = 0; i < d; i++) gram[d * (d + 1) + i] = sums[at++] / scale;
  gram[gram.length - 1] = 1;
  return gram;
}
