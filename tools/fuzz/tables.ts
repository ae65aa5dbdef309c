// Tables whose columns have types: an accepted file is a table of finite numbers, whatever its chunks.
import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../src/core/random.js';
import { provideFormats } from '../../src/formats/provide.js';
import { type ReadSamplesOptions, readSamples } from '../../src/reading/read.js';
import type { DataSet } from '../../src/reading/samples.js';
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

/** The bytes in one piece, or cut by a generator. */
function tableOf(end: string, bytes: Uint8Array, options: ReadSamplesOptions, random?: Random): Promise<DataSet> {
  const stream = async function* () {
    const longest = random === undefined ? bytes.length : 1 + Math.ceil(bytes.length / (1 + random.below(20)));
    for (let at = 0; at < bytes.length; ) {
      const length = random === undefined ? bytes.length : 1 + random.below(longest);
      yield bytes.subarray(at, at + length);
      at += length;
    }
  };
  return readSamples([{ name: `table.${end}`, stream }], options);
}

function table(name: string, end: string, isBorrowed = false): Target {
  const files = [...corpus(name).values()];
  return {
    ...{ name, isBorrowed },
    make: (random) => mutate(pick(files, random), files, random),
    check: async (bytes, random) => {
      provideFormats();
      const options = pick(OPTIONS, random);
      const whole = await tableOf(end, bytes, options);
      assertTable(whole);
      if (!isDeepStrictEqual(await tableOf(end, bytes, options, random), whole))
        throw new Violation('chunks give another table');
    },
  };
}

export const jsonLines = table('json-lines', 'jsonl');
export const svmlight = table('svmlight', 'svm');
export const parquet = table('parquet', 'parquet', true);
export const arrow = table('arrow', 'arrow', true);
