// model: who carries out the training steps of an epoch; here one after the other, eagerly, on any backend.
import * as tf from '@tensorflow/tfjs';
import { batchRanges, type FeatureArray, gatherEntries, gatherRows } from '../data/batches.js';
import type { OptimizerState, Tensors } from '../optim/first-order.js';

/** All that a training step changes. */
export type TrainingState = {
  readonly parameters: Tensors;
  readonly optimizer: OptimizerState;
};

/** A pure function of tensors: new state and the mean loss of the batch. */
export type Step = (
  state: TrainingState,
  features: tf.Tensor2D,
  labels: tf.Tensor1D,
) => { state: TrainingState; loss: tf.Scalar };

export interface Epoch {
  readonly step: Step;
  /** Where to start; stays the caller's. */
  readonly state: TrainingState;
  readonly features: FeatureArray;
  /** Class indices. */
  readonly labels: Int32Array;
  /** The order of the samples. */
  readonly order: Int32Array;
  readonly batchSize: number;
  /** How many steps to run between two looks at loss, signal and event loop. */
  readonly chunk: number;
  readonly signal?: AbortSignal;
  /** After each chunk: samples done, and their mean loss. */
  readonly onChunk?: (samples: number, loss: number) => void;
}

export interface EpochResult {
  /** After the last step, or the last finite one before the loss or a parameter was not; the caller disposes it. */
  readonly state: TrainingState;
  /** Mean over the samples of the epoch, each at the parameters of its step. */
  readonly loss: number;
  readonly steps: number;
  readonly diverged: boolean;
}

/** Runs the steps of one epoch. */
export interface Runner {
  run(epoch: Epoch): Promise<EpochResult>;
}

/** Step after step, as tfjs does it: on every backend. */
export const eagerRunner: Runner = {
  async run({ step, state: initial, features, labels, order, batchSize, chunk, signal, onChunk }) {
    const ranges = batchRanges(labels.length, batchSize);
    const rows = new Float32Array(Math.min(batchSize, labels.length) * features.shape[1]);
    const batch = (start: number, end: number): [tf.Tensor2D, tf.Tensor1D] => [
      tf.tensor2d(gatherRows(features, order, start, end, rows), [end - start, features.shape[1]]),
      tf.tensor1d(gatherEntries(labels, order, start, end), 'int32'),
    ];
    let kept = copyState(initial);
    let running: Running | undefined;
    let total = 0;
    let samples = 0;
    try {
      for (let first = 0; first < ranges.length; first += chunk) {
        const upcoming = ranges.slice(first, first + chunk);
        // The state from before the chunk is kept until the one after it is known to be finite.
        running = { state: copyState(kept), total: tf.scalar(0) };
        for (const [start, end] of upcoming) {
          const before: Running = running;
          running = tf.tidy(() => {
            const { state, loss } = step(before.state, ...batch(start, end));
            return { state, total: before.total.add(loss.mul(end - start)) };
          });
          disposeRunning(before);
        }
        const chunkTotal = await finiteTotal(running);
        if (chunkTotal === undefined) {
          disposeRunning(running);
          return { state: kept, loss: total / samples, steps: first, diverged: true };
        }
        disposeState(kept);
        kept = running.state;
        running.total.dispose();
        total += chunkTotal;
        samples = upcoming[upcoming.length - 1][1];
        onChunk?.(samples, total / samples);
        await nextTask();
        signal?.throwIfAborted();
      }
    } catch (error) {
      disposeState(kept);
      if (running !== undefined) disposeRunning(running);
      throw error;
    }
    return { state: kept, loss: total / samples, steps: ranges.length, diverged: false };
  },
};

/** A state on its way, and the summed loss of the samples of its chunk. */
type Running = {
  readonly state: TrainingState;
  readonly total: tf.Scalar;
};

function disposeRunning({ state, total }: Running): void {
  disposeState(state);
  total.dispose();
}

/** The summed loss, or undefined if it or a parameter is not finite. */
async function finiteTotal({ state, total }: Running): Promise<number | undefined> {
  const looked = tf.tidy(() =>
    tf.stack([total, ...Object.values(state.parameters).map((tensor) => tensor.abs().sum())]),
  );
  const values = await looked.data();
  looked.dispose();
  return values.every(Number.isFinite) ? values[0] : undefined;
}

/** A state of its own: new tensors on the same values. */
export function copyState({ parameters, optimizer }: TrainingState): TrainingState {
  const copy = (tensors: Tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
  return {
    parameters: copy(parameters),
    optimizer: Object.fromEntries(Object.entries(optimizer).map(([name, tensors]) => [name, copy(tensors)])),
  };
}

export function disposeState(state: TrainingState): void {
  tf.dispose(state);
}

/** Lets timers, sockets and signals have their turn. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
