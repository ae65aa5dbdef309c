// The stored form of text vectorizers, and the door that reads it: the same rows, and nothing that no vectorizer stored.
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { Random } from 'softmax-regression';
import { loadTextVectorizer } from 'softmax-regression/predict-text';
import { DomainError } from '../src/core/errors.js';
import { CountVectorizer } from '../src/features/text/count.js';
import { HashingVectorizer } from '../src/features/text/hashing.js';
import { TfidfVectorizer } from '../src/features/text/tfidf.js';
import type { CountState, TextVectorizer, TfidfState } from '../src/features/text/transformer.js';
import { readHeader } from '../src/predict/container.js';
import { checkOf } from '../src/predict/json.js';
import { modelChecksum } from '../src/predict/model-file.js';
import { encodeContainer, layOut, littleEndian, type StoredTensor } from '../src/serialization/container.js';
import { encodeVectorizer, vectorizerTensors } from '../src/serialization/vectorizer.js';
import golden from './golden/text.golden.json';
import { refusal } from './helpers/refusal.js';

/** Sentences of 1 to 12 words of one script each, or of several. */
function sentences(count: number): string[] {
  const random = new Random(19);
  const byScript = golden.documents.filter((document) => document.trim() !== '').map((document) => document.split(' '));
  const all = byScript.flat();
  return Array.from({ length: count }, (_, i) => {
    const words = i % 13 === 12 ? all : byScript[i % byScript.length];
    return Array.from({ length: 1 + random.below(12) }, () => words[random.below(words.length)]).join(' ');
  });
}
const SENTENCES = sentences(1000);

const VECTORIZERS: Readonly<Record<string, TextVectorizer>> = {
  counts: CountVectorizer.fit(SENTENCES.slice(0, 400), { stopWords: ['rose', 'этих'], binary: true }),
  'weighed words and pairs': TfidfVectorizer.fit(SENTENCES.slice(0, 400), { ngramRange: [1, 2], minDocuments: 2 }),
  'unweighed words': TfidfVectorizer.fit(SENTENCES, { useIdf: false, norm: 'l1', maxFeatures: 50, dtype: 'float32' }),
  characters: TfidfVectorizer.fit(SENTENCES.slice(0, 200), { analyzer: 'char', ngramRange: [1, 3], sublinearTf: true }),
  'characters in words without accents': CountVectorizer.fit(SENTENCES.slice(0, 200), {
    ...{ analyzer: 'char_wb', ngramRange: [2, 4], stripAccents: 'unicode' },
  }),
  hashes: new HashingVectorizer({ ngramRange: [1, 2], numFeatures: 1000, alternateSign: false, norm: 'l1' }),
};

/** A signed file of a state, whether a vectorizer may have it or not. */
function forged(head: unknown, tensors: Readonly<Record<string, StoredTensor>>): Uint8Array {
  const metadata: Record<string, string> = {
    ...{ format: 'softmax-regression-vectorizer', version: '1', vectorizer: JSON.stringify(head) },
  };
  const parts = Object.values(tensors).map(({ values }) => littleEndian(values));
  metadata.sha256 = modelChecksum(metadata, parts);
  return encodeContainer(metadata, layOut(tensors), (fields) => new DomainError({ where: 'test', ...fields }));
}

describe('a stored vectorizer', () => {
  it.each(Object.entries(VECTORIZERS))('is read back exactly: %s', (_, vectorizer) => {
    const bytes = encodeVectorizer(vectorizer);
    const read = loadTextVectorizer(bytes.slice().buffer);
    expect(read.state).toEqual(vectorizer.state);
    expect(read.featureNames).toEqual(vectorizer.featureNames);
    expect(read.numFeatures).toBe(vectorizer.numFeatures);
    expect(read.transform(SENTENCES)).toEqual(vectorizer.transform(SENTENCES));
    expect(encodeVectorizer(read)).toEqual(bytes);
  });

  it('has its terms as bytes, its weights as float64, and all tensors aligned', () => {
    const vectorizer = TfidfVectorizer.fit(['red rose', 'blé rose']);
    const { header, start } = readHeader(encodeVectorizer(vectorizer), checkOf(DomainError, 'test'));
    const { __metadata__: metadata, ...tensors } = header;
    expect(tensors).toEqual({
      idf: { dtype: 'F64', shape: [3], data_offsets: [0, 24] },
      term_offsets: { dtype: 'I32', shape: [4], data_offsets: [24, 40] },
      terms: { dtype: 'U8', shape: [11], data_offsets: [40, 51] },
    });
    expect(start % 8).toBe(0);
    expect((metadata as Record<string, string>).vectorizer).toBe('{"kind":"tfidf","options":{}}');
  });

  it('has names with a prefix beside the tensors of a model', () => {
    expect(Object.keys(vectorizerTensors(VECTORIZERS.counts.state, 'text.0.'))).toEqual([
      'text.0.term_offsets',
      'text.0.terms',
    ]);
    expect(vectorizerTensors(VECTORIZERS.hashes.state)).toEqual({});
  });

  it('does not share memory with its file', () => {
    const bytes = encodeVectorizer(VECTORIZERS.counts);
    const read = loadTextVectorizer(bytes);
    const names = read.featureNames;
    bytes.fill(0);
    expect(read.featureNames).toEqual(names);
  });

  it('is only of a vectorizer', () => {
    expect([null, {}, { state: { kind: 'x' } }].map((each) => refusal(() => encodeVectorizer(each as never)))).toEqual([
      'DomainError: encodeVectorizer: vectorizer must be a vectorizer; got null.',
      'DomainError: encodeVectorizer: vectorizer must be a vectorizer; got an object.',
      'DomainError: encodeVectorizer: vectorizer must be a vectorizer; got an object.',
    ]);
  });
});

describe('a file that no vectorizer wrote', () => {
  const { state } = TfidfVectorizer.fit(['red rose']);
  const loaded = (head: unknown, tensors: Readonly<Record<string, StoredTensor>>) =>
    refusal(() => loadTextVectorizer(forged(head, tensors)));

  it('is refused for its options', () => {
    const tensors = vectorizerTensors(state);
    const options: Readonly<Record<string, unknown>> = {
      ...{ analyzer: 'words', stripAccents: 1, dtype: 'float16', norm: 'l3', lowercase: 'yes', binary: 0 },
      ...{ sublinearTf: null, ngramRange: [2, 1], stopWords: ['a', 1] },
    };
    const said = Object.entries(options).map(([key, value]) =>
      loaded({ kind: 'tfidf', options: { [key]: value } }, tensors),
    );
    expect(said).toEqual([
      'FormatError: loadTextVectorizer: options.analyzer must be word or char or char_wb; got "words".',
      'FormatError: loadTextVectorizer: options.stripAccents must be keep or unicode or ascii; got 1.',
      'FormatError: loadTextVectorizer: options.dtype must be float32 or float64; got "float16".',
      'FormatError: loadTextVectorizer: options.norm must be l1 or l2 or none; got "l3".',
      'FormatError: loadTextVectorizer: options.lowercase must be true or false; got "yes".',
      'FormatError: loadTextVectorizer: options.binary must be true or false; got 0.',
      'FormatError: loadTextVectorizer: options.sublinearTf must be true or false; got null.',
      'FormatError: loadTextVectorizer: options.ngramRange must be [smallest, largest]; got an array of 2.',
      'FormatError: loadTextVectorizer: options.stopWords must be strings; got an array of 2.',
    ]);
    const heads = [null, { kind: 'words', options: {} }, { kind: 'count' }, { kind: 'count', options: {} }];
    expect(heads.map((head) => loaded(head, tensors))).toEqual([
      'FormatError: loadTextVectorizer: kind must be count, tfidf or hashing; got undefined.',
      'FormatError: loadTextVectorizer: kind must be count, tfidf or hashing; got "words".',
      'FormatError: loadTextVectorizer: options must be an object; got undefined.',
      'FormatError: loadTextVectorizer: header must name the tensors term_offsets and terms; got "idf and term_offsets and terms".'.replaceAll(
        '"',
        '',
      ),
    ]);
    for (const numFeatures of [0, 2 ** 31, 1.5, '8']) {
      expect(loaded({ kind: 'hashing', options: { numFeatures } }, {})).toContain('options.numFeatures must be an int');
    }
  });

  it('is refused for its terms and weights', () => {
    const head = { kind: 'tfidf', options: {} };
    const of = (bytes: number[], offsets: number[], idf = [1, 1]) =>
      loaded(
        head,
        vectorizerTensors({
          ...state,
          terms: { bytes: Uint8Array.from(bytes), offsets: Int32Array.from(offsets) },
          idf: Float64Array.from(idf),
        } as TfidfState),
      );
    expect({
      accepted: of([97, 98], [0, 1, 2]),
      order: of([98, 97], [0, 1, 2]),
      twice: of([97, 97], [0, 1, 2]),
      falls: of([97, 98], [0, 3, 2]),
      negative: of([97, 98], [0, -1, 2]),
      short: of([97, 98, 99], [0, 1, 2]),
      none: of([], []),
      utf8: of([97, 0xff], [0, 1, 2]),
      cut: of([0xc3, 0xa9], [0, 1, 2]),
      weights: of([97, 98], [0, 1, 2], [1]),
      infinite: of([97, 98], [0, 1, 2], [1, Infinity]),
    }).toEqual({
      accepted: 'accepted',
      order: 'FormatError: loadTextVectorizer: terms must ascend by code point; got "a" after "b".',
      twice: 'FormatError: loadTextVectorizer: terms must ascend by code point; got "a" after "a".',
      falls: 'FormatError: loadTextVectorizer: terms must have offsets that ascend from 0 to 2; got offsets[2] = 2.',
      negative:
        'FormatError: loadTextVectorizer: terms must have offsets that ascend from 0 to 2; got offsets[1] = -1.',
      short: 'FormatError: loadTextVectorizer: terms must have offsets that ascend from 0 to 3; got offsets[2] = 2.',
      none: 'FormatError: loadTextVectorizer: terms must have offsets that ascend from 0 to 0; got 0 offsets.',
      utf8: 'FormatError: loadTextVectorizer: terms must be UTF-8; got other bytes in term 1.',
      cut: 'FormatError: loadTextVectorizer: terms must be UTF-8; got other bytes in term 1.',
      weights: 'FormatError: loadTextVectorizer: idf must be 2 finite numbers; got a Float64Array of 1.',
      infinite: 'FormatError: loadTextVectorizer: idf must be 2 finite numbers; got a Float64Array of 2.',
    });
  });

  it('is refused for its tensors, before anything of their size is allocated', () => {
    const head = { kind: 'count', options: {} };
    const { terms, term_offsets: offsets } = vectorizerTensors({ ...state, kind: 'count' } as CountState);
    expect([
      loaded(head, { term_offsets: { ...offsets, shape: [2 ** 40] }, terms }),
      loaded(head, { term_offsets: { ...offsets, shape: [1, 3] }, terms }),
      loaded(head, { term_offsets: { shape: [7], values: new Uint8Array(7) }, terms }),
      loaded(head, { terms }),
    ]).toEqual([
      'FormatError: loadTextVectorizer: term_offsets.data_offsets must span 4398046511104 bytes for [1099511627776]; got [0,12].',
      'FormatError: loadTextVectorizer: term_offsets.shape must be [length]; got an array of 2.',
      'FormatError: loadTextVectorizer: term_offsets.dtype must be I32; got "U8".',
      'FormatError: loadTextVectorizer: header must name the tensors term_offsets and terms; got terms.',
    ]);
  });

  it('is refused if it is damaged anywhere, or of another kind', () => {
    const bytes = encodeVectorizer(VECTORIZERS.hashes);
    for (const file of [bytes, encodeVectorizer(TfidfVectorizer.fit(['red rose']))]) {
      for (let i = 0; i < file.length; i++) {
        const damaged = file.slice();
        damaged[i] ^= 1;
        expect(refusal(() => loadTextVectorizer(damaged))).toContain('FormatError');
      }
      expect(refusal(() => loadTextVectorizer(file.subarray(0, -1)))).toContain('FormatError');
    }
    const model = Buffer.from(Buffer.from(bytes).toString('latin1').replace('-vectorizer', '",      "x":"'), 'latin1');
    expect(refusal(() => loadTextVectorizer(new Uint8Array(model)))).toContain('FormatError');
    expect(refusal(() => loadTextVectorizer('words' as never))).toContain('bytes must be a Uint8Array');
  });
});

describe('the door', () => {
  const { metafile, outputFiles } = buildSync({
    entryPoints: [join(__dirname, '../src/predict-text.ts')],
    ...{ bundle: true, minify: true, write: false, metafile: true, platform: 'browser' },
    ...{ format: 'iife', globalName: 'built' },
  });

  it('is bundled without a dependency and without what learns, in under 23 kB', () => {
    const odd = Object.keys(metafile.inputs).filter(
      (path) => !/^src\/(predict|predict-text|core|features)\b/.test(path),
    );
    expect(odd).toEqual([]);
    expect(Object.keys(metafile.inputs)).not.toContain('src/features/text/vocabulary.ts');
    expect(Object.values(metafile.outputs)[0].imports).toEqual([]);
    expect(outputFiles[0].contents.length).toBeLessThan(23_000);
  });

  it.each(Object.keys(VECTORIZERS))(
    'gives the same rows of 1,000 sentences where there is nothing but JavaScript: %s',
    (name) => {
      const vectorizer = VECTORIZERS[name];
      const script = `${outputFiles[0].text}
      const { starts, indices, values, shape } = built.loadTextVectorizer(Uint8Array.from(bytes)).transform(sentences);
      JSON.stringify([starts, indices, values].map((each) => Array.from(each)).concat([shape]))`;
      const globals = { TextEncoder, TextDecoder, bytes: [...encodeVectorizer(vectorizer)], sentences: SENTENCES };
      const { starts, indices, values, shape } = vectorizer.transform(SENTENCES);
      expect(indices.length).toBeGreaterThan(1000);
      expect(JSON.parse(runInNewContext(script, globals) as string)).toEqual([
        ...[starts, indices, values].map((each) => Array.from(each as ArrayLike<number>)),
        shape,
      ]);
    },
  );
});
