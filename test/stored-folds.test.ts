import { Random } from '../src/core/random.js';
import { nextTask } from '../src/core/task.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { crossValidate, lambdaPath, learningCurve } from '../src/index.js';
import { useBackend } from './helpers/backends.js';
import { ranksOf } from './helpers/local-ranks.js';

const random = new Random(5);
const [n, d] = [1300, 4];
/** One column far from 0. */
const values = Float64Array.from({ length: n * d }, (_, i) => (i % d === 2 ? 1e4 : 0) + random.normal());
const features = { values, shape: [n, d] as const };
const labels = Array.from({ length: n }, (_, i) => {
  const sum = values[d * i] + values[d * i + 1] + random.normal();
  return sum > 0.5 ? 'up' : sum < -0.5 ? 'down' : 'level';
});
const sampleWeights = labels.map((_, i) => i % 3);
const groups = labels.map((_, i) => `group ${(i * 7) % 40}`);
const times = labels.map((_, i) => (i * 11) % n);

function stored(of: Float64Array = values): StoredRows {
  return new StoredRows([n, d], async (start, end, into) => {
    await nextTask();
    into.set(of.subarray(start * d, end * d));
  });
}

jest.mock('../src/objective/streamed.js', () => {
  const actual = jest.requireActual('../src/objective/streamed.js');
  // Sections of 512 rows, so that there are several.
  return {
    ...actual,
    streamedProblem: (options: object, communicator: object) => actual.streamedProblem(options, communicator, 512),
  };
});

beforeAll(() => useBackend('cpu'));

describe('crossValidate of stored rows', () => {
  it.each<[string, object]>([
    ['by default', {}],
    ['standardised, with weights', { standardize: true, l1: 0.01, sampleWeights }],
    ['of whole groups, with a share to validate on', { standardize: true, groups, validation: 0.2 }],
  ])('has the bits of rows in memory: %s', async (_, own) => {
    const options = { ...own, folds: 3, seed: 4, outOfFold: true } as const;
    const inMemory = await crossValidate(features, labels, { ...options, precision: 'float64' });
    expect(await crossValidate(stored(), labels, options)).toEqual(inMemory);
    expect(inMemory.probabilities.values.every((p) => p > 0 && p < 1)).toBe(true);
  });

  it('has the bits of rows in memory with folds in time', async () => {
    const options = { standardize: true, folds: 3, times } as const;
    const inMemory = await crossValidate(features, labels, { ...options, precision: 'float64' });
    expect(await crossValidate(stored(), labels, options)).toEqual(inMemory);
  });

  it('names the row of a number that is not finite among all rows, before anything is fitted', async () => {
    const broken = values.slice();
    broken[d * 1234 + 1] = Number.POSITIVE_INFINITY;
    const onProgress = jest.fn();
    await expect(crossValidate(stored(broken), labels, { folds: 2, onProgress })).rejects.toThrow(
      'crossValidate: features[1234][1] must be a finite',
    );
    expect(onProgress).not.toHaveBeenCalled();
  });

  it('counts the labels before it reads', async () => {
    const unread = new StoredRows([2 ** 40, d], async () => {
      throw new Error('read');
    });
    await expect(crossValidate(unread, labels)).rejects.toThrow('labels must be a list of 1099511627776 labels');
  });

  it('stops at an abort', async () => {
    const abort = new AbortController();
    const onProgress = ({ fold }: { readonly fold: number }) => fold === 2 && abort.abort(new Error('enough'));
    const run = crossValidate(stored(), labels, { folds: 3, signal: abort.signal, onProgress });
    await expect(run).rejects.toThrow('enough');
  });

  it('gives the folds and scores of steps in memory, with a share to validate on', async () => {
    const options = { solver: 'sgd', standardize: true, epochs: 3, validation: 0.2 } as const;
    const inMemory = await crossValidate(features, labels, options);
    expect(await crossValidate(stored(), labels, options)).toEqual(inMemory);
  });
});

describe('lambdaPath of stored rows', () => {
  it.each<[string, object]>([
    ['by default', {}],
    ['of given values, with weights', { standardize: true, l2: [1e-4, 1e-2, 1], sampleWeights }],
    ['with folds in time', { l2: [1e-3, 0.1], times }],
  ])('has the bits and the model of rows in memory: %s', async (_, own) => {
    const options = { ...own, folds: 3, refit: 'oneStandardError' } as const;
    const inMemory = await lambdaPath(features, labels, { ...options, precision: 'float64' });
    const outside = await lambdaPath(stored(), labels, options);
    expect(outside.table).toEqual(inMemory.table);
    expect([outside.best, outside.oneStandardError]).toEqual([inMemory.best, inMemory.oneStandardError]);
    expect(await outside.model.toBytes()).toEqual(await inMemory.model.toBytes());
    expect(outside.result).toEqual(inMemory.result);
  });
});

describe('learningCurve of stored rows', () => {
  it('has the bits of rows in memory', async () => {
    const options = { standardize: true, sizes: [50, 400], folds: 2, seed: 1, sampleWeights } as const;
    const inMemory = await learningCurve(features, labels, { ...options, precision: 'float64' });
    expect(await learningCurve(stored(), labels, options)).toEqual(inMemory);
  });
});

describe('folds that ranks share', () => {
  it.each([1, 2, 3])('have the bits of one process, on each of %i ranks', async (size) => {
    const options = { standardize: true, folds: 3, sampleWeights, validation: 0.2, outOfFold: true } as const;
    const alone = await crossValidate(features, labels, { ...options, precision: 'float64' });
    const all = ranksOf(size).map((communicator, rank) =>
      crossValidate(rank % 2 === 0 ? features : stored(), labels, { ...options, communicator }),
    );
    for (const validated of await Promise.all(all)) expect(validated).toEqual(alone);
  });

  it('choose the same l2 and model', async () => {
    const options = { standardize: true, folds: 2, l2: [1, 0.01, 1e-4], refit: 'best' } as const;
    const alone = await lambdaPath(features, labels, { ...options, precision: 'float64' });
    const all = ranksOf(3).map((communicator) => lambdaPath(stored(), labels, { ...options, communicator }));
    for (const { table, best, model, result } of await Promise.all(all)) {
      expect([table, best, result]).toEqual([alone.table, alone.best, alone.result]);
      expect(await model.toBytes()).toEqual(await alone.model.toBytes());
    }
  });

  it('draw the same learning curve', async () => {
    const options = { sizes: [60, 500], folds: 2 };
    const alone = await learningCurve(features, labels, { ...options, precision: 'float64' });
    const all = ranksOf(2).map((communicator) => learningCurve(features, labels, { ...options, communicator }));
    for (const curve of await Promise.all(all)) expect(curve).toEqual(alone);
  });

  it('are read and evaluated by one rank each, apart from checks', async () => {
    const readBy = async (size: number) => {
      let sum = 0;
      const counting = new StoredRows([n, d], async (start, end, into) => {
        sum += end - start;
        into.set(values.subarray(start * d, end * d));
      });
      await Promise.all(
        ranksOf(size).map((communicator) => crossValidate(counting, labels, { folds: 2, communicator })),
      );
      return sum;
    };
    // Of each further rank: the check of all rows, and of the rows of each fit, whose gaps are read too.
    const more = (await readBy(2)) - (await readBy(1));
    expect(more).toBeGreaterThan(2 * n);
    expect(more).toBeLessThan(4 * n);
  });

  it('are refused if another rank has other features', async () => {
    const others = values.slice();
    others[d * 700] += 1e-9;
    const all = ranksOf(2).map((communicator, rank) =>
      crossValidate(stored(rank === 1 ? others : values), labels, { folds: 2, communicator }).then(
        String,
        (error: Error) => error.message,
      ),
    );
    for (const message of await Promise.all(all)) expect(message).toContain('features must be the same on all ranks');
  });
});
