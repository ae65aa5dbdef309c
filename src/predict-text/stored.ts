// predict-text: the stored form of a vectorizer: its kind and options as JSON, its numbers and the bytes of its terms as tensors.
import { describe } from '../core/shape.js';
import { HashTransformer } from '../features/text/hash-transformer.js';
import { hashingSettingsOf, termSettingsOf } from '../features/text/settings.js';
import { TermTransformer, type TextVectorizer, type VectorizerState } from '../features/text/transformer.js';
import { floats, type Place, readTensor } from '../predict/container.js';
import { type Check, isRecord, isSizes } from '../predict/json.js';

/** What a vectorizer is, without its tensors. */
export interface VectorizerHead {
  readonly kind: VectorizerState['kind'];
  readonly options: Readonly<Record<string, unknown>>;
}

/** The tensors of a kind, in the order of their bytes in the checksum and in a file, with their types. */
const TENSORS = [
  ['idf', 'F64'],
  ['term_offsets', 'I32'],
  ['terms', 'U8'],
] as const;

/** The names of the tensors that a vectorizer has. */
export function tensorNames({ kind, options }: VectorizerHead): readonly string[] {
  const first = kind === 'tfidf' && options.useIdf !== false ? 0 : 1;
  return kind === 'hashing' ? [] : TENSORS.slice(first).map(([name]) => name);
}

const BOOLEAN = [true, false];
const CHOICES = {
  analyzer: ['word', 'char', 'char_wb'],
  stripAccents: ['keep', 'unicode', 'ascii'],
  dtype: ['float32', 'float64'],
  norm: ['l1', 'l2', 'none'],
  ...{ lowercase: BOOLEAN, binary: BOOLEAN, useIdf: BOOLEAN, sublinearTf: BOOLEAN, alternateSign: BOOLEAN },
};

/** Checks the JSON of a vectorizer: of its options, those that rows depend on. The messages are short, as few files are damaged. */
export function assertHead(value: unknown, check: Check): asserts value is VectorizerHead {
  const { kind, options } = isRecord(value) ? value : {};
  check(
    kind === 'hashing' || kind === 'count' || kind === 'tfidf',
    'kind',
    'be count, tfidf or hashing',
    describe(kind),
  );
  check(isRecord(options), 'options', 'be an object', describe(options));
  const checkOption = (key: string, expected: string, holds: (value: unknown) => boolean) => {
    const option = options[key];
    check(option === undefined || holds(option), `options.${key}`, expected, describe(option));
  };
  for (const [key, choices] of Object.entries(CHOICES)) {
    checkOption(key, `be ${choices.join(' or ')}`, (option) => (choices as unknown[]).includes(option));
  }
  checkOption(
    'ngramRange',
    'be [smallest, largest]',
    (range) => isSizes(range, 2) && range[0] >= 1 && range[0] <= range[1],
  );
  checkOption(
    'numFeatures',
    'be an integer from 1 to 2³¹ − 1',
    (d) => isSizes([d], 1) && Number(d) >= 1 && Number(d) < 2 ** 31,
  );
  checkOption(
    'stopWords',
    'be strings',
    (words) => Array.isArray(words) && words.every((word) => typeof word === 'string'),
  );
}

/** Where the tensors of a vectorizer lie in a file whose header names them with a prefix. */
export function vectorizerPlaces(
  head: VectorizerHead,
  header: Record<string, unknown>,
  prefix: string,
  check: Check,
): Place[] {
  const names = tensorNames(head);
  const places = TENSORS.filter(([name]) => names.includes(name)).map(([name, dtype]) =>
    readTensor(header, `${prefix}${name}`, [dtype], check),
  );
  places.forEach(({ shape }, i) => {
    check(shape.length === 1, `${prefix}${names[i]}.shape`, 'be [length]', describe(shape));
  });
  return places;
}

/**
 * The vectorizer of its JSON, and of the bytes of its tensors in the order of `vectorizerPlaces`.
 *
 * @throws FormatError if no vectorizer stored them
 */
export function vectorizerOf(
  { kind, options }: VectorizerHead,
  tensors: readonly Uint8Array[],
  where: string,
): TextVectorizer {
  if (kind === 'hashing') return new HashTransformer({ kind, options }, hashingSettingsOf(options));
  const [terms, offsets, idf] = [...tensors].reverse();
  const stored = { options, terms: { bytes: terms.slice(), offsets: int32(offsets) } };
  const state = kind === 'count' ? { kind, ...stored } : { kind, ...stored, idf: idf && floats(idf, 'F64') };
  return TermTransformer.of(state, termSettingsOf(kind, options), where);
}

/** Decodes little-endian integers, whatever the byte order of the machine. */
function int32(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = new Int32Array(bytes.length / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getInt32(4 * i, true);
  return numbers;
}
