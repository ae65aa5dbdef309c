// Reading files from their bytes, as in the page and the command line.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  FASHION_MNIST_CLASSES,
  identifyFiles,
  loadIris,
  type NamedBytes,
  parseCsv,
  readSamples,
  SoftmaxRegression,
  take,
  trainTestSplit,
} from 'softmax-regression';
import { chunksOf, wholeOf } from '../src/reading/bytes.js';
import { divided } from '../src/reading/samples.js';
import { useBackend } from './helpers/backends.js';

/** An IDX file of unsigned bytes. */
function idx(shape: readonly number[], numbers: readonly number[]): Uint8Array {
  return Uint8Array.from([
    0,
    0,
    8,
    shape.length,
    ...shape.flatMap((size) => [0, 0, size >> 8, size & 255]),
    ...numbers,
  ]);
}

function file(name: string, content: string | Uint8Array): File {
  return new File([content as BlobPart], name);
}

const PETS = 'width,colour,kind\n1.5,red,cat\n2,blue,dog\n3,,dog\n2,blue,cat\n';
const IMAGES = idx([2, 2, 3], [0, 255, 51, 1, 2, 3, 6, 5, 4, 3, 2, 1]);
const LABELS = idx([2], [7, 0]);
const TESTED = { images: idx([1, 2, 3], [9, 8, 7, 6, 5, 4]), labels: idx([1], [7]) };
const MODEL = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d);
const FOUR = [
  file('train-images-idx3-ubyte.gz', gzipSync(IMAGES)),
  file('t10k-labels-idx1-ubyte', TESTED.labels),
  file('train-labels-idx1-ubyte', LABELS),
  file('t10k-images-idx3-ubyte.gz', gzipSync(TESTED.images)),
];

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    ({ name, message }) => `${name}: ${message}`,
  );
}

describe('readSamples', () => {
  it('matches the docstring example', async () => {
    const pets = file('pets.csv', 'width,kind\n1,cat\n9,dog\n2,cat');
    const { samples, classes } = await readSamples([pets], { label: 'kind' });
    expect(samples.features.values).toEqual(Float64Array.of(1, 9, 2));
    expect(samples.labels).toEqual(['cat', 'dog', 'cat']);
    expect(classes).toEqual(['cat', 'dog']);
  });

  it('reads tables like parseCsv, gzipped or not, in any chunks', async () => {
    const options = { label: 'kind', strings: 'one-hot', missing: 'drop' } as const;
    const { features, labels, lines, ...described } = parseCsv(PETS, options);
    const expected = { samples: { features, labels, lines }, ...described, dropped: 1 };
    const packed = gzipSync(PETS);
    const bytewise: NamedBytes = {
      name: 'pets.csv',
      async *stream() {
        for (const byte of packed) yield Uint8Array.of(byte);
      },
    };
    for (const source of [file('pets.csv', PETS), file('pets.csv', packed), bytewise]) {
      expect(await readSamples([source], options)).toEqual({ name: 'pets.csv', ...expected });
    }
  });

  it('holds out rows for validation, with their line numbers', async () => {
    const text = `size,kind\n${Array.from({ length: 40 }, (_, i) => `${i},${i > 19 ? 'dog' : 'cat'}`).join('\n')}\n`;
    const { samples, test } = await readSamples([file('sizes.csv', text)], { label: 'kind', testFraction: 0.25 });
    const { result } = await SoftmaxRegression.fit(samples.features, samples.labels, {
      validation: test,
      standardize: true,
    });
    expect(result.history[0].validationLoss).toBeGreaterThan(0);
    // Line 1 is the header, and sizes count from 0.
    expect(test?.lines).toEqual(Float64Array.from(test?.features.values ?? [], (size) => size + 2));
  });

  it('pairs images with labels by name, in any order', async () => {
    const data = await readSamples(FOUR);
    expect(data).toEqual({
      name: 'train-images-idx3-ubyte.gz',
      samples: { features: { values: IMAGES.slice(16), shape: [2, 6], scale: 255 }, labels: [7, 0] },
      test: { features: { values: TESTED.images.slice(16), shape: [1, 6], scale: 255 }, labels: [7] },
      classes: [0, 7],
      image: { width: 3, height: 2 },
      dropped: 0,
    });
  });

  it('distinguishes images from labels by their axes if names do not', async () => {
    const data = await readSamples([
      file('a', LABELS),
      file('b', IMAGES),
      file('test a', LABELS),
      file('test b', IMAGES),
    ]);
    expect([data.samples.labels, data.test?.labels]).toEqual([
      [7, 0],
      [7, 0],
    ]);
  });

  it('uses a single part for training', async () => {
    const data = await readSamples([file('t10k a', LABELS), file('t10k b', IMAGES)]);
    expect([data.samples.labels, data.test]).toEqual([[7, 0], undefined]);
  });

  it('replaces integer labels by class names', async () => {
    const { samples, classes } = await readSamples(FOUR, { classNames: FASHION_MNIST_CLASSES });
    expect(samples.labels).toEqual(['Sneaker', 'T-shirt/top']);
    expect(classes).toEqual(FASHION_MNIST_CLASSES);
  });

  it('returns training and validation samples for fit', async () => {
    await useBackend('cpu');
    const { samples, test, classes } = await readSamples(FOUR);
    const { result } = await SoftmaxRegression.fit(samples.features, samples.labels, {
      ...{ classes, l2: 0.1, validation: test },
    });
    expect(result.history[0].validationLoss).toBeGreaterThan(0);
  });

  it('holds out the same fraction of each class', async () => {
    const { features, labels } = loadIris();
    const split = trainTestSplit(150, { testFraction: 0.2, seed: 1, stratify: labels });
    // In the order of the file.
    const [train, test] = [split.train.sort(), split.test.sort()];
    const data = await readSamples('iris', { testFraction: 0.2, seed: 1 });
    expect(data.samples.labels).toEqual(take(labels, train));
    expect(data.test?.labels).toEqual(take(labels, test));
    expect([...(data.test?.features.values ?? [])]).toEqual(take(features, test).flat());
    expect(data.featureNames).toEqual(loadIris().featureNames);
  });

  it('holds out rows of a table with a class of one sample', async () => {
    const table = file('a.csv', 'x,kind\n1,a\n2,a\n3,a\n4,b\n');
    const { samples, test } = await readSamples([table], { label: 'kind', testFraction: 0.5 });
    expect([samples.labels.length, test?.labels.length]).toEqual([2, 2]);
  });

  it('holds out nothing of one sample, which it says', async () => {
    const one = [file('i.idx3', TESTED.images), file('l.idx1', TESTED.labels)];
    expect(await refusal(readSamples(one, { testFraction: 0.5 }))).toBe(
      'FormatError: i.idx3: the number of samples must be at least 2 to hold some out; got 1.',
    );
  });

  it('holds out nothing if the files include a test part', async () => {
    const { samples, test } = await readSamples(FOUR, { testFraction: 0.5 });
    expect([samples.labels.length, test?.labels.length]).toEqual([2, 1]);
  });

  const images = file('i.idx3', IMAGES);
  const labels = file('l.idx1', LABELS);
  const damaged = file('a.csv.gz', gzipSync(PETS).subarray(0, 20));
  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a table without a label',
      () => readSamples([file('a.csv', PETS)]),
      /^DomainError: a\.csv: label must be one of the columns "width", "colour", "kind"; got nothing\.$/,
    ],
    [
      'a table without a label whose header is a number',
      () => readSamples([file('a.csv', '1,2\n')]),
      /one of the columns "1", "2"; got nothing\. If the first line is data, pass `header: false`\.$/,
    ],
    [
      'a table without a header and a label',
      () => readSamples([file('a.csv', '1,2\n')], { header: false }),
      /one of the columns "column 1", "column 2"; got nothing/,
    ],
    ['no files', () => readSamples([]), /^FormatError: the files must be one table, .*; got none\.$/],
    [
      'a table with labels',
      () => readSamples([file('a.csv', PETS), labels]),
      /^FormatError: a\.csv, l\.idx1: the files must be one table, one model, .*; got a table, an IDX file\.$/,
    ],
    [
      'many tables',
      () => identifyFiles([...Array(299).keys()].map((i) => file(`${i}.csv`, PETS)).concat(file('m', MODEL))),
      /^FormatError: 0\.csv, 1\.csv, 2\.csv and 297 more: the files must be one table, .*; got 299 tables, a model\.$/,
    ],
    ['a model', () => readSamples([file('m', MODEL)]), /^FormatError: m: the file must be a table, .*; got a model\.$/],
    [
      'images alone',
      () => readSamples([images]),
      /^FormatError: i\.idx3: the file of train labels must be given beside i\.idx3; got no such file\. A usual name is train-labels-idx1-ubyte\.$/,
    ],
    [
      'two files of labels',
      () => readSamples([images, labels, file('m.idx1', LABELS)]),
      /the train labels must be in one file; got l\.idx1, m\.idx1\. Leave out all but one of them\.$/,
    ],
    [
      'a label without a class name',
      () => readSamples([images, labels], { classNames: ['a', 'b'] }),
      /^DomainError: i\.idx3: classNames must have a name for each label; got 2 names and the label 7\.$/,
    ],
    [
      'class names for a table',
      () => readSamples([file('a.csv', PETS)], { label: 'kind', classNames: [] }),
      /classNames must be left out: it applies only to IDX files; got a\.csv\.$/,
    ],
    [
      'a label for IDX files',
      () => readSamples([images, labels], { label: 'kind' }),
      /^DomainError: readSamples: label must be left out: it applies only to CSV files; got i\.idx3, l\.idx1\.$/,
    ],
    ['a label for iris', () => readSamples('iris', { label: 'kind' }), /label must be left out.*; got iris\.$/],
    [
      'a file above maxBytes',
      () => readSamples([file('a.csv', gzipSync(' '.repeat(1e6)))], { label: 'kind', maxBytes: 1000 }),
      /^FormatError: a\.csv: the file must have at most 1000 bytes; got more\.$/,
    ],
    [
      'a damaged gzip file',
      () => readSamples([damaged], { label: 'kind' }),
      /^FormatError: a\.csv\.gz: gzip data must unpack; got .*\. The file is damaged: fetch it again\.$/,
    ],
    ['an unknown option', () => readSamples('iris', { sed: 1 } as object), /^DomainError: readSamples: options/],
  ])('rejects %s', async (_, read, message) => {
    expect(await refusal(read())).toMatch(message);
  });
});

describe('identifyFiles', () => {
  it('matches the docstring example', async () => {
    const pets = file('pets.csv', 'width,kind\n1,cat');
    expect(await identifyFiles([pets])).toEqual({ kind: 'table', format: 'csv', columns: ['width', 'kind'] });
  });

  it('reads quoted names after a byte order mark, without rows', async () => {
    const table = file('a.csv', gzipSync('\uFEFF"a;b";"c\nd"; e'));
    expect(await identifyFiles([table])).toEqual({ kind: 'table', format: 'csv', columns: ['a;b', 'c\nd', 'e'] });
  });

  it('recognises IDX files and models by their bytes', async () => {
    expect(await identifyFiles(FOUR)).toEqual({ kind: 'idx' });
    expect(await identifyFiles([file('a.csv', gzipSync(MODEL))])).toEqual({ kind: 'model', bytes: MODEL });
  });

  it('gives first rows of tables whose columns have types, as text', async () => {
    const lines = '{"a":1.5,"b":["x"],"c":true}\n{"a":null,"c":"x,y"}\n{"a":2}\n';
    const table = { kind: 'table', format: 'json-lines', columns: ['a', 'b', 'c'] };
    expect(await identifyFiles([file('a.jsonl', lines)], { rows: 2 })).toEqual({
      ...table,
      rows: [
        ['1.5', '["x"]', 'true'],
        ['', '', 'x,y'],
      ],
    });
    expect((await identifyFiles([file('a.jsonl', lines)], { rows: 9 })) as object).toHaveProperty('rows.length', 3);
    expect(await identifyFiles([file('a.jsonl', lines)])).toEqual(table);
    expect(await identifyFiles([file('a.csv', 'a,b\n1,2\n')], { rows: 2 })).not.toHaveProperty('rows');
    expect(await refusal(identifyFiles([file('a.jsonl', lines)], { rows: 0 }))).toBe(
      'DomainError: identifyFiles: rows must be an integer > 0; got 0.',
    );
  });

  it('stops reading after the header, and closes the file', async () => {
    let [chunks, opened] = [0, 0];
    const endless: NamedBytes = {
      name: 'endless.csv',
      async *stream() {
        opened++;
        try {
          for (;;) {
            chunks++;
            yield new TextEncoder().encode('a,b\n1,2\n3,4\n');
          }
        } finally {
          opened--;
        }
      },
    };
    expect(await identifyFiles([endless])).toEqual({ kind: 'table', format: 'csv', columns: ['a', 'b'] });
    expect({ chunks, opened }).toEqual({ chunks: 2, opened: 0 });
  });

  it('rejects an empty file', async () => {
    expect(await refusal(identifyFiles([file('a.csv', '\n')]))).toBe(
      'FormatError: a.csv: the table must have a header line; got an empty file.',
    );
  });
});

describe('gzipped bytes', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reading-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const TEXT = Buffer.from('0123456789'.repeat(1e5));

  it('are unpacked, also from disk', async () => {
    const path = join(folder, 'text.gz');
    writeFileSync(path, gzipSync(TEXT));
    const unpacked = await wholeOf({ name: path, stream: () => createReadStream(path) });
    expect(TEXT.equals(unpacked)).toBe(true);
  });

  it('close their stream when the reader stops', async () => {
    let isOpen = true;
    const packed: NamedBytes = {
      name: 'text.gz',
      async *stream() {
        try {
          for (;;) yield gzipSync(TEXT, { level: 0 });
        } finally {
          isOpen = false;
        }
      },
    };
    for await (const chunk of chunksOf(packed)) if (chunk.length > 0) break;
    expect(isOpen).toBe(false);
  });

  it('pass on errors of the stream', async () => {
    const lost: NamedBytes = {
      name: 'text.gz',
      async *stream() {
        yield gzipSync(TEXT).subarray(0, 100);
        throw new RangeError('the disk is gone');
      },
    };
    expect(await refusal(wholeOf(lost))).toBe('RangeError: the disk is gone');
  });
});

describe('divided', () => {
  it('gives the same parts in the memory of the samples', () => {
    const rows = 50;
    const samples = () => ({
      features: { values: Float64Array.from({ length: 3 * rows }, (_, i) => Math.sin(i)), shape: [rows, 3] as const },
      labels: Array.from({ length: rows }, (_, i) => 'abc'[i % 3]),
      lines: Float64Array.from({ length: rows }, (_, i) => i + 2),
    });
    const choices = { testFraction: 0.3, seed: 4 };
    const whole = samples();
    const inPlace = divided(whole, { ...choices, inPlace: true });
    expect(inPlace).toEqual(divided(samples(), choices));
    expect(inPlace.train.features.values.buffer).toBe(whole.features.values.buffer);
    expect(inPlace.test.features.values.buffer).toBe(whole.features.values.buffer);
  });
});
