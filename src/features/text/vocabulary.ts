// features: the vocabulary of documents: which terms they have, and in how many of them.
import { DomainError } from '../../core/errors.js';
import { chooseColumns } from './chosen-columns.js';
import type { Counts } from './counts.js';
import { type Documents, eachDocument } from './documents.js';
import { gramOrder, gramTerms } from './gram-terms.js';
import { Grams } from './grams.js';
import { grown } from './lists.js';
import { documentsOf, limitOf } from './options.js';
import { type CountOptions, scannerOf, type TermSettings, type TextSettings } from './settings.js';
import { Tally } from './tally.js';
import type { TermBytes } from './terms.js';

/** What is learned from documents. */
export interface Learned {
  /** The terms of the columns, in the order of their code points. */
  readonly terms: TermBytes;
  /** In how many documents each is. */
  readonly documentCounts: Int32Array;
  readonly numDocuments: number;
}

/** The limits on the terms of a vocabulary, with the number of documents or their share below 1. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly numFeatures: number;
}

export function limitsOf(options: CountOptions, where: string): Limits {
  const { minDocuments = 1, maxDocuments } = options;
  const min = documentsOf(minDocuments, where, 'minDocuments');
  const max = maxDocuments === undefined ? Number.POSITIVE_INFINITY : documentsOf(maxDocuments, where, 'maxDocuments');
  return { min, max, numFeatures: limitOf(options.maxFeatures, where) };
}

/**
 * The vocabulary of documents, and with `rows` their counts by column.
 *
 * @throws DomainError if there is no document, or no term is within the limits
 */
export function learn(
  documents: Documents,
  settings: TermSettings,
  limits: Limits,
  rows: Counts | undefined,
  where: string,
): Learned {
  const scanner = scannerOf(settings);
  const grams = new Grams(settings);
  const tally = new Tally();
  let inDocuments = new Int32Array(1024);
  // Only the most frequent terms need them.
  const isLimited = limits.numFeatures < Number.POSITIVE_INFINITY;
  let totals = new Float64Array(isLimited ? 1024 : 0);
  const numDocuments = eachDocument(documents, where, (text) => {
    scanner.read(text);
    grams.count(scanner, tally);
    inDocuments = grown(inDocuments, grams.size);
    if (isLimited) totals = grown(totals, grams.size);
    tally.drain((term, count) => {
      inDocuments[term]++;
      if (isLimited) totals[term] += settings.binary ? 1 : count;
      rows?.add(term, settings.binary ? 1 : count);
    });
    rows?.endRow();
  });
  assertDocuments(numDocuments, where);
  const { min, max } = inNumbers(limits, numDocuments, where);
  const within = between(gramOrder(grams.tree), inDocuments, min, max);
  if (within.length === 0) {
    // A beginning that is shorter than every n-gram is in no document.
    const counts = inDocuments.filter((count) => count > 0);
    if (counts.length === 0) throw noTerm(numDocuments, settings, where);
    throw nothingLeft(counts, numDocuments, min, max, where);
  }
  const chosen = mostFrequent(within, totals, limits.numFeatures);
  if (rows !== undefined) chooseColumns(rows, chosen, grams.size);
  return {
    terms: gramTerms(grams.tree, chosen, settings.analyzer === 'word' ? 1 : 0, where),
    documentCounts: gathered(inDocuments, chosen),
    numDocuments,
  };
}

// Loops, not filter and map: these take a tenth of the time over millions of terms.

function between(grams: Int32Array, counts: Int32Array, min: number, max: number): Int32Array {
  const found = new Int32Array(grams.length);
  let size = 0;
  for (let i = 0; i < grams.length; i++) {
    const count = counts[grams[i]];
    if (count >= min && count <= max) found[size++] = grams[i];
  }
  return found.subarray(0, size);
}

function gathered(values: Int32Array, at: Int32Array): Int32Array {
  const found = new Int32Array(at.length);
  for (let i = 0; i < at.length; i++) found[i] = values[at[i]];
  return found;
}

/** The limits as numbers of documents. */
function inNumbers({ min, max }: Limits, n: number, where: string): { readonly min: number; readonly max: number } {
  const least = min < 1 ? min * n : min;
  const most = max < 1 ? max * n : max;
  if (most >= least) return { min: least, max: most };
  throw new DomainError({
    where,
    argument: 'maxDocuments',
    expected: `be at least minDocuments, which is ${least} of ${n} documents`,
    actual: `${most} of them`,
  });
}

function assertDocuments(n: number, where: string): void {
  if (n > 0) return;
  const expected = 'have at least one document';
  throw new DomainError({ where, argument: 'documents', expected, actual: 'none' });
}

function noTerm(n: number, { analyzer, stopWords, ngramRange }: TextSettings, where: string): DomainError {
  const [smallest] = ngramRange;
  const unit = analyzer === 'word' ? 'words of two characters or more' : 'characters';
  const which = stopWords.length > 0 ? ' that are not stop words' : '';
  const hasShortTexts = analyzer === 'word' && smallest === 1 && which === '';
  return new DomainError({
    where,
    argument: 'documents',
    expected: 'have at least one term',
    actual: `${counted(n, 'document')} without ${smallest > 1 ? `${smallest} ` : ''}${unit}${which}`,
    hint: hasShortTexts ? "For single letters, use analyzer 'char'." : undefined,
  });
}

function counted(count: number, thing: string): string {
  return count === 1 ? `1 ${thing}` : `${count} ${thing}s`;
}

/** The error of limits that no term meets, of terms that are in this many of n documents. */
function nothingLeft(counts: Int32Array, n: number, min: number, max: number, where: string): DomainError {
  let [fewest, most] = [n, 0];
  for (const count of counts) [fewest, most] = [Math.min(fewest, count), Math.max(most, count)];
  const [least, greatest] = [Math.ceil(min), Math.floor(max)];
  const [argument, every, hint] =
    most < min
      ? ['minDocuments', `every one is in fewer than ${counted(least, 'document')}`, `Use minDocuments ≤ ${most}.`]
      : fewest > max
        ? [
            'maxDocuments',
            `every one is in more than ${counted(greatest, 'document')}`,
            `Use maxDocuments ≥ ${fewest}.`,
          ]
        : ['minDocuments', `none is in ${least} to ${greatest} documents`, 'Lower it, or raise maxDocuments.'];
  const actual = `${counted(counts.length, 'term')} in ${counted(n, 'document')}, of which ${every}`;
  return new DomainError({ where, argument, expected: 'leave at least one term', actual, hint });
}

/** The `limit` terms with the highest totals, in the given order; of equal totals the first. */
function mostFrequent(terms: Int32Array, totals: Float64Array, limit: number): Int32Array {
  if (terms.length <= limit) return terms;
  const sorted = Float64Array.from(terms, (term) => totals[term]).sort();
  const threshold = sorted[terms.length - limit];
  let equal = limit;
  for (let i = terms.length - 1; i >= 0 && sorted[i] > threshold; i--) equal--;
  return terms.filter((term) => totals[term] > threshold || (totals[term] === threshold && equal-- > 0));
}
