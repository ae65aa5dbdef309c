// Model files: accepted content is signed, both readers agree on it, and its probabilities sum to 1.
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../src/core/random.js';
import { SoftmaxRegression } from '../../src/model/softmax-regression.js';
import { loadPredictor } from '../../src/predict.js';
import { decodeModel, encodeModel, type ModelContent } from '../../src/serialization/model-file.js';
import { assertPlain, Violation } from './guard.js';
import { forgedHeader, join, type Parts, SHAPES, split, VALUES } from './header.js';
import { chance, mutate, pick, TOKENS } from './mutate.js';
import { corpus, type Target } from './target.js';

const FILES = [...corpus('model').values()];

/** The checksums of signed contents: those of the corpus, and of signed forgeries. */
const signed = new Set<string>();

export const model: Target = {
  name: 'model',
  make: (random) => {
    if (chance(0.02, random)) return ofManyClasses(random);
    const bytes = pick(FILES, random);
    return chance(0.4, random) ? forge(bytes, random) : mutate(bytes, FILES, random);
  },
  check: async (bytes) => {
    const [decoded, predictor] = [attempt(() => decodeModel(bytes)), attempt(() => loadPredictor(bytes))];
    if ('error' in predictor) {
      if (!('error' in decoded)) throw new Violation(`only the predictor refuses: ${predictor.error}`);
      throw decoded.error;
    }
    const { classes, numFeatures, featureNames = [] } = predictor.value;
    for (const names of [classes, featureNames]) {
      if (new Set<unknown>(names).size < names.length) throw new Violation(`it accepts a name twice: ${names}`);
    }
    const row = Float64Array.from({ length: numFeatures }, (_, j) => (j % 3) - 1.5);
    for (const probabilities of predictor.value.predictProbabilities([row])) {
      const sum = probabilities.reduce((a, b) => a + b, 0);
      if (!(Math.abs(sum - 1) < 1e-9)) throw new Violation(`its probabilities sum to ${sum}`);
      if (probabilities.length !== classes.length) throw new Violation('classes and probabilities differ in number');
    }
    if ('error' in decoded) {
      // The predictor does not read these fields, so it cannot refuse them.
      const { argument } = decoded.error as { argument?: string };
      if (!/^(options|numParameters|metrics)\b/.test(argument ?? '')) {
        throw new Violation(`only decodeModel refuses: ${decoded.error}`);
      }
      throw decoded.error;
    }
    assertSigned(bytes, decoded.value);
    const again = decodeModel(encodeModel(decoded.value));
    if (!isDeepStrictEqual(again, decoded.value)) throw new Violation('it does not read back what it writes');
    const fitted = SoftmaxRegression.fromBytes(bytes);
    fitted.weightTable({ sort: 'magnitude' });
    await fitted.evaluate([row, row], [classes[0], classes[classes.length - 1]]);
  },
};

/** Up to 65,536 classes, whose square exceeds the memory of a case. */
function ofManyClasses(random: Random): Uint8Array {
  const q = 2 + random.below(2 ** (2 + random.below(15)));
  const bytes = encodeModel({
    ...{ classes: [...Array(q).keys()], numFeatures: 1, numParameters: 2 * q, options: {} },
    weight: Float32Array.from({ length: q }, () => random.normal()),
    bias: new Float32Array(q),
  });
  signed.add(split(bytes).sha256);
  return bytes;
}

function assertSigned(bytes: Uint8Array, content: ModelContent): void {
  assertPlain({ ...content, classes: [...content.classes] });
  if (signed.size === 0) for (const file of FILES) signed.add(split(file).sha256);
  if (!signed.has(split(bytes).sha256)) throw new Violation('it accepts unsigned content');
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

/** Changes the header and mostly signs the result, so that only the change itself can be refused. */
function forge(bytes: Uint8Array, random: Random): Uint8Array {
  const { text, data } = split(bytes);
  const header = JSON.parse(text) as Parts['header'];
  const numbers = chance(0.3, random) ? mutate(data, [data], random) : data;
  const times = 1 + random.below(3);
  for (let i = 0; i < times; i++) change(header, random);
  if (chance(0.9, random)) sign(header, numbers);
  return join(forgedHeader(header, random), numbers, random);
}

function change(header: Parts['header'], random: Random): void {
  const metadata = header.__metadata__;
  if (typeof metadata !== 'object' || metadata === null) return;
  const key = pick(
    [...Object.keys(metadata), 'temperature', 'standardization', 'featureNames', 'metrics', 'note'],
    random,
  );
  const name = pick(['weight', 'bias'], random);
  const tensor = header[name];
  switch (random.below(8)) {
    case 0:
      Reflect.deleteProperty(metadata, key);
      break;
    case 1:
      Object.assign(header, { [pick(['more', 'bias', 'constructor', '__metadata__'], random)]: pick(VALUES, random) });
      break;
    case 2:
      if (typeof tensor === 'object') Object.assign(tensor ?? {}, { shape: pick(SHAPES, random) });
      break;
    case 3:
      if (typeof tensor === 'object') Object.assign(tensor ?? {}, { data_offsets: pick(SHAPES, random) });
      break;
    case 4:
      metadata[key] = pick(TOKENS, random);
      break;
    case 5:
      metadata[key] = '['.repeat(2 ** random.below(18));
      break;
    default:
      metadata[key] = pick(VALUES, random);
  }
}

function sign(header: Parts['header'], data: Uint8Array): void {
  const { __metadata__: metadata, bias } = header;
  if (typeof metadata !== 'object' || metadata === null) return;
  const { sha256: _, ...rest } = metadata;
  const sorted = `{${Object.keys(rest)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(rest[key])}`)}}`;
  const end = Number((bias as { data_offsets?: unknown[] } | undefined)?.data_offsets?.[1]) || 0;
  const hash = createHash('sha256').update(sorted);
  metadata.sha256 = hash.update(data.subarray(end)).update(data.subarray(0, end)).digest('hex');
  signed.add(metadata.sha256 as string);
}
