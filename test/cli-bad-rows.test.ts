// --skip-bad: the file of rows that do not fit.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormatError } from 'softmax-regression';
import { withBadRows } from '../src/cli/bad-rows.js';
import type { BadRow } from '../src/data/table/bad-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'bad-rows-'));
const path = join(folder, 'bad.csv');
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  writeFileSync(path, 'before');
});
afterEach(() => jest.restoreAllMocks());

const error = new FormatError({ where: 'a.csv:7', argument: 'x', expected: 'be a number', actual: '"é"' });
const rowAt = (line: number): BadRow => ({ line, error, fields: ['é', 'a,b'] });
const textOf = (line: number) => `${line},"a.csv:7: x must be a number; got ""é"".","é,""a,b"""\n`;

/** The size of the file that is being written. */
const sizeSoFar = () => {
  const [temporary] = readdirSync(folder).filter((name) => name !== 'bad.csv');
  return statSync(join(folder, temporary)).size;
};

describe('the file of rows that do not fit', () => {
  it('has each row once, with its line and the reason', async () => {
    const result = await withBadRows(path, 'a.csv', async (bad) => {
      for (const line of [2, 3, 2]) bad?.of('a.csv')(rowAt(line));
      bad?.of('b.csv')(rowAt(2));
      return 'read';
    });
    expect(result).toBe('read');
    expect(readFileSync(path, 'utf8')).toBe(`line,reason,row\n${textOf(2)}${textOf(3)}${textOf(2)}`);
    expect(readdirSync(folder)).toEqual(['bad.csv']);
  });

  it('has the numbers of rows where a table has no lines', async () => {
    await withBadRows(path, 'a.parquet', async (bad) => bad?.of('a.parquet')(rowAt(3)));
    expect(readFileSync(path, 'utf8')).toBe(`row,reason,values\n${textOf(3)}`);
    await withBadRows(path, 'a.jsonl', async (bad) => bad?.of('a.jsonl')(rowAt(3)));
    expect(readFileSync(path, 'utf8')).toBe(`line,reason,row\n${textOf(3)}`);
  });

  it('is written as the rows arrive, and takes the place of the previous file at the end', async () => {
    await withBadRows(path, 'a.csv', async (bad) => {
      const take = bad?.of('a.csv');
      for (let line = 2; line < 20_002; line++) take?.(rowAt(line));
      expect(sizeSoFar()).toBeGreaterThan(20_000 * textOf(2).length - 2 ** 17);
      expect(readFileSync(path, 'utf8')).toBe('before');
    });
    const text = readFileSync(path, 'utf8');
    expect(text.split('\n')).toHaveLength(20_002);
    expect(text.endsWith(textOf(20_001))).toBe(true);
  });

  it('stays as it was if the data are refused', async () => {
    const run = withBadRows(path, 'a.csv', async (bad) => {
      for (let line = 2; line < 20_002; line++) bad?.of('a.csv')(rowAt(line));
      throw new Error('refused');
    });
    await expect(run).rejects.toThrow('refused');
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['bad.csv']);
  });
});
