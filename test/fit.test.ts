import * as tf from '@tensorflow/tfjs';
import {
  Dense,
  type EpochRecord,
  type FitOptions,
  type FitProgress,
  type LearningRateSchedule,
  loadIris,
  Phm,
  Random,
  type RateFunction,
  reference,
  SoftmaxRegression,
} from 'softmax-regression';
import { solversOf } from '../src/training/solvers.js';
import { onEveryBackend, TEST_BACKENDS, useBackend } from './helpers/backends.js';

type Options = Required<Pick<FitOptions<number>, 'epochs' | 'batchSize'>> &
  Omit<FitOptions<number>, 'learningRate'> & { readonly learningRate: number | LearningRateSchedule | RateFunction };

interface Task {
  readonly features: number[][];
  readonly labels: number[];
}

const iris = loadIris();
/** Three species, in batches of 32 and a last one of 22. */
const species: Task = { features: iris.features, labels: iris.labels.map((label) => iris.classNames.indexOf(label)) };
/** Virginica or not: 2 divides its features and its classes. */
const virginica: Task = { ...species, labels: species.labels.map((label) => Number(label === 2)) };
const plain = { solver: 'sgd', epochs: 3, batchSize: 32, learningRate: 0.1 } as const;

/** 5,000 features and 28 classes: a task takes two steps of 40 samples, or 100 samples of the objective. */
const large = {
  features: { values: bytes(160 * 5000), shape: [160, 5000], scale: 255 },
  labels: Array.from({ length: 160 }, (_, i) => i % 28),
  options: { solver: 'sgd', epochs: 1, batchSize: 40, learningRate: 0.01 },
} as const;

function bytes(length: number): Uint8Array {
  const random = new Random(1);
  return Uint8Array.from({ length }, () => random.below(256));
}

type Parameters = Record<string, Float64Array>;

/** A layer in float64: its logits, and from ∂ℓ/∂o the gradient of its parameters. */
interface PlainLayer {
  readonly start: Parameters;
  weight(parameters: Parameters): number[][];
  gradient(parameters: Parameters, features: number[][], logitsGradient: number[][]): Parameters;
}

function matrix(values: Float64Array, rows: number): number[][] {
  const columns = values.length / rows;
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]);
}

function numbersOf(tensors: Readonly<Record<string, tf.Tensor>>): Parameters {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, Float64Array.from(tensor.dataSync())]),
  );
}

function plainDense(inputs: number, units: number, seed: number): PlainLayer {
  using layer = new Dense({ inputs, units, seed });
  const weight = (parameters: Parameters) => matrix(parameters.weight, inputs);
  return {
    start: numbersOf(layer.parameters),
    weight,
    gradient: (parameters, features, logitsGradient) => ({
      weight: reference.denseGradient(features, weight(parameters), logitsGradient).weight.values,
    }),
  };
}

function plainPhm(inputs: number, units: number, seed: number, n: number): PlainLayer {
  using layer = new Phm({ inputs, units, seed, n });
  const factors = (parameters: Parameters) =>
    matrix(parameters.factors, n).map((each) => matrix(Float64Array.from(each), n));
  const components = (parameters: Parameters) =>
    matrix(parameters.components, n).map((each) => matrix(Float64Array.from(each), inputs / n));
  const joined = (matrices: readonly reference.Matrix[]) =>
    Float64Array.from(matrices.flatMap(({ values }) => [...values]));
  return {
    start: numbersOf(layer.parameters),
    weight: (parameters) => reference.toRows(reference.phmWeight(factors(parameters), components(parameters))),
    gradient: (parameters, features, logitsGradient) => {
      const gradient = reference.phmGradient(features, factors(parameters), components(parameters), logitsGradient);
      return { factors: joined(gradient.factors), components: joined(gradient.components) };
    },
  };
}

/** One parameter's update; `memory` is its own. */
type Update = (theta: number, g: number, memory: { m: number; v: number; t: number }, rate: number) => number;

const UPDATES: Record<'sgd' | 'momentum' | 'adam', Update> = {
  sgd: (theta, g, _, rate) => theta - rate * g,
  momentum: (theta, g, memory, rate) => {
    memory.v = 0.9 * memory.v + g;
    return theta - rate * memory.v;
  },
  adam: (theta, g, memory, rate) => {
    memory.t++;
    memory.m = 0.9 * memory.m + 0.1 * g;
    memory.v = 0.999 * memory.v + 0.001 * g * g;
    return theta - (rate * memory.m) / (1 - 0.9 ** memory.t) / (Math.sqrt(memory.v / (1 - 0.999 ** memory.t)) + 1e-8);
  },
};

interface Trained {
  readonly weight: number[][];
  readonly bias: Float64Array;
  readonly history: EpochRecord[];
  readonly objective: number;
  readonly gradientNorm: number;
}

/** What fit does, in float64: plain loops over the reference. */
function trainByHand({ features, labels }: Task, options: Options): Trained {
  const {
    epochs,
    batchSize,
    learningRate,
    solver = 'sgd',
    l2 = 0,
    seed = 0,
    fitIntercept = true,
    layer: choice = 'dense',
  } = options;
  const rateOf = (epoch: number, step: number, steps: number) => {
    if (typeof learningRate === 'number') return learningRate;
    if (typeof learningRate === 'function') return learningRate({ epoch, step, steps });
    if (learningRate.schedule !== 'cosine') throw new Error('not written by hand');
    const { rate, warmup = 0, final = 0 } = learningRate;
    const [done, rise, all] = [epoch * steps + step, warmup * steps, epochs * steps];
    if (done < rise) return (rate * (done + 1)) / rise;
    return final + ((rate - final) * (1 + Math.cos((Math.PI * (done - rise)) / (all - rise)))) / 2;
  };
  const [inputs, units] = [features[0].length, new Set(labels).size];
  const layer = choice === 'dense' ? plainDense(inputs, units, seed) : plainPhm(inputs, units, seed, choice.phm);
  const identity = features[0].map((_, i) => features[0].map((_, j) => Number(i === j)));
  let parameters = layer.start;
  const memory = Object.entries(parameters).map(([name, values]) => [
    name,
    Array.from(values, () => ({ m: 0, v: 0, t: 0 })),
  ]);
  const memories = Object.fromEntries(memory) as Record<string, { m: number; v: number; t: number }[]>;

  const evaluate = (samples: ArrayLike<number>) => {
    const [x, y] = [Array.from(samples, (i) => features[i]), Array.from(samples, (i) => labels[i])];
    const weight = layer.weight(parameters);
    const logits = reference.dense(x, weight, parameters.bias);
    const g = reference.toRows(reference.sparseCrossEntropyGradient(logits, y));
    // The penalty's gradient λW is added as extra samples, the rows of the identity.
    const penalty = weight.map((row) => row.map((w) => l2 * w));
    const bias = fitIntercept ? reference.columnSums(g) : new Float64Array(units);
    const gradient: Parameters = { ...layer.gradient(parameters, [...x, ...identity], [...g, ...penalty]), bias };
    return { loss: reference.sparseCrossEntropy(logits, y), gradient };
  };

  const orders = new Random(new Random(seed).bits());
  const history: EpochRecord[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = orders.permutation(features.length);
    let total = 0;
    for (let start = 0; start < order.length; start += batchSize) {
      const batch = order.subarray(start, start + batchSize);
      const { loss, gradient } = evaluate(batch);
      total += loss * batch.length;
      const rate = rateOf(epoch - 1, start / batchSize, Math.ceil(order.length / batchSize));
      const next = Object.entries(parameters).map(([name, values]) => {
        const moved = values.map((theta, i) =>
          UPDATES[solver as keyof typeof UPDATES](theta, gradient[name][i], memories[name][i], rate),
        );
        return [name, moved];
      });
      parameters = Object.fromEntries(next);
    }
    history.push({ epoch, loss: total / order.length });
  }

  const all = evaluate(features.map((_, i) => i));
  const weight = layer.weight(parameters);
  const gradientNorm = Math.max(...Object.values(all.gradient).flatMap((values) => Array.from(values, Math.abs)));
  const objective = all.loss + (l2 / 2) * weight.flat().reduce((sum, w) => sum + w * w, 0);
  return { weight, bias: parameters.bias, history, objective, gradientNorm };
}

/** ‖Δ‖∞ ≤ 1e-5·‖W‖∞, weights and bias together. */
function expectSameWeights(model: SoftmaxRegression<number>, expected: Pick<Trained, 'weight' | 'bias'>): void {
  const wanted = [...expected.weight.flat(), ...expected.bias];
  const size = Math.max(...wanted.map(Math.abs));
  expect([...model.weight.flatMap((row) => [...row]), ...model.bias]).toBeAllClose(
    wanted,
    { rtol: 1e-5, atol: 0 },
    wanted.map(() => size),
  );
}

const RELATIVE = { rtol: 1e-6, atol: 0 };

const known = new Map<Options, Trained>();
/** `trainByHand`, once for all backends. */
function byHand(task: Task, options: Options): Trained {
  const trained = known.get(options) ?? trainByHand(task, options);
  known.set(options, trained);
  return trained;
}

onEveryBackend('fit', (backend) => {
  it.each<[string, Task, Options]>([
    ['sgd', species, plain],
    ['sgd, by autograd', species, { ...plain, gradient: 'autograd' }],
    ['momentum, with another seed', species, { ...plain, solver: 'momentum', learningRate: 0.02, seed: 7 }],
    ['adam', species, { ...plain, solver: 'adam', learningRate: 0.01 }],
    [
      'a cosine schedule after a warm-up',
      species,
      { ...plain, learningRate: { schedule: 'cosine', rate: 0.2, warmup: 0.8, final: 0.01 } },
    ],
    [
      'adam with a learning rate function',
      species,
      { ...plain, solver: 'adam', learningRate: ({ epoch, step, steps }) => 0.02 / (1 + epoch + step / steps) },
    ],
    ['an l2 penalty', species, { ...plain, l2: 0.3 }],
    ['an l2 penalty, by autograd', species, { ...plain, l2: 0.3, gradient: 'autograd' }],
    ['no intercept', species, { ...plain, fitIntercept: false }],
    ['no intercept, by autograd', species, { ...plain, fitIntercept: false, gradient: 'autograd' }],
    ['one sample at a time', species, { ...plain, batchSize: 1, learningRate: 0.005, epochs: 1 }],
    ['all samples at once', species, { ...plain, batchSize: 1000, epochs: 10 }],
    ['a PHM layer', virginica, { ...plain, layer: { phm: 2 } }],
    ['a PHM layer with an l2 penalty', virginica, { ...plain, layer: { phm: 2 }, l2: 0.3 }],
    [
      'a PHM layer with an l2 penalty, by autograd',
      virginica,
      { ...plain, layer: { phm: 2 }, l2: 0.3, gradient: 'autograd' },
    ],
  ])('matches plain loops in float64, with %s', async (_, task, options) => {
    const expected = byHand(task, options);
    const { model, result } = await SoftmaxRegression.fit(task.features, task.labels, options);
    expectSameWeights(model, expected);
    expect(result.history.map(({ epoch }) => epoch)).toEqual(expected.history.map(({ epoch }) => epoch));
    expect(result.history.map(({ loss }) => loss)).toBeAllClose(
      expected.history.map(({ loss }) => loss),
      RELATIVE,
    );
    expect(result.objective).toBeAllClose(expected.objective, RELATIVE);
    expect(result.gradientNorm).toBeAllClose(expected.gradientNorm, { rtol: 1e-4, atol: 1e-6 });
  });

  it.each(solversOf('steps'))('gives the same weights by closed form and by autograd, with %s', async (solver) => {
    const options = { solver, epochs: 3, batchSize: 32, l2: 0.01 };
    const [byFormula, byTape] = await Promise.all(
      (['closed-form', 'autograd'] as const).map((gradient) =>
        SoftmaxRegression.fit(species.features, species.labels, { ...options, gradient }),
      ),
    );
    expectSameWeights(byTape.model, {
      weight: byFormula.model.weight.map((row) => [...row]),
      bias: Float64Array.from(byFormula.model.bias),
    });
    expect(byTape.result.objective).toBeAllClose(byFormula.result.objective, RELATIVE);
  });

  it.each(solversOf('steps'))('lowers the loss in each epoch, with %s', async (solver) => {
    const learningRate = solver === 'adam' ? 0.05 : 0.02;
    const options = { solver, learningRate, epochs: 6, batchSize: 150 };
    const { result } = await SoftmaxRegression.fit(species.features, species.labels, options);
    const losses = [...result.history.map(({ loss }) => loss), result.objective];
    expect(losses[0]).toBeCloseTo(Math.log(3), 1);
    for (const [i, loss] of losses.entries()) if (i > 0) expect(loss).toBeLessThan(losses[i - 1]);
  });

  it('gives the same bits for the same seed, and different bits for another', async () => {
    const train = (seed: number) => SoftmaxRegression.fit(species.features, species.labels, { ...plain, seed });
    const [once, twice, other] = [await train(3), await train(3), await train(4)];
    expect(twice.model.weight).toEqual(once.model.weight);
    expect(twice.model.bias).toEqual(once.model.bias);
    expect(twice.result).toEqual(once.result);
    expect(other.model.weight).not.toEqual(once.model.weight);
  });

  it('gives the same bits for rows, a typed array, and a tensor', async () => {
    const values = Float32Array.from(species.features.flat());
    const tensor = tf.tensor2d(values, [150, 4]);
    const inputs = [species.features, { values, shape: [150, 4] as const }, tensor];
    const models = [];
    for (const features of inputs) models.push((await SoftmaxRegression.fit(features, species.labels, plain)).model);
    for (const model of models) expect(model.weight).toEqual(models[0].weight);
    expect(tensor.isDisposed).toBe(false);
    tensor.dispose();
  });

  it('divides bytes by their scale', async () => {
    const values = Uint8Array.from(species.features.flat(), (x) => Math.round(10 * x));
    const features = { values, shape: [150, 4] as const, scale: 10 };
    const { model, result } = await SoftmaxRegression.fit(features, species.labels, plain);
    expectSameWeights(model, trainByHand(species, plain));
    expect((await model.evaluate(features, species.labels)).logLoss).toBeAllClose(result.objective, RELATIVE);
  });

  it('shrinks the weights, but not the bias, with l2', async () => {
    const size = async (l2: number) => {
      const { model } = await SoftmaxRegression.fit(species.features, species.labels, {
        ...plain,
        batchSize: 150,
        epochs: 40,
        l2,
      });
      return { weight: Math.hypot(...model.weight.flatMap((row) => [...row])), bias: Math.hypot(...model.bias) };
    };
    const [none, some, much] = [await size(0), await size(0.1), await size(1)];
    expect(some.weight).toBeLessThan(0.9 * none.weight);
    expect(much.weight).toBeLessThan(0.7 * some.weight);
    expect(much.bias).toBeGreaterThan(0.5 * none.bias);
  });

  it('keeps the bias at 0 without an intercept, and does not count it', async () => {
    for (const gradient of ['closed-form', 'autograd'] as const) {
      const options = { ...plain, fitIntercept: false, gradient };
      const { model, result } = await SoftmaxRegression.fit(species.features, species.labels, options);
      expect([...model.bias]).toEqual([0, 0, 0]);
      expect(model.numParameters).toBe(12);
      expect(result.history[2].loss).toBeLessThan(result.history[0].loss);
    }
    // At the optimum of these samples the gradient of the weights is 0, but not that of the bias, which is not trained.
    const constant = {
      features: [
        [1, -1],
        [1, -1],
        [-1, 1],
      ],
      labels: [0, 1, 0],
    };
    const { result } = await SoftmaxRegression.fit(constant.features, constant.labels, {
      solver: 'sgd',
      fitIntercept: false,
      epochs: 100,
      learningRate: 2,
    });
    expect(result.gradientNorm).toBeLessThan(1e-4);
  });

  it('trains a PHM layer with fewer parameters, and returns plain weights', async () => {
    const options = { ...plain, epochs: 30, layer: { phm: 2 } } as const;
    const { model, result } = await SoftmaxRegression.fit(virginica.features, virginica.labels, options);
    expect(model.numParameters).toBe(4 + 8 + 2);
    expect(model.weight.map((row) => row.length)).toEqual([2, 2, 2, 2]);
    expect(result.history[29].loss).toBeLessThan(0.6 * result.history[0].loss);
    expect((await model.evaluate(virginica.features, virginica.labels)).accuracy).toBeGreaterThan(0.85);
  });

  it('returns every field of its result', async () => {
    const { result } = await SoftmaxRegression.fit(species.features, species.labels, plain);
    expect(result).toEqual({
      converged: false,
      reason: 'epochs',
      objective: expect.any(Number),
      gradientNorm: expect.any(Number),
      advice: null,
      suboptimality: null,
      iterations: 3 * 5,
      history: [1, 2, 3].map((epoch) => ({ epoch, loss: expect.any(Number) })),
    });
  });

  it('reports progress once per epoch if an epoch is one task', async () => {
    const seen: FitProgress[] = [];
    const options = { ...plain, learningRate: 0.05, onProgress: (progress: FitProgress) => seen.push(progress) };
    const { result } = await SoftmaxRegression.fit(species.features, species.labels, options);
    expect(seen).toEqual(
      result.history.map(({ epoch, loss }) => ({ epoch, epochs: 3, step: 5, steps: 5, loss, learningRate: 0.05 })),
    );
  });

  it.each([
    ['in the first epoch', { learningRate: 1e38 }],
    ['later', { learningRate: 100, l2: 1 }],
    ['later, with momentum', { learningRate: 10, l2: 1, solver: 'momentum' }],
    ['later, by autograd', { learningRate: 100, l2: 1, gradient: 'autograd' }],
  ] as const)('keeps the last finite weights when it diverges %s', async (when, change) => {
    const options = { ...plain, epochs: 40, ...change };
    const { model, result } = await SoftmaxRegression.fit(species.features, species.labels, options);
    const epochs = result.history.length;
    expect(result).toMatchObject({ converged: false, reason: 'diverged', iterations: 5 * epochs });
    expect(result.advice).toMatch(
      /^Give `learningRate: [\d.e-]+`, or `standardize: true`: the loss or a weight overflowed\.$/,
    );
    expect([...model.weight.flatMap((row) => [...row]), ...model.bias].every(Number.isFinite)).toBe(true);
    if (when === 'in the first epoch') {
      using initial = new Dense({ inputs: 4, units: 3, seed: 0 });
      expect(epochs).toBe(0);
      expect(model.weight.flatMap((row) => [...row])).toEqual([...initial.weight.dataSync()]);
    } else {
      const stopped = await SoftmaxRegression.fit(species.features, species.labels, { ...options, epochs });
      expect(stopped.result.reason).toBe('epochs');
      expect(model.weight).toEqual(stopped.model.weight);
    }
  });

  it('discards weights that are infinite after the last step', async () => {
    // The loss of that step, at the weights before it, is finite.
    const options = { solver: 'sgd', epochs: 1, batchSize: 150, learningRate: 1e38, l2: 1e38 } as const;
    const { model, result } = await SoftmaxRegression.fit(species.features, species.labels, options);
    using initial = new Dense({ inputs: 4, units: 3, seed: 0 });
    expect(result).toMatchObject({ reason: 'diverged', iterations: 0, history: [] });
    expect(model.weight.flatMap((row) => [...row])).toEqual([...initial.weight.dataSync()]);
  });

  it('reports divergence if all logits of a sample overflow to −∞', async () => {
    // At seed 6 both weights start above 0, and W ← (1 − 1e30)·W makes them −∞ or ∞ alike.
    const features = [[1], [-1], [-1], [-1], [1], [-1]];
    const options = { solver: 'sgd', batchSize: 1, seed: 6, l2: 1e30, learningRate: 1, epochs: 5 } as const;
    for (const gradient of ['closed-form', 'autograd'] as const) {
      const { result } = await SoftmaxRegression.fit(features, [0, 1, 1, 1, 0, 0], { ...options, gradient });
      expect(result).toMatchObject({ reason: 'diverged', iterations: 0 });
    }
  });

  it('rejects with the reason of a signal that is already aborted', async () => {
    const onProgress = jest.fn();
    const reason = new Error('no longer wanted');
    const options = { ...plain, signal: AbortSignal.abort(reason), onProgress };
    await expect(SoftmaxRegression.fit(species.features, species.labels, options)).rejects.toBe(reason);
    expect(onProgress).not.toHaveBeenCalled();
  });

  it('rejects with the reason of a signal that aborts midway, and stops', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const seen: number[] = [];
    const onProgress = ({ epoch }: FitProgress) => {
      seen.push(epoch);
      if (epoch === 2) controller.abort(reason);
    };
    const options = { ...plain, epochs: 100, signal: controller.signal, onProgress };
    await expect(SoftmaxRegression.fit(species.features, species.labels, options)).rejects.toBe(reason);
    expect(seen).toEqual([1, 2]);
  });

  it('rejects with the error that onProgress throws', async () => {
    const onProgress = () => {
      throw new Error('from the caller');
    };
    const fit = SoftmaxRegression.fit(species.features, species.labels, { ...plain, onProgress });
    await expect(fit).rejects.toThrow('from the caller');
  });

  it('yields to the event loop between small steps', async () => {
    const features = { values: bytes(800), shape: [400, 2], scale: 255 } as const;
    const labels = Array.from({ length: 400 }, (_, i) => i % 2);
    const steps = [0];
    const onProgress = ({ step }: FitProgress) => steps.push(step);
    await SoftmaxRegression.fit(features, labels, { solver: 'sgd', epochs: 1, batchSize: 1, onProgress });
    expect(steps.at(-1)).toBe(400);
    // A step of any size takes about half a millisecond.
    for (const [i, step] of steps.entries()) if (i > 0) expect(step - steps[i - 1]).toBeLessThanOrEqual(200);
  });

  describe('of a large task', () => {
    const { features, labels, options } = large;

    it('yields to the event loop after each task, and reports progress', async () => {
      let turns = 0;
      let next = setImmediate(function tick() {
        turns++;
        next = setImmediate(tick);
      });
      const seen: (FitProgress & { turns: number })[] = [];
      const onProgress = (progress: FitProgress) => seen.push({ ...progress, turns });
      const { result } = await SoftmaxRegression.fit(features, labels, { ...options, onProgress });
      clearImmediate(next);
      expect(seen.map(({ epoch, step, steps }) => [epoch, step, steps])).toEqual([
        [1, 2, 4],
        [1, 4, 4],
      ]);
      for (const [i, each] of seen.entries()) if (i > 0) expect(each.turns).toBeGreaterThan(seen[i - 1].turns);
      // Two more turns for the objective.
      expect(turns).toBeGreaterThanOrEqual(seen.length + 2);
      expect(result.iterations).toBe(4);
      expect(seen[1].loss).toBeCloseTo(result.history[0].loss, 6);
      expect(seen[0].loss).not.toBe(seen[1].loss);
    });

    it('can be aborted between two tasks, and while the objective is computed', async () => {
      for (const last of [2, 4]) {
        const controller = new AbortController();
        const seen: number[] = [];
        const onProgress = ({ step }: FitProgress) => {
          seen.push(step);
          // Two turns later: after the last step, that is while the objective is computed.
          if (step === last) setImmediate(() => setImmediate(() => controller.abort()));
        };
        const fit = SoftmaxRegression.fit(features, labels, { ...options, signal: controller.signal, onProgress });
        await expect(fit).rejects.toMatchObject({ name: 'AbortError' });
        expect(seen).toEqual([2, 4]);
      }
    });
  });

  it('does not change the backend', async () => {
    await SoftmaxRegression.fit(species.features, species.labels, plain);
    expect(tf.getBackend()).toBe(backend);
  });
});

describe('fit on different backends', () => {
  it('gives the same objective, and the same predictions except for ties', async () => {
    const options = { epochs: 20, batchSize: 32, solver: 'momentum', learningRate: 0.02 } as const;
    const fits = [];
    for (const backend of TEST_BACKENDS) {
      await useBackend(backend);
      fits.push(await SoftmaxRegression.fit(species.features, species.labels, options));
    }
    const [first, ...others] = fits;
    const probabilities = first.model.predictProbabilities(species.features);
    for (const { model, result } of others) {
      expect(result.objective).toBeAllClose(first.result.objective, RELATIVE);
      const tie = (row: Float64Array) => {
        const [best, second] = [...row].sort((a, b) => b - a);
        return best - second < 1e-4;
      };
      const predictions = first.model.predict(species.features);
      const differing = model
        .predict(species.features)
        .filter((label, i) => label !== predictions[i] && !tie(probabilities[i]));
      expect(differing).toEqual([]);
    }
  });
});

describe('fit of a large task', () => {
  beforeAll(() => useBackend('wasm'));

  it('computes the objective and its gradient over all samples', async () => {
    const { features, labels, options } = large;
    const { model, result } = await SoftmaxRegression.fit(features, labels, options);
    const [n, d] = features.shape;
    const rows = Array.from({ length: n }, (_, i) =>
      Float64Array.from(features.values.subarray(i * d, (i + 1) * d), (x) => x / 255),
    );
    const logits = reference.dense(rows, model.weight, model.bias);
    const logitsGradient = reference.sparseCrossEntropyGradient(logits, labels);
    const { weight, bias } = reference.denseGradient(rows, model.weight, logitsGradient);
    const norm = [...weight.values, ...bias].reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    expect(result.objective).toBeAllClose(reference.sparseCrossEntropy(logits, labels), { rtol: 1e-5, atol: 0 });
    expect(result.gradientNorm).toBeAllClose(norm, { rtol: 1e-4, atol: 0 });
  });
});

describe('the checks of fit', () => {
  beforeAll(() => useBackend('cpu'));

  it.each<[string, Task, Partial<Options>]>([
    [
      'that drops the short last batch',
      { features: species.features.slice(0, 128), labels: species.labels.slice(0, 128) },
      {},
    ],
    ['in another order', species, { seed: 1 }],
    ['with another learning rate', species, { learningRate: 0.1001 }],
    ['whose learning rate decays slightly', species, { learningRate: ({ epoch }) => 0.1 - 0.0001 * epoch }],
    ['with another batch size', species, { batchSize: 33 }],
    ['with another solver', species, { solver: 'momentum' }],
    ['with one more epoch', species, { epochs: 4 }],
    ['with half the penalty', species, { l2: 0.15 }],
  ])('fail for a training %s', async (_, task, change) => {
    const options = { ...plain, l2: 0.3 };
    const { model } = await SoftmaxRegression.fit(species.features, species.labels, options);
    expectSameWeights(model, trainByHand(species, options));
    expect(() => expectSameWeights(model, trainByHand(task, { ...options, ...change }))).toThrow('numbers differ');
  });
});
