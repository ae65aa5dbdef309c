import * as tf from '@tensorflow/tfjs';
import {
  adam,
  Dense,
  type FitOptions,
  type Moment,
  momentum,
  Phm,
  Random,
  type ScanOptions,
  SoftmaxRegression,
  scan,
  sgd,
} from 'softmax-regression';
import { type DataArray, DataStore } from '../src/compile/arrays.js';
import { eagerRunner, provideRunner, type Runner } from '../src/compile/loop.js';
import { nativeBackend } from '../src/graph/native-backend.js';
import { nativeRunner } from '../src/graph/native-runner.js';
import { scaledLayer } from '../src/objective/scaled-layer.js';
import { type TrainingState, trainingStep } from '../src/training/step.js';
import { onEveryBackend, TEST_BACKENDS, useBackend } from './helpers/backends.js';

const fails = (fields: object) => expect.objectContaining(fields);

/** state ← state + Σx; output Σx. */
const sum = (total: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, tf.Scalar] => [total.add(x.sum()), x.sum()];

const graph = nativeRunner(eagerRunner);

beforeEach(() => provideRunner(graph));

/** Reads the numbers of a tensor and disposes it. */
function numbersOf(tensor: tf.Tensor): number[] {
  const values = [...tensor.dataSync()];
  tensor.dispose();
  return values;
}

async function sums(
  data: Float32Array | Int32Array | tf.Tensor1D,
  options: Omit<ScanOptions<tf.Scalar, tf.Scalar>, 'signal'>,
) {
  const start = tf.scalar(0, data instanceof Int32Array ? 'int32' : 'float32');
  const { state, outputs } = await scan(sum, start, data as Float32Array, options);
  start.dispose();
  return { state: numbersOf(state), outputs: numbersOf(outputs) };
}

const counting = (n: number) => Float32Array.from({ length: n }, (_, i) => i);

onEveryBackend('scan', () => {
  it('updates the state over all batches, including a short last one, and stacks the outputs', async () => {
    const { state, outputs } = await sums(Float32Array.of(1, 2, 3, 4, 5), { batchSize: 2 });
    expect(state).toEqual([15]);
    expect(outputs).toEqual([3, 7, 5]);
  });

  it('gives the same results over hundreds of steps', async () => {
    const { state, outputs } = await sums(counting(901), { batchSize: 3, epochs: 2 });
    const perEpoch = [...Array.from({ length: 300 }, (_, i) => 9 * i + 3), 900];
    expect(outputs).toEqual([...perEpoch, ...perEpoch]);
    expect(state).toEqual([900 * 901]);
  });

  it('reads integer arrays as int32, and accepts tensors', async () => {
    expect(
      await sums(
        Int32Array.from({ length: 401 }, (_, i) => i),
        { batchSize: 2 },
      ),
    ).toMatchObject({ state: [80200] });
    const data = tf.tensor1d(counting(401));
    expect(await sums(data, { batchSize: 2 })).toMatchObject({ state: [80200] });
    const shuffled = await sums(data, { batchSize: 2, seed: 1 });
    expect(shuffled.outputs).toEqual((await sums(counting(401), { batchSize: 2, seed: 1 })).outputs);
    data.dispose();
  });

  it.each([7, 301])('visits each of %d samples once per epoch, in an order determined by the seed', async (n) => {
    const step = (seen: tf.Tensor1D, x: tf.Tensor1D): [tf.Tensor1D, tf.Tensor1D] => [
      seen.add(tf.oneHot(x.toInt(), n).sum(0)) as tf.Tensor1D,
      x.slice(0, 1) as tf.Tensor1D,
    ];
    const run = async (options: object) => {
      const start = tf.zeros<tf.Rank.R1>([n]);
      const { state, outputs } = await scan(step, start, counting(n), { batchSize: 2, ...options });
      start.dispose();
      return { state: numbersOf(state), outputs: numbersOf(outputs) };
    };
    const [a, b, other] = [await run({ seed: 3 }), await run({ seed: 3 }), await run({ seed: 4 })];
    expect(a.state).toEqual(Array(n).fill(1));
    expect(a.outputs).toEqual(b.outputs);
    expect(a.outputs).not.toEqual(other.outputs);
    const order = new Random(3).permutation(n);
    expect(a.outputs).toEqual([...order].filter((_, i) => i % 2 === 0));
  });

  it('takes the order of each epoch from a function', async () => {
    const n = 250;
    const order = (epoch: number) => Int32Array.from({ length: n }, (_, i) => (epoch === 1 ? i : n - 1 - i));
    const { outputs } = await sums(counting(n), { batchSize: 1, epochs: 2, order });
    expect(outputs).toEqual([...counting(n), ...counting(n).reverse()]);
  });

  it('preserves the structure of state, data and outputs', async () => {
    const data = {
      pixels: {
        values: Uint8Array.from({ length: 480 }, (_, i) => i % 256),
        shape: [120, 2, 2],
        scale: 255,
      } as DataArray,
      more: [Int32Array.from({ length: 120 }, (_, i) => i)] as const,
    };
    const start = { count: tf.scalar(0), mean: [tf.zeros([2, 2])] as const };
    const { state, outputs } = await scan(
      ({ count, mean: [mean] }, { pixels, more: [ids] }) => [
        { count: count.add<tf.Scalar>(1), mean: [mean.add(pixels.mean(0))] as const },
        { first: ids.gather(tf.tensor1d([0], 'int32')), largest: pixels.max() },
      ],
      start,
      data,
      { batchSize: 1 },
    );
    expect(Object.keys(state)).toEqual(['count', 'mean']);
    expect(numbersOf(state.count)).toEqual([120]);
    expect(state.mean[0].shape).toEqual([2, 2]);
    const expected = [0, 1, 2, 3].map((j) =>
      Array.from({ length: 120 }, (_, i) => ((4 * i + j) % 256) / 255).reduce((a, b) => a + b),
    );
    expect(numbersOf(state.mean[0])).toBeAllClose(expected);
    expect(outputs.first.shape).toEqual([120, 1]);
    expect(numbersOf(outputs.first)).toEqual([...counting(120)]);
    expect(outputs.largest.dtype).toBe('float32');
    tf.dispose([start, outputs] as unknown as tf.TensorContainer);
  });

  it('reads one array in two data types', async () => {
    const values = Int32Array.from({ length: 300 }, (_, i) => i);
    const data = { whole: values, float: { values, shape: [300, 1], dtype: 'float32' } as DataArray };
    const start = tf.scalar(0);
    const step = (s: tf.Scalar, { whole, float }: { whole: tf.Tensor1D; float: tf.Tensor }): [tf.Scalar, tf.Scalar] => [
      s.add(float.mul(0.5).sum()),
      whole.sum(),
    ];
    const { state, outputs } = await scan(step as never, start, data, { batchSize: 1 });
    expect((outputs as tf.Tensor).dtype).toBe('int32');
    expect(numbersOf(outputs as tf.Tensor)).toEqual([...values]);
    expect(numbersOf(state)).toEqual([(299 * 300) / 4]);
    start.dispose();
  });

  it('does not leak tensors, even after errors', async () => {
    const before = tf.memory().numTensors;
    await sums(counting(901), { batchSize: 3, epochs: 2, seed: 1 });
    await sums(counting(5), { batchSize: 2 });
    const start = tf.scalar(0);
    const broken = () => {
      throw new Error('broken');
    };
    await expect(scan(broken, start, counting(901), { batchSize: 3 })).rejects.toThrow('broken');
    await expect(scan(broken, start, counting(5), { batchSize: 3 })).rejects.toThrow('broken');
    const abort = new AbortController();
    const onChunk = () => abort.abort(new Error('enough'));
    await expect(scan(sum, start, counting(901), { batchSize: 3, signal: abort.signal, onChunk })).rejects.toThrow(
      'enough',
    );
    const onChunkThrows = () => Promise.reject(new Error('mine'));
    await expect(scan(sum, start, counting(901), { batchSize: 3, onChunk: onChunkThrows })).rejects.toThrow('mine');
    start.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reports progress after each chunk, and yields to other tasks between chunks', async () => {
    const epochs = 3;
    const chunks: object[] = [];
    let turns = 0;
    let next = setImmediate(function tick() {
      turns++;
      next = setImmediate(tick);
    });
    const start = tf.scalar(0);
    // Enough work that it takes some chunks: 2,000 steps of a small kernel.
    const slow = (total: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, tf.Scalar] => [total.add(x.sum()), x.max()];
    const result = await scan(slow, start, counting(2001), {
      batchSize: 2,
      epochs,
      onChunk({ epoch, epochs, step, steps, state, outputs, batchSizes }) {
        chunks.push({ epoch, epochs, step, steps });
        expect(state.shape).toEqual([]);
        expect(outputs.shape).toEqual([batchSizes.length]);
      },
    });
    clearImmediate(next);
    expect(chunks[chunks.length - 1]).toEqual({ epoch: 3, epochs, step: 1001, steps: 1001 });
    expect(chunks.length).toBeGreaterThanOrEqual(3);
    expect(turns).toBeGreaterThan(0);
    tf.dispose([start, result.state, result.outputs]);
  });

  it.each<[string, object, object]>([
    ['a batch size of 0', { batchSize: 0 }, { argument: 'batchSize' }],
    ['a missing batch size', {}, { argument: 'batchSize' }],
    ['fractional epochs', { batchSize: 1, epochs: 0.5 }, { argument: 'epochs' }],
    ['an unknown option', { batchSize: 1, batches: 2 }, { argument: 'options' }],
    ['a negative seed', { batchSize: 1, seed: -1 }, { argument: 'seed' }],
    ['seed and order', { batchSize: 1, seed: 1, order: () => new Int32Array(3) }, { argument: 'order' }],
    ['a short order', { batchSize: 1, order: () => new Int32Array(2) }, { argument: 'order' }],
    [
      'an order with an index out of range',
      { batchSize: 1, order: () => Int32Array.of(0, 3, 1) },
      { argument: 'order(1)[1]' },
    ],
  ])('rejects %s', async (_, options, fields) => {
    const start = tf.scalar(0);
    await expect(scan(sum, start, counting(3), options as { batchSize: number })).rejects.toThrow(
      fails({ code: 'DOMAIN', ...fields }),
    );
    start.dispose();
  });

  it.each<[string, () => unknown, object]>([
    ['an empty object', () => ({}), { code: 'DOMAIN', argument: 'data' }],
    ['a number', () => ({ x: 3 }), { code: 'DOMAIN', argument: 'data.x' }],
    ['an empty array', () => new Float32Array(0), { code: 'DOMAIN', argument: 'data' }],
    ['a scalar', () => tf.scalar(1), { code: 'SHAPE', argument: 'data' }],
    ['a BigInt array', () => new BigInt64Array(3), { code: 'DOMAIN', argument: 'data' }],
    [
      'arrays of different lengths',
      () => [counting(3), counting(4)],
      { code: 'SHAPE', argument: 'data[1]', actual: '4' },
    ],
    [
      'a shape of another size',
      () => ({ values: counting(3), shape: [2, 2] }),
      { code: 'SHAPE', argument: 'data.shape' },
    ],
    [
      'a scale of 0',
      () => ({ values: counting(4), shape: [2, 2], scale: 0 }),
      { code: 'DOMAIN', argument: 'data.scale' },
    ],
    [
      'fractions as int32',
      () => ({ values: counting(4), shape: [4], dtype: 'int32' }),
      { code: 'DOMAIN', argument: 'data.dtype' },
    ],
    [
      'a disposed tensor',
      () => {
        const tensor = tf.ones([3]);
        tensor.dispose();
        return tensor;
      },
      { code: 'DOMAIN', actual: 'a disposed tensor' },
    ],
  ])('rejects %s as data', async (_, data, fields) => {
    const [start, given] = [tf.scalar(0), data()];
    await expect(scan(sum as never, start, given as Float32Array, { batchSize: 2 })).rejects.toThrow(fails(fields));
    tf.dispose([start, given] as tf.TensorContainer);
  });

  it.each<[string, number]>([
    ['eagerly', 5],
    ['in a graph', 401],
  ])('rejects a step that changes the form of state or output, %s', async (_, n) => {
    const start = { a: tf.scalar(0), b: tf.zeros([2]) };
    const run = (step: (state: typeof start, x: tf.Tensor1D) => unknown) =>
      scan(step as never, start, counting(n), { batchSize: 2 });
    const wrong: [(state: typeof start, x: tf.Tensor1D) => unknown, object][] = [
      [({ a, b }) => [{ a, b: b.concat(b) }, a], { code: 'SHAPE', argument: 'the new state.b', actual: 'float32[4]' }],
      [({ a, b }) => [{ a: a.toInt(), b }, a], { code: 'SHAPE', argument: 'the new state.a', actual: 'int32[]' }],
      [({ a }) => [{ a }, a], { code: 'SHAPE', argument: 'the new state' }],
      [({ a, b }) => ({ a, b }), { code: 'DOMAIN', expected: 'return [state, output]' }],
      [(state) => [state], { code: 'DOMAIN', expected: 'return [state, output]' }],
      [(state) => [state, 3], { code: 'DOMAIN', argument: 'the output', actual: '3' }],
      [async (state) => [state, state.a], { code: 'BACKEND', actual: expect.stringContaining('promise') }],
      [(state, x) => [state, x], { code: 'SHAPE', argument: 'the output of a step' }],
    ];
    for (const [step, fields] of wrong) await expect(run(step)).rejects.toThrow(fails(fields));
    tf.dispose(start);
  });

  it('accepts steps that return the same state or no output', async () => {
    const start = tf.scalar(7);
    const { state, outputs } = await scan((s: tf.Scalar) => [s, {}] as const, start, counting(401), { batchSize: 2 });
    expect(outputs).toEqual({});
    expect(numbersOf(start)).toEqual([7]);
    expect(numbersOf(state)).toEqual([7]);
  });
});

const N = 530;
const BATCH = 16;

const random = new Random(4);
const labels = Int32Array.from({ length: N }, () => random.below(4));
const bytes = Uint8Array.from({ length: N * 8 }, () => random.below(256));
const FEATURES: Record<string, DataArray> = {
  bytes: { values: bytes, shape: [N, 8], scale: 255 },
  'bytes in a Buffer': { values: Buffer.from(bytes), shape: [N, 8], scale: 255 },
  float32: { values: Float32Array.from(bytes, (value) => value / 255), shape: [N, 8] },
  float64: { values: Float64Array.from(bytes, (value) => value / 255), shape: [N, 8] },
  int16: { values: Int16Array.from(bytes), shape: [N, 8], scale: 255 },
};

/** Trains a softmax regression, by default for four epochs. */
async function train(
  runner: Runner,
  features: DataArray,
  {
    layer = 'dense',
    optimizer = sgd(),
    gradient = 'closed-form' as 'closed-form' | 'autograd',
    l2 = 0,
    learningRate = 0.5,
    seed = 2 as number | undefined,
    epochs = 4,
  } = {},
): Promise<{ losses: number[]; parameters: number[] }> {
  provideRunner(runner);
  const options = { inputs: 8, units: 4, seed: 1 };
  const own = layer === 'dense' ? new Dense(options) : new Phm({ ...options, n: 2 });
  const start: TrainingState = { parameters: own.parameters, optimizer: optimizer.init(own.parameters) };
  const step = trainingStep({ scaled: scaledLayer(own), optimizer, gradient, l2, fitIntercept: true, learningRate });
  const { state, outputs } = await scan(step, start, { features, labels } as never, {
    batchSize: BATCH,
    epochs,
    seed,
  });
  const parameters = Object.values(state.parameters).flatMap((tensor) => [...tensor.dataSync()]);
  tf.dispose([start, state] as unknown as tf.TensorContainer);
  own.dispose();
  return { losses: numbersOf(outputs), parameters };
}

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

describeNative('scan as one native graph', () => {
  beforeAll(() => useBackend('tensorflow'));

  const CLOSE = { rtol: 1e-6, atol: 1e-6 };

  const ofSeeds = new Map<number | undefined, Awaited<ReturnType<typeof train>>>();
  /** The eager numbers, the same for each way to store the features. */
  async function eagerNumbers(seed: number | undefined) {
    const known = ofSeeds.get(seed) ?? (await train(eagerRunner, FEATURES.float64, { seed }));
    ofSeeds.set(seed, known);
    return known;
  }

  it.each(Object.keys(FEATURES))('matches the eager numbers for features stored as %s', async (kind) => {
    for (const seed of [2, undefined]) {
      const native = await train(graph, FEATURES[kind], { seed });
      const eager = await eagerNumbers(seed);
      expect(native.losses).toBeAllClose(eager.losses, CLOSE);
      expect(native.parameters).toBeAllClose(eager.parameters, CLOSE);
    }
  });

  it.each([
    ['sgd by autograd with a penalty', { gradient: 'autograd' as const, l2: 0.1 }],
    ['momentum', { optimizer: momentum() }],
    ['short batches with a graph of their own', { epochs: 6 }],
    ['adam by autograd', { optimizer: adam(), gradient: 'autograd' as const, learningRate: 0.01 }],
    ['a PHM layer', { layer: 'phm', l2: 0.01 }],
    [
      'a PHM layer by autograd with adam',
      { layer: 'phm', optimizer: adam(), gradient: 'autograd' as const, learningRate: 0.01 },
    ],
  ])('matches the eager numbers for %s', async (_, options) => {
    const [native, eager] = [
      await train(graph, FEATURES.bytes, options),
      await train(eagerRunner, FEATURES.bytes, options),
    ];
    expect(native.losses).toBeAllClose(eager.losses, CLOSE);
    expect(native.parameters).toBeAllClose(eager.parameters, CLOSE);
  });

  it.each([
    ['sgd', 'closed-form', 'dense', undefined],
    ['momentum', 'autograd', 'dense', undefined],
    ['adam', 'closed-form', { phm: 2 }, undefined],
    ['momentum', 'closed-form', 'dense', { schedule: 'cosine', rate: 0.1, warmup: 1.3 }],
    ['adam', 'autograd', 'dense', ({ epoch, step, steps }: Moment) => 0.05 / (1 + epoch + step / steps)],
  ] as const)(
    'matches the eager fit by %s, %s: objective within 1e-6, weights within 1e-5',
    async (solver, gradient, layer, learningRate: FitOptions<number>['learningRate']) => {
      const sampleWeights = learningRate === undefined ? undefined : Array.from(labels, (_, i) => (i % 3) / 2);
      const steps = { epochs: 4, batchSize: BATCH, learningRate, sampleWeights } as const;
      const options = { solver, gradient, layer, l2: 0.01, ...steps } as const;
      const rows = { values: bytes, shape: [N, 8], scale: 255 } as const;
      const trained = async (used: Runner) => {
        provideRunner(used);
        const { model, result } = await SoftmaxRegression.fit(rows, [...labels], options);
        return { objective: result.objective, weight: model.weight.flatMap((row) => [...row]) };
      };
      const native = await trained(graph);
      const eager = await trained(eagerRunner);
      expect(native.objective).toBeAllClose(eager.objective, { rtol: 1e-6, atol: 0 });
      const largest = Math.max(...eager.weight.map(Math.abs));
      expect(native.weight).toBeAllClose(eager.weight, { rtol: 0, atol: 1e-5 * largest });
    },
  );

  it('runs the step only to record it, and for short last batches', async () => {
    let calls = 0;
    const counted: Runner = (job) => {
      const run: typeof job.step.run = (...args) => {
        calls++;
        return job.step.run(...args);
      };
      return graph({ ...job, step: { name: job.step.name, run } });
    };
    await train(counted, FEATURES.bytes);
    // 530 = 33·16 + 2: two recordings, and one short batch in each of four epochs.
    expect(calls).toBe(6);
    calls = 0;
    await train(counted, FEATURES.bytes, { epochs: 25 });
    // More than 24 short batches get a graph of their own.
    expect(calls).toBe(4);
  });

  it('reuses the session of an equal graph, and keeps at most eight', async () => {
    const backend = nativeBackend();
    const { binding } = backend;
    const calls = { loadSavedModel: 0, deleteSavedModel: 0 };
    // A proxy, because the addon's functions are read-only. Sessions belong to the object that loaded them, so it has none.
    backend.binding = new Proxy({} as typeof binding, {
      get(_, name: keyof typeof binding) {
        const value: unknown = binding[name];
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name === 'loadSavedModel' || name === 'deleteSavedModel') calls[name]++;
          return value.apply(binding, args);
        };
      },
    });
    try {
      const run = async (rate: number) => {
        const step = (w: tf.Scalar, x: tf.Tensor1D) => [w.add<tf.Scalar>(x.sum().mul(rate)), {}] as [tf.Scalar, object];
        const { state } = await scan(step, tf.scalar(0), Float32Array.from({ length: 200 }, Math.sqrt), {
          batchSize: 2,
        });
        return state.dataSync()[0];
      };
      const first = await run(1);
      expect(await run(1)).toBe(first);
      expect(calls).toEqual({ loadSavedModel: 1, deleteSavedModel: 0 });
      for (let rate = 2; rate <= 8; rate++) await run(rate);
      expect(calls).toEqual({ loadSavedModel: 8, deleteSavedModel: 0 });
      // The least recently used session is closed, which is not that of rate 1.
      await run(1);
      await run(9);
      expect(calls).toEqual({ loadSavedModel: 9, deleteSavedModel: 1 });
      await run(1);
      expect(calls.loadSavedModel).toBe(9);
      await run(2);
      expect(calls).toEqual({ loadSavedModel: 10, deleteSavedModel: 2 });
    } finally {
      backend.binding = binding;
    }
  });

  it('is deterministic', async () => {
    expect(await train(graph, FEATURES.bytes)).toEqual(await train(graph, FEATURES.bytes));
  });

  it('uses the eager runner for few steps and on other backends', async () => {
    const eager = jest.fn(eagerRunner);
    const step = {
      name: 'step',
      run: () => {
        throw new Error('recorded');
      },
    };
    const job = {
      step,
      state: [],
      data: [],
      store: new DataStore(),
      numSamples: N,
      batchSize: BATCH,
      isOrdered: false,
      xla: false,
    };
    (await nativeRunner(eager)({ ...job, passes: 1 })).close();
    expect(eager).toHaveBeenCalledTimes(1);
    await useBackend('cpu');
    (await nativeRunner(eager)({ ...job, passes: 1000 })).close();
    expect(eager).toHaveBeenCalledTimes(2);
    await useBackend('tensorflow');
  });

  it('reads captured variables at each chunk, and copies captured tensors', async () => {
    const rate = tf.variable(tf.scalar(2));
    const offset = tf.tidy(() => tf.scalar(1).add<tf.Scalar>(1));
    const start = tf.scalar(0);
    const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, tf.Scalar] => [s.add(x.sum().mul(rate)).sub(offset), rate];
    const { state, outputs } = await scan(step, start, counting(400), { batchSize: 2 });
    expect(numbersOf(state)).toEqual([400 * 399 - 400]);
    expect(new Set(numbersOf(outputs))).toEqual(new Set([2]));
    const onChunk = () => rate.dispose();
    await expect(scan(step, start, counting(400), { batchSize: 2, epochs: 2, onChunk })).rejects.toThrow(
      fails({ code: 'BACKEND', actual: 'disposed' }),
    );
    tf.dispose([offset, start]);
  });

  it('rejects steps that compile rejects', async () => {
    const start = tf.scalar(0);
    const reads = (s: tf.Scalar): [tf.Scalar, object] => [s.dataSync()[0] > 1 ? s : s.add(1), {}];
    await expect(scan(reads, start, counting(400), { batchSize: 2 })).rejects.toThrow(
      fails({ code: 'BACKEND', actual: expect.stringContaining('reading the value of a tensor (test/scan.test.ts:') }),
    );
    start.dispose();
  });

  it('does not leak tensors or sessions', async () => {
    const count = () => {
      const { binding } = nativeBackend() as unknown as {
        binding: { getNumOfTensors(): number; getNumOfSavedModels(): number };
      };
      return [tf.memory().numTensors, binding.getNumOfTensors(), binding.getNumOfSavedModels()];
    };
    await train(graph, FEATURES.bytes);
    const before = count();
    await train(graph, FEATURES.bytes);
    const start = tf.scalar(0);
    const grows = (s: tf.Tensor): [tf.Tensor, object] => [s.expandDims(0), {}];
    await expect(scan(grows, start, { x: FEATURES.bytes }, { batchSize: 2 })).rejects.toThrow(fails({ code: 'SHAPE' }));
    start.dispose();
    expect(count()).toEqual(before);
  });
});
