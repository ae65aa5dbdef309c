// Tables without lines on the command line: their rows are numbered, and every door says so.
import { readFileSync, writeFileSync } from 'node:fs';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { CommandLine } from '../helpers/command-line.js';

const line = new CommandLine();

/** Rows of two classes; row 4 is a mistake of any model, and row 7 has no value. */
const X = Array.from({ length: 30 }, (_, i) => (i === 6 ? null : i === 3 ? 9 : i % 2 === 0 ? i / 10 : 6 + i / 10));
const KIND = X.map((_, i) => (i % 2 === 0 ? 'a' : i === 3 ? 'a' : 'b'));
const DATA = [
  { name: 'x', data: X, type: 'DOUBLE', nullable: true },
  { name: 'kind', data: KIND, type: 'STRING' },
] as ColumnSource[];

beforeAll(() => {
  writeFileSync(line.path('a.parquet'), new Uint8Array(parquetWriteBuffer({ columnData: DATA })));
  line.write('a.jsonl', X.map((x, i) => `${JSON.stringify({ x, kind: KIND[i] })}\n`).join(''));
});
afterAll(() => line.dispose());

describe.each([
  ['a.parquet', 'row', 'row,reason,values'],
  ['a.jsonl', 'line', 'line,reason,row'],
])('the rows of %s', (name, unit, header) => {
  it(`are numbered as ${unit} in --skip-bad, predict, explain and the report`, async () => {
    const options = ['--skip-bad', 'bad.csv', '--backend', 'cpu'];
    const trained = await line.run('train', name, '--label', 'kind', '-o', 'a.model', '--report', 'a.html', ...options);
    expect(trained).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('1 row does not fit the table: bad.csv'),
    });
    expect(readFileSync(line.path('bad.csv'), 'utf8').split('\n').slice(0, 2)).toEqual([
      header,
      expect.stringMatching(new RegExp(`^7,"${name}:7:1: x must have a value; got nothing`)),
    ]);
    const report = await line.run('report', 'a.model', name, '-o', 'b.html', ...options);
    expect(report.code).toBe(0);
    const html = readFileSync(line.path('b.html'), 'utf8');
    const mistakes = html.slice(html.indexOf('id="mistakes"'));
    expect(/<th[^>]*>(line|row)<\/th>/.exec(mistakes)?.[1]).toBe(unit);
    const predicted = await line.run('predict', 'a.model', name, '--missing', 'drop');
    expect(predicted.stdout.split('\n').slice(0, 2)).toEqual([
      `${unit},label,probability`,
      expect.stringMatching(/^1,a,/),
    ]);
    const explained = await line.run('explain', 'a.model', name, '--row', '4', '--missing', 'drop');
    expect(explained).toMatchObject({ code: 0, stdout: expect.stringContaining(`${unit} 4`) });
  });
});
