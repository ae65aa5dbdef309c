// features: the checks of the options of vectorizers.
import { DomainError } from '../../core/errors.js';
import {
  assertKnownOptions,
  assertList,
  assertObject,
  assertOneOf,
  assertPositiveInteger,
  describe,
} from '../../core/shape.js';
import { type Reading, Scanner } from './scanner.js';
import {
  type Norm,
  type TermSettings,
  type TextOptions,
  type TextSettings,
  type TfidfOptions,
  termSettingsOf,
  textSettingsOf,
} from './settings.js';
import { type Terms, termText } from './terms.js';

const TEXT_KEYS = ['analyzer', 'ngramRange', 'lowercase', 'stripAccents', 'stopWords', 'dtype'] as const;
const COUNT_KEYS = [...TEXT_KEYS, 'minDocuments', 'maxDocuments', 'maxFeatures', 'binary'] as const;
const TFIDF_KEYS = [...COUNT_KEYS, 'norm', 'useIdf', 'smoothIdf', 'sublinearTf'] as const;
export const HASHING_KEYS = [...TEXT_KEYS, 'numFeatures', 'alternateSign', 'binary', 'norm'] as const;

/** Options with their defaults. @throws DomainError */
export function textSettings(options: TextOptions, keys: readonly string[], where: string): TextSettings {
  assertObject(options, where, 'options');
  assertKnownOptions(options, keys, where);
  const { analyzer = 'word', lowercase = true, stripAccents = 'keep', stopWords = [] } = options;
  const { ngramRange = [1, 1] } = options;
  assertOneOf(analyzer, ['word', 'char', 'char_wb'], where, 'analyzer');
  assertOneOf(stripAccents, ['keep', 'unicode', 'ascii'], where, 'stripAccents');
  assertBoolean(lowercase, where, 'lowercase');
  assertRange(ngramRange, where);
  assertList(stopWords, where, 'stopWords', 'be an array of words');
  const settings = textSettingsOf(options);
  assertStopWords(stopWords, settings, where);
  return settings;
}

/** Options of a vectorizer with a vocabulary, with their defaults. @throws DomainError */
export function termSettings(kind: 'count' | 'tfidf', options: TfidfOptions, where: string): TermSettings {
  textSettings(options, kind === 'tfidf' ? TFIDF_KEYS : COUNT_KEYS, where);
  for (const key of ['binary', 'useIdf', 'smoothIdf', 'sublinearTf'] as const) {
    assertBoolean(options[key] === undefined ? false : options[key], where, key);
  }
  assertNorm(options, where);
  assertDtype(options, where);
  return termSettingsOf(kind, options);
}

export function assertDtype({ dtype = 'float64' }: TextOptions, where: string): void {
  assertOneOf(dtype, ['float32', 'float64'], where, 'dtype');
}

export function assertNorm({ norm = 'l2' }: { readonly norm?: Norm }, where: string): void {
  assertOneOf(norm, ['l1', 'l2', 'none'], where, 'norm');
}

export function assertBoolean(value: unknown, where: string, argument: string): void {
  assertOneOf(value, [true, false], where, argument);
}

/** A number of documents, or a share of them. */
export function documentsOf(value: number, where: string, argument: string): number {
  if (typeof value === 'number' && value > 0 && (value < 1 || Number.isInteger(value))) return value;
  const expected = 'be an integer ≥ 1, or a share of the documents in (0, 1)';
  throw new DomainError({ where, argument, expected, actual: describe(value) });
}

function assertRange(range: unknown, where: string): void {
  assertList(range, where, 'ngramRange', 'be [smallest, largest]');
  const [smallest, largest] = Array.from(range) as number[];
  if (range.length === 2 && Number.isInteger(smallest) && Number.isInteger(largest)) {
    if (smallest >= 1 && smallest <= largest) return;
  }
  const actual = `[${Array.from(range, describe).slice(0, 3).join(', ')}]`;
  const expected = 'be [smallest, largest], integers with 1 ≤ smallest ≤ largest';
  throw new DomainError({ where, argument: 'ngramRange', expected, actual });
}

function assertStopWords(words: ArrayLike<unknown>, reading: Reading, where: string): void {
  const list = Array.from(words);
  if (list.length > 0 && reading.analyzer !== 'word') {
    const hint = `The analyzer '${reading.analyzer}' does not read words: leave stopWords out.`;
    throw new DomainError({
      where,
      argument: 'stopWords',
      expected: "belong to the analyzer 'word'",
      actual: `the analyzer '${reading.analyzer}'`,
      hint,
    });
  }
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] === 'string') continue;
    throw new DomainError({ where, argument: `stopWords[${i}]`, expected: 'be a string', actual: describe(list[i]) });
  }
  assertReadAsWritten(list as string[], reading, where);
}

/** Rejects a stop word that no document matches, such as "don't", which is read as "don". One letter is read as nothing. */
function assertReadAsWritten(words: readonly string[], reading: Reading, where: string): void {
  const known = new Set(words);
  words.forEach((word, i) => {
    for (const token of termsOf(word, { ...reading, ngramRange: [1, 1] })) {
      if (known.has(token)) continue;
      throw new DomainError({
        where,
        argument: `stopWords[${i}]`,
        expected: 'be a word as documents are read',
        actual: describe(word),
        hint: `It is read as ${describe(token)}: add that to stopWords.`,
      });
    }
  });
}

/** The n-grams of a text as strings, in the order in which they are visited. */
export function termsOf(text: string, reading: Reading, stopWords?: Terms): string[] {
  const terms: string[] = [];
  const scanner = new Scanner(reading, stopWords);
  scanner.read(text);
  scanner.visit((bytes, start, end) => {
    terms.push(termText({ bytes, offsets: Int32Array.of(start, end) }, 0));
  });
  return terms;
}

/** A limit on the number of features. */
export function limitOf(value: number | undefined, where: string): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  assertPositiveInteger(value, where, 'maxFeatures');
  return value;
}
