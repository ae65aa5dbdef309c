// features: a vocabulary with the way in which texts are read, which both vectorizers with a vocabulary are made of.
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import type { Counts } from './counts.js';
import type { Documents } from './documents.js';
import { Grams } from './grams.js';
import { booleanOf, type CountOptions, type TextSettings, textSettings } from './options.js';
import { type TermBytes, termText } from './terms.js';
import { countTerms, type Learned, learn, limitsOf } from './vocabulary.js';

/** Counts the terms of a vocabulary in documents. */
export class TermCounter {
  readonly terms: TermBytes;
  readonly #settings: TextSettings;
  readonly #binary: boolean;
  #grams: Grams | undefined;

  private constructor(terms: TermBytes, settings: TextSettings, binary: boolean) {
    this.terms = terms;
    this.#settings = settings;
    this.#binary = binary;
  }

  /** Learns the vocabulary of documents, and with `rows` their counts. */
  static learn(
    documents: Documents,
    options: CountOptions,
    keys: readonly string[],
    rows: Counts | undefined,
    where: string,
  ): { readonly counter: TermCounter; readonly learned: Learned } {
    const settings = textSettings(options, keys, where);
    const binary = booleanOf(options.binary ?? false, where, 'binary');
    const learned = learn(documents, settings, limitsOf(options, binary, where), rows, where);
    return { counter: new TermCounter(learned.terms, settings, binary), learned };
  }

  /** A counter of stored terms. @throws FormatError if they are not a vocabulary */
  static of(terms: TermBytes, options: CountOptions, keys: readonly string[], where: string): TermCounter {
    const settings = textSettings(options, keys, where);
    const binary = booleanOf(options.binary ?? false, where, 'binary');
    limitsOf(options, binary, where);
    const counter = new TermCounter(terms, settings, binary);
    assertOffsets(terms, where);
    counter.#grams = Grams.of(terms, settings);
    const { numColumns } = counter.#grams;
    if (numColumns < counter.numFeatures) {
      const actual = `${numColumns} different terms of ${counter.numFeatures}`;
      throw new FormatError({ where, argument: 'terms', expected: 'differ', actual });
    }
    return counter;
  }

  get numFeatures(): number {
    return this.terms.offsets.length - 1;
  }

  names(): string[] {
    return Array.from({ length: this.numFeatures }, (_, j) => termText(this.terms, j));
  }

  count(documents: Documents, where: string): Counts {
    this.#grams ??= Grams.of(this.terms, this.#settings);
    return countTerms(documents, this.#settings, this.#grams, this.#binary, where);
  }
}

function assertOffsets(terms: TermBytes, where: string): void {
  const { bytes, offsets } = terms ?? {};
  if (!(bytes instanceof Uint8Array) || !(offsets instanceof Int32Array)) {
    const expected = 'have bytes, a Uint8Array, and offsets, an Int32Array';
    throw new FormatError({
      where,
      argument: 'terms',
      expected,
      actual: `${describe(bytes)} and ${describe(offsets)}`,
    });
  }
  const expected = `have offsets that ascend from 0 to ${bytes.length}`;
  if (offsets.length < 2) {
    throw new FormatError({ where, argument: 'terms', expected, actual: `${offsets.length} offsets` });
  }
  for (let k = 0; k < offsets.length; k++) {
    const isLast = k === offsets.length - 1;
    if (k === 0 ? offsets[0] === 0 : offsets[k] > offsets[k - 1] && (!isLast || offsets[k] === bytes.length)) continue;
    throw new FormatError({ where, argument: 'terms', expected, actual: `offsets[${k}] = ${offsets[k]}` });
  }
}
