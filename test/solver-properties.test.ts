import fc from 'fast-check';
import { type FitOptions, SoftmaxRegression } from 'softmax-regression';

/** Fits take milliseconds, so these properties have fewer runs than others. */
const RUNS = { seed: 20201, numRuns: 25 } as const;

interface Samples {
  readonly features: number[][];
  readonly labels: number[];
  readonly weights: number[];
  readonly options: FitOptions<number>;
  /** The order of samples, features and classes in the next fit. */
  readonly orders: { readonly samples: number[]; readonly features: number[]; readonly classes: number[] };
}

/** Three classes: with an even number and l1 alone, a row of weights can be shifted at no cost. */
const CLASSES = [0, 1, 2];

const problems: fc.Arbitrary<Samples> = fc
  .record({ n: fc.integer({ min: 6, max: 16 }), d: fc.integer({ min: 1, max: 4 }) })
  .chain(({ n, d }) => {
    const list = <T>(entry: fc.Arbitrary<T>, length: number) =>
      fc.array(entry, { minLength: length, maxLength: length });
    const order = (count: number) =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, i) => i),
        { minLength: count },
      );
    return fc.record({
      features: list(
        list(
          fc.integer({ min: -8, max: 8 }).map((x) => x / 4),
          d,
        ),
        n,
      ),
      // Each class must occur, or its bias has no optimum.
      labels: list(fc.nat(2), n - 3).map((labels) => [0, 1, 2, ...labels]),
      weights: list(fc.constantFrom(1, 2, 3), n),
      options: fc.record({
        l2: fc.constantFrom(0.01, 0.3),
        l1: fc.constantFrom(0, 0.02, 0.1),
        fitIntercept: fc.boolean(),
      }),
      orders: fc.record({ samples: order(n), features: order(d), classes: order(3) }),
    });
  });

async function optimum({ features, labels, options }: Samples, over: FitOptions<number> = {}) {
  const { model, result } = await SoftmaxRegression.fit(features, labels, {
    ...options,
    classes: CLASSES,
    tolerance: 1e-10,
    ...over,
  });
  return { weight: model.weight.map((row) => Array.from(row)), bias: Array.from(model.bias), result };
}

type Fit = Awaited<ReturnType<typeof optimum>>;

/** Weights are unique, and biases up to a common constant. Both are rounded to float32. */
function expectSame(actual: Fit, expected: Fit): void {
  expect(actual.result.objective).toBeAllClose(expected.result.objective, { rtol: 1e-10, atol: 1e-12 });
  expect(actual.weight).toBeAllClose(expected.weight, { rtol: 1e-5, atol: 1e-6 });
  expect(actual.weight.map((row) => row.map((w) => w === 0))).toEqual(
    expected.weight.map((row) => row.map((w) => w === 0)),
  );
  const centred = ({ bias }: Fit) => bias.map((b) => b - bias.reduce((x, y) => x + y) / bias.length);
  expect(centred(actual)).toBeAllClose(centred(expected), { rtol: 1e-5, atol: 1e-6 });
}

const holds = (property: (samples: Samples) => Promise<void>) => fc.assert(fc.asyncProperty(problems, property), RUNS);

describe('the optimum', () => {
  it('does not depend on the order of the samples', () =>
    holds(async (samples) => {
      const { features, labels, orders } = samples;
      const permuted = {
        ...samples,
        features: orders.samples.map((i) => features[i]),
        labels: orders.samples.map((i) => labels[i]),
      };
      expectSame(await optimum(permuted), await optimum(samples));
    }));

  it('is permuted with the classes', () =>
    holds(async (samples) => {
      const { classes } = samples.orders;
      const renamed = await optimum({ ...samples, labels: samples.labels.map((label) => classes[label]) });
      const back = <T>(row: readonly T[]) => CLASSES.map((k) => row[classes[k]]);
      expectSame({ ...renamed, weight: renamed.weight.map(back), bias: back(renamed.bias) }, await optimum(samples));
    }));

  it('is permuted with the features', () =>
    holds(async (samples) => {
      const { features } = samples.orders;
      const moved = { ...samples, features: samples.features.map((x) => features.map((j) => x[j])) };
      const expected = await optimum(samples);
      expectSame(await optimum(moved), { ...expected, weight: features.map((j) => expected.weight[j]) });
    }));

  it('changes only the sign of a weight with the sign of its column', () =>
    holds(async (samples) => {
      const turned = await optimum({ ...samples, features: samples.features.map(([x, ...rest]) => [-x, ...rest]) });
      const [first, ...others] = turned.weight;
      // + 0 turns −0 into 0.
      expectSame({ ...turned, weight: [first.map((w) => -w + 0), ...others] }, await optimum(samples));
    }));

  it('is invariant to the scale of sample weights', () =>
    holds(async (samples) => {
      const sampleWeights = samples.weights;
      const scaled = await optimum(samples, { sampleWeights: sampleWeights.map((weight) => 1e3 * weight) });
      expectSame(scaled, await optimum(samples, { sampleWeights }));
    }));

  it('counts a sample of weight 3 as three samples', () =>
    holds(async (samples) => {
      const copies = <T>(values: readonly T[]) =>
        values.flatMap((value, i) => Array.from({ length: samples.weights[i] }, () => value));
      const repeated = { ...samples, features: copies(samples.features), labels: copies(samples.labels) };
      expectSame(await optimum(samples, { sampleWeights: samples.weights }), await optimum(repeated));
    }));

  it('ignores samples of weight 0', () =>
    holds(async (samples) => {
      const more = {
        ...samples,
        features: [...samples.features, samples.features[0].map(() => 100)],
        labels: [...samples.labels, 1],
      };
      expectSame(await optimum(more, { sampleWeights: [...samples.labels.map(() => 1), 0] }), await optimum(samples));
    }));

  it('is invariant to a constant added to a column, with a bias', () =>
    holds(async (samples) => {
      const withBias = { ...samples, options: { ...samples.options, fitIntercept: true } };
      const moved = await optimum({ ...withBias, features: withBias.features.map(([x, ...rest]) => [x + 4, ...rest]) });
      const bias = moved.bias.map((b, k) => b + 4 * moved.weight[0][k]);
      expectSame({ ...moved, bias }, await optimum(withBias));
    }));

  it('depends on sample weights, which the checks above can detect', () =>
    holds(async (samples) => {
      const heavy = await optimum(samples, {
        l2: 0.01,
        l1: 0,
        sampleWeights: samples.labels.map((k) => (k === 0 ? 5 : 1)),
      });
      expect(() =>
        expectSame(heavy, { ...heavy, weight: heavy.weight.map((row) => row.map((w) => w + 1e-3)) }),
      ).toThrow();
      expect(heavy.result.objective).not.toBe((await optimum(samples, { l2: 0.01, l1: 0 })).result.objective);
    }));
});
