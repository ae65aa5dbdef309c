// training: the file format of checkpoints, in the container of model files.
import { digestOf } from '../../core/digest.js';
import { DomainError, FormatError, printable } from '../../core/errors.js';
import { describe, formatShape } from '../../core/shape.js';
import {
  assertBytes,
  assertChecksum,
  assertContiguous,
  floats,
  type Kind,
  type Place,
  readHeader,
  readMetadata,
  readTensor,
} from '../../predict/container.js';
import {
  type Check,
  checkOf,
  type Fail,
  isRecord,
  type Json,
  orNothing,
  parseJson,
  sortedJson,
} from '../../predict/json.js';
import { encodeContainer, layOut, type StoredTensor } from '../../serialization/container.js';
import { assertJson } from '../../serialization/json.js';

/** The state of a solver: numbers and names as JSON, arrays as tensors. */
export interface Snapshot {
  readonly state: Readonly<Record<string, Json>>;
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

/** The content of a checkpoint. */
export interface CheckpointContent extends Snapshot {
  /** The options of the fit, as stored in a model. */
  readonly options: Readonly<Record<string, Json>>;
  /** The fingerprint of the training data: see `fingerprintOf`. */
  readonly data: Readonly<Record<string, Json>>;
  /** The environment of the run: see `currentEnvironment`. */
  readonly environment: Readonly<Record<string, string>>;
}

const CHECKPOINT: Kind = {
  format: 'softmax-regression-checkpoint',
  version: 1,
  hint: (format) =>
    format === 'softmax-regression'
      ? 'It is a model file: SoftmaxRegression.fromBytes reads it, and `warmStart` starts from its weights.'
      : 'It may be a safetensors file of another program.',
};

const JSON_KEYS = ['options', 'data', 'environment', 'state'] as const;

/** The most axes of a tensor. */
const MAX_RANK = 4;

/**
 * A checkpoint as a safetensors file.
 *
 * Its `__metadata__` has `format`, softmax-regression-checkpoint; `version`, 1; and as JSON `options`, `data`,
 * `environment` and `state`. `sha256` is that of `digestOf`, of the header without it (compact JSON, sorted keys), and
 * of the tensors.
 */
export async function encodeCheckpoint(content: CheckpointContent): Promise<Uint8Array> {
  const fail: Fail = (fields) => new DomainError({ where: 'encodeCheckpoint', ...fields });
  const metadata: Record<string, string> = { format: CHECKPOINT.format, version: String(CHECKPOINT.version) };
  for (const key of JSON_KEYS) {
    assertJson(content[key], key, 1, fail);
    metadata[key] = sortedJson(content[key]);
  }
  const laidOut = layOut(content.tensors);
  const sha256 = await checksum({ ...laidOut.entries, __metadata__: metadata }, laidOut.data);
  return encodeContainer({ ...metadata, sha256 }, laidOut, fail);
}

/**
 * Reads a checkpoint. Lengths, header, shapes, offsets and checksum are checked before anything of their size is
 * allocated. The solver checks whether it can resume from the content.
 *
 * @param where the file's name or the caller, for error messages
 * @throws FormatError if the bytes are not one complete checkpoint of a known version; ShapeError if not a Uint8Array
 */
export async function decodeCheckpoint(bytes: Uint8Array, where: string): Promise<CheckpointContent> {
  assertBytes(bytes, where);
  const check: Check = checkOf(FormatError, where);
  const { header, start } = readHeader(bytes, check);
  const metadata = readMetadata(header, CHECKPOINT, check);
  const places: Record<string, Place<'F32' | 'F64'>> = {};
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  for (const name of names) {
    const place = readTensor(header, name, ['F32', 'F64'], check);
    check(place.shape.length <= MAX_RANK, `${name}.shape`, `be up to ${MAX_RANK} integers`, formatShape(place.shape));
    places[name] = place;
  }
  assertContiguous(Object.values(places), bytes.length - start, check);
  const { sha256, ...rest } = metadata;
  assertChecksum(sha256, await checksum({ ...header, __metadata__: rest }, bytes.subarray(start)), check);
  const record = (key: (typeof JSON_KEYS)[number]): never => {
    const value = parseJson(metadata[key], key, check);
    check(isRecord(value), key, 'be an object', orNothing(value));
    return value as never;
  };
  const [options, data, environment, state] = JSON_KEYS.map(record);
  assertFacts(environment, check);
  const tensors = names.map((name): [string, StoredTensor] => {
    const { dtype, shape, start: from, end } = places[name];
    const own = bytes.subarray(start + from, start + end);
    return [name, { shape, values: floats(own, dtype) }];
  });
  return { options, data, environment, state, tensors: Object.fromEntries(tensors) };
}

/** Facts are displayed, so they must be text without control characters. */
function assertFacts(environment: Readonly<Record<string, unknown>>, check: Check): void {
  for (const [name, fact] of Object.entries(environment)) {
    const isText = typeof fact === 'string' && printable(name + fact) === name + fact;
    check(isText, `environment.${name}`, 'be text of one line', describe(fact));
  }
}

function checksum(header: object, data: Uint8Array): Promise<string> {
  return digestOf([new TextEncoder().encode(sortedJson(header)), data]);
}
