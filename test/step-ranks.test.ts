// First-order steps whose batches ranks share: the losses of one process, and the same model on every rank.
import { Random } from '../src/core/random.js';
import type { Reduction } from '../src/core/ranks/communicator.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { crossValidate, SoftmaxRegression } from '../src/index.js';
import type { FitOptions, FitProgress } from '../src/training/options.js';
import { onEveryBackend } from './helpers/backends.js';
import { ranksOf } from './helpers/local-ranks.js';

const random = new Random(5);
const [n, d] = [205, 4];
const values = Float64Array.from({ length: n * d }, () => random.normal());
const features = { values, shape: [n, d] as const };
const labels = Array.from({ length: n }, (_, i) => {
  const sum = values[d * i] + values[d * i + 1] + random.normal() / 3;
  return sum > 0.5 ? 'a' : sum < -0.5 ? 'b' : 'c';
});
const sampleWeights = Float64Array.from(labels, (_, i) => i % 3);
const stored = () => new StoredRows([n, d], async (start, end, into) => into.set(values.subarray(start * d, end * d)));

const CASES: readonly [string, FitOptions<string>][] = [
  ['sgd', { solver: 'sgd' }],
  ['momentum with a penalty, without a bias', { solver: 'momentum', l2: 0.1, fitIntercept: false, learningRate: 0.02 }],
  ['adam with weights', { solver: 'adam', sampleWeights, classWeights: { a: 2, b: 1, c: 0.5 }, l2: 0.01 }],
  ['standardised, in the order of the samples', { solver: 'sgd', standardize: true, shuffle: false }],
  ['batches smaller than the ranks', { solver: 'adam', batchSize: 2, epochs: 1 }],
  ['one batch', { solver: 'sgd', batchSize: 1000, learningRate: 1 }],
  ['a schedule', { solver: 'sgd', learningRate: ({ step }) => 0.5 / (1 + step) }],
  ['autograd', { solver: 'adam', gradient: 'autograd', l2: 0.1 }],
  ['a layer of products', { solver: 'adam', layer: { phm: 1 } }],
  ['a share to validate on', { solver: 'sgd', validation: 0.3, earlyStopping: { patience: 1 }, epochs: 9 }],
];

/** All ranks with these options, of which those with an odd number have stored rows. */
const shared = (size: number, options: FitOptions<string>) =>
  Promise.all(
    ranksOf(size).map((communicator, rank) =>
      SoftmaxRegression.fit(rank % 2 === 0 ? features : stored(), labels, { ...options, communicator }),
    ),
  );

onEveryBackend('steps that ranks share', () => {
  it.each(CASES)('have the losses of one process: %s', async (_, own) => {
    const options = { batchSize: 32, epochs: 4, ...own };
    const alone = await SoftmaxRegression.fit(features, labels, options);
    for (const size of [1, 2, 3, 5]) {
      const [first, ...others] = await shared(size, options);
      const bytes = await first.model.toBytes();
      for (const { model, result } of others) {
        expect(await model.toBytes()).toEqual(bytes);
        expect(result).toEqual(first.result);
      }
      const { history, objective, iterations, reason } = first.result;
      expect([iterations, reason, history.length]).toEqual([
        alone.result.iterations,
        alone.result.reason,
        alone.result.history.length,
      ]);
      history.forEach(({ loss, validationLoss = 0 }, i) => {
        const expected = alone.result.history[i];
        expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-6);
        expect(Math.abs(validationLoss - (expected.validationLoss ?? 0))).toBeLessThan(1e-6);
      });
      expect(Math.abs(objective - alone.result.objective)).toBeLessThan(1e-6);
    }
  });

  it('have the same bits for the same number of ranks, whatever chunks they come in', async () => {
    const options = { solver: 'adam', batchSize: 8, epochs: 2 } as const;
    const [first] = await shared(3, options);
    const steps: number[] = [];
    const onProgress = ({ step }: FitProgress) => void steps.push(step);
    const [second] = await shared(3, { ...options, onProgress });
    expect(await second.model.toBytes()).toEqual(await first.model.toBytes());
    // 26 batches of 205 samples, in chunks of 16, on three ranks and in two epochs.
    expect(steps.sort((a, b) => a - b)).toEqual([...Array(6).fill(16), ...Array(6).fill(26)]);
  });

  it('go on from a checkpoint in an epoch, with another number of ranks too', async () => {
    const options = { solver: 'momentum', batchSize: 8, epochs: 3 } as const;
    const [whole] = await shared(2, options);
    let bytes: Uint8Array | undefined;
    const write = (each: Uint8Array) => {
      bytes ??= each.slice();
    };
    await shared(2, { ...options, checkpoint: { every: { iterations: 40 }, write } });
    const [again] = await shared(2, { ...options, resume: bytes });
    expect(await again.model.toBytes()).toEqual(await whole.model.toBytes());
    const [others] = await shared(4, { ...options, resume: bytes });
    expect(Math.abs(others.result.objective - whole.result.objective)).toBeLessThan(1e-6);
  });

  it('give every rank the model and scores of rank 0, also where another one rounds differently', async () => {
    const fits = ranksOf(2).map(async (communicator, rank) => {
      let factor = 1;
      // Every number that rank 1 computes, or rounds, after the comparison of the samples is another.
      const rounding = {
        ...communicator,
        async allReduce(sums: Float32Array | Float64Array, reduction: Reduction) {
          await communicator.allReduce(sums, reduction);
          if (rank === 0) return;
          factor = 1 + 1e-3;
          for (let i = 0; i < sums.length - 1; i++) sums[i] *= factor;
        },
      };
      const rows = new StoredRows([n, d], async (start, end, into) => {
        for (let i = start * d; i < end * d; i++) into[i - start * d] = factor * values[i];
      });
      const options = { solver: 'momentum', epochs: 3, batchSize: 32, l2: 0.01, validation: 0.3 } as const;
      const others = { earlyStopping: { patience: 9 }, communicator: rounding };
      const { model, result } = await SoftmaxRegression.fit(rows, labels, { ...options, ...others });
      return { bytes: await model.toBytes(), result };
    });
    const [one, other] = await Promise.all(fits);
    expect(other).toEqual(one);
    expect(one.result.history).toHaveLength(3);
  });

  it('end with the reason of an abort while a rank waits for another', async () => {
    const [communicator] = ranksOf(2);
    const controller = new AbortController();
    const waiting = {
      ...communicator,
      allReduce: () => new Promise<void>(() => controller.abort(new Error('enough'))),
    };
    // Only the comparison of the options is answered.
    const answering = { ...waiting, allGather: async (own: Uint8Array) => [own, own] };
    const options = { solver: 'sgd', communicator: answering, signal: controller.signal } as const;
    await expect(SoftmaxRegression.fit(features, labels, options)).rejects.toThrow('enough');
  });

  it('refuse other options and features on another rank, on all of them', async () => {
    const fits = (change: (rank: number) => FitOptions<string>, other = features) =>
      Promise.all(
        ranksOf(2).map((communicator, rank) =>
          SoftmaxRegression.fit(rank === 1 ? other : features, labels, {
            ...{ solver: 'sgd', communicator, epochs: 1 },
            ...change(rank),
          }).then(String, (error: Error) => error.message),
        ),
      );
    for (const message of await fits((rank) => ({ batchSize: 16 + rank })))
      expect(message).toContain('fit: batchSize must be the same on all ranks, 16 as on rank 0; got 17 on rank 1');
    const changed = { ...features, values: values.map((x, i) => (i === 9 ? x + 1 : x)) };
    for (const message of await fits(() => ({}), changed))
      expect(message).toContain('features must be the same on all ranks');
  });

  it('are shared by folds', async () => {
    const options = { solver: 'adam', epochs: 2, batchSize: 16, folds: 3 } as const;
    const alone = await crossValidate(features, labels, options);
    const all = await Promise.all(
      ranksOf(2).map((communicator) => crossValidate(features, labels, { ...options, communicator })),
    );
    expect(all[1]).toEqual(all[0]);
    expect(Math.abs(all[0].mean.logLoss - alone.mean.logLoss)).toBeLessThan(1e-6);
  });
});
