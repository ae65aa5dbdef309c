// reading: files or the name of a data set → samples; and what files are, before they are read.
import { DomainError, FormatError } from '../core/errors.js';
import { assertKnownOptions, describe } from '../core/shape.js';
import { asFeatureArray } from '../data/batches.js';
import { parseIdx } from '../data/idx.js';
import { loadIris } from '../data/iris.js';
import { readHeader } from '../data/table/header.js';
import { numberSchema } from '../data/table/schema.js';
import { type CsvOptions, parseCsv } from '../data/table/table.js';
import { chunksOf, type NamedBytes, startOf, wholeOf } from './bytes.js';
import { pairsOf, pictureData, roleOf, samplesOfPairs } from './idx.js';
import { type DataSet, divided } from './samples.js';

/** Options of `readSamples`: those of `parseCsv` for a table, and some for all data. */
export interface ReadSamplesOptions extends Omit<CsvOptions, 'name'> {
  /** What the labels 0, 1, … of IDX files are called, such as `FASHION_MNIST_CLASSES`; integers stay integers without. */
  readonly classNames?: readonly string[];
  /** The share of samples held back as `test` where the files have no test part; none unless given. */
  readonly testFraction?: number;
  /** Decides which are held back; 0 unless given. */
  readonly seed?: number;
  /** The most bytes that a file may have, unpacked; 2³² unless given. */
  readonly maxBytes?: number;
}

/** What files are. */
export type IdentifiedFiles =
  | { readonly kind: 'table'; readonly columns: readonly string[] }
  | { readonly kind: 'idx' }
  /** All bytes of the model, unpacked, for `SoftmaxRegression.fromBytes`. */
  | { readonly kind: 'model'; readonly bytes: Uint8Array };

/** Those of `parseCsv`, beside `name`. */
const TABLE_OPTIONS = [
  ...['label', 'delimiter', 'decimal', 'header', 'missing', 'missingTokens', 'strings', 'unseen', 'ignore'],
  'maxCategories',
];

/**
 * Samples from files: a CSV table, or images and labels as IDX files. Their bytes tell which, and whether they are gzipped.
 *
 * Of IDX files, `test` or `t10k` in the name marks those to test on; names such as `train-labels-idx1-ubyte` tell images from
 * labels, and for other names the number of axes does. A file of one part alone holds the samples to learn from.
 *
 * @param source files, each with a name and a stream, as `File` has them; or `'iris'`
 * @returns features [n, d]: float64 for a table, the numbers of the file for IDX; bytes have the scale 255
 * @throws FormatError if a file is damaged, or the files do not belong together; as `parseCsv` and `parseIdx`
 * @throws DomainError for a table without `label`, naming its columns, and for options that say nothing of the files
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
  assertKnownOptions(options, [...TABLE_OPTIONS, 'classNames', 'testFraction', 'seed', 'maxBytes'], where);
  const { classNames, testFraction, seed = 0, maxBytes, ...table } = options;
  const data =
    source === 'iris' ? iris({ ...table, classNames }) : await readFiles(source, table, classNames, maxBytes);
  if (testFraction === undefined || data.test !== undefined) return data;
  const { train, test } = divided(data.samples, { testFraction, seed });
  return { ...data, samples: train, test };
}

/**
 * What files are, by their first bytes: what to ask before they are read.
 *
 * @returns of a table, the names in its first line, which `readSamples` checks
 * @throws FormatError if they are not one table, one model, or IDX files
 * @example
 * await identifyFiles([new File(['width,kind\n1,cat'], 'pets.csv')])   // { kind: 'table', columns: ['width', 'kind'] }
 */
export async function identifyFiles(files: readonly NamedBytes[]): Promise<IdentifiedFiles> {
  const starts: Uint8Array[] = [];
  for (const file of files) starts.push(await startOf(file, START));
  const kind = commonKind(files, starts);
  const [file] = files;
  if (kind === 'idx') return { kind };
  if (kind === 'model') return { kind, bytes: await wholeOf(file, MOST_OF_MODEL) };
  return { kind, columns: await readHeader(chunksOf(file), { name: file.name }) };
}

/** As many bytes as a model file may have. */
const MOST_OF_MODEL = 2 ** 30;

/** So many bytes tell what a file is. */
const START = 9;

function kindOf(start: Uint8Array): IdentifiedFiles['kind'] {
  // A safetensors file begins with the length of its header in eight bytes, and the header with a brace.
  if (start.length >= START && start[6] === 0 && start[7] === 0 && start[8] === 0x7b) return 'model';
  return start.length >= 4 && start[0] === 0 && start[1] === 0 ? 'idx' : 'table';
}

const KINDS = { table: 'a table', idx: 'an IDX file', model: 'a model' } as const;

/** What files are that are read together. */
function commonKind(files: readonly NamedBytes[], starts: readonly Uint8Array[]): IdentifiedFiles['kind'] {
  const kinds = starts.map(kindOf);
  if (kinds.length > 0 && kinds.every((kind) => kind === 'idx')) return 'idx';
  if (kinds.length === 1) return kinds[0];
  const expected = 'be one table, one model, or images and their labels';
  const actual = kinds.length === 0 ? 'none' : kinds.map((kind) => KINDS[kind]).join(', ');
  throw new FormatError({ where: namesOf(files), argument: 'the files', expected, actual });
}

function namesOf(files: readonly NamedBytes[]): string {
  return files.map(({ name }) => name).join(', ');
}

async function readFiles(
  files: readonly NamedBytes[],
  table: CsvOptions,
  classNames: readonly string[] | undefined,
  maxBytes: number | undefined,
): Promise<DataSet> {
  const contents: Uint8Array[] = [];
  for (const file of files) contents.push(await wholeOf(file, maxBytes));
  const kind = commonKind(files, contents);
  const where = namesOf(files);
  if (kind === 'table') {
    assertLeftOut({ classNames }, 'it names the integers of IDX files', where);
    return readTable(contents[0], { ...table, name: where });
  }
  if (kind === 'model') {
    const expected = 'be a table, or images and their labels';
    throw new FormatError({ where, argument: 'the file', expected, actual: KINDS.model });
  }
  assertLeftOut(table, OF_TABLES, where);
  const arrays = files.map(({ name }, i) => {
    const array = parseIdx(contents[i], { name });
    return { name, array, ...roleOf(name, array) };
  });
  return pictureData(files[0].name, samplesOfPairs(pairsOf(arrays, where), where), classNames);
}

async function readTable(bytes: Uint8Array, options: CsvOptions & { readonly name: string }): Promise<DataSet> {
  const { name, label } = options;
  if (label === undefined) {
    const columns = await readHeader([bytes], options);
    const some = columns.slice(0, 20).map(describe).join(', ');
    const expected = `be one of the columns ${some}${columns.length > 20 ? ', …' : ''}`;
    throw new DomainError({ where: name, argument: 'label', expected, actual: 'nothing' });
  }
  const { features, labels, ...described } = parseCsv(bytes, { ...options, label });
  const { classes, featureNames, schema, dropped } = described;
  return { name, samples: { features, labels }, classes, featureNames, schema, dropped };
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

const OF_TABLES = 'it says how a CSV file is read';
const OF_FILES = 'it says how files are read';

/** Refuses options that say nothing of the files. */
function assertLeftOut(options: object, why: string, actual: string): void {
  const stray = Object.entries(options).find(([, value]) => value !== undefined)?.[0];
  if (stray === undefined) return;
  throw new DomainError({ where: 'readSamples', argument: stray, expected: `be left out: ${why}`, actual });
}
