// node: the encoded rows of a table in a file, from which the next command reads them in place of the table.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackendError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { completeRows, type RowStoring } from '../data/stored-rows.js';
import type { AnyDataSet } from '../reading/samples.js';
import { type AtomicWriter, openAtomicWriter } from './atomic-writer.js';
import { errorCode, makeFolder } from './files.js';
import { lackOfSpace } from './free-space.js';
import { bytesOf, NumberPacker, packedSize, unpacking, type Widths } from './packed-numbers.js';

/** What rows are valid for: the file and its state, the options of reading, the version of the package. */
export type Origin = Readonly<Record<string, string>>;

/** The description of the rows: what is in the file besides numbers. */
interface Described extends Omit<AnyDataSet, 'samples' | 'test'> {
  readonly origin: Origin;
  readonly shape: readonly [n: number, d: number];
  /** How the features are packed. */
  readonly widths: Widths;
  /** The bytes of memory that the table needs. */
  readonly needed: number;
  /** The distinct labels and groups, to which the numbers of the rows refer. */
  readonly labels: readonly Label[];
  readonly groups?: readonly string[];
  /** Which lists the file has, in this order. */
  readonly lists: readonly List[];
}

const LISTS = ['labels', 'lines', 'sampleWeights', 'groups', 'times'] as const;
type List = (typeof LISTS)[number];

/** The file begins and ends with these; between them are the features, the lists, the description and its length. */
const [FIRST, LAST] = ['softmax-regression rows 1\n      ', 'the end\n'];
const NUMBER = 8;

const OTHER_FOLDER = 'Move it, or name another folder.';

const ENCODER = new TextEncoder();

/** A file of rows, and what it holds. The features are read from it until it is closed. */
export interface RowCache {
  readonly origin: Origin;
  readonly shape: readonly [n: number, d: number];
  readonly needed: number;
  /** The data set, with stored features. */
  data(): Promise<AnyDataSet>;
  close(): Promise<void>;
}

/**
 * Opens a file of rows; undefined if there is none, or it is cut short.
 *
 * @throws BackendError for another file, which is not replaced
 */
export async function openRowCache(path: string): Promise<RowCache | undefined> {
  // Without O_NONBLOCK, opening a pipe waits for a writer.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause) => {
    if (errorCode(cause) === 'ENOENT') return undefined;
    const rule = { where: path, argument: 'the file', expected: 'be readable', actual: (cause as Error).message };
    throw new BackendError({ ...rule, hint: OTHER_FOLDER, cause });
  });
  if (file === undefined) return undefined;
  try {
    const described = await describedIn(file, path);
    if (described === undefined) {
      await file.close();
      return undefined;
    }
    const { origin, shape, needed } = described;
    return { origin, shape, needed, data: () => dataIn(file, described), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The description, if the file is as long as it says. */
async function describedIn(file: FileHandle, path: string): Promise<Described | undefined> {
  const state = await file.stat();
  const { size } = state;
  const first = state.isFile() ? await textIn(file, 0, Math.min(size, FIRST.length)) : undefined;
  if (first !== FIRST.slice(0, first?.length)) {
    const rule = { where: path, argument: 'the file', expected: 'be one of rows, as --cache writes it' };
    const actual = first === undefined ? 'a folder or a device' : 'another file';
    throw new BackendError({ ...rule, actual, hint: OTHER_FOLDER });
  }
  const tail = NUMBER + LAST.length;
  if (size < FIRST.length + tail || (await textIn(file, size - LAST.length, LAST.length)) !== LAST) return undefined;
  const [length] = await numbersIn(file, size - tail, 1);
  const text = await textIn(file, size - tail - length, length).catch(() => '');
  const described = parsed(text);
  if (described === undefined) return undefined;
  const { shape, widths, lists } = described;
  const [n, d] = shape;
  const packed = packedSize(widths, n * d);
  return size === FIRST.length + packed + NUMBER * n * lists.length + length + tail ? described : undefined;
}

/** The description in a text; undefined for another text. */
function parsed(text: string): Described | undefined {
  try {
    const described = JSON.parse(text);
    const isWhole = [described.shape, described.widths, described.lists, described.labels].every(Array.isArray);
    return isWhole && typeof described.origin === 'object' ? described : undefined;
  } catch {
    return undefined;
  }
}

async function dataIn(file: FileHandle, described: Described): Promise<AnyDataSet> {
  const { origin: _, shape, needed: __, widths, labels, groups = [], lists, ...data } = described;
  const [n, d] = shape;
  const found = new Map<List, Float64Array>();
  let at = FIRST.length + packedSize(widths, n * d);
  for (const list of lists) {
    found.set(list, await numbersIn(file, at, n));
    at += NUMBER * n;
  }
  const read = unpacking(widths, (bytes, place) => fill(file, bytes, FIRST.length + place));
  const features = completeRows([n, d], (start, end, into) => read(start * d, end * d, into));
  const of = (list: 'lines' | 'sampleWeights' | 'times') => (found.has(list) ? { [list]: found.get(list) } : {});
  const samples = {
    ...{ features, labels: Array.from(found.get('labels') ?? [], (i) => labels[i]) },
    ...{ ...of('lines'), ...of('sampleWeights'), ...of('times') },
    ...(found.has('groups') && { groups: Array.from(found.get('groups') ?? [], (i) => groups[i]) }),
  };
  return { ...data, samples };
}

/**
 * Writes the rows of a table. The file appears when it is complete.
 *
 * @param read reads the table, and stores its features with the function that it is given
 * @throws BackendError if the folder has too little space, or cannot be written to; the errors of `read`
 */
export async function writeRowCache(
  path: string,
  origin: Origin,
  read: (store: RowStoring) => Promise<AnyDataSet>,
): Promise<void> {
  await makeFolder(dirname(path));
  const writer = await openAtomicWriter(path);
  try {
    let size = { shape: [0, 0] as readonly [number, number], needed: 0 };
    const packer = new NumberPacker((bytes) => writer.write(bytes));
    const data = await read(async (n, d, needed) => {
      size = { shape: [n, d], needed };
      await assertRoom(dirname(path), NUMBER * n * (d + LISTS.length));
      await writer.write(FIRST);
      return {
        write: (values) => packer.write(values),
        finish: async () => {
          await packer.finish();
          return completeRows([n, d], async () => {
            throw new Error('these rows are read from the complete file');
          });
        },
        close: async () => {},
      };
    });
    await writeRest(writer, data, { origin, widths: packer.widths, ...size });
    await writer.commit();
  } finally {
    await writer.abandon();
  }
}

/** Writes what comes after the features. */
async function writeRest(
  writer: AtomicWriter,
  { samples, test: _, ...data }: AnyDataSet,
  about: Pick<Described, 'origin' | 'shape' | 'needed' | 'widths'>,
): Promise<void> {
  const [labels, groups] = [codesOf(samples.labels), codesOf(samples.groups ?? [])];
  const lists = LISTS.filter((list) => samples[list] !== undefined);
  for (const list of lists) {
    const numbers = list === 'labels' ? labels.codes : list === 'groups' ? groups.codes : samples[list];
    await writer.write(bytesOf(numbers as Float64Array));
  }
  const described: Described = { ...data, ...about, labels: labels.distinct, groups: groups.distinct, lists };
  const text = ENCODER.encode(JSON.stringify(described));
  await writer.write(text);
  await writer.write(bytesOf(Float64Array.of(text.length)));
  await writer.write(LAST);
}

/** Values as numbers of their distinct ones. */
function codesOf<T>(values: readonly T[]): { readonly distinct: T[]; readonly codes: Float64Array } {
  const places = new Map<T, number>();
  const codes = Float64Array.from(values, (value) => {
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    return place;
  });
  return { distinct: [...places.keys()], codes };
}

async function assertRoom(folder: string, bytes: number): Promise<void> {
  const lack = await lackOfSpace(folder, bytes);
  if (lack === undefined) return;
  const rule = { where: folder, argument: 'the folder of --cache' };
  const expected = `have ${lack.needed} free for the rows of the table`;
  const hint = 'Free some space, name another folder, or leave out --cache.';
  throw new BackendError({ ...rule, expected, actual: lack.free, hint });
}

async function textIn(file: FileHandle, at: number, length: number): Promise<string> {
  const bytes = new Uint8Array(length);
  await fill(file, bytes, at);
  return new TextDecoder().decode(bytes);
}

async function numbersIn(file: FileHandle, at: number, count: number): Promise<Float64Array> {
  const numbers = new Float64Array(count);
  await fill(file, bytesOf(numbers), at);
  return numbers;
}

async function fill(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, at + done);
    if (bytesRead === 0) throw new Error('the file of rows has become shorter');
    done += bytesRead;
  }
}
