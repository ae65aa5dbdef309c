// A model file says nothing of when, where and by what it was made: no time, path, backend or machine.
import { hostname } from 'node:os';
import { loadIris, type SoftmaxRegression as Model, parseCsv, SoftmaxRegression } from 'softmax-regression';
import { TEST_BACKENDS, useBackend } from './helpers/backends.js';

const { features, labels } = loadIris();
const csv = ['width,colour,kind', ...features.map(([x], i) => `${x},${i % 4 === 0 ? 'red' : 'blue'},${labels[i]}`)];

/** A model of a table, whose file has all parts that a file can have. */
async function fromTable(name: string): Promise<Model<string>> {
  const table = parseCsv(csv.join('\n'), { label: 'kind', strings: 'one-hot', missing: 'mean', name });
  const options = { schema: table.schema, standardize: true, validation: 0.2, precision: 'float64' } as const;
  const { model } = await SoftmaxRegression.fit(table.features, table.labels as string[], options);
  return (await model.calibrate(table.features, table.labels as string[])).model;
}

function metadataOf(bytes: Uint8Array): Record<string, string> {
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size))).__metadata__;
}

describe('a model file', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each(TEST_BACKENDS)('has the same bytes on every backend: %s', async (backend) => {
    await useBackend('cpu');
    const expected = (await fromTable('table.csv')).toBytes();
    await useBackend(backend);
    expect((await fromTable('table.csv')).toBytes()).toEqual(expected);
  });

  it('has the same bytes at another time and for a file at another path', async () => {
    const expected = (await fromTable('table.csv')).toBytes();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 1e11);
    expect((await fromTable('/home/someone/other.csv')).toBytes()).toEqual(expected);
  });

  it('has these entries, and no name of this machine, its backend or its programs', async () => {
    const metadata = metadataOf((await fromTable('/home/someone/table.csv')).toBytes());
    expect(Object.keys(metadata).sort()).toEqual([
      ...['calibration', 'classes', 'featureDeviations', 'featureNames', 'format', 'numParameters', 'options'],
      ...['schema', 'sha256', 'version'],
    ]);
    expect(Object.keys(JSON.parse(metadata.options)).sort()).toEqual([
      ...['fitIntercept', 'l1', 'l2', 'maxIterations', 'precision', 'solver', 'standardize', 'tolerance', 'validation'],
    ]);
    const text = Object.values(metadata).join('\n');
    for (const name of [hostname(), process.cwd(), process.version, process.arch, 'someone', 'table.csv']) {
      expect(text).not.toContain(name);
    }
    for (const name of ['tensorflow', 'wasm', 'webgl', '"cpu"', 'thread', 'worker']) {
      expect(text.toLowerCase()).not.toContain(name);
    }
  });
});
