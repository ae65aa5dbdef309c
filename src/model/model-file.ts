// model: the model file, safetensors bytes that are the same wherever they are written.
import { DomainError, type ErrorFields, FormatError, ShapeError } from '../core/errors.js';
import { assertLabels, type Label } from '../core/labels.js';
import { sha256 } from '../core/sha256.js';
import { describe, formatShape } from '../core/shape.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

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
}

const FORMAT = 'softmax-regression';
const VERSION = 1;
/** Room for a million short names of features; the safetensors library itself stops at 100 MB. */
const MAX_HEADER_BYTES = 2 ** 24;
const MAX_DEPTH = 16;
const OPTIONAL = ['featureNames', 'calibration', 'metrics'] as const;

type Fail = (fields: Omit<ErrorFields, 'where'>) => Error;

/**
 * A model as a safetensors file.
 *
 *   header length, 8 bytes │ header, JSON padded by spaces to 8 bytes │ bias │ weight        all little-endian
 *
 * The header names the tensors `weight`, F32 [features, classes], and `bias`, F32 [classes]. Its `__metadata__` maps
 * names to strings. `format` is softmax-regression; `version` is 1; `classes`, `numParameters`, `options`, and where
 * they are known `featureNames`, `calibration` and `metrics`, are JSON; labels keep their type in it.
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
    format: FORMAT,
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
  const end = bias.length + weight.length;
  const text = sortedJson({
    __metadata__: metadata,
    bias: { dtype: 'F32', shape: [classes.length], data_offsets: [0, bias.length] },
    weight: { dtype: 'F32', shape: [numFeatures, classes.length], data_offsets: [bias.length, end] },
  });
  const header = new TextEncoder().encode(text);
  const size = Math.ceil(header.length / 8) * 8;
  if (size > MAX_HEADER_BYTES) {
    const expected = `fit a header of ${MAX_HEADER_BYTES} bytes`;
    throw fail({ argument: 'all but weight and bias', expected, actual: `${size} bytes` });
  }
  const bytes = new Uint8Array(8 + size + end).fill(0x20, 8, 8 + size);
  new DataView(bytes.buffer).setUint32(0, size, true);
  bytes.set(header, 8);
  bytes.set(bias, 8 + size);
  bytes.set(weight, 8 + size + bias.length);
  return bytes;
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
  if (bytes?.[Symbol.toStringTag] !== 'Uint8Array') {
    const hint = 'An ArrayBuffer? Pass new Uint8Array(buffer).';
    const expected = 'be a Uint8Array';
    throw new ShapeError({ where, argument: 'bytes', expected, actual: describe(bytes), hint });
  }
  const fail: Fail = (fields) => new FormatError({ where, ...fields });
  const { header, start } = readHeader(bytes, fail);
  const metadata = readMetadata(header, fail);
  const weightAt = readTensor(header, 'weight', 2, fail);
  const biasAt = readTensor(header, 'bias', 1, fail);
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

function readHeader(bytes: Uint8Array, fail: Fail): { header: Record<string, unknown>; start: number } {
  const { length } = bytes;
  if (length < 8) throw fail({ argument: 'length', expected: 'be at least 8 bytes', actual: `${length}` });
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const size = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (size > MAX_HEADER_BYTES) {
    const expected = `be at most ${MAX_HEADER_BYTES}`;
    throw fail({ argument: 'header length', expected, actual: `${size}`, hint: 'It may be no safetensors file.' });
  }
  const start = 8 + size;
  if (start > length) {
    const hint = 'The file was cut short, or is no safetensors file.';
    throw fail({ argument: 'header length', expected: `be at most ${length - 8}`, actual: `${size}`, hint });
  }
  let end = start;
  while (end > 8 && bytes[end - 1] === 0x20) end--;
  const text = utf8(bytes.subarray(8, end), fail);
  const header = parseJson(text, 'header', fail);
  if (!isRecord(header)) {
    throw fail({ argument: 'header', expected: 'be a JSON object', actual: describe(header) });
  }
  if (JSON.stringify(header) !== text) {
    const expected = 'be compact JSON in which no key comes twice';
    throw fail({ argument: 'header', expected, actual: 'text that reads back differently' });
  }
  return { header, start };
}

function utf8(bytes: Uint8Array, fail: Fail): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw fail({ argument: 'header', expected: 'be UTF-8', actual: 'other bytes', cause });
  }
}

function readMetadata(header: Record<string, unknown>, fail: Fail): Record<string, string> {
  const metadata = header.__metadata__ ?? {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    const expected = 'map names to strings';
    throw fail({ argument: '__metadata__', expected, actual: isRecord(metadata) ? 'others' : describe(metadata) });
  }
  const { format, version = '' } = metadata as Record<string, string>;
  if (format !== FORMAT) {
    const hint = 'It may be a safetensors file of another program.';
    throw fail({ argument: 'format', expected: `be "${FORMAT}"`, actual: orNothing(format), hint });
  }
  if (!/^[1-9]\d{0,8}$/.test(version)) {
    throw fail({ argument: 'version', expected: 'be an integer ≥ 1', actual: orNothing(version) });
  }
  if (Number(version) > VERSION) {
    const hint = 'A newer softmax-regression wrote the file: update the package.';
    throw fail({ argument: 'version', expected: `be at most ${VERSION}`, actual: version, hint });
  }
  return metadata as Record<string, string>;
}

/** Where a tensor lies, in bytes from the end of the header. */
interface Place {
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function readTensor(header: Record<string, unknown>, name: string, rank: number, fail: Fail): Place {
  const entry = header[name];
  const keys = ['data_offsets', 'dtype', 'shape'];
  if (!isRecord(entry) || Object.keys(entry).sort().join() !== keys.join()) {
    const actual = isRecord(entry) ? Object.keys(entry).join(', ') || 'nothing' : orNothing(entry);
    throw fail({ argument: name, expected: `be a tensor with ${keys.join(', ')}`, actual });
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== 'F32') throw fail({ argument: `${name}.dtype`, expected: 'be "F32"', actual: describe(dtype) });
  if (!isSizes(shape, rank) || shape.includes(0)) {
    const expected = `be ${rank} integers > 0`;
    throw fail({ argument: `${name}.shape`, expected, actual: list(shape) });
  }
  const length = shape.reduce((a, b) => a * b, 4);
  if (!isSizes(offsets, 2) || offsets[1] - offsets[0] !== length) {
    const expected = `span ${length} bytes, 4 for each number of ${formatShape(shape)}`;
    throw fail({ argument: `${name}.data_offsets`, expected, actual: list(offsets) });
  }
  return { shape, start: offsets[0], end: offsets[1] };
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
  const [first, second] = weight.start < bias.start ? [weight, bias] : [bias, weight];
  if (first.start !== 0 || second.start !== first.end) {
    const expected = 'follow each other from 0, without gap or overlap';
    const actual = `bias [${bias.start}, ${bias.end}] and weight [${weight.start}, ${weight.end}]`;
    throw fail({ argument: 'data_offsets', expected, actual });
  }
  if (second.end !== length) {
    const hint = second.end > length ? 'The file was cut short.' : undefined;
    throw fail({ argument: 'length', expected: `be ${second.end} after the header`, actual: `${length}`, hint });
  }
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
  const { featureNames, calibration, metrics = {} } = content;
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
  for (const [argument, record] of Object.entries({ options, metrics })) {
    check(isRecord(record), argument, 'be an object', record);
    assertJson(record, argument, 1, fail);
  }
  for (const [key, x] of Object.entries(metrics)) check(isFiniteNumber(x), `metrics.${key}`, 'be a finite number', x);
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

function assertJson(value: unknown, argument: string, depth: number, fail: Fail): void {
  if (depth >= MAX_DEPTH) {
    throw fail({ argument, expected: `nest at most ${MAX_DEPTH} deep`, actual: describe(value) });
  }
  if (Array.isArray(value)) {
    each(value, (item, i) => assertJson(item, `${argument}[${i}]`, depth + 1, fail));
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') throw fail({ argument, expected: 'have no key __proto__', actual: 'one' });
      // As JSON has it: a property that is undefined is none.
      if (item !== undefined) assertJson(item, `${argument}.${key}`, depth + 1, fail);
    }
  } else if (value !== null && typeof value !== 'string' && typeof value !== 'boolean' && !isFiniteNumber(value)) {
    throw fail({ argument, expected: 'be JSON', actual: describe(value) });
  }
}

function parseJson(text: string | undefined, argument: string, fail: Fail): unknown {
  const expected = 'be JSON';
  if (text === undefined) throw fail({ argument, expected, actual: 'nothing' });
  if (depthOf(text) > MAX_DEPTH) {
    throw fail({ argument, expected: `nest at most ${MAX_DEPTH} deep`, actual: `${depthOf(text)}` });
  }
  let isProto = false;
  let value: unknown;
  try {
    value = JSON.parse(text, (key, item) => {
      isProto ||= key === '__proto__';
      return item;
    });
  } catch (cause) {
    throw fail({ argument, expected, actual: describe(text), cause });
  }
  if (isProto) throw fail({ argument, expected: 'have no key __proto__', actual: 'one' });
  return value;
}

/** How deep brackets nest. Strings are stepped over; text that is no JSON gets some number. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') inString = !inString;
    else if (inString) i += char === '\\' ? 1 : 0;
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    else if (char === ']' || char === '}') depth--;
  }
  return deepest;
}

/** Compact JSON whose keys are sorted by UTF-16 code unit, whatever the order in which they were set. */
function sortedJson(value: Json | object): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${keys.sort().map((key) => `${JSON.stringify(key)}:${sortedJson(value[key] as Json)}`)}}`;
}

function checksum(metadata: Record<string, string>, weight: Uint8Array, bias: Uint8Array): string {
  const { sha256: _, ...rest } = metadata;
  return sha256([new TextEncoder().encode(sortedJson(rest)), weight, bias]);
}

function littleEndian(numbers: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i], true);
  return bytes;
}

function float32(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = new Float32Array(bytes.length / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * i, true);
  return numbers;
}

function each(items: ArrayLike<unknown>, visit: (item: unknown, i: number) => void): void {
  for (let i = 0; i < items.length; i++) visit(items[i], i);
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isPositive(value: unknown): boolean {
  return isFiniteNumber(value) && value > 0;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isSizes(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  // Not a Map, a Date or a typed array, whose content JSON would lose.
  return Object.prototype.toString.call(value) === '[object Object]';
}

function list(value: unknown): string {
  return Array.isArray(value) && value.length <= 4 ? JSON.stringify(value) : orNothing(value);
}

function orNothing(value: unknown): string {
  return value === undefined || value === '' ? 'nothing' : describe(value);
}
