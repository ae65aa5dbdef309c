import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { asFeatureArray, type Features } from '../src/data/batches.js';
import { SoftmaxRegression } from '../src/model/softmax-regression.js';
import { loadPredictor } from '../src/predict.js';
import { decodeModel, encodeModel, type ModelContent } from '../src/serialization/model-file.js';
import { withApart } from './helpers/model-files.js';
import { PROPERTY } from './helpers/numbers.js';

const MODEL: ModelContent = {
  classes: ['cat', 'chicken', 'dog'],
  weight: Float32Array.of(1, 0, -1, 0.5, 0.25, -0.5),
  bias: Float32Array.of(0, 0.5, 0),
  numFeatures: 2,
  numParameters: 9,
  options: {},
};

/** The expected outputs, by plain sums over the numbers of the file. */
function expectedOf(bytes: Uint8Array, features: Features) {
  const { classes, weight, bias } = decodeModel(bytes);
  const { values, shape, scale = 1 } = asFeatureArray(features);
  const [n, d] = shape;
  const q = classes.length;
  const logits = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: q }, (_, k) => {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += values[i * d + j] * weight[j * q + k];
      return sum / scale + bias[k];
    }),
  );
  const probabilities = logits.map((row) => {
    const exponentials = row.map((o) => Math.exp(o - Math.max(...row)));
    return exponentials.map((e) => e / exponentials.reduce((a, b) => a + b));
  });
  const order = (row: Float64Array) => [...row.keys()].sort((a, b) => row[b] - row[a]);
  return {
    logits,
    probabilities,
    labels: logits.map((row) => classes[order(row)[0]]),
    top: probabilities.map((row) => order(row).map((k) => ({ label: classes[k], probability: row[k] }))),
  };
}

/** The outputs of a SoftmaxRegression from the same file. */
function modelOutputsOf(bytes: Uint8Array, features: Features) {
  const model = SoftmaxRegression.fromBytes(bytes);
  return {
    logits: model.logits(features),
    probabilities: model.predictProbabilities(features),
    labels: model.predict(features),
    top: model.predictTopK(features, model.classes.length),
  };
}

function outputsOf(bytes: Uint8Array, features: Features) {
  const predictor = loadPredictor(bytes);
  return {
    logits: predictor.logits(features),
    probabilities: predictor.predictProbabilities(features),
    labels: predictor.predict(features),
    top: predictor.predictTopK(features, predictor.classes.length),
  };
}

const number = fc.oneof(fc.constant(0), fc.float({ min: -50, max: 50, noNaN: true }));
const numbers = (length: number) => fc.array(number, { minLength: length, maxLength: length });
const problem = fc
  .record({ n: fc.nat(4), d: fc.integer({ min: 1, max: 5 }), q: fc.integer({ min: 2, max: 12 }) })
  .chain(({ n, d, q }) =>
    fc.record(
      {
        weight: numbers(d * q).map((x) => Float32Array.from(x)),
        bias: numbers(q).map((x) => Float32Array.from(x)),
        numFeatures: fc.constant(d),
        numParameters: fc.constant(d * q + q),
        classes: fc.constant(Array.from({ length: q }, (_, k) => `class ${k}`)),
        options: fc.constant({}),
        rows: fc.array(numbers(d), { minLength: n, maxLength: n }),
        temperature: fc.double({ min: 0.1, max: 10, noNaN: true }),
        standardization: fc.record({
          mean: numbers(d),
          scale: fc.array(fc.double({ min: 0.01, max: 50, noNaN: true }), { minLength: d, maxLength: d }),
        }),
      },
      { requiredKeys: ['weight', 'bias', 'numFeatures', 'numParameters', 'classes', 'options', 'rows'] },
    ),
  );

describe('a predictor', () => {
  it('matches the model bit for bit', () => {
    fc.assert(
      fc.property(problem, ({ rows, temperature, standardization, ...model }) => {
        const bytes = withApart(model, { temperature, standardization });
        expect(outputsOf(bytes, rows)).toEqual(expectedOf(bytes, rows));
        expect(modelOutputsOf(bytes, rows)).toEqual(expectedOf(bytes, rows));
      }),
      PROPERTY,
    );
  });

  it('accepts images as bytes with a scale, and rows as typed arrays', () => {
    const images = { values: Uint8Array.of(0, 51, 102, 255), shape: [2, 2], scale: 255 } as const;
    for (const standardization of [undefined, { mean: [0.5, 0.25], scale: [2, 4] }]) {
      const bytes = withApart(MODEL, { standardization });
      expect(outputsOf(bytes, images)).toEqual(expectedOf(bytes, images));
      expect(modelOutputsOf(bytes, images)).toEqual(expectedOf(bytes, images));
      const rows = [Float32Array.of(0.25, 1), Float32Array.of(-3, 0)];
      expect(outputsOf(bytes, rows)).toEqual(expectedOf(bytes, rows));
      expect(modelOutputsOf(bytes, rows)).toEqual(expectedOf(bytes, rows));
    }
  });

  it('exposes classes and feature names, and predicts the first of tied classes', () => {
    const predictor = loadPredictor<'cat' | 'chicken' | 'dog'>(encodeModel({ ...MODEL, featureNames: ['x', 'y'] }));
    expect(predictor).toMatchObject({ classes: MODEL.classes, numFeatures: 2, featureNames: ['x', 'y'] });
    const labels: ('cat' | 'chicken' | 'dog')[] = predictor.predict([
      [0.5, 0],
      [-9, 0],
      [0, 0],
    ]);
    expect(labels).toEqual(['cat', 'dog', 'chicken']);
    expect(predictor.predict([])).toEqual([]);
    expect('featureNames' in loadPredictor(encodeModel(MODEL))).toBe(false);
  });

  it('applies a temperature stored in the file', () => {
    const [plain, soft] = [loadPredictor(encodeModel(MODEL)), loadPredictor(withApart(MODEL, { temperature: 2 }))];
    expect(soft.logits([[2, 0]])).toEqual(plain.logits([[2, 0]]).map((row) => row.map((o) => o / 2)));
    // softmax(2, 0.5, −2) and softmax(1, 0.25, −1)
    expect(plain.predictProbabilities([[2, 0]])[0][0]).toBeCloseTo(0.80551, 5);
    expect(soft.predictProbabilities([[2, 0]])[0][0]).toBeCloseTo(0.622006, 5);
  });

  it('returns the k most probable classes by falling probability, in class order for ties', () => {
    const predictor = loadPredictor<'cat' | 'chicken' | 'dog'>(encodeModel(MODEL));
    const [top] = predictor.predictTopK([[-2, 0]], 2);
    const label: 'cat' | 'chicken' | 'dog' = top[0].label;
    expect([label, top[1].label, top.length]).toEqual(['dog', 'chicken', 2]);
    expect(top[0].probability).toBe(predictor.predictProbabilities([[-2, 0]])[0][2]);
    expect(predictor.predictTopK([[0, 0]], 3)[0].map(({ label }) => label)).toEqual(['chicken', 'cat', 'dog']);
    for (const k of [0, 4, 1.5, Number.NaN]) {
      expect(() => predictor.predictTopK([[0, 0]], k)).toThrow('predictTopK: k must be an integer in [1, 3]');
    }
  });

  it('preserves the type of labels', () => {
    const rows = [
      [1, 0],
      [0, 0],
      [-1, 0],
    ];
    const labels = (classes: ModelContent['classes']) =>
      loadPredictor(encodeModel({ ...MODEL, classes })).predict(rows);
    expect(labels([3, 1, 2])).toEqual([3, 1, 2]);
    expect(labels(['3', '1', '2'])).toEqual(['3', '1', '2']);
    const two = { classes: [true, false], weight: Float32Array.of(1, 0), bias: Float32Array.of(0, 0), numFeatures: 1 };
    expect(loadPredictor(encodeModel({ ...MODEL, ...two })).predict([[1], [-1]])).toEqual([true, false]);
  });

  it('can be loaded from an ArrayBuffer, and from a view at any offset', () => {
    const bytes = encodeModel(MODEL);
    const shifted = Uint8Array.from([1, ...bytes, 2]).subarray(1, -1);
    for (const file of [bytes.buffer as ArrayBuffer, shifted]) {
      expect(loadPredictor(file).logits([[1, 2]])).toEqual(loadPredictor(bytes).logits([[1, 2]]));
    }
    expect(() => loadPredictor('model.safetensors' as never)).toThrow('bytes must be a Uint8Array or an ArrayBuffer');
  });

  it.each<[string, unknown, object]>([
    [
      'a long row',
      [
        [1, 2],
        [1, 2, 3],
      ],
      { code: 'SHAPE', argument: 'features[1]' },
    ],
    ['a row in place of a list of rows', [1, 2], { code: 'SHAPE', argument: 'features[0]' }],
    ['a flat array', Float32Array.of(1, 2), { code: 'SHAPE', argument: 'features' }],
    ['undefined', undefined, { code: 'SHAPE', argument: 'features' }],
    [
      'a wrong number of columns',
      { values: Float32Array.of(1, 2, 3), shape: [1, 3] },
      { code: 'SHAPE', argument: 'features.shape' },
    ],
    [
      'values that do not fill the shape',
      { values: Float32Array.of(1, 2, 3), shape: [1, 2] },
      { code: 'SHAPE', argument: 'features.shape' },
    ],
    [
      'a scale of 0',
      { values: Float32Array.of(1, 2), shape: [1, 2], scale: 0 },
      { code: 'DOMAIN', argument: 'features.scale' },
    ],
    [
      'a NaN feature',
      [
        [1, 2],
        [1, Number.NaN],
      ],
      { code: 'DOMAIN', argument: 'features[1][1]', actual: 'NaN' },
    ],
    [
      'an infinite feature',
      { values: Float32Array.of(1, -Infinity), shape: [1, 2] },
      { code: 'DOMAIN', argument: 'features[0][1]' },
    ],
    ['a number beyond float32', [[1e39, 0]], { code: 'DOMAIN', argument: 'features[0][0]' }],
    ['a string', [['1', 2]], { code: 'DOMAIN', argument: 'features[0][0]', actual: '"1"' }],
    ['an undefined feature', [[1, undefined]], { code: 'DOMAIN', argument: 'features[0][1]', actual: 'nothing' }],
  ])('rejects %s', (_, features, fields) => {
    const predictor = loadPredictor(encodeModel(MODEL));
    for (const where of ['logits', 'predict', 'predictProbabilities'] as const) {
      let thrown: unknown;
      try {
        predictor[where](features as number[][]);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ where, ...fields });
    }
  });
});

describe('the bundle of a predictor', () => {
  const entryPoints = [join(__dirname, '../src/predict.ts')];
  const build = (format: 'esm' | 'iife') =>
    buildSync({
      entryPoints,
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format,
      globalName: 'built',
      platform: 'browser',
    });

  it('contains only the predictor and core, has no imports and is under 10 kB', () => {
    const { metafile, outputFiles } = build('esm');
    const odd = Object.keys(metafile.inputs).filter((path) => !/^src\/(predict|core)\b/.test(path));
    expect(odd).toEqual([]);
    expect(Object.values(metafile.outputs)[0].imports).toEqual([]);
    expect(outputFiles[0].contents.length).toBeLessThan(10_000);
  });

  it('gives the same numbers with only JavaScript and text encoding', () => {
    const bytes = withApart(MODEL, { temperature: 2 });
    const script = `${build('iife').outputFiles[0].text}
      JSON.stringify(built.loadPredictor(Uint8Array.from(bytes)).predictProbabilities([[0.3, 7]]).map((row) => [...row]))`;
    const printed = runInNewContext(script, { TextEncoder, TextDecoder, bytes: [...bytes] }) as string;
    expect(JSON.parse(printed)).toEqual(
      loadPredictor(bytes)
        .predictProbabilities([[0.3, 7]])
        .map((row) => [...row]),
    );
  });
});
