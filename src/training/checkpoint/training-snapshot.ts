// training: converts a first-order training to a snapshot and back.

import type { Fail } from '../../predict/json.js';
import type { StoredTensor } from '../../serialization/container.js';
import type { PlainTensors, PlainTraining } from '../plain-training.js';
import type { Snapshot } from './file.js';
import { historyTensor, SnapshotReader } from './snapshot.js';

/** The expected shape of a training with these samples and options. */
export interface TrainingShape {
  readonly numSamples: number;
  readonly batchSize: number;
  readonly validates: boolean;
  readonly stopsEarly: boolean;
}

export function trainingSnapshot(training: PlainTraining, { validates }: Pick<TrainingShape, 'validates'>): Snapshot {
  const { parameters, optimizer, random, epoch, step, epochLoss, history, best } = training;
  const groups = Object.entries(optimizer).map(([name, group]) => named(`optimizer.${name}`, group));
  return {
    state: { random, epoch, step, ...(best && { bestEpoch: best.epoch }) },
    tensors: Object.assign({}, named('parameters', parameters), ...groups, best && named('best', best.parameters), {
      // A tensor, because JSON cannot represent numbers that are not finite.
      sums: { shape: [2], values: Float64Array.of(epochLoss, best?.loss ?? 0) },
      history: historyTensor(history, validates),
    }),
  };
}

function named(prefix: string, tensors: PlainTensors): Record<string, StoredTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]));
}

/**
 * Reads the training of a snapshot.
 *
 * @param fresh a training with the same samples and options before its first step, for names and shapes
 * @param fail creates the error for an invalid snapshot
 */
export function trainingOf(snapshot: Snapshot, fresh: PlainTraining, shape: TrainingShape, fail: Fail): PlainTraining {
  const { numSamples, batchSize, validates, stopsEarly } = shape;
  const reader = new SnapshotReader(snapshot, fail);
  const steps = Math.ceil(numSamples / batchSize);
  const epoch = reader.count('epoch', 0);
  const step = reader.count('step', 0, steps);
  const read = (prefix: string, like: PlainTensors): PlainTensors =>
    Object.fromEntries(
      Object.entries(like).map(([name, { shape }]) => [
        name,
        { shape, values: reader.float32(`${prefix}.${name}`, shape) },
      ]),
    );
  const finite = (prefix: string): PlainTensors => {
    const tensors = read(prefix, fresh.parameters);
    for (const [name, { values }] of Object.entries(tensors)) reader.finite(values, `${prefix}.${name}`);
    return tensors;
  };
  const [epochLoss, bestLoss] = reader.float64('sums', [2]);
  const training: PlainTraining = {
    parameters: finite('parameters'),
    optimizer: Object.fromEntries(
      Object.entries(fresh.optimizer).map(([name, group]) => [name, read(`optimizer.${name}`, group)]),
    ),
    random: reader.words('random'),
    ...{ epoch, step, epochLoss },
    epochSamples: Math.min(step * batchSize, numSamples),
    iterations: epoch * steps + step,
    history: reader.history(epoch, validates),
    best:
      stopsEarly && epoch > 0
        ? { parameters: finite('best'), loss: bestLoss, epoch: reader.count('bestEpoch', 1, epoch) }
        : undefined,
  };
  reader.end();
  return training;
}
