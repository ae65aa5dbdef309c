import { KeptRows } from '../src/data/kept-rows.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { evaluateModel } from '../src/model/evaluation.js';
import { affineOf } from '../src/model/linear-classifier.js';
import { useBackend } from './helpers/backends.js';
import { ranksOf } from './helpers/local-ranks.js';
import { drawLabels, modelOf, normals, rowsOf } from './helpers/models.js';

// Room for the probabilities of ten classes at a time.
jest.mock('../src/core/limits.js', () => ({ NUMBERS_OF_A_BATCH: 1625 }));

/** So many classes that a rank reads 218 rows at a time. */
const [n, d, q] = [1300, 4, 300];
const classes = Array.from({ length: q }, (_, k) => `class ${k}`);
const model = modelOf(rowsOf(normals(d * q, 3, 1.5), q), [...normals(q, 7)], classes);
const rows = rowsOf(normals(n * d, 4), d);
const values = Float64Array.from(rows.flat());
const labels = drawLabels(model, rows, 5);
const sampleWeights = labels.map((_, i) => (i * 7) % 4);

const stored = (of = values) =>
  new StoredRows([n, d], async (start, end, into) => into.set(of.subarray(start * d, end * d)));

function kept(): KeptRows {
  const own = new KeptRows(d);
  own.add({ values, shape: [n, d] });
  return own;
}

beforeAll(() => useBackend('cpu'));

describe('an evaluation that ranks share', () => {
  it.each([1, 2, 3, 7])('is that of one process, on each of %i ranks', async (size) => {
    const options = { sampleWeights, bins: 7, confidence: 0.9 };
    const alone = await model.evaluate(rows, labels, options);
    const kinds = [rows, { values, shape: [n, d] as const }, stored(), kept()];
    const each = ranksOf(size).map((communicator, rank) =>
      evaluateModel(affineOf(model), model.classes, kinds[rank % 4], labels, { ...options, communicator }, 'evaluate'),
    );
    for (const evaluation of await Promise.all(each)) expect(evaluation).toEqual(alone);
  });

  it('multiplies bytes in float64, whatever the number of ranks', async () => {
    const bytes = { values: Uint8Array.from(values, (x) => 128 + 10 * x), shape: [n, d] as const, scale: 10 };
    const evaluations = async (size: number) =>
      Promise.all(ranksOf(size).map((communicator) => model.evaluate(bytes, labels, { communicator })));
    const [alone] = await evaluations(1);
    for (const evaluation of await evaluations(3)) expect(evaluation).toEqual(alone);
    expect((await model.evaluate(bytes, labels)).logLoss).toBeCloseTo(alone.logLoss, 10);
  });

  it('reads each row on one rank, once for each pass, and reports its progress', async () => {
    const reads = [0, 0, 0];
    const seen: number[] = [];
    const each = ranksOf(3).map((communicator, rank) => {
      const counting = new StoredRows([n, d], async (start, end, into) => {
        reads[rank] += end - start;
        into.set(values.subarray(start * d, end * d));
      });
      const onProgress = ({ done }: { readonly done: number }) => rank === 0 && seen.push(done);
      return model.evaluate(counting, labels, { communicator, onProgress });
    });
    await Promise.all(each);
    // A pass for each ten classes.
    const passes = Math.ceil(new Set(labels).size / 10);
    expect(reads[0] + reads[1] + reads[2]).toBe(passes * n);
    for (const count of reads) expect(Math.abs(count / passes - n / 3)).toBeLessThan(6);
    expect(seen).toEqual([654, 1300]);
  });

  it('names the row of a number that is not finite among all rows', async () => {
    const broken = values.slice();
    broken[d * 700 + 1] = Number.NaN;
    // Rank 0 has the rows from 654 to 872.
    const [error] = await Promise.race(
      ranksOf(3).map((communicator) =>
        model.evaluate(stored(broken), labels, { communicator }).then(String, (cause: Error) => [cause.message]),
      ),
    );
    expect(error).toContain('evaluate: features[700][1] must be a finite');
  });

  it.each<[string, (rank: number) => readonly [typeof rows, typeof labels, object], string]>([
    [
      'labels',
      (rank) => [rows, rank === 1 ? [...labels].reverse() : labels, {}],
      'labels must be the same on all ranks',
    ],
    ['weights', (rank) => [rows, labels, rank === 2 ? { sampleWeights } : {}], 'sampleWeights must be the same'],
    ['bins', (rank) => [rows, labels, { bins: 5 + rank }], 'bins must be the same on all ranks, 5 as on rank 0'],
    [
      'samples',
      (rank) => [rows.slice(rank), labels.slice(rank), {}],
      'features.shape must be the same on all ranks, [1300,4] as on rank 0',
    ],
  ])('refuses other %s on another rank, on all ranks alike', async (_, given, message) => {
    const errors = ranksOf(3).map((communicator, rank) => {
      const [x, y, options] = given(rank);
      return model.evaluate(x, y, { ...options, communicator }).then(String, (error: Error) => error.message);
    });
    const found = await Promise.all(errors);
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toContain(message);
  });

  it('ends at an abort while another rank is awaited', async () => {
    const [communicator] = ranksOf(2);
    const abort = new AbortController();
    const { signal } = abort;
    const joins = { ...communicator, allGather: async (bytes: Uint8Array) => [bytes, bytes] };
    let calls = 0;
    const waits = {
      ...joins,
      allGather: (bytes: Uint8Array) => {
        if (++calls === 1) return joins.allGather(bytes);
        setImmediate(() => abort.abort(new Error('enough')));
        return new Promise<Uint8Array[]>(() => {});
      },
    };
    await expect(model.evaluate(rows, labels, { communicator: waits, signal })).rejects.toThrow('enough');
  });

  it('refuses what is no communicator', async () => {
    await expect(model.evaluate(rows, labels, { communicator: 7 as never })).rejects.toThrow(
      'evaluate: communicator must be a communicator, as openCommunicator gives it; got 7.',
    );
  });
});
