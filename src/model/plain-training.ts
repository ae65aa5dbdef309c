// model: a training as plain arrays, to go on with later, on whatever backend.
import * as tf from '@tensorflow/tfjs';
import type { OptimizerState, Tensors } from '../optim/first-order.js';
import type { Training } from './training.js';
import type { TrainingLayout } from './training-layout.js';

export interface PlainTensor {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export type PlainTensors = Readonly<Record<string, PlainTensor>>;

/** A training with parameters and optimizer state as the layer has them: whatever it depends on is in it. */
export interface PlainTraining extends Omit<Training, 'parameters' | 'optimizer' | 'best'> {
  readonly parameters: PlainTensors;
  readonly optimizer: Readonly<Record<string, PlainTensors>>;
  readonly best:
    | (Omit<NonNullable<Training['best']>, 'parameters'> & { readonly parameters: PlainTensors })
    | undefined;
}

/** The values of a training, which keeps its tensors. */
export async function toPlain(training: Training, layout: TrainingLayout): Promise<PlainTraining> {
  const { optimizer, best } = training;
  const parameters = await read(training.parameters, training, layout);
  const groups = Object.entries(optimizer).map(async ([name, group]) => [name, await read(group, training, layout)]);
  return {
    ...training,
    parameters,
    optimizer: Object.fromEntries(await Promise.all(groups)),
    best: best && { ...best, parameters: await read(best.parameters, training, layout) },
  };
}

/** The training of such values; its tensors are its own. */
export function fromPlain(plain: PlainTraining, layout: TrainingLayout): Training {
  const { best } = plain;
  const tensors = tf.tidy(() => ({
    parameters: layout.arrange(tensorsOf(plain.parameters)),
    optimizer: Object.fromEntries(
      Object.entries(plain.optimizer).map(([name, group]) => {
        const tensors = tensorsOf(group);
        return [name, isLikeParameters(group, plain.parameters) ? layout.arrange(tensors) : tensors];
      }),
    ) as OptimizerState,
    best: best === undefined ? {} : layout.arrange(tensorsOf(best.parameters)),
  }));
  return { ...plain, ...tensors, best: best && { ...best, parameters: tensors.best } };
}

/** The same with steps and history counted from here: what a stream goes on with. */
export function countedFromHere(plain: PlainTraining): PlainTraining {
  return { ...plain, step: 0, epochLoss: 0, epochSamples: 0, iterations: 0, history: [], best: undefined };
}

/** What an optimizer remembers of each parameter lies as the parameters do; the rest, such as Adam's counts, as it is. */
function isLikeParameters(group: object, parameters: object): boolean {
  return Object.keys(parameters).every((name) => name in group);
}

async function read(group: Tensors, { parameters }: Training, layout: TrainingLayout): Promise<PlainTensors> {
  const clones = () => Object.fromEntries(Object.entries(group).map(([name, tensor]) => [name, tensor.clone()]));
  const restored = tf.tidy(() => (isLikeParameters(group, parameters) ? layout.restore(group) : clones()));
  try {
    const entries = Object.entries(restored).map(async ([name, tensor]) => {
      // A copy: what a backend hands out may be its own memory.
      const values = Float32Array.from(await tensor.data<'float32'>());
      return [name, { values, shape: tensor.shape }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  } finally {
    tf.dispose(restored);
  }
}

function tensorsOf(plain: PlainTensors): Tensors {
  return Object.fromEntries(
    Object.entries(plain).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape], 'float32')]),
  );
}
