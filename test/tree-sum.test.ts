import fc from 'fast-check';
import { Random } from '../src/core/random.js';
import { BLOCK_TERMS, BlockSum, NumberSum, powerOfTwo, sumOf, VectorSum } from '../src/core/tree-sum.js';
import { statisticsOf } from '../src/data/standardize.js';
import { parseCsv } from '../src/data/table/table.js';
import { sampleWeightsOf } from '../src/training/weights.js';

const random = new Random(1);

/** Terms whose sum depends on the order. */
function termsOf(count: number): number[] {
  return Array.from({ length: count }, () => random.normal() * 10 ** random.below(12));
}

function normals(count: number): number[] {
  return Array.from({ length: count }, () => random.normal());
}

/** The definition of the sum. */
function expectedSum(terms: readonly number[]): number {
  if (terms.length === 1) return terms[0];
  let half = 1;
  while (2 * half < terms.length) half *= 2;
  return expectedSum(terms.slice(0, half)) + expectedSum(terms.slice(half));
}

function treeOf(terms: readonly number[], together = 1): number | undefined {
  const tree = new VectorSum();
  for (let at = 0; at < terms.length; at += together) {
    tree.add(at, Float64Array.of(expectedSum(terms.slice(at, at + together))));
  }
  return tree.total()?.[0];
}

describe('TreeSum', () => {
  it('has the value of its example', () => {
    expect(treeOf([0.1, 0.2, 0.3, 0.4])).toBe(0.1 + 0.2 + (0.3 + 0.4));
    // The order matters.
    expect(treeOf([0.1, 0.2, 0.3])).not.toBe(0.1 + (0.2 + 0.3));
  });

  it('is the sum by halves, for any number of blocks', () => {
    for (let count = 1; count <= 70; count++) {
      const terms = termsOf(count);
      expect(treeOf(terms)).toBe(expectedSum(terms));
    }
  });

  it('does not depend on how many blocks arrive together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 7 }), (count, level) => {
        const terms = termsOf(count);
        expect(treeOf(terms, 2 ** level)).toBe(expectedSum(terms));
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

/** Blocks of samples in order, and the blocks by halves. */
function expectedInBlocks(terms: readonly number[], rows: number): number {
  const blocks = Array.from({ length: Math.ceil(terms.length / rows) }, (_, block) =>
    terms.slice(block * rows, (block + 1) * rows).reduce((sum, term) => sum + term, 0),
  );
  return blocks.length === 0 ? 0 : expectedSum(blocks);
}

describe('BlockSum', () => {
  it('sums blocks in order and adds them as a tree, however many samples are added at once', () => {
    const part = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.nat({ max: 90 }), fc.constantFrom(1, 2, 8), part, (count, rows, together) => {
        const terms = termsOf(count);
        const sum = new BlockSum(2, rows);
        for (let at = 0; at < count; ) {
          const end = Math.min(count, at + together, at + rows - (at % rows));
          for (; at < end; at++) {
            sum.leaf[0] += terms[at];
            sum.leaf[1] += 1;
          }
          sum.reach(at);
        }
        expect([...sum.total()]).toEqual([expectedInBlocks(terms, rows), count]);
      }),
    );
  });
});

describe('NumberSum and sumOf', () => {
  it.each([0, 1, 127, 128, 129, 256, 1000])('sum %i numbers in blocks of 128', (count) => {
    const terms = termsOf(count);
    const sum = new NumberSum();
    for (const term of terms) sum.add(term);
    expect(sum.count).toBe(count);
    const expected = expectedInBlocks(terms, BLOCK_TERMS);
    expect(sum.total()).toBe(expected);
    expect(sumOf(terms)).toBe(expected);
  });

  it('differ from a sum in one row', () => {
    // Not of the generator above, which properties use a varying number of times: two orders may agree by chance.
    const own = new Random(4);
    const terms = Float64Array.from({ length: 1000 }, () => own.normal());
    expect(sumOf(terms)).not.toBe(terms.reduce((sum, term) => sum + term, 0));
  });
});

describe('sums over samples in this order', () => {
  const terms = normals(1000);
  const sum = expectedInBlocks(terms, BLOCK_TERMS);

  it.each([1, 7, 128, 300, 1000])('are the means and deviations of columns, read in blocks of %i', (together) => {
    // The first row is 0, so differences from it are the values.
    const values = Float64Array.of(0, ...terms);
    const inBlocks = (numbers: readonly number[]) => expectedInBlocks([0, ...numbers], BLOCK_TERMS);
    const blocks = Array.from({ length: Math.ceil(values.length / together) }, (_, i) => {
      const part = values.slice(i * together, (i + 1) * together);
      return { values: part, shape: [part.length, 1] as const };
    });
    const { mean, scale } = statisticsOf({ blocks: () => blocks });
    const expected = inBlocks(terms) / 1001;
    expect(mean).toEqual(Float64Array.of(expected));
    const squares = expectedInBlocks(
      [0, ...terms].map((term) => (term - expected) ** 2),
      BLOCK_TERMS,
    );
    expect(scale).toEqual(Float64Array.of(Math.sqrt(squares / 1001)));
  });

  it('are the totals of sample weights, and of the weights of each class', () => {
    const weights = terms.map(Math.abs);
    const [labels, classes] = [Int32Array.from(terms, (_, i) => i % 3), ['a', 'b', 'c']];
    const given = sampleWeightsOf(labels, classes, { sampleWeights: weights }, 'fit');
    expect(given?.total).toBe(expectedInBlocks(weights, BLOCK_TERMS));
    const totals = [0, 1, 2].map((k) =>
      expectedInBlocks(
        weights.map((weight, i) => (i % 3 === k ? weight : 0)),
        BLOCK_TERMS,
      ),
    );
    const balanced = sampleWeightsOf(labels, classes, { sampleWeights: weights, classWeights: 'balanced' }, 'fit');
    const all = totals[0] + totals[1] + totals[2];
    expect([0, 1, 2].map((i) => balanced?.values[i])).toEqual(
      [0, 1, 2].map((k) => weights[k] * (all / (3 * totals[k]))),
    );
  });

  it('are the means that fill in missing values of a table', () => {
    const lines = terms.map((term, i) => `${term},${i % 2}`);
    const table = parseCsv(['x,y', ...lines].join('\n'), { label: 'y', missing: 'mean' });
    expect(table.schema.columns[0]).toMatchObject({ name: 'x', fill: sum / 1000 });
  });
});

describe('powerOfTwo', () => {
  it('is the largest one up to a limit, at least 1', () => {
    expect([0, 0.5, 1, 2, 3, 4, 1000].map(powerOfTwo)).toEqual([1, 1, 1, 2, 2, 4, 512]);
  });
});
