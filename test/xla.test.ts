// compile and scan with XLA, against the same functions on TensorFlow's own kernels.
import * as tf from '@tensorflow/tfjs';
import { adam, compile, Random, type ScanEngine, type ScanOptions, scan } from 'softmax-regression';
import '../src/node.js';
import { flatten, tensorsOf } from '../src/compile/tree.js';
import { writeBody } from '../src/graph/body.js';
import { GraphDef } from '../src/graph/graph-def.js';
import { type Binding, type NativeTensor, nativeBackend } from '../src/graph/native-backend.js';
import { type RecordedKernel, type Recording, record } from '../src/graph/record.js';
import { runsInSequence, whyXlaIsSlower } from '../src/graph/work.js';
import { TEST_BACKENDS, useBackend } from './helpers/backends.js';

const fails = (fields: object) => expect.objectContaining(fields);
const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

const N = 530;
const random = new Random(5);
const pixels = {
  values: Uint8Array.from({ length: N * 12 }, () => random.below(256)),
  shape: [N, 12],
  scale: 255,
} as const;
const labels = Int32Array.from({ length: N }, () => random.below(4));
const data = { x: pixels, y: labels };

const { init, update } = adam();
const RATE = 0.01;

/** A network with a hidden layer, trained by Adam. */
function networkStart() {
  const draw = (rows: number, columns: number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, () => random.uniform() - 0.5),
      [rows, columns],
    );
  const parameters = { w1: draw(12, 8), b1: tf.zeros([8]), w2: draw(8, 4), b2: tf.zeros([4]) };
  return { parameters, optimizer: init(parameters) };
}
type NetworkState = ReturnType<typeof networkStart>;

function networkStep(
  { parameters, optimizer }: NetworkState,
  { x, y }: { readonly x: tf.Tensor; readonly y: tf.Tensor },
): [NetworkState, { loss: tf.Scalar; right: tf.Tensor; guess: tf.Tensor; first: tf.Tensor }] {
  const names = ['w1', 'b1', 'w2', 'b2'] as const;
  const logits = (w1: tf.Tensor, b1: tf.Tensor, w2: tf.Tensor, b2: tf.Tensor) =>
    tf
      .matMul(tf.relu(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D).add(b1)) as tf.Tensor2D, w2 as tf.Tensor2D)
      .add(b2);
  const { value, grads } = tf.valueAndGrads((w1, b1, w2, b2) =>
    tf.losses.softmaxCrossEntropy(tf.oneHot(y as tf.Tensor1D, 4), logits(w1, b1, w2, b2)).asScalar(),
  )(names.map((name) => parameters[name]));
  const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i]]));
  const next = update(parameters, gradients, optimizer, tf.scalar(RATE));
  const [w1, b1, w2, b2] = names.map((name) => parameters[name]);
  const guess = logits(w1, b1, w2, b2).argMax(1);
  const right = guess.equal(y);
  // Every type, and more than one axis.
  const outputs = {
    loss: value as tf.Scalar,
    right: right.all(),
    guess: guess.max(),
    first: x.mean(0).reshape([3, 4]),
  };
  return [{ parameters: next.parameters, optimizer: next.state } as NetworkState, outputs];
}

interface Trained {
  readonly engine: ScanEngine;
  readonly state: number[];
  readonly outputs: Record<string, { dtype: string; shape: number[]; values: number[] }>;
}

async function trained(start: NetworkState, options: Partial<ScanOptions<never, never>>): Promise<Trained> {
  const all = { batchSize: 4, epochs: 2, ...options };
  const { state, outputs, engine } = await scan(networkStep as never, start, data, all as { batchSize: number });
  const flat = tensorsOf(flatten(state, 'test', 'state')).flatMap((tensor) => [...tensor.dataSync()]);
  const read = Object.entries(outputs as unknown as Record<string, tf.Tensor>).map(([name, tensor]) => {
    const { dtype, shape } = tensor;
    return [name, { dtype, shape, values: [...tensor.dataSync()] }];
  });
  tf.dispose([state, outputs] as unknown as tf.TensorContainer);
  return { engine, state: flat, outputs: Object.fromEntries(read) };
}

/** Tensors of TensorFlow.js, tensors of TensorFlow, and sessions. */
function counts(): number[] {
  const { binding } = nativeBackend() as unknown as {
    binding: { getNumOfTensors(): number; getNumOfSavedModels(): number };
  };
  return [tf.memory().numTensors, binding.getNumOfTensors(), binding.getNumOfSavedModels()];
}

/** Runs `body` with a binding that has other functions. */
async function withBinding(own: (real: Binding) => Partial<Binding>, body: () => Promise<void>): Promise<void> {
  const backend = nativeBackend();
  const { binding } = backend;
  const functions = own(binding);
  const get = (_: object, name: keyof Binding) => {
    const value: unknown = functions[name] ?? binding[name];
    return typeof value === 'function' ? value.bind(binding) : value;
  };
  backend.binding = new Proxy({}, { get }) as Binding;
  try {
    await body();
  } finally {
    backend.binding = binding;
  }
}

const CLOSE = { rtol: 2e-5, atol: 2e-6 };
const sum = (total: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, tf.Scalar] => [total.add(x.sum()), x.sum()];
const counting = (n: number) => Float32Array.from({ length: n }, (_, i) => i);

describeNative('scan on XLA', () => {
  beforeAll(() => useBackend('tensorflow'));

  it.each<[string, object]>([
    ['in order', {}],
    ['shuffled', { seed: 3 }],
    ['with short batches in a graph of their own', { epochs: 26, batchSize: 32 }],
  ])('matches the graph of kernels: %s', async (_, options) => {
    const start = networkStart();
    const [compiled, again, graph] = [
      await trained(start, { ...options, xla: true }),
      await trained(start, { ...options, xla: true }),
      await trained(start, { ...options, xla: false }),
    ];
    expect(compiled.engine).toEqual({ name: 'xla' });
    expect(graph.engine).toEqual({ name: 'graph', whyNotXla: '`xla` is false' });
    expect(again).toEqual(compiled);
    expect(compiled.state).toBeAllClose(graph.state, CLOSE);
    for (const [name, { dtype, shape, values }] of Object.entries(graph.outputs)) {
      expect(compiled.outputs[name]).toMatchObject({ dtype, shape });
      expect(compiled.outputs[name].values).toBeAllClose(values, CLOSE);
    }
    tf.dispose(start as unknown as tf.TensorContainer);
  });

  it('has the outputs of every chunk, also of a shorter last one', async () => {
    const start = tf.scalar(0);
    const steps: number[] = [];
    const onChunk = ({ step }: { readonly step: number }) => void steps.push(step);
    const values = Float32Array.from({ length: 600_001 }, (_, i) => i % 7);
    const { state, outputs, engine } = await scan(sum, start, values, { batchSize: 2, xla: true, onChunk });
    expect(engine).toEqual({ name: 'xla' });
    // The last chunk differs in length from the first.
    expect(steps.length).toBeGreaterThan(1);
    expect(300_001 % steps[0]).not.toBe(0);
    expect([...outputs.dataSync()]).toEqual(
      Array.from({ length: 300_001 }, (_, i) => ((2 * i) % 7) + (i === 300_000 ? 0 : (2 * i + 1) % 7)),
    );
    expect(state.dataSync()[0]).toBe(values.reduce((a, b) => a + b));
    tf.dispose([start, state, outputs]);
  });

  it('reads captured variables at each chunk, and large captured tensors', async () => {
    const rate = tf.variable(tf.scalar(2));
    const large = tf.tidy(() => tf.ones([1000]).mul<tf.Tensor1D>(0.001));
    const start = tf.scalar(0);
    const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, tf.Scalar] => [
      s.add(x.sum().mul(rate)).sub(large.sum()),
      rate,
    ];
    const onChunk = () => rate.assign(tf.scalar(3));
    const options = { batchSize: 2, epochs: 2, xla: true, onChunk };
    const { state, outputs, engine } = await scan(step, start, counting(400), options);
    expect(engine).toEqual({ name: 'xla' });
    expect([...outputs.dataSync()]).toEqual([...Array(200).fill(2), ...Array(200).fill(3)]);
    expect(state.dataSync()[0]).toBeAllClose(5 * 79800 - 400, { rtol: 1e-5, atol: 0 });
    tf.dispose([rate, large, start, state, outputs]);
  });

  it('calls onCompile once before a compilation, in a task before it, and not for a loop that is compiled', async () => {
    const start = tf.scalar(0);
    const calls: string[] = [];
    const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, object] => [s.add(x.sum()).mul(0.5), {}];
    const run = async () => {
      const onCompile = () => {
        calls.push('compiling');
        setImmediate(() => calls.push('other task'));
      };
      const onChunk = () => void calls.push('chunk');
      const options = { batchSize: 2, xla: true, onCompile, onChunk };
      (await scan(step, start, counting(400), options)).state.dispose();
    };
    await run();
    expect(calls).toEqual(['compiling', 'other task', 'chunk']);
    await run();
    expect(calls).toEqual(['compiling', 'other task', 'chunk', 'chunk']);
    start.dispose();
  });

  it('runs steps that XLA cannot compile as a graph of kernels, and gives the reason', async () => {
    const boxes = tf.tensor2d([[0, 0, 0.5, 0.5]]);
    const start = tf.zeros([1, 2, 2, 1]);
    const step = (s: tf.Tensor, x: tf.Tensor): [tf.Tensor, object] => [
      s.add(tf.image.cropAndResize(x.reshape([1, 2, 2, 1]) as tf.Tensor4D, boxes, tf.tensor1d([0], 'int32'), [2, 2])),
      {},
    ];
    const run = async (xla: boolean) => {
      const { state, engine } = await scan(step as never, start, counting(400), { batchSize: 4, xla });
      const values = [...(state as tf.Tensor).dataSync()];
      (state as tf.Tensor).dispose();
      return { engine, values };
    };
    const graph = await run(false);
    const before = counts();
    const refused = await run(true);
    expect(refused.values).toEqual(graph.values);
    expect(refused.engine).toEqual({ name: 'graph', whyNotXla: expect.stringContaining('CropAndResize') });
    const [tensors, native] = counts();
    expect([tensors, native]).toEqual(before.slice(0, 2));
    tf.dispose([boxes, start]);
  });

  it('has the reason why XLA did not run', async () => {
    const start = tf.scalar(0);
    const engineOf = async (n: number, xla: boolean | 'auto' | undefined) => {
      const { state, outputs, engine } = await scan(sum, start, counting(n), { batchSize: 2, xla });
      tf.dispose([state, outputs]);
      return engine;
    };
    const few = { name: 'eager', whyNotXla: 'fewer than 100 full batches run eagerly' };
    expect(await engineOf(20, true)).toEqual(few);
    expect(await engineOf(20, undefined)).toEqual(few);
    expect(await engineOf(20, false)).toEqual({ name: 'eager', whyNotXla: '`xla` is false' });
    expect(await engineOf(400, 'auto')).toEqual({
      name: 'graph',
      whyNotXla: 'it saves time from 2000 full batches on, and these are 200',
    });
    await useBackend('cpu');
    const elsewhere = "it needs softmax-regression/node, and the backend 'tensorflow'";
    expect(await engineOf(400, true)).toEqual({ name: 'eager', whyNotXla: elsewhere });
    await useBackend('tensorflow');
    await expect(engineOf(400, 'yes' as 'auto')).rejects.toThrow(fails({ code: 'DOMAIN', argument: 'xla' }));
    start.dispose();
  });

  it.each<[string, (real: Binding) => Partial<Binding>, RegExp]>([
    [
      'lacks XLA',
      (real) => ({
        loadSavedModel: (folder, tags) => {
          const { readFileSync } = require('node:fs');
          const model: Buffer = readFileSync(`${folder}/saved_model.pb`);
          if (model.includes('XlaClusterOutput')) throw new Error("Op type not registered 'XlaClusterOutput'\nmore");
          return real.loadSavedModel(folder, tags);
        },
      }),
      /Op type not registered 'XlaClusterOutput'$/,
    ],
    [
      'computes wrong numbers by XLA',
      (real) => ({
        runSavedModel: (...args) => {
          const results: NativeTensor[] = real.runSavedModel(...args);
          if (!args[3].startsWith('output0/cut')) return results;
          const wrong = real.createTensor(results[0].shape, 1, new Float32Array(results[0].shape[0]).fill(0.5));
          real.deleteTensor(results[0].id);
          return [{ ...results[0], id: wrong }, ...results.slice(1)];
        },
      }),
      /^a test loop gave wrong numbers$/,
    ],
  ])('uses the graph of kernels on a machine that %s', async (_, own, reason) => {
    const start = tf.scalar(0);
    const before = counts();
    await withBinding(own, async () => {
      for (let i = 0; i < 2; i++) {
        const { state, outputs, engine } = await scan(sum, start, counting(600), { batchSize: 2, xla: true });
        expect(engine).toEqual({ name: 'graph', whyNotXla: expect.stringMatching(reason) });
        expect(state.dataSync()[0]).toBe(300 * 599);
        tf.dispose([state, outputs]);
        const compiled = compile((x: tf.Tensor) => x.add(1), { xla: true });
        expect(compiled(start).dataSync()[0]).toBe(1);
        expect(compiled.toText(start)).toMatch(/^.*: 1 input, 1 kernel, not compiled by XLA: /);
        compiled.dispose();
      }
    });
    expect(counts()[0]).toBe(before[0] + 2);
    start.dispose();
  });

  it('refuses indices out of range by name, without a leak', async () => {
    const table = tf.variable(tf.tensor1d([1, 2, 3]));
    const start = tf.scalar(0);
    const ids = Int32Array.from({ length: 300 }, (_, i) => i % 3);
    const step = (s: tf.Scalar, rows: tf.Tensor1D): [tf.Scalar, object] => [s.add(table.gather(rows).sum()), {}];
    const run = (values: Int32Array) => scan(step as never, start, values, { batchSize: 1, xla: true });
    const { state } = await run(ids);
    expect((state as tf.Tensor).dataSync()[0]).toBe(600);
    (state as tf.Tensor).dispose();
    const before = counts();
    for (const wrong of [3, -1]) {
      const one = ids.slice();
      one[150] = wrong;
      await expect(run(one)).rejects.toThrow(
        fails({ code: 'BACKEND', argument: 'the indices of kernel GatherV2', expected: 'be in [0, 3)' }),
      );
    }
    expect(counts()).toEqual(before);
    tf.dispose([table, start]);
  });

  it('has NaN and infinity where the graph of kernels has them', async () => {
    const start = tf.tensor1d([1, 2, 3]);
    const step = (s: tf.Tensor, x: tf.Tensor): [tf.Tensor, tf.Tensor] => {
      const next = s.add(tf.concat([tf.log(x), x.neg().sqrt(), x.sub(200).reciprocal()]));
      return [tf.relu(next), tf.max(next)];
    };
    const run = async (xla: boolean) => {
      const { state, outputs } = await scan(step as never, start, counting(400), { batchSize: 1, xla });
      const values = [...(state as tf.Tensor).dataSync(), ...(outputs as tf.Tensor).dataSync()];
      tf.dispose([state, outputs] as tf.Tensor[]);
      return values;
    };
    const [compiled, graph] = [await run(true), await run(false)];
    expect(graph.some(Number.isNaN)).toBe(true);
    const finite = (values: number[]) => values.map((value) => (Number.isFinite(value) ? 0 : value));
    expect(finite(compiled)).toEqual(finite(graph));
    const zeros = (values: number[]) => values.map((value) => (Number.isFinite(value) ? value : 0));
    expect(zeros(compiled)).toBeAllClose(zeros(graph), CLOSE);
    start.dispose();
  });

  it('ends at each look with the reason of the signal, without a leak', async () => {
    const start = tf.scalar(0);
    let factor = 1;
    const run = async (abortAt: 'compiling' | 'after it' | 'a chunk') => {
      factor++;
      const scale = factor;
      const abort = new AbortController();
      const chunks: number[] = [];
      const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, object] => [s.add(x.sum().mul(scale)), {}];
      const result = scan(step, start, counting(400), {
        ...{ batchSize: 2, epochs: 3, xla: true, signal: abort.signal },
        onCompile: () => {
          if (abortAt === 'compiling') abort.abort(new Error('stop'));
          // The compilation is the next task.
          if (abortAt === 'after it') setImmediate(() => setImmediate(() => abort.abort(new Error('stop'))));
        },
        onChunk: ({ epoch }) => {
          chunks.push(epoch);
          if (abortAt === 'a chunk') abort.abort(new Error('stop'));
        },
      });
      await expect(result).rejects.toThrow('stop');
      expect(chunks).toHaveLength(abortAt === 'a chunk' ? 1 : 0);
    };
    await run('a chunk');
    const [tensors, native] = counts();
    for (const at of ['compiling', 'after it', 'a chunk'] as const) await run(at);
    const onCompile = () => Promise.reject(new Error('mine'));
    const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, object] => [s.sub(x.sum()), {}];
    await expect(scan(step, start, counting(400), { batchSize: 2, xla: true, onCompile })).rejects.toThrow('mine');
    expect(counts().slice(0, 2)).toEqual([tensors, native]);
    start.dispose();
  });

  it('refuses another backend after onCompile, without a leak', async () => {
    const start = tf.scalar(0);
    const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, object] => [s.add(x.sum().mul(0.375)), {}];
    const onCompile = async () => void (await tf.setBackend('cpu'));
    // Its number is now in TensorFlow, and stays there.
    start.neg().dispose();
    const before = counts().slice(0, 2);
    await expect(scan(step, start, counting(400), { batchSize: 2, xla: true, onCompile })).rejects.toThrow(
      fails({ code: 'BACKEND', argument: 'the backend' }),
    );
    await useBackend('tensorflow');
    expect(counts().slice(0, 2)).toEqual(before);
    start.dispose();
  });

  it('compiles nothing after an abort in onCompile', async () => {
    const start = tf.scalar(0);
    const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, object] => [s.add(x.sum().mul(0.125)), {}];
    const abort = new AbortController();
    const onCompile = jest.fn(() => abort.abort(new Error('stop')));
    const run = (signal?: AbortSignal) =>
      scan(step, start, counting(400), { batchSize: 2, xla: true, onCompile, signal });
    await expect(run(abort.signal)).rejects.toThrow('stop');
    (await run()).state.dispose();
    expect(onCompile).toHaveBeenCalledTimes(2);
    (await run()).state.dispose();
    expect(onCompile).toHaveBeenCalledTimes(2);
    start.dispose();
  });

  it('keeps at most eight unused loops', async () => {
    const start = tf.scalar(0);
    const run = async (from: number) => {
      for (let factor = from; factor < from + 9; factor++) {
        const step = (s: tf.Scalar, x: tf.Tensor1D): [tf.Scalar, object] => [s.add(x.sum().mul(factor)), {}];
        (await scan(step, start, counting(400), { batchSize: 2, xla: true })).state.dispose();
      }
      return counts();
    };
    expect(await run(20)).toEqual(await run(40));
    start.dispose();
  });
});

describeNative('compile on XLA', () => {
  beforeAll(() => useBackend('tensorflow'));

  it('matches the graph of kernels, says so in its text, and saves the same model', () => {
    const scale = tf.variable(tf.tensor1d([1, 2, 3]));
    const fn = (w: tf.Tensor, x: tf.Tensor) => [w, tf.grad((v) => v.mul(x).square().mul(scale).sum())(w)] as const;
    const [compiled, graph] = [compile(fn, { xla: true, name: 'fn' }), compile(fn, { name: 'fn' })];
    const [w, x] = [tf.tensor1d([3, -1, 0.5]), tf.tensor1d([1, 2, -1])];
    for (let i = 0; i < 2; i++) {
      const results = [compiled(w, x), graph(w, x)];
      const [ours, theirs] = results.map((pair) => pair.flatMap((tensor) => [...tensor.dataSync()]));
      expect(ours).toBeAllClose(theirs, CLOSE);
      tf.dispose(results as unknown as tf.TensorContainer);
      scale.assign(tf.tensor1d([3, 2, 1]));
    }
    const [first, ...rest] = compiled.toText(w, x).split('\n');
    const [plain, ...others] = graph.toText(w, x).split('\n');
    expect(first).toBe(`${plain}, compiled by XLA`);
    expect(rest).toEqual(others);
    expect(compiled.toSavedModel(w, x)).toEqual(graph.toSavedModel(w, x));
    compiled.dispose();
    graph.dispose();
    tf.dispose([w, x, scale]);
  });

  it('runs a function that XLA cannot compile as a graph of kernels, and its text has the reason', () => {
    const [, , before] = counts();
    const image = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
    const boxes = tf.tensor2d([[0, 0, 0.5, 0.5]]);
    const fn = (image: tf.Tensor4D) => tf.image.cropAndResize(image, boxes, tf.tensor1d([0], 'int32'), [2, 2]);
    const compiled = compile(fn, { xla: true });
    expect([...compiled(image).dataSync()]).toEqual([1, 1, 1, 1]);
    expect(compiled.toText(image)).toMatch(/^fn: 1 input, 1 kernel, not compiled by XLA: .*CropAndResize/);
    compiled.dispose();
    expect(counts()[2]).toBe(before);
    tf.dispose([image, boxes]);
  });

  it('has NaN in the largest and smallest of numbers, as the graph of kernels has', () => {
    const fn = (x: tf.Tensor) => [
      ...[x.max(), x.min(), x.max(1), x.min(0, true), x.maximum(1), x.minimum([1, 2]), tf.scalar(2).maximum(x)],
      ...[x.clipByValue(-1, 1), tf.logSoftmax(x), tf.relu(x)],
    ];
    const [compiled, graph] = [compile(fn, { xla: true }), compile(fn)];
    for (const special of [NaN, Infinity, -Infinity]) {
      const x = tf.tensor2d([3, special, -0.5, 1], [2, 2]);
      const results = [compiled(x), graph(x)];
      const [ours, theirs] = results.map((each) => each.map((tensor) => [...tensor.dataSync()]));
      expect(compiled.toText(x)).toMatch(/, compiled by XLA\n/);
      ours.forEach((values, i) => void expect(values).toBeAllClose(theirs[i], CLOSE));
      tf.dispose([x, results] as tf.TensorContainer);
    }
    compiled.dispose();
    graph.dispose();
  });

  const ints = (...values: number[]) => tf.tensor1d(values, 'int32');
  const grid = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  it.each<[string, (i: tf.Tensor) => tf.Tensor, number[][], number[][], object]>([
    [
      'an index of gather',
      (i) => grid().gather(i as tf.Tensor1D, 1),
      [[0, 1]],
      [
        [0, 2],
        [-1, 0],
      ],
      { argument: 'the indices of kernel GatherV2', expected: 'be in [0, 2)' },
    ],
    [
      'an index of gatherND',
      (i) => tf.gatherND(grid(), i.reshape([-1, 2])),
      [[2, 1]],
      [
        [1, 2],
        [3, 0],
        [0, -1],
      ],
      { argument: 'the indices of kernel GatherNd', expected: 'be in [0, [3, 2])' },
    ],
    [
      'an index of scatterND',
      (i) => tf.scatterND(i.reshape([-1, 1]), tf.tensor1d([1, 2]), [3]),
      [[0, 2]],
      [
        [0, 3],
        [-1, 0],
      ],
      { argument: 'the indices of kernel ScatterNd', expected: 'be in [0, 3)' },
    ],
    [
      'an index of tensorScatterUpdate',
      (i) => tf.tensorScatterUpdate(tf.tensor1d([1, 2, 3]), i.reshape([-1, 1]), tf.tensor1d([1, 2])),
      [[0, 2]],
      [
        [0, 3],
        [-1, 0],
      ],
      { argument: 'the indices of kernel TensorScatterUpdate', expected: 'be in [0, 3)' },
    ],
    [
      'a segment',
      (i) => tf.unsortedSegmentSum(tf.tensor1d([1, 2]), i as tf.Tensor1D, 2),
      [
        [0, 1],
        [-1, 1],
      ],
      [[0, 2]],
      { argument: 'the segments of kernel UnsortedSegmentSum', expected: 'be < 2' },
    ],
    [
      'a divisor of 0',
      (i) => tf.floorDiv(ints(7, -7), i),
      [[2, 2]],
      [[2, 0]],
      { argument: expect.stringMatching(/^the divisor of kernel /), expected: 'be ≠ 0' },
    ],
    [
      'a negative exponent of int32',
      (i) => tf.pow(ints(7, -7), i),
      [[2, 0]],
      [[2, -1]],
      { argument: 'the exponent of kernel Pow', expected: 'be ≥ 0' },
    ],
  ])('refuses %s, as the graph of kernels does', (_, fn, good, bad, fields) => {
    const [compiled, graph] = [compile((i: tf.Tensor) => fn(i), { xla: true }), compile((i: tf.Tensor) => fn(i))];
    for (const values of good) {
      const i = ints(...values);
      const results = [compiled(i), graph(i)];
      expect([...results[0].dataSync()]).toEqual([...results[1].dataSync()]);
      tf.dispose([i, results]);
    }
    expect(compiled.toText(ints(...good[0]))).toMatch(/, compiled by XLA\n/);
    const before = counts();
    for (const values of bad) {
      const i = ints(...values);
      expect(() => compiled(i)).toThrow(fails({ code: 'BACKEND', ...fields }));
      expect(() => graph(i)).toThrow();
      i.dispose();
    }
    expect(counts()).toEqual(before);
    compiled.dispose();
    graph.dispose();
  });
});

describeNative("'auto'", () => {
  beforeAll(() => useBackend('tensorflow'));

  const tensor = (...shape: number[]): NativeTensor => ({ id: 0, dtype: 1, shape });
  const product = (rows: number, inner: number, columns: number): RecordedKernel => ({
    op: 'MatMul',
    attributes: [],
    inputs: [tensor(rows, inner), tensor(inner, columns)],
    outputs: [tensor(rows, columns)],
  });
  const recording = (...kernels: RecordedKernel[]): Recording => ({
    ...{ kernels, constants: [], inputs: [], variables: [], outputs: [] },
  });
  const network = recording(product(64, 784, 512), product(64, 512, 512), product(64, 512, 10));

  it('uses XLA for a network and thousands of steps', () => {
    expect(whyXlaIsSlower(network, 2000)).toBeUndefined();
    expect(whyXlaIsSlower(network, 1999)).toMatch(/from 2000 full batches on, and these are 1999/);
  });

  it('leaves short steps and products with few columns to the graph of kernels', () => {
    expect(whyXlaIsSlower(recording(product(4, 8, 4)), 10_000)).toMatch(/too short/);
    expect(whyXlaIsSlower(recording(product(60_000, 784, 10)), 10_000)).toMatch(/products with few columns/);
  });

  it('runs the kernels of a step in sequence where products with few columns are much of the work', () => {
    expect(runsInSequence(network)).toBe(false);
    expect(runsInSequence(recording(product(256, 784, 10)))).toBe(true);
    const follows = (columns: number) => {
      const fn = ([x, w]: readonly tf.Tensor[]) => [tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), x.sum()];
      const inputs = [tf.ones([256, 784]), tf.ones([784, columns])];
      const body = record('fn', fn, inputs);
      const graph = new GraphDef();
      const nodes = new Map(
        body.inputs.map(({ id, dtype, shape }, i) => [id, graph.placeholder(`x${i}`, dtype, shape)]),
      );
      writeBody(graph, body, {
        nodes,
        writeConstant: (name, constant) => graph.constant(name, constant),
        isOurs: true,
      });
      tf.dispose(inputs);
      return Buffer.from(graph.savedModel()).includes('^MatMul_0');
    };
    expect([follows(10), follows(100)]).toEqual([true, false]);
  });
});
