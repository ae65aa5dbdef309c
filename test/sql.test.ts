// SQL: the same table as CSV, its types, and what is refused.
import { mkdtempSync, promises, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCsv, StoredRows } from 'softmax-regression';
import { dataOf, Query } from '../src/cli/data/query.js';
import { loadDataSet } from '../src/cli/samples.js';
import { type SqlLimits, sqlBytes } from '../src/formats/sql.js';
import { openTableBytes } from '../src/formats/table-bytes.js';
import { samplesOfTyped } from '../src/reading/typed.js';
import { PETS_CSV, PETS_DATES, PETS_OPTIONS } from './helpers/pets-table.js';

let folder: string;
let limits: SqlLimits;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sql-'));
  limits = { memory: 5e8, threads: 2, temporary: join(folder, 'temporary') };
  writeFileSync(join(folder, 'pets.csv'), PETS_CSV);
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = async (sql: string, options: object = { label: 'k' }) =>
  samplesOfTyped(await openTableBytes(sqlBytes(sql, limits)), options, undefined);

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    ({ name, message }) => `${name}: ${message}`,
  );
}

describe('SQL', () => {
  it('is read as the same table in CSV', async () => {
    const columns = 'width::double as width, legs::bigint as legs, colour, fluffy::boolean as fluffy';
    const dates = 'born::date as born, seen::timestamp as seen, kind';
    const { name, samples, ...described } = await read(
      `select ${columns}, ${dates} from read_csv('${folder}/pets.csv', all_varchar=true, nullstr='')`,
      PETS_OPTIONS,
    );
    const { features, labels, lines: _, ...expected } = parseCsv(PETS_CSV, { ...PETS_OPTIONS, dates: PETS_DATES });
    expect(name).toBe('SQL');
    expect(samples).toEqual({ features, labels, lines: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect(described).toEqual(expected);
  });

  it('has numbers, enumerations and moments of every type', async () => {
    const moments = ['timestamp_s', 'timestamp_ms', 'timestamp', 'timestamp_ns', 'timestamptz', 'date'];
    const at = moments.map((type) => `'2024-01-31 00:00:00+00'::${type} as ${type}`).join();
    const numbers = ['tinyint', 'utinyint', 'integer', 'float', 'bigint', 'ubigint', 'hugeint'];
    const of = (k: number) => numbers.map((type) => `${k}::${type} as ${type}`).join();
    const sql = (k: number) => `select ${of(k)}, 'm'::enum('s','m') as size, ${at}, ${k} = 1 as k`;
    const { featureNames, samples } = await read(`${sql(1)} union all ${sql(2)}`);
    const { values, shape } = samples.features;
    expect(featureNames?.slice(0, 8)).toEqual([...numbers, 'size=m']);
    expect([...values.subarray(0, 8)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect([...values.subarray(shape[1], shape[1] + 8)]).toEqual([2, 2, 2, 2, 2, 2, 2, 1]);
    const years = featureNames?.flatMap((name, j) => (name.endsWith('.year') ? [values[j]] : []));
    expect(years).toEqual(moments.map(() => 2024));
    expect(samples.labels).toEqual([true, false]);
  });

  it.each([
    ['an error of syntax', 'selec 1', 'SQL: the query must run; got Parser Error: syntax error at or near "selec".'],
    [
      'a file that is not there',
      "select * from 'none.csv'",
      'got IO Error: No files found that match the pattern "none.csv".',
    ],
    [
      'an error in a row',
      "select error('boom') as k from range(9)",
      'SQL: the query must run; got Invalid Input Error: boom.',
    ],
    ['several statements', 'select 1; select 2', 'Cannot prepare multiple statements at once.'],
    ['another statement', 'create table x(a int)', 'SQL: the query must be one SELECT; got another statement.'],
    ['an address', "select * from 'https://host.invalid/a.parquet'", 'requires the extension httpfs to be loaded.'],
    ['no rows', 'select 1 as a, true as k where false', 'SQL: the table must have at least one row; got none.'],
    [
      'two columns of one name',
      'select 1 as a, 2 as a, true as k',
      'the header must name each column once; got "a" in columns 1 and 2.',
    ],
    [
      'decimals',
      'select 1.5 as a, true as k',
      'a must be a column of numbers, text, booleans or dates; got decimal numbers. Cast it: cast(x as double).',
    ],
    ['a list', 'select [1] as a, true as k', 'got the type LIST. Pass `ignore: ["a"]` to leave it out.'],
    [
      'a row without a value',
      'select 1 as a, true as k union all select null, false',
      'SQL:2:1: a must have a value; got nothing.',
    ],
  ])('refuses %s', async (_, sql, message) => {
    const said = await refusal(read(sql));
    expect(said).toMatch(/^FormatError: [^\n]+$/);
    expect(said).toContain(message);
  });

  it('leaves out columns without an encoding by `ignore`', async () => {
    const rows = 'select 1.5 as d, [1] as l, 3 as x, true as k union all select 2.5, [2], 4, false';
    const { samples } = await read(`${rows} order by x`, { label: 'k', ignore: ['d', 'l'] });
    expect(samples.features.values).toEqual(Float64Array.of(3, 4));
  });

  it('says that a query needs more memory', async () => {
    const sorted = 'select list(i) as l from range(9000000) t(i)';
    expect(await refusal(openTableBytes(sqlBytes(sorted, { ...limits, memory: 16e6, threads: 1 })))).toMatch(
      /^FormatError: SQL: the query must run; got Out of Memory Error: .*It has half of the memory: allow more\.$/,
    );
  });

  it('ends with the reason of an abort', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await refusal(openTableBytes(sqlBytes('select 1', { ...limits, signal })))).toBe('Error: enough');
  });
});

describe('the rows of a query', () => {
  afterEach(() => jest.restoreAllMocks());

  it('come before the last one is there', async () => {
    const chunks = sqlBytes('select i, i % 2 = 0 as k from range(1000000000000) t(i)', limits).stream();
    let bytes = 0;
    for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > 1e6) break;
    }
    expect(bytes).toBeLessThan(2e6);
  });

  it('do not stay in memory where they do not fit: they are copied to a file, and their features stored in another', async () => {
    const written: Record<string, number> = {};
    const { open } = promises;
    jest.spyOn(promises, 'open').mockImplementation(async (path, ...rest) => {
      const file = await open(path, ...rest);
      const [, name = ''] = /softmax-regression-(input|rows)/.exec(String(path)) ?? [];
      const write = file.write as (...given: unknown[]) => Promise<unknown>;
      jest.spyOn(file, 'write').mockImplementation((async (bytes: Uint8Array, ...place: number[]) => {
        written[name] = (written[name] ?? 0) + bytes.length;
        return write.call(file, bytes, ...place);
      }) as never);
      return file;
    });
    const sql = 'select random() as x, random() as y, random() as z, i % 2 = 0 as k from range(200000) t(i)';
    const closing: (() => Promise<void>)[] = [];
    const loading = { memory: 8e6, closing: (close: () => Promise<void>) => void closing.push(close) };
    const choices = { label: 'k', header: true, defaultMissing: true };
    const { samples } = await loadDataSet(dataOf(undefined, sql), choices, loading);
    expect(samples.features).toBeInstanceOf(StoredRows);
    // Three columns of 8 bytes and the label, less a quarter of the memory.
    expect(written.input).toBeGreaterThan(200_000 * 24 - 2e6);
    expect(written.rows).toBe(200_000 * 24);
    for (const close of closing) await close();
  });
});

describe('DATA and --sql', () => {
  it('are one of the two', () => {
    expect(dataOf('a.csv', undefined)).toBe('a.csv');
    expect(dataOf(undefined, 'select 1')).toBeInstanceOf(Query);
    expect(() => dataOf('a.csv', 'select 1')).toThrow(
      '--sql must be left out with DATA: the rows come from one of them.',
    );
    expect(() => dataOf(undefined, undefined)).toThrow(
      "missing required argument 'data': a file, or --sql with a query.",
    );
  });
});
