import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import * as metrics from '../src/metrics.js';
import golden from './golden/metrics-more.golden.json';

const { accuracy, brier, cohenKappa, confusionMatrix, logLoss, matthews } = metrics;
const { expectedCalibrationError, precisionRecallFscore, reliabilityBins, rocAuc, topKAccuracy } = metrics;

const rows = [
  [0.9, 0.1],
  [0.2, 0.8],
];

describe(`metrics with sample weights against ${golden.program}`, () => {
  describe.each(golden.cases)(
    'with $name',
    ({ labels, predictions, probabilities, sampleWeights, plain, weighted }) => {
      const classes = probabilities[0].map((_, k) => k);

      it.each([
        ['no weights', {}, plain],
        ['weights', { sampleWeights }, weighted],
      ])('agree on accuracy, confusion matrix and log loss, with %s', (_, options, expected) => {
        expect(accuracy(labels, predictions, options)).toBeAllClose(expected.accuracy, FLOAT64);
        expect(confusionMatrix(labels, predictions, { ...options, classes }).counts).toEqual(expected.confusion);
        expect(logLoss(labels, probabilities, options)).toBeAllClose(expected.logLoss, FLOAT64);
      });

      it.each([
        ['no weights', {}, plain],
        ['weights', { sampleWeights }, weighted],
      ])('agree on precision, recall and F-score, per class and averaged, with %s', (_, options, { scores }) => {
        const perClass = precisionRecallFscore(labels, predictions, { ...options, classes });
        expect(perClass.precision).toBeAllClose(scores.perClass.precision, FLOAT64);
        expect(perClass.recall).toBeAllClose(scores.perClass.recall, FLOAT64);
        expect(perClass.fscore).toBeAllClose(scores.perClass.fscore, FLOAT64);
        expect(perClass.support).toEqual(scores.perClass.support);
        for (const average of ['macro', 'micro', 'weighted'] as const) {
          const { precision, recall, fscore } = scores[average];
          const actual = precisionRecallFscore(labels, predictions, { ...options, average, classes });
          expect(Object.values(actual)).toBeAllClose([precision, recall, fscore], FLOAT64);
        }
      });
    },
  );

  // scikit-learn breaks ties the other way.
  it.each(golden.cases.filter(({ name }) => !name.includes('ties')))(
    'agree on top-k accuracy with $name',
    ({ labels, probabilities, sampleWeights, weighted }) => {
      for (const [k, share] of Object.entries(weighted.topK)) {
        expect(topKAccuracy(labels, probabilities, Number(k), { sampleWeights })).toBeAllClose(share, FLOAT64);
      }
    },
  );
});

/** Every metric that takes sample weights, reduced to numbers. */
const METRICS: Record<string, (labels: number[], probabilities: number[][], sampleWeights?: number[]) => unknown> = {
  accuracy: (y, p, sampleWeights) => accuracy(y, top(p), { sampleWeights }),
  precisionRecallFscore: (y, p, sampleWeights) => {
    const scores = precisionRecallFscore(y, top(p), { average: 'weighted', sampleWeights });
    return Object.values(scores);
  },
  logLoss: (y, p, sampleWeights) => logLoss(y, p, { sampleWeights }),
  topKAccuracy: (y, p, sampleWeights) => topKAccuracy(y, p, 2, { sampleWeights }),
  brier: (y, p, sampleWeights) => brier(y, p, { sampleWeights }),
  expectedCalibrationError: (y, p, sampleWeights) => expectedCalibrationError(y, p, { bins: 4, sampleWeights }),
  reliabilityBins: (y, p, sampleWeights) => {
    const bins = reliabilityBins(y, p, { bins: 4, sampleWeights });
    // Counts are sums of weights, so their shares are compared.
    const total = bins.reduce((sum, { count }) => sum + count, 0);
    return bins.flatMap(({ count, accuracy, confidence }) =>
      count === 0 ? [] : [count / total, accuracy, confidence],
    );
  },
  rocAuc: (y, p, sampleWeights) => rocAuc(y, p, { average: 'micro', sampleWeights }),
  matthews: (y, p, sampleWeights) => matthews(y, top(p), { sampleWeights }),
  cohenKappa: (y, p, sampleWeights) => cohenKappa(y, top(p), { weights: 'linear', classes: [0, 1, 2], sampleWeights }),
};

function top(probabilities: number[][]): number[] {
  return probabilities.map((row) => row.indexOf(Math.max(...row)));
}

const problem = fc.integer({ min: 1, max: 15 }).chain((n) =>
  fc.record({
    labels: fc.array(fc.nat(2), { minLength: n, maxLength: n }),
    probabilities: fc.array(
      fc.constantFrom<number[]>([0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.125, 0.125, 0.75], [0.25, 0.25, 0.5]),
      { minLength: n, maxLength: n },
    ),
    sampleWeights: fc.array(fc.nat(3), { minLength: n, maxLength: n }).filter((all) => all.some((each) => each > 0)),
  }),
);

describe.each(Object.entries(METRICS))('%s with sample weights', (where, metric) => {
  it('counts a sample of weight w as w samples, and ignores a common factor', () => {
    fc.assert(
      fc.property(problem, ({ labels, probabilities, sampleWeights }) => {
        const repeat = <T>(all: readonly T[]) => all.flatMap((each, i) => new Array<T>(sampleWeights[i]).fill(each));
        const score = metric(labels, probabilities, sampleWeights);
        expect(score).toBeAllClose(metric(repeat(labels), repeat(probabilities)), FLOAT64);
        const scaled = sampleWeights.map((weight) => weight * 0.25);
        expect(metric(labels, probabilities, scaled)).toBeAllClose(score, FLOAT64);
        const ones = labels.map(() => 1);
        expect(metric(labels, probabilities, ones)).toEqual(metric(labels, probabilities));
      }),
      { seed: 1 },
    );
  });

  const [labels, probabilities] = [
    [0, 1],
    [
      [0.5, 0.25, 0.25],
      [0.25, 0.5, 0.25],
    ],
  ];
  it.each<[string, number[], object]>([
    ['too few weights', [1], { code: 'SHAPE', argument: 'sampleWeights', actual: '1' }],
    ['negative weights', [1, -1], { code: 'DOMAIN', argument: 'sampleWeights[1]', actual: '-1' }],
    ['NaN weights', [Number.NaN, 1], { code: 'DOMAIN', argument: 'sampleWeights[0]', actual: 'NaN' }],
    ['infinite weights', [1, Number.POSITIVE_INFINITY], { code: 'DOMAIN', argument: 'sampleWeights[1]' }],
    ['weights of 0 only', [0, 0], { code: 'DOMAIN', argument: 'sampleWeights', actual: '0' }],
    ['weights whose sum overflows', [1e308, 1e308], { code: 'DOMAIN', argument: 'sampleWeights', actual: 'Infinity' }],
  ])('rejects %s', (_, sampleWeights, fields) => {
    expect(() => metric(labels, probabilities, sampleWeights)).toThrow(expect.objectContaining({ where, ...fields }));
  });
});

describe('a sample of weight 0', () => {
  it('does not make the log loss infinite or NaN, but is still validated', () => {
    expect(
      logLoss(
        [0, 1],
        [
          [1, 0],
          [1, 0],
        ],
        { sampleWeights: [1, 0] },
      ),
    ).toBe(0);
    expect(() =>
      logLoss(
        [0, 1],
        [
          [1, 0],
          [2, 0],
        ],
        { sampleWeights: [1, 0] },
      ),
    ).toThrow(expect.objectContaining({ code: 'DOMAIN', argument: 'probabilities[1]' }));
    expect(() => accuracy([0, Number.NaN], [0, 0], { sampleWeights: [1, 0] })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'labels[1]' }),
    );
  });
});

describe('metric options', () => {
  it('can be just the classes in logLoss, confusionMatrix and topKAccuracy', () => {
    const classes = ['dog', 'cat'];
    const labels = ['cat', 'dog'];
    expect(logLoss(labels, rows, { classes })).toBe(logLoss(labels, rows, classes));
    expect(confusionMatrix(labels, labels, { classes })).toEqual(confusionMatrix(labels, labels, classes));
    expect(topKAccuracy(labels, rows, 1, { classes })).toBe(topKAccuracy(labels, rows, 1, classes));
  });

  it.each<[string, (options: object) => unknown]>([
    ['accuracy', (options) => accuracy([0], [0], options)],
    ['confusionMatrix', (options) => confusionMatrix([0], [0], options)],
    ['logLoss', (options) => logLoss([0], [[1]], options)],
    ['topKAccuracy', (options) => topKAccuracy([0], [[1]], 1, options)],
  ])('of %s are rejected if unknown', (where, call) => {
    expect(() => call({ sampleWeight: [1] })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where, argument: 'options', actual: "'sampleWeight'" }),
    );
  });
});
