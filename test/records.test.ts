// Predictions for records: the same in the model and in the predictor without dependencies.
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { encodeRows, FLOAT64, parseCsv, SoftmaxRegression } from 'softmax-regression';
import { loadPredictor } from 'softmax-regression/predict';
import { loadRecordPredictor } from 'softmax-regression/predict-records';
import { useBackend } from './helpers/backends.js';
import { modelOf } from './helpers/models.js';

beforeAll(() => useBackend('cpu'));

const CSV = `width,colour,tame,id,kind
1.5,red,true,1,cat
2,blue,false,2,dog
1.25,red,true,3,cat
2.5,green,false,4,dog
1,blue,true,5,cow
`;
const table = parseCsv(CSV, { label: 'kind', strings: 'one-hot', missing: 'mean', ignore: ['id'] });
const records = [
  { width: 1.5, colour: 'red', tame: true },
  { colour: 'blue', tame: false, width: '2', kind: 'dog', id: 7 },
  { width: null, colour: '', tame: null },
];

const fitted = async (options = {}, { features, labels, schema } = table) =>
  (await SoftmaxRegression.fit(features, labels as string[], { l2: 0.1, schema, ...options })).model;

/** The model itself, the one of its file, and the predictor of records. */
const readersOf = (model: SoftmaxRegression<string> | Awaited<ReturnType<typeof fitted>>) => [
  model,
  SoftmaxRegression.fromBytes<string>(model.toBytes()),
  loadRecordPredictor<string>(model.toBytes()),
];

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return 'accepted';
}

describe('predictRecords', () => {
  it('gives label and probabilities of the encoded rows, bit for bit, in the model and in the predictor', async () => {
    // Seconds since 1970 are far from 0 for their deviation: a file of version 2.
    const far = parseCsv('time,y\n1700000001,a\n1700000002,a\n1700000007,b\n1700000009,b\n', { label: 'y' });
    const times = [{ time: 1700000003 }, { time: 1700000008 }];
    const models = [
      [await fitted(), records],
      [await fitted({ standardize: true }), records],
      [await fitted({ standardize: true }, far), times],
    ] as const;
    expect(models.map(([model]) => model.columns !== undefined)).toEqual([false, false, true]);
    for (const [model, rows] of models) {
      const features = encodeRows(model.schema, rows as never);
      const labels = model.predict(features);
      const probabilities = model.predictProbabilities(features);
      for (const reader of readersOf(model)) {
        const predicted = reader.predictRecords(rows);
        expect(predicted.map(({ label }) => label)).toEqual(labels);
        expect(predicted.map((each) => [...each.probabilities])).toEqual(probabilities.map((row) => [...row]));
        expect(predicted.map(({ probability }) => probability)).toEqual(probabilities.map((row) => Math.max(...row)));
        expect(reader.predictRecords([])).toEqual([]);
      }
    }
  });

  it('takes objects of any type', async () => {
    interface Pet {
      readonly width: number;
      readonly colour: string;
      readonly tame: boolean;
    }
    class Cat implements Pet {
      readonly width = 1.5;
      readonly tame = true;
      get colour() {
        return 'red';
      }
    }
    const pets: Pet[] = [new Cat()];
    const unknowns: Record<string, unknown>[] = JSON.parse('[{ "width": 1.5, "colour": "red", "tame": true }]');
    for (const reader of readersOf(await fitted())) {
      expect(reader.predictRecords(pets)[0].label).toBe('cat');
      expect(reader.predictRecords(pets)).toEqual(reader.predictRecords(unknowns));
    }
  });

  it('keeps the type of labels', async () => {
    const { features, labels, schema } = parseCsv('x,y\n0,false\n1,true\n2,true\n-1,false\n', { label: 'y' });
    const { model } = await SoftmaxRegression.fit(features, labels as boolean[], { l2: 0.1, schema });
    const label: boolean = loadRecordPredictor<boolean>(model.toBytes()).predictRecords([{ x: 2 }])[0].label;
    expect([label, model.predictRecords([{ x: 2 }])[0].label]).toEqual([true, true]);
  });

  const good = records[0];
  it.each<[string, unknown, object | null, string]>([
    [
      'an absent key',
      [good, good, good, { colour: 'red', tame: true }],
      {},
      'FormatError: predictRecords: records[3]: the row must have the key "width"; got the keys "colour", "tame".',
    ],
    ['a near key', [{ ...good, width: undefined, Width: 1 }], {}, 'got undefined. Rename the key "Width" to "width".'],
    [
      'text for a number',
      [good, { ...good, width: 'wide' }],
      {},
      'FormatError: predictRecords: records[1]: width must be a number; got "wide".',
    ],
    ['a decimal comma', [{ ...good, width: '1,5' }], {}, "A decimal comma? Pass `decimal: ','`."],
    [
      'an unseen category',
      [{ ...good, colour: 'pink' }],
      {},
      'records[0]: colour must be one of "blue", "green", "red"; got "pink". Pass `unseen: \'zero\'`',
    ],
    ['a nested value', [{ ...good, width: { cm: 1 } }], {}, 'records[0]: width must be text, a number, true, false'],
    [
      'a number beyond float32',
      [{ ...good, width: 1e300 }],
      {},
      'FormatError: predictRecords: records[0]: width must be a finite float32 number; got 1e+300.',
    ],
    ['infinity', [{ ...good, width: Number.POSITIVE_INFINITY }], {}, 'records[0]: width must be a number; got "Inf'],
    [
      'an unknown key, if strict',
      [good, { ...good, age: 3 }],
      { strict: true },
      'records[1]: the row must have only the',
    ],
    [
      'a Map',
      [new Map([['width', 1]])],
      {},
      'ShapeError: predictRecords: records[0]: the row must be an object; got a Map. Pass Object.fromEntries(row).',
    ],
    [
      'a list',
      [[1.5, 'red', true]],
      {},
      'ShapeError: predictRecords: records[0]: the row must be an object; got an array',
    ],
    ['null', [null], {}, 'ShapeError: predictRecords: records[0]: the row must be an object; got null.'],
    ['one record without its list', good, {}, 'ShapeError: predictRecords: records must be a list of objects;'],
    [
      'an unknown option',
      [good],
      { missing: 'drop' },
      "predictRecords: options must have keys among unseen, decimal, thousands, strict; got 'missing'.",
    ],
    ['options that are none', [good], null, 'predictRecords: options must be an object; got null.'],
    ['another policy', [good], { unseen: 'drop' }, 'predictRecords: unseen must be among error, zero; got "drop".'],
    ['another mark', [good], { decimal: ';' }, 'predictRecords: decimal must be'],
    ['a strict that is none', [good], { strict: 1 }, 'predictRecords: strict must be true or false; got 1.'],
  ])('refuses %s', async (_, rows, options, message) => {
    for (const reader of readersOf(await fitted())) {
      expect(refusal(() => reader.predictRecords(rows as never, options as never))).toContain(message);
    }
  });

  it('refuses a missing value that the schema does not fill in, where rows would be dropped too', async () => {
    for (const missing of ['error', 'drop'] as const) {
      const plain = parseCsv(CSV, { label: 'kind', strings: 'one-hot', missing, ignore: ['id'] });
      for (const reader of readersOf(await fitted({}, plain))) {
        const message = refusal(() => reader.predictRecords([good, { ...good, width: null }]));
        expect(message).toBe(
          "FormatError: predictRecords: records[1]: width must be a number; got nothing. Leave such records out; when training, `missing: 'mean'` or `missing: 'median'` fills it in.",
        );
        expect(refusal(() => reader.predictRecords([{ ...good, colour: '?' }]))).toContain('Leave such records out;');
      }
    }
  });

  it('applies its options', async () => {
    for (const reader of readersOf(await fitted())) {
      const [comma] = reader.predictRecords([{ ...good, width: '1,5' }], { decimal: ',' });
      expect(comma).toEqual(reader.predictRecords([good])[0]);
      expect(reader.predictRecords([{ ...good, colour: 'pink' }], { unseen: 'zero' })).toHaveLength(1);
    }
  });

  it('needs a schema', () => {
    const model = modelOf([[1, -1]], [0, 0], ['a', 'b']);
    const expected =
      'DomainError: predictRecords: the model must have a schema; got none. Pass the `schema` of parseCsv';
    expect(refusal(() => model.predictRecords([{ x: 1 }]))).toContain(expected);
    expect(refusal(() => model.explainRecord({ x: 1 }))).toContain('explainRecord: the model must have a schema;');
    expect(refusal(() => loadRecordPredictor(model.toBytes()))).toBe(
      'FormatError: loadRecordPredictor: the model must have a schema; got none. The model was not trained on a table: use loadPredictor.',
    );
  });
});

describe('explainRecord', () => {
  it('has the contributions of the features, summed over those of each column', async () => {
    for (const model of [await fitted(), await fitted({ standardize: true })]) {
      for (const record of records) {
        const { features, base, logits } = model.contributions(encodeRows(model.schema, [record as never]).values);
        for (const reader of readersOf(model)) {
          const explained = reader.explainRecord(record);
          expect(explained.columns.map(({ column }) => column)).toEqual(['width', 'colour', 'tame']);
          expect(explained.classes).toEqual(model.classes);
          expect([explained.base, explained.logits]).toEqual([base, logits]);
          const [width, ...rest] = features.map(({ contributions }) => [...contributions]);
          const colours = rest.slice(0, 3);
          const folded = [width, base.slice().map((_, k) => colours.reduce((sum, each) => sum + each[k], 0)), rest[3]];
          expect(explained.columns.map(({ contributions }) => [...contributions])).toBeAllClose(
            folded.map((each) => [...each]),
            FLOAT64,
          );
          const sums = [...base].map((b, k) => explained.columns.reduce((sum, each) => sum + each.contributions[k], b));
          expect(sums).toBeAllClose([...logits], FLOAT64);
        }
      }
    }
  });

  it('names the value of each column: filled in where it is missing, null where it is unseen', async () => {
    for (const reader of readersOf(await fitted())) {
      const values = (record: object) =>
        reader.explainRecord(record, { unseen: 'zero' }).columns.map(({ value }) => value);
      expect(values(records[0])).toEqual([1.5, 'red', true]);
      // The mean of 1.5, 2, 1.25, 2.5 and 1; the first of the most frequent colours; the mean of three in five.
      expect(values(records[2])).toEqual([1.65, 'blue', 0.6]);
      expect(values({ ...records[0], colour: 'pink' })).toEqual([1.5, null, true]);
      const pink = reader.explainRecord({ ...records[0], colour: 'pink' }, { unseen: 'zero' });
      expect([...pink.columns[1].contributions]).toEqual([0, 0, 0]);
    }
  });

  it('refuses a record with its place', async () => {
    for (const reader of readersOf(await fitted())) {
      expect(refusal(() => reader.explainRecord({ ...records[0], width: 'x' }))).toContain(
        'FormatError: explainRecord: width must be a number; got "x".',
      );
      expect(refusal(() => reader.explainRecord([1] as object))).toContain('explainRecord: the row must be an object;');
    }
  });
});

describe('columns of other kinds', () => {
  it('are read from records: dates, percentages, thousands, indicators', async () => {
    const csv =
      'when,share,price,city,kind\n2024-01-05,5%,"1,200",Rome,a\n2024-02-06,7%,900,,b\n2024-03-07,,"1,100",Oslo,a\n';
    const options = {
      dates: ['when'],
      strings: 'one-hot',
      thousands: true,
      missing: 'indicator',
      label: 'kind',
    } as const;
    const other = parseCsv(csv, options);
    const model = await fitted({}, other);
    const rows = [{ when: '2024-02-01', share: '6%', price: '1,000', city: null }];
    const features = encodeRows(other.schema, rows);
    for (const reader of readersOf(model)) {
      expect(reader.predictRecords(rows)[0].probabilities).toEqual(model.predictProbabilities(features)[0]);
      const { columns, base, logits } = reader.explainRecord(rows[0]);
      expect(columns.map(({ column, value }) => [column, value])).toEqual([
        ['when', '2024-02-01'],
        ['share', 0.06],
        ['price', 1000],
        ['city', null],
      ]);
      const sum = base.map((each, k) => columns.reduce((all, { contributions }) => all + contributions[k], each));
      expect(sum).toBeAllClose(logits, FLOAT64);
      expect(() => reader.predictRecords([{ ...rows[0], share: 0.06 }])).toThrow(
        'share must be a percentage; got "0.06". Write it with a percent sign: "12%" is 0.12.',
      );
    }
  });

  it('may have thousands separators, and decimal commas beside them, where the records have them', async () => {
    const model = await fitted({}, parseCsv('price,kind\n1200,a\n900,b\n1100,a\n', { label: 'kind' }));
    for (const reader of readersOf(model)) {
      const [expected] = reader.predictRecords([{ price: 1000.5 }]);
      expect(refusal(() => reader.predictRecords([{ price: '1,000.5' }]))).toContain('Pass `thousands: true`');
      expect(reader.predictRecords([{ price: '1,000.5' }], { thousands: true })).toEqual([expected]);
      for (const price of ['1.000,5', 1000.5]) {
        expect(reader.predictRecords([{ price }], { thousands: true, decimal: ',' })).toEqual([expected]);
      }
      expect(reader.explainRecord({ price: '1,000.5' }, { thousands: true }).columns[0].value).toBe(1000.5);
      expect(refusal(() => reader.predictRecords([], { thousands: 1 as never }))).toContain(
        'thousands must be true or',
      );
    }
  });

  it('are read without thousands separators where the records have none, whatever the training had', async () => {
    const model = await fitted({}, parseCsv('price,kind\n"1,200",a\n900,b\n', { label: 'kind', thousands: true }));
    for (const reader of readersOf(model)) {
      expect(refusal(() => reader.predictRecords([{ price: '1,000' }]))).toBe('accepted');
      expect(refusal(() => reader.predictRecords([{ price: '1,000' }], { thousands: false }))).toContain('got "1,000"');
    }
  });
});

describe('loadRecordPredictor', () => {
  it('tells classes and schema, and refuses a damaged file', async () => {
    const bytes = (await fitted()).toBytes();
    const predictor = loadRecordPredictor(bytes.slice().buffer);
    expect(predictor).toMatchObject({ classes: ['cat', 'cow', 'dog'], schema: table.schema });
    expect(refusal(() => loadRecordPredictor(bytes.subarray(1)))).toContain('FormatError: loadRecordPredictor:');
    expect(refusal(() => loadRecordPredictor('pets' as never))).toContain('loadRecordPredictor: bytes must be');
    expect(() => loadPredictor(bytes)).not.toThrow();
  });

  it('is bundled without a dependency, in under 27 kB, and runs where there is nothing but JavaScript', async () => {
    const { metafile, outputFiles } = buildSync({
      entryPoints: [join(__dirname, '../src/predict-records.ts')],
      ...{ bundle: true, minify: true, write: false, metafile: true, platform: 'browser' },
      ...{ format: 'iife', globalName: 'built' },
    });
    const odd = Object.keys(metafile.inputs).filter(
      (path) => !/^src\/(predict|predict-records|core|features|data\/table)\b/.test(path),
    );
    expect(odd.filter((path) => path !== 'src/predict-records.ts')).toEqual([]);
    expect(Object.values(metafile.outputs)[0].imports).toEqual([]);
    expect(outputFiles[0].contents.length).toBeLessThan(27_000);
    const model = await fitted();
    const script = `${outputFiles[0].text}
      JSON.stringify(built.loadRecordPredictor(Uint8Array.from(bytes)).predictRecords(records).map(({ probability }) => probability))`;
    const printed = runInNewContext(script, { TextEncoder, TextDecoder, bytes: [...model.toBytes()], records });
    expect(JSON.parse(printed as string)).toEqual(model.predictRecords(records).map(({ probability }) => probability));
  });
});
