// Endless and enormous tables are refused by what is read of them, not by what is left of the memory.
import type { NamedBytes } from 'softmax-regression';
import { inBytes } from '../src/core/shape.js';
import { BadRows } from '../src/data/table/bad-rows.js';
import { assertColumns, assertFits, MAX_ROWS } from '../src/data/table/limits.js';
import { readCsvRows } from '../src/data/table/stream.js';
import { parseCsv } from '../src/data/table/table.js';
import { KeptBytes } from '../src/reading/bytes.js';
import { readSamples } from '../src/reading/read.js';
import { labelledRows } from '../src/reading/table.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A stream that begins with a text and never ends; the number of chunks that were taken from it, and whether it is closed. */
function endless(start: string, chunk: string | Uint8Array) {
  const state = { chunks: 0, isClosed: false };
  const again = typeof chunk === 'string' ? bytes(chunk) : chunk;
  const source: NamedBytes = {
    name: 'a.csv',
    async *stream() {
      try {
        yield bytes(start);
        for (; ; state.chunks++) yield again;
      } finally {
        state.isClosed = true;
      }
    },
  };
  return { source, state };
}

const refusal = (run: Promise<unknown>) => run.then(() => 'accepted').catch((error: Error) => error.message);

describe('readSamples refuses an endless', () => {
  it('table as soon as it needs more than maxMemory, in proportion to it', async () => {
    const chunksOf = async (maxMemory: number) => {
      const { source, state } = endless('x,y\n', '1,a\n2,b\n'.repeat(100));
      expect(await refusal(readSamples([source], { label: 'y', maxMemory }))).toMatch(
        /^a\.csv: the table must fit into \d\.0 MB of memory; got [\d,]+ rows so far, which need \d\.\d MB\. Give a file with fewer rows, or exclude columns with `ignore`\.$/,
      );
      expect(state.isClosed).toBe(true);
      return state.chunks;
    };
    const once = await chunksOf(1e6);
    expect(once * 200 * 16).toBeLessThan(1e6);
    expect((await chunksOf(2e6)) / once).toBeCloseTo(2, 1);
  });

  it('table at its first row that does not fit', async () => {
    const { source, state } = endless('x,y\n1,a\n', '2,b,c\n');
    expect(await refusal(readSamples([source], { label: 'y' }))).toMatch(/^a\.csv:3:3: the row must have 2 fields/);
    // The longest header of an IDX file, by which the kind of the file is known.
    expect(state.chunks * 6).toBeLessThan(1030);
  });

  it('table without a column of features, by its header', async () => {
    const rule = 'a.csv: the table must have at least one column of features; got none.';
    for (const [header, row, options] of [
      ['y\n', 'a\nb\n', {}],
      ['x,y\n', '1,a\n2,b\n', { ignore: ['x'] }],
      [',y,w\n', '1,a,1\n2,b,1\n', { sampleWeight: 'w' }],
    ] as const) {
      const { source, state } = endless(header, row);
      expect(await refusal(readSamples([source], { label: 'y', ...options }))).toBe(rule);
      expect(state.isClosed).toBe(true);
      expect(state.chunks).toBeLessThan(1030);
    }
  });

  it('table after 10,000 rows of which none fits, also if such rows are skipped', async () => {
    let skipped = 0;
    const onBadRow = () => skipped++;
    const { source, state } = endless('x,y\n', '1,a,b\n'.repeat(100));
    expect(await refusal(readSamples([source], { label: 'y', onBadRow }))).toBe(
      'a.csv: the rows must mostly fit the table; got 10000 of 10000 that do not; the first: a.csv:2:3: the row must have 2 fields, like the header; got 3. Does an unquoted field contain the delimiter?.',
    );
    expect([skipped, state.isClosed]).toEqual([10_000, true]);
    const { schema } = parseCsv('x,y\n1,a\n2,b\n', { label: 'y' });
    const read = async () => {
      for await (const _ of readCsvRows(endless('x,y\n', '1,a,b\n'.repeat(100)).source.stream(), schema, { onBadRow }));
    };
    expect(await refusal(read())).toMatch(/^readCsvRows: the rows must mostly fit the table; got 10000 of 10000/);
  });

  it('table after 10,000 rows only if none of them fits', async () => {
    const rows = `x,y\n1,a\n2,b\n${'1,a,b\n'.repeat(10_001)}${'1,a\n'.repeat(10_001)}`;
    let skipped = 0;
    const { labels } = parseCsv(rows, { label: 'y', onBadRow: () => skipped++ });
    expect([labels.length, skipped]).toEqual([10_003, 10_001]);
  });

  it('table without a label, with the columns to choose from', async () => {
    const { source, state } = endless('x,y\n', '1,a\n');
    expect(await refusal(readSamples([source]))).toContain('label must be one of the columns "x", "y"; got nothing');
    expect(state).toEqual({ chunks: expect.any(Number), isClosed: true });
    expect(state.chunks).toBeLessThan(500);
  });

  it('line, with its number', async () => {
    const { source, state } = endless('x,y\n1,a\n', 'a'.repeat(2 ** 20));
    expect(await refusal(readSamples([source], { label: 'y' }))).toBe(
      'a.csv:3: the row must have at most 8388608 characters; got more. Is this a CSV file?',
    );
    expect(state.chunks).toBeLessThan(40);
  });

  it('file of zeros, which is no IDX file', async () => {
    const { source, state } = endless('\0\0\0\0', new Uint8Array(2 ** 16));
    expect(await refusal(readSamples([source], { label: 'y' }))).toMatch(/^a\.csv: magic must be .*; got 0x00000000\./);
    expect(state.chunks).toBe(0);
  });

  it('IDX file after the length in its header', async () => {
    const header = String.fromCharCode(0, 0, 8, 1, 0, 0, 0, 9);
    const { source, state } = endless(header, new Uint8Array(2 ** 16));
    expect(await refusal(readSamples([source]))).toMatch(
      /^a\.csv: length must be 17 bytes, as its header says; got more/,
    );
    expect(state.chunks * 2 ** 16).toBeLessThan(2 ** 21);
  });

  it('IDX file that its header declares longer than maxMemory', async () => {
    const header = String.fromCharCode(0, 0, 8, 1, 0x7f, 0, 0, 0);
    const { source, state } = endless(header, new Uint8Array(2 ** 16));
    expect(await refusal(readSamples([source], { maxMemory: 1e6 }))).toMatch(
      /^a\.csv: the file must fit into 1000000 bytes of memory/,
    );
    expect(state.chunks * 2 ** 16).toBeLessThan(1e6);
  });
});

describe('the rows to evaluate', () => {
  it('are refused in proportion to maxMemory', async () => {
    const { schema } = await readSamples([new File(['x,y\n1,a\n2,b\n'], 'a.csv')], { label: 'y' });
    const model = { classes: ['a', 'b'], numFeatures: 1, schema };
    const chunksOf = async (maxMemory: number) => {
      const { source, state } = endless('x,y\n', '1,a\n2,b\n'.repeat(100));
      expect(await refusal(labelledRows(source, model, { maxMemory }))).toMatch(
        /^a\.csv: the table must fit into \d\.0 MB of memory; .* Give a file with fewer rows\.$/,
      );
      expect(state.isClosed).toBe(true);
      return state.chunks;
    };
    const once = await chunksOf(1e6);
    expect((await chunksOf(2e6)) / once).toBeCloseTo(2, 1);
  });
});

describe('the limits of a table', () => {
  const size = { bytes: 100, columns: 0, rows: 10, rowBytes: 8 };

  it('count the bytes that are kept, the columns and the rows', () => {
    expect(() => assertFits(size, 180, 'a.csv', 'Less.')).not.toThrow();
    expect(() => assertFits(size, 179, 'a.csv', 'Less.')).toThrow(
      'a.csv: the table must fit into 179 bytes of memory; got 10 rows so far, which need 180 bytes. Less.',
    );
    expect(() => assertFits({ ...size, columns: 1 }, 4179, 'a.csv', 'Less.')).toThrow('which need 4.2 kB');
  });

  it('are 100,000,000 rows and 1,000,000 columns', () => {
    const one = { ...size, rowBytes: 0, rows: MAX_ROWS };
    expect(() => assertFits(one, 1e12, 'a.csv', 'Less.')).not.toThrow();
    expect(() => assertFits({ ...one, rows: MAX_ROWS + 1 }, 1e12, 'a.csv', 'Less.')).toThrow(
      'a.csv: the table must have at most 100,000,000 rows; got more. Less.',
    );
    expect(() => assertColumns(1e6, 'a.csv:1')).not.toThrow();
    expect(() => parseCsv(`${'1,'.repeat(1e6)}1\n`, { header: false })).toThrow(
      'parseCsv:1: the table must have at most 1,000,000 columns; got 1,000,001. Is the delimiter right?',
    );
  });

  it('count every feature of a category, and every value of a median', () => {
    const table = (options: object, maxMemory: number) =>
      readSamples([new File([`x,y\n${'1,a\n2,b\n3,a\n'.repeat(1000)}`], 'a.csv')], {
        label: 'y',
        ...options,
        maxMemory,
      });
    // 12 kB of text, 2 columns, 3,000 rows with a line, a label and a feature.
    const plain = 12_004 + 8000 + 3000 * (8 + 96 + 8);
    return Promise.all([
      expect(table({}, plain)).resolves.toBeDefined(),
      expect(table({}, plain - 1)).rejects.toThrow('must fit into'),
      expect(table({ categories: ['x'] }, plain + 2 * 8 * 3000)).resolves.toBeDefined(),
      expect(table({ categories: ['x'] }, plain + 2 * 8 * 3000 - 1)).rejects.toThrow('must fit into'),
      expect(table({ missing: 'median' }, plain)).rejects.toThrow('must fit into'),
    ]);
  });

  it('of rows that do not fit are those of a Set', () => {
    const bad = new BadRows(() => {}, 'a.csv');
    Object.defineProperty(bad.lines, 'size', { value: 16_000_000 });
    const check = () => parseCsv('');
    expect(() => bad.fits({ length: 0 } as never, 1, check)).toThrow('have at most 16,000,000 rows that do not fit');
  });

  it('are written in bytes', () => {
    expect([999, 1000, 2.5e6, 7.25e9, 3e13].map(inBytes)).toEqual([
      '999 bytes',
      '1.0 kB',
      '2.5 MB',
      '7.3 GB',
      '30000.0 GB',
    ]);
  });
});

describe('bytes that are kept', () => {
  it('take blocks, whatever the size of the chunks', () => {
    const kept = new KeptBytes();
    const expected = Uint8Array.from({ length: 3000 }, (_, i) => i % 251);
    for (const byte of expected) kept.add(Uint8Array.of(byte));
    expect(kept.chunks).toHaveLength(1);
    const large = new Uint8Array(2 ** 21).fill(7);
    kept.add(large);
    expect(kept.chunks).toHaveLength(3);
    expect(kept.length).toBe(expected.length + large.length);
    const whole = kept.whole();
    expect(whole.subarray(0, 3000)).toEqual(expected);
    expect(whole.subarray(3000).every((byte) => byte === 7)).toBe(true);
  });
});
