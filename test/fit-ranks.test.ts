import { Random } from '../src/core/random.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { SoftmaxRegression } from '../src/index.js';
import type { FitOptions } from '../src/training/options.js';
import { ranksOf } from './helpers/local-ranks.js';

const random = new Random(2);
const [n, d] = [2900, 5];
const values = Float64Array.from({ length: n * d }, (_, i) => (i % d === 3 ? 1e4 : 0) + random.normal());
const features = { values, shape: [n, d] as const };
const labels = Array.from({ length: n }, (_, i) => {
  const sum = values[d * i] + values[d * i + 1] + random.normal() / 3;
  return sum > 0.5 ? 'a' : sum < -0.5 ? 'b' : 'c';
});
const sampleWeights = Float64Array.from(labels, (_, i) => i % 3);

jest.mock('../src/objective/streamed.js', () => {
  const actual = jest.requireActual('../src/objective/streamed.js');
  // Sections of 512 rows, so that there are several.
  return {
    ...actual,
    streamedProblem: (options: object, communicator: object) => actual.streamedProblem(options, communicator, 512),
  };
});

/** Features of which each rank may read its own sections only, after the passes over all rows. */
const stored = (of = values) =>
  new StoredRows([n, d], async (start, end, into) => into.set(of.subarray(start * d, end * d)));

/** Features with one number changed. */
function changed(at: number, by: number): typeof features {
  const others = values.slice();
  others[at] += by;
  return { ...features, values: others };
}

const CASES: readonly [string, FitOptions<string>][] = [
  ['by default', {}],
  ['standardised', { standardize: true }],
  ['with l1 and weights', { standardize: true, l1: 0.01, l2: 0, sampleWeights }],
  ['with a share to validate on', { standardize: true, validation: 0.45, sampleWeights, maxIterations: 8 }],
  ['with samples to validate on', { validation: { features, labels, sampleWeights }, maxIterations: 4 }],
  ['nearly without a penalty', { standardize: true, l2: 1e-9, fitIntercept: false, maxIterations: 60 }],
];

describe('a fit that ranks share', () => {
  it.each(CASES)('gives the bits of one process, on every rank: %s', async (_, options) => {
    const alone = await SoftmaxRegression.fit(features, labels, { ...options, precision: 'float64' });
    const bytes = await alone.model.toBytes();
    // Six sections: more ranks than that have none.
    for (const size of [1, 2, 3, 4, 7]) {
      const fits = ranksOf(size).map((communicator, rank) => {
        const own = rank % 2 === 0 ? features : stored();
        return SoftmaxRegression.fit(own, labels, { ...options, communicator });
      });
      for (const { model, result } of await Promise.all(fits)) {
        expect(await model.toBytes()).toEqual(bytes);
        expect(result).toEqual(alone.result);
      }
    }
  });

  it('reads only its own sections in a pass', async () => {
    const reads = [0, 0, 0];
    const counting = (rank: number) =>
      new StoredRows([n, d], async (start, end, into) => {
        reads[rank] += end - start;
        into.set(values.subarray(start * d, end * d));
      });
    const fits = ranksOf(3).map((communicator, rank) =>
      SoftmaxRegression.fit(counting(rank), labels, { communicator, maxIterations: 20 }),
    );
    const [{ result }] = await Promise.all(fits);
    expect(result.iterations).toBeGreaterThan(3);
    // A third of each of the passes of the solver, and all rows in the check of the numbers.
    for (const count of reads) expect(count).toBeLessThan(n + (n / 3 + 512) * 3 * (result.iterations + 10));
    expect(Math.max(...reads) - Math.min(...reads)).toBeLessThan(n * (result.iterations + 10) * 0.3);
  });

  it('writes checkpoints on rank 0, and resumes with another number of ranks to the same bits', async () => {
    const whole = await SoftmaxRegression.fit(features, labels, { precision: 'float64' });
    const written: number[] = [];
    let bytes: Uint8Array | undefined;
    const run = (communicator: ReturnType<typeof ranksOf>[number]) => ({
      communicator,
      precision: 'float64' as const,
      checkpoint: {
        every: { iterations: 2 },
        write: (each: Uint8Array) => {
          written.push(communicator.rank);
          bytes ??= each.slice();
        },
      },
    });
    await Promise.all(ranksOf(2).map((each) => SoftmaxRegression.fit(features, labels, run(each))));
    expect(new Set(written)).toEqual(new Set([0]));
    const resumed = ranksOf(3).map((communicator) =>
      SoftmaxRegression.fit(features, labels, { communicator, resume: bytes }),
    );
    for (const { model } of await Promise.all(resumed))
      expect(await model.toBytes()).toEqual(await whole.model.toBytes());
  });

  it.each<[string, (rank: number) => Promise<unknown>[] | [object, readonly string[], FitOptions<string>], string]>([
    [
      'options',
      (rank) => [features, labels, { l2: rank === 1 ? 0.5 : 0.1 }],
      'fit: l2 must be the same on all ranks, 0.1 as on rank 0; got 0.5 on rank 1',
    ],
    [
      'an option left out',
      (rank) => [features, labels, rank === 2 ? { standardize: true } : {}],
      'standardize must be the same on all ranks',
    ],
    [
      'labels',
      (rank) => [features, rank === 1 ? [...labels].reverse() : labels, {}],
      'labels must be the same on all ranks',
    ],
    [
      'samples to validate on',
      (rank) => [features, labels, { validation: { features: rank === 1 ? changed(9, 1e-9) : features, labels } }],
      'validation must be the same on all ranks',
    ],
    [
      'labels to validate on',
      (rank) => [features, labels, { validation: { features, labels: rank === 2 ? [...labels].reverse() : labels } }],
      'validation.labels must be the same on all ranks',
    ],
    ['weights', (rank) => [features, labels, rank === 1 ? { sampleWeights } : {}], 'on rank 1'],
    [
      'classes',
      (rank) => [features, labels, rank === 1 ? { classes: ['c', 'b', 'a'] } : {}],
      'classes must be the same on all ranks, ["a","b","c"] as on rank 0',
    ],
    [
      'features',
      (rank) => [rank === 1 ? changed(700, 1e-9) : features, labels, {}],
      'features must be the same on all ranks',
    ],
    [
      'stored features',
      (rank) => [rank === 2 ? stored(changed(n * d - 1, 1e-9).values) : stored(), labels, { standardize: true }],
      'features must be the same on all ranks',
    ],
    [
      'features that round to other float32',
      (rank) => [rank === 2 ? { ...features, values: Float32Array.from(values) } : stored(), labels, {}],
      'on rank 2',
    ],
  ])('refuses other %s on another rank, on all ranks alike', async (_, given, message) => {
    const errors = ranksOf(3).map(async (communicator, rank) => {
      const [x, y, options] = given(rank) as [typeof features, string[], FitOptions<string>];
      return SoftmaxRegression.fit(x, y, { ...options, communicator }).then(String, (error: Error) => error.message);
    });
    const found = await Promise.all(errors);
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toContain(message);
  });

  it.each([
    [{}, 'communicator must be a communicator'],
    [{ rank: 2, size: 2, allGather() {}, allReduce() {} }, 'communicator must be a communicator'],
    [7, 'communicator must be a communicator'],
  ])('refuses %j as communicator', async (communicator, message) => {
    const fit = SoftmaxRegression.fit(features, labels, { communicator: communicator as never });
    await expect(fit).rejects.toThrow(message);
  });
});
