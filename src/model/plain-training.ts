// model: a training as plain arrays, to go on with later, on whatever backend.
import * as tf from '@tensorflow/tfjs';
import type { RandomState } from '../core/random.js';
import type { Tensors } from '../optim/first-order.js';
import type { Training } from './training.js';
import type { TrainingLayout } from './training-layout.js';

interface PlainTensor {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

type PlainTensors = Readonly<Record<string, PlainTensor>>;

/** A training between two epochs: parameters and optimizer state as the layer has them, and where it stands. */
export interface PlainTraining extends Pick<Training, 'epoch'> {
  readonly parameters: PlainTensors;
  readonly optimizer: Readonly<Record<string, PlainTensors>>;
  readonly random: RandomState;
}

/** The values of a training, which keeps its tensors. */
export async function toPlain(training: Training, layout: TrainingLayout): Promise<PlainTraining> {
  const { optimizer, random, epoch } = training;
  const parameters = await read(training.parameters, training, layout);
  const groups = Object.entries(optimizer).map(async ([name, group]) => [name, await read(group, training, layout)]);
  return { parameters, optimizer: Object.fromEntries(await Promise.all(groups)), random, epoch };
}

/** The training of such values, with steps and history counted from here; its tensors are its own. */
export function fromPlain(plain: PlainTraining, layout: TrainingLayout): Training {
  const { random, epoch } = plain;
  const { parameters, optimizer } = tf.tidy(() => ({
    parameters: layout.arrange(tensorsOf(plain.parameters)),
    optimizer: Object.fromEntries(
      Object.entries(plain.optimizer).map(([name, group]) => {
        const tensors = tensorsOf(group);
        return [name, isLikeParameters(group, plain.parameters) ? layout.arrange(tensors) : tensors];
      }),
    ),
  }));
  return {
    ...{ parameters, optimizer, random, epoch },
    ...{ step: 0, epochLoss: 0, epochSamples: 0, iterations: 0, history: [], best: undefined },
  };
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
