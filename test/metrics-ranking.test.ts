import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import { rocAuc } from '../src/metrics/ranking.js';
import golden from './golden/metrics-more.golden.json';

const orNaN = (value: number | null) => value ?? Number.NaN;

/** Labels and rows of tenths that sum to 1, of 2 to 5 classes. */
const problem = fc
  .record({ n: fc.integer({ min: 1, max: 25 }), numClasses: fc.integer({ min: 2, max: 5 }) })
  .chain(({ n, numClasses }) => {
    const row = fc
      .array(fc.nat(8), { minLength: numClasses - 1, maxLength: numClasses - 1 })
      .map((cuts) => [0, ...cuts.sort((a, b) => a - b), 8])
      .map((edges) => edges.slice(1).map((edge, k) => (edge - edges[k]) / 8));
    return fc.record({
      numClasses: fc.constant(numClasses),
      labels: fc.array(fc.nat(numClasses - 1), { minLength: n, maxLength: n }),
      probabilities: fc.array(row, { minLength: n, maxLength: n }),
      sampleWeights: fc.array(fc.nat(3), { minLength: n, maxLength: n }).filter((all) => all.some((each) => each > 0)),
    });
  });

/** Pair by pair, as in the definition. */
function pairwise(labels: number[], probabilities: number[][], k: number): number {
  let inOrder = 0;
  let pairs = 0;
  labels.forEach((a, i) => {
    labels.forEach((b, j) => {
      if (a !== k || b === k) return;
      pairs++;
      const difference = probabilities[i][k] - probabilities[j][k];
      inOrder += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
    });
  });
  return inOrder / pairs;
}

describe(`rocAuc against ${golden.program}`, () => {
  describe.each(golden.cases)('with $name', ({ labels, probabilities, sampleWeights, plain, weighted }) => {
    it.each([
      ['no weights', {}, plain],
      ['weights', { sampleWeights }, weighted],
    ])('agrees per class and for each average, with %s', (_, options, { rocAuc: expected, scores }) => {
      const { auc, support } = rocAuc(labels, probabilities, options);
      expect(auc).toBeAllClose(expected.perClass.map(orNaN), FLOAT64);
      expect(support).toEqual(scores.perClass.support);
      for (const average of ['macro', 'micro', 'weighted'] as const) {
        const actual = rocAuc(labels, probabilities, { ...options, average });
        expect(actual).toBeAllClose(orNaN(expected[average]), FLOAT64);
      }
    });
  });
});

describe('rocAuc', () => {
  const rows = [
    [0.9, 0.1],
    [0.6, 0.4],
    [0.6, 0.4],
    [0.2, 0.8],
  ];

  it('counts correctly ordered pairs, and ties as half', () => {
    expect(rocAuc([0, 0, 1, 1], rows)).toEqual({ classes: [0, 1], auc: [0.875, 0.875], support: [2, 2] });
    expect(rocAuc([0, 0, 1, 1], rows, { average: 'macro' })).toBe(0.875);
    expect(rocAuc(['b', 'b', 'a', 'a'], rows, { classes: ['b', 'a'] })).toEqual({
      classes: ['b', 'a'],
      auc: [0.875, 0.875],
      support: [2, 2],
    });
    expect(rocAuc([false, false, true, true], rows, { classes: [false, true], average: 'weighted' })).toBe(0.875);
  });

  it('equals the pairwise definition exactly, for each class', () => {
    fc.assert(
      fc.property(problem, ({ labels, probabilities, numClasses }) => {
        const expected = Array.from({ length: numClasses }, (_, k) => pairwise(labels, probabilities, k));
        expect(rocAuc(labels, probabilities).auc).toEqual(expected);
      }),
      { seed: 1 },
    );
  });

  it('lies in [0, 1] and ignores the order of samples and columns', () => {
    fc.assert(
      fc.property(problem, ({ labels, probabilities, numClasses, sampleWeights }) => {
        const { auc } = rocAuc(labels, probabilities, { sampleWeights });
        for (const area of auc.filter((each) => !Number.isNaN(each))) {
          expect(area).toBeGreaterThanOrEqual(0);
          expect(area).toBeLessThanOrEqual(1);
        }
        const backwards = { sampleWeights: [...sampleWeights].reverse() };
        expect(rocAuc([...labels].reverse(), [...probabilities].reverse(), backwards).auc).toEqual(auc);
        const mirrored = probabilities.map((row) => [...row].reverse());
        const renamed = labels.map((label) => numClasses - 1 - label);
        expect(rocAuc(renamed, mirrored, { sampleWeights }).auc.reverse()).toEqual(auc);
      }),
      { seed: 1 },
    );
  });

  it('counts a sample of weight w as w samples', () => {
    fc.assert(
      fc.property(problem, ({ labels, probabilities, sampleWeights }) => {
        const repeat = <T>(all: readonly T[]) => all.flatMap((each, i) => new Array<T>(sampleWeights[i]).fill(each));
        const repeated = rocAuc(repeat(labels), repeat(probabilities));
        expect(rocAuc(labels, probabilities, { sampleWeights })).toEqual(repeated);
        for (const average of ['macro', 'micro', 'weighted'] as const) {
          const expected = rocAuc(repeat(labels), repeat(probabilities), { average });
          expect(rocAuc(labels, probabilities, { sampleWeights, average })).toBe(expected);
        }
      }),
      { seed: 1 },
    );
  });

  it('is 1 for a perfect ranking, 0 for its reverse, and 0.5 for constant scores', () => {
    const perfect = [
      [0.7, 0.3],
      [0.8, 0.2],
      [0.1, 0.9],
    ];
    const constant = perfect.map(() => [0.5, 0.5]);
    for (const average of ['macro', 'micro', 'weighted'] as const) {
      expect(rocAuc([0, 0, 1], perfect, { average })).toBe(1);
      expect(rocAuc([1, 1, 0], perfect, { average })).toBe(0);
      expect(rocAuc([0, 0, 1], constant, { average })).toBe(0.5);
    }
  });

  it('is NaN for an absent class, which the weighted average skips and the macro average does not', () => {
    const probabilities = [
      [0.6, 0.3, 0.1],
      [0.5, 0.1, 0.4],
      [0.2, 0.8, 0],
    ];
    expect(rocAuc([0, 0, 1], probabilities).auc).toEqual([1, 1, Number.NaN]);
    expect(rocAuc([0, 0, 1], probabilities, { average: 'weighted' })).toBe(1);
    expect(rocAuc([0, 0, 1], probabilities, { average: 'macro' })).toBeNaN();
    expect(rocAuc([0, 0, 1], probabilities, { sampleWeights: [1, 1, 0] }).auc).toEqual([NaN, NaN, NaN]);
  });

  it('is NaN if all samples have the same class, except for the micro average', () => {
    expect(rocAuc([0, 0], rows.slice(0, 2)).auc).toEqual([Number.NaN, Number.NaN]);
    expect(rocAuc([0, 0], rows.slice(0, 2), { average: 'macro' })).toBeNaN();
    expect(rocAuc([0, 0], rows.slice(0, 2), { average: 'weighted' })).toBeNaN();
    expect(rocAuc([0, 0], rows.slice(0, 2), { average: 'micro' })).toBe(1);
    expect(rocAuc([0], [[1]]).auc).toEqual([Number.NaN]);
  });

  it.each<[string, ArrayLike<number | string>, number[][], object, object]>([
    ['fewer rows than labels', [0, 1, 0], rows.slice(2), {}, { code: 'SHAPE', argument: 'probabilities' }],
    ['zero samples', [], [], {}, { code: 'SHAPE', argument: 'labels', actual: '0' }],
    ['logits', [0], [[2, 1]], {}, { code: 'DOMAIN', argument: 'probabilities[0]', actual: '3' }],
    [
      'a NaN probability',
      [0],
      [[Number.NaN, 1]],
      {},
      { code: 'DOMAIN', argument: 'probabilities[0][0]', actual: 'NaN' },
    ],
    ['a label beyond the last column', [2], [[1, 0]], {}, { code: 'DOMAIN', argument: 'labels[0]', actual: '2' }],
    [
      'string labels without classes',
      ['cat'],
      [[1, 0]],
      {},
      { code: 'DOMAIN', argument: 'labels[0]', actual: '"cat"' },
    ],
    ['an unknown average', [0], [[1]], { average: 'ovo' }, { code: 'DOMAIN', argument: 'average', actual: '"ovo"' }],
    ['an unknown option', [0], [[1]], { k: 3 }, { code: 'DOMAIN', argument: 'options', actual: "'k'" }],
  ])('rejects %s', (_, labels, probabilities, options, fields) => {
    expect(() => rocAuc(labels, probabilities, options)).toThrow(
      expect.objectContaining({ where: 'rocAuc', ...fields }),
    );
  });
});
