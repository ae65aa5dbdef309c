import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import { precisionRecallCurve, rocCurve } from '../src/metrics/curves.js';
import { rocAuc } from '../src/metrics/ranking.js';
import golden from './golden/metrics-more.golden.json';

const rows = [
  [0.9, 0.1],
  [0.6, 0.4],
  [0.6, 0.4],
  [0.2, 0.8],
];

/** Labels of two classes, both present, probabilities in eighths, and weights that are whole numbers. */
const problem = fc
  .array(fc.record({ label: fc.nat(1), eighths: fc.nat(8), weight: fc.nat(3) }), { minLength: 2, maxLength: 40 })
  .filter((samples) => [0, 1].every((k) => samples.some(({ label, weight }) => label === k && weight > 0)))
  .map((samples) => ({
    labels: samples.map(({ label }) => label),
    probabilities: samples.map(({ eighths }) => [1 - eighths / 8, eighths / 8]),
    sampleWeights: samples.map(({ weight }) => weight),
  }));

describe(`curves against ${golden.program}`, () => {
  describe.each(golden.cases)('with $name', ({ labels, probabilities, sampleWeights, curves }) => {
    const positive = probabilities[0].length - 1;
    it.each([
      ['no weights', { positive }, curves.plain],
      ['weights', { positive, sampleWeights }, curves.weighted],
    ])('have the same points with %s', (_, options, expected) => {
      const roc = rocCurve(labels, probabilities, options);
      expect(roc.thresholds).toEqual(expected.thresholds.map((value) => value ?? Number.POSITIVE_INFINITY));
      expect(roc.falsePositiveRate).toBeAllClose(expected.falsePositiveRate, FLOAT64);
      expect(roc.truePositiveRate).toBeAllClose(expected.truePositiveRate, FLOAT64);
      const curve = precisionRecallCurve(labels, probabilities, options);
      expect(curve.thresholds).toEqual(roc.thresholds);
      expect(curve.precision).toBeAllClose(expected.precision, FLOAT64);
      expect(curve.recall).toBeAllClose(expected.recall, FLOAT64);
      expect(curve.averagePrecision).toBeAllClose(expected.averagePrecision, FLOAT64);
    });
  });
});

describe('rocCurve and precisionRecallCurve', () => {
  it('have a point for each distinct probability of the second of two classes, after one at infinity', () => {
    const thresholds = [Number.POSITIVE_INFINITY, 0.8, 0.4, 0.1];
    expect(rocCurve([0, 0, 1, 1], rows)).toEqual({
      positive: 1,
      thresholds,
      falsePositiveRate: [0, 0, 0.5, 1],
      truePositiveRate: [0, 0.5, 1, 1],
      auc: 0.875,
    });
    const { averagePrecision, ...points } = precisionRecallCurve([0, 0, 1, 1], rows);
    expect(points).toEqual({ positive: 1, thresholds, precision: [1, 1, 2 / 3, 0.5], recall: [0, 0.5, 1, 1] });
    expect(averagePrecision).toBeCloseTo(0.8333, 4);
  });

  it('find the class that they are asked for', () => {
    const options = { classes: ['b', 'a'], positive: 'b' };
    expect(rocCurve(['b', 'b', 'a', 'a'], rows, options)).toMatchObject({
      positive: 'b',
      thresholds: [Number.POSITIVE_INFINITY, 0.9, 0.6, 0.2],
      truePositiveRate: [0, 0.5, 1, 1],
    });
    expect(rocCurve(['b', 'b', 'a', 'a'], rows, { classes: ['b', 'a'] }).positive).toBe('a');
  });

  it('rise from 0 to 1, with the area of rocAuc', () => {
    fc.assert(
      fc.property(problem, ({ labels, probabilities, sampleWeights }) => {
        const roc = rocCurve(labels, probabilities, { sampleWeights });
        const { recall, precision, averagePrecision } = precisionRecallCurve(labels, probabilities, { sampleWeights });
        expect(recall).toEqual(roc.truePositiveRate);
        for (const rates of [roc.falsePositiveRate, recall]) {
          expect([rates[0], rates[rates.length - 1]]).toEqual([0, 1]);
          expect(rates).toEqual([...rates].sort((a, b) => a - b));
        }
        for (const share of [...precision, averagePrecision]) expect(share >= 0 && share <= 1 + 1e-12).toBe(true);
        expect(roc.auc).toBe(rocAuc(labels, probabilities, { sampleWeights }).auc[1]);
      }),
      { seed: 1 },
    );
  });

  it('take a sample of weight w as w samples', () => {
    fc.assert(
      fc.property(problem, ({ labels, probabilities, sampleWeights }) => {
        const repeat = <T>(all: readonly T[]) => all.flatMap((each, i) => new Array<T>(sampleWeights[i]).fill(each));
        for (const curve of [rocCurve, precisionRecallCurve]) {
          expect(curve(labels, probabilities, { sampleWeights })).toEqual(curve(repeat(labels), repeat(probabilities)));
        }
      }),
      { seed: 1 },
    );
  });

  it('are NaN where a share is of no samples', () => {
    const [all, none] = [rocCurve([1, 1], rows.slice(2)), rocCurve([0, 0], rows.slice(2))];
    expect([all.falsePositiveRate.at(-1), all.truePositiveRate.at(-1), all.auc]).toEqual([NaN, 1, NaN]);
    expect([none.falsePositiveRate.at(-1), none.truePositiveRate.at(-1), none.auc]).toEqual([1, NaN, NaN]);
    const { precision, recall, averagePrecision } = precisionRecallCurve([0, 0], rows.slice(2));
    expect([precision.at(-1), recall.at(-1), averagePrecision]).toEqual([0, NaN, NaN]);
  });

  it.each<[string, ArrayLike<number>, number[][], object, object]>([
    ['no sample', [], [], {}, { code: 'SHAPE', argument: 'labels', actual: '0' }],
    ['logits', [0], [[2, 1]], {}, { code: 'DOMAIN', argument: 'probabilities[0]', actual: '3' }],
    ['a label past the columns', [2], [[1, 0]], {}, { code: 'DOMAIN', argument: 'labels[0]', actual: '2' }],
    ['an unknown option', [0], [[1, 0]], { k: 3 }, { code: 'DOMAIN', argument: 'options', actual: "'k'" }],
    [
      'a class that is none',
      [0],
      [[1, 0]],
      { positive: 2 },
      { argument: 'positive', expected: 'be one of the classes' },
    ],
    ['no class of three', [0], [[1, 0, 0]], {}, { argument: 'positive', expected: 'be given for 3 classes' }],
  ])('refuse %s', (_, labels, probabilities, options, fields) => {
    for (const curve of [rocCurve, precisionRecallCurve]) {
      expect(() => curve(labels, probabilities, options)).toThrow(
        expect.objectContaining({ where: curve.name, ...fields }),
      );
    }
  });
});
