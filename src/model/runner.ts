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

/** What stays the same over all epochs of a training. */
export interface TrainingJob {
  readonly step: Step;
  /** The state before the first step, for its names and shapes. */
  readonly state: TrainingState;
  readonly features: FeatureArray;
  /** Class indices. */
  readonly labels: Int32Array;
  readonly batchSize: number;
  /** How many epochs there will be: whether it pays to prepare. */
  readonly epochs: number;
  /** How many eager steps one call may take without holding up the event loop. */
  readonly chunk: number;
}

/** A batch: the samples order[start], …, order[end − 1]. */
export type BatchRange = readonly [start: number, end: number];

/** Training steps, prepared to run. */
export interface Session {
  /** How many steps one call may take. */
  readonly chunk: number;
  /** Steps over these batches, one after the other, from a state that stays the caller's. */
  run(state: TrainingState, order: Int32Array, batches: readonly BatchRange[]): Running;
  close(): void;
}

/** Who carries out steps: it prepares a job once, and runs it many times. */
export type Runner = (job: TrainingJob) => Session;

let runner: Runner = eagerRunner;

/** Puts another runner in the place of the eager one; `softmax-regression/node` does, with native graphs. */
export function provideRunner(provided: Runner): void {
  runner = provided;
}

export function openSession(job: TrainingJob): Session {
  return runner(job);
}

/** Step after step, as tfjs does it: on every backend. */
export function eagerRunner({ step, features, labels, batchSize, chunk }: TrainingJob): Session {
  const [n, d] = features.shape;
  const rows = new Float32Array(Math.min(batchSize, n) * d);
  return {
    chunk,
    run(state, order, batches) {
      let running: Running = { state: copyState(state), total: tf.scalar(0) };
      for (const [start, end] of batches) {
        const before = running;
        try {
          running = tf.tidy(() => {
            const x = tf.tensor2d(gatherRows(features, order, start, end, rows), [end - start, d]);
            const y = tf.tensor1d(gatherEntries(labels, order, start, end), 'int32');
            const { state, loss } = step(before.state, x, y);
            return { state, total: before.total.add(loss.mul(end - start)) };
          });
        } finally {
          tf.dispose(before);
        }
      }
      return running;
    },
    close: () => {},
  };
}

export interface EpochOptions {
  /** The order of the samples. */
  readonly order: Int32Array;
  readonly batchSize: number;
  readonly signal?: AbortSignal;
  /** After each chunk: samples done, and their mean loss. */
  readonly onChunk?: (samples: number, loss: number) => void;
}

export interface EpochResult {
  /** After the last step, or from before the chunk in which the loss or a parameter was not finite; the caller's. */
  readonly state: TrainingState;
  /** Mean over the samples of the epoch, each at the parameters of its step. */
  readonly loss: number;
  readonly steps: number;
  readonly diverged: boolean;
}

/** One epoch, chunk by chunk: between two chunks there is a look at loss and signal, and a turn for others. */
export async function runEpoch(session: Session, initial: TrainingState, options: EpochOptions): Promise<EpochResult> {
  const { order, batchSize, signal, onChunk } = options;
  const ranges = batchRanges(order.length, batchSize);
  let kept = copyState(initial);
  let total = 0;
  let samples = 0;
  try {
    for (let first = 0; first < ranges.length; first += session.chunk) {
      const batches = ranges.slice(first, first + session.chunk);
      const running = session.run(kept, order, batches);
      const chunkTotal = await finiteTotal(running);
      running.total.dispose();
      if (chunkTotal === undefined) {
        disposeState(running.state);
        return { state: kept, loss: total / samples, steps: first, diverged: true };
      }
      disposeState(kept);
      kept = running.state;
      total += chunkTotal;
      samples = batches[batches.length - 1][1];
      onChunk?.(samples, total / samples);
      await nextTask();
      signal?.throwIfAborted();
    }
  } catch (error) {
    disposeState(kept);
    throw error;
  }
  return { state: kept, loss: total / samples, steps: ranges.length, diverged: false };
}

/** A state on its way, and the summed loss of the samples of its batches. */
export type Running = {
  readonly state: TrainingState;
  readonly total: tf.Scalar;
};

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

/** Node's, which waits for no clock; browsers have none. */
const { setImmediate: soon } = globalThis as { setImmediate?: (then: () => void) => void };

/** Lets timers, sockets and signals have their turn. */
export function nextTask(): Promise<void> {
  // setTimeout waits for at least a millisecond, each time.
  return new Promise((resolve) => (soon ?? setTimeout)(resolve));
}
