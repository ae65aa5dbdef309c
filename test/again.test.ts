import type { RowStoring } from '../src/data/stored-rows.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { readSamplesAgain } from '../src/reading/again.js';
import { type ReadSamplesOptions, readSamples } from '../src/reading/read.js';
import { divided } from '../src/reading/samples.js';

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

/** Stores rows in an array. */
function inArray(): { store: RowStoring; stored: () => number; closed: () => number } {
  let [stored, closed] = [0, 0];
  const store: RowStoring = async (n, d) => {
    const all: number[] = [];
    stored++;
    return {
      write: async (values) => void all.push(...values),
      finish: async () => new StoredRows([n, d], async (start, end, into) => into.set(all.slice(start * d, end * d))),
      close: async () => {
        closed++;
      },
    };
  };
  return { store, stored: () => stored, closed: () => closed };
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

describe('a table that is read again', () => {
  it.each(CASES)('has the samples of one that is kept, in memory and stored: %s', async (_, options) => {
    const expected = await readSamples([file('pets.csv', CSV)], options);
    for (const maxMemory of [1e9, LITTLE]) {
      const { store, stored, closed } = inArray();
      const found = await readSamplesAgain(file('pets.csv', CSV), options, { maxMemory, store });
      const { features } = found.samples;
      expect(features instanceof StoredRows).toBe(maxMemory < 1e9);
      expect([stored(), closed()]).toEqual([maxMemory < 1e9 ? 1 : 0, 0]);
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

  it.each(['a.jsonl', 'a.txt'])('reads JSON lines of %s', async (name) => {
    const text = rows.map(([size, , , , , kind]) => JSON.stringify({ size: Number(size), kind })).join('\n');
    const options = { label: 'kind' };
    const { samples } = await readSamples([file(name, text)], options);
    const { store } = inArray();
    const found = await readSamplesAgain(file(name, text), options, { maxMemory: 1e9, store });
    expect(found.samples.labels).toEqual(samples.labels);
    expect(found.samples.features).toEqual(samples.features);
  });

  it('keeps nothing of the file: it is opened for the kind, and for each pass', async () => {
    const pets = file('pets.csv', CSV);
    await readSamplesAgain(pets, base, { maxMemory: 1e9, store: inArray().store });
    expect(pets.opened()).toBe(3);
    const others = file('pets.csv', CSV);
    await readSamplesAgain(others, { ...base, minClassCount: 10 }, { maxMemory: 1e9, store: inArray().store });
    expect(others.opened()).toBe(4);
  });

  it('divides stored rows like rows in memory', async () => {
    const inMemory = await readSamples([file('pets.csv', CSV)], base);
    const stored = await readSamplesAgain(file('pets.csv', CSV), base, { maxMemory: LITTLE, store: inArray().store });
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
      const { store, stored, closed } = inArray();
      const reading = readSamplesAgain(changed, { ...base, comment: '#' }, { maxMemory, store });
      await expect(reading).rejects.toThrow(
        `pets.csv: the table must have the same 300 rows each time it is read; got ${actual}. The file has changed`,
      );
      expect(closed()).toBe(stored());
    }
  });

  it('takes rows that are left out after the last one', async () => {
    const text = `${CSV}${'NA,NA,1,g,d,cat\n'.repeat(3)}`;
    for (const maxMemory of [LITTLE, 1e9]) {
      const options = { ...base, missing: 'drop' } as const;
      const found = await readSamplesAgain(file('pets.csv', text), options, { maxMemory, store: inArray().store });
      const expected = await readSamples([file('pets.csv', CSV)], options);
      expect(found.samples.labels).toEqual(expected.samples.labels);
      expect(found.dropped).toBe(expected.dropped + 3);
    }
  });

  it('refuses lists that do not fit, and removes what was stored after an error', async () => {
    const { store, closed } = inArray();
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
    const kept = inArray();
    await expect(readSamplesAgain(changed, base, { maxMemory: LITTLE, store: kept.store })).rejects.toThrow('nine');
    expect([kept.stored(), kept.closed()]).toEqual([1, 1]);
  });

  it('asks for the label like readSamples', async () => {
    for (const [name, text] of [
      ['pets.csv', CSV],
      ['pets.jsonl', '{"a":1,"b":2}'],
    ]) {
      const keeping = { maxMemory: 1e9, store: inArray().store };
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
