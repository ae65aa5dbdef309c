import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadIdxFolder } from 'softmax-regression/node';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'idx-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The bytes of an IDX file. */
function idx(type: number, shape: readonly number[], numbers: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((size) => [0, 0, size >> 8, size & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...sizes, ...numbers]);
}

const IMAGES = idx(8, [2, 1, 3], [0, 255, 51, 1, 2, 3]);
const LABELS = idx(8, [2], [7, 0]);

function put(files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

async function refusal(path = folder): Promise<string> {
  return loadIdxFolder(path).then(
    () => 'accepted',
    (error) => `${error.name}: ${error.message.replaceAll(folder, 'D')}`,
  );
}

describe('loadIdxFolder', () => {
  it('loads both parts, gzipped or not', async () => {
    put({
      'train-images-idx3-ubyte': IMAGES,
      'train-labels-idx1-ubyte.gz': gzipSync(LABELS),
      't10k-images-idx3-ubyte.gz': gzipSync(idx(8, [1, 1, 3], [9, 8, 7])),
      't10k-labels-idx1-ubyte': idx(8, [1], [3]),
      'README.md': Uint8Array.of(1),
    });
    const { train, test, sampleShape } = await loadIdxFolder(folder);
    expect(train?.features).toMatchObject({ shape: [2, 3], scale: 255 });
    expect([...(train?.features.values ?? [])]).toEqual([0, 255, 51, 1, 2, 3]);
    expect(train?.labels).toEqual(Int32Array.of(7, 0));
    expect([...(test?.features.values ?? [])]).toEqual([9, 8, 7]);
    expect(test?.labels).toEqual(Int32Array.of(3));
    expect(sampleShape).toEqual([1, 3]);
  });

  it.each([
    [['train-images.idx3-ubyte', 'train-labels.idx1-ubyte'], 'train'],
    [['emnist-letters-train-images-idx3-ubyte', 'emnist-letters-train-labels-idx1-ubyte'], 'train'],
    [['images-idx3-ubyte', 'labels-idx1-ubyte'], 'train'],
    [['test-images-idx3-ubyte', 'test-labels-idx1-ubyte'], 'test'],
    [['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'], 'test'],
  ])('recognises the names %j as %s', async ([images, labels], part) => {
    put({ [images]: IMAGES, [labels]: LABELS });
    const loaded = await loadIdxFolder(folder);
    expect(Object.keys(loaded)).toEqual([part, 'sampleShape']);
  });

  it('loads other number types without a scale', async () => {
    put({
      'train-images-idx3-float': idx(13, [1, 1], [0x3f, 0x80, 0, 0]),
      'train-labels-idx1-int': idx(12, [1], [0, 0, 1, 0]),
    });
    const { train } = await loadIdxFolder(folder);
    expect(train?.features).toEqual({ values: Float32Array.of(1), shape: [1, 1] });
    expect(train?.labels).toEqual(Int32Array.of(256));
  });

  it('prefers the plain file to the gzipped one', async () => {
    put({ 'images-idx3-ubyte': IMAGES, 'images-idx3-ubyte.gz': Uint8Array.of(1), 'labels-idx1-ubyte': LABELS });
    expect((await loadIdxFolder(folder)).train?.features.shape).toEqual([2, 3]);
  });

  const pair = { 'train-images-idx3-ubyte': IMAGES, 'train-labels-idx1-ubyte': LABELS };
  it.each<[string, Readonly<Record<string, Uint8Array>>, string]>([
    ['no files', {}, 'FormatError: D: this folder must hold files such as train-images-idx3-ubyte'],
    [
      'images alone',
      { 'train-images-idx3-ubyte': IMAGES },
      'FormatError: D: the file of train labels must be given beside D/train-images-idx3-ubyte; got no such file. A usual name is train-labels-idx1-ubyte.',
    ],
    [
      'labels alone',
      { 't10k-labels-idx1-ubyte': LABELS },
      'FormatError: D: the file of test images must be given beside D/t10k-labels-idx1-ubyte; got no such file. A usual name is t10k-images-idx3-ubyte.',
    ],
    [
      'two data sets',
      { ...pair, 'b-train-images-idx3-ubyte': IMAGES },
      'D: this folder must hold one data set, whose files have the same prefix; got "", "b-"',
    ],
    [
      'too few labels',
      { ...pair, 'train-labels-idx1-ubyte': idx(8, [1], [7]) },
      'D/train-labels-idx1-ubyte: the number of labels must be 2, the number of samples in D/train-images-idx3-ubyte; got 1. Are the two files parts of one data set?',
    ],
    [
      'no samples',
      { 'images-idx2-ubyte': idx(8, [0, 3], []), 'labels-idx1-ubyte': idx(8, [0], []) },
      'D/images-idx2-ubyte: the number of samples must be at least 1; got 0.',
    ],
    [
      'labels that are not integers',
      { ...pair, 'train-labels-idx1-ubyte': idx(13, [1], [0, 0, 0, 0]) },
      'labels must be one integer for each sample; got Float32Array of shape [1].',
    ],
    [
      'test samples of another shape',
      { ...pair, 't10k-images-idx3-ubyte': idx(8, [1, 2], [1, 2]), 't10k-labels-idx1-ubyte': idx(8, [1], [0]) },
      'D: the test samples must have the shape of the training samples, [1, 3]; got [2].',
    ],
    [
      'a truncated file',
      { ...pair, 'train-images-idx3-ubyte': IMAGES.slice(0, -1) },
      'D/train-images-idx3-ubyte: length must be 22 bytes for uint8 of shape [2, 1, 3]; got 21.',
    ],
    [
      'a gzip file with the name of a plain one',
      { ...pair, 'train-images-idx3-ubyte': gzipSync(IMAGES) },
      'The file is still gzipped: gunzip it first.',
    ],
    [
      'a plain file with the name of a gzip file',
      { 'images-idx3-ubyte.gz': IMAGES, 'labels-idx1-ubyte': LABELS },
      'D/images-idx3-ubyte.gz: gzip data must unpack; got incorrect header check. If the file is not compressed, rename it without .gz.',
    ],
    [
      'a gzip file that is longer than its header says',
      { 'images-idx3-ubyte.gz': gzipSync(Buffer.concat([IMAGES, Buffer.alloc(2 ** 20)])), 'labels-idx1-ubyte': LABELS },
      'D/images-idx3-ubyte.gz: gzip data must unpack to 22 bytes; got more.',
    ],
    [
      'a truncated gzip file',
      { 'images-idx3-ubyte.gz': gzipSync(IMAGES).subarray(0, 30), 'labels-idx1-ubyte': LABELS },
      'D/images-idx3-ubyte.gz',
    ],
    [
      'a header of more bytes than the limit',
      { 'images-idx3-ubyte.gz': gzipSync(idx(8, [65535, 65535], [])), 'labels-idx1-ubyte': LABELS },
      'D/images-idx3-ubyte.gz: the file must have at most 2147483647 bytes; got 4294836237.',
    ],
  ])('rejects %s', async (_, files, message) => {
    put(files);
    expect(await refusal()).toContain(message);
  });

  it('names the path that cannot be read', async () => {
    expect(await refusal(join(folder, 'none'))).toContain(
      'BackendError: D/none: this path must be a readable folder; got ENOENT',
    );
    put({ 'labels-idx1-ubyte': LABELS });
    expect(await refusal(join(folder, 'labels-idx1-ubyte'))).toContain('must be a readable folder; got ENOTDIR');
    mkdirSync(join(folder, 'images-idx3-ubyte'));
    expect(await refusal()).toContain('FormatError: D/images-idx3-ubyte: this path must be a file; got something else');
  });
});
