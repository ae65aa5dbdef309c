// training: a training as plain arrays, to continue later on any backend.
import * as tf from '@tensorflow/tfjs';
import type { OptimizerState, Tensors } from '../optim/first-order.js';
import type { Training } from './training.js';

export interface PlainTensor {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export type PlainTensors = Readonly<Record<string, PlainTensor>>;

/** The complete state of a training, with parameters and optimizer state as plain arrays. */
export interface PlainTraining extends Omit<Training, 'parameters' | 'optimizer' | 'best'> {
  readonly parameters: PlainTensors;
  readonly optimizer: Readonly<Record<string, PlainTensors>>;
  readonly best:
    | (Omit<NonNullable<Training['best']>, 'parameters'> & { readonly parameters: PlainTensors })
    | undefined;
}

/** Copies the values of a training. Its tensors are not disposed. */
export async function toPlain(training: Training): Promise<PlainTraining> {
  const { optimizer, best } = training;
  const parameters = await read(training.parameters);
  const groups = Object.entries(optimizer).map(async ([name, group]) => [name, await read(group)]);
  return {
    ...training,
    parameters,
    optimizer: Object.fromEntries(await Promise.all(groups)),
    best: best && { ...best, parameters: await read(best.parameters) },
  };
}

/** A training from such values, with new tensors. */
export function fromPlain(plain: PlainTraining): Training {
  const { best } = plain;
  const optimizer = Object.entries(plain.optimizer).map(([name, group]) => [name, tensorsOf(group)]);
  return {
    ...plain,
    parameters: tensorsOf(plain.parameters),
    optimizer: Object.fromEntries(optimizer) as OptimizerState,
    best: best && { ...best, parameters: tensorsOf(best.parameters) },
  };
}

/** The same training with step count and history reset, for the next part of a stream. */
export function countedFromHere(plain: PlainTraining): PlainTraining {
  return { ...plain, step: 0, epochLoss: 0, epochSamples: 0, iterations: 0, history: [], best: undefined };
}

async function read(group: Tensors): Promise<PlainTensors> {
  const entries = Object.entries(group).map(async ([name, tensor]) => {
    // Copied, because a backend may return its own memory.
    const values = Float32Array.from(await tensor.data<'float32'>());
    return [name, { values, shape: tensor.shape }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function tensorsOf(plain: PlainTensors): Tensors {
  return Object.fromEntries(
    Object.entries(plain).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape], 'float32')]),
  );
}
