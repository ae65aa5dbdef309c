// A file of which any part can be read: its bytes, its end, and what happens if it changes.
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { binaryFile } from '../src/cli/data/binary-file.js';
import { openTable } from '../src/cli/data/tables.js';
import { loadDataSet } from '../src/cli/samples.js';
import type { FeatureArray } from '../src/data/batches.js';
import type { TypedTable } from '../src/data/table/typed/table.js';
import { fileInMemory } from '../src/reading/format.js';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'binary-'));
  path = join(folder, 'a.parquet');
  writeFileSync(path, bytes);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file of which any part can be read', () => {
  it.each([
    [0, 10],
    [990, 1000],
    [500, undefined],
    [7, 7],
    [0, 1000],
    [995, 2000],
    [2000, 3000],
    [20, 10],
  ])('has the bytes from %s to %s, like one in memory', async (start, end) => {
    const file = binaryFile(path);
    expect([file.name, file.byteLength]).toEqual([path, 1000]);
    const buffer = await file.slice(start, end);
    expect(new Uint8Array(buffer)).toEqual(new Uint8Array(await fileInMemory('a', bytes).slice(start, end)));
    expect(buffer).toEqual(bytes.slice(start, end).buffer);
  });

  it.each<[string, () => void]>([
    ['is longer', () => appendFileSync(path, 'more')],
    ['is cut', () => truncateSync(path, 10)],
    [
      'is replaced',
      () => {
        writeFileSync(`${path}.new`, bytes);
        renameSync(`${path}.new`, path);
      },
    ],
  ])('is refused once it %s', async (_, change) => {
    const file = binaryFile(path);
    await file.slice(0, 10);
    change();
    await expect(file.slice(0, 10)).rejects.toThrow(
      `${path}: the file must stay the same while it is read; got changes. Read it when it is complete, or read a copy.`,
    );
  });

  it('is named if it is gone, and before it is read if it is missing', async () => {
    const file = binaryFile(path);
    rmSync(path);
    const missing = `${path}: this path must be a readable file; got no such file. Check the path.`;
    await expect(file.slice(0, 10)).rejects.toThrow(missing);
    await expect(openTable(path)).rejects.toThrow(missing);
  });

  const numbers = Array.from({ length: 40 }, (_, i) => i);
  const table = (factor: number) => {
    const x = { name: 'x', data: numbers.map((i) => factor * i), type: 'DOUBLE' } as const;
    const kind = { name: 'kind', data: numbers.map((i) => `k${i % 2}`), type: 'STRING' } as const;
    return new Uint8Array(parquetWriteBuffer({ columnData: [x, kind], rowGroupSize: 10 }));
  };

  it('of rows is refused where it changes while they are read', async () => {
    writeFileSync(path, table(1));
    const { samples } = await loadDataSet(path, { label: 'kind' }, {});
    expect([...(samples.features as FeatureArray).values]).toEqual(numbers);
    let rows = 0;
    const opened = (await openTable(path)) as TypedTable;
    const read = async () => {
      for await (const block of opened.blocks(new Set([0]))) {
        rows += block.count;
        writeFileSync(path, table(2));
      }
    };
    await expect(read()).rejects.toThrow('the file must stay the same while it is read; got changes.');
    expect(rows).toBe(10);
  });

  it('of rows ends with the reason of an abort', async () => {
    writeFileSync(path, table(1));
    const controller = new AbortController();
    const opened = (await openTable(path, { signal: controller.signal })) as TypedTable;
    const read = async () => {
      for await (const _ of opened.blocks(new Set([0]))) controller.abort(new Error('stopped'));
    };
    await expect(read()).rejects.toThrow('stopped');
  });

  it('is refused by its format, also if it is empty', async () => {
    const rule = `${path}: the file must begin and end with PAR1, as Parquet does; got`;
    await expect(openTable(path)).rejects.toThrow(`${rule} "\\u0000\\u0001\\u0002\\u0003".`);
    writeFileSync(path, '');
    await expect(openTable(path)).rejects.toThrow(`${rule} an empty file.`);
  });
});
