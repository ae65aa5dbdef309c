// features: the order and the bytes of learned n-grams, which a predictor does not need.
import { DomainError } from '../../core/errors.js';
import type { GramTree } from './grams.js';
import { SPACE } from './scanner.js';
import { byteOrder, type TermBytes } from './terms.js';

/** The bytes of all terms are fewer than this. */
const MOST_BYTES = 2 ** 31;

/** All n-grams in the order of their bytes, which is that of their code points. */
export function gramOrder({ size, nodes, units }: GramTree): Int32Array {
  const ranks = byteOrder(units);
  // Lists of the n-grams with a last unit, and then of those with a beginning, the last unit ascending. 0 ends a list.
  const withUnit = new Int32Array(ranks.length);
  const nextOfUnit = new Int32Array(size);
  for (let gram = 0; gram < size; gram++) {
    const unit = nodes[2 * gram + 1];
    nextOfUnit[gram] = withUnit[unit];
    withUnit[unit] = gram + 1;
  }
  const child = new Int32Array(size + 1);
  const sibling = new Int32Array(size);
  for (let rank = ranks.length - 1; rank >= 0; rank--) {
    for (let gram = withUnit[ranks[rank]] - 1; gram >= 0; gram = nextOfUnit[gram] - 1) {
      const before = nodes[2 * gram] + 1;
      sibling[gram] = child[before];
      child[before] = gram + 1;
    }
  }
  const order = new Int32Array(size);
  const waiting = [child[0]];
  // Preorder: an n-gram, then those that begin with it, then its siblings.
  for (let i = 0; i < order.length; ) {
    const gram = (waiting.pop() as number) - 1;
    if (gram < 0) continue;
    order[i++] = gram;
    waiting.push(sibling[gram], child[gram + 1]);
  }
  return order;
}

/** The bytes of n-grams, with `glue` blanks between units. @throws DomainError if they are too many */
export function gramTerms({ nodes, units }: GramTree, grams: Int32Array, glue: 0 | 1, where: string): TermBytes {
  const { bytes, offsets } = units;
  const ends = new Int32Array(grams.length + 1);
  let total = 0;
  for (let j = 0; j < grams.length; j++) {
    for (let g = grams[j]; g >= 0; g = nodes[2 * g]) {
      const unit = nodes[2 * g + 1];
      total += offsets[unit + 1] - offsets[unit] + glue;
    }
    total -= glue;
    ends[j + 1] = total;
  }
  if (total >= MOST_BYTES) {
    const [argument, expected] = ['terms', 'take less than 2 GiB'];
    const hint = 'Use a smaller ngramRange, a larger minDocuments, or HashingVectorizer.';
    throw new DomainError({ where, argument, expected, actual: `${total} bytes of ${grams.length} terms`, hint });
  }
  const found = new Uint8Array(total);
  // From the last byte of a term, as a tree is walked from its leaves.
  for (let j = 0; j < grams.length; j++) {
    let at = ends[j + 1];
    for (let g = grams[j]; g >= 0; g = nodes[2 * g]) {
      const unit = nodes[2 * g + 1];
      for (let k = offsets[unit + 1] - 1; k >= offsets[unit]; k--) found[--at] = bytes[k];
      if (glue === 1 && at > ends[j]) found[--at] = SPACE;
    }
  }
  return { bytes: found, offsets: ends };
}
