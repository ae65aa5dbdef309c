// features: the documents that users give, one by one.
import { DomainError } from '../../core/errors.js';
import { describe } from '../../core/shape.js';
import type { Source } from '../../data/source.js';

/** Texts: in memory, from a generator, or block by block from a source. A document is not kept once it is read. */
export type Documents = Iterable<string> | Source<Iterable<string>>;

/**
 * Calls `each` with every document in turn, and returns their number.
 *
 * @throws DomainError if the documents are one string, or one of them is not a string
 */
export function eachDocument(documents: Documents, where: string, each: (text: string) => void): number {
  let count = 0;
  for (const block of blocksOf(documents, where)) {
    for (const text of block) {
      if (typeof text !== 'string') {
        throw new DomainError({
          where,
          argument: `documents[${count}]`,
          expected: 'be a string',
          actual: describe(text),
          hint: "Pass '' for a missing text.",
        });
      }
      each(text);
      count++;
    }
  }
  return count;
}

function blocksOf(documents: Documents, where: string): Iterable<Iterable<string>> {
  if (typeof documents === 'object' && documents !== null) {
    if (Symbol.iterator in documents) return [documents];
    if ('blocks' in documents && typeof documents.blocks === 'function') return documents.blocks();
  }
  const hint = typeof documents === 'string' ? 'For one document, pass [text].' : undefined;
  const expected = 'be strings: an array, another iterable, or a source of them';
  throw new DomainError({ where, argument: 'documents', expected, actual: describe(documents), hint });
}
