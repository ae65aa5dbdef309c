// Stored text vectorizers: an accepted one has ascending terms, makes a valid matrix, and is written as it was read.
import { isDeepStrictEqual } from 'node:util';
import { DomainError } from '../../src/core/errors.js';
import type { Random } from '../../src/core/random.js';
import { assertSparse } from '../../src/data/matrix.js';
import { CountVectorizer } from '../../src/features/text/count.js';
import { HashingVectorizer } from '../../src/features/text/hashing.js';
import { TfidfVectorizer } from '../../src/features/text/tfidf.js';
import type { TextVectorizer } from '../../src/features/text/transformer.js';
import { modelChecksum } from '../../src/predict/model-file.js';
import { loadTextVectorizer } from '../../src/predict-text.js';
import { encodeContainer, layOut, littleEndian, type StoredTensor } from '../../src/serialization/container.js';
import { encodeVectorizer, vectorizerHead, vectorizerTensors } from '../../src/serialization/vectorizer.js';
import { assertPlain, Violation } from './guard.js';
import { SHAPES, VALUES } from './header.js';
import { chance, mutate, pick } from './mutate.js';
import type { Target } from './target.js';

const DOCUMENTS = ['red red rose', 'blue rosé', 'Größe 我们的 测试', 'नमस्ते ไทย 😀😀', 'a a\u0301\u0316'];
const VECTORIZERS: readonly TextVectorizer[] = [
  CountVectorizer.fit(DOCUMENTS, { stopWords: ['red'] }),
  TfidfVectorizer.fit(DOCUMENTS, { ngramRange: [1, 2], sublinearTf: true }),
  TfidfVectorizer.fit(DOCUMENTS, {
    analyzer: 'char_wb',
    ngramRange: [1, 3],
    stripAccents: 'unicode',
    dtype: 'float32',
  }),
  new HashingVectorizer({ numFeatures: 16, analyzer: 'char' }),
];
const FILES = VECTORIZERS.map(encodeVectorizer);
const KEYS = [
  'analyzer',
  'ngramRange',
  'stripAccents',
  'stopWords',
  'dtype',
  'norm',
  'useIdf',
  'numFeatures',
  'binary',
];
const OPTIONS = [
  '"char"',
  '"word"',
  '[1,9007199254740991]',
  '[2,1]',
  '[1,2,3]',
  '["rose",1]',
  '["\\ud800"]',
  '2147483648',
  'false',
];
const INTEGERS = [-1, 0, 1, 2, 2 ** 31 - 1, -(2 ** 31)];

export const vectorizer: Target = {
  name: 'vectorizer',
  make: (random) => (chance(0.3, random) ? mutate(pick(FILES, random), FILES, random) : forged(random)),
  check: (bytes) => {
    const read = loadTextVectorizer(bytes);
    const names = read.featureNames ?? [];
    names.forEach((name, j) => {
      const ascends = j === 0 || Buffer.compare(Buffer.from(names[j - 1]), Buffer.from(name)) < 0;
      if (!ascends) throw new Violation(`it accepts ${name} after ${names[j - 1]}`);
    });
    assertPlain(read.state.options);
    const rows = read.transform([...DOCUMENTS, ...names]);
    assertSparse(rows, 'fuzz');
    if (rows.shape[1] !== read.numFeatures) throw new Violation('columns and terms differ in number');
    const again = loadTextVectorizer(encodeVectorizer(read));
    if (!isDeepStrictEqual(again.state, read.state)) throw new Violation('it does not read back what it writes');
  },
};

/** A signed file with changed options, terms, offsets or weights, so that only the change itself can be refused. */
function forged(random: Random): Uint8Array {
  const { state } = pick(VECTORIZERS, random);
  const head = JSON.parse(vectorizerHead(state));
  if (chance(0.5, random)) head.options[pick(KEYS, random)] = JSON.parse(pick([...OPTIONS, ...JSON_VALUES], random));
  if (chance(0.1, random)) head.kind = pick(['count', 'tfidf', 'hashing', 'words'], random);
  const tensors = vectorizerTensors(state);
  for (const [name, tensor] of Object.entries(tensors)) {
    if (chance(0.4, random)) tensors[name] = changed(tensor, random);
  }
  const metadata: Record<string, string> = {
    format: 'softmax-regression-vectorizer',
    version: '1',
    vectorizer: chance(0.05, random) ? pick(VALUES, random) : JSON.stringify(head),
  };
  metadata.sha256 = modelChecksum(
    metadata,
    Object.values(tensors).map(({ values }) => littleEndian(values)),
  );
  return encodeContainer(metadata, layOut(tensors), (fields) => new DomainError({ where: 'forged', ...fields }));
}

const JSON_VALUES = VALUES.filter((value) => !value.includes('__proto__') && value !== '1e999');

function changed({ values }: StoredTensor, random: Random): StoredTensor {
  if (chance(0.1, random)) return { shape: pick(SHAPES, random), values };
  const copy = values.slice();
  const at = random.below(Math.max(1, copy.length));
  if (copy instanceof Uint8Array) copy[at] = random.below(256);
  else if (copy instanceof Int32Array)
    copy[at] = chance(0.5, random) ? copy[at] + 1 - random.below(3) : pick(INTEGERS, random);
  else copy[at] = pick([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e300], random);
  const kept = chance(0.2, random) ? copy.slice(0, at) : copy;
  return { shape: [kept.length], values: kept };
}
