import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { compile } from '../../src/compile/compile.js';
import { scan } from '../../src/compile/scan.js';
import { Random } from '../../src/core/random.js';
import { hasNarrowMatMul, isNarrowMatMul, NARROW_MATMUL, narrowAttributes } from '../../src/graph/narrow-matmul.js';
import { nativeBackend } from '../../src/graph/native-backend.js';
import type { RecordedKernel } from '../../src/graph/record.js';
import '../../src/node.js';
import { TEST_BACKENDS, useBackend } from '../helpers/backends.js';
import { type Product, product } from '../helpers/narrow-product.js';

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

/** The product in float64, with the sum of absolute terms as the scale of rounding errors. */
function oracle({ a, rows, columns, b, n, transposed, list, factor = 1 }: Product): { value: number; size: number }[] {
  const order = list ?? Int32Array.from({ length: rows }, (_, i) => i);
  const summed = transposed === 'a' ? order.length : columns;
  const height = transposed === 'a' ? columns : order.length;
  return Array.from({ length: height * n }, (_, at) => {
    const [i, c] = [Math.floor(at / n), at % n];
    let [value, size] = [0, 0];
    for (let j = 0; j < summed; j++) {
      const left = transposed === 'a' ? a[order[j] * columns + i] : a[order[i] * columns + j];
      const right = transposed === 'b' ? b[c * summed + j] : b[j * n + c];
      value += factor * left * right;
      size += Math.abs(factor * left * right);
    }
    return { value, size };
  });
}

function expectRight(problem: Product): void {
  const actual = product(problem);
  const expected = oracle(problem);
  expect(actual.length).toBe(expected.length);
  const wrong = expected.findIndex(({ value, size }, i) => !(Math.abs(actual[i] - value) <= 1e-6 + 1e-5 * size));
  expect({ wrong, of: actual[wrong] }).toEqual({ wrong: -1, of: undefined });
}

function problemOf(
  seed: number,
  shape: Pick<Product, 'rows' | 'columns' | 'n' | 'transposed'>,
  bytes: boolean,
): Product {
  const random = new Random(seed);
  const { rows, columns, n, transposed } = shape;
  const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());
  const a = bytes ? Uint8Array.from({ length: rows * columns }, () => random.below(256)) : numbers(rows * columns);
  return { ...shape, a, b: numbers((transposed === 'a' ? rows : columns) * n) };
}

describeNative('the kernel for narrow products', () => {
  beforeAll(() => useBackend('tensorflow'));

  it('is part of the addon', () => {
    expect(hasNarrowMatMul()).toBe(true);
  });

  it('agrees with float64 for any size, with either factor transposed, for floats and bytes', () => {
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 70 }),
      columns: fc.integer({ min: 1, max: 140 }),
      n: fc.integer({ min: 1, max: 23 }),
      transposed: fc.constantFrom(undefined, 'a' as const, 'b' as const),
    });
    fc.assert(
      fc.property(shape, fc.nat(1000), fc.boolean(), (sizes, seed, bytes) =>
        expectRight(problemOf(seed, sizes, bytes)),
      ),
      { numRuns: 200 },
    );
  });

  it.each([undefined, 'a'] as const)('reads listed rows in place, in any order and repeatedly (%s)', (transposed) => {
    for (const bytes of [true, false]) {
      const whole = problemOf(7, { rows: 90, columns: 33, n: 10, transposed }, bytes);
      const list = Int32Array.of(89, 0, 0, 45, 3, 88, 7);
      const b = transposed === 'a' ? whole.b.slice(0, list.length * 10) : whole.b;
      expectRight({ ...whole, b, list, factor: 1 / 255 });
    }
  });

  it('gives the same bits if large products are split over threads', () => {
    for (const transposed of [undefined, 'a'] as const) {
      const large = problemOf(3, { rows: 300, columns: 784, n: 10, transposed }, false);
      expectRight(large);
      const first = product(large);
      for (let i = 0; i < 50; i++)
        expect(Buffer.compare(Buffer.from(product(large).buffer), Buffer.from(first.buffer))).toBe(0);
    }
    // Products of single rows are too small to be split.
    const large = problemOf(3, { rows: 300, columns: 784, n: 10 }, false);
    const rows = Array.from({ length: 300 }, (_, i) =>
      product({ ...large, a: large.a.slice(784 * i, 784 * (i + 1)), rows: 1 }),
    );
    // A single row is summed in the same order.
    expect(Array.from(product(large))).toEqual(rows.flatMap((row) => Array.from(row)));
  });

  it.each([4, 8])('agrees with float64 for vectors of %d floats', (lanes) => {
    const problems = [undefined, 'a', 'b'].flatMap((transposed) =>
      [false, true].map((bytes) =>
        problemOf(9, { rows: 37, columns: 51, n: 12, transposed: transposed as Product['transposed'] }, bytes),
      ),
    );
    // The vector length is fixed at the start of a process.
    const input = JSON.stringify(
      problems.map((problem) => ({
        ...problem,
        a: Array.from(problem.a),
        b: Array.from(problem.b),
        bytes: problem.a instanceof Uint8Array,
      })),
    );
    const helper = join(__dirname, '..', 'helpers', 'narrow-product.ts');
    const output = execFileSync(process.execPath, [require.resolve('tsx/cli'), helper], {
      input,
      encoding: 'utf8',
      env: { ...process.env, SOFTMAX_REGRESSION_LANES: String(lanes) },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const products = JSON.parse(output) as number[][];
    problems.forEach((problem, at) => {
      const wrong = oracle(problem).findIndex(
        ({ value, size }, i) => !(Math.abs(products[at][i] - value) <= 1e-6 + 1e-5 * size),
      );
      expect(wrong).toBe(-1);
    });
  });

  it('propagates NaN and infinity within their rows only', () => {
    const a = new Float32Array(3 * 40).fill(1);
    a[40] = Number.NaN;
    a[80] = Number.POSITIVE_INFINITY;
    const b = new Float32Array(40 * 2).fill(1);
    expect(Array.from(product({ a, rows: 3, columns: 40, b, n: 2 }))).toEqual([
      40,
      40,
      Number.NaN,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('returns an empty product for no rows, and zeros for empty sums', () => {
    const b = new Float32Array(40).fill(1);
    expect(product({ a: new Float32Array(0), rows: 0, columns: 20, b, n: 2 })).toHaveLength(0);
    const empty = { a: new Float32Array(60), rows: 3, columns: 20, b: new Float32Array(0), n: 2 };
    expect(Array.from(product({ ...empty, transposed: 'a', list: new Int32Array(0) }))).toEqual(new Array(40).fill(0));
  });

  it.each([
    ['a row out of range', { list: Int32Array.of(0, 3) }, /rows must be in \[0, 3\); got 3/],
    ['a negative row', { list: Int32Array.of(-1) }, /rows must be in \[0, 3\); got -1/],
    ['mismatched sizes', { b: new Float32Array(42) }, /b must have 20 terms per sum; got shape \[21, 2\]/],
  ])('rejects %s', (_, change, message) => {
    const { binding } = nativeBackend();
    const { TF_FLOAT, TF_INT32 } = binding;
    const { list, b = new Float32Array(40) } = change as { list?: Int32Array; b?: Float32Array };
    const inputs = [
      binding.createTensor([3, 20], TF_FLOAT, new Float32Array(60)),
      binding.createTensor([b.length / 2, 2], TF_FLOAT, b),
    ];
    if (list !== undefined) inputs.push(binding.createTensor([list.length], TF_INT32, list));
    const attributes = narrowAttributes({ type: TF_FLOAT, numRowLists: list === undefined ? 0 : 1 });
    expect(() => binding.executeOp(NARROW_MATMUL, attributes, inputs, 1)).toThrow(message);
    for (const id of inputs) binding.deleteTensor(id);
  });
});

describeNative('use of the kernel for narrow products', () => {
  beforeAll(() => useBackend('tensorflow'));

  const recorded = (change: Partial<RecordedKernel> & { readonly shape?: number[] } = {}): RecordedKernel => ({
    op: 'BatchMatMulV2',
    attributes: [],
    inputs: [
      { id: 1, dtype: 1, shape: [256, 784] },
      { id: 2, dtype: 1, shape: [784, 10] },
    ],
    outputs: [{ id: 3, dtype: 1, shape: change.shape ?? [256, 10] }],
    ...change,
  });

  it('is limited to float matrices with few columns and a large first factor', () => {
    expect(isNarrowMatMul(recorded())).toBe(true);
    expect(isNarrowMatMul(recorded({ op: 'Add' }))).toBe(false);
    expect(isNarrowMatMul(recorded({ shape: [256, 128] }))).toBe(false);
    expect(isNarrowMatMul(recorded({ shape: [1, 256, 10] }))).toBe(false);
    expect(isNarrowMatMul(recorded({ outputs: [{ id: 3, dtype: 8, shape: [256, 10] }] }))).toBe(false);
    const small = { id: 1, dtype: 1, shape: [3, 4] };
    expect(isNarrowMatMul(recorded({ inputs: [small, small] }))).toBe(false);
    const both = ['adj_x', 'adj_y'].map((name) => ({ name, type: 1, value: true }));
    expect(isNarrowMatMul(recorded({ attributes: both }))).toBe(false);
  });

  it('is limited to compiled functions, and not exported in a SavedModel', () => {
    const x = tf.randomNormal<tf.Rank.R2>([100, 64], 0, 1, 'float32', 1);
    const w = tf.randomNormal<tf.Rank.R2>([64, 3], 0, 1, 'float32', 2);
    const step = compile((a: tf.Tensor2D, b: tf.Tensor2D) => {
      const { value, grad } = tf.valueAndGrad((v) =>
        tf
          .matMul(a, v as tf.Tensor2D)
          .square()
          .mean(),
      )(b);
      return [value, grad];
    });
    const eager = tf.valueAndGrad((v) =>
      tf
        .matMul(x, v as tf.Tensor2D)
        .square()
        .mean(),
    )(w);
    const [value, grad] = step(x, w);
    expect(value.dataSync()[0]).toBeCloseTo(eager.value.dataSync()[0], 4);
    expect(Array.from(grad.dataSync())).toBeAllClose(Array.from(eager.grad.dataSync()), { rtol: 1e-4, atol: 1e-5 });
    const saved = Buffer.from(step.toSavedModel(x, w)).toString('latin1');
    expect(saved).toContain('MatMul');
    expect(saved).not.toContain(NARROW_MATMUL);
    expect(step.toText(x, w)).not.toContain(NARROW_MATMUL);
    step.dispose();
    tf.dispose([x, w, eager.value, eager.grad, value, grad]);
  });

  it.each([
    ['bytes', Uint8Array],
    ['floats', Float32Array],
  ] as const)('matches the eager loop: %s, scaled, in order and shuffled', async (_, Values) => {
    const random = new Random(5);
    const [n, d] = [2 * 128 * 60 + 17, 40];
    const values = new Values(n * d).map(() => random.below(256));
    const data = { x: { values, shape: [n, d], scale: 255 }, y: tf.ones([n, 1]) };
    const step = (w: tf.Tensor2D, { x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
      const loss = (v: tf.Tensor) =>
        tf
          .matMul(x as tf.Tensor2D, v as tf.Tensor2D)
          .sub(y)
          .square()
          .mean<tf.Scalar>();
      const { value, grad } = tf.valueAndGrad(loss)(w);
      return [w.sub(grad.mul(0.01)), value] as [tf.Tensor2D, tf.Tensor];
    };
    for (const seed of [undefined, 4]) {
      await useBackend('tensorflow');
      const w = tf.zeros<tf.Rank.R2>([d, 2]);
      const native = await scan(step, w, data, { batchSize: 128, seed });
      const weights = await native.state.data();
      const losses = await native.outputs.data();
      await useBackend('cpu');
      const own = tf.zeros<tf.Rank.R2>([d, 2]);
      const cpuData = { x: data.x, y: tf.ones([n, 1]) };
      const eager = await scan(step, own, cpuData, { batchSize: 128, seed });
      expect(Array.from(weights)).toBeAllClose(Array.from(await eager.state.data()), { rtol: 1e-4, atol: 1e-6 });
      expect(Array.from(losses)).toBeAllClose(Array.from(await eager.outputs.data()), { rtol: 1e-5, atol: 1e-6 });
      tf.dispose([w, own, native, eager, cpuData.y] as unknown as tf.TensorContainer);
    }
    await useBackend('tensorflow');
    data.y.dispose();
  });
});
