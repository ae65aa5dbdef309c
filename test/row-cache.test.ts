// --cache: the rows of a table in a file, which give what the table gives, and what happens to files that are not valid.
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoredRows } from 'softmax-regression';
import { type CsvChoices, type Loading, loadDataSet } from '../src/cli/samples.js';
import { piecesOf } from '../src/data/stored-rows.js';
import type { AnyDataSet } from '../src/reading/samples.js';

jest.mock('node:fs/promises', () => ({ __esModule: true, ...jest.requireActual('node:fs/promises') }));

const ROWS = 3000;
const rows = Array.from({ length: ROWS }, (_, i) =>
  [((i * 37) % 1009) / 7, ['red', 'blue', ''][i % 3], i % 5, `g${i % 11}`, 2000 + (i % 40), i % 4 === 0].join(),
);
const CSV = `size,colour,weight,owner,year,fluffy\n${rows.join('\n')}\n`;
const CHOICES: CsvChoices = {
  ...{ label: 'fluffy', strings: 'one-hot', missing: ['indicator'], header: true, defaultMissing: true },
  ...{ sampleWeight: 'weight', group: 'owner', ignore: ['year'] },
};
const LITTLE = 1e6;

let folder: string;
let cache: string;
let path: string;
let said: string;
let open: (() => Promise<void>)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'));
  cache = join(folder, 'rows');
  path = join(folder, 'pets.csv');
  writeFileSync(path, CSV);
  said = '';
  open = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of open) await close();
  rmSync(folder, { recursive: true, force: true });
});

function load(loading: Loading = { cache }, choices = CHOICES): Promise<AnyDataSet> {
  return loadDataSet(path, choices, { ...loading, closing: (close) => void open.push(close) });
}

/** The data set with its numbers, wherever they are. */
async function plainOf(data: AnyDataSet) {
  const { features, ...samples } = data.samples;
  const values: number[] = [];
  if (!(features instanceof StoredRows)) values.push(...features.values);
  else for await (const block of piecesOf(features)) values.push(...block.values);
  return JSON.parse(JSON.stringify({ ...data, samples: { ...samples, values, shape: features.shape } }));
}

const fileOf = () => join(cache, readdirSync(cache)[0]);

describe('the rows of a table in a folder', () => {
  it.each([
    ['in memory', undefined, CHOICES],
    ['stored', LITTLE, CHOICES],
    [
      'of times and few classes',
      undefined,
      { ...CHOICES, sampleWeight: undefined, group: undefined, time: 'year', ignore: ['owner'], minClassCount: 2 },
    ],
  ])('give what the table gives, the first time and later: %s', async (_, memory, choices) => {
    const expected = await plainOf(await load({ memory }, choices));
    for (let time = 0; time < 2; time++) {
      const data = await load({ memory, cache }, choices);
      expect(data.samples.features instanceof StoredRows).toBe(memory !== undefined);
      expect(await plainOf(data)).toEqual(expected);
      expect(data.samples.lines).toBeInstanceOf(Float64Array);
    }
    expect(readdirSync(cache).length).toBe(1);
    expect(said).toBe('');
  });

  it('are not read from the table the second time, in memory or stored', async () => {
    utimesSync(path, 1e9, 1e9);
    const expected = await plainOf(await load());
    writeFileSync(path, 'x'.repeat(statSync(path).size));
    utimesSync(path, 1e9, 1e9);
    expect(await plainOf(await load())).toEqual(expected);
    expect((await load({ cache, memory: LITTLE })).samples.features).toBeInstanceOf(StoredRows);
  });

  it('are those of the options: others have a file of their own', async () => {
    await load();
    const other = await load({ cache }, { ...CHOICES, strings: undefined, ignore: ['year', 'colour'] });
    expect(other.featureNames).toEqual(['size']);
    expect(readdirSync(cache).length).toBe(2);
    expect(said).toBe('');
  });

  it.each<[string, () => void, string]>([
    [
      'of an earlier state of the table',
      () => appendFileSync(path, '1,red,1,g1,2000,true\n'),
      'is of an earlier state of the table',
    ],
    ['cut short', () => truncateSync(fileOf(), statSync(fileOf()).size - 100), 'is cut short'],
    ['cut at its end', () => truncateSync(fileOf(), statSync(fileOf()).size - 1), 'is cut short'],
    ['empty', () => truncateSync(fileOf(), 0), 'is cut short'],
    [
      'without some of its numbers',
      () => {
        const bytes = readFileSync(fileOf());
        writeFileSync(fileOf(), Buffer.concat([bytes.subarray(0, 5000), bytes.subarray(5008)]));
      },
      'is cut short',
    ],
    ['longer', () => appendFileSync(fileOf(), 'the end\n'), 'is cut short'],
    [
      'of another version',
      () => writeFileSync(fileOf(), readFileSync(fileOf(), 'latin1').replace(/"version":"0/, '"version":"9'), 'latin1'),
      'is of another version',
    ],
  ])('are written again, which a line says, if the file is %s', async (_, change, reason) => {
    await load();
    change();
    const expected = await plainOf(await load({}));
    expect(await plainOf(await load())).toEqual(expected);
    expect(said).toContain(`cache: ${fileOf()} ${reason}; it is written again\n`);
    said = '';
    expect(await plainOf(await load())).toEqual(expected);
    expect([said, readdirSync(cache).length]).toEqual(['', 1]);
  });

  it('are read without a lock, as in a folder that cannot be written to', async () => {
    const expected = await plainOf(await load());
    const written = jest.spyOn(promises, 'writeFile').mockRejectedValue(new Error('EROFS'));
    expect(await plainOf(await load())).toEqual(expected);
    truncateSync(fileOf(), 0);
    await expect(load()).rejects.toThrow('EROFS');
    expect(written).toHaveBeenCalledTimes(1);
    expect(said).toBe('');
  });

  it('of another table are written again, though that has the same size and time', async () => {
    const other = join(folder, 'cats.csv');
    writeFileSync(other, CSV.replaceAll('red', 'tan'));
    for (const each of [path, other]) utimesSync(each, 1e9, 1e9);
    await load();
    const mine = fileOf();
    path = join(folder, 'below', 'pets.csv');
    mkdirSync(join(folder, 'below'));
    renameSync(other, path);
    const expected = await plainOf(await load());
    const own = readdirSync(cache)
      .map((name) => join(cache, name))
      .find((name) => name !== mine) as string;
    copyFileSync(mine, own);
    expect(await plainOf(await load())).toEqual(expected);
    expect(said).toBe(`cache: ${own} is of another table; it is written again\n`);
  });

  it('do not replace another file', async () => {
    await load();
    writeFileSync(fileOf(), 'a diary');
    await expect(load()).rejects.toThrow(
      `${fileOf()}: the file must be one of rows, as --cache writes it; got another file. Move it, or name another folder.`,
    );
    expect(readFileSync(fileOf(), 'utf8')).toBe('a diary');
  });

  it('do not replace what is no file, nor wait for it', async () => {
    await load();
    const place = fileOf();
    rmSync(place);
    mkdirSync(place);
    const refused = `${place}: the file must be one of rows, as --cache writes it; got a folder or a device. Move it,`;
    await expect(load()).rejects.toThrow(refused);
    rmSync(place, { recursive: true });
    symlinkSync('/dev/null', place);
    await expect(load()).rejects.toThrow(refused);
    rmSync(place);
    symlinkSync(place, place);
    await expect(load()).rejects.toThrow(`${place}: the file must be readable; got ELOOP`);
  });

  it('are refused before they are written where there is too little space, and leave nothing', async () => {
    jest.spyOn(promises, 'statfs').mockResolvedValue({ bavail: 2, bsize: 4096 } as never);
    await expect(load()).rejects.toThrow(
      `${cache}: the folder of --cache must have 216.0 kB free for the rows of the table; got 8.2 kB. Free some space, name another folder, or leave out --cache.`,
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  it('leave nothing after an error in the table', async () => {
    appendFileSync(path, 'zero,red,1,g1,2000,true\n');
    await expect(load()).rejects.toThrow('pets.csv:3002:1');
    expect(readdirSync(cache)).toEqual([]);
  });

  it('are written once by two commands at a time', async () => {
    const expected = await plainOf(await load({}));
    const renamed = jest.spyOn(promises, 'rename');
    const both = await Promise.all([load(), load({ cache, memory: LITTLE })]);
    expect(renamed).toHaveBeenCalledTimes(1);
    for (const data of both) expect(await plainOf(data)).toEqual(expected);
    expect(readdirSync(cache).length).toBe(1);
  });

  it.each(['-', 'iris'])('are refused for %s', async (source) => {
    await expect(loadDataSet(source, { header: true, defaultMissing: true }, { cache })).rejects.toThrow(
      '--cache must be left out',
    );
  });
});
