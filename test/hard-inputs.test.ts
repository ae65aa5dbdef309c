import { type FitOptions, loadIris, SoftmaxRegression } from 'softmax-regression';

const iris = loadIris();

/** Checks that weights and biases are finite. */
function expectFinite(model: SoftmaxRegression<string> | SoftmaxRegression<number>): void {
  for (const row of [...model.weight, model.bias]) expect(Array.from(row).every(Number.isFinite)).toBe(true);
}

const penalties: readonly [string, FitOptions<never>][] = [
  ['no penalty', { l2: 0 }],
  ['l2', { l2: 1e-3 }],
  ['l1', { l1: 1e-3 }],
  ['both', { l1: 1e-3, l2: 1e-3 }],
];
const penalised = penalties.slice(1);

describe('fit to separable classes', () => {
  const rows = [
    [-3, 1],
    [-1, 0],
    [1, 1],
    [2, 0],
  ];
  const labels = ['low', 'low', 'high', 'high'];

  it('ends without a penalty, and reports that there is no optimum', async () => {
    const { model, result } = await SoftmaxRegression.fit(rows, labels, { l2: 0 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient' });
    expect(result.advice).toBe(
      'Give `l2: 0.5`: the samples are separable by column 0 alone, so without a penalty the weights grow without bound and the probabilities are meaningless.',
    );
    // The infimum, 0, is not attained, and the bound equals the objective.
    expect(result.objective).toBeLessThan(1e-4);
    expect(result.suboptimality).toBe(result.objective);
    expectFinite(model);
    expect(model.predict(rows)).toEqual(labels);
  });

  it('ends at an unattainable tolerance', async () => {
    const { model, result } = await SoftmaxRegression.fit(rows, labels, {
      l2: 0,
      tolerance: 1e-300,
      maxIterations: 5000,
    });
    expect(result.advice).toContain('separable');
    expect(result.objective).toBeLessThan(1e-12);
    expectFinite(model);
  });

  it('does not report separable classes while a sample of tiny weight is misclassified', async () => {
    // The last sample has a tiny weight and the other class: the mean loss is small long before it is fitted.
    const { result } = await SoftmaxRegression.fit([[0], [0], [0], [1e-3]], [0, 0, 0, 1], {
      l2: 0,
      sampleWeights: [1, 1, 1, 1e-6],
    });
    expect(result.objective).toBeLessThan(1e-3);
    expect(result.advice ?? '').not.toContain('separable');
  });

  it.each(penalised)('has an optimum with %s', async (_, options) => {
    const { model, result } = await SoftmaxRegression.fit(rows, labels, { ...options, tolerance: 1e-9 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(result.suboptimality).toBeLessThan(1e-7);
    expect(model.predict(rows)).toEqual(labels);
  });
});

describe('fit to contradictory labels', () => {
  it.each(penalties)('predicts the shares of the labels, with %s', async (_, options) => {
    const rows = [
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ];
    const { model, result } = await SoftmaxRegression.fit(rows, ['a', 'b', 'a', 'a'], { ...options, tolerance: 1e-9 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(model.predictProbabilities(rows)[0]).toBeAllClose([0.75, 0.25], { rtol: 0, atol: 1e-6 });
    expect(result.objective).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 9);
    if (options.l1 !== undefined) expect(model.weight.flatMap((row) => Array.from(row))).toEqual([0, 0, 0, 0]);
  });
});

describe('fit to constant, zero and collinear columns', () => {
  /** Iris with a copy, a multiple, a sum, a constant and a zero column. */
  const rows = iris.features.map((x) => [...x, x[0], 2 * x[1], x[2] + x[3], 5, 0]);

  it.each(penalties.filter(([, { l2 = 0 }]) => l2 > 0))('finds the unique optimum with %s', async (_, options) => {
    const { model, result } = await SoftmaxRegression.fit(rows, iris.labels, { ...options, tolerance: 1e-8 });
    const alone = await SoftmaxRegression.fit(iris.features, iris.labels, { ...options, tolerance: 1e-8 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(result.objective).toBeLessThan(alone.result.objective);
    const { weight } = model;
    expect(weight[0]).toBeAllClose(weight[4], { rtol: 0, atol: 1e-3 });
    // A constant adds nothing to the bias, which is not penalised.
    expect(weight[7]).toBeAllClose([0, 0, 0], { rtol: 0, atol: 1e-3 });
    expect(Array.from(weight[8])).toEqual([0, 0, 0]);
  });

  it('reaches the same value as without them if there is no penalty', async () => {
    const options = { l2: 0, maxIterations: 2000, tolerance: 1e-5 } as const;
    const { model, result } = await SoftmaxRegression.fit(rows, iris.labels, options);
    const alone = await SoftmaxRegression.fit(iris.features, iris.labels, options);
    expect(result).toMatchObject({ converged: true, reason: 'gradient' });
    expect(result.objective).toBeCloseTo(alone.result.objective, 3);
    expectFinite(model);
  });

  it('uses only the cheapest of them with l1 alone', async () => {
    const { model, result } = await SoftmaxRegression.fit(rows, iris.labels, { l1: 1e-3, tolerance: 3e-9 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    // The weights are stored in float32. With l1 alone, a derivative that exceeds l1 by 1e-8 moves the bound by 1e-5 of f.
    expect(result.suboptimality).toBeLessThan(1e-5);
    const { weight } = model;
    // The doubled column needs half the weight, so l1 never selects the single one.
    for (const j of [1, 7, 8]) expect(Array.from(weight[j])).toEqual([0, 0, 0]);
  });

  it('predicts the shares of the labels if all columns are zero', async () => {
    const { model, result } = await SoftmaxRegression.fit([[0], [0], [0]], ['a', 'b', 'b'], { l1: 0.1 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(model.predictProbabilities([[0]])[0]).toBeAllClose([1 / 3, 2 / 3], { rtol: 0, atol: 1e-5 });
  });
});

describe('fit to huge and tiny scales', () => {
  /** Iris, with the two classes that overlap. */
  const chosen = iris.features.map((_, i) => i).filter((i) => iris.labels[i] !== 'setosa');
  const labels = chosen.map((i) => iris.labels[i]);
  const scaled = (units: readonly number[]) => chosen.map((i) => iris.features[i].map((x, j) => x * units[j]));
  const units = [1e8, 1e-8, 1, 1e4];

  it('reaches the same value in all units without a penalty', async () => {
    const base = await SoftmaxRegression.fit(scaled([1, 1, 1, 1]), labels, { l2: 0, tolerance: 1e-8 });
    expect(base.result).toMatchObject({ converged: true, advice: null });
    // The gradient has the units of the features.
    const options = { l2: 0, tolerance: 1e-2, maxIterations: 2000 };
    const { result } = await SoftmaxRegression.fit(scaled(units), labels, options);
    expect(['gradient', 'no-progress']).toContain(result.reason);
    expect(result.objective).toBeCloseTo(base.result.objective, 4);
  });

  it.each(penalised)('finds the same optimum in all units with %s and standardize', async (_, options) => {
    const standardize = { ...options, standardize: true, tolerance: 1e-8 } as const;
    const base = await SoftmaxRegression.fit(scaled([1, 1, 1, 1]), labels, standardize);
    const { model, result } = await SoftmaxRegression.fit(scaled(units), labels, standardize);
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(result.objective / base.result.objective).toBeCloseTo(1, 6);
    expectFinite(model);
    expect(model.predict(scaled(units))).toEqual(base.model.predict(scaled([1, 1, 1, 1])));
  });

  it.each(penalties.flatMap(([name, options]) => [1e8, 1e-8].map((unit) => [name, unit, options] as const)))(
    'ends and bounds its suboptimality, with %s and units of %d',
    async (_, unit, options) => {
      const { model, result } = await SoftmaxRegression.fit(scaled([unit, unit, unit, unit]), labels, {
        ...options,
        maxIterations: 1000,
      });
      expectFinite(model);
      expect(result.suboptimality).toBeGreaterThanOrEqual(0);
      expect(result.suboptimality).toBeLessThanOrEqual(result.objective);
      expect(result.converged).toBe(result.reason === 'gradient');
      if (!result.converged) expect(result.advice).not.toBeNull();
      expect(result.objective).toBeLessThanOrEqual(Math.log(2) + 1e-12);
    },
  );

  it('returns finite weights for features close to the largest float32', async () => {
    const rows = [
      [3e38, 1],
      [-3e38, 2],
      [1e38, -3],
      [2, 3e38],
    ];
    const { model, result } = await SoftmaxRegression.fit(rows, [0, 1, 0, 1], { l2: 1e-3, maxIterations: 50 });
    expectFinite(model);
    if (!result.converged) expect(result.advice).not.toBeNull();
  });
});

describe('fit to few samples', () => {
  it.each(penalised)('has an optimum with %s and more features than samples', async (_, options) => {
    const rows = [0, 1, 2].map((i) => Array.from({ length: 12 }, (_, j) => Math.sin(5 * i + j)));
    const { model, result } = await SoftmaxRegression.fit(rows, ['a', 'b', 'c'], { ...options, tolerance: 1e-9 });
    expect(result).toMatchObject({ converged: true, reason: 'gradient', advice: null });
    expect(result.suboptimality).toBeLessThan(1e-6);
    expect(model.predict(rows)).toEqual(['a', 'b', 'c']);
  });

  it.each(penalties)(
    'converges with a class without samples, whose bias has no optimum, with %s',
    async (_, options) => {
      const { model, result } = await SoftmaxRegression.fit([[1], [2], [3], [4]], [0, 1, 0, 1], {
        ...options,
        classes: [0, 1, 2],
      });
      expectFinite(model);
      expect(result).toMatchObject({ converged: true, reason: 'gradient' });
      expect(model.predictProbabilities([[2]])[0][2]).toBeLessThan(1e-4);
    },
  );
});
