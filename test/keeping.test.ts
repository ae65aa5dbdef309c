// The rows to evaluate a model on: in memory while they fit, then stored, with the same numbers.
import { type NamedBytes, readSamples, StoredRows } from 'softmax-regression';
import { type AnyRows, blocksOf } from '../src/data/any-rows.js';
import { KeptRows } from '../src/data/kept-rows.js';
import { labelledRows } from '../src/reading/table.js';
import { rowStore } from './helpers/row-store.js';

const COLOURS = Array.from({ length: 20 }, (_, i) => `colour ${i}`);
const rows = Array.from({ length: 900 }, (_, i) => [
  i % 50 === 0 ? '' : `${(i * 37) % 100}`,
  COLOURS[(i * 7) % 20],
  `${i % 3}`,
  i % 90 === 0 ? 'bird' : ['cat', 'dog'][i % 2],
]);
const HEADER = 'size,colour,weight,kind\n';
const CSV = `${HEADER}${rows.map((row) => row.join()).join('\n')}\n`;

function file(text: string, chunk = 500): NamedBytes {
  const bytes = new TextEncoder().encode(text);
  return {
    name: 'pets.csv',
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.slice(at, at + chunk);
    },
  };
}

async function modelOf(options: object) {
  const some = `${HEADER}${rows
    .filter(([size, , , kind]) => size !== '' && kind !== 'bird')
    .map((row) => row.join())
    .join('\n')}\n`;
  const reading = { label: 'kind', strings: 'one-hot', sampleWeight: 'weight', ...options } as const;
  const { schema, featureNames = [] } = await readSamples([file(some)], reading);
  return { classes: ['cat', 'dog'], numFeatures: featureNames.length, schema };
}

async function valuesOf(features: AnyRows): Promise<number[]> {
  const values: number[] = [];
  for await (const block of blocksOf(features)) values.push(...block.values);
  return values;
}

const OPTIONS = { missing: 'drop', unknownLabel: 'drop' } as const;
/** The lists of these rows fit, and the features beside them do not. */
const LITTLE = 70_000;

describe('the rows to evaluate', () => {
  it.each([{}, { ignore: ['weight'], sampleWeight: undefined }])(
    'are those in memory if they do not fit and are stored, with the options %j',
    async (options) => {
      const model = await modelOf(options);
      const { features, ...expected } = await labelledRows(file(CSV), model, OPTIONS);
      expect(features).toBeInstanceOf(KeptRows);
      expect([expected.dropped, expected.unknownLabels?.labels]).toEqual([18, { bird: 8 }]);
      const { store, stored, closed } = rowStore();
      const { features: found, ...others } = await labelledRows(file(CSV), model, {
        ...{ ...OPTIONS, store, maxMemory: LITTLE },
      });
      expect(others).toEqual(expected);
      expect(found).toBeInstanceOf(StoredRows);
      expect(found.shape).toEqual(features.shape);
      expect(await valuesOf(found)).toEqual(await valuesOf(features));
      const [[n, d, needed]] = stored;
      expect([stored.length, d, closed()]).toEqual([1, model.numFeatures, 0]);
      expect(n).toBeLessThan(others.labels.length);
      expect(needed).toBeGreaterThan(LITTLE);
    },
  );

  it('stay in memory while they fit', async () => {
    const { store, stored } = rowStore();
    const { features } = await labelledRows(file(CSV), await modelOf({}), { ...OPTIONS, store, maxMemory: 1e6 });
    expect(features).toBeInstanceOf(KeptRows);
    expect(stored).toEqual([]);
  });

  it.each([
    ['a row that does not fit', `${CSV}x,colour 1,1,cat\n`, 'pets.csv:902:1: size must be a number'],
    ['a label that is unknown', `${CSV}1,colour 1,1,cow\n`, 'kind must be one of the classes "cat", "dog"; got "cow"'],
  ])('are removed after an error: %s', async (_, text, message) => {
    const { store, stored, closed } = rowStore();
    const options = { missing: 'drop', store, maxMemory: LITTLE } as const;
    const known = text.replaceAll(',bird\n', ',cat\n');
    await expect(labelledRows(file(known), await modelOf({}), options)).rejects.toThrow(message);
    expect([stored.length, closed()]).toEqual([1, 1]);
  });

  it('are refused, with a way out, where not even their lists fit', async () => {
    const { store, stored, closed } = rowStore();
    const options = { ...OPTIONS, store, maxMemory: 20_000 };
    const model = await modelOf({});
    await expect(labelledRows(file(CSV), model, options)).rejects.toThrow(
      /^pets\.csv: the table must fit into 20\.0 kB of memory; got 2\d\d rows so far, .* Give a file with fewer rows\.$/,
    );
    expect([stored.length, closed()]).toEqual([1, 1]);
    const hinted = labelledRows(file(CSV), model, { ...options, hint: 'Pass more.' });
    await expect(hinted).rejects.toThrow('Pass more.');
  });
});
