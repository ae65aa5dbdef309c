import fc from 'fast-check';
import { sortedClasses } from '../src/core/labels.js';
import { FLOAT64 } from '../src/core/tolerance.js';
import { accuracy, confusionMatrix, logLoss, precisionRecallFscore } from '../src/metrics/classification.js';
import { topKAccuracy } from '../src/metrics/ranking.js';
import golden from './golden/metrics.golden.json';

const cats = ['cat', 'dog', 'dog'];
const guesses = ['cat', 'dog', 'cat'];

const labelled = fc.integer({ min: 1, max: 40 }).chain((n) =>
  fc.record({
    labels: fc.array(fc.nat(4), { minLength: n, maxLength: n }),
    predictions: fc.array(fc.nat(4), { minLength: n, maxLength: n }),
  }),
);

const scored = fc
  .record({ n: fc.integer({ min: 1, max: 20 }), classes: fc.integer({ min: 1, max: 6 }) })
  .chain((size) =>
    fc.record({
      classes: fc.constant(size.classes),
      labels: fc.array(fc.nat(size.classes - 1), { minLength: size.n, maxLength: size.n }),
      scores: fc.array(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: size.classes, maxLength: size.classes }),
        { minLength: size.n, maxLength: size.n },
      ),
    }),
  );

describe(`metrics against ${golden.program}`, () => {
  describe.each(golden.cases)('with $name', (expected) => {
    const { labels, predictions } = expected;
    const classes = expected.perClass.support.map((_, k) => k);

    it('agree on accuracy, confusion and log loss', () => {
      expect(accuracy(labels, predictions)).toBeAllClose(expected.accuracy, FLOAT64);
      expect(confusionMatrix(labels, predictions, classes).counts).toEqual(expected.confusion);
      expect(logLoss(labels, expected.probabilities)).toBeAllClose(expected.logLoss, FLOAT64);
    });

    it('agree on precision, recall and fscore of each class', () => {
      const { precision, recall, fscore, support } = precisionRecallFscore(labels, predictions, { classes });
      expect(precision).toBeAllClose(expected.perClass.precision, FLOAT64);
      expect(recall).toBeAllClose(expected.perClass.recall, FLOAT64);
      expect(fscore).toBeAllClose(expected.perClass.fscore, FLOAT64);
      expect(support).toEqual(expected.perClass.support);
    });

    it.each(['macro', 'micro', 'weighted'] as const)('agree on the %s averages', (average) => {
      const scores = precisionRecallFscore(labels, predictions, { average, classes });
      expect(Object.values(scores)).toBeAllClose(Object.values(expected[average]), FLOAT64);
      expect(Object.keys(scores)).toEqual(['precision', 'recall', 'fscore']);
    });

    it('agree on top-k accuracy for every k', () => {
      for (const [k, share] of Object.entries(expected.topK)) {
        expect(topKAccuracy(labels, expected.logits, Number(k))).toBeAllClose(share, FLOAT64);
      }
    });
  });
});

describe('accuracy', () => {
  it('is the fraction of correct predictions, for strings, numbers and booleans', () => {
    expect(accuracy(cats, guesses)).toBeCloseTo(0.6667, 4);
    expect(accuracy(Int32Array.of(1, 2), [1, 3])).toBe(0.5);
    expect(accuracy([true, false], [true, false])).toBe(1);
  });

  it('rejects labels and predictions of different types, at compile time and run time', () => {
    // @ts-expect-error numbers are not strings
    expect(() => accuracy(['1', '2'], [1, 2])).toThrow(
      expect.objectContaining({ code: 'DOMAIN', where: 'accuracy', argument: 'predictions[0]', actual: '1' }),
    );
  });

  it.each<[string, ArrayLike<number>, ArrayLike<number>, object]>([
    ['too few predictions', [1, 2], [1], { code: 'SHAPE', argument: 'predictions', actual: '1' }],
    ['too many predictions', [1], [1, 2], { code: 'SHAPE', argument: 'predictions', actual: '2' }],
    ['zero samples', [], [], { code: 'SHAPE', argument: 'labels', actual: '0' }],
    ['a NaN prediction', [1, 2], [1, Number.NaN], { code: 'DOMAIN', argument: 'predictions[1]', actual: 'NaN' }],
    ['a NaN label', [Number.NaN], [1], { code: 'DOMAIN', argument: 'labels[0]', actual: 'NaN' }],
  ])('rejects %s', (_, labels, predictions, fields) => {
    expect(() => accuracy(labels, predictions)).toThrow(expect.objectContaining({ where: 'accuracy', ...fields }));
  });
});

describe('sortedClasses', () => {
  it('orders numbers by value, strings by code unit, and false before true', () => {
    expect(sortedClasses([10, 9, 10, -1])).toEqual([-1, 9, 10]);
    expect(sortedClasses(['dog', 'cat', 'dog'])).toEqual(['cat', 'dog']);
    expect(sortedClasses(['é', 'z', 'Z'])).toEqual(['Z', 'z', 'é']);
    expect(sortedClasses([true, false])).toEqual([false, true]);
    expect(sortedClasses([])).toEqual([]);
  });
});

describe('confusionMatrix', () => {
  it('has the truth in rows and the predictions in columns, in the order of classes', () => {
    expect(confusionMatrix(cats, guesses)).toEqual({
      classes: ['cat', 'dog'],
      counts: [
        [1, 0],
        [1, 1],
      ],
    });
    expect(confusionMatrix(cats, guesses, ['dog', 'cow', 'cat']).counts).toEqual([
      [1, 0, 1],
      [0, 0, 0],
      [0, 0, 1],
    ]);
  });

  it('counts each sample once, correct ones on the diagonal, and is transposed if labels and predictions are swapped', () => {
    fc.assert(
      fc.property(labelled, ({ labels, predictions }) => {
        const { counts } = confusionMatrix(labels, predictions);
        expect(counts.flat().reduce((total, count) => total + count)).toBe(labels.length);
        const diagonal = counts.reduce((total, row, k) => total + row[k], 0);
        expect(diagonal / labels.length).toBe(accuracy(labels, predictions));
        const swapped = confusionMatrix(predictions, labels).counts;
        expect(swapped).toEqual(counts.map((_, k) => counts.map((row) => row[k])));
      }),
      { seed: 1 },
    );
  });

  it('rejects labels and predictions outside classes', () => {
    expect(() => confusionMatrix(cats, guesses, ['cat', 'cow'])).toThrow(
      expect.objectContaining({
        code: 'DOMAIN',
        argument: 'labels[1]',
        expected: 'be one of the classes "cat", "cow"',
        actual: '"dog"',
      }),
    );
    expect(() => confusionMatrix(['cat'], ['dog'], ['cat'])).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'predictions[0]' }),
    );
  });

  it('rejects duplicate classes', () => {
    expect(() => confusionMatrix(cats, guesses, ['cat', 'dog', 'cat'])).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'classes', actual: '"cat" twice' }),
    );
  });
});

describe('precisionRecallFscore', () => {
  it('returns one score per class, or their average', () => {
    expect(precisionRecallFscore(cats, guesses)).toEqual({
      classes: ['cat', 'dog'],
      precision: [0.5, 1],
      recall: [1, 0.5],
      fscore: [2 / 3, 2 / 3],
      support: [1, 2],
    });
    expect(precisionRecallFscore(cats, guesses, { average: 'macro' }).fscore).toBeCloseTo(0.6667, 4);
  });

  it('is 0, not NaN, for a class that is never predicted or never occurs', () => {
    const { precision, recall, fscore } = precisionRecallFscore(['a', 'b'], ['a', 'c'], {
      classes: ['b', 'c', 'd', 'a'],
    });
    expect(precision).toEqual([0, 0, 0, 1]);
    expect(recall).toEqual([0, 0, 0, 1]);
    expect(fscore).toEqual([0, 0, 0, 1]);
  });

  it('has micro averages equal to the accuracy', () => {
    fc.assert(
      fc.property(labelled, ({ labels, predictions }) => {
        const share = accuracy(labels, predictions);
        const micro = precisionRecallFscore(labels, predictions, { average: 'micro' });
        expect(Object.values(micro)).toBeAllClose([share, share, share], FLOAT64);
      }),
      { seed: 1 },
    );
  });

  it('rejects unknown averages and options', () => {
    expect(() => precisionRecallFscore(cats, guesses, { average: 'samples' as 'macro' })).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'average', actual: '"samples"' }),
    );
    expect(() => precisionRecallFscore(cats, guesses, { averge: 'macro' } as object)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'options', actual: "'averge'" }),
    );
  });
});

describe('logLoss', () => {
  const rows = [
    [0.9, 0.1],
    [0.2, 0.8],
  ];

  it('is the mean negative log-probability of the true class, by index or by name', () => {
    expect(logLoss([0, 1], rows)).toBeCloseTo(0.1643, 4);
    expect(logLoss(['cat', 'dog'], rows, ['cat', 'dog'])).toBe(logLoss([0, 1], rows));
    expect(logLoss(['cat', 'dog'], rows, ['dog', 'cat'])).toBe(logLoss([1, 0], rows));
    expect(logLoss([7, 5], rows, [5, 7])).toBe(logLoss([1, 0], rows));
  });

  it('is 0 if certain and right, and infinite if certain and wrong', () => {
    expect(logLoss([0], [[1, 0]])).toBe(0);
    expect(logLoss([1], [[1, 0]])).toBe(Number.POSITIVE_INFINITY);
  });

  it('accepts float32 rows that sum to 1 only within rounding', () => {
    const row = Float32Array.from([1 / 3, 1 / 3, 1 / 3]);
    expect(logLoss([2], [row])).toBeAllClose(Math.log(3));
  });

  it.each<[string, ArrayLike<number | string>, number[][], string[] | undefined, object]>([
    ['fewer rows than labels', [0, 1, 0], rows, undefined, { code: 'SHAPE', argument: 'probabilities', actual: '2' }],
    ['rows of different lengths', [0, 1], [[1], [0.5, 0.5]], undefined, { code: 'SHAPE', argument: 'probabilities' }],
    ['zero samples', [], [], undefined, { code: 'SHAPE', argument: 'labels' }],
    ['logits', [0], [[2, 1]], undefined, { code: 'DOMAIN', argument: 'probabilities[0]', actual: '3' }],
    ['a negative probability', [0], [[1.5, -0.5]], undefined, { code: 'DOMAIN', argument: 'probabilities[0][1]' }],
    [
      'a NaN probability',
      [0],
      [[Number.NaN, 1]],
      undefined,
      { code: 'DOMAIN', argument: 'probabilities[0][0]', actual: 'NaN' },
    ],
    [
      'a label beyond the last column',
      [2],
      [[1, 0]],
      undefined,
      { code: 'DOMAIN', argument: 'labels[0]', actual: '2' },
    ],
    [
      'string labels without classes',
      ['cat'],
      [[1, 0]],
      undefined,
      { code: 'DOMAIN', argument: 'labels[0]', actual: '"cat"' },
    ],
    ['too few classes', ['a', 'b'], rows, ['a'], { code: 'SHAPE', argument: 'classes', actual: '1' }],
    ['an unknown label', ['a', 'x'], rows, ['a', 'b'], { code: 'DOMAIN', argument: 'labels[1]', actual: '"x"' }],
  ])('rejects %s', (_, labels, probabilities, classes, fields) => {
    expect(() => logLoss(labels, probabilities, classes)).toThrow(
      expect.objectContaining({ where: 'logLoss', ...fields }),
    );
  });
});

describe('topKAccuracy', () => {
  it('counts labels among the k highest scores', () => {
    const scores = [0, 1, 2].map(() => [3, 2, 1]);
    expect(topKAccuracy([0, 1, 2], scores, 2)).toBeCloseTo(0.6667, 4);
    expect(topKAccuracy(['a', 'b', 'c'], scores, 1, ['c', 'b', 'a'])).toBeCloseTo(0.3333, 4);
  });

  it('equals the accuracy for k = 1, never falls as k grows, and is 1 for k = classes', () => {
    fc.assert(
      fc.property(scored, ({ labels, scores, classes }) => {
        const predictions = scores.map((row) => row.indexOf(Math.max(...row)));
        expect(topKAccuracy(labels, scores, 1)).toBe(accuracy(labels, predictions));
        const byK = Array.from({ length: classes }, (_, k) => topKAccuracy(labels, scores, k + 1));
        expect([...byK].sort((a, b) => a - b)).toEqual(byK);
        expect(byK.at(-1)).toBe(1);
      }),
      { seed: 1 },
    );
  });

  it('ranks infinite scores', () => {
    expect(topKAccuracy([0], [[Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]], 2)).toBe(0);
    expect(topKAccuracy([2], [[Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]], 1)).toBe(1);
  });

  it.each([0, 4, 1.5, Number.NaN])('rejects k = %p for three classes', (k) => {
    expect(() => topKAccuracy([0], [[3, 2, 1]], k)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'k', expected: 'be an integer in [1, 3]' }),
    );
  });

  it('rejects NaN scores', () => {
    expect(() => topKAccuracy([0], [[3, Number.NaN]], 1)).toThrow(
      expect.objectContaining({ code: 'DOMAIN', argument: 'scores[0][1]', actual: 'NaN' }),
    );
  });
});
