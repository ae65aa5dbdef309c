// Model files: whatever is accepted was signed, reads the same for both readers, and predicts finite probabilities.
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../src/core/random.js';
import { decodeModel, encodeModel, type ModelContent } from '../../src/model/model-file.js';
import { SoftmaxRegression } from '../../src/model/softmax-regression.js';
import { loadPredictor } from '../../src/predict.js';
import { assertPlain, Violation } from './guard.js';
import { chance, mutate, pick, TOKENS } from './mutate.js';
import { corpus, type Target } from './target.js';

const FILES = [...corpus('model').values()];

/** The checksums of contents that somebody signed: those of the corpus, and forgeries that bring their own. */
const signed = new Set<string>();

export const model: Target = {
  name: 'model',
  make: (random) => {
    const bytes = pick(FILES, random);
    return chance(0.4, random) ? forge(bytes, random) : mutate(bytes, FILES, random);
  },
  check: (bytes) => {
    const [decoded, predictor] = [attempt(() => decodeModel(bytes)), attempt(() => loadPredictor(bytes))];
    if ('error' in predictor) {
      if (!('error' in decoded)) throw new Violation(`only the predictor refuses: ${predictor.error}`);
      throw decoded.error;
    }
    const { classes, numFeatures } = predictor.value;
    const row = Float64Array.from({ length: numFeatures }, (_, j) => (j % 3) - 1.5);
    for (const probabilities of predictor.value.predictProbabilities([row])) {
      const sum = probabilities.reduce((a, b) => a + b, 0);
      if (!(Math.abs(sum - 1) < 1e-9)) throw new Violation(`its probabilities sum to ${sum}`);
      if (probabilities.length !== classes.length) throw new Violation('it has other classes than probabilities');
    }
    if ('error' in decoded) {
      // What a predictor does not read, it cannot refuse.
      const { argument } = decoded.error as { argument?: string };
      if (!/^(options|numParameters|metrics)\b/.test(argument ?? '')) {
        throw new Violation(`only decodeModel refuses: ${decoded.error}`);
      }
      throw decoded.error;
    }
    assertSigned(bytes, decoded.value);
    const again = decodeModel(encodeModel(decoded.value));
    if (!isDeepStrictEqual(again, decoded.value)) throw new Violation('it reads other content from what it writes');
    SoftmaxRegression.fromBytes(bytes);
  },
};

function assertSigned(bytes: Uint8Array, content: ModelContent): void {
  assertPlain({ ...content, classes: [...content.classes] });
  if (signed.size === 0) for (const file of FILES) signed.add(split(file).sha256);
  if (!signed.has(split(bytes).sha256)) throw new Violation('it accepts what nobody signed');
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

interface Parts {
  readonly text: string;
  readonly data: Uint8Array;
  readonly sha256: string;
}

function split(bytes: Uint8Array): Parts {
  const end = 8 + Buffer.from(bytes).readUInt32LE(0);
  const text = Buffer.from(bytes.subarray(8, end)).toString().trimEnd();
  return { text, data: bytes.slice(end), sha256: /"sha256":"([0-9a-f]*)"/.exec(text)?.[1] ?? '' };
}

type Forged = { __metadata__: Record<string, unknown>; [tensor: string]: unknown };

/** Changes what the header says, and mostly signs the result: only the change itself can be refused. */
function forge(bytes: Uint8Array, random: Random): Uint8Array {
  const { text, data } = split(bytes);
  const header = JSON.parse(text) as Forged;
  const numbers = chance(0.3, random) ? mutate(data, [data], random) : data;
  const times = 1 + random.below(3);
  for (let i = 0; i < times; i++) change(header, random);
  if (chance(0.9, random)) sign(header, numbers);
  let written = JSON.stringify(header);
  // A key that comes twice, or one that only text can have.
  if (chance(0.1, random)) written = written.replace(/"(bias|shape|format|classes)":/, (key) => `${key}0,${key}`);
  if (chance(0.1, random)) written = written.replace(/"(weight|note|dtype|classes)":/, '"__proto__":{"polluted":1},$&');
  if (chance(0.05, random)) written = written.replace(/[[{]/, (open) => open + '['.repeat(2 ** random.below(18)));
  const padded = Buffer.from(written + ' '.repeat(random.below(9)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return new Uint8Array(Buffer.concat([length, padded, numbers]));
}

const SHAPES = [[0], [1], [3], [1, 3], [4, 3], [3, 4], [2 ** 31, 3], [2 ** 53, 2], [-1, 3], [1.5, 2], [4, 3, 1]];
const VALUES = [
  ...[
    '0',
    '1',
    '-1',
    '1e999',
    '1e308',
    '5e-324',
    '1e-320',
    '-0',
    '0.5',
    '2',
    '"1"',
    'null',
    '[]',
    '{}',
    '[null]',
    'true',
  ],
  ...['{"constructor":null}', '{"constructor":{"name":1}}', '{"__proto__":{"a":1}}', '{"length":3}', '{"toString":1}'],
  ...[
    '["a","b","c"]',
    '["a","a","a"]',
    '[1,2,3]',
    '[true,false]',
    '["__proto__","constructor","x"]',
    '[0,-0,1]',
    '["",""]',
  ],
  JSON.stringify(['x'.repeat(20_000)]),
  JSON.stringify(['\u001b[2J', 'a', 'b']),
  ...['{"mean":[0,0,0,0],"scale":[5e-324,1,1,1]}', '{"mean":[1e308,0,0,0],"scale":[1,1,1,1]}', '{"mean":1,"scale":1}'],
];

function change(header: Forged, random: Random): void {
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

function sign(header: Forged, data: Uint8Array): void {
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
