import fc from 'fast-check';
import { Random } from '../src/core/random.js';
import { powerOfTwo, VectorSum } from '../src/core/tree-sum.js';

const random = new Random(1);

/** Terms whose sum depends on the order. */
function termsOf(count: number): number[] {
  return Array.from({ length: count }, () => random.normal() * 10 ** random.below(12));
}

/** The definition of the sum. */
function expectedSum(terms: readonly number[]): number {
  if (terms.length === 1) return terms[0];
  let half = 1;
  while (2 * half < terms.length) half *= 2;
  return expectedSum(terms.slice(0, half)) + expectedSum(terms.slice(half));
}

function sumOf(terms: readonly number[], together = 1): number | undefined {
  const tree = new VectorSum();
  for (let at = 0; at < terms.length; at += together) {
    tree.add(at, Float64Array.of(expectedSum(terms.slice(at, at + together))));
  }
  return tree.total()?.[0];
}

describe('TreeSum', () => {
  it('has the value of its example', () => {
    expect(sumOf([0.1, 0.2, 0.3, 0.4])).toBe(0.1 + 0.2 + (0.3 + 0.4));
    // The order matters.
    expect(sumOf([0.1, 0.2, 0.3])).not.toBe(0.1 + (0.2 + 0.3));
  });

  it('is the sum by halves, for any number of blocks', () => {
    for (let count = 1; count <= 70; count++) {
      const terms = termsOf(count);
      expect(sumOf(terms)).toBe(expectedSum(terms));
    }
  });

  it('does not depend on how many blocks arrive together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 7 }), (count, level) => {
        const terms = termsOf(count);
        expect(sumOf(terms, 2 ** level)).toBe(expectedSum(terms));
      }),
    );
  });

  it('takes missing blocks as zeros', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 80 }), (present) => {
        const terms = termsOf(present.length).map((term, at) => (present[at] ? term : 0));
        const tree = new VectorSum();
        for (const [at, term] of terms.entries()) if (present[at]) tree.add(at, Float64Array.of(term));
        expect(tree.total()?.[0] ?? 0).toBe(expectedSum(terms));
      }),
    );
  });

  it('adds vectors entry by entry, and holds few of them', () => {
    const tree = new VectorSum();
    const vectors = new Set<Float64Array>();
    for (let block = 0; block < 1000; block++) {
      const vector = tree.zeros(2);
      expect(vector).toEqual(new Float64Array(2));
      vector.set([1, block]);
      vectors.add(vector);
      tree.add(block, vector);
    }
    expect(vectors.size).toBeLessThanOrEqual(11);
    expect(tree.total()).toEqual(Float64Array.of(1000, 499_500));
    expect(tree.total()).toBeUndefined();
  });
});

describe('powerOfTwo', () => {
  it('is the largest one up to a limit, at least 1', () => {
    expect([0, 0.5, 1, 2, 3, 4, 1000].map(powerOfTwo)).toEqual([1, 1, 1, 2, 2, 4, 512]);
  });
});
