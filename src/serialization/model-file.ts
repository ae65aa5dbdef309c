// serialization: the model file, safetensors bytes that are identical on all platforms.
import { DomainError, FormatError, ShapeError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { assertSchemaFits, type CsvSchema } from '../data/table/schema.js';
import { assertBytes, type Kind, MAX_HEADER_BYTES } from '../predict/container.js';
import {
  type Check,
  checkOf,
  type Fail,
  isFiniteNumber,
  isPositive,
  isRecord,
  type Json,
  POSITIVE,
  parseJson,
  sortedJson,
} from '../predict/json.js';
import {
  assertList,
  assertPredictorContent,
  MODEL,
  modelChecksum,
  type PredictorContent,
  REQUIRES,
  readModel,
  TENSORS,
} from '../predict/model-file.js';
import { encodeContainer, layOut, littleEndian } from './container.js';
import { assertJson } from './json.js';

export type { Json } from '../predict/json.js';

/** The contents of a model file. */
export interface ModelContent extends PredictorContent {
  /** The number of trained parameters. */
  readonly numParameters: number;
  /** The temperature T > 0 by which weight and bias are already divided. */
  readonly calibration?: { readonly temperature: number };
  /** The options of the fit: solver, seed and others. */
  readonly options: Readonly<Record<string, Json>>;
  readonly metrics?: Readonly<Record<string, number>>;
  /** The standard deviation of each feature over the training samples. */
  readonly featureDeviations?: readonly number[];
  /** How rows of a table become features. */
  readonly schema?: CsvSchema;
}

const KIND: Kind = {
  ...MODEL,
  hint: (format) =>
    format === `${MODEL.format}-checkpoint`
      ? 'It is a checkpoint: pass it to fit as `resume`, with the same samples and options.'
      : 'It may be a safetensors file of another program.',
};

/** Fields that predictions do not need. */
const BESIDE = ['calibration', 'metrics', 'featureDeviations', 'schema'] as const;
const OPTIONAL = ['featureNames', ...BESIDE] as const;

/**
 * A model as a safetensors file.
 *
 *   header length, 8 bytes │ header, JSON padded by spaces to 8 bytes │ bias │ weight        all little-endian
 *
 * The header names the tensors `weight`, F32 [features, classes], and `bias`, F32 [classes]. Its `__metadata__` maps
 * names to strings. `format` is softmax-regression; `version` is 1. `classes`, `numParameters`, `options`, and if
 * present `featureNames`, `calibration`, `metrics`, `featureDeviations` and `schema`, are JSON, which preserves the type
 * of labels. `sha256` is the checksum of the metadata without it (compact JSON, sorted keys), then the bytes of weight, then the bytes of
 * bias.
 *
 * Probabilities are exactly softmax(xW + b): all scaling is folded into weight and bias. A reader ignores unknown
 * metadata. Therefore a change to predictions or tensors requires a new version.
 *
 * A model with `columns` is a file of version 2: `column_factor` and `column_center`, F64 [features], then `scaled_bias`
 * and `scaled_weight`. Probabilities are softmax(zW + b), zⱼ = (xⱼ − centerⱼ)·factorⱼ in float64, limited to ±1e30.
 * `requires` is the JSON list of what a reader must know, here `["columns"]`; a reader refuses a list with other entries,
 * which later versions write for other kinds of features. `sha256` covers the bytes of weight, bias, center, factor.
 *
 * @returns the same bytes for the same content, in Node and in browsers
 * @throws DomainError or ShapeError for content that `decodeModel` would refuse
 * @see test/golden/model-file.py, which opens it with Python's safetensors
 */
export function encodeModel(content: ModelContent): Uint8Array {
  const fail: Fail = (fields) => new DomainError({ where: 'encodeModel', ...fields });
  const check: Check = checkOf(DomainError, 'encodeModel');
  for (const argument of ['weight', 'bias'] as const) {
    if (content[argument]?.[Symbol.toStringTag] === 'Float32Array') continue;
    const actual = describe(content[argument]);
    throw new ShapeError({ where: 'encodeModel', argument, expected: 'be a Float32Array', actual });
  }
  const { numFeatures, classes } = content;
  check(isCount(numFeatures), 'numFeatures', 'be an integer > 0', describe(numFeatures));
  const size = numFeatures * content.bias.length;
  const expected = `have ${size} numbers, [${numFeatures}, ${content.bias.length}]`;
  check(content.weight.length === size, 'weight', expected, describe(content.weight));
  assertPredictorContent(content, check);
  if (content.columns !== undefined) {
    const sizes = Object.entries(content.columns).filter(([name]) => name !== 'names');
    for (const [name, { length }] of sizes)
      check(length === numFeatures, `columns.${name}`, `have ${numFeatures} numbers`, `${length}`);
  }
  assertBeside(content, check, fail);
  const { columns } = content;
  const version = columns === undefined ? 1 : 2;
  const values = [content.weight, content.bias, ...(columns === undefined ? [] : [columns.center, columns.factor])];
  const metadata = metadataOf(content, version);
  metadata.sha256 = modelChecksum(metadata, values.map(littleEndian));
  const shapes = [[numFeatures, classes.length], [classes.length], [numFeatures], [numFeatures]];
  const tensors = TENSORS[version].map((name, i) => [name, { shape: shapes[i], values: values[i] }] as const);
  // The order of version 1 is bias, weight; float64 first keeps all tensors aligned.
  return encodeContainer(metadata, layOut(Object.fromEntries(tensors.reverse())), fail);
}

/** All metadata but the checksum. */
function metadataOf(content: Described, version: number): Record<string, string> {
  const { columns, classes, numParameters, options } = content;
  const metadata: Record<string, string> = {
    format: MODEL.format,
    version: String(version),
    ...(columns !== undefined && { requires: REQUIRES }),
    classes: sortedJson(classes),
    numParameters: sortedJson(numParameters),
    options: sortedJson(options),
  };
  for (const key of OPTIONAL) {
    const value = content[key];
    if (value !== undefined) metadata[key] = sortedJson(value);
  }
  return metadata;
}

/** A model without its numbers. */
type Described = Omit<ModelContent, 'weight' | 'bias'>;

/** An upper bound on the size of the header of a model file, and the largest size that a file may have. */
export function headerSizeOf(content: Described): { readonly bytes: number; readonly most: number } {
  const header = JSON.stringify(metadataOf(content, 1));
  return { bytes: new TextEncoder().encode(header).length + 1000, most: MAX_HEADER_BYTES };
}

/**
 * Decodes a model file.
 *
 * Lengths, header, shapes, offsets and checksum are checked before anything of their size is allocated. The header must
 * be compact JSON, as safetensors libraries write it, which excludes duplicate keys.
 *
 * Files of version 1 may also store scaling separately: a `temperature` T, where probabilities are softmax(o/T), and a
 * `standardization`, where the inputs are (x − mean)/scale. Decoding folds both into weight and bias.
 *
 * @param where the file's name or the caller, for error messages
 * @throws FormatError if the bytes are not one complete model file of a known version; ShapeError if not a Uint8Array
 */
export function decodeModel(bytes: Uint8Array, where = 'decodeModel'): ModelContent {
  assertBytes(bytes, where);
  const fail: Fail = (fields) => new FormatError({ where, ...fields });
  const check: Check = checkOf(FormatError, where);
  const { content: predicting, temperature, metadata } = readModel(bytes, check, KIND);
  // The types of the values are unknown until assertBeside has checked them.
  const value = (key: string): never => parseJson(metadata[key], key, check) as never;
  const content: ModelContent = {
    ...predicting,
    numParameters: value('numParameters'),
    options: value('options'),
    ...(temperature === undefined ? {} : { calibration: { temperature } }),
    ...Object.fromEntries(BESIDE.filter((key) => key in metadata).map((key) => [key, value(key)])),
  };
  assertBeside(content, check, fail);
  return content;
}

/** Checks the fields that predictions do not need. */
function assertBeside(
  { numFeatures, numParameters, options, calibration, metrics = {}, featureDeviations, schema }: ModelContent,
  check: Check,
  fail: Fail,
): void {
  check(isCount(numParameters), 'numParameters', 'be an integer > 0', describe(numParameters));
  if (calibration !== undefined) {
    check(isRecord(calibration), 'calibration', 'be { temperature }', describe(calibration));
    const { temperature } = calibration;
    check(isPositive(temperature), 'calibration.temperature', POSITIVE, describe(temperature));
  }
  if (featureDeviations !== undefined) {
    assertList(featureDeviations, numFeatures, 'featureDeviations', POSITIVE, check, isPositive);
  }
  if (schema !== undefined) assertSchemaFits(schema, numFeatures, fail);
  for (const [argument, record] of Object.entries({ options, metrics })) {
    check(isRecord(record), argument, 'be an object', describe(record));
    assertJson(record, argument, 1, fail);
  }
  for (const [key, x] of Object.entries(metrics)) {
    check(isFiniteNumber(x), `metrics.${key}`, 'be a finite number', describe(x));
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
