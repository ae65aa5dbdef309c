// web: dropped files → samples. Everything that may be wrong with them is an error whose message the page shows.
import {
  type CsvSchema,
  FASHION_MNIST_CLASSES,
  type FeatureArray,
  type IdxArray,
  type Label,
  loadIris,
  parseCsv,
  parseIdx,
  take,
  trainTestSplit,
} from 'softmax-regression';
import type { ImageSize, TableOptions } from './messages.js';

export interface Samples {
  readonly features: FeatureArray;
  readonly labels: readonly Label[];
}

export interface DataSet {
  readonly name: string;
  readonly train: Samples;
  readonly test: Samples;
  readonly classes: readonly Label[];
  readonly featureNames?: readonly string[];
  readonly image?: ImageSize;
  readonly schema?: CsvSchema;
  readonly note: string;
}

const HELD_OUT = 0.2;
const SEED = 1;

/** More than the 47 MB of 60,000 images, and less than what brings a page down. */
const MAX_BYTES = 1e9;

export function irisData(): DataSet {
  const { features, labels, featureNames, classNames } = loadIris();
  const all = { values: Float64Array.from(features.flat()), shape: [150, 4] as const };
  return { name: 'Iris', ...parts({ features: all, labels }), featureNames, classes: classNames, note: '' };
}

export type FileKind = 'table' | 'idx' | 'model';

/** What a file is: its bytes decide, whatever it is called. */
export function kindOf(bytes: Uint8Array): FileKind {
  // A safetensors file begins with the length of its header in eight bytes, and the header with a brace.
  if (bytes.length > 9 && bytes[6] === 0 && bytes[7] === 0 && bytes[8] === 0x7b) return 'model';
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 ? 'idx' : 'table';
}

/** The bytes of a file, unpacked if it is gzipped. */
export async function readFile(file: File): Promise<Uint8Array> {
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (file.size > MAX_BYTES) throw new Error(`${file.name}: the file is larger than 1 GB, more than a page can hold.`);
  if (start[0] !== 0x1f || start[1] !== 0x8b) return new Uint8Array(await file.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > MAX_BYTES) throw new Error('it holds more than 1 GB');
      chunks.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${file.name}: the gzip file cannot be unpacked (${reason}). Fetch it again.`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The names in the first line of a table; whether they will do is checked when it is read. */
export function columnsOf(bytes: Uint8Array, name: string): readonly string[] {
  // Only as much as a header may take: the last line of it may be cut, and is left out.
  const text = new TextDecoder().decode(bytes.subarray(0, 2 ** 20)).replace(/^\uFEFF/, '');
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  if (lines.length < 2) throw new Error(`${name}: the table must have a line of names and rows below it.`);
  const { schema } = parseCsv(`${lines[0]}\n${lines[0]}`, { name, strings: 'one-hot', missingTokens: [] });
  return schema.columns.map((column) => column.name);
}

/** A table, its columns of text one-hot encoded. */
export async function tableData(file: File, { label, missing }: TableOptions): Promise<DataSet> {
  const table = parseCsv(await readFile(file), { name: file.name, label, missing, strings: 'one-hot' });
  const { features, labels, classes, featureNames, schema, dropped } = table;
  const note = dropped === 0 ? '' : `${dropped} ${dropped === 1 ? 'row' : 'rows'} with missing values left out.`;
  return { name: file.name, ...parts({ features, labels }), classes, featureNames, schema, note };
}

type Part = 'train' | 'test';
interface Loaded {
  readonly name: string;
  readonly part: Part;
  readonly array: IdxArray;
}

/** Images and their labels: those to learn from, those to test on, or one of the two, of which some are then held back. */
export function imageData(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  isClothing: boolean,
): DataSet {
  const loaded = files.map(
    ({ name, bytes }): Loaded => ({
      name,
      part: /t10k|test/i.test(name) ? 'test' : 'train',
      array: parseIdx(bytes, { name }),
    }),
  );
  const [train, test] = (['train', 'test'] as const).map((part) =>
    samplesOf(
      loaded.filter((file) => file.part === part),
      part,
      isClothing,
    ),
  );
  const some = train ?? test;
  if (some === undefined) throw new Error('No images: choose a file of images and the file of their labels together.');
  const { width, height } = some.image;
  if (train !== undefined && test !== undefined && train.features.shape[1] !== test.features.shape[1]) {
    throw new Error('The images to test on must be as large as those to learn from.');
  }
  const both = train !== undefined && test !== undefined ? { train, test } : parts(some);
  const classes = [...new Set([...both.train.labels, ...both.test.labels])].sort((a, b) => Number(a) - Number(b));
  const name = isClothing ? 'Fashion-MNIST' : loaded[0].name;
  return {
    name,
    ...both,
    classes: isClothing ? FASHION_MNIST_CLASSES : classes,
    image: { width, height },
    note: '',
  };
}

function samplesOf(
  files: readonly Loaded[],
  part: Part,
  isClothing: boolean,
): (Samples & { readonly image: ImageSize }) | undefined {
  if (files.length === 0) return undefined;
  const images = files.filter(({ array }) => array.shape.length === 3);
  const labels = files.filter(({ array }) => array.shape.length === 1);
  if (images.length !== 1 || labels.length !== 1) {
    const names = files.map(({ name }) => name).join(', ');
    const what = part === 'train' ? 'to learn from' : 'to test on';
    throw new Error(
      `Of the images ${what}, one file of images [n, height, width] and one of labels [n] must be chosen together; got ${names}.`,
    );
  }
  const [n, height, width] = images[0].array.shape;
  const { values } = images[0].array;
  const numbers = Array.from(labels[0].array.values);
  if (numbers.length !== n) {
    throw new Error(
      `${labels[0].name}: must have ${n} labels, as many as images in ${images[0].name}; got ${numbers.length}.`,
    );
  }
  if (isClothing && numbers.some((label) => !(label in FASHION_MNIST_CLASSES))) {
    throw new Error(`${labels[0].name}: labels must be 0 to 9 to be clothes. Untick Fashion-MNIST's names.`);
  }
  const scale = values instanceof Uint8Array ? { scale: 255 } : {};
  return {
    features: { values, shape: [n, height * width], ...scale },
    labels: isClothing ? numbers.map((label) => FASHION_MNIST_CLASSES[label]) : numbers,
    image: { width, height },
  };
}

/** Some held back: the same share of each class, unless one has a single sample. */
function parts({ features, labels }: Samples): { train: Samples; test: Samples } {
  const counts = new Map<Label, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const stratify = [...counts.values()].every((count) => count > 1) ? labels : undefined;
  const split = trainTestSplit(labels.length, { testFraction: HELD_OUT, seed: SEED, stratify });
  const part = (indices: Int32Array) => ({ features: take(features, indices), labels: take(labels, indices) });
  return { train: part(split.train), test: part(split.test) };
}
