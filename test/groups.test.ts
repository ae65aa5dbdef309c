// Splits and folds that keep groups together, or follow each other in time.
import fc from 'fast-check';
import {
  crossValidate,
  lambdaPath,
  loadIris,
  readSamples,
  SoftmaxRegression,
  stratifiedFolds,
  take,
  trainTestSplit,
} from 'softmax-regression';
import { foldsByTime } from '../src/data/groups.js';
import { useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';

/** Samples by the number of those of each class in each group. */
function samplesOf(counts: readonly (readonly number[])[]) {
  const cells = counts.flatMap((row, group) =>
    row.flatMap((n, label) => Array.from({ length: n }, () => ({ group, label }))),
  );
  return { labels: cells.map(({ label }) => label), groups: cells.map(({ group }) => group) };
}

/** Groups in which each class occurs at least twice. */
const problem = fc
  .record({ groups: fc.integer({ min: 4, max: 12 }), classes: fc.integer({ min: 1, max: 3 }) })
  .chain(({ groups, classes }) => {
    const row = fc.array(fc.nat(6), { minLength: classes, maxLength: classes });
    return fc.array(row, { minLength: groups, maxLength: groups });
  })
  .map((counts) => counts.map((row, i) => row.map((n, k) => (i % 2 === 0 || k > 0 ? n + 1 : n))))
  .map((counts) => counts.filter((row) => row.some((n) => n > 0)));

const sorted = (indices: Iterable<number>) => [...indices].sort((a, b) => a - b);
const groupsIn = (part: Int32Array, groups: readonly number[]) => new Set(Array.from(part, (i) => groups[i]));

describe('stratifiedFolds with groups', () => {
  // scikit-learn 1.9.1: StratifiedGroupKFold(k).split(y, y, g), the fold of each group. No two groups have the same
  // variance of class counts, so the order of ties does not matter.
  it.each([
    {
      k: 3,
      counts: [
        [4, 4],
        [6, 8],
        [0, 1],
        [7, 3],
        [2, 7],
        [7, 4],
        [8, 1],
        [0, 6],
      ],
      folds: [1, 0, 1, 1, 2, 2, 0, 1],
    },
    {
      k: 4,
      counts: [
        [7, 2, 0],
        [2, 3, 7],
        [4, 0, 3],
        [5, 7, 6],
        [8, 1, 7],
        [0, 5, 2],
        [6, 3, 6],
        [1, 5, 8],
        [8, 2, 8],
        [8, 2, 4],
        [5, 6, 6],
        [0, 4, 0],
      ],
      folds: [1, 1, 3, 0, 0, 0, 1, 2, 3, 2, 2, 3],
    },
    {
      k: 5,
      counts: [
        [6, 7, 0, 7],
        [4, 4, 5, 2],
        [8, 0, 2, 3],
        [5, 3, 1, 0],
        [0, 0, 1, 8],
        [1, 5, 6, 2],
        [2, 3, 2, 8],
        [1, 8, 7, 7],
        [1, 3, 5, 4],
        [5, 6, 5, 0],
        [3, 7, 1, 0],
        [3, 6, 1, 7],
        [3, 2, 4, 8],
        [7, 7, 2, 0],
        [0, 4, 3, 3],
      ],
      folds: [3, 0, 2, 4, 0, 2, 1, 4, 3, 3, 0, 2, 0, 1, 1],
    },
  ])('are those of StratifiedGroupKFold: $k folds', ({ k, counts, folds }) => {
    const { labels, groups } = samplesOf(counts);
    for (const seed of [0, 1]) {
      const parts = stratifiedFolds(labels, { folds: k, groups, seed });
      const found = counts.map((_, group) => parts.findIndex((part) => groupsIn(part, groups).has(group)));
      expect(found).toEqual(folds);
    }
  });

  it('have each sample once, each group in one fold, and leave each class to train on', () => {
    fc.assert(
      fc.property(problem, fc.integer({ min: 2, max: 3 }), fc.nat(5), (counts, folds, seed) => {
        const { labels, groups } = samplesOf(counts);
        fc.pre(new Set(groups).size >= folds);
        const parts = stratifiedFolds(labels, { folds, groups, seed });
        expect(sorted(parts.flatMap((part) => [...part]))).toEqual([...labels.keys()]);
        expect(parts.reduce((sum, part) => sum + groupsIn(part, groups).size, 0)).toBe(new Set(groups).size);
        for (const part of parts) {
          expect([...part]).toEqual(sorted(part));
          expect(part.length).toBeGreaterThan(0);
          const held = new Set(part);
          expect(new Set(labels.filter((_, i) => !held.has(i)))).toEqual(new Set(labels));
        }
        expect(stratifiedFolds(labels, { folds, groups, seed })).toEqual(parts);
      }),
      PROPERTY,
    );
  });

  it('draw the order of like groups by the seed', () => {
    const { labels, groups } = samplesOf(Array.from({ length: 12 }, () => [2, 3]));
    const parts = (seed: number) => stratifiedFolds(labels, { folds: 3, groups, seed });
    expect(parts(1)).not.toEqual(parts(2));
    expect(parts(1).map(({ length }) => length)).toEqual([20, 20, 20]);
  });
});

describe('trainTestSplit with groups', () => {
  it('keeps groups together, in two parts that are not empty, of which the first has each class', () => {
    fc.assert(
      fc.property(problem, fc.double({ min: 0.05, max: 0.6, noNaN: true }), fc.nat(5), (counts, testFraction, seed) => {
        const { labels, groups } = samplesOf(counts);
        const { train, test } = trainTestSplit(labels.length, { testFraction, groups, stratify: labels, seed });
        expect(sorted([...train, ...test])).toEqual([...labels.keys()]);
        expect(test.length).toBeGreaterThan(0);
        const [trained, tested] = [groupsIn(train, groups), groupsIn(test, groups)];
        expect([...trained].filter((group) => tested.has(group))).toEqual([]);
        expect(new Set(Array.from(train, (i) => labels[i]))).toEqual(new Set(labels));
      }),
      PROPERTY,
    );
  });

  it('holds back the share of each class where the groups allow it, others with another seed', () => {
    const { labels, groups } = samplesOf(Array.from({ length: 20 }, () => [3, 1]));
    const held = (seed: number) => trainTestSplit(80, { testFraction: 0.25, groups, stratify: labels, seed }).test;
    for (const seed of [0, 1, 2]) {
      expect(groupsIn(held(seed), groups).size).toBe(5);
      expect(Array.from(held(seed), (i) => labels[i]).filter((label) => label === 1)).toHaveLength(5);
    }
    expect(groupsIn(held(0), groups)).not.toEqual(groupsIn(held(1), groups));
  });

  it('leaves each class to train on where its share alone would hold all of it back', () => {
    const { labels, groups } = samplesOf(Array.from({ length: 10 }, (_, group) => [1, group < 2 ? 4 : 0]));
    for (const seed of [0, 1, 2, 3, 4]) {
      const { train } = trainTestSplit(18, { testFraction: 0.9, groups, stratify: labels, seed });
      expect(new Set(take(labels, train))).toEqual(new Set([0, 1]));
    }
  });

  it('does not prefer small groups for the test', () => {
    const groups = samplesOf([[9], ...Array.from({ length: 12 }, () => [3])]).groups;
    const isTested = (seed: number) =>
      groupsIn(trainTestSplit(45, { testFraction: 0.3, groups, seed }).test, groups).has(0);
    const times = Array.from({ length: 200 }, (_, seed) => isTested(seed)).filter(Boolean).length;
    expect(times).toBeGreaterThan(20);
  });
});

describe('times', () => {
  it('hold back the latest samples, all of one time', () => {
    const { train, test } = trainTestSplit(10, { testFraction: 0.3, times: [5, 1, 2, 9, 3, 7, 7, 7, 4, 6] });
    expect([[...train], [...test]]).toEqual([
      [1, 2, 4, 8, 0, 9],
      [5, 6, 7, 3],
    ]);
    expect([...trainTestSplit(4, { testFraction: 0.5, times: [1, 1, 1, 2] }).test]).toEqual([3]);
  });

  // scikit-learn 1.9.1: [test for _, test in TimeSeriesSplit(k).split(np.zeros(n))]
  it.each([
    {
      n: 11,
      k: 3,
      tests: [
        [5, 6],
        [7, 8],
        [9, 10],
      ],
    },
    {
      n: 12,
      k: 5,
      tests: [
        [2, 3],
        [4, 5],
        [6, 7],
        [8, 9],
        [10, 11],
      ],
    },
  ])('have the folds of TimeSeriesSplit: $k of $n', ({ n, k, tests }) => {
    const folds = foldsByTime(
      Array.from({ length: n }, (_, i) => 100 + i),
      k,
      'test',
    );
    expect(folds.map(({ test }) => [...test])).toEqual(tests);
    expect(folds.map(({ train }) => [...train])).toEqual(
      tests.map(([first]) => Array.from({ length: first }, (_, i) => i)),
    );
  });

  it('have folds that follow each other, and keep equal times together', () => {
    const lists = fc.array(fc.nat(9), { minLength: 6, maxLength: 40 });
    fc.assert(
      fc.property(lists, fc.integer({ min: 2, max: 4 }), (times, folds) => {
        fc.pre(new Set(times).size > folds);
        const all = foldsByTime(times, folds, 'test');
        expect(all).toHaveLength(folds);
        const at = (part: Int32Array) => Array.from(part, (i) => times[i]);
        all.forEach(({ train, test }, i) => {
          expect(test.length).toBeGreaterThan(0);
          expect(Math.max(...at(train))).toBeLessThan(Math.min(...at(test)));
          const next = i + 1 < folds ? all[i + 1].train.length : times.length;
          expect(train.length + test.length).toBe(next);
        });
      }),
      PROPERTY,
    );
  });
});

describe('what is refused', () => {
  const labels = ['a', 'a', 'b', 'b'];
  it.each<[string, () => unknown, object]>([
    [
      'groups and times',
      () => trainTestSplit(4, { groups: labels, times: [1, 2, 3, 4] }),
      { argument: 'times', expected: expect.stringContaining('`groups`') },
    ],
    ['too few groups', () => trainTestSplit(4, { groups: ['p'] }), { code: 'SHAPE', argument: 'groups', actual: '1' }],
    [
      'one group',
      () => trainTestSplit(4, { groups: ['p', 'p', 'p', 'p'] }),
      { argument: 'groups', expected: 'name at least 2 groups' },
    ],
    [
      'a class in one group',
      () => trainTestSplit(4, { stratify: labels, groups: ['p', 'q', 'p', 'p'] }),
      { argument: 'groups', actual: '1 of "b"' },
    ],
    ['a group that is none', () => trainTestSplit(2, { groups: ['p', null] as string[] }), { argument: 'groups[1]' }],
    ['a time that is none', () => trainTestSplit(2, { times: [1, Number.NaN] }), { argument: 'times[1]' }],
    [
      'one time',
      () => trainTestSplit(2, { times: [1, 1] }),
      { argument: 'times', expected: 'have at least 2 times', actual: '1' },
    ],
    [
      'a class of the latest only',
      () => trainTestSplit(4, { times: [1, 2, 3, 4], stratify: ['a', 'a', 'a', 'b'] }),
      { argument: 'times', actual: 'none of "b"' },
    ],
    [
      'fewer groups than folds',
      () => stratifiedFolds(labels, { folds: 3, groups: ['p', 'q', 'p', 'q'] }),
      { argument: 'groups', expected: 'name at least 3 groups', actual: '2' },
    ],
    [
      'fewer times than folds',
      () => foldsByTime([1, 2, 2], 2, 'foldsByTime'),
      { argument: 'times', expected: 'have at least 3 times' },
    ],
  ])('%s', (_, call, fields) => {
    expect(call).toThrow(expect.objectContaining({ code: 'DOMAIN', ...fields }));
  });
});

describe('fits with groups and times', () => {
  const { features, labels } = loadIris();
  const groups = labels.map((_, i) => i % 9);
  const times = labels.map((_, i) => (7 * i) % 150);

  beforeAll(() => useBackend('cpu'));

  it('are cross-validated on whole groups, and validated on whole groups within a fold', async () => {
    const options = { folds: 3, seed: 2, groups, validation: 0.2, l2: 0.01, outOfFold: true } as const;
    const { folds } = await crossValidate(features, labels, options);
    const parts = stratifiedFolds(labels, { folds: 3, seed: 2, groups });
    expect(folds.map(({ test }) => test)).toEqual(parts);
    const train = [...labels.keys()].filter((i) => !parts[0].includes(i));
    const own = { validation: 0.2, l2: 0.01, groups: take(groups, train) };
    const { result } = await SoftmaxRegression.fit(take(features, train), take(labels, train), own);
    expect(folds[0].result).toEqual(result);
    const { groups: _, ...apart } = own;
    const other = await SoftmaxRegression.fit(take(features, train), take(labels, train), apart);
    expect(other.result.history).not.toEqual(result.history);
  });

  it('are validated as on the samples that trainTestSplit holds back', async () => {
    for (const restriction of [{ groups }, { times }]) {
      const { train, test } = trainTestSplit(150, { testFraction: 0.2, seed: 3, stratify: labels, ...restriction });
      const part = (drawn: Int32Array) => {
        const indices = drawn.slice().sort();
        return { features: take(features, indices), labels: take(labels, indices) };
      };
      const options = { solver: 'momentum', epochs: 2, seed: 3, shuffle: false } as const;
      const share = await SoftmaxRegression.fit(features, labels, { ...options, validation: 0.2, ...restriction });
      const validation = part(test);
      const given = await SoftmaxRegression.fit(part(train).features, part(train).labels, { ...options, validation });
      expect(share.result).toEqual(given.result);
    }
  });

  it('are cross-validated by forward chaining, in lambdaPath as well', async () => {
    const { folds } = await crossValidate(features, labels, { folds: 3, times, l2: 0.01 });
    const parts = foldsByTime(times, 3, 'test');
    expect(folds.map(({ test }) => test)).toEqual(parts.map(({ test }) => test));
    const { train } = parts[1];
    const { result } = await SoftmaxRegression.fit(take(features, train), take(labels, train), { l2: 0.01 });
    expect(folds[1].result).toEqual(result);
    const { table } = await lambdaPath(features, labels, { folds: 3, times, l2: [0.01] });
    expect(table[0].folds).toEqual(folds.map(({ evaluation }) => evaluation.logLoss));
  });

  it('are refused before the first fit if a class would not be trained on', async () => {
    const sorted = labels.map((_, i) => i);
    const fields = { code: 'DOMAIN', where: 'crossValidate', argument: 'times', actual: 'none of "versicolor"' };
    await expect(crossValidate(features, labels, { folds: 3, times: sorted })).rejects.toMatchObject(fields);
    const outOfFold = { where: 'crossValidate', argument: 'outOfFold' };
    await expect(crossValidate(features, labels, { outOfFold: true, times })).rejects.toMatchObject(outOfFold);
    const validated = SoftmaxRegression.fit(features, labels, { validation: 0.4, times: sorted });
    await expect(validated).rejects.toMatchObject({ where: 'fit', argument: 'times', actual: 'none of "virginica"' });
    const alone = SoftmaxRegression.fit(features, labels, { validation: 0.4, groups: labels });
    await expect(alone).rejects.toMatchObject({ where: 'fit', argument: 'groups', actual: '1 of "setosa"' });
    await expect(SoftmaxRegression.fit(features, labels, { groups: ['a'] })).rejects.toMatchObject({ code: 'SHAPE' });
  });
});

describe('readSamples', () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},g${i % 8},${i % 3},${(i * 7) % 40},${i % 2 ? 'a' : 'b'}`);
  const file = new File([`x,group,weight,time,kind\n${rows.join('\n')}`], 'rows.csv');

  it('holds back whole groups or the latest rows, with their weights', async () => {
    const columns = { label: 'kind', sampleWeight: 'weight', ignore: ['time'] };
    const { samples, test } = await readSamples([file], { ...columns, group: 'group', testFraction: 0.25 });
    expect(new Set(test?.groups).size).toBe(2);
    expect(samples.groups?.some((group) => test?.groups?.includes(group))).toBe(false);
    expect([...(test?.sampleWeights ?? [])]).toEqual(Array.from(test?.features.values ?? [], (x) => x % 3));
    const timed = { label: 'kind', time: 'time', ignore: ['group', 'weight'], testFraction: 0.25 };
    const late = await readSamples([file], timed);
    expect([...(late.test?.times ?? [])].sort()).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
    const { features, labels, ...rest } = late.samples;
    const options = { validation: late.test, ...rest };
    expect(Object.keys(options)).toEqual(['validation', 'lines', 'times']);
    const fitted = await SoftmaxRegression.fit(features, labels, { validation: late.test, times: rest.times, l2: 1 });
    expect(fitted.result.history[0].validationLoss).toBeGreaterThan(0);
  });
});
