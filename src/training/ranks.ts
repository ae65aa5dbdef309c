// training: whether all ranks begin the same fit.
import { digestOf } from '../core/digest.js';
import { DomainError } from '../core/errors.js';
import type { Communicator } from '../core/ranks/communicator.js';
import { VERSION } from '../core/version.js';
import type { Json } from '../predict/json.js';
import type { AnySamples } from './fit.js';
import type { TrainingOptions } from './options.js';

/** What all ranks must have alike, besides their options. */
export interface Shared {
  readonly samples: AnySamples;
  /** Of the features. */
  readonly checksum: string | undefined;
  readonly classes: readonly Json[];
  readonly start: Float64Array | undefined;
  readonly resume: Uint8Array | undefined;
}

/**
 * Compares options, samples and weights of all ranks.
 *
 * @throws DomainError with the name of the first difference from rank 0, the same on all ranks
 */
export async function assertAlike(
  communicator: Communicator,
  { samples, checksum, classes, start, resume }: Shared,
  options: TrainingOptions,
  where: string,
): Promise<void> {
  const { features, labels, weights } = samples;
  const digest = async (array: ArrayBufferView | undefined) =>
    array === undefined ? 'none' : digestOf([new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]);
  const facts: Record<string, Json> = {
    version: VERSION,
    ...(JSON.parse(JSON.stringify(options)) as Record<string, Json>),
    'features.shape': [...features.shape],
    classes: [...classes],
    features: checksum ?? 'none',
    labels: await digest(labels),
    sampleWeights: await digest(weights?.values),
    warmStart: await digest(start),
    resume: await digest(resume),
  };
  const messages = await communicator.allGather(new TextEncoder().encode(JSON.stringify(facts)));
  const [first, ...others] = messages.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as typeof facts);
  for (const [i, other] of others.entries()) {
    const argument = [...new Set([...Object.keys(first), ...Object.keys(other)])].find(
      (name) => JSON.stringify(first[name]) !== JSON.stringify(other[name]),
    );
    if (argument === undefined) continue;
    const text = (value: Json | undefined) => (value === undefined ? 'nothing' : JSON.stringify(value));
    const expected = `be the same on all ranks, ${text(first[argument])} as on rank 0`;
    throw new DomainError({ where, argument, expected, actual: `${text(other[argument])} on rank ${i + 1}` });
  }
}
