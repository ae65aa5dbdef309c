// training: a training as plain arrays, to go on with later, on whatever backend.
import * as tf from '@tensorflow/tfjs';
import type { OptimizerState, Tensors } from '../optim/first-order.js';
import type { Training } from './training.js';

export interface PlainTensor {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export type PlainTensors = Readonly<Record<string, PlainTensor>>;

/** A training with its parameters and optimizer state: whatever it depends on is in it. */
export interface PlainTraining extends Omit<Training, 'parameters' | 'optimizer' | 'best'> {
  readonly parameters: PlainTensors;
  readonly optimizer: Readonly<Record<string, PlainTensors>>;
  readonly best:
    | (Omit<NonNullable<Training['best']>, 'parameters'> & { readonly parameters: PlainTensors })
    | undefined;
}

/** The values of a training, which keeps its tensors. */
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

/** The training of such values; its tensors are its own. */
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

/** The same with steps and history counted from here: what a stream goes on with. */
export function countedFromHere(plain: PlainTraining): PlainTraining {
  return { ...plain, step: 0, epochLoss: 0, epochSamples: 0, iterations: 0, history: [], best: undefined };
}

async function read(group: Tensors): Promise<PlainTensors> {
  const entries = Object.entries(group).map(async ([name, tensor]) => {
    // A copy: what a backend hands out may be its own memory.
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
