import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { compile, scan } from 'softmax-regression';
import { nativeBackend } from '../src/graph/native-backend.js';
import { onEveryBackend, TEST_BACKENDS, useBackend } from './helpers/backends.js';
import '../src/node.js';

const fails = (fields: object) => expect.objectContaining(fields);

/** The numbers of a tensor, which is then disposed. */
function numbersOf(tensor: tf.Tensor): number[] {
  const values = [...tensor.dataSync()];
  tensor.dispose();
  return values;
}

/** Tensors that are disposed when `body` ends. */
function withTensors<T extends tf.TensorContainerObject>(tensors: T, body: (tensors: T) => void): void {
  try {
    body(tensors);
  } finally {
    tf.dispose(tensors);
  }
}

onEveryBackend('compile', (backend) => {
  it('returns the results of the function, gradients included', () => {
    const step = compile((w: tf.Tensor, x: tf.Tensor) => tf.grad((v) => v.mul(x).square().sum())(w));
    withTensors({ w: tf.scalar(3), x: tf.tensor1d([1, 2]) }, ({ w, x }) => expect(numbersOf(step(w, x))).toEqual([30]));
    step.dispose();
  });

  it('accepts and returns tensors of several types in arrays and objects', () => {
    const fn = compile(({ w, more: [i, b] }: { w: tf.Tensor; more: readonly [tf.Tensor, tf.Tensor] }) => ({
      list: [w.add(1), i.add(tf.scalar(1, 'int32'))] as const,
      deep: { b: tf.logicalNot(b), same: w, alsoSame: w },
      none: {},
    }));
    withTensors(
      { w: tf.tensor2d([[1, 2]]), i: tf.tensor1d([5], 'int32'), b: tf.tensor1d([true], 'bool') },
      ({ w, i, b }) => {
        const result = fn({ w, more: [i, b] });
        expect(Object.keys(result)).toEqual(['list', 'deep', 'none']);
        expect(result.list.map(({ dtype, shape }) => [dtype, shape])).toEqual([
          ['float32', [1, 2]],
          ['int32', [1]],
        ]);
        expect(result.deep.b.dtype).toBe('bool');
        const { list, deep } = result;
        expect([...list, deep.b, deep.same, deep.alsoSame].map(numbersOf)).toEqual([[2, 3], [6], [0], [1, 2], [1, 2]]);
        // The results are not the arguments, which still exist.
        expect([...w.dataSync()]).toEqual([1, 2]);
      },
    );
    fn.dispose();
  });

  it('accepts other shapes and types, with one graph for each on TensorFlow', () => {
    const double = compile((x: tf.Tensor) => x.add(x));
    withTensors({ a: tf.tensor1d([1, 2]), b: tf.tensor2d([[3]]), c: tf.tensor1d([4, 5], 'int32') }, ({ a, b, c }) => {
      for (const [x, expected] of [
        [a, [2, 4]],
        [b, [6]],
        [c, [8, 10]],
        [a, [2, 4]],
      ] as const) {
        const y = double(x);
        expect([y.shape, y.dtype]).toEqual([x.shape, x.dtype]);
        expect(numbersOf(y)).toEqual(expected);
      }
    });
    expect(double.numGraphs).toBe(backend === 'tensorflow' ? 3 : 0);
    double.dispose();
  });

  it('copies captured tensors, and reads captured variables at every call', () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const captured = tf.tidy(() => tf.tensor1d([10, 20]).mul<tf.Tensor1D>(2));
    const pending = tf.tensor1d([100, 200]);
    const fn = compile((x: tf.Tensor) => x.add(v).add(captured).add(pending));
    withTensors({ x: tf.tensor1d([0, 0]) }, ({ x }) => {
      expect(numbersOf(fn(x))).toEqual([121, 242]);
      tf.tidy(() => v.assign(tf.tensor1d([5, 6])));
      expect(numbersOf(fn(x))).toEqual([125, 246]);
    });
    tf.dispose([v, captured, pending]);
    fn.dispose();
  });

  it('distinguishes a variable from a tensor or an argument that shares its data', () => {
    const seven = tf.tidy(() => tf.scalar(3).add(4));
    const v = tf.variable(seven);
    const w = tf.variable(seven);
    const fn = compile((x: tf.Tensor) => tf.stack([x, v, w, seven]));
    expect(numbersOf(fn(v))).toEqual([7, 7, 7, 7]);
    tf.tidy(() => v.assign(tf.scalar(1)));
    tf.tidy(() => w.assign(tf.scalar(2)));
    expect(numbersOf(fn(seven))).toEqual([7, 1, 2, 7]);
    expect([...v.dataSync(), ...seven.dataSync()]).toEqual([1, 7]);
    tf.dispose([seven, v, w]);
    fn.dispose();
  });

  it('can be differentiated, and called by another compiled function', () => {
    const square = compile((x: tf.Tensor) => x.mul(x));
    const both = compile((x: tf.Tensor) =>
      tf
        .grad((y) => square(y).sum())(x)
        .add(square(x)),
    );
    withTensors({ x: tf.tensor1d([2, 3]) }, ({ x }) => {
      expect(numbersOf(square(x))).toEqual([4, 9]);
      expect(numbersOf(tf.grad((y) => square(y).sum())(x))).toEqual([4, 6]);
      expect(numbersOf(both(x))).toEqual([8, 15]);
    });
    square.dispose();
    both.dispose();
  });

  it('works inside a step of scan', async () => {
    const add = compile((a: tf.Tensor, b: tf.Tensor) => a.add(b.sum()));
    const start = tf.scalar(0);
    const { state } = await scan(
      (s: tf.Tensor, x: tf.Tensor) => [add(s, x), {}] as const,
      start,
      new Float32Array(400).fill(1),
      { batchSize: 2 },
    );
    expect(numbersOf(state)).toEqual([400]);
    start.dispose();
    add.dispose();
  });

  it('does not leak tensors, even after an error', () => {
    const before = tf.memory().numTensors;
    withTensors({ x: tf.tensor1d([1, 2]), y: tf.tensor2d([[1, 2]]) }, ({ x, y }) => {
      const fn = compile((a: tf.Tensor) => tf.grad((b) => b.mul(2).exp().sum())(a));
      numbersOf(fn(x));
      numbersOf(fn(x));
      numbersOf(fn(y));
      fn.dispose();
      const broken = compile((a: tf.Tensor): tf.Tensor => {
        a.mul(2);
        throw new Error('broken');
      });
      expect(() => broken(x)).toThrow('broken');
      const mismatched = compile((a: tf.Tensor) => a.matMul(a as tf.Tensor2D));
      expect(() => mismatched(y)).toThrow(/shapes|size-incompatible/i);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('rejects arguments that are not tensors before it runs the function', () => {
    const run = jest.fn((x: tf.Tensor) => x.add(1));
    const fn = compile(run, { name: 'fn' });
    const disposed = tf.scalar(1);
    disposed.dispose();
    const wrong: [unknown, object][] = [
      [3, { argument: 'arguments[0]', actual: '3', hint: expect.stringContaining('tf.scalar') }],
      [null, { argument: 'arguments[0]', actual: 'null' }],
      [{ a: ['x'] }, { argument: 'arguments[0].a[0]', actual: '"x"' }],
      [new Date(), { argument: 'arguments[0]' }],
      [Float32Array.of(1), { argument: 'arguments[0]', actual: 'a Float32Array of 1' }],
      [disposed, { argument: 'arguments[0]', actual: 'a disposed tensor' }],
    ];
    for (const [argument, fields] of wrong) {
      expect(() => fn(argument as tf.Tensor)).toThrow(fails({ code: 'DOMAIN', where: 'fn', ...fields }));
    }
    expect(run).not.toHaveBeenCalled();
  });

  it('rejects a function that returns anything but tensors', () => {
    withTensors({ x: tf.scalar(1) }, ({ x }) => {
      const returning = (value: () => unknown) => compile(value as (x: tf.Tensor) => tf.Tensor, { name: 'fn' })(x);
      expect(() => returning(() => 3)).toThrow(fails({ code: 'DOMAIN', argument: 'the result', actual: '3' }));
      expect(() => returning(() => ({ loss: x, n: 'a' }))).toThrow(fails({ argument: 'the result.n' }));
      expect(() => returning(() => undefined)).toThrow(fails({ argument: 'the result', actual: 'undefined' }));
      expect(() => returning(async () => x)).toThrow(
        fails({ code: 'BACKEND', actual: expect.stringContaining('promise') }),
      );
      expect(() => returning(() => Promise.reject(new Error('later')))).toThrow(fails({ code: 'BACKEND' }));
    });
  });

  it('reports a captured tensor that was disposed', () => {
    const gone = tf.scalar(1);
    const fn = compile((x: tf.Tensor) => x.add(gone), { name: 'fn' });
    gone.dispose();
    withTensors({ x: tf.scalar(1) }, ({ x }) => {
      const before = tf.memory().numTensors;
      expect(() => fn(x)).toThrow(fails({ code: 'BACKEND', where: 'fn', actual: 'a disposed tensor' }));
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  it('throws after dispose', () => {
    const fn = compile((x: tf.Tensor) => x.add(1), { name: 'fn' });
    fn[Symbol.dispose]();
    withTensors({ x: tf.scalar(1) }, ({ x }) =>
      expect(() => fn(x)).toThrow(fails({ code: 'BACKEND', where: 'fn', actual: 'disposed' })),
    );
    fn.dispose();
  });

  it('rejects unknown and invalid options', () => {
    const identity = (x: tf.Tensor) => x;
    expect(() => compile(identity, { max: 3 } as object)).toThrow(fails({ code: 'DOMAIN', argument: 'options' }));
    expect(() => compile(identity, { maxGraphs: 0 })).toThrow(fails({ code: 'DOMAIN', argument: 'maxGraphs' }));
  });

  if (backend !== 'tensorflow') {
    it('has no graph for toText or toSavedModel', () => {
      const fn = compile((x: tf.Tensor) => x.add(1));
      withTensors({ x: tf.scalar(1) }, ({ x }) => {
        expect(() => fn.toText(x)).toThrow(fails({ code: 'BACKEND', argument: 'the backend' }));
        expect(() => fn.toSavedModel(x)).toThrow(fails({ code: 'BACKEND', actual: `'${backend}'` }));
      });
    });
  }
});

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

interface Counters {
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
}

describeNative('compile on TensorFlow', () => {
  beforeAll(() => useBackend('tensorflow'));

  const counts = () => {
    const { binding } = nativeBackend() as unknown as { binding: Counters };
    return [tf.memory().numTensors, binding.getNumOfTensors(), binding.getNumOfSavedModels()];
  };

  it('calls the function twice to record it, and never again', () => {
    const run = jest.fn((x: tf.Tensor) => x.add(1));
    const fn = compile(run);
    withTensors({ x: tf.scalar(1), y: tf.scalar(5) }, ({ x, y }) => {
      expect([numbersOf(fn(x)), numbersOf(fn(y))]).toEqual([[2], [6]]);
    });
    expect(run).toHaveBeenCalledTimes(2);
    fn.dispose();
  });

  it('keeps the maxGraphs most recently used graphs', () => {
    const run = jest.fn((x: tf.Tensor) => x.add(1));
    const fn = compile(run, { maxGraphs: 2 });
    const before = counts()[2];
    const call = (n: number) => withTensors({ x: tf.zeros([n]) }, ({ x }) => void fn(x).dispose());
    for (const n of [1, 2, 1, 3, 1]) call(n);
    expect(run).toHaveBeenCalledTimes(6);
    expect([fn.numGraphs, counts()[2] - before]).toEqual([2, 2]);
    call(2);
    expect(run).toHaveBeenCalledTimes(8);
    fn.dispose();
    expect([fn.numGraphs, counts()[2] - before]).toEqual([0, 0]);
  });

  const refusal = (actual: string | RegExp, hint: RegExp) =>
    fails({
      code: 'BACKEND',
      where: 'fn',
      actual: expect.stringMatching(actual),
      hint: expect.stringMatching(hint),
    });
  /** This file, and a line of it. */
  const HERE = /\(test[\\/]compile\.test\.ts:\d+:\d+\)$/.source;

  let calls = 0;
  let optimizer: tf.SGDOptimizer;
  beforeAll(() => {
    optimizer = tf.train.sgd(0.1);
    const used = tf.variable(tf.scalar(1));
    optimizer.minimize(() => used.square() as tf.Scalar);
    used.dispose();
  });

  it.each<[string, (x: tf.Tensor, v: tf.Variable) => unknown, string, RegExp]>([
    ['reads a value', (x) => x.mul(x.sum().dataSync()[0]), `^reading the value of a tensor ${HERE}`, /tf\.where/],
    [
      'branches on a value',
      (x) => (x.sum().arraySync() ? x : x.neg()),
      `^reading the value of a tensor ${HERE}`,
      /tf\.where/,
    ],
    [
      'reads a value asynchronously',
      (x) => {
        void x.sum().data();
        return x;
      },
      '^reading the value of a tensor',
      /tf\.where/,
    ],
    [
      'reads a value and catches the error',
      (x) => {
        try {
          return x.mul(x.dataSync()[0]);
        } catch {
          return x;
        }
      },
      `^reading the value of a tensor ${HERE}`,
      /tf\.where/,
    ],
    [
      'draws random numbers',
      (x) => x.add(tf.randomNormal([2])),
      `^a constant float32\\[2\\] that differs from run to run ${HERE}`,
      /Random numbers/,
    ],
    ['uses dropout', (x) => tf.dropout(x, 0.5), '^a constant float32\\[2\\] that differs', /Random numbers/],
    [
      'draws random numbers in a TensorFlow kernel',
      (x) => tf.multinomial(x as tf.Tensor1D, 3, 1),
      '^kernel Multinomial',
      /Draw random numbers outside/,
    ],
    [
      'reads the clock',
      (x) => x.add(performance.now()),
      `^a constant float32\\[\\] that differs from run to run ${HERE}`,
      /the time/,
    ],
    [
      'increments a counter in JavaScript',
      (x) => x.mul(calls++),
      '^a constant float32\\[\\] that differs',
      /counters of JavaScript/,
    ],
    [
      'runs different kernels the second time',
      (x) => (calls++ % 2 === 0 ? x.exp() : x.log()),
      '^other kernels from run to run',
      /constant in a graph/,
    ],
    [
      'runs more kernels the second time',
      (x) => (calls++ % 2 === 0 ? x : x.exp().log()),
      '^other kernels from run to run',
      /constant in a graph/,
    ],
    [
      'assigns a variable',
      (x, v) => {
        v.assign(v.add(1));
        return x;
      },
      `^assigning variable weights ${HERE}`,
      /Return the new value/,
    ],
    [
      'calls minimize of an optimizer',
      (_, v) => optimizer.minimize(() => v.square().sum(), true),
      '^assigning variable weights',
      /tf\.variableGrads/,
    ],
    ['creates a variable', (x) => x.add(tf.variable(tf.scalar(1))), '^creating variable', /outside/],
    ['uses strings', (x) => [x, tf.tensor1d(['a']).expandDims(0)], `^a tensor of strings ${HERE}`, /outside/],
  ])('rejects a function that %s, names the line and restores the state', (_, fn, actual, hint) => {
    const v = tf.variable(tf.tensor1d([3, 4]), true, 'weights');
    withTensors({ x: tf.tensor1d([1, 2]) }, ({ x }) => {
      // Values stay in JavaScript until a kernel needs them.
      numbersOf(x.add(v));
      const before = counts();
      const { binding } = nativeBackend();
      const compiled = compile((y: tf.Tensor) => fn(y, v) as tf.Tensor, { name: 'fn' });
      expect(() => compiled(x)).toThrow(refusal(actual, hint));
      expect(counts()).toEqual(before);
      expect(nativeBackend().binding).toBe(binding);
      expect([...v.dataSync(), ...x.dataSync()]).toEqual([3, 4, 1, 2]);
      tf.tidy(() => v.assign(v.add(1)));
      expect([...v.dataSync()]).toEqual([4, 5]);
    });
    v.dispose();
  });

  it('leaves a stateful optimizer usable after rejecting it', () => {
    const v = tf.variable(tf.scalar(3));
    const optimizer = tf.train.adam(0.1);
    const minimize = () => optimizer.minimize(() => v.square() as tf.Scalar, true) as tf.Scalar;
    expect(() => compile(minimize)()).toThrow(fails({ code: 'BACKEND', actual: expect.stringContaining('assigning') }));
    expect([...v.dataSync()]).toEqual([3]);
    expect(numbersOf(minimize())).toEqual([9]);
    expect(v.dataSync()[0]).toBeCloseTo(2.9, 5);
    optimizer.dispose();
    v.dispose();
  });

  it('gathers by computed indices, and throws if one is out of range', () => {
    const fn = compile((x: tf.Tensor, i: tf.Tensor1D) =>
      tf.grad((y) =>
        y
          .gather(i.add<tf.Tensor1D>(tf.scalar(1, 'int32')))
          .square()
          .sum(),
      )(x),
    );
    withTensors(
      { x: tf.tensor1d([1, 2, 3]), i: tf.tensor1d([1, 1, -1], 'int32'), bad: tf.tensor1d([1, 1, 5], 'int32') },
      ({ x, i, bad }) => {
        expect(numbersOf(fn(x, i))).toEqual([2, 0, 12]);
        expect(() => fn(x, bad)).toThrow(/indices/);
      },
    );
    fn.dispose();
  });

  it('runs eagerly or retraces after a change of backend', async () => {
    const fn = compile((x: tf.Tensor) => x.add(1));
    const x = tf.scalar(1);
    expect(numbersOf(fn(x))).toEqual([2]);
    await useBackend('cpu');
    expect(numbersOf(fn(x))).toEqual([2]);
    const onCpu = tf.scalar(5);
    await useBackend('tensorflow');
    expect(numbersOf(fn(onCpu))).toEqual([6]);
    fn.dispose();
    tf.dispose([x, onCpu]);
  });

  it('reports a captured variable that was disposed', () => {
    const v = tf.variable(tf.scalar(1), true, 'gone');
    const fn = compile((x: tf.Tensor) => x.add(v), { name: 'fn' });
    withTensors({ x: tf.scalar(1) }, ({ x }) => {
      numbersOf(fn(x));
      v.dispose();
      expect(() => fn(x)).toThrow(
        fails({ code: 'BACKEND', where: 'fn', argument: 'captured variable gone', actual: 'disposed' }),
      );
    });
    fn.dispose();
  });

  it('is independent of other compiled functions', () => {
    const plus = compile((x: tf.Tensor) => x.add(1));
    const times = compile((x: tf.Tensor) => x.mul(3));
    withTensors({ x: tf.scalar(2) }, ({ x }) => {
      expect([plus(x), times(x), plus(x)].map(numbersOf)).toEqual([[3], [6], [3]]);
      plus.dispose();
      expect(numbersOf(times(x))).toEqual([6]);
    });
    times.dispose();
  });

  it('runs a tfjs-layers model with its current weights, also after training', async () => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ inputShape: [3], units: 2, activation: 'tanh' }), tf.layers.dense({ units: 1 })],
    });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const forward = compile((x: tf.Tensor) => model.apply(x) as tf.Tensor);
    const [x, y] = [tf.ones([4, 3]), tf.ones([4, 1])];
    const check = () => expect(numbersOf(forward(x))).toBeAllClose(numbersOf(model.predict(x) as tf.Tensor));
    check();
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    check();
    expect(forward.numGraphs).toBe(1);
    forward.dispose();
    model.dispose();
    tf.dispose([x, y]);
  });

  describe('its graph', () => {
    const affine = (w: tf.Tensor2D, x: tf.Tensor2D) => ({ o: x.matMul(w).add(tf.scalar(0.5)) });

    it('is printed as text', () => {
      const v = tf.variable(tf.scalar(2), true, 'scale');
      const fn = compile(({ w }: { w: tf.Tensor2D }, x: tf.Tensor2D) => x.matMul(w).mul(v), { name: 'affine' });
      withTensors({ w: tf.ones<tf.Rank.R2>([3, 2]), x: tf.ones<tf.Rank.R2>([4, 3]) }, ({ w, x }) => {
        expect(fn.toText({ w }, x).split('\n')).toEqual([
          'affine: 2 inputs, 2 kernels',
          '  %0 = input [0].w : float32[3, 2]',
          '  %1 = input [1] : float32[4, 3]',
          '  %2 = variable scale : float32[]',
          '  %3 = MatMul(%1, %0, transpose_a=false, transpose_b=false) : float32[4, 2]',
          '  %4 = Mul(%3, %2) : float32[4, 2]',
          '  return %4',
        ]);
        // For the same shapes, text and call share a graph.
        fn({ w }, x).dispose();
        expect(fn.numGraphs).toBe(1);
      });
      v.dispose();
      fn.dispose();
    });

    it('is exported as a SavedModel that tfjs-node loads, with the values of variables', async () => {
      const { node } = require('@tensorflow/tfjs-node') as {
        node: { loadSavedModel(folder: string): Promise<tf.InferenceModel> };
      };
      const v = tf.variable(tf.scalar(10));
      const fn = compile((w: tf.Tensor2D, x: tf.Tensor2D) => ({ o: affine(w, x).o.add(v) }));
      const [w, x] = [tf.ones<tf.Rank.R2>([3, 2]), tf.ones<tf.Rank.R2>([4, 3])];
      const folder = mkdtempSync(join(tmpdir(), 'compile-test-'));
      writeFileSync(join(folder, 'saved_model.pb'), fn.toSavedModel(w, x));
      const loaded = await node.loadSavedModel(folder);
      expect(loaded.inputs.map(({ name, dtype }) => [name, dtype])).toEqual([
        ['input0', 'float32'],
        ['input1', 'float32'],
      ]);
      const { output_o: o } = loaded.predict({ arg_0: w, arg_1: x }, {}) as { output_o: tf.Tensor };
      expect(numbersOf(o)).toEqual(Array(8).fill(13.5));
      (loaded as unknown as { dispose(): void }).dispose();
      rmSync(folder, { recursive: true });
      tf.dispose([v, w, x]);
      fn.dispose();
    });
  });

  describe('its temporary folder', () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'compile-test-'));
      jest.spyOn(os, 'tmpdir').mockImplementation(() => root);
    });
    afterEach(() => {
      jest.mocked(os.tmpdir).mockRestore();
      rmSync(root, { recursive: true, force: true });
    });

    it('is removed after the first call', () => {
      const fn = compile((x: tf.Tensor) => x.add(1));
      withTensors({ x: tf.scalar(1) }, ({ x }) => void fn(x).dispose());
      expect(readdirSync(root)).toEqual([]);
      fn.dispose();
    });

    it('is removed with the next graph if a killed process left it behind, unless it is recent', () => {
      const names = ['old', 'young'].map((name) => `softmax-regression-graph-${name}`);
      for (const name of names) mkdirSync(join(root, name));
      utimesSync(join(root, names[0]), 0, 0);
      const fn = compile((x: tf.Tensor) => x.add(1));
      withTensors({ x: tf.scalar(1) }, ({ x }) => void fn(x).dispose());
      expect(readdirSync(root)).toEqual([names[1]]);
      fn.dispose();
    });

    it('throws if it cannot be created, and restores the state', () => {
      const missing = jest.mocked(os.tmpdir).mockImplementation(() => join(root, 'missing'));
      const fn = compile((x: tf.Tensor) => x.add(1), { name: 'fn' });
      withTensors({ x: tf.scalar(1) }, ({ x }) => {
        numbersOf(x.add(1));
        const counted = counts();
        expect(() => fn(x)).toThrow(
          fails({ code: 'BACKEND', where: 'fn', argument: 'the folder for temporary files' }),
        );
        expect(counts()).toEqual(counted);
        missing.mockImplementation(() => root);
        expect(numbersOf(fn(x))).toEqual([2]);
      });
      fn.dispose();
    });
  });
});
