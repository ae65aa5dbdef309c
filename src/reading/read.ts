// reading: files or the name of a data set → samples; and the kind of files before they are read.
import { DomainError, FormatError } from '../core/errors.js';
import {
  assertFunction,
  assertKnownOptions,
  assertObject,
  assertOneOf,
  assertPositiveInteger,
  assertText,
  describe,
} from '../core/shape.js';
import { asFeatureArray } from '../data/batches.js';
import { idxLength, parseIdx } from '../data/idx.js';
import { loadIris } from '../data/iris.js';
import { CSV_OPTIONS, type CsvOptions } from '../data/table/csv-options.js';
import type { LabelledCsvTable } from '../data/table/encoding.js';
import { readHeader } from '../data/table/header.js';
import { numberSchema } from '../data/table/schema.js';
import { TableReader } from '../data/table/table.js';
import { bounded, type Chunks, chunksOf, KeptBytes, type NamedBytes, reading, startOf, wholeOf } from './bytes.js';
import { FORMAT_START, type TableFormat, tableFormatOf } from './format.js';
import { pairsOf, pictureData, roleOf, samplesOfPairs } from './idx.js';
import { type DataSet, divided } from './samples.js';
import { dataSetOf, type Most, openParts, openTyped, samplesOfTyped, startOfTyped, withoutLabel } from './typed.js';

/** Options of `readSamples`: the options of `parseCsv` for tables, and options for all data. */
export interface ReadSamplesOptions extends Omit<CsvOptions, 'name'> {
  /** Names of the labels 0, 1, … of IDX files, such as `FASHION_MNIST_CLASSES`; by default labels stay integers. */
  readonly classNames?: readonly string[];
  /** Whether the first feature of an SVMlight file has index 0; by default if any index is 0. */
  readonly zeroBased?: boolean;
  /** The share of samples to hold back as `test` if the files have no test part; none by default. */
  readonly testFraction?: number;
  /** Seed of the split; 0 by default. */
  readonly seed?: number;
  /** The maximum size of an unpacked file in bytes; 2³² by default. */
  readonly maxBytes?: number;
  /** The maximum memory in bytes that a file and its samples may take; only limits of arrays by default. */
  readonly maxMemory?: number;
}

/** The kind of files. */
export type IdentifiedFiles =
  | {
      readonly kind: 'table';
      readonly format: TableFormat;
      readonly columns: readonly string[];
      /** With `rows`, the first rows as text; only of a table whose columns have types, so not of CSV. */
      readonly rows?: readonly (readonly string[])[];
    }
  | { readonly kind: 'idx' }
  /** All bytes of the model, unpacked, for `SoftmaxRegression.fromBytes`. */
  | { readonly kind: 'model'; readonly bytes: Uint8Array };

/** Options of `identifyFiles`. */
export interface IdentifyOptions {
  /** The number of first rows to return of a table in JSON lines, Parquet or Arrow; none by default. */
  readonly rows?: number;
}

/** The options of `parseCsv`, except `name`. */
const TABLE_OPTIONS = CSV_OPTIONS.filter((name) => name !== 'name');

/**
 * Samples from files: a table in CSV, JSON lines or SVMlight, or images and labels as IDX files. The kind is detected from the bytes, as is gzip.
 *
 * IDX files with `test` or `t10k` in the name are the test set. Images and labels are distinguished by names such as
 * `train-labels-idx1-ubyte`, or else by the number of axes. If there is only one part, it is the training set.
 *
 * @param source files with a name and a stream, such as `File` objects; or `'iris'`
 * @returns features [n, d]: float64 for a table, the number type of the file for IDX; bytes have scale 255
 * @throws FormatError if a file is damaged or needs more than `maxMemory`, or the files do not match; as `parseCsv`,
 *         `parseIdx` and, with `testFraction`, `trainTestSplit`
 * @throws DomainError for a table without `label` (the message lists the columns), and for options that do not apply
 * @example
 * const pets = new File(['width,kind\n1,cat\n9,dog\n2,cat'], 'pets.csv');
 * const { samples, classes } = await readSamples([pets], { label: 'kind' });
 * samples.features.values   // Float64Array [1, 9, 2]
 * samples.labels            // ['cat', 'dog', 'cat']
 * classes                   // ['cat', 'dog']
 */
export async function readSamples(
  source: 'iris' | readonly NamedBytes[],
  options: ReadSamplesOptions = {},
): Promise<DataSet> {
  const where = 'readSamples';
  assertKnownOptions(
    options,
    [...TABLE_OPTIONS, 'classNames', 'zeroBased', 'testFraction', 'seed', 'maxBytes', 'maxMemory'],
    where,
  );
  const { classNames, zeroBased, testFraction, seed = 0, maxBytes, maxMemory, ...table } = options;
  if (source !== 'iris') assertFiles(source, where, 'source');
  if (maxBytes !== undefined) assertPositiveInteger(maxBytes, where, 'maxBytes');
  if (maxMemory !== undefined) assertPositiveInteger(maxMemory, where, 'maxMemory');
  if (zeroBased !== undefined) assertOneOf(zeroBased, [true, false], where, 'zeroBased');
  const most = { maxBytes, maxMemory, zeroBased };
  const data =
    source === 'iris' ? iris({ ...table, classNames, zeroBased }) : await readFiles(source, table, classNames, most);
  if (testFraction === undefined || data.test !== undefined) return data;
  const { length } = data.samples.labels;
  if (length < 2) {
    const rule = {
      argument: 'the number of samples',
      expected: 'be at least 2 to hold some out',
      actual: String(length),
    };
    throw new FormatError({ where: data.name, ...rule });
  }
  const { train, test } = divided(data.samples, { testFraction, seed });
  return { ...data, samples: train, test };
}

/**
 * The kind of files by their first bytes, so that an app can ask for options before it reads them.
 *
 * @returns for a table, its format and the names in its first line, or of its columns; `readSamples` checks them
 * @throws FormatError if the files are not one table, one model, or IDX files, or a Parquet or Arrow file is damaged
 * @example
 * const pets = new File(['width,kind\n1,cat'], 'pets.csv');
 * await identifyFiles([pets])   // { kind: 'table', format: 'csv', columns: ['width', 'kind'] }
 */
export async function identifyFiles(
  files: readonly NamedBytes[],
  options: IdentifyOptions = {},
): Promise<IdentifiedFiles> {
  const where = 'identifyFiles';
  assertFiles(files, where, 'files');
  assertKnownOptions(options, ['rows'], where);
  const { rows } = options;
  if (rows !== undefined) assertPositiveInteger(rows, where, 'rows');
  const starts: Uint8Array[] = [];
  for (const file of files) starts.push(await startOf(file, FORMAT_START));
  const typed = async (format: Exclude<TableFormat, 'csv'>, file: NamedBytes) =>
    ({ kind: 'table', format, ...(await startOfTyped(format, chunksOf(file), file.name, rows)) }) as const;
  if (areParts(files, starts)) return typed('parquet', files[0]);
  const kind = commonKind(files, starts);
  const [file] = files;
  if (kind === 'idx') return { kind };
  if (kind === 'model') return { kind, bytes: await wholeOf(file, MOST_OF_MODEL) };
  const { name } = file;
  const format = tableFormatOf(starts[0], name);
  return format === 'csv' ? { kind, format, columns: await readHeader(chunksOf(file), { name }) } : typed(format, file);
}

function assertFiles(files: unknown, where: string, argument: string): asserts files is readonly NamedBytes[] {
  const expected = 'be an array of files with `name` and `stream()`';
  if (!Array.isArray(files)) {
    const others = argument === 'source' ? `${expected}, or 'iris'` : expected;
    throw new DomainError({ where, argument, expected: others, actual: describe(files) });
  }
  files.forEach((file, i) => {
    assertObject(file, where, `${argument}[${i}]`, 'be a file with `name` and `stream()`');
    assertText((file as NamedBytes).name, where, `${argument}[${i}].name`);
    assertFunction((file as NamedBytes).stream, where, `${argument}[${i}].stream`);
  });
}

/** The maximum size of a model file in bytes. */
const MOST_OF_MODEL = 2 ** 30;

/** The number of bytes that identify a model. */
const MODEL_START = 9;

/** Bytes after the numbers of an IDX file that are counted for the message. */
const EXTRA = 2 ** 20;

function kindOf(start: Uint8Array): IdentifiedFiles['kind'] {
  // A safetensors file begins with the length of its header in eight bytes, then a brace.
  if (start.length >= MODEL_START && start[6] === 0 && start[7] === 0 && start[8] === 0x7b) return 'model';
  return start.length >= 4 && start[0] === 0 && start[1] === 0 ? 'idx' : 'table';
}

const KINDS = { table: 'a table', idx: 'an IDX file', model: 'a model' } as const;
const PLURALS = { table: 'tables', idx: 'IDX files', model: 'models' } as const;

/** Files that an error names one by one: as many as there are of images and labels. */
const MOST_NAMED = 4;

/** The kind of files that are read together. */
function commonKind(files: readonly NamedBytes[], starts: readonly Uint8Array[]): IdentifiedFiles['kind'] {
  const kinds = starts.map(kindOf);
  if (kinds.length > 0 && kinds.every((kind) => kind === 'idx')) return 'idx';
  if (kinds.length === 1) return kinds[0];
  const expected = 'be one table, one model, or images and their labels';
  const actual = kinds.length === 0 ? 'none' : listOfKinds(kinds);
  throw new FormatError({ where: namesOf(files), argument: 'the files', expected, actual });
}

function namesOf(files: readonly NamedBytes[]): string {
  const names = files.map(({ name }) => name);
  if (names.length <= MOST_NAMED) return names.join(', ');
  return `${names.slice(0, MOST_NAMED - 1).join(', ')} and ${names.length - MOST_NAMED + 1} more`;
}

function listOfKinds(kinds: readonly IdentifiedFiles['kind'][]): string {
  if (kinds.length <= MOST_NAMED) return kinds.map((kind) => KINDS[kind]).join(', ');
  const counts = [...new Set(kinds)].map((kind) => [kind, kinds.filter((each) => each === kind).length] as const);
  return counts.map(([kind, count]) => (count === 1 ? KINDS[kind] : `${count} ${PLURALS[kind]}`)).join(', ');
}

async function readFiles(
  files: readonly NamedBytes[],
  table: CsvOptions,
  classNames: readonly string[] | undefined,
  most: Most & { readonly zeroBased: boolean | undefined },
): Promise<DataSet> {
  const contents: Uint8Array[] = [];
  const where = namesOf(files);
  for (const file of files) {
    const data = await reading(file, HEADER, async (start, chunks) => {
      const kind = kindOf(start);
      if (kind === 'table' && files.length === 1) {
        assertLeftOut({ classNames }, 'it applies only to IDX files', where);
        const format = tableFormatOf(start, where);
        if (format !== 'svmlight') assertLeftOut({ zeroBased: most.zeroBased }, OF_SVMLIGHT, where);
        if (format === 'csv') return readTable(chunks, { ...table, name: where }, most);
        return samplesOfTyped(await openTyped(format, chunks, where, most), table, most.maxMemory);
      }
      // Of other files, the start is enough to name the kind.
      contents.push(kind === 'idx' ? await idxOf(start, chunks, file.name, most) : start);
      return undefined;
    });
    if (data !== undefined) return data;
  }
  if (areParts(files, contents)) {
    assertLeftOut({ classNames }, 'it applies only to IDX files', where);
    return samplesOfTyped(await openParts(files, where, most.maxBytes), table, most.maxMemory);
  }
  const kind = commonKind(files, contents);
  if (kind === 'model') {
    const expected = 'be a table, or images and their labels';
    throw new FormatError({ where, argument: 'the file', expected, actual: KINDS.model });
  }
  assertLeftOut({ ...table, zeroBased: most.zeroBased }, OF_TABLES, where);
  const arrays = files.map(({ name }, i) => {
    const array = parseIdx(contents[i], { name });
    return { name, array, ...roleOf(name, array) };
  });
  return pictureData(files[0].name, samplesOfPairs(pairsOf(arrays, where), where), classNames);
}

/** Whether several files are the parts of one table. */
function areParts(files: readonly NamedBytes[], starts: readonly Uint8Array[]): boolean {
  return files.length > 1 && starts.every((start, i) => tableFormatOf(start, files[i].name) === 'parquet');
}

/** The longest header of an IDX file: its magic number and 255 sizes. */
const HEADER = 4 + 4 * 255;

/** The bytes of an IDX file. No more are read than its header declares. */
async function idxOf(start: Uint8Array, chunks: Chunks, name: string, { maxBytes, maxMemory }: Most) {
  const length = idxLength(start, name);
  const kept = new KeptBytes();
  for await (const chunk of bounded(chunks, name, maxBytes)) {
    kept.add(chunk);
    if (kept.length > length + EXTRA) {
      const rule = { where: name, argument: 'length', expected: `be ${length} bytes, as its header says` };
      throw new FormatError({
        ...rule,
        actual: 'more',
        hint: 'There are extra bytes after the numbers: fetch the file again.',
      });
    }
    // The blocks are joined, so both are in memory for a moment.
    if (2 * kept.length > (maxMemory ?? Number.POSITIVE_INFINITY)) {
      const rule = { where: name, argument: 'the file', expected: `fit into ${maxMemory} bytes of memory` };
      throw new FormatError({ ...rule, actual: `${length} bytes, which are held twice`, hint: 'Use fewer samples.' });
    }
  }
  return kept.whole();
}

async function readTable(
  chunks: Chunks,
  options: CsvOptions & { readonly name: string },
  { maxBytes, maxMemory }: Most,
): Promise<DataSet> {
  const { name, label } = options;
  if (label === undefined) {
    throw withoutLabel(await readHeader(chunks, options), name, 'csv');
  }
  const reader = new TableReader(options, maxMemory);
  const kept = new KeptBytes();
  for await (const chunk of bounded(chunks, name, maxBytes)) {
    reader.learn(chunk);
    kept.add(chunk);
  }
  return dataSetOf(name, reader.finish(kept.chunks) as LabelledCsvTable);
}

function iris(none: object): DataSet {
  assertLeftOut(none, OF_FILES, 'iris');
  const { features, labels, featureNames, labelName, classNames } = loadIris();
  return {
    name: 'Iris',
    samples: { features: asFeatureArray(features, 'loadIris'), labels },
    classes: classNames,
    featureNames,
    schema: numberSchema(featureNames, featureNames.length, { name: labelName, type: 'string' }),
    dropped: 0,
  };
}

const OF_SVMLIGHT = 'it applies only to SVMlight files';
const OF_TABLES = 'it applies only to CSV files';
const OF_FILES = 'it applies only to files';

/** Refuses options that do not apply to the files. */
function assertLeftOut(options: object, why: string, actual: string): void {
  const stray = Object.entries(options).find(([, value]) => value !== undefined)?.[0];
  if (stray === undefined) return;
  throw new DomainError({ where: 'readSamples', argument: stray, expected: `be left out: ${why}`, actual });
}
