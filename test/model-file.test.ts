import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { sha256 } from '../src/core/sha256.js';
import { FLOAT32 } from '../src/core/tolerance.js';
import { loadModelBytes } from '../src/node/model-bytes.js';
import { saveModel } from '../src/node/model-files.js';
import { loadPredictor } from '../src/predict.js';
import { decodeModel, encodeModel, type ModelContent } from '../src/serialization/model-file.js';
import { altered as alteredOf, type Header, join8, split, withApart } from './helpers/model-files.js';
import { PROPERTY } from './helpers/numbers.js';

const IRIS: ModelContent = {
  classes: ['setosa', 'versicolor', 'virginica'],
  weight: Float32Array.from({ length: 12 }, (_, i) => (i - 5) / 7),
  bias: Float32Array.of(0.1, -0.2, 0.1),
  numFeatures: 4,
  numParameters: 15,
  featureNames: ['sepal length', 'sepal width', 'petal length', 'petal width'],
  calibration: { temperature: 1.25 },
  options: { solver: 'sgd', layer: { phm: 2 }, l2: 1e-4, seed: 3, fitIntercept: true, note: null },
  metrics: { accuracy: 0.97, loss: 0.1 },
};

/** Only the required fields. */
const SMALL: ModelContent = {
  classes: [false, true],
  weight: Float32Array.of(1, -1),
  bias: Float32Array.of(0, 0.5),
  numFeatures: 1,
  numParameters: 4,
  options: {},
};

/** IRIS with one change. */
const altered = (change: (header: Header, data: Uint8Array) => void) => alteredOf(IRIS, change);

function refusal(run: () => unknown): Record<string, unknown> {
  try {
    run();
  } catch (error) {
    const { name, code, argument, actual, expected, where, hint, message } = error as Record<string, unknown>;
    return { name, code, argument, actual, expected, where, hint, message };
  }
  return { argument: 'accepted' };
}

const tensor = (header: Header, name: string) => header[name] as Record<string, unknown>;

/** Kinds of damage: a description, the field that the error names, and the bytes. */
const DAMAGE: readonly [string, string, Uint8Array][] = [
  ['an empty file', 'length', new Uint8Array(0)],
  ['seven bytes', 'length', new Uint8Array(7)],
  ['a file truncated in its header', 'header length', encodeModel(IRIS).subarray(0, 200)],
  ['a file truncated in its numbers', 'length', encodeModel(IRIS).subarray(0, -4)],
  ['an extra byte', 'length', Uint8Array.from([...encodeModel(IRIS), 0])],
  ['a huge header length', 'header length', join8('{}', new Uint8Array(8), 2n ** 63n)],
  [
    'a header length over the limit, in a file of that length',
    'header length',
    join8(' '.repeat(2 ** 24 + 8), new Uint8Array(0)),
  ],
  ['an HTML page', 'header length', new TextEncoder().encode('<!doctype html><title>404</title>')],
  ['bytes that are not UTF-8', 'header', notUtf8()],
  ['a byte order mark', 'header', join8('\ufeff{}    ', new Uint8Array(0), 9n)],
  ['text that is not JSON', 'header', join8('{"a":', new Uint8Array(0))],
  ['a list', 'header', join8('[]', new Uint8Array(0))],
  ['unclosed brackets', 'header', join8('['.repeat(2 ** 20), new Uint8Array(0))],
  ['a duplicate tensor', 'header', twice()],
  [
    'spaces between keys',
    'header',
    join8(split(encodeModel(IRIS)).text.replace('},"bias"', '}, "bias"'), split(encodeModel(IRIS)).data),
  ],
  ['no metadata', 'format', altered((header) => Reflect.deleteProperty(header, '__metadata__'))],
  ['metadata that is a list', '__metadata__', altered((header) => Object.assign(header, { __metadata__: ['a'] }))],
  ['metadata that is not a string', '__metadata__', altered(({ __metadata__: m }) => Object.assign(m, { seed: 1 }))],
  ['an unknown format', 'format', altered(({ __metadata__: m }) => Object.assign(m, { format: 'pt' }))],
  ['a newer version', 'version', altered(({ __metadata__: m }) => Object.assign(m, { version: '3' }))],
  ['version 0', 'version', altered(({ __metadata__: m }) => Object.assign(m, { version: '0' }))],
  ['version 1.0', 'version', altered(({ __metadata__: m }) => Object.assign(m, { version: '1.0' }))],
  ['no version', 'version', altered(({ __metadata__: m }) => Reflect.deleteProperty(m, 'version'))],
  ['no checksum', 'sha256', altered(({ __metadata__: m }) => Reflect.deleteProperty(m, 'sha256'))],
  ['a wrong checksum', 'sha256', altered(({ __metadata__: m }) => Object.assign(m, { sha256: '0'.repeat(64) }))],
  [
    'an upper-case checksum',
    'sha256',
    altered(({ __metadata__: m }) => Object.assign(m, { sha256: m.sha256.toUpperCase() })),
  ],
  ['no weight', 'weight', altered((header) => Reflect.deleteProperty(header, 'weight'))],
  ['a weight that is a string', 'weight', altered((header) => Object.assign(header, { weight: 'F32' }))],
  ['a tensor without a shape', 'bias', altered((header) => Reflect.deleteProperty(tensor(header, 'bias'), 'shape'))],
  ['a tensor with an extra key', 'bias', altered((header) => Object.assign(tensor(header, 'bias'), { scale: 2 }))],
  ['a wrong dtype', 'weight.dtype', altered((header) => Object.assign(tensor(header, 'weight'), { dtype: 'I32' }))],
  ['a wrong rank', 'weight.shape', altered((header) => Object.assign(tensor(header, 'weight'), { shape: [12] }))],
  [
    'a fraction in a shape',
    'weight.shape',
    altered((header) => Object.assign(tensor(header, 'weight'), { shape: [1.5, 8] })),
  ],
  [
    'a negative shape',
    'weight.shape',
    altered((header) => Object.assign(tensor(header, 'weight'), { shape: [-4, -3] })),
  ],
  [
    'a shape of 0',
    'weight.shape',
    altered((header) => Object.assign(tensor(header, 'weight'), { shape: [0, 3], data_offsets: [12, 12] })),
  ],
  [
    'a huge shape',
    'weight.data_offsets',
    altered((header) => Object.assign(tensor(header, 'weight'), { shape: [2 ** 52, 2 ** 52] })),
  ],
  [
    'a huge shape with matching offsets',
    'length',
    altered((header) =>
      Object.assign(tensor(header, 'weight'), { shape: [2 ** 40, 3], data_offsets: [12, 12 + 12 * 2 ** 40] }),
    ),
  ],
  [
    'a transposed shape',
    'weight.shape',
    altered((header) => Object.assign(tensor(header, 'weight'), { shape: [3, 4] })),
  ],
  [
    'offsets of the wrong length',
    'bias.data_offsets',
    altered((header) => Object.assign(tensor(header, 'bias'), { data_offsets: [0, 16] })),
  ],
  [
    'offsets that run backwards',
    'bias.data_offsets',
    altered((header) => Object.assign(tensor(header, 'bias'), { data_offsets: [12, 0] })),
  ],
  [
    'negative offsets',
    'bias.data_offsets',
    altered((header) => Object.assign(tensor(header, 'bias'), { data_offsets: [-12, 0] })),
  ],
  [
    'tensors that overlap',
    'data_offsets',
    altered((header) => Object.assign(tensor(header, 'weight'), { data_offsets: [0, 48] })),
  ],
  [
    'tensors with a gap',
    'data_offsets',
    altered((header) => Object.assign(tensor(header, 'weight'), { data_offsets: [16, 64] })),
  ],
  [
    'bytes before the tensors',
    'data_offsets',
    altered((header) => {
      Object.assign(tensor(header, 'bias'), { data_offsets: [4, 16] });
      Object.assign(tensor(header, 'weight'), { data_offsets: [16, 64] });
    }),
  ],
  ['a third tensor', 'header', altered((header) => Object.assign(header, { more: tensor(header, 'bias') }))],
  ['no classes', 'classes', altered(({ __metadata__: m }) => Reflect.deleteProperty(m, 'classes'))],
  ['classes that are not JSON', 'classes', altered(({ __metadata__: m }) => Object.assign(m, { classes: 'setosa' }))],
  [
    'classes that are not a list',
    'classes',
    altered(({ __metadata__: m }) => Object.assign(m, { classes: '{"length":3}' })),
  ],
  ['too few classes', 'classes', altered(({ __metadata__: m }) => Object.assign(m, { classes: '["a","b"]' }))],
  ['duplicate classes', 'classes[2]', altered(({ __metadata__: m }) => Object.assign(m, { classes: '["a","b","a"]' }))],
  [
    'classes of two types',
    'classes[1]',
    altered(({ __metadata__: m }) => Object.assign(m, { classes: '["1",1,"2"]' })),
  ],
  [
    'classes that are not labels',
    'classes[0]',
    altered(({ __metadata__: m }) => Object.assign(m, { classes: '[null,null,null]' })),
  ],
  ['infinite classes', 'classes[0]', altered(({ __metadata__: m }) => Object.assign(m, { classes: '[1e999,0,1]' }))],
  [
    'nested classes',
    'classes',
    altered(({ __metadata__: m }) => Object.assign(m, { classes: `${'['.repeat(99)}${']'.repeat(99)}` })),
  ],
  ['a NaN weight', 'weight[0]', altered((_, data) => data.set([0, 0, 0xc0, 0x7f], 12))],
  ['an infinite bias', 'bias[2]', altered((_, data) => data.set([0, 0, 0x80, 0xff], 8))],
  ['a temperature of 0', 'temperature', altered(({ __metadata__: m }) => Object.assign(m, { temperature: '0' }))],
  [
    'a temperature that is a string',
    'temperature',
    altered(({ __metadata__: m }) => Object.assign(m, { temperature: '"1"' })),
  ],
  ['a temperature of null', 'temperature', altered(({ __metadata__: m }) => Object.assign(m, { temperature: 'null' }))],
  [
    'a temperature so small that weights overflow',
    'weight[0]',
    altered(({ __metadata__: m }) => Object.assign(m, { temperature: '1e-300' })),
  ],
  ['a truncated temperature', 'temperature', altered(({ __metadata__: m }) => Object.assign(m, { temperature: '1.' }))],
  [
    'a mean that is a string',
    'standardization.mean[2]',
    altered(({ __metadata__: m }) => Object.assign(m, { standardization: '{"mean":[1,1,"1",1],"scale":[1,1,1,1]}' })),
  ],
  [
    'too few feature names',
    'featureNames',
    altered(({ __metadata__: m }) => Object.assign(m, { featureNames: '["a"]' })),
  ],
  [
    'duplicate feature names',
    'featureNames[2]',
    altered(({ __metadata__: m }) => Object.assign(m, { featureNames: '["a","b","a","c"]' })),
  ],
  [
    'a feature name that is a number',
    'featureNames[3]',
    altered(({ __metadata__: m }) => Object.assign(m, { featureNames: '["a","b","c",4]' })),
  ],
  [
    'a standardization that is a list',
    'standardization',
    altered(({ __metadata__: m }) => Object.assign(m, { standardization: '[]' })),
  ],
  [
    'too few means',
    'standardization.mean',
    altered(({ __metadata__: m }) => Object.assign(m, { standardization: '{"mean":[1],"scale":[1,1,1,1]}' })),
  ],
  [
    'a scale of 0',
    'standardization.scale[1]',
    altered(({ __metadata__: m }) => Object.assign(m, { standardization: '{"mean":[1,1,1,1],"scale":[1,0,1,1]}' })),
  ],
  [
    'a metadata key __proto__',
    'header',
    join8(
      split(encodeModel(IRIS)).text.replace('{"__metadata__":{', '{"__metadata__":{"__proto__":"x",'),
      split(encodeModel(IRIS)).data,
    ),
  ],
  [
    'a tensor named __proto__',
    'header',
    join8(split(encodeModel(IRIS)).text.replace('"bias":', '"__proto__":'), split(encodeModel(IRIS)).data),
  ],
];

/** Damage to fields that loadPredictor does not read. */
const DAMAGE_BESIDE: readonly [string, string, Uint8Array][] = [
  ['no options', 'options', altered(({ __metadata__: m }) => Reflect.deleteProperty(m, 'options'))],
  ['options that are a list', 'options', altered(({ __metadata__: m }) => Object.assign(m, { options: '[]' }))],
  [
    'an option __proto__',
    'options',
    altered(({ __metadata__: m }) => Object.assign(m, { options: '{"a":{"__pro\\u0074o__":{"b":1}}}' })),
  ],
  [
    'options nested too deeply',
    'options',
    altered(({ __metadata__: m }) => Object.assign(m, { options: `{"a":${'['.repeat(16)}${']'.repeat(16)}}` })),
  ],
  ['zero parameters', 'numParameters', altered(({ __metadata__: m }) => Object.assign(m, { numParameters: '0' }))],
  [
    'a calibration that is a number',
    'calibration',
    altered(({ __metadata__: m }) => Object.assign(m, { calibration: '2' })),
  ],
  [
    'a calibration at a temperature of 0',
    'calibration.temperature',
    altered(({ __metadata__: m }) => Object.assign(m, { calibration: '{"temperature":0}' })),
  ],
  [
    'too few deviations',
    'featureDeviations',
    altered(({ __metadata__: m }) => Object.assign(m, { featureDeviations: '[1]' })),
  ],
  [
    'a deviation of 0',
    'featureDeviations[2]',
    altered(({ __metadata__: m }) => Object.assign(m, { featureDeviations: '[1,2,0,1]' })),
  ],
  [
    'a metric that is a string',
    'metrics.loss',
    altered(({ __metadata__: m }) => Object.assign(m, { metrics: '{"loss":"0"}' })),
  ],
];

/** Invalid UTF-8, with the checksum of the text in which a lenient decoder replaces it by U+FFFD. */
function notUtf8(): Uint8Array {
  const bytes = altered(({ __metadata__: m }) => Object.assign(m, { note: '\ufffd' }));
  const at = bytes.indexOf(0xef);
  const end = bytes.length - split(bytes).data.length;
  bytes.copyWithin(at + 1, at + 3, end)[at] = 0xff;
  return bytes.fill(0x20, end - 2, end);
}

function twice(): Uint8Array {
  const { text, data } = split(encodeModel(IRIS));
  const bias = text.slice(text.indexOf('"bias":'), text.indexOf('"weight":'));
  return join8(text.replace(bias, bias + bias), data);
}

const label = fc.oneof(
  fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 }),
  fc.uniqueArray(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x || 0),
    { minLength: 2, maxLength: 5 },
  ),
  fc.constantFrom(
    [false, true],
    [true, false],
    ['\ud800', '"\\\n\u2028'],
    ['1', '2'],
    [1, 2],
    ['__proto__', 'constructor'],
  ),
);
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const floats = (n: number) => fc.array(float32, { minLength: n, maxLength: n });
const json = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .filter((value) => !JSON.stringify(value).includes('__proto__'));

const content: fc.Arbitrary<ModelContent> = fc.tuple(label, fc.integer({ min: 1, max: 6 })).chain(([classes, d]) =>
  fc.record(
    {
      classes: fc.constant(classes as readonly string[]),
      weight: floats(d * classes.length).map((x) => Float32Array.from(x)),
      bias: floats(classes.length).map((x) => Float32Array.from(x)),
      numFeatures: fc.constant(d),
      numParameters: fc.integer({ min: 1, max: 1000 }),
      options: fc.dictionary(
        fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
        json,
        { noNullPrototype: true },
      ),
      featureNames: fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: d, maxLength: d }),
      calibration: fc.record({ temperature: fc.double({ min: 1e-3, max: 1e3, noNaN: true }) }),
      featureDeviations: fc.array(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), { minLength: d, maxLength: d }),
      metrics: fc.dictionary(
        fc.constantFrom('loss', 'accuracy', '10', '9'),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x || 0),
        { noNullPrototype: true },
      ),
    },
    { requiredKeys: ['classes', 'weight', 'bias', 'numFeatures', 'numParameters', 'options'] },
  ),
) as fc.Arbitrary<ModelContent>;

describe('a model file', () => {
  it('round-trips its content', () => {
    fc.assert(
      fc.property(content, (model) => {
        const { weight, bias, ...rest } = model;
        const { weight: w, bias: b, ...back } = decodeModel(encodeModel(model));
        // JSON has no −0.
        expect(back).toEqual(JSON.parse(JSON.stringify(rest)));
        expect([...w]).toEqual([...weight]);
        expect([...b]).toEqual([...bias]);
      }),
      PROPERTY,
    );
  });

  it.each([[['cat', 'dog']], [[7, -1.5]], [[true, false]], [['1', 'true']]])(
    'keeps the labels %j and their type',
    (classes) => {
      expect(decodeModel(encodeModel({ ...SMALL, classes })).classes).toEqual(classes);
    },
  );

  it('has the same bytes regardless of key order', () => {
    const reversed = Object.fromEntries(Object.entries(IRIS).reverse()) as unknown as ModelContent;
    const options = Object.fromEntries(Object.entries(IRIS.options).reverse());
    expect(encodeModel({ ...reversed, options })).toEqual(encodeModel(IRIS));
    expect(encodeModel(decodeModel(encodeModel(IRIS)))).toEqual(encodeModel(IRIS));
  });

  it('has the same bytes when written without Node', () => {
    const entryPoints = [join(__dirname, '../src/serialization/model-file.ts')];
    const built = buildSync({
      entryPoints,
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'file',
      platform: 'browser',
    });
    const script = `${built.outputFiles[0].text}
      const { classes, options, ...model } = JSON.parse(text);
      Array.from(file.encodeModel({ ...model, classes, options, weight: Float32Array.from(weight), bias: Float32Array.from(bias) }));`;
    const globals = {
      TextEncoder,
      TextDecoder,
      text: JSON.stringify(IRIS),
      weight: [...IRIS.weight],
      bias: [...IRIS.bias],
    };
    expect(Uint8Array.from(runInNewContext(script, globals) as number[])).toEqual(encodeModel(IRIS));
  });

  it('is a safetensors file, byte for byte', () => {
    const bytes = encodeModel(SMALL);
    const { text, data } = split(bytes);
    const sum = createHash('sha256')
      .update(
        '{"classes":"[false,true]","format":"softmax-regression","numParameters":"4","options":"{}","version":"1"}',
      )
      .update(Buffer.from('0000803f000080bf', 'hex'))
      .update(Buffer.from('000000000000003f', 'hex'))
      .digest('hex');
    expect(text).toBe(
      '{"__metadata__":{"classes":"[false,true]","format":"softmax-regression","numParameters":"4","options":"{}",' +
        `"sha256":"${sum}","version":"1"},` +
        '"bias":{"data_offsets":[0,8],"dtype":"F32","shape":[2]},"weight":{"data_offsets":[8,16],"dtype":"F32","shape":[1,2]}}',
    );
    expect(Buffer.from(data).toString('hex')).toBe('000000000000003f0000803f000080bf');
    expect(Buffer.from(bytes.subarray(0, 8)).toString('hex')).toBe('4001000000000000');
    expect(bytes.length).toBe(8 + 0x140 + 16);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '1be9aaf3a576c542892e5fd24f02a58b0dede89fee634d8367c0e1dcfc24522c',
    );
  });

  it('can be read at any offset in a buffer', () => {
    const shifted = new Uint8Array(encodeModel(IRIS).length + 3);
    shifted.set(encodeModel(IRIS), 3);
    expect(decodeModel(shifted.subarray(3))).toEqual(IRIS);
  });

  it('can have its tensors in either order, and unknown metadata', () => {
    const { text, data } = split(encodeModel(SMALL));
    const header = JSON.parse(text) as Header;
    Object.assign(tensor(header, 'weight'), { data_offsets: [0, 8] });
    Object.assign(tensor(header, 'bias'), { data_offsets: [8, 16] });
    const swapped = join8(JSON.stringify(header), Uint8Array.from([...data.slice(8), ...data.slice(0, 8)]));
    expect(decodeModel(swapped)).toEqual(SMALL);
    expect(loadPredictor(swapped).logits([[2]])).toEqual([Float64Array.of(2, -1.5)]);
    const noted = altered(({ __metadata__: m }) => Object.assign(m, { note: 'first try' }));
    expect(decodeModel(noted)).toEqual(IRIS);
    expect(loadPredictor(noted).classes).toEqual(IRIS.classes);
  });
});

describe('a model file with separate scaling', () => {
  const apart = { standardization: { mean: [0.5, -2, 1, 0], scale: [2, 0.5, 1, 4] }, temperature: 1.25 };
  const { calibration: _, ...plain } = IRIS;
  const bytes = withApart(plain, apart);

  it('is read with the scaling folded into weight and bias', () => {
    const { weight, bias, calibration } = decodeModel(bytes);
    const x = [1, -1, 3, 2];
    const standard = x.map((value, j) => (value - apart.standardization.mean[j]) / apart.standardization.scale[j]);
    const logit = (w: Float32Array, b: Float32Array, row: number[], k: number) =>
      row.reduce((sum, value, j) => sum + value * w[3 * j + k], b[k]);
    const expected = [0, 1, 2].map((k) => logit(IRIS.weight, IRIS.bias, standard, k) / apart.temperature);
    expect([0, 1, 2].map((k) => logit(weight, bias, x, k))).toBeAllClose(expected, FLOAT32);
    expect(calibration).toEqual({ temperature: 1.25 });
    expect(loadPredictor(bytes).logits([x])).toBeAllClose(expected, FLOAT32);
    // The stored weights alone give other logits.
    expect([0, 1, 2].map((k) => logit(IRIS.weight, IRIS.bias, x, k))).not.toBeAllClose(expected, FLOAT32);
  });

  it('is written back without separate scaling', () => {
    const { text } = split(encodeModel(decodeModel(bytes)));
    const { __metadata__: metadata } = JSON.parse(text) as Header;
    expect('standardization' in metadata || 'temperature' in metadata).toBe(false);
    expect(metadata.calibration).toBe('{"temperature":1.25}');
    expect(loadPredictor(encodeModel(decodeModel(bytes))).logits([[1, 2, 3, 4]])).toEqual(
      loadPredictor(bytes).logits([[1, 2, 3, 4]]),
    );
  });
});

describe('a damaged model file', () => {
  const whole = encodeModel(IRIS);

  it('is rejected for any single flipped bit', () => {
    const odd: string[] = [];
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      for (const read of [decodeModel, loadPredictor]) {
        const { code } = refusal(() => read(bytes));
        if (code !== 'FORMAT') odd.push(`bit ${bit}: ${read.name} says ${code}`);
      }
    }
    expect(odd).toEqual([]);
  });

  it('is rejected if truncated to any length', () => {
    for (let length = 0; length < whole.length; length++) {
      const bytes = whole.subarray(0, length);
      expect(refusal(() => decodeModel(bytes))).toMatchObject({ code: 'FORMAT' });
      expect(refusal(() => loadPredictor(bytes))).toMatchObject({ code: 'FORMAT' });
    }
  });

  it.each([...DAMAGE, ...DAMAGE_BESIDE])('is rejected by decodeModel for %s: %s', (_, argument, bytes) => {
    const where = 'model.safetensors';
    expect(refusal(() => decodeModel(bytes, where))).toMatchObject({ name: 'FormatError', argument, where });
  });

  it.each(DAMAGE)('is rejected by loadPredictor for %s: %s', (_, argument, bytes) => {
    const refused = refusal(() => loadPredictor(bytes));
    expect(refused).toMatchObject({ name: 'FormatError', code: 'FORMAT', argument, where: 'loadPredictor' });
  });

  it('is rejected with a hint to update the package if its version is newer', () => {
    const newer = altered(({ __metadata__: m }) => Object.assign(m, { version: '3' }));
    const refused = {
      expected: 'be at most 2',
      hint: 'A newer softmax-regression wrote the file: update the package.',
    };
    expect(refusal(() => decodeModel(newer))).toMatchObject(refused);
    expect(refusal(() => loadPredictor(newer))).toMatchObject(refused);
  });

  it('is rejected if its header is not UTF-8', () => {
    expect(refusal(() => decodeModel(notUtf8()))).toMatchObject({ expected: 'be UTF-8' });
    expect(refusal(() => loadPredictor(notUtf8()))).toMatchObject({ expected: 'be UTF-8' });
  });

  it('is rejected for deep nesting before JSON is parsed', () => {
    const bytes = join8(`{"a":${'['.repeat(99)}${']'.repeat(99)}}`, new Uint8Array(0));
    expect(refusal(() => decodeModel(bytes))).toMatchObject({ expected: 'nest at most 16 deep' });
    expect(refusal(() => loadPredictor(bytes))).toMatchObject({ expected: 'nest at most 16 deep' });
  });

  it('does not pollute prototypes', () => {
    for (const [, , bytes] of [...DAMAGE, ...DAMAGE_BESIDE]) refusal(() => decodeModel(bytes));
    expect(Object.keys(Object.getPrototypeOf({}))).toEqual([]);
  });

  it('is rejected if it is not a Uint8Array', () => {
    expect(refusal(() => decodeModel(whole.buffer as never))).toMatchObject({ code: 'SHAPE', argument: 'bytes' });
    expect(refusal(() => decodeModel(undefined as never))).toMatchObject({ code: 'SHAPE', argument: 'bytes' });
  });
});

describe('encodeModel', () => {
  const cyclic: Record<string, never> = {};
  Object.assign(cyclic, { cyclic });
  it.each<[string, object, string]>([
    ['a weight that is a plain array', { weight: [1, 2] }, 'weight'],
    ['a NaN weight', { weight: Float32Array.of(1, Number.NaN) }, 'weight[1]'],
    ['a weight of the wrong size', { weight: Float32Array.of(1, 2, 3) }, 'weight'],
    ['a calibration that is null', { calibration: null }, 'calibration'],
    ['zero features', { numFeatures: 0 }, 'numFeatures'],
    ['one class', { classes: ['a'], bias: Float32Array.of(1), weight: Float32Array.of(1) }, 'classes'],
    ['duplicate classes', { classes: [1, 1] }, 'classes[1]'],
    [
      'duplicate feature names',
      { numFeatures: 2, weight: Float32Array.of(1, 2, 3, 4), featureNames: ['a', 'a'] },
      'featureNames[1]',
    ],
    ['an option that is not JSON', { options: { rate: () => 1 } }, 'options.rate'],
    ['an option that is NaN', { options: { rates: [0, Number.NaN] } }, 'options.rates[1]'],
    ['a typed array among options', { options: { weights: Float32Array.of(1) } }, 'options.weights'],
    ['a Map among options', { options: { weights: new Map() } }, 'options.weights'],
    ['an option __proto__', { options: JSON.parse('{"__proto__":1}') }, 'options'],
    ['cyclic options', { options: cyclic }, `options${'.cyclic'.repeat(15)}`],
    ['a metric that is NaN', { metrics: { loss: Number.NaN } }, 'metrics.loss'],
    ['a temperature of 0', { calibration: { temperature: 0 } }, 'calibration.temperature'],
    ['feature names too long for the header', { featureNames: ['a'.repeat(2 ** 24)] }, 'all but the tensors'],
  ])('rejects %s', (_, change, argument) => {
    expect(refusal(() => encodeModel({ ...SMALL, ...change }))).toMatchObject({ argument, where: 'encodeModel' });
  });

  it('omits undefined options and metrics', () => {
    expect(encodeModel({ ...SMALL, options: { l1: undefined as never }, metrics: undefined })).toEqual(
      encodeModel(SMALL),
    );
  });
});

describe('sha256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %p matches FIPS 180-4', (text, digest) => {
    expect(sha256([new TextEncoder().encode(text)])).toBe(digest);
  });

  it("agrees with Node's for lengths below 200, in two parts", () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) % 256);
      const cut = (length * 7) % (length + 1);
      expect(sha256([bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(
        createHash('sha256').update(bytes).digest('hex'),
      );
    }
  });
});

describe('a model file on disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'model-file-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const failure = (work: Promise<unknown>) =>
    work.then(
      () => ({}),
      (error: unknown) => error,
    );

  it('is saved from bytes or a model, and loaded again', async () => {
    const path = join(folder, 'deep', 'iris.safetensors');
    await saveModel(path, encodeModel(SMALL));
    await saveModel(path, { toBytes: () => encodeModel(IRIS) });
    expect(readdirSync(join(folder, 'deep'))).toEqual(['iris.safetensors']);
    expect(await loadModelBytes(path)).toEqual(encodeModel(IRIS));
  });

  it('is unchanged by a failed save', async () => {
    const path = join(folder, 'iris.safetensors');
    await saveModel(path, encodeModel(IRIS));
    const turned = { code: 'DOMAIN', where: 'saveModel', argument: 'path', hint: 'Call saveModel(path, model).' };
    expect(await failure(saveModel(encodeModel(IRIS) as never, path as never))).toMatchObject(turned);
    for (const none of [null, undefined, 7, 'text', { toBytes: 1 }]) {
      const refused = { code: 'DOMAIN', where: 'saveModel', argument: 'model' };
      expect(await failure(saveModel(path, none as never))).toMatchObject(refused);
    }
    expect(await failure(saveModel(path, new Uint8Array(100)))).toMatchObject({ code: 'FORMAT', where: 'saveModel' });
    expect(await failure(saveModel(join(path, 'below'), encodeModel(IRIS)))).toMatchObject({ code: 'BACKEND' });
    expect(new Uint8Array(readFileSync(path))).toEqual(encodeModel(IRIS));
    expect(readdirSync(folder)).toEqual(['iris.safetensors']);
  });

  it('is rejected if it is a folder, missing, or too large', async () => {
    expect(await failure(loadModelBytes(folder))).toMatchObject({ code: 'FORMAT', expected: 'be a file' });
    const missing = join(folder, 'missing');
    expect(await failure(loadModelBytes(missing))).toMatchObject({ code: 'BACKEND', where: missing });
    const sparse = join(folder, 'sparse');
    writeFileSync(sparse, '');
    truncateSync(sparse, 2 ** 30 + 1);
    expect(await failure(loadModelBytes(sparse))).toMatchObject({ code: 'FORMAT', actual: `${2 ** 30 + 1}` });
  });
});
