// Advice of a fit: it names the cause and the column, and what it says to give ends the trouble.
import { type FitOptions, type FitResult, Random, SoftmaxRegression } from 'softmax-regression';
import { useBackend } from './helpers/backends.js';

beforeAll(() => useBackend('cpu'));

const N = 120;

type Table = { readonly rows: number[][]; readonly labels: string[]; readonly featureNames: string[] };

function table(featureNames: string[], row: (i: number, uniform: () => number) => [number[], string]): Table {
  const random = new Random(5);
  const drawn = Array.from({ length: N }, (_, i) => row(i, () => random.uniform()));
  return { rows: drawn.map(([x]) => x), labels: drawn.map(([, label]) => label), featureNames };
}

const overlapping = table(['x', 'z'], (_, u) => {
  const [x, z] = [u(), u()];
  return [[x, z], x + u() > 1 ? 'a' : 'b'];
});

const SEPARATING: readonly [string, Table, RegExp][] = [
  [
    'a category in which only one class occurs',
    table(['city=rome', 'z'], (i, u) => [[i % 3 === 0 ? 1 : 0, u()], i % 3 === 0 || u() < 0.5 ? 'a' : 'b']),
    /^Give `l2: 0\.02`: column "city=rome" separates the class "a" quasi-completely from the others/,
  ],
  [
    'a category in which one of three classes does not occur',
    table(['z', 'city=rome'], (i, u) => {
      const isRome = i % 3 === 0;
      return [[u(), isRome ? 1 : 0], ['a', 'b', 'c'][Math.floor(u() * (isRome ? 2 : 3))]];
    }),
    /^Give `l2: 0\.008`: column "city=rome" separates the class "c" quasi-completely from the others/,
  ],
  [
    'a column of numbers that overlap at one value',
    table(['x', 'z'], (i, u) => {
      const x = i % 3 === 0 ? 0 : 4 * u() - 2;
      return [[x, u()], x > 0 || (x === 0 && i % 2 === 0) ? 'a' : 'b'];
    }),
    /column "x" separates the class "a" quasi-completely from the others/,
  ],
  [
    'two such columns',
    table(['x', 'y'], (i, u) => [
      [i % 3 === 0 ? 1 : 0, i % 5 === 0 ? 1 : 0],
      i % 3 === 0 || i % 5 === 0 || u() < 0.5 ? 'a' : 'b',
    ]),
    /column "x" separates the class "a" .*\(so does 1 more\)/,
  ],
  [
    'a column without overlap',
    table(['z', 'x'], (_, u) => {
      const x = 4 * u() - 2;
      return [[u(), x], x > 0 ? 'a' : 'b'];
    }),
    /^Give `l2: 0\.02`: the samples are separable by column "x" alone, so without a penalty/,
  ],
];

const resultOf = async ({ rows, labels, featureNames }: Table, options: FitOptions<string>): Promise<FitResult> =>
  (await SoftmaxRegression.fit(rows, labels, { featureNames, ...options })).result;

/** The value that an advice names for an option. */
function named(option: string, { advice }: FitResult): number {
  return Number(new RegExp(`\`${option}: ([\\d.e+-]+)\``).exec(advice ?? '')?.[1]);
}

describe('a fit without a penalty', () => {
  it.each(SEPARATING)('names the column of %s, and an l2 that helps', async (_, given, message) => {
    for (const standardize of [true, false]) {
      const result = await resultOf(given, { l2: 0, standardize });
      expect(result.advice).toMatch(message);
      expect(await resultOf(given, { l2: named('l2', result), standardize })).toMatchObject({
        converged: true,
        advice: null,
      });
      // Any penalty gives an optimum.
      expect((await resultOf(given, { l2: 1e-6, standardize })).advice).toBeNull();
      expect((await resultOf(given, { l1: 1e-3, standardize })).advice).toBeNull();
    }
  });

  it('has no advice for classes that overlap, nor for a constant or a sample of weight 0', async () => {
    expect(await resultOf(overlapping, { l2: 0 })).toMatchObject({ converged: true, advice: null });
    const { rows, labels, featureNames } = overlapping;
    const constant = { rows: rows.map((row) => [...row, 3]), labels, featureNames: [...featureNames, 'c'] };
    expect((await resultOf(constant, { l2: 0 })).advice).toBeNull();
    const [, quasi] = SEPARATING[0];
    const spoilt = { ...quasi, rows: [...quasi.rows, [1, 0.5]], labels: [...quasi.labels, 'b'] };
    const weights = (last: number) => spoilt.rows.map((_, i) => (i === N ? last : 1));
    expect((await resultOf(spoilt, { l2: 0, sampleWeights: weights(1) })).advice).toBeNull();
    expect((await resultOf(spoilt, { l2: 0, sampleWeights: weights(0) })).advice).toContain('"city=rome"');
  });

  it('takes 0 for the border if there is no intercept', async () => {
    const shifted = table(['x'], (i, u) => [[i % 3 === 0 ? 2 : 1], i % 3 === 0 || u() < 0.5 ? 'a' : 'b']);
    expect((await resultOf(shifted, { l2: 0, fitIntercept: false })).advice).toBeNull();
    expect((await resultOf(shifted, { l2: 0 })).advice).toContain('column "x"');
  });
});

describe('first-order steps', () => {
  const ABOVE = /^Give `learningRate: [\d.e-]+`: the objective, .* is above that of weights 0, 0\.693\.$/;
  const OVERFLOWED = /^Give `learningRate: [\d.e-]+`: the loss or a weight overflowed\.$/;

  // The objective at the named rate is far below 0.693 where it can be: a rate that is too small does not learn.
  it.each<[string, FitOptions<string>, RegExp, number]>([
    ['sgd, a rate of 1000', { solver: 'sgd', learningRate: 1000 }, ABOVE, 0.55],
    ['sgd, a rate of 1e20', { solver: 'sgd', learningRate: 1e20 }, ABOVE, 0.55],
    ['momentum', { solver: 'momentum', learningRate: 1e30 }, ABOVE, 0.4],
    ['adam', { solver: 'adam', learningRate: 1e38 }, OVERFLOWED, 0.69],
    ['sgd with a penalty', { solver: 'sgd', learningRate: 10, l2: 10, epochs: 200 }, OVERFLOWED, 0.68],
    ['sgd with a large penalty at the default rate', { solver: 'sgd', l2: 1e4, epochs: 200 }, OVERFLOWED, Math.LN2],
  ])('name the reason, and a rate that works: %s', async (_, options, advice, most) => {
    const result = await resultOf(overlapping, { standardize: true, ...options });
    expect(result.advice).toMatch(advice);
    const mended = await resultOf(overlapping, {
      standardize: true,
      ...options,
      learningRate: named('learningRate', result),
    });
    expect(mended.advice).toBeNull();
    expect(mended.objective).toBeLessThan(most);
  });

  it('name standardize too, and each of both works', async () => {
    const { labels, featureNames } = overlapping;
    const raw = { labels, featureNames, rows: overlapping.rows.map(([x, z]) => [1000 * x, z]) };
    const options = { solver: 'sgd', learningRate: 0.1, epochs: 50 } as const;
    const result = await resultOf(raw, options);
    expect(result.advice).toMatch(/^Give `learningRate: [\d.e-]+`, or `standardize: true`: the objective, /);
    for (const mended of [{ learningRate: named('learningRate', result) }, { standardize: true }]) {
      const { advice, objective } = await resultOf(raw, { ...options, ...mended });
      expect(advice).toBeNull();
      expect(objective).toBeLessThan(0.65);
    }
  });

  it('have no advice at moderate rates, also for separable classes', async () => {
    const [, separable] = SEPARATING[4];
    for (const solver of ['sgd', 'momentum', 'adam'] as const) {
      expect((await resultOf(separable, { solver, standardize: true })).advice).toBeNull();
    }
  });

  it('never name standardize in a stream, which cannot standardise', async () => {
    const model = await SoftmaxRegression.untrained({
      classes: ['a', 'b'] as string[],
      numFeatures: 2,
      solver: 'sgd',
      learningRate: 1e38,
    });
    const { result } = await model.partialFit(overlapping.rows, overlapping.labels);
    expect(result.advice).toMatch(/^Give `learningRate: [\d.e-]+`: /);
  });
});
