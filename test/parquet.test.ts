// Parquet: the same table as CSV, its types, and what is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { identifyFiles, type NamedBytes, parseCsv, readSamples, SoftmaxRegression } from 'softmax-regression';
import { partsOfFolder } from '../src/cli/data/tables.js';
import { installCommand, loadOptional, PACKAGES } from '../src/formats/packages.js';
import { openParquet } from '../src/formats/parquet.js';
import { provideFormats } from '../src/formats/provide.js';
import { type BinaryFile, fileInMemory } from '../src/reading/format.js';
import { rowsOf } from '../src/reading/table.js';
import { useBackend } from './helpers/backends.js';
import { PETS, PETS_CSV, PETS_DATES, PETS_OPTIONS, PETS_SCHEMA } from './helpers/pets-table.js';

type Options = Omit<Parameters<typeof parquetWriteBuffer>[0], 'columnData'>;

function write(columnData: readonly ColumnSource[], options: Options = {}): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: [...columnData], ...options }));
}

function file(name: string, bytes: Uint8Array): NamedBytes {
  return {
    name,
    async *stream() {
      yield bytes;
    },
  };
}

async function wholeFile({ name, stream }: NamedBytes): Promise<BinaryFile> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream() as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return fileInMemory(name, new Uint8Array(Buffer.concat(chunks)));
}

const column = (name: string, data: readonly unknown[], type: ColumnSource['type']) =>
  ({ name, data, type }) as unknown as ColumnSource;

/** The columns of pets from row `start` to row `end`. */
function pets(start = 0, end = 6): Uint8Array {
  const columns = (Object.keys(PETS) as (keyof typeof PETS)[]).map((name) => {
    const data = PETS[name].slice(start, end) as unknown[];
    return { name, data: name === 'legs' ? data.map((value) => value && BigInt(value as number)) : data };
  });
  return write(columns as ColumnSource[], { rowGroupSize: 4, schema: PETS_SCHEMA });
}

const optional = { repetition_type: 'OPTIONAL' } as const;

const AS_CSV = parseCsv(PETS_CSV, { ...PETS_OPTIONS, dates: PETS_DATES });

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    ({ name, message }) => `${name}: ${message}`,
  );
}

describe('a Parquet file', () => {
  it('is refused until a program loads its reader', async () => {
    expect(await refusal(readSamples([file('a.parquet', pets())], PETS_OPTIONS))).toBe(
      "FormatError: a.parquet: the file must be a CSV file or JSON lines; got a Parquet file. Call `provideFormats()` of 'softmax-regression/formats' first, or import 'softmax-regression/node'.",
    );
  });
});

describe('Parquet', () => {
  beforeAll(provideFormats);

  it.each([
    ['in row groups', [file('pets.parquet', pets())]],
    ['by its first bytes', [file('pets', pets())]],
    ['in several files', [file('a.parquet', pets(0, 2)), file('b.parquet', pets(2, 6))]],
  ])('is read as the same table in CSV, %s', async (_, files) => {
    const { name: _name, samples, ...described } = await readSamples(files, PETS_OPTIONS);
    const { features, labels, lines: _lines, ...expected } = AS_CSV;
    expect(samples).toEqual({ features, labels, lines: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect(described).toEqual(expected);
  });

  it('gives the same model file, and its models read either format', async () => {
    await useBackend('cpu');
    const options = { solver: 'lbfgs', standardize: true } as const;
    const { samples, schema } = await readSamples([file('pets.parquet', pets())], PETS_OPTIONS);
    const fits = [
      await SoftmaxRegression.fit(samples.features, samples.labels, { ...options, schema }),
      await SoftmaxRegression.fit(AS_CSV.features, AS_CSV.labels, { ...options, schema: AS_CSV.schema }),
    ];
    const [a, b] = fits.map(({ model }) => model.toBytes());
    expect(a).toEqual(b);
    const { model } = fits[1];
    const values: number[] = [];
    for await (const batch of rowsOf(await openParquet([fileInMemory('p', pets())], 'p'), model, {
      labels: 'read',
    })) {
      values.push(...batch.features.values);
      expect(batch.labels).toEqual(PETS.kind.slice(batch.rows[0], batch.rows[0] + batch.rows.length));
    }
    expect(Float64Array.from(values)).toEqual(AS_CSV.features.values);
  });

  it('has enumerations as categories, and moments of every unit', async () => {
    const schema: Options['schema'] = [
      { name: 'root', num_children: 4 },
      { name: 'size', type: 'BYTE_ARRAY', converted_type: 'ENUM', ...optional },
      { name: 'ms', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', ...optional },
      {
        name: 'ns',
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' },
        ...optional,
      },
      { name: 'k', type: 'BOOLEAN', ...optional },
    ];
    const columns = [
      { name: 'size', data: ['s', 'm'] },
      { name: 'ms', data: [1n, 86_400_000n] },
      { name: 'ns', data: [1_500_000n, null] as bigint[] },
      { name: 'k', data: [true, false] },
    ];
    const bytes = write(columns, { schema });
    const { samples, featureNames } = await readSamples([file('a.parquet', bytes)], { label: 'k', missing: 'mean' });
    const csv = 'size,ms,ns,k\ns,1970-01-01T00:00:00.001,1970-01-01T00:00:00.0015,true\nm,1970-01-02,,false\n';
    const table = parseCsv(csv, { label: 'k', missing: 'mean', dates: ['ms', 'ns'], categories: ['size'] });
    expect(featureNames).toEqual(table.featureNames);
    expect(samples.features).toEqual(table.features);
    expect(samples.labels).toEqual([true, false]);
  });

  it('has NaN as a missing value, and refuses infinity', async () => {
    const of = (x: number) => [
      file('a.parquet', write([column('x', [1, x], 'DOUBLE'), column('k', ['a', 'b'], 'STRING')])),
    ];
    expect(await refusal(readSamples(of(Number.NaN), { label: 'k' }))).toContain(
      'a.parquet:2:1: x must have a value; got nothing.',
    );
    expect(await refusal(readSamples(of(Number.POSITIVE_INFINITY), { label: 'k' }))).toContain(
      'a.parquet:2:1: x must be a finite number; got "Infinity".',
    );
  });

  it('has integers to 2^53, and beyond only as categories', async () => {
    const of = (x: bigint) => [
      file('a.parquet', write([column('id', [1n, x], 'INT64'), column('k', ['a', 'b'], 'STRING')])),
    ];
    const { samples } = await readSamples(of(-(2n ** 53n)), { label: 'k' });
    expect(samples.features.values).toEqual(Float64Array.of(1, -(2 ** 53)));
    expect(await refusal(readSamples(of(2n ** 53n + 1n), { label: 'k' }))).toBe(
      'FormatError: a.parquet:2:1: id must be an integer of at most 2^53 in size, which a number keeps exactly; got "9007199254740993". Is it an id? Pass `categories: ["id"]` or `ignore: ["id"]`.',
    );
    const { featureNames } = await readSamples(of(2n ** 53n + 1n), { label: 'k', categories: ['id'] });
    expect(featureNames).toEqual(['id=1', 'id=9007199254740993']);
  });
});

describe('a Parquet file in row groups', () => {
  const GROUPS = 8;
  const ROWS = 160_000;
  const numbers = (factor: number) => Array.from({ length: ROWS }, (_, i) => (i * factor) % 1009);
  const columns = ['a', 'b', 'c'].map((name, i) => column(name, numbers(Math.sqrt([2, 3, 5][i])), 'DOUBLE'));
  const bytes = write(columns, { rowGroupSize: ROWS / GROUPS, codec: 'UNCOMPRESSED' });
  const reads: number[] = [];
  const counted: BinaryFile = {
    ...fileInMemory('a.parquet', bytes),
    slice: (start, end = bytes.length) => {
      reads.push(end - start);
      return bytes.slice(start, end).buffer;
    },
  };

  it('is read by the columns that are asked for, never as a whole', async () => {
    const { blocks } = await openParquet([counted], 'a.parquet');
    const all = [1];
    for (const read of [[1], [0, 2]]) {
      reads.length = 0;
      let rows = 0;
      for await (const block of blocks(new Set(read))) {
        // The next group is read when it is asked for.
        expect(reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(
          ((rows / block.count + 1.1) * read.length * bytes.length) / (3 * GROUPS),
        );
        block.select(5);
        all.push(block.number(read[0], '.'));
        rows += block.count;
      }
      expect(rows).toBe(ROWS);
    }
    const expected = [1, 0].flatMap((field) =>
      Array.from({ length: GROUPS }, (_, g) => columns[field].data[(g * ROWS) / GROUPS + 5]),
    );
    expect(all.slice(1)).toEqual(expected);
  });

  it('is opened by its end', async () => {
    reads.length = 0;
    await openParquet([counted], 'a.parquet');
    expect(reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(bytes.length / 4);
  });
});

describe('columns without an encoding', () => {
  beforeAll(provideFormats);

  it('are shown by their type in the first rows of a file', async () => {
    const columns = [
      { name: 'when', data: [1, 2] },
      { name: 'k', data: ['a', 'b'] },
    ];
    const bytes = write(columns as ColumnSource[], {
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'when', type: 'INT32', converted_type: 'TIME_MILLIS' },
        { name: 'k', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      ],
    });
    expect(await identifyFiles([file('a.parquet', bytes)], { rows: 1 })).toEqual({
      ...{ kind: 'table', format: 'parquet', columns: ['when', 'k'] },
      rows: [['(times of day)', 'a']],
    });
  });

  const schema: Options['schema'] = [
    { name: 'root', num_children: 6 },
    { name: 'price', type: 'INT32', converted_type: 'DECIMAL', scale: 2, precision: 9, ...optional },
    { name: 'tags', converted_type: 'LIST', num_children: 1, ...optional },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', type: 'INT32', ...optional },
    { name: 'place', num_children: 1, ...optional },
    { name: 'x', type: 'INT32', ...optional },
    { name: 'raw', type: 'BYTE_ARRAY', ...optional },
    { name: 'at', type: 'INT32', converted_type: 'TIME_MILLIS', ...optional },
    { name: 'k', type: 'BOOLEAN', ...optional },
  ];
  const bytes = write(
    [
      { name: 'price', data: [1.25, 2.5] },
      { name: 'tags', data: [[1], [2, 3]] },
      { name: 'place', data: [{ x: 1 }, { x: 2 }] },
      { name: 'raw', data: [Uint8Array.of(255), Uint8Array.of(1)] },
      { name: 'at', data: [1, 2] },
      { name: 'k', data: [true, false] },
    ],
    { schema },
  );
  const types = {
    price: 'decimal numbers. Write it as double: cast(x as double) in SQL, astype(float) in pandas.',
    tags: 'a list.',
    place: 'a struct.',
    raw: 'binary values.',
    at: 'times of day.',
  };

  it.each(Object.entries(types))('are refused by name: %s', async (name, type) => {
    const ignore = Object.keys(types).filter((other) => other !== name);
    expect(await refusal(readSamples([file('a.parquet', bytes)], { label: 'k', ignore }))).toBe(
      `FormatError: a.parquet: ${name} must be a column of numbers, text, booleans or dates; got ${type} Pass \`ignore: ["${name}"]\` to leave it out.`,
    );
  });

  it('are left out by `ignore`, and refused where a model reads them', async () => {
    const more = write([
      ...['price'].map((name) => column(name, [1, 2], 'INT32')),
      column('k', [true, false], 'BOOLEAN'),
    ]);
    const { schema: learnt } = await readSamples([file('a.parquet', more)], { label: 'k' });
    const table = await openParquet([fileInMemory('b.parquet', bytes)], 'b.parquet');
    const model = { classes: [true, false], numFeatures: 1, schema: learnt };
    expect(await refusal(rowsOf(table, model, { labels: 'skip' }).next())).toContain(
      'b.parquet: price must be a column of numbers, text, booleans or dates; got decimal numbers.',
    );
  });
});

describe('a Parquet file is refused', () => {
  beforeAll(provideFormats);

  const whole = pets();
  const text = (content: string) => new TextEncoder().encode(content);
  const rule = 'the file must begin and end with PAR1, as Parquet does; got';
  it.each([
    ['that is empty', text(''), `a.parquet: ${rule} an empty file.`],
    ['that is short', text('PAR1'), `a.parquet: ${rule} 4 bytes.`],
    ['of another format', text('width,kind\n1,cat\n2,dog\n'), `a.parquet: ${rule} "widt".`],
    [
      'that is cut short',
      whole.subarray(0, whole.length - 20),
      'at the end. It is cut short: fetch or write it again.',
    ],
    [
      'without rows',
      write([column('x', [], 'INT32'), column('kind', [], 'STRING')]),
      'a.parquet: the table must have at least one row; got none.',
    ],
    [
      'without the label',
      write([column('x', [1], 'INT32')]),
      'a.parquet: label must be one of the columns "x"; got "kind".',
    ],
  ])('%s', async (_, bytes, message) => {
    const said = await refusal(readSamples([file('a.parquet', bytes)], PETS_OPTIONS));
    expect(said).toMatch(/^FormatError: .+$/);
    expect(said).toContain(message);
  });

  it.each([
    [
      'another column',
      write([column('y', [1], 'INT32'), column('kind', ['a'], 'STRING')]),
      'b.parquet: the table must have the column "x" as number 1, like a.parquet; got "y". Write it again with the same columns, or move it out of the folder.',
    ],
    [
      'another type',
      write([column('x', ['1'], 'STRING'), column('kind', ['a'], 'STRING')]),
      'b.parquet: x must hold numbers, like a.parquet; got text. Write it again with the same columns, or move it out of the folder.',
    ],
    [
      'a column less',
      write([column('x', [1], 'DOUBLE')]),
      'b.parquet: the table must have the column "kind", like a.parquet; got 1 column. Write it again with the same columns, or move it out of the folder.',
    ],
    [
      'a column more',
      write([column('x', [1], 'DOUBLE'), column('kind', ['a'], 'STRING'), column('z', [1], 'INT32')]),
      'b.parquet: the table must have no other column as number 3, like a.parquet; got "z". Write it again with the same columns, or move it out of the folder.',
    ],
  ])('that has %s than the first of its table', async (_, bytes, message) => {
    const first = write([column('x', [1], 'INT32'), column('kind', ['b'], 'STRING')]);
    expect(await refusal(readSamples([file('a.parquet', first), file('b.parquet', bytes)], { label: 'kind' }))).toBe(
      `FormatError: ${message}`,
    );
  });

  it('is an empty part: without rows it adds none, without bytes it is refused by its name', async () => {
    const part = (x: unknown[], kind: string[]) => write([column('x', x, 'DOUBLE'), column('kind', kind, 'STRING')]);
    const files = [
      file('a.parquet', part([], [])),
      file('b.parquet', part([1, 2], ['u', 'v'])),
      file('c.parquet', part([], [])),
      file('d.parquet', part([3], ['u'])),
    ];
    const { samples } = await readSamples(files, { label: 'kind' });
    expect([samples.features.values, samples.lines]).toEqual([Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3)]);
    const cut = [...files, file('e.parquet', new Uint8Array(0))];
    expect(await refusal(openParquet(await Promise.all(cut.map(wholeFile)), 'parts'))).toBe(
      'FormatError: e.parquet: the file must begin and end with PAR1, as Parquet does; got an empty file. Fetch or write it again.',
    );
  });

  it('names the file and its row', async () => {
    const part = (x: unknown[]) =>
      write([
        column('x', x, 'DOUBLE'),
        column(
          'kind',
          x.map((_, i) => `${i % 2}`),
          'STRING',
        ),
      ]);
    const files = [file('a.parquet', part([1, 2])), file('b.parquet', part([3, null]))];
    expect(await refusal(readSamples(files, { label: 'kind' }))).toContain(
      'FormatError: b.parquet:2:1: x must have a value; got nothing.',
    );
  });

  it('with two columns of one name', async () => {
    const bytes = write([
      column('x', [1, 2], 'INT32'),
      column('y', [3, 4], 'INT32'),
      column('kind', ['a', 'b'], 'STRING'),
    ]);
    const latin = Buffer.from(bytes).toString('latin1');
    const twice = Uint8Array.from(Buffer.from(latin.replaceAll('\x01y', '\x01x'), 'latin1'));
    expect(await refusal(readSamples([file('a.parquet', twice)], { label: 'kind' }))).toContain(
      'the header must name each column once; got "x" in columns 1 and 2. Rename one of them.',
    );
  });

  it('by errors of one line, whichever byte of its metadata is damaged', async () => {
    const length = new DataView(whole.buffer).getUint32(whole.length - 8, true);
    let refused = 0;
    for (let at = whole.length - 8 - length; at < whole.length; at++) {
      const bytes = whole.slice();
      bytes[at] ^= 0x55;
      const said = await refusal(readSamples([file('a.parquet', bytes)], PETS_OPTIONS));
      if (said !== 'accepted') refused++;
      expect(said).toMatch(/^accepted$|^(?:FormatError|DomainError): [^\n]+$/);
    }
    expect(refused).toBeGreaterThan(length / 4);
  });
});

describe('an optional package that is missing', () => {
  it('is named with the command that installs it', async () => {
    const load = () => Promise.reject(new Error("Cannot find package 'hyparquet' imported from a.js"));
    expect(await refusal(loadOptional(PACKAGES.parquet, 'a.parquet', load))).toBe(
      'BackendError: a.parquet: the packages hyparquet and hyparquet-compressors must be installed to read Parquet; got no hyparquet. Run: npm install hyparquet@1.31.5 hyparquet-compressors@1.1.2',
    );
  });

  it('is of the version that the tests use', () => {
    const path = join(__dirname, '..', 'package.json');
    const { devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync(path, 'utf8'));
    for (const { name, version } of Object.values(PACKAGES).flat()) {
      expect(devDependencies[name]).toBe(version);
      expect(peerDependencies[name]).toBeDefined();
      expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    }
    expect(installCommand(PACKAGES.parquet)).not.toContain('undefined');
  });
});

it('the parts of a folder are its Parquet files in the order of their names', () => {
  expect(partsOfFolder(__dirname)).toEqual([]);
});
