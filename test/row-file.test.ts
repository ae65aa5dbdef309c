import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepingOf, withRowFiles } from '../src/cli/data/row-files.js';
import { openRowFile } from '../src/node/row-file.js';

jest.mock('node:fs/promises', () => ({ __esModule: true, ...jest.requireActual('node:fs/promises') }));

describe('the file of rows', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rows-'));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });

  const values = Float64Array.from({ length: 30 }, (_, i) => (i % 7 === 0 ? -0 : i / 3));

  async function written() {
    const writer = await openRowFile(10, 3, folder);
    const part = values.slice(0, 12);
    await writer.write(part);
    // The array belongs to the caller again.
    part.fill(7);
    await writer.write(values.subarray(12, 12));
    await writer.write(values.subarray(12));
    return { writer, rows: await writer.finish() };
  }

  it('gives back the bits of the numbers, in each pass', async () => {
    const { writer, rows } = await written();
    expect(rows.shape).toEqual([10, 3]);
    for (const size of [1, 4, 100]) {
      const read: number[] = [];
      for await (const block of rows.blocks(size)) read.push(...block.values);
      expect(new BigUint64Array(Float64Array.from(read).buffer)).toEqual(new BigUint64Array(values.buffer));
    }
    await writer.close();
  });

  it('has the rows that were written, if they are more than were known', async () => {
    const writer = await openRowFile(2, 3, folder);
    await writer.write(values);
    expect((await writer.finish()).shape).toEqual([10, 3]);
    await writer.close();
  });

  it('leaves nothing in its folder, also while it is open', async () => {
    const { writer } = await written();
    const isUnlinked = process.platform !== 'win32';
    if (isUnlinked) expect(readdirSync(folder)).toEqual([]);
    await writer.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps its name where an open file cannot be removed, until it is closed', async () => {
    const { rm } = promises;
    jest.spyOn(promises, 'rm').mockRejectedValueOnce(new Error('EBUSY'));
    const { writer, rows } = await written();
    const [name, ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    expect(statSync(join(folder, name)).size).toBe(240);
    if (process.platform !== 'win32') expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    for await (const block of rows.blocks(10)) expect(block.values).toEqual(values);
    jest.spyOn(promises, 'rm').mockImplementation(rm);
    await writer.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is refused before it is written where there is too little space', async () => {
    jest.spyOn(promises, 'statfs').mockResolvedValue({ bavail: 2, bsize: 4096 } as never);
    await expect(openRowFile(1e6, 2, folder)).rejects.toThrow(
      `${folder}: the folder for temporary files must have 16.0 MB free for the rows of the table; got 8.2 kB. Name another one in the variable TMPDIR.`,
    );
    await (await openRowFile(100, 10, folder)).close();
  });

  it('says that its folder cannot be written to', async () => {
    await expect(openRowFile(1, 1, join(folder, 'none'))).rejects.toThrow(
      /none: the folder for temporary files must be writable; got ENOENT.*TMPDIR\.$/,
    );
  });

  it('says that a disk is full, and that the file has become shorter', async () => {
    const { open } = promises;
    let file: promises.FileHandle | undefined;
    jest.spyOn(promises, 'open').mockImplementation(async (...args) => {
      file = await open(...args);
      return file;
    });
    const { writer, rows } = await written();
    await file?.truncate(200);
    await expect(rows.blocks(10).next()).rejects.toThrow('has become shorter');
    jest.spyOn(file as promises.FileHandle, 'write').mockRejectedValue(new Error('ENOSPC'));
    await expect(writer.write(new Float64Array(2 ** 17))).rejects.toThrow(
      'must be writable; got ENOSPC. Name another one',
    );
    await writer.close();
  });
});

describe('the rows that a command stores', () => {
  it('show how much they take, and end with the command', async () => {
    const notes: (string | undefined)[] = [];
    const controller = new AbortController();
    await withRowFiles(async (closing) => {
      const { signal } = controller;
      const onProgress = ({ stage, note }: { stage: string; note?: string }) => void notes.push(`${stage}, ${note}`);
      const writer = await keepingOf({ signal, onProgress, closing }).store(1000, 2, 0);
      await writer.write(new Float64Array(1000));
      await writer.write(new Float64Array(1000));
      controller.abort(new Error('interrupted'));
      await expect(writer.write(new Float64Array(2))).rejects.toThrow('interrupted');
    });
    expect(notes).toEqual(['8.0', '16.0'].map((size) => `store the rows, ${size} kB in ${tmpdir()}`));
  });
});
