import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BadRowsFile } from '../src/cli/bad-rows.js';
import { loadDataSet } from '../src/cli/samples.js';
import type { StoredRows } from '../src/data/stored-rows.js';

const ROWS = 2000;
const line = (i: number) => `${Array.from({ length: 60 }, (_, j) => ((i * 7 + j * j) % 100) / 10).join()},k${i % 3}`;
const header = `${Array.from({ length: 60 }, (_, j) => `c${j}`).join()},y`;
const text = `${[header, ...Array.from({ length: ROWS }, (_, i) => line(i)), 'short'].join('\n')}\n`;

describe('the data of train', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'data-'));
    path = join(folder, 'a.csv');
    writeFileSync(path, text);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Reads the table; `then` is called in the first of two readings, at its last row. */
  function read(then: () => void, loading: Parameters<typeof loadDataSet>[2] = {}) {
    let isFirst = true;
    const take = () => {
      if (isFirst) then();
      isFirst = false;
    };
    return loadDataSet(path, { label: 'y' }, loading, { of: () => take } as unknown as BadRowsFile);
  }

  it.each<[string, () => void, string | RegExp]>([
    [
      'has other numbers',
      () => writeFileSync(path, text.replaceAll('9.9', '9.8')),
      'the file must stay the same while',
    ],
    ['is replaced', () => renameSync(copied(), path), 'the file must stay the same while'],
    // The first reading has the row too if it is written before its end is found.
    [
      'is longer',
      () => appendFileSync(path, `${line(1)}\n`),
      /must (?:have the same 2000 rows each time|stay the same while)/,
    ],
    [
      'is cut',
      () => writeFileSync(path, text.slice(0, text.length / 2)),
      /got \d+ fields on line 1001\. The file has changed/,
    ],
  ])('is refused if the file %s in the second reading', async (_, change, message) => {
    for (const memory of [1e6, 1e8]) {
      writeFileSync(path, text);
      await expect(read(change, { memory })).rejects.toThrow(message);
    }
  });

  function copied(): string {
    const copy = join(folder, 'copy.csv');
    writeFileSync(copy, readFileSync(path));
    return copy;
  }

  it('closes the file of its rows when it is told to', async () => {
    const files: (() => Promise<void>)[] = [];
    const { samples } = await read(() => {}, { memory: 1e6, closing: (close) => void files.push(close) });
    const features = samples.features as StoredRows;
    const into = new Float64Array(60);
    await features.read(0, 1, into);
    expect(files.length).toBe(1);
    await files[0]();
    await expect(features.read(0, 1, into)).rejects.toThrow('closed');
  });

  it('names a larger --memory where lists do not fit', async () => {
    writeFileSync(path, `x,y\n${'1,a\n2,b\n'.repeat(50_000)}`);
    await expect(loadDataSet(path, { label: 'y' }, { memory: 1e6 })).rejects.toThrow('Pass a larger --memory, give');
  });
});
