// training: fingerprints of the training data, which tell whether a checkpoint belongs to them.
import { digestOf } from '../../core/digest.js';
import { formatShape } from '../../core/shape.js';
import type { TrainingRows } from '../../data/any-rows.js';
import { isSparse } from '../../data/matrix.js';
import type { SampleWeights } from '../../data/sample-weights.js';
import { piecesOf, StoredRows } from '../../data/stored-rows.js';
import type { Json } from '../../predict/json.js';

/** A description with a checksum for each argument of `fit`. */
export type Fingerprint = Readonly<Record<string, Json>>;

interface Samples {
  readonly features: TrainingRows;
  readonly labels: Int32Array;
  readonly weights: SampleWeights | undefined;
}

/** The data that a fit starts from. */
export interface FitData {
  readonly samples: Samples;
  readonly validation: Samples | undefined;
  readonly classes: readonly Json[];
  readonly start: Float64Array | undefined;
  readonly featureNames?: readonly string[];
}

/** Reads every value, which takes about 2 s per gigabyte. */
export async function fingerprintOf(data: FitData, signal?: AbortSignal): Promise<Fingerprint> {
  const { samples, validation, classes, start, featureNames } = data;
  return {
    classes,
    ...(featureNames && { featureNames: await ofNames(featureNames, signal) }),
    ...(await ofSamples(samples, ['features', 'labels', 'sampleWeights'], signal)),
    ...(validation &&
      (await ofSamples(validation, ['validation', 'validation.labels', 'validation.sampleWeights'], signal))),
    ...(start && { warmStart: await digestOf([bytesOf(start)], signal) }),
  };
}

/** The longest list of names that is stored as it is, in characters of JSON. */
const MOST_NAMES = 2 ** 16;

async function ofNames(names: readonly string[], signal: AbortSignal | undefined): Promise<Json> {
  const text = JSON.stringify(names);
  if (text.length <= MOST_NAMES) return names;
  return { type: `${names.length} names`, sha256: await digestOf([new TextEncoder().encode(text)], signal) };
}

async function ofSamples(
  { features, labels, weights }: Samples,
  [x, y, s]: readonly [string, string, string],
  signal: AbortSignal | undefined,
): Promise<Fingerprint> {
  return {
    [x]: await ofFeatures(features, signal),
    [y]: await digestOf([bytesOf(labels)], signal),
    ...(weights && { [s]: await digestOf([bytesOf(weights.values)], signal) }),
  };
}

/** The same for rows in memory and for stored ones. */
async function ofFeatures(features: TrainingRows, signal?: AbortSignal): Promise<Json> {
  if (isSparse(features)) {
    const { starts, indices, values, shape } = features;
    const type = `sparse ${values[Symbol.toStringTag]} ${formatShape(shape)}`;
    return { type, sha256: await digestOf([starts, indices, values].map(bytesOf), signal) };
  }
  if (features instanceof StoredRows) {
    const type = `Float64Array ${formatShape(features.shape)}`;
    return { type, sha256: await digestOf([bytesOfRows(features, signal)], signal) };
  }
  const { values, shape, scale = 1 } = features;
  const type = `${values[Symbol.toStringTag]} ${formatShape(shape)}${scale === 1 ? '' : `, scale ${scale}`}`;
  return { type, sha256: await digestOf([bytesOf(values)], signal) };
}

async function* bytesOfRows(rows: StoredRows, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const { values } of piecesOf(rows, signal)) yield bytesOf(values);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
