import * as tf from '@tensorflow/tfjs';
import {
  type FeaturesInput,
  FLOAT64,
  type PredictProgress,
  type RowArray,
  reference,
  SoftmaxRegression,
} from 'softmax-regression';
import { useFloat64Kernels } from '../src/core/simd.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { nativeFloat64 } from './helpers/float64-engines.js';
import { modelOf, normals, rowsOf, turnsOf } from './helpers/models.js';

const [D, Q] = [16, 8];
const classes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;
type Name = (typeof classes)[number];

const model: SoftmaxRegression<Name> = modelOf(
  rowsOf(normals(D * Q, 1, 0.3), Q),
  [0.1, -0.2, 0, 0.3, 0, 0, 0.2, 0],
  classes,
);
/** Enough samples that predictions run on the backend, in two chunks. */
const N = 90_000;
const values = Float32Array.from(normals(N * D, 2));
const large = { values, shape: [N, D] } as const;
const images = {
  values: Uint8Array.from(values, (x) => Math.abs(Math.round(60 * x))),
  shape: [N, D],
  scale: 255,
} as const;
/** Float32 rounds values near 2e7 to multiples of 2. */
const far = { values: Float64Array.from(values, (x) => 2e7 + x), shape: [N, D] } as const;
/** The rows that are compared. */
const SOME = [0, 1, 777, 30_000, N - 1];

const some = <T>(rows: ArrayLike<T>) => SOME.map((i) => rows[i]);
const someRows = ({ values, shape }: RowArray) =>
  SOME.map((i) => [...values.subarray(i * shape[1], (i + 1) * shape[1])]);
const take = (i: number) => values.subarray(i * D, (i + 1) * D);

/** The error of a sum of products is relative to the sum of their absolute values. */
const CONTRACTION = { rtol: 1e-5, atol: 1e-6 };
const sizes = (rows: readonly ArrayLike<number>[]) =>
  reference.dense(
    rows.map((row) => Array.from(row, Math.abs)),
    model.weight.map((row) => row.map(Math.abs)),
    model.bias.map(Math.abs),
  );

onEveryBackend('asynchronous predictions', (backend) => {
  // With the native float64 kernels, arrays are not copied into tensors.
  beforeAll(() => useFloat64Kernels(undefined));

  it('equal the synchronous ones, bit for bit, for few samples', async () => {
    const rows = some(Array.from({ length: N }, (_, i) => i)).map((i) => Array.from(take(i)));
    const q = classes.length;
    const logits = await model.logitsAsync(rows);
    expect(logits.shape).toEqual([5, q]);
    expect(rowsOf(logits.values, q)).toEqual(model.logits(rows).map((row) => [...row]));
    const probabilities = await model.predictProbabilitiesAsync(rows);
    expect(rowsOf(probabilities.values, q)).toEqual(model.predictProbabilities(rows).map((row) => [...row]));
    const labels: Name[] = await model.predictAsync(rows);
    expect(labels).toEqual(model.predict(rows));
    const top = await model.predictTopKAsync(rows, 2);
    const flat = model.predictTopK(rows, 2).flat();
    expect(top).toEqual({
      labels: flat.map(({ label }) => label),
      probabilities: Float64Array.from(flat, ({ probability }) => probability),
      shape: [5, 2],
    });
  });

  it('agree with the reference for many samples, within float32', async () => {
    const rows = SOME.map(take);
    const expected = reference.dense(
      rows.map((row) => [...row]),
      model.weight,
      model.bias,
    );
    const logits = await model.logitsAsync(large);
    expect(logits.shape).toEqual([N, Q]);
    expect(someRows(logits)).toBeAllClose(expected, CONTRACTION, sizes(rows));
    // Backends compute in float32; on cpu it is plain TypeScript in float64.
    expect(logits.values.every((o) => Math.fround(o) === o)).toBe(backend !== 'cpu');
    const probabilities = reference.toRows(reference.softmax(expected));
    expect(someRows(await model.predictProbabilitiesAsync(large))).toBeAllClose(probabilities, {
      rtol: 1e-4,
      atol: 1e-6,
    });
    expect(some(await model.predictAsync(large))).toEqual(model.predict(rows));
    const top = await model.predictTopKAsync(large, 3);
    const ours = SOME.map((i) => top.labels.slice(3 * i, 3 * i + 3));
    expect(ours).toEqual(model.predictTopK(rows, 3).map((row) => row.map(({ label }) => label)));
    expect(top.shape).toEqual([N, 3]);
    expect(top.probabilities[3 * SOME[4]]).toBeCloseTo(Math.max(...probabilities[4]), 4);
  });

  it('accept bytes with a scale', async () => {
    const expected = model.logits({ ...images, values: images.values.slice(0, D), shape: [1, D] })[0];
    const logits = await model.logitsAsync(images);
    expect(logits.values.slice(0, Q)).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-5 });
  });

  it('keep float64 precision for many samples', async () => {
    const logits = await model.logitsAsync(far);
    const row = far.values.subarray(777 * D, 778 * D);
    expect(logits.values.slice(777 * Q, 778 * Q)).toEqual(model.logits([row])[0]);
    const asFloat32 = model.logits([Float32Array.from(row)])[0];
    expect(asFloat32).not.toBeAllClose(model.logits([row])[0], { rtol: 1e-9, atol: 1e-2 });
  });

  it('accept small and large tensors of each type, without disposing them', async () => {
    const small = Float32Array.from(values.subarray(0, 3 * D), Math.round);
    const expected = model.logits({ values: small, shape: [3, D] });
    for (const dtype of ['float32', 'int32'] as const) {
      const tensor = tf.tensor2d(small, [3, D], dtype);
      expect((await model.logitsAsync(tensor)).values).toBeAllClose(expected, FLOAT64);
      expect(tensor.isDisposed).toBe(false);
      tensor.dispose();
    }
    const truths = tf.tensor2d(
      small.map((x) => Number(x > 0)),
      [3, D],
      'bool',
    );
    const ones = small.map((x) => Number(x > 0));
    expect((await model.logitsAsync(truths)).values).toBeAllClose(
      model.logits({ values: ones, shape: [3, D] }),
      FLOAT64,
    );
    truths.dispose();
    const many = tf.tensor2d(values, [N, D]);
    const before = tf.memory().numTensors;
    const rows = SOME.map(take);
    const logits = reference.dense(
      rows.map((row) => [...row]),
      model.weight,
      model.bias,
    );
    expect(someRows(await model.logitsAsync(many))).toBeAllClose(logits, CONTRACTION, sizes(rows));
    expect(some(await model.predictAsync(many))).toEqual(model.predict(rows));
    expect(tf.memory().numTensors).toBe(before);
    many.dispose();
  });

  it.each([
    ['NaN', Number.NaN],
    ['∞', Number.POSITIVE_INFINITY],
  ])('name the feature that is %s among many', async (text, odd) => {
    const spoilt = values.slice();
    spoilt[48_123 * D + 7] = odd;
    const tensor = tf.tensor2d(spoilt, [N, D]);
    const before = tf.memory().numTensors;
    const actual = text === '∞' ? 'Infinity' : 'NaN';
    const refusal = { code: 'DOMAIN', where: 'predictAsync', argument: 'features[48123][7]', actual };
    await expect(model.predictAsync({ values: spoilt, shape: [N, D] })).rejects.toMatchObject(refusal);
    await expect(model.predictAsync(tensor)).rejects.toMatchObject(refusal);
    expect(tf.memory().numTensors).toBe(before);
    tensor.dispose();
  });

  it('are correct if a product overflows float32', async () => {
    const steep = modelOf([...rowsOf(normals((D - 1) * 2, 3), 2), [1e30, -1e30]], [0, 0], ['low', 'high']);
    const huge = values.slice();
    huge[48_123 * D + D - 1] = 1e20;
    const logits = await steep.logitsAsync({ values: huge, shape: [N, D] });
    expect(logits.values[2 * 48_123]).toBeCloseTo(1e50, -45);
    expect((await steep.predictAsync({ values: huge, shape: [N, D] }))[48_123]).toBe('low');
  });

  it('yield to the event loop, report progress, and stop on abort', async () => {
    const seen: PredictProgress[] = [];
    const turns = await turnsOf(() => model.predictAsync(large, { onProgress: (progress) => seen.push(progress) }));
    expect(seen.length).toBeGreaterThan(1);
    expect(turns).toBeGreaterThanOrEqual(seen.length - 1);
    expect(seen.map(({ done }) => done)).toEqual([...seen.map(({ done }) => done)].sort((a, b) => a - b));
    expect(seen.at(-1)).toEqual({ done: N, total: N });
    const before = tf.memory().numTensors;
    const reason = new Error('enough');
    const controller = new AbortController();
    const { signal } = controller;
    const work = model.predictProbabilitiesAsync(large, { signal, onProgress: () => controller.abort(reason) });
    await expect(work).rejects.toBe(reason);
    await expect(model.logitsAsync([], { signal })).rejects.toBe(reason);
    const thrown = new Error('from the caller');
    const onProgress = () => {
      throw thrown;
    };
    await expect(model.predictTopKAsync(large, 1, { onProgress })).rejects.toBe(thrown);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are empty for zero samples', async () => {
    const none = { values: new Float32Array(0), shape: [0, D] } as const;
    expect(await model.logitsAsync(none)).toEqual({ values: new Float64Array(0), shape: [0, Q] });
    expect(await model.predictAsync([])).toEqual([]);
    expect(await model.predictTopKAsync(none, 2)).toEqual({
      labels: [],
      probabilities: new Float64Array(0),
      shape: [0, 2],
    });
    expect(backend).toBe(tf.getBackend());
  });
});

const native = nativeFloat64();

(native === undefined ? describe.skip : describe)('asynchronous predictions by the native float64 kernels', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => useFloat64Kernels(native));
  afterEach(() => useFloat64Kernels(undefined));

  it.each([
    ['float32', large],
    ['bytes with a scale', images],
    ['float64', far],
    ['small integers', { values: Int16Array.from(values, (x) => 60 * x), shape: [N, D] } as const],
    ['rows', Array.from({ length: 1000 }, (_, i) => Array.from(take(i)))],
  ])('equal the synchronous ones, the logits bit for bit: %s', async (_, features) => {
    const { values: logits, shape } = await model.logitsAsync(features);
    const expected = model.logits(features).flatMap((row) => [...row]);
    expect(shape[0] * Q).toBe(expected.length);
    expect(Buffer.compare(Buffer.from(logits.buffer), Buffer.from(Float64Array.from(expected).buffer))).toBe(0);
    const { values: probabilities } = await model.predictProbabilitiesAsync(features);
    const others = model.predictProbabilities(features).flatMap((row) => [...row]);
    const off = others.reduce(
      (worst, p, at) => Math.max(worst, Math.abs(p - probabilities[at]) / Math.max(p, 1e-300)),
      0,
    );
    expect(off).toBeLessThan(1e-14);
  });

  it('equal the synchronous ones where the model standardises columns', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => [1e9 + (i % 7), i % 3]);
    const labels = rows.map(([a, b]) => ((a + b) % 2 ? 'odd' : 'even'));
    const { model: fitted } = await SoftmaxRegression.fit(rows, labels, { standardize: true, l2: 0.1 });
    const logits = await fitted.logitsAsync(rows);
    expect(rowsOf(logits.values, logits.shape[1])).toEqual(fitted.logits(rows).map((row) => [...row]));
  });

  it('name a feature that is not finite, or too large', async () => {
    for (const [odd, actual] of [
      [Number.NaN, 'NaN'],
      [Number.NEGATIVE_INFINITY, '-Infinity'],
    ] as const) {
      const spoilt = values.slice();
      spoilt[48_123 * D + 7] = odd;
      const refusal = { code: 'DOMAIN', argument: 'features[48123][7]', actual };
      await expect(model.predictAsync({ values: spoilt, shape: [N, D] })).rejects.toMatchObject(refusal);
    }
    const large = { values: new Float64Array(2 * D).fill(1), shape: [2, D] } as const;
    large.values[D] = 1e39;
    await expect(model.predictAsync(large)).rejects.toMatchObject({ code: 'DOMAIN', argument: 'features[1][0]' });
  });

  it('leave small integers to the backend, as without these kernels', async () => {
    await useBackend('wasm');
    const integers = { values: Int16Array.from(values, (x) => 60 * x), shape: [N, D] } as const;
    const { values: logits } = await model.logitsAsync(integers);
    // In float32, as on tensors.
    expect(logits.every((o) => Math.fround(o) === o)).toBe(true);
    await useBackend('cpu');
  });

  it('use no tensor for 20 classes, and the backend for 21', async () => {
    const predictRows = jest.fn(native?.predictRows);
    useFloat64Kernels({ ...(native as NonNullable<typeof native>), predictRows });
    for (const q of [20, 21]) {
      predictRows.mockClear();
      await useBackend('wasm');
      const wide = modelOf(
        rowsOf(normals(D * q, 1), q),
        Array(q).fill(0),
        Array.from({ length: q }, (_, k) => k),
      );
      await wide.predictAsync(large);
      expect(predictRows.mock.calls.length > 0).toBe(q === 20);
    }
  });
});

describe('bad input to asynchronous predictions', () => {
  beforeAll(() => useBackend('cpu'));

  const row = Array.from(take(0));

  it.each<[string, unknown, object]>([
    ['a short row', [row.slice(1)], { code: 'SHAPE', expected: 'have shape [1, 16]', actual: '[1, 15]' }],
    ['ragged rows', [row, row.slice(1)], { code: 'SHAPE', argument: 'features' }],
    ['a row in place of a list of rows', row, { code: 'SHAPE', argument: 'features[0]' }],
    ['undefined', undefined, { code: 'SHAPE', argument: 'features' }],
    ['strings', [row.map(String)], { code: 'DOMAIN', argument: 'features[0][0]' }],
    ['NaN in the last row', [row, [...row.slice(1), Number.NaN]], { code: 'DOMAIN', argument: 'features[1][15]' }],
    [
      'values that do not fill the shape',
      { values: new Float32Array(16), shape: [2, 16] },
      { code: 'SHAPE', argument: 'features.shape' },
    ],
    [
      'a scale of 0',
      { values: new Uint8Array(16), shape: [1, 16], scale: 0 },
      { code: 'DOMAIN', argument: 'features.scale' },
    ],
  ])('is rejected: %s', async (_, features, fields) => {
    const odd = features as FeaturesInput;
    await expect(model.logitsAsync(odd)).rejects.toMatchObject({ where: 'logitsAsync', ...fields });
    await expect(model.predictAsync(odd)).rejects.toMatchObject({ where: 'predictAsync', ...fields });
    const where = 'predictProbabilitiesAsync';
    await expect(model.predictProbabilitiesAsync(odd)).rejects.toMatchObject({ where, ...fields });
    await expect(model.predictTopKAsync(odd, 1)).rejects.toMatchObject({ where: 'predictTopKAsync', ...fields });
  });

  it('is rejected: a tensor of the wrong shape, of strings, or disposed', async () => {
    const [flat, words, gone] = [tf.tensor1d([1]), tf.tensor2d([['a']]), tf.tensor2d([row])];
    gone.dispose();
    const refused = (tensor: tf.Tensor, fields: object) =>
      expect(model.predictAsync(tensor as tf.Tensor2D)).rejects.toMatchObject({ argument: 'features', ...fields });
    await refused(flat, { code: 'SHAPE', expected: 'have shape [n, features]', actual: '[1]' });
    await refused(words, { code: 'DOMAIN', actual: 'a tensor of string' });
    await refused(gone, { code: 'DOMAIN', actual: 'a disposed tensor' });
    tf.dispose([flat, words]);
  });

  it.each([0, 9, 1.5, Number.NaN, '1'])('is rejected: k = %p', async (k) => {
    const fields = { code: 'DOMAIN', argument: 'k', expected: 'be an integer in [1, 8], the number of classes' };
    await expect(model.predictTopKAsync([row], k as number)).rejects.toMatchObject(fields);
    expect(() => model.predictTopK([row], k as number)).toThrow(
      expect.objectContaining({ where: 'predictTopK', ...fields }),
    );
  });

  it('is rejected: an unknown option', async () => {
    const options = { chunk: 3 } as object;
    await expect(model.predictAsync([row], options)).rejects.toMatchObject({ argument: 'options', actual: "'chunk'" });
  });
});

describe('predictTopK', () => {
  beforeAll(() => useBackend('cpu'));

  it('returns typed labels by falling probability, in class order for ties', () => {
    const rows = rowsOf(values.subarray(0, 20 * D), D);
    const probabilities = model.predictProbabilities(rows);
    model.predictTopK(rows, Q).forEach((top, i) => {
      const order = [...probabilities[i].keys()].sort((a, b) => probabilities[i][b] - probabilities[i][a]);
      expect(top).toEqual(order.map((k) => ({ label: classes[k], probability: probabilities[i][k] })));
    });
    const [[first]] = model.predictTopK(rows, 1);
    const name: Name = first.label;
    expect(name).toBe(model.predict(rows)[0]);
    // @ts-expect-error a string is not a number
    const wrong: number = first.label;
    expect(wrong).toBe(name);
    const level = modelOf([[0, 0, 0, 0]], [1, 2, 2, 1], [10, 20, 30, 40]);
    expect(level.predictTopK([[5]], 4)[0].map(({ label }) => label)).toEqual([20, 30, 10, 40]);
    expect(level.predictTopK([[5]], 3)[0].map(({ label }) => label)).toEqual([20, 30, 10]);
    expect(model.predictTopK([], 2)).toEqual([]);
  });
});
