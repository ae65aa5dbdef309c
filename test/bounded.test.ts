import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type CsvSchema, metrics, readCsvRows, SoftmaxRegression } from 'softmax-regression';
import { type ReportInput, renderReport } from 'softmax-regression/report';
import { lineFormat } from '../src/cli/prediction-lines.js';
import { KeptRows } from '../src/data/kept-rows.js';
import { RowEncoder } from '../src/data/table/encode.js';
import { countsOfConfusion, countsOfMatrix } from '../src/metrics/confusion.js';
import { evaluateModel } from '../src/model/evaluation.js';
import { labelledRows } from '../src/reading/table.js';
import { encodeModel } from '../src/serialization/model-file.js';
import { useBackend } from './helpers/backends.js';
import { modelOf } from './helpers/models.js';
import { smallInput } from './helpers/report-input.js';

// Inputs that once took memory beyond what is read from them, or overflowed the stack.

beforeAll(() => useBackend('cpu'));

/** A model of one feature. */
const wideModel = (q: number) =>
  modelOf([Array.from({ length: q }, (_, k) => k / q)], new Array<number>(q).fill(0), [...Array(q).keys()]);

describe('20,000 classes and four samples', () => {
  const q = 20_000;
  const features = [[-1], [1], [1], [1]];
  const labels = [0, q - 1, 7, 7];

  it('have an evaluation with the pairs of classes that occur', async () => {
    const { accuracy, confusion, perClass, balancedAccuracy } = await wideModel(q).evaluate(features, labels);
    expect([accuracy, balancedAccuracy, perClass.support.length]).toEqual([0.5, 2 / 3, q]);
    expect(confusion.pairs).toEqual([
      { label: 0, predicted: 0, count: 1 },
      { label: 7, predicted: q - 1, count: 2 },
      { label: q - 1, predicted: q - 1, count: 1 },
    ]);
    expect(() => confusion.counts).toThrow(
      'evaluate: counts must be read for at most 1000 classes; got 20000. Read `pairs`, the counts that are not 0.',
    );
    expect(JSON.stringify(confusion).length).toBeLessThan(200_000);
  });

  it('have a report', async () => {
    const { model, data } = smallInput();
    const [weight, bias] = [[new Float32Array(q)], new Float32Array(q)];
    const wide = { ...model, classes: [...Array(q).keys()], weight, bias, numFeatures: 1, featureNames: ['x'] };
    const evaluation = await wideModel(q).evaluate(features, labels);
    const html = await renderReport({ data: { name: data.name }, model: wide, evaluation });
    expect(html).toContain('2 of 4 correct');
    expect(html).toContain('20,000 classes are too many to draw');
  });

  it('have every score of labels and predictions', () => {
    const [truths, predictions] = [[...Array(q).keys()], [...Array(q).keys()].reverse()];
    const { pairs } = metrics.confusionMatrix(truths, predictions);
    expect(pairs?.length).toBe(q);
    expect(metrics.matthews(truths, predictions)).toBeCloseTo(-1 / (q - 1), 12);
    expect(metrics.cohenKappa(truths, predictions)).toBeCloseTo(-1 / (q - 1), 12);
    expect(metrics.cohenKappa(truths, predictions, { weights: 'quadratic' })).toBeCloseTo(-1, 12);
    expect(metrics.balancedAccuracy(truths, predictions)).toBe(0);
    expect(metrics.precisionRecallFscore(truths, predictions, { average: 'macro' }).fscore).toBe(0);
  });
});

describe('1,000 classes', () => {
  it('have a matrix, and 1,001 have pairs with the same counts', () => {
    const labels = Array.from({ length: 3000 }, (_, i) => (i * i) % 1000);
    const predictions = labels.map((label, i) => (i % 3 === 0 ? label : (label * 7 + i) % 1000));
    const sampleWeights = labels.map((_, i) => i % 5);
    const classes = [...Array(1000).keys()];
    const small = metrics.confusionMatrix(labels, predictions, { classes, sampleWeights });
    expect(Object.keys(small)).toEqual(['classes', 'counts']);
    const large = metrics.confusionMatrix(labels, predictions, { classes: [...classes, 1000], sampleWeights });
    const { numClasses, ...counts } = countsOfConfusion(large);
    expect(numClasses).toBe(1001);
    expect(counts).toEqual({ ...countsOfMatrix(small.counts), numClasses: undefined });
  });
});

describe('150,000 classes', () => {
  it('have a table of weights', () => {
    const q = 150_000;
    const [row] = wideModel(q).weightTable({ sort: 'magnitude' }).rows;
    expect([row.weights.length, row.magnitude]).toEqual([q, expect.closeTo(Math.sqrt(q / 12), 2)]);
  });
});

/** The bytes of typed arrays that are still in use. The last batch of a loop may be held until a later task. */
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    runInNewContext('gc')();
  }
  return process.memoryUsage().arrayBuffers;
}

describe('100,000 categories and rows of two bytes', () => {
  const d = 100_000;
  const categories = Array.from({ length: d }, (_, k) => k.toString(36));
  const schema: CsvSchema = {
    ...{ header: true, decimal: '.', missing: 'error', missingTokens: [''], unseen: 'error' },
    columns: [{ kind: 'category', name: 'c', categories }],
  };
  const rows = Array.from({ length: 150 }, (_, i) => categories[i % 36]);

  it('are read in batches of 32 MiB, each before the rows of the next', async () => {
    const encode = jest.spyOn(RowEncoder.prototype, 'encode');
    const sizes: number[] = [];
    for await (const { features, rows: numbers } of readCsvRows([`c\n${rows.join('\n')}\n`], schema)) {
      sizes.push(numbers.length);
      expect(features.values.buffer.byteLength).toBeLessThanOrEqual(2 ** 25);
      expect(encode.mock.calls.length).toBe(sizes.reduce((sum, size) => sum + size, 0));
    }
    expect(sizes).toEqual([41, 41, 41, 27]);
    for (const [, , values] of encode.mock.calls) expect(values.byteLength).toBeLessThanOrEqual(2 ** 25);
    encode.mockRestore();
  });

  it('take room for one row at first', async () => {
    const encode = jest.spyOn(RowEncoder.prototype, 'encode');
    for await (const _ of readCsvRows(['c\n1\n'], schema));
    expect(encode.mock.calls.map(([, , values]) => values.length)).toEqual([d]);
    encode.mockRestore();
  });

  it('are evaluated without an array of all rows', async () => {
    const bytes = new TextEncoder().encode(`c,y\n${rows.map((row, i) => `${row},${'ab'[i % 2]}`).join('\n')}\n`);
    const source = new File([bytes], 'a.csv');
    const labelled = { ...schema, columns: [...schema.columns, { kind: 'label', name: 'y', type: 'string' } as const] };
    const classes = ['a', 'b'];
    const affine = { weight: Float32Array.from({ length: 2 * d }, (_, i) => Math.sin(i)), bias: new Float32Array(2) };
    const before = await heldBytes();
    const { features, labels } = await labelledRows(source, { classes, numFeatures: d, schema: labelled }, {});
    // Dense, they take 120 MB.
    expect((await heldBytes()) - before).toBeLessThan(4e6);
    const blocks = jest.spyOn(KeptRows.prototype, 'blocks');
    const { samples } = await evaluateModel(affine, classes, features, labels as string[], {}, 'evaluate');
    expect([samples, (features as KeptRows).bytes, blocks.mock.calls.length]).toEqual([150, 150 * 12, 1]);
    blocks.mockRestore();
    for (const { values } of (features as KeptRows).blocks()) {
      expect(values.buffer.byteLength).toBeLessThanOrEqual(2 ** 25);
    }
  });

  it('are predicted as records one by one', () => {
    const weight = Float32Array.from({ length: 2 * d }, (_, i) => Math.sin(i));
    const content = { classes: ['a', 'b'], numFeatures: d, numParameters: 2 * d + 2, options: {}, schema };
    const model = SoftmaxRegression.fromBytes(encodeModel({ ...content, weight, bias: new Float32Array(2) }));
    const encode = jest.spyOn(RowEncoder.prototype, 'encode');
    const labels = model.predictRecords(rows.map((c) => ({ c }))).map(({ label }) => label);
    expect(labels).toEqual(rows.map((_, i) => (weight[2 * (i % 36)] < weight[2 * (i % 36) + 1] ? 'b' : 'a')));
    expect(new Set(encode.mock.calls.map(([, , values]) => values.length))).toEqual(new Set([d]));
    encode.mockRestore();
  });
});

describe('probabilities of 200,000 classes', () => {
  it('are written as texts of one line each', () => {
    const q = 200_000;
    const affine = { weight: new Float32Array(q), bias: new Float32Array(q) };
    const options = { format: 'csv', number: 'line', probabilities: true, top: undefined, keep: undefined } as const;
    const { lines } = lineFormat(affine, [...Array(q).keys()], options);
    const texts: string[] = [];
    for (const part of lines({ values: Float64Array.of(1, 2, 3), shape: [3, 1] }, [2, 3, 4]))
      texts.push(new TextDecoder().decode(part));
    expect(texts.map((text) => text.slice(0, 4))).toEqual(['2,0,', '3,0,', '4,0,']);
    expect(texts.map((text) => text.split('\n').length)).toEqual([2, 2, 2]);
  });
});

describe('images of 400 × 400 pixels', () => {
  it('have a report', async () => {
    const side = 400;
    const small = smallInput();
    const numFeatures = side ** 2;
    const input: ReportInput = {
      ...small,
      data: { name: 'Wide', image: { width: side, height: side } },
      model: {
        ...small.model,
        featureNames: undefined,
        numFeatures,
        weight: Array.from({ length: numFeatures }, (_, j) => [j, 0, 0]),
      },
      mistakes: [],
    };
    expect(await renderReport(input)).toContain('images of 400 × 400 pixels');
  });
});
