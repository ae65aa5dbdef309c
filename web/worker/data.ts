// web: files, or samples that were made → the samples of the page, some of them held back.
import {
  columnStatistics,
  type DataSet,
  FASHION_MNIST_CLASSES,
  type FeatureArray,
  type ReadSamplesOptions,
  readSamples,
  type Samples,
  take,
  trainTestSplit,
} from 'softmax-regression';
import type { TableOptions } from '../messages.js';

/** Samples to learn from, and others to test on. */
export interface PageData extends DataSet {
  readonly test: NonNullable<DataSet['test']>;
  /** Of the features; none for pictures. */
  readonly deviations?: Deviations;
  /** What numbers the rows of a table; lines by default. */
  readonly unit?: 'line' | 'row';
  /** What to learn from a training on them. */
  readonly lesson?: string;
}

export interface Deviations {
  readonly mean: ArrayLike<number>;
  readonly scale: ArrayLike<number>;
}

/** No more bytes than a page can hold: the 60,000 images of Fashion-MNIST have 47 MB. */
const MOST_BYTES = 1e9;

/** A fifth is held back. */
const READING = { testFraction: 0.2, seed: 1, maxBytes: MOST_BYTES, maxMemory: 4e9 } as const;

export async function dataOfFiles(source: 'iris' | readonly File[], options: ReadSamplesOptions): Promise<PageData> {
  const data = await readSamples(source, { ...READING, ...options });
  const deviations = data.image === undefined ? columnStatistics(data.samples.features) : undefined;
  return { ...data, test: data.test as PageData['test'], deviations };
}

/** Points in the plane, and the class of each. */
export interface Points {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly labels: readonly number[];
}

/** Points that were made, with the names of their classes. */
export function dataOfSamples(name: string, { points, labels }: Points, classes: readonly string[]): PageData {
  const { testFraction, seed } = READING;
  const split = trainTestSplit(labels.length, { testFraction, seed, stratify: labels });
  const part = (rows: Int32Array): Samples => {
    const values = Float64Array.from(take(points, rows).flat());
    return { features: { values, shape: [rows.length, 2] }, labels: take(labels, rows).map((k) => classes[k]) };
  };
  const samples = part(split.train);
  const deviations = columnStatistics(samples.features);
  return { name, samples, test: part(split.test), classes, featureNames: ['x', 'y'], dropped: 0, deviations };
}

/** A table, its columns of text one-hot encoded. */
export function tableData(files: readonly File[], options: TableOptions): Promise<PageData> {
  return dataOfFiles(files, { strings: 'one-hot', ...options });
}

/** The files of labels of Fashion-MNIST, unpacked, by their SHA-256: of 60,000 and of 10,000 images. */
const FASHION_MNIST_LABELS: ReadonlySet<string> = new Set([
  'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
]);

/** No file of labels of Fashion-MNIST is larger, packed or not. */
const MOST_OF_LABELS = 70_000;

/** Images and their labels: those to learn from, those to test on, or one of the two, of which some are then held back. */
export async function imageData(files: readonly File[]): Promise<PageData> {
  const data = await dataOfFiles(files, {});
  const { classes, image } = data;
  if (image?.width === 0 || image?.height === 0)
    throw new Error(`${data.name}: the images must have pixels; got none.`);
  if (classes.length < 2)
    throw new Error(`${data.name}: the labels must have at least two classes; got only ${classes[0]}.`);
  const known = await Promise.all(files.map(hasLabelsOfFashionMnist));
  if (known.filter(Boolean).length !== files.length / 2) return data;
  const named = (samples: Samples) => ({
    ...samples,
    labels: samples.labels.map((label) => FASHION_MNIST_CLASSES[Number(label)]),
  });
  const { samples, test } = data;
  return { ...data, name: 'Fashion-MNIST', samples: named(samples), test: named(test), classes: FASHION_MNIST_CLASSES };
}

async function hasLabelsOfFashionMnist(file: File): Promise<boolean> {
  // Pages without https have no checksums; labels then stay digits.
  if (file.size > MOST_OF_LABELS || crypto.subtle === undefined) return false;
  const sum = await crypto.subtle.digest('SHA-256', await new Response(await unpacked(file)).arrayBuffer());
  const digits = Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return FASHION_MNIST_LABELS.has(digits);
}

/** The bytes of a file, unpacked if it is gzipped. */
async function unpacked(file: File): Promise<ReadableStream<Uint8Array>> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isPacked = first === 0x1f && second === 0x8b;
  return isPacked ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream();
}

/** Lines and characters of a preview. */
const PREVIEW = { lines: 5, characters: 2000 };

/** The rows of a preview below the names of the columns. */
export const ROWS_OF_PREVIEW = PREVIEW.lines - 1;

/** Names and rows as lines. */
export function previewOf(lines: readonly (readonly string[])[]): string {
  return lines
    .map((line) => line.join(', '))
    .join('\n')
    .slice(0, PREVIEW.characters);
}

/** The first lines of a table, as they are in the file; fewer if it is damaged. */
export async function firstLinesOf(file: File): Promise<string> {
  const reader = (await unpacked(file)).getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    while (text.length < PREVIEW.characters) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    await reader.cancel();
  } catch {
    // Whoever reads the table says what is wrong with it.
  }
  return text
    .slice(0, PREVIEW.characters)
    .split(/\r\n|\r|\n/)
    .slice(0, PREVIEW.lines)
    .join('\n');
}

/** Files that are often dropped and are no data, by their first bytes as Latin-1. */
const FOREIGN: readonly (readonly [start: string, what: string])[] = [
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['RIFF', 'a picture or a sound'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a zip archive or a spreadsheet: save it as CSV'],
  ['\xd0\xcf\x11\xe0', 'an old office document: save it as CSV'],
  ['\x80\x04', 'a Python pickle'],
];

/** A safetensors file begins with the length of its header in eight bytes, then a brace. */
const START = 9;
const BRACE = 0x7b;

/** What the first bytes of a file say that the page cannot read; undefined if it may be data or a model. */
function foreignKindOf(name: string, bytes: Uint8Array): string | undefined {
  if (isOnnx(bytes)) return 'an ONNX model, which the page saves but cannot open';
  if (name.endsWith('.safetensors') && bytes[START - 1] !== BRACE) return 'no safetensors file, or is damaged';
  const start = String.fromCharCode(...bytes);
  return FOREIGN.find(([first]) => start.startsWith(first))?.[1];
}

/** An ONNX model begins with its version, from 1, then the name of its producer. */
function isOnnx([first, version, third]: Uint8Array): boolean {
  return first === 0x08 && version > 0 && version < 0x20 && third === 0x12;
}

/**
 * Refuses what the page cannot read, before anything is read.
 *
 * @throws an error in the words of the page
 */
export async function assertReadable(files: readonly File[]): Promise<void> {
  for (const file of files) {
    if (file.size > MOST_BYTES) {
      const size = (file.size / 1e9).toFixed(1);
      throw new Error(
        `${file.name}: the file must have at most 1 GB; got ${size} GB. The command line reads larger ones.`,
      );
    }
    const content = await file
      .slice(0, START)
      .arrayBuffer()
      .catch(() => {
        throw new Error(
          `${file.name}: this browser cannot read it. Choose files, not folders, and none that has moved.`,
        );
      });
    const bytes = new Uint8Array(content);
    const what = foreignKindOf(file.name, bytes);
    if (what === undefined) continue;
    const rule =
      'the file must be a table (CSV, JSON lines, SVMlight, Parquet, Arrow), a model as safetensors, or IDX files of images and labels';
    throw new Error(`${file.name}: ${rule}; it is ${what}.`);
  }
}

/** No more columns than a list of a page can hold. */
const MOST_COLUMNS = 100_000;

/** @throws an error in the words of the page */
export function assertShowable(name: string, { length }: readonly string[]): void {
  if (length <= MOST_COLUMNS) return;
  const [most, given] = [MOST_COLUMNS, length].map((each) => each.toLocaleString('en'));
  throw new Error(
    `${name}: the table must have at most ${most} columns here; got ${given}. The command line reads wider ones.`,
  );
}

export function rowOf({ values, shape: [, d], scale = 1 }: FeatureArray, i: number): Float64Array {
  return Float64Array.from(values.subarray(i * d, (i + 1) * d), (value) => value / scale);
}
