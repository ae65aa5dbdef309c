// training: whether all ranks begin the same fit.
import { digestOf } from '../core/digest.js';
import { DomainError } from '../core/errors.js';
import { Checksum } from '../core/ranks/checksum.js';
import type { Communicator } from '../core/ranks/communicator.js';
import { VERSION } from '../core/version.js';
import type { FeatureArray } from '../data/batches.js';
import { StoredRows, storedOf } from '../data/stored-rows.js';
import type { Json } from '../predict/json.js';
import type { DenseSamples } from './fit.js';
import type { TrainingOptions } from './options.js';
import { eachPart } from './standardization.js';

/** What all ranks must have alike, besides their options. */
export interface Shared {
  readonly samples: DenseSamples;
  /** Of the features. */
  readonly checksum: string | undefined;
  /** Samples to validate on that are no share of the others. */
  readonly validation: DenseSamples | undefined;
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
  { samples, checksum, validation, classes, start, resume }: Shared,
  options: TrainingOptions & { readonly backend?: string },
  where: string,
): Promise<void> {
  const { features, labels, weights } = samples;
  await assertFacts(
    communicator,
    {
      // First, since it decides the precision.
      'features.shape': [...features.shape],
      ...(JSON.parse(JSON.stringify(options)) as Record<string, Json>),
      classes: [...classes],
      features: checksum ?? 'none',
      labels: await digestOfArray(labels),
      sampleWeights: await digestOfArray(weights?.values),
      ...(validation && (await factsOf(validation))),
      warmStart: await digestOfArray(start),
      resume: await digestOfArray(resume),
    },
    where,
  );
}

async function factsOf({ features, labels, weights }: DenseSamples): Promise<Record<string, Json>> {
  const checksum = new Checksum();
  await eachPart(storedOf(features), ({ values }: FeatureArray) => checksum.add(values as Float64Array));
  return {
    validation: checksum.toString(),
    'validation.labels': await digestOfArray(labels),
    'validation.sampleWeights': await digestOfArray(weights?.values),
  };
}

/**
 * The checksum of features that all ranks have.
 *
 * @param ofStored that of the features, if they are stored: to read them again takes long
 */
export async function checksumOf(
  features: FeatureArray | StoredRows,
  communicator: Communicator,
  ofStored: Checksum,
  signal: AbortSignal | undefined,
): Promise<string> {
  const types = await communicator.allGather(new TextEncoder().encode(typeOf(features)));
  if (features instanceof StoredRows) return ofStored.toString();
  const [first, ...others] = types.map((bytes) => new TextDecoder().decode(bytes));
  const checksum = new Checksum();
  // Numbers of different types are compared in float64, which takes much longer.
  const isSame = others.every((type) => type === first);
  await eachPart(isSame ? features : storedOf(features), ({ values }) => checksum.add(values), signal);
  return checksum.toString();
}

function typeOf(features: FeatureArray | StoredRows): string {
  if (features instanceof StoredRows) return 'stored';
  const { values, scale = 1 } = features;
  return `${values.constructor.name} with the scale ${scale}`;
}

/** A fact about numbers of any type, or of none. */
export async function digestOfArray(array: ArrayBufferView | undefined): Promise<string> {
  if (array === undefined) return 'none';
  return digestOf([new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]);
}

/**
 * Compares facts of all ranks, and the version of this package.
 *
 * @param given by the name of the argument that a difference is one of
 * @throws DomainError with the name of the first difference from rank 0, the same on all ranks
 */
export async function assertFacts(
  communicator: Communicator,
  given: Readonly<Record<string, Json>>,
  where: string,
): Promise<void> {
  const facts: Record<string, Json> = { version: VERSION, ...given };
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
