import * as fc from 'fast-check';
import { columnStatistics } from 'softmax-regression';
import { KeptRows, NumberList } from '../src/data/kept-rows.js';
import { statisticsOf } from '../src/data/standardize.js';
import { evaluateModel } from '../src/model/evaluation.js';
import { affineOf } from '../src/model/linear-classifier.js';
import { useBackend } from './helpers/backends.js';
import { modelOf } from './helpers/models.js';

// Rows of a table that are kept without their zeros.

beforeAll(() => useBackend('cpu'));

/** Rows of which some have many zeros, and some none. */
const table = fc.integer({ min: 1, max: 12 }).chain((d) =>
  fc
    .array(
      fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constant(-0), fc.double({ noNaN: true })), {
        minLength: d,
        maxLength: d,
      }),
      { minLength: 1, maxLength: 30 },
    )
    .map((rows) => ({ d, rows })),
);

function keptOf(rows: readonly (readonly number[])[], d: number): KeptRows {
  const kept = new KeptRows(d);
  // In two batches, as from a file.
  for (const part of [rows.slice(0, 3), rows.slice(3)]) {
    kept.add({ values: Float64Array.from(part.flat()), shape: [part.length, d] });
  }
  return kept;
}

describe('rows that are kept', () => {
  it('come back with every number, also −0', () =>
    fc.assert(
      fc.property(table, ({ d, rows }) => {
        const kept = keptOf(rows, d);
        expect(kept.shape).toEqual([rows.length, d]);
        expect([...kept.blocks()].flatMap(({ values }) => [...values])).toEqual(rows.flat());
        for (const [i, row] of rows.entries()) expect([...kept.row(i).values]).toEqual(row);
      }),
    ));

  it('take 12 bytes for each number of a sparse row, and 8 for each of a dense one', () => {
    const kept = new KeptRows(3);
    kept.add({ values: Float64Array.of(0, 1, 0, 1, 2, 3), shape: [2, 3] });
    expect(kept.bytes).toBe(36);
    expect([...kept.row(0).values]).toEqual([0, 1, 0]);
    kept.add({ values: Float64Array.of(0, 1, 1, 0, 0, 0), shape: [2, 3] });
    expect(kept.bytes).toBe(36 + 24);
  });

  it('come in blocks of 32 MiB from as many chunks of memory as they need', () => {
    const d = 100_000;
    const kept = new KeptRows(d);
    for (let i = 0; i < 50; i++) kept.add({ values: new Float64Array(d).fill(i + 1), shape: [1, d] });
    const seen: number[] = [];
    const sizes: number[] = [];
    for (const { values, shape } of kept.blocks()) {
      sizes.push(shape[0]);
      expect(values.buffer.byteLength).toBeLessThanOrEqual(2 ** 25);
      for (let i = 0; i < shape[0]; i++) seen.push(values[i * d], values[(i + 1) * d - 1]);
    }
    expect(sizes).toEqual([41, 9]);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => (i >> 1) + 1));
    expect([0, 1, 41, 49].map((i) => kept.row(i).values[7])).toEqual([1, 2, 42, 50]);
  });

  it('have the statistics of the same rows in an array', () =>
    fc.assert(
      fc.property(table, ({ d, rows }) => {
        const values = Float64Array.from(rows.flat(), (x) => (Number.isFinite(x) ? x : 1));
        const features = { values, shape: [rows.length, d] as const };
        const blocks = rows.map((_, i) => ({
          values: values.subarray(i * rows[0].length, (i + 1) * rows[0].length),
          shape: [1, rows[0].length] as const,
        }));
        expect(statisticsOf({ blocks: () => blocks })).toEqual(columnStatistics(features));
      }),
    ));

  it('have the evaluation of the same rows in an array', async () => {
    const [n, d, q] = [400, 30, 4];
    const numbers = (length: number) => Array.from({ length }, (_, i) => Math.sin(i * i));
    const weight = Array.from({ length: d }, (_, j) => numbers(q).map((w) => w * (j + 1)));
    const model = modelOf(weight, numbers(q), [...Array(q).keys()]);
    const rows = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => Number((i * 7) % d === j)));
    const labels = rows.map((_, i) => (i * 3) % q);
    const options = { sampleWeights: rows.map((_, i) => i % 3) };
    const kept = await evaluateModel(affineOf(model), model.classes, keptOf(rows, d), labels, options, 'evaluate');
    expect(kept).toEqual(await model.evaluate(rows, labels, options));
  });
});

describe('a list of numbers', () => {
  it('grows, and has 0 before its first', () => {
    const list = new NumberList();
    for (let i = 0; i < 100; i++) list.push(i / 3);
    expect(list.values()).toEqual(Float64Array.from({ length: 100 }, (_, i) => i / 3));
    expect([list.at(-1), list.at(99), list.length]).toEqual([0, 33, 100]);
  });
});
