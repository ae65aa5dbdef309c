// CSV: an accepted file is a table of finite numbers, and is the same for every division into chunks.
import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../src/core/random.js';
import type { CsvOptions } from '../../src/data/table/csv-options.js';
import type { LabelledCsvTable } from '../../src/data/table/encoding.js';
import { readCsvRows } from '../../src/data/table/stream.js';
import { parseCsv } from '../../src/data/table/table.js';
import { assertPlain, Violation } from './guard.js';
import { chance, mutate, pick } from './mutate.js';
import { corpus, type Target } from './target.js';

const FILES = [...corpus('csv').values()];

const OPTIONS: readonly CsvOptions[] = [
  {},
  { label: -1 },
  { label: -1, strings: 'one-hot', missing: 'drop' },
  { label: 0, strings: 'one-hot', missing: 'mean', unseen: 'zero' },
  { missing: 'median', strings: 'one-hot', maxCategories: 3 },
  { header: false, label: -1, strings: 'one-hot' },
  { decimal: ',', label: -1, strings: 'one-hot', missing: 'drop' },
  { delimiter: ';', label: 'species', ignore: [0], missingTokens: ['', '-999'] },
  { strings: 'one-hot', missing: 'mean', comment: '#' },
  { dates: [-1] },
];

/** Most repetitions of a part of a few characters, and of a column. */
const MOST_PARTS = 2 ** 19;
const MOST_COLUMNS = 2 ** 15;

/** Tables with one part many times, to show time or memory that grows faster than the table. */
const REPETITIONS: readonly ((times: (most: number, part: (i: number) => string) => string) => string)[] = [
  (times) => `x,"${times(MOST_PARTS, () => '""')}"\n1,2\n`,
  (times) => `x,y\n1,"${times(MOST_PARTS, () => '""')}"\n`,
  (times) => `x,y\n1,"${times(MOST_PARTS, () => '\n')}"\n`,
  (times) => `x;y,z\n1,"${times(MOST_PARTS, () => '""\n')}"\n`,
  (times) => `${times(MOST_PARTS, () => '# "\n')}x;y,z\n1,2\n`,
  (times) => `x;y,z\n${times(MOST_PARTS, () => '#\n')}1,2\n`,
  (times) => `${times(MOST_PARTS, () => ' \n')}x,y\n1,2\n`,
  (times) => `x,y\n1,${times(MOST_PARTS, () => 'T')}\n`,
  (times) => `x,y\n1,2024-01-31${times(MOST_PARTS, () => ' ')}1:00${times(MOST_PARTS, () => ' ')}x\n`,
  (times) => `x,${times(MOST_PARTS, () => 'y')}\n${times(MOST_PARTS, () => '1,2\n')}`,
  (times) => `${times(MOST_COLUMNS, (i) => `"c${i}",`)}y\n${times(MOST_COLUMNS, (i) => `"${i}",`)}1\n`,
  (times) => `${times(MOST_COLUMNS, () => 'a,')}y\n1\n`,
];

function repetition(random: Random): Uint8Array {
  const share = random.uniform();
  const times = (most: number, part: (i: number) => string) =>
    Array.from({ length: Math.ceil(share * most) }, (_, i) => part(i)).join('');
  return new Uint8Array(Buffer.from(pick(REPETITIONS, random)(times)));
}

const LARGEST = (2 - 2 ** -23) * 2 ** 127;

export const csv: Target = {
  name: 'csv',
  make: (random) => (chance(0.02, random) ? repetition(random) : mutate(pick(FILES, random), FILES, random)),
  check: async (bytes, random) => {
    const options = pick(OPTIONS, random);
    const table = parseCsv(bytes, options) as LabelledCsvTable;
    const { features, featureNames, schema, lines, labels } = table;
    const [n, d] = features.shape;
    if (features.values.length !== n * d || featureNames.length !== d || lines.length !== n)
      throw new Violation('sizes');
    if (!features.values.every((x) => Math.abs(x) <= LARGEST))
      throw new Violation('it accepts a number beyond float32');
    if (labels !== undefined && labels.length !== n) throw new Violation('it loses labels');
    assertPlain(schema);
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(schema)), schema)) throw new Violation('its schema is not JSON');
    const values: number[] = [];
    const others: unknown[] = [];
    for await (const batch of readCsvRows(cut(bytes, random), schema, { delimiter: options.delimiter, batchSize: 7 })) {
      for (const value of batch.features.values) values.push(value);
      for (const label of batch.labels ?? []) others.push(label);
    }
    if (!isDeepStrictEqual(Float64Array.from(values), features.values))
      throw new Violation('chunks give other numbers');
    if (!isDeepStrictEqual(others, labels ?? [])) throw new Violation('chunks give other labels');
  },
};

function* cut(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  const longest = 1 + Math.ceil(bytes.length / (1 + random.below(20)));
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(longest);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
