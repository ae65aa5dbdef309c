import { StoredRows } from '../src/data/stored-rows.js';
import { ColumnBlock } from '../src/data/table/typed/block.js';
import { Numbers, Values } from '../src/data/table/typed/vectors.js';
import { readSamplesAgain } from '../src/reading/again.js';
import { type ReadSamplesOptions, readSamples } from '../src/reading/read.js';
import { divided } from '../src/reading/samples.js';
import { rowStore } from './helpers/row-store.js';

/** A file in small chunks, and how often it was opened. */
function file(
  name: string,
  text: string,
): { name: string; stream: () => AsyncIterable<Uint8Array>; opened: () => number } {
  let opened = 0;
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    opened: () => opened,
    async *stream() {
      opened++;
      for (let at = 0; at < bytes.length; at += 700) yield bytes.slice(at, at + 700);
    },
  };
}

/** Most of a row is these features. */
const COLOURS = Array.from({ length: 40 }, (_, i) => `colour ${i}`);
/** The lists of a row fit into this, and the features do not. */
const LITTLE = 125_000;
const rows = Array.from({ length: 300 }, (_, i) => [
  (i * 7) % 11 === 0 ? '' : `${((i * 37) % 100) / 10}`,
  COLOURS[i % 40],
  `${1 + (i % 3)}`,
  `g${i % 20}`,
  `${2000 + (i % 30)}-01-0${1 + (i % 9)}`,
  i % 97 === 0 ? 'rare' : ['cat', 'dog'][i % 2],
]);
const CSV = `size,colour,weight,owner,day,kind\n${rows.map((row) => row.join()).join('\n')}\n`;
const base = { label: 'kind', strings: 'one-hot', missing: 'mean', ignore: ['owner', 'day'] } as const;

const CASES: readonly [string, ReadSamplesOptions][] = [
  ['one-hot and means', base],
  ['weights, groups and dates', { ...base, sampleWeight: 'weight', group: 'owner', ignore: [], dates: ['day'] }],
  ['times', { ...base, time: 'day', ignore: ['owner'] }],
  ['dropped rows', { ...base, missing: 'drop' }],
  ['medians', { ...base, missing: 'median' }],
  ['rare classes', { ...base, minClassCount: 10 }],
];

/** The same rows; a value that is missing is no key, or null. */
const JSON_LINES = rows
  .map(([size, colour, weight, owner, day, kind], i) => {
    const missing = i % 2 === 0 ? {} : { size: null };
    return `${JSON.stringify({ ...(size === '' ? missing : { size: Number(size) }), colour, weight, owner, day, kind })}\n`;
  })
  .join('');

/** Rows of 30 features, most of them 0. */
const SVMLIGHT = rows
  .map(([size, , weight], i) => `${i % 97 === 0 ? 7 : i % 2} ${1 + (i % 29)}:${size || 'nan'} 30:${weight} # ${i}\n`)
  .join('');

const TABLES: readonly [name: string, text: string, options: ReadSamplesOptions][] = [
  ...CASES.map(([, options]) => ['pets.csv', CSV, options] as const),
  ...CASES.map(([, options]) => ['pets.jsonl', JSON_LINES, options] as const),
  ...[{ missing: 'mean' } as const, { missing: 'drop', minClassCount: 10 } as const].map(
    (options) => ['pets.svm', SVMLIGHT, options] as const,
  ),
].map(([...each]) => each);

describe('a table that is read again', () => {
  it.each(TABLES)('has the samples of one that is kept, in memory and stored: %#, %s', async (name, text, options) => {
    const expected = await readSamples([file(name, text)], options);
    // A column takes 4 kB.
    const little = name === 'pets.svm' ? 140_000 : LITTLE;
    for (const maxMemory of [1e9, little]) {
      const { store, stored, closed } = rowStore();
      const found = await readSamplesAgain(file(name, text), options, { maxMemory, store });
      const { features } = found.samples;
      expect(features instanceof StoredRows).toBe(maxMemory < 1e9);
      expect([stored.length, closed()]).toEqual([maxMemory < 1e9 ? 1 : 0, 0]);
      const values: number[] = [];
      if (features instanceof StoredRows) for await (const block of features.blocks(64)) values.push(...block.values);
      else values.push(...features.values);
      expect(values).toEqual([...expected.samples.features.values]);
      expect(features.shape).toEqual(expected.samples.features.shape);
      expect({ ...found, samples: { ...found.samples, features: 0 } }).toEqual({
        ...expected,
        samples: { ...expected.samples, features: 0 },
      });
    }
  });

  it.each([
    // For the kind, and for each pass.
    ['pets.csv', CSV, 3],
    // For the columns too.
    ['pets.jsonl', JSON_LINES, 4],
    ['pets.txt', JSON_LINES, 4],
    ['pets.svm', SVMLIGHT, 4],
  ])('keeps nothing of %s', async (name, text, times) => {
    const options = name === 'pets.svm' ? ({ missing: 'mean' } as const) : base;
    const pets = file(name, text);
    await readSamplesAgain(pets, options, { maxMemory: 1e9, store: rowStore().store });
    expect(pets.opened()).toBe(times);
    const others = file(name, text);
    await readSamplesAgain(others, { ...options, minClassCount: 10 }, { maxMemory: 1e9, store: rowStore().store });
    expect(others.opened()).toBe(times + 1);
  });

  it('divides stored rows like rows in memory', async () => {
    const inMemory = await readSamples([file('pets.csv', CSV)], base);
    const stored = await readSamplesAgain(file('pets.csv', CSV), base, { maxMemory: LITTLE, store: rowStore().store });
    const choices = { testFraction: 0.2, seed: 3 };
    const expected = divided(inMemory.samples, choices);
    const found = divided(stored.samples, choices);
    for (const part of ['train', 'test'] as const) {
      const { features, ...others } = found[part];
      const { features: values, ...own } = expected[part];
      expect(others).toEqual(own);
      const read: number[] = [];
      for await (const block of (features as StoredRows).blocks(50)) read.push(...block.values);
      expect(read).toEqual([...values.values]);
      const { lines = [] } = own;
      expect([...lines]).toEqual([...lines].sort((a, b) => a - b));
    }
  });

  it.each([
    ['more rows', `${CSV}1,colour 0,1,g,d,cat\n`, 'more'],
    ['fewer rows', CSV.replace('\n9.3,', '\n#9.3,'), '299'],
  ])('refuses a file that has %s when it is read again', async (_, text, actual) => {
    for (const maxMemory of [LITTLE, 1e9]) {
      let passes = 0;
      const changed = {
        name: 'pets.csv',
        async *stream() {
          yield new TextEncoder().encode(++passes < 3 ? CSV : text);
        },
      };
      const { store, stored, closed } = rowStore();
      const reading = readSamplesAgain(changed, { ...base, comment: '#' }, { maxMemory, store });
      await expect(reading).rejects.toThrow(
        `pets.csv: the table must have the same 300 rows each time it is read; got ${actual}. The file has changed`,
      );
      expect(closed()).toBe(stored.length);
    }
  });

  it.each([
    ['', 'pets.jsonl'],
    ['{"size":1,"kind":"cat"}\n{"size":2,"kind"', 'pets.jsonl'],
    ['{"size":1,"kind":"cat"}\n[1]\n', 'pets.jsonl'],
    ['{"size":1,"kind":"cat"}\n{"size":"n/a","kind":"dog"}\n', 'pets.jsonl'],
    ['{"size":1,"kind":"cat"}\n{"size":[1],"kind":"dog"}\n', 'pets.jsonl'],
    ['{"size":1,"kind":"cat"}\n{"size":2,"kind":"cat"}\n', 'pets.jsonl'],
    ['{"size":1,"kind":"cat"}\n\n{"kind":"dog"}\n', 'pets.jsonl'],
    ['{"size":1}\n', 'pets.jsonl'],
    [`${'{"size":1,"kind":"cat"}\n'.repeat(500)}{"size":2,"kind":"dog","note":"x"}\n`, 'pets.jsonl'],
    ['# only\n', 'pets.svm'],
    ['1 1:1\n2 1:x\n', 'pets.svm'],
    ['1 1:1\n2 2:1 1:1\n', 'pets.svm'],
    ['1 1:1\n2 1:nan\n', 'pets.svm'],
    ['1 1:1\n1 1:2\n', 'pets.svm'],
  ])('has the errors of one that is kept: %#', async (text, name) => {
    const options = name === 'pets.svm' ? {} : { label: 'kind' };
    const said = (work: Promise<unknown>) => work.then(() => 'accepted', String);
    const expected = await said(readSamples([file(name, text)], options));
    expect(expected).toContain('Error: pets.');
    const keeping = { maxMemory: 1e9, store: rowStore().store };
    expect(await said(readSamplesAgain(file(name, text), options, keeping))).toBe(expected);
  });

  it('is stored in pieces, however many rows a block has', async () => {
    const n = 2 ** 18 + 1000;
    const x = Float64Array.from({ length: n }, (_, i) => (i * 7) % 1009);
    const kinds = Array.from(x, (each) => (each % 2 === 0 ? 'a' : 'b'));
    const table = {
      ...{ name: 'a.parquet', columns: ['x', 'y', 'kind'].map((name) => ({ name })) },
      where: (row: number) => `a.parquet:${row}`,
      blocks: async function* () {
        yield new ColumnBlock([new Numbers(x), new Numbers(x.slice().reverse()), new Values(kinds)], n, 1);
      },
    };
    const { store, writes } = rowStore();
    const { samples } = await readSamplesAgain(table, { label: 'kind' }, { maxMemory: 33 * n + 12_000, store });
    expect(writes).toEqual([2 ** 19, 2000]);
    const into = new Float64Array(2 * n);
    await (samples.features as StoredRows).read(0, n, into);
    expect(into).toEqual(Float64Array.from({ length: 2 * n }, (_, i) => x[i % 2 === 0 ? i / 2 : n - 1 - (i - 1) / 2]));
    expect(samples.labels).toEqual(kinds);
  });

  it('has a key of JSON lines that comes late as a column of all rows', async () => {
    const text = `${'{"a":1,"kind":"cat"}\n'.repeat(100)}{"b":2,"a":3,"kind":"dog"}\n`;
    const options = { label: 'kind', missing: 'mean' } as const;
    const expected = [...Array.from({ length: 100 }, () => [1, 2]), [3, 2]].flat();
    const kept = await readSamples([file('a.jsonl', text)], options);
    expect([...kept.samples.features.values]).toEqual(expected);
    const keeping = { maxMemory: 1e9, store: rowStore().store };
    const found = await readSamplesAgain(file('a.jsonl', text), options, keeping);
    expect(found.samples.features).toEqual(kept.samples.features);
  });

  it('is refused while it is read for its columns, if they or its rows need more memory than they may', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `{"key ${i}":1,"kind":"cat"}\n`).join('');
    const many = '{"a":1,"kind":"x"}\n'.repeat(20_000);
    const tables = [
      ['a.jsonl', keys],
      ['a.jsonl', many],
      ['a.svm', '1 300:1\n'],
      ['a.svm', '1 1:1\n'.repeat(20_000)],
    ] as const;
    for (const [name, text] of tables) {
      const table = file(name, text);
      const options = name === 'a.svm' ? {} : { label: 'kind' };
      const keeping = { maxMemory: 150_000, store: rowStore().store, hint: 'Pass more.' };
      await expect(readSamplesAgain(table, options, keeping)).rejects.toThrow(
        /^a\.(?:jsonl|svm): the table must fit into 150\.0 kB of memory; .* Pass more\.$/,
      );
      expect(table.opened()).toBe(2);
    }
  });

  it('takes rows that are left out after the last one', async () => {
    const text = `${CSV}${'NA,NA,1,g,d,cat\n'.repeat(3)}`;
    for (const maxMemory of [LITTLE, 1e9]) {
      const options = { ...base, missing: 'drop' } as const;
      const found = await readSamplesAgain(file('pets.csv', text), options, { maxMemory, store: rowStore().store });
      const expected = await readSamples([file('pets.csv', CSV)], options);
      expect(found.samples.labels).toEqual(expected.samples.labels);
      expect(found.dropped).toBe(expected.dropped + 3);
    }
  });

  it('refuses lists that do not fit, and removes what was stored after an error', async () => {
    const { store, closed } = rowStore();
    const reading = readSamplesAgain(file('pets.csv', CSV), base, { maxMemory: 10_000, store });
    await expect(reading).rejects.toThrow('pets.csv: the table must fit into 10.0 kB of memory');
    const hint = 'Pass more.';
    const hinted = readSamplesAgain(file('pets.csv', CSV), base, { maxMemory: 10_000, store, hint });
    await expect(hinted).rejects.toThrow('Pass more.');
    expect(closed()).toBe(0);
    let passes = 0;
    const changed = {
      name: 'pets.csv',
      async *stream() {
        // The file changes between the passes.
        yield new TextEncoder().encode(++passes < 3 ? CSV : CSV.replace('\n9.3,', '\nnine,'));
      },
    };
    const kept = rowStore();
    await expect(readSamplesAgain(changed, base, { maxMemory: LITTLE, store: kept.store })).rejects.toThrow('nine');
    expect([kept.stored.length, kept.closed()]).toEqual([1, 1]);
  });

  it.each([{}, { label: 'kind' }])('refuses a binary format by its name, with the options %j', async (options) => {
    const keeping = { maxMemory: 1e9, store: rowStore().store };
    await expect(readSamplesAgain(file('standard input', 'PAR1\x15\x04\0\0PAR1'), options, keeping)).rejects.toThrow(
      'standard input: the file must be a CSV file; got a Parquet file.',
    );
  });

  it('asks for the label like readSamples', async () => {
    for (const [name, text] of [
      ['pets.csv', CSV],
      ['pets.jsonl', '{"a":1,"b":2}'],
    ]) {
      const keeping = { maxMemory: 1e9, store: rowStore().store };
      const [own, other] = await Promise.all(
        [readSamplesAgain(file(name, text), {}, keeping), readSamples([file(name, text)])].map((each) =>
          each.then(String, String),
        ),
      );
      expect(own).toBe(other);
      expect(own).toContain('label must be one of the columns');
    }
  });
});
