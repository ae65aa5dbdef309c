import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { encodeRows, loadIris, parseCsv, readCsvRows, SoftmaxRegression } from 'softmax-regression';
import type { CsvOptions } from '../src/data/table/csv-options.js';
import { parseNumber } from '../src/data/table/number.js';
import type { CsvSchema } from '../src/data/table/schema.js';
import { PROPERTY } from './helpers/numbers.js';

const IRIS = loadIris();
const IRIS_CSV = [
  'sepal_length,sepal_width,petal_length,petal_width,species',
  ...IRIS.features.map((row, i) => [...row, IRIS.labels[i]].join()),
].join('\n');

const PETS = 'width,colour,tame,kind\n1.5,red,true,cat\n2,blue,false,dog\n3,red,true,dog\n';

function rows({ features }: { features: { values: Float64Array; shape: readonly [number, number] } }): number[][] {
  const [n, d] = features.shape;
  return Array.from({ length: n }, (_, i) => [...features.values.subarray(i * d, (i + 1) * d)]);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
  return 'accepted';
}

async function collect(chunks: Iterable<string | Uint8Array>, schema: CsvSchema, options = {}) {
  const all = {
    values: [] as number[],
    labels: [] as unknown[],
    rows: [] as number[],
    lines: [] as number[],
    sizes: [] as number[],
  };
  for await (const batch of readCsvRows(chunks, schema, options)) {
    expect(batch.features.values).toHaveLength(batch.features.shape[0] * batch.features.shape[1]);
    all.values.push(...batch.features.values);
    all.labels.push(...(batch.labels ?? []));
    all.rows.push(...batch.rows);
    all.lines.push(...batch.lines);
    all.sizes.push(batch.features.shape[0]);
  }
  return all;
}

describe('parseCsv', () => {
  it('reads numeric features and labels that fit accepts', async () => {
    const table = parseCsv(IRIS_CSV, { label: 'species' });
    expect(rows(table)).toEqual(IRIS.features);
    expect(table.labels).toEqual(IRIS.labels);
    expect(table.classes).toEqual(IRIS.classNames);
    expect(table.featureNames).toEqual(['sepal_length', 'sepal_width', 'petal_length', 'petal_width']);
    expect([...table.lines.slice(0, 2)]).toEqual([2, 3]);
    const { model } = await SoftmaxRegression.fit(table.features, table.labels, { maxIterations: 10 });
    expect(model.classes).toEqual(IRIS.classNames);
  });

  it('matches its docstring examples', () => {
    const text = 'width,colour,kind\n1.5,red,cat\n2,blue,dog';
    const { features, labels, featureNames } = parseCsv(text, { label: 'kind', strings: 'one-hot' });
    expect(features.values).toEqual(Float64Array.of(1.5, 0, 1, 2, 1, 0));
    expect(featureNames).toEqual(['width', 'colour=blue', 'colour=red']);
    expect(labels).toEqual(['cat', 'dog']);
    const { schema } = parseCsv('width,colour\n1.5,red\n2,blue', { strings: 'one-hot' });
    expect(encodeRows(schema, [{ colour: 'blue', width: 7 }]).values).toEqual(Float64Array.of(7, 1, 0));
    expect([parseNumber('1e3'), parseNumber('0x1f'), parseNumber('1,5', ',')]).toEqual([1000, Number.NaN, 1.5]);
  });

  it('reads bytes as text, with or without a byte-order mark', () => {
    const bytes = new TextEncoder().encode(`\ufeff${IRIS_CSV}`);
    expect(parseCsv(bytes, { label: -1 })).toEqual(parseCsv(IRIS_CSV, { label: 'species' }));
    expect(parseCsv(`\ufeff${IRIS_CSV}`, { label: 4 })).toEqual(parseCsv(IRIS_CSV, { label: 'species' }));
  });

  it('keeps the type of labels: numbers, booleans, or strings', () => {
    const labels = (values: string[]) =>
      parseCsv(`x,y\n${values.map((y) => `1,${y}`).join('\n')}`, { label: 'y' }).labels;
    expect(labels(['1', '0', '1'])).toEqual([1, 0, 1]);
    expect(labels(['true', 'False'])).toEqual([true, false]);
    expect(labels(['1', 'b', 'true'])).toEqual(['1', 'b', 'true']);
    expect(labels(['a', '"b, c"'])).toEqual(['a', 'b, c']);
  });

  it('encodes text, booleans, and codes that look like numbers', () => {
    const table = parseCsv(PETS, { label: 'kind', strings: 'one-hot' });
    expect(rows(table)).toEqual([
      [1.5, 0, 1, 1],
      [2, 1, 0, 0],
      [3, 0, 1, 1],
    ]);
    expect(table.featureNames).toEqual(['width', 'colour=blue', 'colour=red', 'tame']);
    const codes = parseCsv('zip,x\n01,1\n02,2\n', { strings: ['zip'] });
    expect(codes.featureNames).toEqual(['zip=01', 'zip=02', 'x']);
    expect(parseCsv(PETS, { label: 'kind', ignore: ['colour', 0] }).featureNames).toEqual(['tame']);
  });

  it('reads tables without a header, and with decimal commas', () => {
    const table = parseCsv('1,5;a\n2,25;b\n', { header: false, label: -1, decimal: ',' });
    expect(rows(table)).toEqual([[1.5], [2.25]]);
    expect(table.featureNames).toEqual(['column 1']);
  });

  it.each<[CsvOptions['missing'], number[][], string[]]>([
    [
      'drop',
      [
        [1, 1, 0],
        [9, 0, 1],
      ],
      ['a', 'b'],
    ],
    [
      'mean',
      [
        [1, 1, 0],
        [9, 0, 1],
        [5, 1, 0],
        [5, 1, 0],
      ],
      ['a', 'b', 'b', 'a'],
    ],
    [
      'median',
      [
        [1, 1, 0],
        [9, 0, 1],
        [5, 1, 0],
        [5, 1, 0],
      ],
      ['a', 'b', 'b', 'a'],
    ],
  ])('applies the missing policy %p', (missing, features, labels) => {
    const table = parseCsv('x,c,y\n1,p,a\n9,q,b\nNA,p,b\n5,?,a\n', { label: 'y', strings: 'one-hot', missing });
    expect(rows(table)).toEqual(features);
    expect(table.labels).toEqual(labels);
    expect(table.dropped).toBe(4 - labels.length);
  });

  it('fills in the mean of the column, its median, or its most frequent category', () => {
    const text = 'x,c\n1,p\n2,q\n9,q\nnull,\n';
    const fills = (missing: 'mean' | 'median') =>
      parseCsv(text, { missing, strings: 'one-hot' }).schema.columns.map(
        (column) => (column as { fill?: unknown }).fill,
      );
    expect(fills('mean')).toEqual([4, 'q']);
    expect(fills('median')).toEqual([2, 'q']);
    expect(rows(parseCsv(text, { missing: 'mean', strings: 'one-hot' }))[3]).toEqual([4, 0, 1]);
  });

  it('accepts custom missing tokens, also numbers', () => {
    const text = 'x,y\n1,a\n-999,b\n3,b\n';
    const table = parseCsv(text, { label: 'y', missing: 'mean', missingTokens: ['-999'] });
    expect(rows(table)).toEqual([[1], [2], [3]]);
    const dropped = parseCsv(text, { label: 'y', missing: 'drop', missingTokens: ['-999'] });
    expect(dropped.labels).toEqual(['a', 'b']);
    expect(encodeRows(dropped.schema, [[5], [-999], ['-999'], [7]]).values).toEqual(Float64Array.of(5, 7));
  });

  it('returns a schema that survives a JSON round trip', () => {
    const { schema } = parseCsv(PETS, { label: 'kind', strings: 'one-hot', missing: 'mean' });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});

describe('missing values of a column at the end of float64', () => {
  it.each<['mean' | 'median', string, number]>([
    ['mean', '1e308,-1e308,1e308,-1e308', 0],
    ['mean', '-1.5e308,1.5e308,1.5e308', 0.5e308],
    ['median', '1e308,1.5e308', 1.25e308],
    ['median', '-1.5e308,-1e308', -1.25e308],
  ])('are filled in with the %s, which is finite: %s', (missing, values, fill) => {
    const { features } = parseCsv(`x,z\n${values.split(',').join(',1\n')},1\n,1`, { missing });
    const filled = features.values[features.values.length - 2];
    expect(Math.abs(filled - fill)).toBeLessThan(1e294);
  });
});

describe('parseCsv rejects', () => {
  const x = { label: 'y', name: 'a.csv' } as const;
  it.each<[string, string, CsvOptions, string]>([
    ['an empty file', '', x, 'FormatError: a.csv: the table must have at least one row; got an empty file.'],
    ['blank lines', '\n \n', x, 'FormatError: a.csv: the table must have at least one row; got an empty file.'],
    ['a header alone', 'x,y\n', x, 'FormatError: a.csv: the table must have at least one row; got none.'],
    [
      'a table with no rows left after dropping',
      'x,y\n,a\n',
      { ...x, missing: 'drop' },
      'at least one row; got 1 with a missing value.',
    ],
    [
      'carriage returns as line ends',
      'x,y\r1,a\r2,b\r',
      x,
      'FormatError: a.csv:1: lines must end in \\n or \\r\\n; got \\r alone.',
    ],
    ['one class', 'x,y\n1,a\n2,a\n', x, 'FormatError: a.csv: y must have at least two classes; got only "a".'],
    ['one numeric class', 'x,y\n1,1\n2,1\n', x, 'a.csv: y must have at least two classes; got only 1.'],
    [
      'one class written in two ways',
      'x,y\n1,1\n2,1.0\n',
      { ...x, labelType: 'number' },
      'a.csv: y must have at least two classes; got only 1.',
    ],
    ['no features', 'y\na\nb\n', x, 'a.csv: the table must have at least one column of features; got none.'],
    [
      'a missing header',
      '5.1,3.5,a\n4,3,b\n',
      x,
      'a.csv:1: the header must name the columns; got 5.1, 3.5, a. If the file has no header, pass `header: false`.',
    ],
    [
      'a repeated name',
      'x,y,x\n1,a,2\n',
      x,
      'a.csv:1:3: the header must name each column once; got "x" in columns 1 and 3. Rename one of them. If the first line is data, pass `header: false`.',
    ],
    [
      'an index among names, as if the file had no header',
      'A11,1\nA12,2\n',
      { name: 'a.csv', label: '-1' },
      'a.csv:1: label must be one of the columns "A11", "1"; got "-1". If the first line is data, pass `header: false`.',
    ],
    [
      'an unnamed column',
      'x,,y\n0,1,a\n',
      x,
      'a.csv:1:2: the header must name each column; got "". Name it, or pass `ignore: [""]`.',
    ],
    [
      'a long row',
      'x,y\n1,a\n1,a,3\n',
      x,
      'a.csv:3:3: the row must have 2 fields, like the header; got 3. Does an unquoted field contain the delimiter?',
    ],
    [
      'a short row',
      'x,y\n\n1\n',
      x,
      'a.csv:3:2: the row must have 2 fields, like the header; got 1. Is a field missing, or is the delimiter different?',
    ],
    [
      'text among numbers',
      'x,y\n1,a\nn1,b\n',
      x,
      'FormatError: a.csv:3:1: x must be a number, like the rows above; got "n1".',
    ],
    [
      'text in a numeric column',
      'x,y\nred,a\n',
      x,
      `a.csv:2:1: x must be a number; got "red". Pass \`strings: 'one-hot'\` to encode text as 0 and 1, or \`ignore: ["x"]\`.`,
    ],
    [
      'numbers among text',
      'x,y\nred,a\n7,b\n',
      { ...x, strings: 'one-hot' },
      'a.csv:3:1: x must be text, like the rows above; got "7". If it marks a missing value, add `missingTokens: ["7"]`; `categories: ["x"]` makes all values categories.',
    ],
    [
      'a decimal comma',
      'x;y\n1,5;a\n',
      x,
      `a.csv:2:1: x must be a number; got "1,5". A decimal comma? Pass \`decimal: ','\`.`,
    ],
    [
      'thousands separators',
      'x;y\n1,000,000;a\n',
      x,
      'got "1,000,000". Pass `thousands: true` to read thousands separators.',
    ],
    [
      'points as thousands separators',
      'x,y\n1.234.567,a\n',
      x,
      "Pass `thousands: true` and `decimal: ','` to read thousands separators. If commas separate the fields, also pass `delimiter: ','`.",
    ],
    ['infinity', 'x,y\n1,a\nInfinity,b\n', x, 'a.csv:3:1: x must be a number, like the rows above; got "Infinity".'],
    ['a number too large', 'x,y\n1e309,a\n', x, 'a.csv:2:1: x must be a finite number; got "1e309".'],
    [
      'a missing value',
      'x,y\n1,a\nn/a,b\n',
      x,
      `a.csv:3:1: x must have a value; got "n/a". Pass \`missing: 'drop'\` to skip such rows; when training,`,
    ],
    ['an empty field', 'x,y\n1,a\n ,b\n', x, 'a.csv:3:1: x must have a value; got nothing.'],
    [
      'a missing label',
      'x,y\n1,a\n2,\n',
      { ...x, missing: 'mean' },
      `a.csv:3:2: y must have a value; got nothing. Pass \`missingLabel: 'drop'\` to skip such rows.`,
    ],
    [
      'an empty column',
      'x,z,y\n1,,a\n2,,b\n',
      { ...x, missing: 'mean' },
      'a.csv: z must have at least one value; got none. Pass `ignore: ["z"]`.',
    ],
    [
      'a wrong label',
      'x,species\n1,a\n',
      { ...x, label: 'spcies' },
      'a.csv:1: label must be one of the columns "x", "species"; got "spcies". Did you mean "species"?',
    ],
    [
      'a label index out of range',
      'x,y\n1,a\n',
      { ...x, label: 2 },
      'a.csv:1: label must be a column, an integer in [-2, 2); got 2.',
    ],
    [
      'a wrong column to ignore',
      'x,y\n1,a\n',
      { ...x, ignore: ['q'] },
      'a.csv:1: ignore must be one of the columns "x", "y"; got "q".',
    ],
    [
      'a wrong delimiter',
      'x;y\n1;a\n',
      { ...x, delimiter: ',' },
      'a.csv:1: the first line must contain the delimiter ","; got a line with 1 of ";". Pass `delimiter: ";"`, or leave it out.',
    ],
    [
      'too many categories',
      'x,y\np,a\nq,a\nr,b\n',
      { ...x, strings: 'one-hot', maxCategories: 2 },
      'a.csv:4:1: x must have at most 2 different values; got one more, "r". Each becomes a feature: pass `ignore: ["x"]`, or raise `maxCategories`.',
    ],
    [
      'a quantity as label',
      'x,y\n1,1.5\n1,2.5\n1,3.5\n',
      { ...x, maxCategories: 2 },
      'a.csv:4:2: y must have at most 2 different values; got one more, "3.5". Is it a quantity?',
    ],
    [
      'an unknown option',
      'x,y\n1,a\n',
      { ...x, lable: 'y' } as CsvOptions,
      'DomainError: parseCsv: options must have keys among name, label',
    ],
    [
      'an option out of range',
      'x,y\n1,a\n',
      { ...x, missing: 'zero' as never },
      "DomainError: parseCsv: missing must be 'error' | 'drop' | 'mean' | 'median'",
    ],
  ])('%s', (_, text, options, message) => {
    expect(refusal(() => parseCsv(text, options))).toContain(message);
  });
});

describe('a schema', () => {
  const { schema, ...table } = parseCsv(PETS, { label: 'kind', strings: 'one-hot', missing: 'mean', name: 'pets.csv' });

  it('reproduces the features of the rows it was learnt from', async () => {
    const fields = PETS.trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(encodeRows(schema, fields)).toEqual(table.features);
    expect(
      encodeRows(
        schema,
        fields.map((row) => row.slice(0, 3)),
      ),
    ).toEqual(table.features);
    const names = ['width', 'colour', 'tame'];
    expect(
      encodeRows(
        schema,
        fields.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))),
      ),
    ).toEqual(table.features);
    // Batches share memory: no category remains from the row before.
    expect((await collect([PETS], schema, { batchSize: 1 })).values).toEqual([...table.features.values]);
    expect(await collect([PETS], schema)).toEqual({
      values: [...table.features.values],
      labels: table.labels,
      rows: [0, 1, 2],
      lines: [2, 3, 4],
      sizes: [3],
    });
  });

  it('accepts JSON values', () => {
    const values = encodeRows(schema, [
      { width: 1e-7, colour: 'red', tame: true },
      { width: null, colour: 'blue', tame: false },
    ]).values;
    expect([...values]).toEqual([1e-7, 0, 1, 1, 6.5 / 3, 1, 0, 0]);
    const comma = parseCsv('x\n1,5\n', { decimal: ',' }).schema;
    expect([...encodeRows(comma, [{ x: 2.25 }, ['2,25']]).values]).toEqual([2.25, 2.25]);
  });

  it('rejects an unseen category, or encodes it as zeros', () => {
    const row = [{ width: 1, colour: 'green', tame: true }];
    expect(refusal(() => encodeRows(schema, row))).toBe(
      `FormatError: encodeRows: rows[0]: colour must be one of "blue", "red"; got "green". Pass \`unseen: 'zero'\` to encode unseen categories as zeros.`,
    );
    expect([...encodeRows(schema, row, { unseen: 'zero' }).values]).toEqual([1, 0, 0, 1]);
  });

  it('has a missing policy that the caller can override', () => {
    const rows = [
      { width: 1, colour: 'red', tame: true },
      { width: null, colour: 'red', tame: '' },
    ];
    expect(encodeRows(schema, rows, { missing: 'drop' }).shape).toEqual([1, 4]);
    const strict = parseCsv(PETS, { label: 'kind', strings: 'one-hot' }).schema;
    expect(refusal(() => encodeRows(strict, rows))).toContain(
      'FormatError: encodeRows: rows[1]: width must be a number; got nothing.',
    );
  });

  it('reads own properties, getters and inherited properties, but not those of Object.prototype', () => {
    class Pet {
      readonly colour: string = 'red';
      get width() {
        return 2;
      }
    }
    class Dog extends Pet {
      readonly tame = true;
    }
    const expected = [2, 0, 1, 1];
    expect([...encodeRows(schema, [new Dog() as never]).values]).toEqual(expected);
    expect([...encodeRows(schema, [Object.create({ width: 2, colour: 'red', tame: true })]).values]).toEqual(expected);
    const bare = Object.assign(Object.create(null), { width: 2, colour: 'red', tame: true });
    expect([...encodeRows(schema, [bare]).values]).toEqual(expected);
    const odd = parseCsv('toString,y\n1,a\n2,b', { label: 'y' }).schema;
    expect(refusal(() => encodeRows(odd, [{}]))).toContain('the row must have the key "toString"; got no keys.');
    expect([...encodeRows(odd, [{ toString: 3 } as never]).values]).toEqual([3]);
  });

  it('ignores other keys unless strict is set', () => {
    const row = { width: 2, colour: 'red', tame: true, id: 7 };
    expect([...encodeRows(schema, [row]).values]).toEqual([2, 0, 1, 1]);
    expect(refusal(() => encodeRows(schema, [row], { strict: true }))).toContain(
      'FormatError: encodeRows: rows[0]: the row must have only the keys "width", "colour", "tame", "kind"; got "id".',
    );
    const { id: _, ...known } = row;
    expect([...encodeRows(schema, [{ ...known, kind: 'dog' }], { strict: true }).values]).toEqual([2, 0, 1, 1]);
    expect(refusal(() => encodeRows(schema, [row], { strict: 1 } as never))).toContain('strict must be');
  });

  it.each<[string, unknown, string]>([
    [
      'an absent key',
      [{ colour: 'red', tame: true }],
      'rows[0]: the row must have the key "width"; got the keys "colour", "tame".',
    ],
    ['an empty object', [{}], 'the row must have the key "width"; got no keys. Use null for a missing value.'],
    [
      'a key in another case',
      [{ Width: 9, colour: 'red', tame: true }],
      'got the keys "Width", "colour", "tame". Rename the key "Width" to "width".',
    ],
    [
      'a misspelt key',
      [{ width: 9, color: 'red', tame: true }],
      'the row must have the key "colour"; got the keys "width", "color", "tame". Rename the key "color" to "colour".',
    ],
    [
      'undefined',
      [{ width: undefined, colour: 'red', tame: true }],
      'the row must have the key "width"; got undefined. Use null for a missing value.',
    ],
    ['a Map', [new Map([['width', 1]])], 'ShapeError: encodeRows: rows[0]: the row must be an object or a list;'],
    ['a Set', [new Set([1])], 'ShapeError: encodeRows: rows[0]: the row must be an object or a list;'],
    [
      'a nested value',
      [{ width: 1, colour: { name: 'red' }, tame: true }],
      'rows[0]: colour must be text, a number, true, false or null;',
    ],
    [
      'a date',
      [{ width: new Date(0), colour: 'red', tame: true }],
      'rows[0]: width must be text, a number, true, false or null;',
    ],
    ['a number instead of rows', 7, 'ShapeError: encodeRows: rows must be a list of rows; got 7.'],
    ['a number instead of a row', [7], 'ShapeError: encodeRows: rows[0]: the row must be an object or a list; got 7.'],
    [
      'a short row',
      [['1', 'red']],
      'FormatError: encodeRows: rows[0]: the row must have 3 fields, like the schema; got 2.',
    ],
    [
      'text instead of a number',
      [['x', 'red', 'true']],
      'FormatError: encodeRows: rows[0]: width must be a number; got "x".',
    ],
  ])('rejects %s', (_, rows, message) => {
    expect(refusal(() => encodeRows(schema, rows as never))).toContain(message);
  });

  it.each<[string, (damaged: Record<string, unknown> & { columns: Record<string, unknown>[] }) => void]>([
    [
      'schema.header',
      (damaged) => {
        damaged.header = 1;
      },
    ],
    [
      'schema.missing',
      (damaged) => {
        damaged.missing = 'zero';
      },
    ],
    [
      'schema.unseen',
      (damaged) => {
        damaged.unseen = 'zeros';
      },
    ],
    [
      'schema.decimal',
      (damaged) => {
        damaged.decimal = ';';
      },
    ],
    [
      'schema.missingTokens',
      (damaged) => {
        damaged.missingTokens = [1];
      },
    ],
    [
      'schema.columns',
      (damaged) => {
        damaged.columns = {} as never;
      },
    ],
    [
      'schema.columns[0]',
      (damaged) => {
        damaged.columns[0] = null as never;
      },
    ],
    [
      'schema.columns[0].kind',
      (damaged) => {
        damaged.columns[0].kind = 'text';
      },
    ],
    [
      'schema.columns[1].name',
      (damaged) => {
        damaged.columns[1].name = damaged.columns[0].name;
      },
    ],
    [
      'schema.columns[0].fill',
      (damaged) => {
        damaged.columns[0].fill = '1';
      },
    ],
    [
      'schema.columns[1].categories',
      (damaged) => {
        damaged.columns[1].categories = ['a', 'a'];
      },
    ],
    [
      'schema.columns[1].fill',
      (damaged) => {
        damaged.columns[1].fill = 'green';
      },
    ],
    [
      'schema.columns[3].type',
      (damaged) => {
        damaged.columns[3].type = 'date';
      },
    ],
    [
      'schema.columns',
      (damaged) => {
        damaged.columns[2] = damaged.columns[3];
      },
    ],
  ])('is rejected for an invalid %s', (argument, damage) => {
    const damaged = JSON.parse(JSON.stringify(schema));
    damage(damaged);
    expect(refusal(() => encodeRows(damaged, []))).toContain(`DomainError: encodeRows: ${argument} must`);
    expect(refusal(() => encodeRows(null as never, []))).toContain(
      'DomainError: encodeRows: schema must be a schema from parseCsv',
    );
  });
});

describe('readCsvRows', () => {
  const { schema, features, labels } = parseCsv(IRIS_CSV, { label: 'species' });

  it('matches parseCsv for any chunks and batch sizes', async () => {
    const at = fc.array(fc.nat(IRIS_CSV.length), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 1, max: 200 }), async (places, batchSize) => {
        const ends = [...places.sort((a, b) => a - b), IRIS_CSV.length];
        const chunks = ends.map((end, i) => IRIS_CSV.slice(ends[i - 1] ?? 0, end));
        const all = await collect(chunks, schema, { batchSize });
        expect(all.values).toEqual([...features.values]);
        expect(all.labels).toEqual(labels);
        expect(all.rows).toEqual(Array.from({ length: 150 }, (_, i) => i));
        expect(Math.max(...all.sizes)).toBeLessThanOrEqual(batchSize);
      }),
      PROPERTY,
    );
  });

  it('finds columns by name, among others and without labels', async () => {
    const text = 'petal_width,id,petal_length,sepal_width,sepal_length\n4,x,3,2,1\n';
    expect(await collect([text], schema)).toEqual({
      values: [1, 2, 3, 4],
      labels: [],
      rows: [0],
      lines: [2],
      sizes: [1],
    });
  });

  it('reads files without a header, with labels and without', async () => {
    const plain = parseCsv('1,a,10\n2,b,20\n', { header: false, label: 1 }).schema;
    expect(await collect(['3,b,4\n'], plain)).toMatchObject({ values: [3, 4], labels: ['b'] });
    expect(await collect(['3,4\n5,6\n'], plain)).toMatchObject({ values: [3, 4, 5, 6], labels: [], rows: [0, 1] });
    await expect(collect(['3\n'], plain)).rejects.toThrow(
      'readCsvRows:1:2: the row must have 3 fields, like the schema',
    );
  });

  it('yields rows before it reads the next chunk', async () => {
    let given = 0;
    function* chunks() {
      yield 'sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n';
      given++;
      yield '5,6,7,8\n';
    }
    const batches = readCsvRows(chunks(), schema);
    expect((await batches.next()).value?.rows).toEqual(Float64Array.of(0));
    expect(given).toBe(0);
    await batches.return();
  });

  it('keeps row numbers when rows are dropped', async () => {
    const text = `${IRIS_CSV.split('\n')[0]}\n1,2,3,4,setosa\n1,,3,4,setosa\n1,2,3,5,\n5,6,7,8,virginica\n`;
    const all = await collect([text], schema, { missing: 'drop' });
    expect(all).toMatchObject({ rows: [0, 3], lines: [2, 5], labels: ['setosa', 'virginica'] });
    const skipped = await collect([text], schema, { missing: 'drop', labels: 'skip' });
    expect(skipped).toMatchObject({ rows: [0, 2, 3], labels: [] });
  });

  it.each<[string, string, string]>([
    [
      'a missing feature column',
      'sepal_length,sepal_width,petal_lenght,petal_width\n',
      'new.csv:1: the header must have the column "petal_length", which the model reads; got "sepal_length", "sepal_width", "petal_lenght", "petal_width". Did you mean "petal_lenght"?',
    ],
    [
      'text in a numeric column',
      'sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n1,x,3,4\n',
      'new.csv:3:2: sepal_width must be a number; got "x".',
    ],
    [
      'a ragged row',
      'sepal_length,sepal_width,petal_length,petal_width\n1,2,3\n',
      'new.csv:2:4: the row must have 4 fields, like the header; got 3.',
    ],
    [
      'a repeated column',
      'sepal_length,sepal_width,petal_length,petal_width,petal_width\n',
      'new.csv:1:5: the header must name each column once; got "petal_width" in columns 4 and 5. Rename one of them.',
    ],
  ])('rejects %s', async (_, text, message) => {
    await expect(collect([text], schema, { name: 'new.csv' })).rejects.toThrow(message);
  });

  it('rejects a file that ends before its header', async () => {
    await expect(collect(['\n'], schema, { name: 'new.csv' })).rejects.toThrow(
      'new.csv: the table must have a header line; got an empty file.',
    );
  });

  it('rejects invalid options and an aborted signal before it reads', async () => {
    await expect(collect([], schema, { batchSize: 0 })).rejects.toThrow(
      'readCsvRows: batchSize must be an integer > 0',
    );
    await expect(collect([], schema, { size: 1 })).rejects.toThrow('readCsvRows: options must have keys among');
    await expect(collect(['x'], schema, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

it('parseCsv needs neither Node.js modules nor Buffer nor code generation at run time', () => {
  const { outputFiles } = buildSync({
    stdin: { contents: "export { parseCsv } from './src/data/table/table.ts';", resolveDir: process.cwd() },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'csv',
    write: false,
  });
  expect(outputFiles[0].text).not.toMatch(/["']node:|new Function|\beval\(/);
  const page = { TextDecoder, TextEncoder, text: 'x,y\n1,"a ""b"", c"\n2,d\n' };
  const labels = runInNewContext(
    `${outputFiles[0].text}; JSON.stringify(csv.parseCsv(text, { label: 'y' }).labels)`,
    page,
  );
  expect(JSON.parse(labels)).toEqual(['a "b", c', 'd']);
});
