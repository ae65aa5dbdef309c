import fc from 'fast-check';
import { type FitOptions, FLOAT64, loadIris, SoftmaxRegression, take } from 'softmax-regression';
import { relativeWeights, sharesOf } from '../src/data/sample-weights.js';
import { SOLVER_NAMES } from '../src/training/solvers.js';
import { namedClassWeights, sampleWeightsOf } from '../src/training/weights.js';
import golden from './golden/weights.golden.json';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { between, PROPERTY } from './helpers/numbers.js';

const iris = loadIris();
const some = Int32Array.from({ length: 100 }, (_, i) => 30 + i);
const flowers = { features: take(iris.features, some), labels: take(iris.labels, some) };
const y = Int32Array.from(flowers.labels, (label) => iris.classNames.indexOf(label));
/** As in golden/weights.py. */
const sevenths = Array.from({ length: 100 }, (_, i) => (i % 7) / 2);
const byClass = { setosa: 3, virginica: 0.5 } as const;

const fails = (fields: object) => expect.objectContaining({ code: 'DOMAIN', where: 'fit', ...fields });

describe('sampleWeightsOf', () => {
  const classes = ['a', 'b', 'c'];
  const labels = Int32Array.of(0, 0, 0, 1);

  it('matches the docstring example for balanced, and skips classes without samples', () => {
    const weights = sampleWeightsOf(labels, ['a', 'b'], { classWeights: 'balanced' }, 'fit');
    expect(weights?.values).toBeAllClose([2 / 3, 2 / 3, 2 / 3, 2], FLOAT64);
    expect(weights?.total).toBeAllClose(4, FLOAT64);
    expect(sampleWeightsOf(labels, classes, { classWeights: 'balanced' }, 'fit')).toEqual(weights);
  });

  it.each(golden.cases.filter(({ balanced }) => balanced !== undefined))(
    "balances like scikit-learn's compute_class_weight, with sample weights: $weighted",
    ({ weighted, balanced }) => {
      const sampleWeights = weighted ? sevenths : undefined;
      const weights = sampleWeightsOf(y, iris.classNames, { sampleWeights, classWeights: 'balanced' }, 'fit');
      const expected = Array.from(y, (label, i) => (balanced as number[])[label] * (weighted ? sevenths[i] : 1));
      expect(weights?.values).toBeAllClose(expected, FLOAT64);
    },
  );

  it('gives each class the same total weight if balanced, for any sample weights', () => {
    const samples = fc.array(fc.tuple(fc.nat(2), between(0.01, 9)), { minLength: 1 });
    fc.assert(
      fc.property(samples, (pairs) => {
        const labels = Int32Array.from(pairs, ([label]) => label);
        const sampleWeights = pairs.map(([, weight]) => weight);
        const weights = sampleWeightsOf(labels, classes, { sampleWeights, classWeights: 'balanced' }, 'fit');
        const sums = new Map<number, number>();
        for (const [i, label] of labels.entries()) sums.set(label, (sums.get(label) ?? 0) + (weights?.values[i] ?? 0));
        const total = sampleWeights.reduce((a, b) => a + b);
        for (const sum of sums.values()) expect(sum).toBeAllClose(total / sums.size, FLOAT64);
      }),
      PROPERTY,
    );
  });

  it('uses 1 for unnamed classes, and multiplies by the sample weight', () => {
    const sampleWeights = Float32Array.of(1, 2, 0, 4);
    const weights = sampleWeightsOf(labels, classes, { sampleWeights, classWeights: { a: 10, c: 0 } }, 'fit');
    expect(weights).toEqual({ values: Float64Array.of(10, 20, 0, 4), total: 34 });
  });

  it('is undefined if all samples have the same weight', () => {
    expect(sampleWeightsOf(labels, classes, {}, 'fit')).toBeUndefined();
    expect(sharesOf(undefined, 4)).toEqual(new Float32Array(4).fill(0.25));
  });

  it('has shares that sum to 1 and relative weights of mean 1, also near the limits of float64', () => {
    for (const factor of [1, 1e-300, 1e300]) {
      const sampleWeights = [3, 1, 0, 4].map((weight) => weight * factor);
      const weights = sampleWeightsOf(labels, classes, { sampleWeights }, 'fit');
      if (weights === undefined) throw new Error('no weights');
      expect(sharesOf(weights, 4)).toBeAllClose([0.375, 0.125, 0, 0.5]);
      expect(relativeWeights(weights)).toBeAllClose([1.5, 0.5, 0, 2]);
    }
  });
});

describe('class weights', () => {
  it('are stored by class name, from an object or a Map', () => {
    expect(namedClassWeights({ a: 1, b: 0 }, 'fit')).toEqual({ a: 1, b: 0 });
    const byLabel = new Map([
      [true, 2],
      [false, 1],
    ]);
    expect(namedClassWeights(byLabel, 'fit')).toEqual({ true: 2, false: 1 });
  });

  it.each<[unknown, object]>([
    ['even', { argument: 'classWeights', expected: "be 'balanced', or weights by class", actual: '"even"' }],
    [[1, 2], { argument: 'classWeights', actual: 'an array of 2' }],
    [{ a: -1 }, { argument: 'classWeights["a"]', expected: 'be a finite number ≥ 0', actual: '-1' }],
    [{ a: '1' }, { argument: 'classWeights["a"]', actual: '"1"' }],
    [new Map([[7, Number.NaN]]), { argument: 'classWeights[7]', actual: 'NaN' }],
  ])('are rejected: %j', (classWeights, fields) => {
    expect(() => namedClassWeights(classWeights, 'fit')).toThrow(fails(fields));
  });
});

onEveryBackend('fit with weights', () => {
  const centred = (model: SoftmaxRegression<string>) =>
    [...model.weight, model.bias].flatMap((row) => {
      const mean = row.reduce((a, b) => a + b) / row.length;
      return [...row].map((value) => value - mean);
    });

  it.each(golden.cases)(
    'matches the optimum of scikit-learn, class weights $classWeights, sample weights $weighted',
    async ({ weighted, classWeights, weight, bias }) => {
      const options = {
        solver: 'lbfgs',
        l2: golden.l2,
        tolerance: 1e-9,
        sampleWeights: weighted ? sevenths : undefined,
        classWeights: classWeights === 'balanced' ? classWeights : byClass,
      } as const;
      const { model, result } = await SoftmaxRegression.fit(flowers.features, flowers.labels, options);
      expect(result.converged).toBe(true);
      expect(centred(model)).toBeAllClose([...weight.flat(), ...bias], { rtol: 0, atol: 1e-4 });
      expect(model.options).toMatchObject({ classWeights: options.classWeights });
      expect(SoftmaxRegression.fromBytes(model.toBytes()).options).toEqual(model.options);
    },
  );

  it.each(SOLVER_NAMES)('counts a sample of weight w as w samples, with %s', async (solver) => {
    const counts = flowers.labels.map((_, i) => (i * 3) % 4);
    const repeated = counts.flatMap((count, i) => new Array<number>(count).fill(i));
    // Full batches, so that the order of the samples does not matter.
    const options: FitOptions<string> =
      solver === 'lbfgs'
        ? { solver, l2: 0.1, classWeights: 'balanced' }
        : { solver, l2: 0.1, classWeights: 'balanced', epochs: 20, batchSize: 1000, learningRate: 0.05 };
    const weighted = await SoftmaxRegression.fit<string>(flowers.features, flowers.labels, {
      ...options,
      sampleWeights: counts,
    });
    const { features, labels } = { features: take(flowers.features, repeated), labels: take(flowers.labels, repeated) };
    const twice = await SoftmaxRegression.fit<string>(features, labels, options);
    expect(weighted.result.objective).toBeAllClose(twice.result.objective, { rtol: 1e-6, atol: 0 });
    expect(centred(weighted.model)).toBeAllClose(centred(twice.model), { rtol: 0, atol: 2e-5 });
  });

  it('is invariant to the scale of sample weights', async () => {
    const options = { solver: 'adam', epochs: 3, batchSize: 32 } as const;
    const [one, many] = [1, 1024].map((factor) => sevenths.map((weight) => weight * factor));
    const trained = (sampleWeights: number[]) =>
      SoftmaxRegression.fit(flowers.features, flowers.labels, { ...options, sampleWeights });
    expect((await trained(many)).model.weight).toEqual((await trained(one)).model.weight);
  });

  it.each(['closed-form', 'autograd'] as const)(
    'has batch losses that average to the mean loss of all samples, by %s',
    async (gradient) => {
      // The rate is so small that the parameters do not change.
      const options = { solver: 'sgd', gradient, learningRate: 1e-30, epochs: 1, batchSize: 7, seed: 3 } as const;
      const { result } = await SoftmaxRegression.fit(flowers.features, flowers.labels, {
        ...options,
        sampleWeights: sevenths,
      });
      expect(result.history[0].loss).toBeAllClose(result.objective, { rtol: 1e-5, atol: 0 });
    },
  );

  it('ignores a sample of weight 0 with huge features', async () => {
    const far = [1e38, -1e38, 1e38, 1e38];
    const options = { solver: 'sgd', epochs: 2, batchSize: 1000, learningRate: 0.1 } as const;
    const alone = await SoftmaxRegression.fit(flowers.features, flowers.labels, options);
    const { model, result } = await SoftmaxRegression.fit(
      [...flowers.features, far],
      [...flowers.labels, 'setosa' as const],
      { ...options, sampleWeights: [...flowers.labels.map(() => 1), 0] },
    );
    expect(result.reason).toBe('epochs');
    expect(centred(model)).toBeAllClose(centred(alone.model));
  });
});

describe('bad weights', () => {
  beforeAll(() => useBackend('cpu'));

  const rows = [[0], [1], [2]];
  it.each<[string, FitOptions<string>, object]>([
    [
      'of the wrong length',
      { sampleWeights: [1, 2] },
      {
        code: 'SHAPE',
        argument: 'sampleWeights',
        expected: 'be a list of 3 numbers, one for each sample',
        actual: '2',
      },
    ],
    ['that are not a list', { sampleWeights: 3 as never }, { code: 'SHAPE', argument: 'sampleWeights', actual: '3' }],
    ['that are negative', { sampleWeights: [1, -1, 1] }, { argument: 'sampleWeights[1]', actual: '-1' }],
    ['that are NaN', { sampleWeights: [1, 1, Number.NaN] }, { argument: 'sampleWeights[2]', actual: 'NaN' }],
    ['that are infinite', { sampleWeights: [1, 1, 1 / 0] }, { argument: 'sampleWeights[2]', actual: 'Infinity' }],
    ['that are strings', { sampleWeights: ['1', 1, 1] as never }, { argument: 'sampleWeights[0]', actual: '"1"' }],
    [
      'that are all 0',
      { sampleWeights: [0, 0, 0] },
      { argument: 'sampleWeights', expected: 'have a sum over the samples that is finite and > 0', actual: '0' },
    ],
    ['whose sum overflows', { sampleWeights: [1e308, 1e308, 0] }, { argument: 'sampleWeights', actual: 'Infinity' }],
    ['of classes that are all 0', { classWeights: { a: 0, b: 0 } }, { argument: 'classWeights', actual: '0' }],
    [
      'of an unknown class',
      { classWeights: { a: 1, z: 2 } },
      { argument: 'classWeights', expected: 'name only the classes "a", "b"', actual: '"z"' },
    ],
  ])('are rejected: those %s', async (_, options, fields) => {
    for (const solver of SOLVER_NAMES) {
      const fit = SoftmaxRegression.fit<string>(rows, ['a', 'b', 'a'], { solver, ...options });
      await expect(fit).rejects.toThrow(fails(fields));
    }
  });

  it('are a type error for unknown labels', async () => {
    // @ts-expect-error z is not a label
    const wrong = SoftmaxRegression.fit(rows, ['a', 'b', 'a'], { classWeights: { a: 1, z: 2 } });
    await expect(wrong).rejects.toThrow(fails({ actual: '"z"' }));
    await SoftmaxRegression.fit(rows, ['a', 'b', 'a'], { classWeights: new Map([['a', 2]]) });
    await SoftmaxRegression.fit(rows, [1, 2, 1], { classWeights: { 1: 3 } });
    await SoftmaxRegression.fit(rows, [true, false, true], { classWeights: { true: 3 } });
  });
});

describe('the checks of weights', () => {
  beforeAll(() => useBackend('cpu'));

  it('fail for wrong class weights, for balance that ignores sample weights, and without sample weights', async () => {
    const trained = (options: FitOptions<string>) =>
      SoftmaxRegression.fit<string>(flowers.features, flowers.labels, { l2: golden.l2, solver: 'lbfgs', ...options });
    const sampleWeights = sevenths;
    const right = await trained({ sampleWeights, classWeights: 'balanced' });
    const byNumber = [5 / 3, 2 / 3, 10 / 9];
    for (const wrong of [
      { sampleWeights, classWeights: Object.fromEntries(iris.classNames.map((name, k) => [name, byNumber[k]])) },
      { sampleWeights, classWeights: byClass },
      { classWeights: 'balanced' },
    ] as const) {
      expect((await trained(wrong)).model.bias).not.toBeAllClose(right.model.bias, { rtol: 0, atol: 1e-4 });
    }
  });
});
