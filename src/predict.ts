// The front door for edge functions and pages: a predictor that imports nothing. What it needs of serialization/model-file.ts and
// model/predict.ts is written here again; test/predict.test.ts holds both to the same files and the same numbers.
/**
 * A predictor for edge functions and pages, without any dependency.
 *
 * @module softmax-regression/predict
 */

/** What a class may be called. */
export type Label = string | number | boolean;

/** Rows of numbers, or n rows of d numbers in one array, each number divided by `scale` where there is one. */
export type Features =
  | readonly ArrayLike<number>[]
  | {
      readonly values: ArrayLike<number>;
      /** [n, d] */
      readonly shape: readonly [number, number];
      readonly scale?: number;
    };

/** A fitted model that predicts, and does nothing else. */
export interface Predictor<L extends Label = Label> {
  /** The classes, in the order of the columns of logits and probabilities. */
  readonly classes: readonly L[];
  /** d, features of a sample. */
  readonly numFeatures: number;
  readonly featureNames?: readonly string[];
  /** o = xW + b: one Float64Array of [classes] for each sample. */
  logits(features: Features): Float64Array[];
  /** softmax(o): one Float64Array of [classes] for each sample. */
  predictProbabilities(features: Features): Float64Array[];
  /** The most probable class of each sample; of equally probable ones the first. */
  predict(features: Features): L[];
  /** The k most probable classes of each sample, the most probable first. */
  predictTopK(features: Features, k: number): { label: L; probability: number }[][];
}

type FeatureArray = Exclude<Features, readonly unknown[]>;

/** What errors of this package carry; `code` tells them apart. */
type Code = 'SHAPE' | 'DOMAIN' | 'FORMAT';
type Fields = Readonly<Record<string, unknown>>;

/** Where a tensor lies, in bytes from the end of the header. */
interface Place {
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

interface Affine {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Features enter W as (x − mean) / scale. */
interface Standardization {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

interface Model extends Affine {
  readonly classes: readonly unknown[];
  readonly numFeatures: number;
  readonly featureNames?: readonly string[];
}

const VERSION = 1;
const MAX_HEADER_BYTES = 2 ** 24;
const MAX_DEPTH = 16;
const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * A predictor from the bytes of a model file, such as `saveModel` writes.
 *
 * Its numbers are those of the model, to the last bit. Structure and checksum of the file are checked before anything is
 * built. The type of the labels is the caller's word.
 *
 * @throws an error with `code` 'FORMAT' if the bytes are not one whole model file of a known version; the methods throw
 *         'SHAPE' for rows of another length, 'DOMAIN' for a feature that is no finite float32 number
 * @example
 * const predictor = loadPredictor(await (await fetch('iris.safetensors')).arrayBuffer());
 * predictor.predict([[5.1, 3.5, 1.4, 0.2]]);   // ['setosa']
 */
export function loadPredictor<L extends Label = Label>(bytes: Uint8Array | ArrayBuffer): Predictor<L> {
  const { classes, numFeatures, featureNames, ...affine } = readModel(bytesOf(bytes));
  const labels = Object.freeze(classes as L[]);
  const logits = (features: Features, where: string) => affineRows(affine, readFeatures(features, numFeatures, where));
  return Object.freeze({
    classes: labels,
    numFeatures,
    ...(featureNames === undefined ? {} : { featureNames: Object.freeze(featureNames) }),
    logits: (features: Features) => logits(features, 'logits'),
    predictProbabilities: (features: Features) => logits(features, 'predictProbabilities').map(softmax),
    predict: (features: Features) => logits(features, 'predict').map((row) => labels[argMax(row)]),
    predictTopK: (features: Features, k: number) => {
      const where = 'predictTopK';
      const q = labels.length;
      check(isNaturals([k], 1) && k > 0 && k <= q, 'k', `be an integer in [1, ${q}]`, k, where, 'DOMAIN');
      return logits(features, where).map((row) => {
        const probabilities = softmax(row);
        const top = descending(probabilities).slice(0, k);
        return top.map((column) => ({ label: labels[column], probability: probabilities[column] }));
      });
    },
  });
}

function affineRows({ weight, bias }: Affine, { values, shape, scale = 1 }: FeatureArray): Float64Array[] {
  const [n, d] = shape;
  const q = bias.length;
  return Array.from({ length: n }, (_, i) => {
    const logits = new Float64Array(q);
    for (let j = 0; j < d; j++) {
      const x = values[i * d + j];
      if (x === 0) continue;
      for (let k = 0, at = j * q; k < q; k++, at++) logits[k] += x * weight[at];
    }
    return logits.map((sum, k) => sum / scale + bias[k]);
  });
}

function softmax(logits: Float64Array): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const exponentials = logits.map((o) => Math.exp(o - max));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((e) => e / sum);
}

function argMax(row: Float64Array): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k] > row[best]) best = k;
  return best;
}

/** The columns of a row, that of the largest entry first; of equals, in their order. */
function descending(row: Float64Array): number[] {
  return Array.from(row.keys()).sort((a, b) => row[b] - row[a]);
}

function readFeatures(features: Features, d: number, where: string): FeatureArray {
  const array = isRows(features) ? copyRows(features, d, where) : features;
  const { values, shape, scale = 1 } = array ?? {};
  const expected = `be rows of ${d} numbers, or { values, shape: [n, ${d}] }`;
  check(ArrayBuffer.isView(values) && Array.isArray(shape), 'features', expected, features, where, 'SHAPE');
  const [n, columns] = shape;
  const isCount = shape.length === 2 && isNaturals(shape, 2) && n * columns === values.length;
  check(
    isCount && (columns === d || values.length + columns === 0),
    'features.shape',
    `be [n, ${d}]`,
    shape,
    where,
    'SHAPE',
  );
  check(isPositive(scale), 'features.scale', 'be a finite number > 0', scale, where, 'DOMAIN');
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]) <= LARGEST_FLOAT32) continue;
    const argument = `features[${Math.floor(i / d)}][${i % d}]`;
    check(false, argument, 'be a finite float32 number', values[i], where, 'DOMAIN');
  }
  return array;
}

function isRows(features: Features): features is readonly ArrayLike<number>[] {
  return Array.isArray(features);
}

function copyRows(rows: readonly ArrayLike<number>[], d: number, where: string): FeatureArray {
  const values = new Float64Array(rows.length * d);
  rows.forEach((row, i) => {
    const isRow = Array.isArray(row) || ArrayBuffer.isView(row);
    check(isRow && row.length === d, `features[${i}]`, `be a row of ${d} numbers`, row, where, 'SHAPE');
    for (let j = 0; j < d; j++) {
      const x: unknown = row[j];
      if (typeof x === 'number') values[i * d + j] = x;
      else check(false, `features[${i}][${j}]`, 'be a finite float32 number', x, where, 'DOMAIN');
    }
  });
  return { values, shape: [rows.length, d] };
}

function readModel(bytes: Uint8Array): Model {
  const { header, start } = readHeader(bytes);
  const metadata = readMetadata(header);
  const weightAt = readTensor(header, 'weight', 2);
  const biasAt = readTensor(header, 'bias', 1);
  checkLayout(header, weightAt, biasAt, bytes.length - start);
  const [weightBytes, biasBytes] = [weightAt, biasAt].map((at) => bytes.subarray(start + at.start, start + at.end));
  checkSum(metadata, weightBytes, biasBytes);
  const [d, q] = weightAt.shape;
  const read = <T>(key: string) => parseJson(metadata[key], key) as T;
  const readIfAny = <T>(key: string) => (key in metadata ? read<T>(key) : undefined);
  const classes = read<unknown[]>('classes');
  checkClasses(classes, q);
  const featureNames = readIfAny<string[]>('featureNames');
  if (featureNames !== undefined) {
    checkList(featureNames, d, 'featureNames', 'be a string', (name) => typeof name === 'string');
  }
  const temperature = 'temperature' in metadata ? read<number>('temperature') : 1;
  check(isPositive(temperature), 'temperature', 'be a finite number > 0', temperature);
  const standardization = readIfAny<Standardization>('standardization');
  if (standardization !== undefined) {
    check(isRecord(standardization), 'standardization', 'be { mean, scale }', standardization);
    checkList(standardization.mean, d, 'standardization.mean', 'be a finite number', isNumber);
    checkList(standardization.scale, d, 'standardization.scale', 'be a finite number > 0', isPositive);
  }
  const affine = fold({ weight: float32(weightBytes), bias: float32(biasBytes) }, standardization, temperature);
  for (const name of ['weight', 'bias'] as const) {
    affine[name].forEach((x, i) => {
      if (!isNumber(x)) check(false, `${name}[${i}]`, 'be a finite number', x);
    });
  }
  return { classes, numFeatures: d, featureNames, ...affine };
}

/** Takes in what a file may keep apart, as serialization/model-file.ts does. */
function fold({ weight, bias }: Affine, standardization: Standardization | undefined, temperature: number): Affine {
  const q = bias.length;
  const shift = Float64Array.from(bias);
  const folded = weight.map((w, i) => {
    if (standardization === undefined) return w / temperature;
    const j = Math.floor(i / q);
    const { mean, scale } = standardization;
    shift[i % q] -= (mean[j] / scale[j]) * w;
    return w / scale[j] / temperature;
  });
  return { weight: folded, bias: Float32Array.from(shift, (b) => b / temperature) };
}

function bytesOf(bytes: Uint8Array | ArrayBuffer): Uint8Array {
  const kind = Object.prototype.toString.call(bytes);
  if (kind === '[object ArrayBuffer]') return new Uint8Array(bytes as ArrayBuffer);
  check(kind === '[object Uint8Array]', 'bytes', 'be a Uint8Array or an ArrayBuffer', bytes, 'loadPredictor', 'SHAPE');
  return bytes as Uint8Array;
}

function readHeader(bytes: Uint8Array): { header: Fields; start: number } {
  const { length } = bytes;
  check(length >= 8, 'length', 'be at least 8 bytes', length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const size = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const start = 8 + size;
  check(start <= length && size <= MAX_HEADER_BYTES, 'header length', 'end within file and limit', size);
  let end = start;
  while (end > 8 && bytes[end - 1] === 0x20) end--;
  const text = utf8(bytes.subarray(8, end));
  const header = parseJson(text, 'header');
  check(isRecord(header), 'header', 'be a JSON object', header);
  // So that no key can hide behind another of the same name.
  check(JSON.stringify(header) === text, 'header', 'be compact JSON in which no key comes twice', text);
  return { header, start };
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    check(false, 'header', 'be UTF-8', bytes);
  }
}

function readMetadata(header: Fields): Readonly<Record<string, string>> {
  const metadata = header.__metadata__ ?? {};
  const isText = isRecord(metadata) && Object.values(metadata).every((value) => typeof value === 'string');
  check(isText, '__metadata__', 'map names to strings', metadata);
  const { format, version } = metadata;
  check(format === 'softmax-regression', 'format', 'be "softmax-regression"', format);
  check(/^[1-9]\d{0,8}$/.test(`${version}`), 'version', 'be an integer ≥ 1', version);
  const hint = 'A newer softmax-regression wrote the file: update the package.';
  check(Number(version) <= VERSION, 'version', `be at most ${VERSION}`, version, undefined, undefined, hint);
  return metadata as Record<string, string>;
}

function readTensor(header: Fields, name: string, rank: number): Place {
  const entry = header[name];
  const keys = 'data_offsets,dtype,shape';
  check(isRecord(entry) && `${Object.keys(entry).sort()}` === keys, name, `be a tensor with ${keys}`, entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  check(dtype === 'F32', `${name}.dtype`, 'be "F32"', dtype);
  check(isNaturals(shape, rank) && !shape.includes(0), `${name}.shape`, `be ${rank} integers > 0`, shape);
  const length = shape.reduce((a, b) => a * b, 4);
  const isSpan = isNaturals(offsets, 2) && offsets[1] - offsets[0] === length;
  check(isSpan, `${name}.data_offsets`, `span ${length} bytes`, offsets);
  return { shape, start: offsets[0], end: offsets[1] };
}

function checkLayout(header: Fields, weight: Place, bias: Place, length: number): void {
  const names = Object.keys(header).sort().join();
  check(names === '__metadata__,bias,weight', 'header', 'name the tensors bias and weight', names);
  check(weight.shape[1] === bias.shape[0], 'weight.shape', `be [features, ${bias.shape[0]}]`, weight.shape);
  const [first, second] = weight.start < bias.start ? [weight, bias] : [bias, weight];
  const isDense = first.start === 0 && second.start === first.end;
  check(isDense, 'data_offsets', 'follow each other from 0, without gap or overlap', [first.end, second.start]);
  check(second.end === length, 'length', `be ${second.end} after the header`, length);
}

function checkSum(metadata: Readonly<Record<string, string>>, weight: Uint8Array, bias: Uint8Array): void {
  const keys = Object.keys(metadata).filter((key) => key !== 'sha256');
  const entries = keys.sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
  const actual = sha256([new TextEncoder().encode(`{${entries}}`), weight, bias]);
  check(metadata.sha256 === actual, 'sha256', `be ${actual}, that of the content`, metadata.sha256);
}

function checkClasses(classes: unknown, q: number): void {
  const type = Array.isArray(classes) ? typeof classes[0] : '';
  const isLabel = (x: unknown) => typeof x === type && (['string', 'boolean'].includes(type) || isNumber(x));
  checkList(classes, Math.max(q, 2), 'classes', 'be a label of the type of the others', isLabel);
  const places = new Map(classes.map((label, i) => [label, i]));
  classes.forEach((label, i) => {
    check(places.get(label) === i, `classes[${places.get(label)}]`, 'differ from the labels before it', label);
  });
}

function checkList(
  list: unknown,
  length: number,
  argument: string,
  rule: string,
  holds: (item: unknown) => boolean,
): asserts list is unknown[] {
  check(Array.isArray(list) && list.length === length, argument, `be a list of ${length}`, list);
  list.forEach((item, i) => {
    check(holds(item), `${argument}[${i}]`, rule, item);
  });
}

function parseJson(text: string | undefined, argument: string): unknown {
  check(text !== undefined, argument, 'be JSON', text);
  check(depthOf(text) <= MAX_DEPTH, argument, `nest at most ${MAX_DEPTH} deep`, text);
  let isProto = false;
  let value: unknown;
  try {
    value = JSON.parse(text, (key, item) => {
      isProto ||= key === '__proto__';
      return item;
    });
  } catch {
    check(false, argument, 'be JSON', text);
  }
  check(!isProto, argument, 'have no key __proto__', text);
  return value;
}

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

function float32(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isPositive(value: unknown): value is number {
  return isNumber(value) && value > 0;
}

function isNaturals(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws unless `holds`: an error with the fields and the message of this package's own. */
function check(
  holds: boolean,
  argument: string,
  expected: string,
  value: unknown,
  where = 'loadPredictor',
  code: Code = 'FORMAT',
  hint?: string,
): asserts holds {
  if (holds) return;
  const actual = describe(value);
  const message = `${where}: ${argument} must ${expected}; got ${actual}.${hint === undefined ? '' : ` ${hint}`}`;
  const name = `${code[0]}${code.slice(1).toLowerCase()}Error`;
  throw Object.assign(new Error(message), { name, code, where, argument, expected, actual, hint });
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value)) return ArrayBuffer.isView(value) ? 'a typed array' : 'an object';
  return value.length <= 4 ? JSON.stringify(value).slice(0, 99) : `an array of ${value.length}`;
}

/** The first 32 bits of the fraction of each of the first primes' roots. */
function rootBits(count: number, root: (prime: number) => number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => Math.floor((root(prime) % 1) * 2 ** 32));
}

/** As in core/sha256.ts, which says why. */
function sha256(parts: readonly Uint8Array[]): string {
  // None of the cube roots lies within 5e-12 of a change of these bits: their rounding, 1e-15, does no harm.
  const constants = rootBits(64, Math.cbrt);
  const state = rootBits(8, Math.sqrt);
  const words = new Int32Array(64);
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  const compress = () => {
    for (let t = 0; t < 16; t++) words[t] = view.getInt32(4 * t);
    for (let t = 16; t < 64; t++) {
      const x = words[t - 15];
      const y = words[t - 2];
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      words[t] = words[t - 16] + s0 + words[t - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[t] + words[t]) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => {
      state[i] += word;
    });
  };
  let length = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at++) {
      block[length++ % 64] = part[at];
      if (length % 64 === 0) compress();
    }
  }
  const filled = length % 64;
  block.fill(0, filled);
  block[filled] = 0x80;
  if (filled >= 56) {
    compress();
    block.fill(0);
  }
  view.setUint32(56, Math.floor(length / 2 ** 29));
  view.setUint32(60, (length * 8) % 2 ** 32);
  compress();
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
