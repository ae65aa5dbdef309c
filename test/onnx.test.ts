import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import protobuf from 'protobufjs/minimal.js';
import { type Label, loadIris, type OnnxSource, Random, SoftmaxRegression, toOnnx } from 'softmax-regression';
import type { Columns } from '../src/core/affine.js';
import { VERSION } from '../src/core/version.js';
import { farColumns } from './helpers/far-columns.js';

interface Output {
  readonly inputs: string[];
  readonly outputs: string[];
  readonly label: { type: string; dims: number[]; data: Label[] };
  readonly probabilities: { type: string; dims: number[]; data: number[] };
}

/** Runs each model on its rows in onnxruntime. */
function run(
  problems: readonly { model: Uint8Array; rows: readonly ArrayLike<number>[]; type?: 'float64' }[],
): Output[] {
  const input = problems.map(({ model, rows, type }) => ({
    type,
    model: Buffer.from(model).toString('base64'),
    features: rows.flatMap((row) => Array.from(row)),
    shape: [rows.length, rows[0].length],
  }));
  const script = join(__dirname, 'helpers', 'run-onnx.mjs');
  const options = { input: JSON.stringify(input), encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  return JSON.parse(execFileSync(process.execPath, [script], options));
}

const MODEL: OnnxSource = {
  classes: ['Katze', '犬', 'dog'],
  numFeatures: 2,
  weight: [
    [1, -1, 0.5],
    [0.25, 2, -3],
  ],
  bias: [0, 0.1, -0.2],
};

/** The raw contents of a protobuf message by field number. */
function fields(bytes: Uint8Array): Map<number, unknown[]> {
  const reader = protobuf.Reader.create(bytes);
  const found = new Map<number, unknown[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const content = (tag & 7) === 0 ? Number(reader.int64()) : reader.bytes();
    found.set(tag >>> 3, [...(found.get(tag >>> 3) ?? []), content]);
  }
  return found;
}

const fieldsOf = ({ classes, numFeatures, weight, bias }: OnnxSource): OnnxSource => ({
  classes,
  numFeatures,
  weight,
  bias,
});

const string = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);

describe('an exported model', () => {
  it.each(['\ud83d', 'a\udc36b'])('is rejected for a label with a lone surrogate, %j', (label) => {
    const model = { ...MODEL, classes: ['\ud83d\udc36', label, 'dog'] };
    expect(() => toOnnx(model)).toThrow(expect.objectContaining({ code: 'DOMAIN', argument: 'classes[1]' }));
    expect(() => toOnnx(MODEL, { name: label })).toThrow(expect.objectContaining({ argument: 'name' }));
    expect(toOnnx({ ...MODEL, classes: ['\ud83d\udc36', 'a', 'dog'] })).toBeDefined();
  });

  it('standardises columns in float64 like the model, to 1e-6', async () => {
    const { rows, labels } = farColumns(1.7e9, 1e3);
    const { model } = await SoftmaxRegression.fit(rows, labels, { standardize: true, l2: 0.01 });
    const [output] = run([{ model: toOnnx(model), rows, type: 'float64' }]);
    expect(output.probabilities.data).toBeAllClose(
      model.predictProbabilities(rows).flatMap((row) => [...row]),
      {
        rtol: 0,
        atol: 1e-6,
      },
    );
    expect(output.label.data).toEqual(model.predict(rows));
    const broken = { ...fieldsOf(model), columns: { ...(model.columns as Columns), center: Float64Array.of(0) } };
    expect(() => toOnnx(broken)).toThrow(expect.objectContaining({ code: 'SHAPE', argument: 'columns.center' }));
  });

  it('matches the probabilities and labels of the model in onnxruntime, to 1e-5', async () => {
    const { features, labels } = loadIris();
    const names = [...new Set(labels)];
    const variants: readonly (readonly Label[])[] = [
      labels,
      labels.map((label) => names.indexOf(label)),
      labels.map((label) => names.indexOf(label) + 0.5),
      labels.map((label) => label === 'setosa'),
    ];
    const fitted = await Promise.all(
      variants.map((each) => SoftmaxRegression.fit<Label>(features, each, { solver: 'lbfgs', l2: 1e-3 })),
    );
    const outputs = run(fitted.map(({ model }) => ({ model: toOnnx(model), rows: features })));
    const types = ['string', 'int64', 'float64', 'bool'];
    outputs.forEach(({ inputs, outputs: names, label, probabilities }, i) => {
      const { model } = fitted[i];
      expect([inputs, names]).toEqual([['features'], ['label', 'probabilities']]);
      expect([label.type, label.dims]).toEqual([types[i], [150]]);
      // onnxruntime returns booleans as bytes.
      const data = types[i] === 'bool' ? label.data.map(Boolean) : label.data;
      expect(data).toEqual(model.predict(features));
      expect([probabilities.type, probabilities.dims]).toEqual(['float32', [150, model.classes.length]]);
      const expected = model.predictProbabilities(features).flatMap((row) => [...row]);
      expect(Math.max(...expected.map((p, k) => Math.abs(p - probabilities.data[k])))).toBeLessThan(1e-5);
    });
  });

  it('predicts the first of tied classes, and handles huge logits', () => {
    const { weight, ...rest } = MODEL;
    const rows = [
      [0, 0],
      [1e30, -1e30],
    ];
    const [tied, large] = run([
      {
        model: toOnnx({
          ...rest,
          weight: [
            [0, 0, 0],
            [0, 0, 0],
          ],
          bias: [1, 2, 2],
        }),
        rows,
      },
      { model: toOnnx(MODEL), rows },
    ]);
    expect(tied.label.data).toEqual(['犬', '犬']);
    expect(large.label.data[1]).toBe('dog');
    expect(large.probabilities.data.slice(3)).toEqual([0, 0, 1]);
  });

  it('matches a direct product for many features and classes', () => {
    const random = new Random(3);
    const [numFeatures, q] = [300, 130];
    const row = (length: number) => Float32Array.from({ length }, () => random.uniform() - 0.5);
    const weight = Array.from({ length: numFeatures }, () => row(q));
    const bias = row(q);
    const classes = Array.from({ length: q }, (_, k) => (k - 64) * 2 ** 40);
    const rows = Array.from({ length: 5 }, () => row(numFeatures));
    const [{ label, probabilities }] = run([{ model: toOnnx({ classes, numFeatures, weight, bias }), rows }]);
    expect(probabilities.dims).toEqual([5, q]);
    rows.forEach((x, i) => {
      const logits = Array.from(bias, (b, k) => x.reduce((sum, xj, j) => sum + xj * weight[j][k], b));
      const sum = logits.reduce((total, o) => total + Math.exp(o), 0);
      logits.forEach((o, k) => {
        expect(Math.abs(Math.exp(o) / sum - probabilities.data[i * q + k])).toBeLessThan(1e-6);
      });
      expect(label.data[i]).toBe(classes[logits.indexOf(Math.max(...logits))]);
    });
  });

  it('records the producer, operator set, classes and feature names', () => {
    const model = fields(toOnnx(MODEL, { featureNames: ['Länge', 'b'] }));
    expect(model.get(1)).toEqual([7]);
    expect([2, 3].map((field) => string(model.get(field)?.[0]))).toEqual(['softmax-regression', VERSION]);
    expect(fields(model.get(8)?.[0] as Uint8Array)).toEqual(new Map([[2, [13]]]));
    const metadata = model.get(14)?.map((entry) => fields(entry as Uint8Array)) ?? [];
    const entries = metadata.map((entry) => [string(entry.get(1)?.[0]), JSON.parse(string(entry.get(2)?.[0]))]);
    expect(Object.fromEntries(entries)).toEqual({ classes: MODEL.classes, feature_names: ['Länge', 'b'] });
    expect(toOnnx({ ...MODEL, featureNames: ['Länge', 'b'] })).toEqual(toOnnx(MODEL, { featureNames: ['Länge', 'b'] }));
    expect(toOnnx(MODEL).constructor.name).toBe('Uint8Array');
  });

  it('records the version in package.json', () => {
    const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8'));
    expect(VERSION).toBe(manifest.version);
  });

  it.each<[string, Partial<OnnxSource>, object, string]>([
    [
      'a wrong number of weight rows',
      { numFeatures: 3 },
      {},
      'ShapeError: toOnnx: weight must have shape [3, 3], features and classes, both > 0; got [2, 3].',
    ],
    [
      'a ragged weight',
      {
        weight: [
          [1, 2, 3],
          [1, 2],
        ],
      },
      {},
      'ShapeError: toOnnx: weight must have shape [2, 3]',
    ],
    ['zero features', { numFeatures: 0, weight: [] }, {}, 'ShapeError: toOnnx: weight must have shape [0, 3]'],
    ['a bias of the wrong length', { bias: [1, 2] }, {}, 'ShapeError: toOnnx: bias must have shape [3]; got [2].'],
    [
      'labels of two types',
      { classes: ['a', 1, 'b'] },
      {},
      'DomainError: toOnnx: classes[1] must be a string like the other labels; got 1.',
    ],
    [
      'a bias that overflows float32',
      { bias: [0, 1e39, 0] },
      {},
      'DomainError: toOnnx: bias[1] must be a finite float32 number; got 1e+39.',
    ],
    [
      'too few feature names',
      {},
      { featureNames: ['a'] },
      'ShapeError: toOnnx: featureNames must be 2 names, one for each feature; got an array of 1.',
    ],
    ['an empty model name', {}, { name: '' }, 'DomainError: toOnnx: name must be a name; got "".'],
    [
      'an unknown option',
      {},
      { opset: 9 },
      "DomainError: toOnnx: options must have keys among featureNames, name; got 'opset'.",
    ],
  ])('is rejected for %s', (_, change, options, message) => {
    let refusal = 'accepted';
    try {
      toOnnx({ ...MODEL, ...change }, options);
    } catch (error) {
      refusal = String(error);
    }
    expect(refusal).toContain(message);
  });

  it('is written without generated code and without Node', () => {
    const { outputFiles } = buildSync({
      entryPoints: ['src/serialization/onnx.ts'],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
    });
    expect(outputFiles[0].text).not.toMatch(/\bnew Function\b|\bFunction\(|\beval\(|["']node:/);
  });
});
