// serialization: the model file, safetensors bytes that are the same wherever they are written.
import { DomainError, FormatError, ShapeError } from '../core/errors.js';
import { assertLabels, type Label } from '../core/labels.js';
import { sha256 } from '../core/sha256.js';
import { describe, formatShape } from '../core/shape.js';
import { type CsvSchema, checkedSchema } from '../data/table/schema.js';
import {
  assertBytes,
  assertContiguous,
  encodeContainer,
  float32,
  type Kind,
  layOut,
  littleEndian,
  type Place,
  readHeader,
  readMetadata,
  readTensor,
  type TensorRule,
} from './container.js';
import {
  assertJson,
  each,
  type Fail,
  isFiniteNumber,
  isRecord,
  type Json,
  orNothing,
  parseJson,
  sortedJson,
} from './json.js';

export type { Json } from './json.js';

/** All that a model file holds. */
export interface ModelContent {
  /** The classes, in the order of their columns. */
  readonly classes: readonly Label[];
  /** W, row-major, [features, classes]. */
  readonly weight: Float32Array;
  /** b, [classes]. */
  readonly bias: Float32Array;
  /** d, features of a sample. */
  readonly numFeatures: number;
  /** How many numbers were trained. */
  readonly numParameters: number;
  readonly featureNames?: readonly string[];
  /** How weight and bias were calibrated: both are divided by the temperature T > 0 already. */
  readonly calibration?: { readonly temperature: number };
  /** What decided the fit: solver, seed and the like. */
  readonly options: Readonly<Record<string, Json>>;
  readonly metrics?: Readonly<Record<string, number>>;
  /** How rows of a table become features. */
  readonly schema?: CsvSchema;
}

export const MODEL_FORMAT = 'softmax-regression';
const VERSION = 1;
const OPTIONAL = ['featureNames', 'calibration', 'metrics', 'schema'] as const;

const MODEL: Kind = {
  format: MODEL_FORMAT,
  version: VERSION,
  hint: (format) =>
    format === `${MODEL_FORMAT}-checkpoint`
      ? 'It is a checkpoint: give it to fit, as resume, with the same samples and options.'
      : 'It may be a safetensors file of another program.',
};

const FLOATS = (rank: number): TensorRule => ({
  dtypes: ['F32'],
  shape: `be ${rank} integers > 0`,
  fits: (shape) => shape.length === rank && !shape.includes(0),
});

/**
 * A model as a safetensors file.
 *
 *   header length, 8 bytes │ header, JSON padded by spaces to 8 bytes │ bias │ weight        all little-endian
 *
 * The header names the tensors `weight`, F32 [features, classes], and `bias`, F32 [classes]. Its `__metadata__` maps
 * names to strings. `format` is softmax-regression; `version` is 1; `classes`, `numParameters`, `options`, and where
 * they are known `featureNames`, `calibration`, `metrics` and `schema`, are JSON; labels keep their type in it.
 * `sha256` is that of the metadata without it (compact JSON, sorted keys), then the bytes of weight, then those of bias.
 *
 * Probabilities are softmax(xW + b), and nothing else: weight and bias have taken in whatever scaling there was. A reader
 * ignores metadata that it does not know. So what changes a prediction, or tensors, raises the version.
 *
 * @returns the same bytes for the same content, in Node and in browsers
 * @throws DomainError or ShapeError for content that `decodeModel` would refuse
 * @see test/golden/model-file.py, which opens it with Python's safetensors
 */
export function encodeModel(content: ModelContent): Uint8Array {
  const fail: Fail = (fields) => new DomainError({ where: 'encodeModel', ...fields });
  for (const argument of ['weight', 'bias'] as const) {
    if (content[argument]?.[Symbol.toStringTag] === 'Float32Array') continue;
    const actual = describe(content[argument]);
    throw new ShapeError({ where: 'encodeModel', argument, expected: 'be a Float32Array', actual });
  }
  assertContent(content, fail);
  const { numFeatures, classes, numParameters, options } = content;
  const [weight, bias] = [littleEndian(content.weight), littleEndian(content.bias)];
  const metadata: Record<string, string> = {
    format: MODEL_FORMAT,
    version: String(VERSION),
    classes: sortedJson(classes),
    numParameters: sortedJson(numParameters),
    options: sortedJson(options),
  };
  for (const key of OPTIONAL) {
    const value = content[key];
    if (value !== undefined) metadata[key] = sortedJson(value);
  }
  metadata.sha256 = checksum(metadata, weight, bias);
  const tensors = {
    bias: { shape: [classes.length], values: content.bias },
    weight: { shape: [numFeatures, classes.length], values: content.weight },
  };
  return encodeContainer(metadata, layOut(tensors), fail);
}

/**
 * What a model file holds.
 *
 * Lengths, header, shapes, offsets and checksum are checked before anything of their size is allocated. The header must
 * be compact JSON, as safetensors libraries write it, so that no key can hide behind another of the same name.
 *
 * Of version 1, too, are files that keep apart what this package puts into weight and bias: a `temperature` T, where
 * probabilities are softmax(o/T), and a `standardization` by which features enter as (x − mean)/scale. They are taken in here.
 *
 * @param where the file's name or the caller, for error messages
 * @throws FormatError if the bytes are not one whole model file of a known version; ShapeError if not a Uint8Array
 */
export function decodeModel(bytes: Uint8Array, where = 'decodeModel'): ModelContent {
  assertBytes(bytes, where);
  const fail: Fail = (fields) => new FormatError({ where, ...fields });
  const { header, start } = readHeader(bytes, fail);
  const metadata = readMetadata(header, MODEL, fail);
  const weightAt = readTensor(header, 'weight', FLOATS(2), fail);
  const biasAt = readTensor(header, 'bias', FLOATS(1), fail);
  assertLayout(header, weightAt, biasAt, bytes.length - start, fail);
  const weightBytes = bytes.subarray(start + weightAt.start, start + weightAt.end);
  const biasBytes = bytes.subarray(start + biasAt.start, start + biasAt.end);
  assertChecksum(metadata, weightBytes, biasBytes, fail);
  // The values are of unknown type until assertContent has seen them.
  const value = (key: string): never => parseJson(metadata[key], key, fail) as never;
  const scaling: Scaling = Object.fromEntries(APART.filter((key) => key in metadata).map((key) => [key, value(key)]));
  assertScaling(scaling, weightAt.shape[0], fail);
  const content: ModelContent = {
    classes: value('classes'),
    ...fold({ weight: float32(weightBytes), bias: float32(biasBytes) }, scaling),
    numFeatures: weightAt.shape[0],
    numParameters: value('numParameters'),
    options: value('options'),
    ...Object.fromEntries(OPTIONAL.filter((key) => key in metadata).map((key) => [key, value(key)])),
  };
  assertContent(content, fail);
  return content;
}

/** What a file of version 1 may keep apart. */
interface Scaling {
  /** Features enter W as (x − mean) / scale. */
  readonly standardization?: { readonly mean: readonly number[]; readonly scale: readonly number[] };
  /** T > 0: probabilities are softmax(o / T). */
  readonly temperature?: number;
}

const APART = ['standardization', 'temperature'] as const;

/** Wⱼₖ/(scaleⱼ·T) and (bₖ − Σⱼ meanⱼ·Wⱼₖ/scaleⱼ)/T, and T as what it is now: how they were calibrated. */
function fold(
  { weight, bias }: { readonly weight: Float32Array; readonly bias: Float32Array },
  { standardization, temperature }: Scaling,
): Pick<ModelContent, 'weight' | 'bias' | 'calibration'> {
  const t = temperature ?? 1;
  const q = bias.length;
  const shift = Float64Array.from(bias);
  if (standardization !== undefined) {
    const { mean, scale } = standardization;
    for (let i = 0; i < weight.length; i++) {
      const j = Math.floor(i / q);
      shift[i % q] -= (mean[j] / scale[j]) * weight[i];
    }
  }
  const folded = {
    weight: weight.map((w, i) => w / (standardization?.scale[Math.floor(i / q)] ?? 1) / t),
    bias: Float32Array.from(shift, (b) => b / t),
  };
  return temperature === undefined ? folded : { ...folded, calibration: { temperature } };
}

function assertLayout(header: Record<string, unknown>, weight: Place, bias: Place, length: number, fail: Fail): void {
  const odd = Object.keys(header).find((key) => !['__metadata__', 'bias', 'weight'].includes(key));
  if (odd !== undefined) {
    throw fail({ argument: 'header', expected: 'name the tensors bias and weight', actual: `${describe(odd)} too` });
  }
  if (weight.shape[1] !== bias.shape[0]) {
    const expected = `be [features, ${bias.shape[0]}], since bias has shape ${formatShape(bias.shape)}`;
    throw fail({ argument: 'weight.shape', expected, actual: formatShape(weight.shape) });
  }
  assertContiguous({ bias, weight }, length, fail);
}

function assertChecksum(metadata: Record<string, string>, weight: Uint8Array, bias: Uint8Array, fail: Fail): void {
  const actual = checksum(metadata, weight, bias);
  if (metadata.sha256 === actual) return;
  const expected = `be ${actual}, that of the content`;
  const hint = 'The file is damaged, or was changed without a new checksum.';
  throw fail({ argument: 'sha256', expected, actual: orNothing(metadata.sha256), hint });
}

function assertScaling({ standardization, temperature = 1 }: Scaling, numFeatures: number, fail: Fail): void {
  const { check, checkNumbers } = checksOf(fail);
  check(isPositive(temperature), 'temperature', 'be a finite number > 0', temperature);
  if (standardization !== undefined) {
    check(isRecord(standardization), 'standardization', 'be { mean, scale }', standardization);
    for (const key of ['mean', 'scale'] as const) {
      const [argument, numbers] = [`standardization.${key}`, standardization[key]];
      check(Array.isArray(numbers) && numbers.length === numFeatures, argument, `be ${numFeatures} numbers`, numbers);
    }
    checkNumbers(standardization.mean, 'standardization.mean');
    checkNumbers(standardization.scale, 'standardization.scale', ' > 0', (x) => x > 0);
  }
}

function checksOf(fail: Fail) {
  const check = (holds: boolean, argument: string, expected: string, actual: unknown) => {
    if (!holds) throw fail({ argument, expected, actual: describe(actual) });
  };
  const checkNumbers = (numbers: ArrayLike<unknown>, argument: string, rule = '', holds = (_: number) => true) =>
    each(numbers, (x, i) => {
      if (!isFiniteNumber(x) || !holds(x)) check(false, `${argument}[${i}]`, `be a finite number${rule}`, x);
    });
  return { check, checkNumbers };
}

/** Holds values that came from anywhere to their types and to each other. */
function assertContent(content: ModelContent, fail: Fail): void {
  const { classes, weight, bias, numFeatures, numParameters, options } = content;
  const { featureNames, calibration, metrics = {}, schema } = content;
  const { check, checkNumbers } = checksOf(fail);
  check(isCount(numFeatures), 'numFeatures', 'be an integer > 0', numFeatures);
  assertClasses(classes, bias.length, fail);
  const size = numFeatures * bias.length;
  check(weight.length === size, 'weight', `have ${size} numbers, [${numFeatures}, ${bias.length}]`, weight);
  checkNumbers(weight, 'weight');
  checkNumbers(bias, 'bias');
  check(isCount(numParameters), 'numParameters', 'be an integer > 0', numParameters);
  if (calibration !== undefined) {
    check(isRecord(calibration), 'calibration', 'be { temperature }', calibration);
    const { temperature } = calibration;
    check(isPositive(temperature), 'calibration.temperature', 'be a finite number > 0', temperature);
  }
  if (featureNames !== undefined) {
    const expected = `be ${numFeatures} names, one for each feature`;
    check(Array.isArray(featureNames) && featureNames.length === numFeatures, 'featureNames', expected, featureNames);
    each(featureNames, (name, i) => check(typeof name === 'string', `featureNames[${i}]`, 'be a string', name));
  }
  if (schema !== undefined) assertSchemaFits(schema, numFeatures, fail);
  for (const [argument, record] of Object.entries({ options, metrics })) {
    check(isRecord(record), argument, 'be an object', record);
    assertJson(record, argument, 1, fail);
  }
  for (const [key, x] of Object.entries(metrics)) check(isFiniteNumber(x), `metrics.${key}`, 'be a finite number', x);
}

function assertSchemaFits(schema: unknown, numFeatures: number, fail: Fail): void {
  try {
    checkedSchema(schema as CsvSchema, numFeatures, '');
  } catch (error) {
    const { argument, expected, actual } = error as DomainError;
    throw fail({ argument, expected, actual });
  }
}

function assertClasses(classes: unknown, count: number, fail: Fail): void {
  const argument = 'classes';
  if (!Array.isArray(classes) || classes.length !== count || count < 2) {
    const expected = `be a list of ${Math.max(count, 2)} labels, one for each bias`;
    throw fail({ argument, expected, actual: describe(classes) });
  }
  try {
    assertLabels(classes, '', argument);
  } catch (error) {
    const { argument, expected, actual } = error as DomainError;
    throw fail({ argument, expected, actual });
  }
  const places = new Map<unknown, number>();
  classes.forEach((label, i) => {
    if (places.has(label)) {
      throw fail({
        argument: `${argument}[${i}]`,
        expected: 'differ from the labels before it',
        actual: describe(label),
      });
    }
    places.set(label, i);
  });
}

function checksum(metadata: Record<string, string>, weight: Uint8Array, bias: Uint8Array): string {
  const { sha256: _, ...rest } = metadata;
  return sha256([new TextEncoder().encode(sortedJson(rest)), weight, bias]);
}

function isPositive(value: unknown): boolean {
  return isFiniteNumber(value) && value > 0;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
