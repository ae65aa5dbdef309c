import { Random } from '../src/core/random.js';
import { nextTask } from '../src/core/task.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { loadIris, SoftmaxRegression, take, trainTestSplit } from '../src/index.js';
import type { FitOptions } from '../src/training/options.js';

const iris = loadIris();
const random = new Random(1);
const n = 1500;
/** More samples than a section has at its smallest, far from 0, one column constant. */
const values = Float64Array.from(
  { length: 4 * n },
  (_, i) => [random.normal(), 1e5 + random.normal(), 7, 0.1 * random.normal()][i % 4],
);
const large = { values, shape: [n, 4] as const };
const labels = Array.from({ length: n }, (_, i) =>
  values[4 * i] + values[4 * i + 1] - 1e5 + random.normal() > 0 ? 'yes' : 'no',
);

function stored({ values: given, shape }: { values: ArrayLike<number>; shape: readonly [number, number] }): StoredRows {
  const [, d] = shape;
  return new StoredRows(shape, async (start, end, into) => {
    await nextTask();
    for (let at = start * d; at < end * d; at++) into[at - start * d] = given[at];
  });
}

describe('fit to stored rows', () => {
  const cases: readonly [string, Partial<FitOptions<string>>][] = [
    ['by default', {}],
    ['standardised', { standardize: true }],
    ['standardised, with l1', { standardize: true, l1: 0.01, l2: 0 }],
    ['with weights', { standardize: true, classWeights: 'balanced', sampleWeights: labels.map((_, i) => i % 3) }],
    ['without an intercept', { standardize: true, fitIntercept: false }],
    ['without a penalty', { standardize: true, l2: 0 }],
  ];

  it.each(cases)('gives the model file of the rows in memory: %s', async (_, options) => {
    const inMemory = await SoftmaxRegression.fit(large, labels, { ...options, precision: 'float64' });
    const outside = await SoftmaxRegression.fit(stored(large), labels, options);
    expect(await outside.model.toBytes()).toEqual(await inMemory.model.toBytes());
    expect(outside.result).toEqual(inMemory.result);
  });

  it('validates on samples in memory', async () => {
    const validation = { features: iris.features, labels: iris.labels };
    const options = { validation, precision: 'float64', maxIterations: 5 } as const;
    const flowers = { values: Float64Array.from(iris.features.flat()), shape: [150, 4] as const };
    const inMemory = await SoftmaxRegression.fit(flowers, iris.labels, options);
    const outside = await SoftmaxRegression.fit(stored(flowers), iris.labels, options);
    expect(outside.result.history).toEqual(inMemory.result.history);
    expect(outside.result.history[4].validationLoss).toBeGreaterThan(0);
  });

  it.each<[string, Partial<FitOptions<string>>]>([
    ['of each class', {}],
    ['standardised, with weights', { standardize: true, sampleWeights: labels.map((_, i) => i % 3) }],
    ['of whole groups', { standardize: true, groups: labels.map((_, i) => i % 11) }],
    ['the latest', { standardize: true, l1: 0.01, times: labels.map((_, i) => (i * 7) % n) }],
  ])('validates on a share of the rows, with the bits of rows in memory: %s', async (_, own) => {
    const options = { ...own, validation: 0.4, precision: 'float64' } as const;
    const inMemory = await SoftmaxRegression.fit(large, labels, options);
    const outside = await SoftmaxRegression.fit(stored(large), labels, options);
    expect(await outside.model.toBytes()).toEqual(await inMemory.model.toBytes());
    expect(outside.result).toEqual(inMemory.result);
    const { validationLoss, validationAccuracy } = outside.result.history.at(-1) ?? {};
    expect(validationLoss).toBeGreaterThan(0);
    expect(validationAccuracy).toBeGreaterThan(0.3);
  });

  it('scores the samples held back as an evaluation does', async () => {
    const options = { standardize: true, validation: 0.3, sampleWeights: labels.map((_, i) => i % 3) };
    const { model, result } = await SoftmaxRegression.fit(stored(large), labels, options);
    const { test } = trainTestSplit(n, { testFraction: 0.3, stratify: labels });
    const places = test.sort();
    const { logLoss, accuracy } = await model.evaluate(stored(large).take(places), take(labels, places), {
      sampleWeights: take(options.sampleWeights, places),
    });
    const { validationLoss, validationAccuracy } = result.history.at(-1) ?? {};
    expect(validationLoss).toBeCloseTo(logLoss, 5);
    expect(validationAccuracy).toBeCloseTo(accuracy, 12);
  });

  it.each([{}, { validation: 0.3 }])(
    'resumes from a checkpoint, also of rows in memory, to the same bits: %j',
    async (own) => {
      const options = { ...own, standardize: true, precision: 'float64' } as const;
      const whole = await SoftmaxRegression.fit(large, labels, options);
      for (const from of [large, stored(large)]) {
        let bytes: Uint8Array | undefined;
        const write = (written: Uint8Array) => {
          bytes ??= written.slice();
        };
        const checkpoint = { every: { iterations: 3 }, write };
        await SoftmaxRegression.fit(from, labels, { ...options, checkpoint });
        const resumed = await SoftmaxRegression.fit(stored(large), labels, { ...options, resume: bytes });
        expect(await resumed.model.toBytes()).toEqual(await whole.model.toBytes());
        expect(resumed.result).toEqual(whole.result);
      }
    },
  );

  it('advises on columns that separate classes', async () => {
    const column = { values: Float64Array.of(1, 2, 3, 4), shape: [4, 1] as const };
    const given = { l2: 0, featureNames: ['width'] };
    const { result } = await SoftmaxRegression.fit(stored(column), ['a', 'a', 'b', 'b'], given);
    expect(result.advice).toContain('by column "width" alone');
  });

  it('stops at an abort', async () => {
    const abort = new AbortController();
    const onProgress = () => abort.abort(new Error('enough'));
    const fit = SoftmaxRegression.fit(stored(large), labels, { signal: abort.signal, onProgress });
    await expect(fit).rejects.toThrow('enough');
  });

  it('refuses numbers that are not finite, and other lengths', async () => {
    const broken = { values: values.slice(), shape: large.shape };
    broken.values[4 * 1234 + 3] = Number.NaN;
    await expect(SoftmaxRegression.fit(stored(broken), labels)).rejects.toThrow('features[1234][3] must be a finite');
    await expect(SoftmaxRegression.fit(stored(large), labels.slice(1))).rejects.toThrow(
      'labels must be a list of 1500',
    );
    const empty = new StoredRows([0, 2], async () => {});
    await expect(SoftmaxRegression.fit(empty, [])).rejects.toThrow('at least one row');
  });

  it.each([
    ['a deviation beyond float64', [1.7e308, -1.7e308, 1, 2]],
    ['a deviation that is too small', [1e-310, 2e-310, 1e-310, 0]],
  ])('refuses %s like rows in memory', async (_, column) => {
    const features = { values: Float64Array.from(column), shape: [4, 1] as const };
    const options = { standardize: true, featureNames: ['x'] };
    const errors = [features, stored(features)].map((each) =>
      SoftmaxRegression.fit(each, ['a', 'b', 'a', 'b'], options).then(String, (error: Error) => error.message),
    );
    const [inMemory, outside] = await Promise.all(errors);
    expect(outside).toBe(inMemory);
    expect(outside).toContain('column "x"');
  });
});

describe('reading functions that fail', () => {
  const never = new Promise<void>(() => {});
  /** Reads rows of the samples, and then calls `then` with the number of reads so far. */
  function reading(then: (reads: number, start: number, end: number, into: Float64Array) => unknown): StoredRows {
    let reads = 0;
    return new StoredRows([n, 4], async (start, end, into) => {
      into.set(values.subarray(4 * start, 4 * end));
      await then(++reads, start, end, into);
    });
  }

  it('notices rows that are left out', async () => {
    const short = new StoredRows([n, 4], async (start, end, into) => {
      into.set(values.subarray(4 * start, 4 * Math.min(end, 1400)));
    });
    const message =
      /features\[1400\]\[0\] must be a finite .*number; got NaN. A number that `read` leaves out is NaN\./;
    await expect(SoftmaxRegression.fit(short, labels)).rejects.toThrow(message);
    const { model } = await SoftmaxRegression.fit(large, labels, { standardize: true, maxIterations: 1 });
    await expect(model.evaluate(short, labels)).rejects.toThrow(message);
    await expect(model.predictAsync(short)).rejects.toThrow(message);
    const into = new Float64Array(8);
    await short.read(1399, 1401, into);
    expect([...into]).toEqual([...values.subarray(4 * 1399, 4 * 1400), NaN, NaN, NaN, NaN]);
  });

  it('names the row of a number that is not finite among all rows', async () => {
    const far = 140_000;
    const rows = new StoredRows([far + 1, 4], async (start, end, into) => {
      into.fill(0);
      if (end > far) into[4 * (far - start) + 2] = Number.POSITIVE_INFINITY;
    });
    const { model } = await SoftmaxRegression.fit(large, labels, { standardize: true, maxIterations: 1 });
    await expect(model.predictAsync(rows)).rejects.toThrow(`features[${far}][2] must be a finite`);
  });

  it('notices rows that change to numbers that are not finite', async () => {
    const changing = reading((reads, start, end, into) => {
      if (reads > 5 && start <= 700 && end > 700) into[4 * (700 - start) + 1] = Number.NEGATIVE_INFINITY;
    });
    await expect(SoftmaxRegression.fit(changing, labels, { standardize: true })).rejects.toThrow(
      'StoredRows: row 700 must have the same finite numbers in each pass; got -Infinity.',
    );
  });

  it('counts the labels before it reads', async () => {
    const rows = new StoredRows([2 ** 40, 4], async () => {
      throw new Error('read');
    });
    await expect(SoftmaxRegression.fit(rows, labels)).rejects.toThrow('labels must be a list of 1099511627776 labels');
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('stops at an abort while read %i never ends', async (last) => {
    const abort = new AbortController();
    const rows = reading((reads) => {
      if (reads < last) return undefined;
      setImmediate(() => abort.abort(new Error('enough')));
      return never;
    });
    const fit = SoftmaxRegression.fit(rows, labels, { standardize: true, signal: abort.signal });
    await expect(fit).rejects.toThrow('enough');
  });

  it('stops the evaluation at an abort while a read never ends', async () => {
    const { model } = await SoftmaxRegression.fit(large, labels, { standardize: true, maxIterations: 1 });
    const abort = new AbortController();
    const rows = reading(() => {
      setImmediate(() => abort.abort(new Error('enough')));
      return never;
    });
    await expect(model.evaluate(rows, labels, { signal: abort.signal })).rejects.toThrow('enough');
    await expect(model.calibrate(rows, labels, { signal: abort.signal })).rejects.toThrow('enough');
    await expect(model.evaluate(rows, labels, { signal: 7 as never })).rejects.toThrow('signal');
  });
});
