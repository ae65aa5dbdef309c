// Tables whose columns have types: an accepted file is a table of finite numbers, whatever its chunks.
import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../src/core/random.js';
import { assertSparse, type SparseMatrix } from '../../src/data/matrix.js';
import { provideFormats } from '../../src/formats/provide.js';
import type { NamedBytes } from '../../src/reading/bytes.js';
import { type ReadSamplesOptions, readSamples } from '../../src/reading/read.js';
import type { DataSet } from '../../src/reading/samples.js';
import { readSvmlight, type SvmlightOptions } from '../../src/reading/svmlight.js';
import { assertPlain, Violation } from './guard.js';
import { mutate, pick } from './mutate.js';
import { corpus, type Target } from './target.js';

const OPTIONS: readonly ReadSamplesOptions[] = [
  { label: -1 },
  { label: -1, strings: 'one-hot', missing: 'drop' },
  { label: -1, strings: 'one-hot', missing: 'mean' },
  { label: -1, missing: 'median', ignore: ['colour'] },
  { label: 'fluffy', strings: 'one-hot', missing: 'mean', categories: ['legs'] },
];

const MATRICES: readonly SvmlightOptions[] = [
  {},
  { qid: 'ignore', dtype: 'float32' },
  { zeroBased: true, columns: 8 },
  { zeroBased: false },
  { columns: 7 },
];

const LARGEST = (2 - 2 ** -23) * 2 ** 127;

function assertTable({ samples, schema, featureNames, classes }: DataSet): void {
  const { features, labels, lines } = samples;
  const [n, d] = features.shape;
  if (features.values.length !== n * d || featureNames?.length !== d || lines?.length !== n || labels.length !== n)
    throw new Violation('sizes');
  if (!features.values.every((x) => Math.abs(x) <= LARGEST)) throw new Violation('it accepts a number beyond float32');
  if (!labels.every((label) => classes.includes(label))) throw new Violation('a label is no class');
  assertPlain(schema);
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(schema)), schema)) throw new Violation('its schema is not JSON');
}

/** A file of the bytes in one piece, or cut by a generator. */
function cut(name: string, bytes: Uint8Array, random?: Random): NamedBytes {
  const stream = async function* () {
    const longest = random === undefined ? bytes.length : 1 + Math.ceil(bytes.length / (1 + random.below(20)));
    for (let at = 0; at < bytes.length; ) {
      const length = random === undefined ? bytes.length : 1 + random.below(longest);
      yield bytes.subarray(at, at + length);
      at += length;
    }
  };
  return { name, stream };
}

function table(name: string, end: string, isBorrowed = false): Target {
  const files = [...corpus(name).values()];
  return {
    ...{ name, isBorrowed },
    make: (random) => mutate(pick(files, random), files, random),
    check: async (bytes, random) => {
      provideFormats();
      const options = pick(OPTIONS, random);
      const file = `table.${end}`;
      const whole = await readSamples([cut(file, bytes)], options);
      assertTable(whole);
      if (!isDeepStrictEqual(await readSamples([cut(file, bytes, random)], options), whole))
        throw new Violation('chunks give another table');
    },
  };
}

export const jsonLines = table('json-lines', 'jsonl');
export const svmlight = table('svmlight', 'svm');
export const parquet = table('parquet', 'parquet', true);
export const arrow = table('arrow', 'arrow', true);

/** An error of this package would count as a refusal of the file. */
function assertValid(matrix: SparseMatrix): void {
  try {
    assertSparse(matrix, 'fuzz');
  } catch (error) {
    throw new Violation(`it accepts a matrix that is not valid: ${error}`);
  }
}

/** SVMlight as a sparse matrix: valid, whatever the chunks, and the rows of the table. */
export const sparse: Target = {
  name: 'sparse',
  make: svmlight.make,
  check: async (bytes, random) => {
    const options = pick(MATRICES, random);
    const whole = await readSvmlight(cut('matrix.svm', bytes), options);
    const { samples, labels } = whole;
    assertValid(samples);
    if (labels.length !== samples.shape[0] || !labels.every(Number.isFinite)) throw new Violation('labels');
    if (options.columns !== undefined && samples.shape[1] !== options.columns) throw new Violation('columns');
    if (!isDeepStrictEqual(await readSvmlight(cut('matrix.svm', bytes, random), options), whole))
      throw new Violation('chunks give another matrix');
  },
};
