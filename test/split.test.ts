import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import type { FeatureArray } from '../src/data/batches.js';
import { loadIris } from '../src/data/iris.js';
import { take, trainTestSplit } from '../src/data/split.js';
import { columnStatistics, standardize } from '../src/data/standardize.js';

function countOf(labels: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

describe('trainTestSplit', () => {
  it('puts each sample in exactly one part, and round(testFraction·count) in the test part', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.nat(),
        (count, testFraction, seed) => {
          const { train, test } = trainTestSplit(count, { testFraction, seed });
          expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
          expect(test).toHaveLength(Math.min(Math.max(Math.round(testFraction * count), 1), count - 1));
        },
      ),
      { seed: 1 },
    );
  });

  it('is determined by its seed', () => {
    expect(trainTestSplit(50, { seed: 4 })).toEqual(trainTestSplit(50, { seed: 4 }));
    expect(trainTestSplit(50, { seed: 5 })).not.toEqual(trainTestSplit(50, { seed: 4 }));
    expect(trainTestSplit(50)).toEqual(trainTestSplit(50, { testFraction: 0.25, seed: 0 }));
  });

  it('returns both parts in random order', () => {
    const { train, test } = trainTestSplit(100);
    for (const part of [train, test]) expect(part).not.toEqual(part.slice().sort());
  });

  it('splits each species of Iris equally if stratified', () => {
    const { features, labels } = loadIris();
    const { train, test } = trainTestSplit(150, { testFraction: 0.2, stratify: labels });
    expect(take(features, train)).toHaveLength(120);
    expect(countOf(take(labels, train))).toEqual({ setosa: 40, versicolor: 40, virginica: 40 });
    expect(countOf(take(labels, test))).toEqual({ setosa: 10, versicolor: 10, virginica: 10 });
  });

  it('is within one sample of the proportion of each class, and splits the total exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 30 }), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (sizes, testFraction) => {
          const labels = sizes.flatMap((size, k) => Array.from({ length: size }, () => `${k}`));
          const { train, test } = trainTestSplit(labels.length, { testFraction, stratify: labels });
          expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
          const tested = countOf(take(labels, test));
          sizes.forEach((size, k) => {
            const share = (size * test.length) / labels.length;
            expect(Math.abs((tested[k] ?? 0) - share)).toBeLessThan(1);
          });
        },
      ),
      { seed: 1 },
    );
  });

  it.each<[string, () => unknown, object]>([
    ['one sample', () => trainTestSplit(1), { code: 'DOMAIN', argument: 'count', actual: '1' }],
    ['a fractional number of samples', () => trainTestSplit(2.5), { code: 'DOMAIN', argument: 'count' }],
    [
      'a test fraction of 0',
      () => trainTestSplit(9, { testFraction: 0 }),
      { code: 'DOMAIN', argument: 'testFraction' },
    ],
    [
      'a test fraction of 1',
      () => trainTestSplit(9, { testFraction: 1 }),
      { code: 'DOMAIN', argument: 'testFraction' },
    ],
    ['a NaN test fraction', () => trainTestSplit(9, { testFraction: Number.NaN }), { code: 'DOMAIN', actual: 'NaN' }],
    [
      'too few labels',
      () => trainTestSplit(3, { stratify: ['a', 'a'] }),
      { code: 'SHAPE', argument: 'stratify', actual: '2' },
    ],
    [
      'a class of one sample',
      () => trainTestSplit(3, { stratify: ['a', 'a', 'b'] }),
      { code: 'DOMAIN', argument: 'stratify', actual: '1 of "b"' },
    ],
    [
      'a misspelt option',
      () => trainTestSplit(9, { testSize: 3 } as object),
      { code: 'DOMAIN', argument: 'options', actual: "'testSize'" },
    ],
  ])('rejects %s', (_, call, fields) => {
    expect(call).toThrow(expect.objectContaining({ where: 'trainTestSplit', ...fields }));
  });
});

describe('take', () => {
  it('returns samples in the form of the input', () => {
    expect(take(['a', 'b', 'c'], Int32Array.of(2, 0))).toEqual(['c', 'a']);
    const labels = take(Int32Array.of(7, 8, 9), [2, 0]);
    expect(labels[Symbol.toStringTag]).toBe('Int32Array');
    expect(Array.from(labels)).toEqual([9, 7]);
    const images: FeatureArray<Uint8Array> = { values: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2], scale: 255 };
    const taken = take(images, [2, 0]);
    expect(taken).toMatchObject({ shape: [2, 2], scale: 255 });
    expect(Array.from(taken.values)).toEqual([5, 6, 1, 2]);
  });

  it.each([-1, 3, 0.5, Number.NaN])('rejects the index %p for three samples', (index) => {
    for (const samples of [['a', 'b', 'c'], { values: new Float32Array(3), shape: [3, 1] }] as const) {
      expect(() => take(samples as FeatureArray, [0, index])).toThrow(
        expect.objectContaining({
          code: 'DOMAIN',
          where: 'take',
          argument: 'indices[1]',
          expected: 'be an integer in [0, 3)',
        }),
      );
    }
  });
});

describe('standardize', () => {
  it('agrees with scikit-learn on Iris', () => {
    // scikit-learn 1.9.1: s = StandardScaler().fit(load_iris().data); s.mean_; s.scale_
    const { mean, scale } = columnStatistics(loadIris().features);
    expect(mean).toBeAllClose([5.843333333333335, 3.057333333333334, 3.7580000000000027, 1.199333333333334], FLOAT64);
    expect(scale).toBeAllClose(
      [0.8253012917851409, 0.43441096773549437, 1.7594040657753032, 0.7596926279021594],
      FLOAT64,
    );
  });

  it('scales each column to mean 0 and deviation 1, in float32', () => {
    const { features } = loadIris();
    const standardized = standardize(features, columnStatistics(features));
    expect(standardized.values[Symbol.toStringTag]).toBe('Float32Array');
    expect(standardized.shape).toEqual([150, 4]);
    const { mean, scale } = columnStatistics(standardized);
    expect(mean).toBeAllClose([0, 0, 0, 0]);
    expect(scale).toBeAllClose([1, 1, 1, 1]);
  });

  it('matches the docstring examples', () => {
    const { mean, scale } = columnStatistics([
      [1, 5],
      [3, 5],
    ]);
    expect([...mean, ...scale]).toEqual([2, 5, 1, 1]);
    const rows = [
      [1, 5],
      [3, 7],
    ];
    expect(Array.from(standardize(rows, { mean: [2, 5], scale: [1, 4] }).values)).toEqual([-1, 0, 1, 0.5]);
  });

  it('detects a constant column despite a rounded mean', () => {
    const rows = Array.from({ length: 10 }, () => [0.1]);
    expect(columnStatistics(rows).scale[0]).toBe(1);
    expect(Array.from(standardize(rows, columnStatistics(rows)).values)).toEqual(new Array(10).fill(0));
  });

  it('is accurate for small differences of large numbers', () => {
    const { mean, scale } = columnStatistics([[1e9], [1e9 + 1], [1e9 + 2]]);
    expect(mean[0]).toBe(1e9 + 1);
    expect(scale[0]).toBeCloseTo(Math.sqrt(2 / 3), 12);
  });

  it('applies the scale of bytes', () => {
    const images: FeatureArray = { values: Uint8Array.of(0, 255, 51, 204), shape: [4, 1], scale: 255 };
    const { mean, scale } = columnStatistics(images);
    expect(mean).toBeAllClose([0.5], FLOAT64);
    expect(scale).toBeAllClose([Math.sqrt((0.25 + 0.25 + 0.09 + 0.09) / 4)], FLOAT64);
    expect(standardize(images, { mean: [0.5], scale: [0.5] }).values).toBeAllClose([-1, 1, -0.6, 0.6]);
  });

  it.each<[string, () => unknown, object]>([
    ['zero samples', () => columnStatistics([]), { code: 'SHAPE', where: 'columnStatistics', argument: 'features' }],
    ['a NaN feature', () => columnStatistics([[Number.NaN]]), { code: 'DOMAIN', argument: 'features[0][0]' }],
    ['too few means', () => standardize([[1, 2]], { mean: [1], scale: [1, 1] }), { code: 'SHAPE', argument: 'mean' }],
    ['too many scales', () => standardize([[1]], { mean: [1], scale: [1, 1] }), { code: 'SHAPE', argument: 'scale' }],
    ['a scale of 0', () => standardize([[1]], { mean: [1], scale: [0] }), { code: 'DOMAIN', argument: 'scale[0]' }],
    [
      'a NaN mean',
      () => standardize([[1]], { mean: [Number.NaN], scale: [1] }),
      { code: 'DOMAIN', argument: 'mean[0]' },
    ],
  ])('rejects %s', (_, call, fields) => {
    expect(call).toThrow(expect.objectContaining(fields));
  });
});
