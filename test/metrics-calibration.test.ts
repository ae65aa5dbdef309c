import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import { brier, expectedCalibrationError, reliabilityBins } from '../src/metrics/calibration.js';
import golden from './golden/metrics-more.golden.json';

const rows = [
  [0.9, 0.1],
  [0.2, 0.8],
];

/** Labels and distributions of 1 to 6 classes, in twelfths, so that ties and edges of bins are common. */
const problem = fc
  .record({ n: fc.integer({ min: 1, max: 30 }), numClasses: fc.integer({ min: 1, max: 6 }) })
  .chain(({ n, numClasses }) => {
    const row = fc
      .array(fc.nat(12), { minLength: numClasses - 1, maxLength: numClasses - 1 })
      .map((cuts) => [0, ...cuts.sort((a, b) => a - b), 12])
      .map((edges) => edges.slice(1).map((edge, k) => (edge - edges[k]) / 12));
    return fc.record({
      numClasses: fc.constant(numClasses),
      labels: fc.array(fc.nat(numClasses - 1), { minLength: n, maxLength: n }),
      probabilities: fc.array(row, { minLength: n, maxLength: n }),
    });
  });

describe(`calibration metrics against ${golden.program}`, () => {
  describe.each(golden.cases)(
    'with $name',
    ({ labels, probabilities, sampleWeights, plain, weighted, calibration }) => {
      it('match the Brier score, with and without weights', () => {
        expect(brier(labels, probabilities)).toBeAllClose(plain.brier, FLOAT64);
        expect(brier(labels, probabilities, { sampleWeights })).toBeAllClose(weighted.brier, FLOAT64);
      });

      it('have twice the scale_by_half Brier score for two classes, and the same for more', () => {
        const factor = probabilities[0].length === 2 ? 2 : 1;
        expect(brier(labels, probabilities)).toBeAllClose(factor * plain.brierScaled, FLOAT64);
      });

      it.each(calibration)(
        'match the reliability and calibration error of $bins bins',
        ({ bins, counts, accuracy, confidence, error }) => {
          const all = reliabilityBins(labels, probabilities, { bins });
          const filled = all.filter(({ count }) => count > 0);
          expect(all.map(({ count }) => count)).toEqual(counts);
          expect(filled.map((bin) => bin.accuracy)).toBeAllClose(accuracy, FLOAT64);
          expect(filled.map((bin) => bin.confidence)).toBeAllClose(confidence, FLOAT64);
          expect(expectedCalibrationError(labels, probabilities, { bins })).toBeAllClose(error, FLOAT64);
        },
      );
    },
  );
});

describe('brier', () => {
  it('is the mean squared distance from the one-hot label, given by index or name', () => {
    expect(brier([0, 1], rows)).toBeCloseTo(0.05, 12);
    expect(brier(['cat', 'dog'], rows, { classes: ['cat', 'dog'] })).toBeCloseTo(0.05, 12);
    expect(brier(['cat', 'dog'], rows, { classes: ['dog', 'cat'] })).toBe(brier([1, 0], rows));
    expect(brier([false, true], rows, { classes: [false, true] })).toBe(brier([0, 1], rows));
  });

  it('is 0 if certain and right, 2 if certain and wrong, and 1 − 1/classes for a uniform row', () => {
    expect(brier([1], [[0, 1, 0]])).toBe(0);
    expect(brier([0], [[0, 1, 0]])).toBe(2);
    expect(brier([2], [[0.25, 0.25, 0.25, 0.25]])).toBe(0.75);
    expect(brier([0], [[1]])).toBe(0);
  });

  it('lies in [0, 2] and ignores class names and the order of samples and columns', () => {
    fc.assert(
      fc.property(problem, ({ labels, probabilities, numClasses }) => {
        const score = brier(labels, probabilities);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(2);
        expect(brier([...labels].reverse(), [...probabilities].reverse())).toBeAllClose(score, FLOAT64);
        const classes = Array.from({ length: numClasses }, (_, k) => `class ${k}`);
        expect(
          brier(
            labels.map((label) => classes[label]),
            probabilities,
            { classes },
          ),
        ).toBe(score);
        const mirrored = probabilities.map((row) => [...row].reverse());
        expect(
          brier(
            labels.map((label) => numClasses - 1 - label),
            mirrored,
          ),
        ).toBeAllClose(score, FLOAT64);
      }),
      { seed: 1 },
    );
  });

  it('is smallest for the true class frequencies', () => {
    const labels = [0, 0, 0, 1, 1, 2];
    const of = (row: number[]) =>
      brier(
        labels,
        labels.map(() => row),
      );
    const least = of([1 / 2, 1 / 3, 1 / 6]);
    expect(of([0.6, 0.25, 0.15])).toBeGreaterThan(least);
    expect(of([0.45, 1 / 3, 0.55 - 1 / 3])).toBeGreaterThan(least);
  });
});

describe('reliabilityBins', () => {
  it('returns the confidence and accuracy of each bin', () => {
    const [low, high] = reliabilityBins([0, 1, 1], [...rows, [0.6, 0.4]], { bins: 2 });
    expect(low).toEqual({ lower: 0, upper: 0.5, count: 0, confidence: Number.NaN, accuracy: Number.NaN });
    expect(high).toMatchObject({ lower: 0.5, upper: 1, count: 3 });
    expect(high.confidence).toBeCloseTo(0.7667, 4);
    expect(high.accuracy).toBeCloseTo(0.6667, 4);
    expect(reliabilityBins([0, 1], rows)).toHaveLength(15);
  });

  it('breaks ties in favour of the lower column', () => {
    const half = [[0.5, 0.5]];
    expect(reliabilityBins([0], half, { bins: 1 })[0].accuracy).toBe(1);
    expect(reliabilityBins([1], half, { bins: 1 })[0].accuracy).toBe(0);
    expect(reliabilityBins(['b'], half, { bins: 1, classes: ['b', 'a'] })[0].accuracy).toBe(1);
  });

  it.each([3, 7, 10, 15, 49, 100])('puts each edge of %p bins in the bin below it', (bins) => {
    for (let m = Math.ceil(bins / 2); m <= bins; m++) {
      const confidence = m / bins;
      const found = reliabilityBins([0], [[confidence, 1 - confidence]], { bins });
      expect(found.findIndex(({ count }) => count === 1)).toBe(m - 1);
    }
  });

  it.each([49, 100, 1000])('puts values just above an edge of %p bins in the bin above it', (bins) => {
    for (let m = Math.ceil(bins / 2); m < bins; m++) {
      const confidence = (m / bins) * (1 + Number.EPSILON);
      const found = reliabilityBins([0], [[confidence, 1 - confidence]], { bins });
      expect(found.findIndex(({ count }) => count === 1)).toBe(confidence > m / bins ? m : m - 1);
    }
  });

  it('puts float32 probabilities slightly above 1 in the last bin', () => {
    expect(reliabilityBins([0], [[1.000001, 0]], { bins: 10 })[9].count).toBe(1);
  });

  it('counts each sample once, in the bin of its confidence', () => {
    fc.assert(
      fc.property(problem, fc.integer({ min: 1, max: 30 }), ({ labels, probabilities }, bins) => {
        const all = reliabilityBins(labels, probabilities, { bins });
        expect(all).toHaveLength(bins);
        expect(all.reduce((total, { count }) => total + count, 0)).toBe(labels.length);
        for (const { lower, upper, count, confidence, accuracy } of all.filter((bin) => bin.count > 0)) {
          expect(confidence).toBeGreaterThan(lower - 1e-12);
          expect(confidence).toBeLessThan(upper + 1e-12);
          expect(Number.isInteger(accuracy * count) || Math.abs((accuracy * count) % 1) > 1 - 1e-9).toBe(true);
        }
      }),
      { seed: 1 },
    );
  });
});

describe('expectedCalibrationError', () => {
  it('is the gap between confidence and accuracy, averaged over samples', () => {
    const probabilities = [...rows, [0.6, 0.4]];
    expect(expectedCalibrationError([0, 1, 1], probabilities)).toBeCloseTo(0.3, 12);
    expect(expectedCalibrationError([0, 1, 1], probabilities, { bins: 1 })).toBeCloseTo(0.1, 12);
    expect(expectedCalibrationError(['a', 'b', 'b'], probabilities, { classes: ['a', 'b'] })).toBeCloseTo(0.3, 12);
  });

  it('is 0 if certain and right, 1 if certain and wrong, and 0 at the class frequencies', () => {
    expect(
      expectedCalibrationError(
        [0, 1],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    ).toBe(0);
    expect(
      expectedCalibrationError(
        [1, 0],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    ).toBe(1);
    expect(
      expectedCalibrationError(
        [0, 0, 0, 1],
        [0, 1, 2, 3].map(() => [0.75, 0.25]),
      ),
    ).toBe(0);
  });

  it('lies in [|accuracy − confidence|, 1] and ignores sample order', () => {
    fc.assert(
      fc.property(problem, fc.integer({ min: 1, max: 30 }), ({ labels, probabilities }, bins) => {
        const error = expectedCalibrationError(labels, probabilities, { bins });
        const [whole] = reliabilityBins(labels, probabilities, { bins: 1 });
        expect(error).toBeLessThan(1 + 1e-12);
        expect(error).toBeGreaterThan(Math.abs(whole.accuracy - whole.confidence) - 1e-12);
        const backwards = [...probabilities].reverse();
        expect(expectedCalibrationError([...labels].reverse(), backwards, { bins })).toBeAllClose(error, FLOAT64);
      }),
      { seed: 1 },
    );
  });

  it.each([0, 1.5, -1, Number.NaN])('rejects %p bins', (bins) => {
    expect(() => expectedCalibrationError([0], [[1]], { bins })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'expectedCalibrationError', argument: 'bins' }),
    );
  });
});

describe.each([
  ['brier', brier],
  ['reliabilityBins', reliabilityBins],
  ['expectedCalibrationError', expectedCalibrationError],
] as const)('%s', (where, metric) => {
  it.each<[string, ArrayLike<number | string>, number[][], object, object]>([
    ['fewer rows than labels', [0, 1, 0], rows, {}, { code: 'SHAPE', argument: 'probabilities', actual: '2' }],
    ['zero samples', [], [], {}, { code: 'SHAPE', argument: 'labels', actual: '0' }],
    ['logits', [0], [[2, 1]], {}, { code: 'DOMAIN', argument: 'probabilities[0]', actual: '3' }],
    [
      'a row that sums to less than 1',
      [0, 0],
      [
        [1, 0],
        [0.5, 0.4],
      ],
      {},
      { code: 'DOMAIN', argument: 'probabilities[1]' },
    ],
    ['a negative probability', [0], [[1.5, -0.5]], {}, { code: 'DOMAIN', argument: 'probabilities[0][1]' }],
    [
      'a NaN probability',
      [0],
      [[Number.NaN, 1]],
      {},
      { code: 'DOMAIN', argument: 'probabilities[0][0]', actual: 'NaN' },
    ],
    ['a label beyond the last column', [2], [[1, 0]], {}, { code: 'DOMAIN', argument: 'labels[0]', actual: '2' }],
    ['a NaN label', [Number.NaN], [[1, 0]], {}, { code: 'DOMAIN', argument: 'labels[0]', actual: 'NaN' }],
    [
      'string labels without classes',
      ['cat'],
      [[1, 0]],
      {},
      { code: 'DOMAIN', argument: 'labels[0]', actual: '"cat"' },
    ],
    ['too few classes', ['a', 'a'], rows, { classes: ['a'] }, { code: 'SHAPE', argument: 'classes', actual: '1' }],
    ['an unknown label', ['x'], [[1]], { classes: ['a'] }, { code: 'DOMAIN', argument: 'labels[0]', actual: '"x"' }],
    ['an unknown option', [0], [[1]], { bin: 3 }, { code: 'DOMAIN', argument: 'options', actual: "'bin'" }],
  ])('rejects %s', (_, labels, probabilities, options, fields) => {
    expect(() => metric(labels, probabilities, options)).toThrow(expect.objectContaining({ where, ...fields }));
  });
});
