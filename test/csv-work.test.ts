import { RecordReader } from '../src/data/table/csv/records.js';
import { readCsvRows } from '../src/data/table/stream.js';
import { parseCsv } from '../src/data/table/table.js';
import { searched, WorkCounter } from './helpers/work.js';

const counter = new WorkCounter(/src\/data\/table\//);
afterAll(() => counter[Symbol.dispose]());

const SIZE = 1000;

const wide = (n: number, cell: (i: number) => string) =>
  `${Array.from({ length: n }, (_, i) => `c${i}`).join()}\n${Array.from({ length: n }, (_, i) => cell(i)).join()}\n`;

const TABLES: readonly (readonly [what: string, table: (n: number) => string])[] = [
  ['rows', (n) => `x,y\n${'1.5,2\n'.repeat(n)}`],
  ['numbers of many digits', (n) => `x,y\n${'0.12345678901234567,2\n'.repeat(n)}`],
  ['doubled quotes', (n) => `x,y\n1,"${'""'.repeat(n)}"\n`],
  ['newlines in quotes', (n) => `x,y\n1,"${'a\n'.repeat(n)}"\n`],
  ['quotes in a header', (n) => `x,"${'""'.repeat(n)}"\n1,2\n`],
  ['rows with quotes', (n) => `x,y\n${'1," a ""b"""\n'.repeat(n)}`],
  ['columns', (n) => wide(n, String)],
  ['quoted columns', (n) => wide(n, (i) => `"${i}"`)],
  ['columns of text', (n) => wide(n, (i) => `"a ""${i}"""`)],
  ['a long field', (n) => `x,y\n1,${'é'.repeat(n)}\n`],
  ['a field of blanks', (n) => `x,y\n1,${' \u00a0'.repeat(n)} a\n`],
  ['blanks around quotes', (n) => `x,y\n1,${' '.repeat(n)}"a"${' '.repeat(n)}\n`],
  ['comment lines', (n) => `${'# a, "b"; c\n'.repeat(n)}x,y\n1,2\n`],
  ['text of T', (n) => `x,y\n1,${'T'.repeat(n)}\n`],
  ['blank lines', (n) => `${'\n'.repeat(n)}x,y\n1,2\n`],
];

/** How much more work per character a text of twice the size takes. */
function growth(table: (n: number) => string, read: (text: string) => unknown): number {
  const [once, twice] = [SIZE, 2 * SIZE].map((n) => {
    const text = table(n);
    return counter.count(() => read(text)) / text.length;
  });
  expect(once).toBeGreaterThan(1);
  return twice / once;
}

describe('the work of reading CSV is linear in its size', () => {
  const options = { strings: 'one-hot', missing: 'mean', comment: '#' } as const;

  it.each(TABLES)('for %s', (_, table) => {
    expect(growth(table, (text) => parseCsv(text, options))).toBeLessThan(1.05);
  });

  it('with each character of a header looked at in at most three native searches', () => {
    const header = `x,"${'""'.repeat(SIZE)}"`;
    expect(searched(() => parseCsv(`${header}\n1,2\n`)) / header.length).toBeLessThan(3);
  });

  it.each([
    ['a second row of many lines', (n: number) => ['a;b,c\n', '1,"', ...Array(n).fill('""\n'), '"\n']],
    ['comments before the second row', (n: number) => ['a;b,c\n', ...Array(n).fill('# a\n'), '1,2\n']],
    ['comments before the first row', (n: number) => [...Array(n).fill('# a\n'), 'a;b,c\n', '1,2\n']],
    ['blank lines before the first row', (n: number) => [...Array(n).fill(' \n'), 'a;b,c\n', '1,2\n']],
  ])('for a delimiter that is detected in chunks: %s', async (_, chunksOf) => {
    const read = (n: number) => {
      const chunks = chunksOf(n);
      const reader = new RecordReader({ name: 'a.csv', comment: '#' });
      const count = counter.count(() => {
        for (const chunk of chunks) for (const __ of reader.push(chunk));
        for (const __ of reader.end());
      });
      return count / chunks.length;
    };
    const once = read(SIZE);
    expect(read(2 * SIZE) / once).toBeLessThan(1.05);
  });

  it('for a record in chunks of one byte', async () => {
    const { schema } = parseCsv('x,y\n1,a\n', options);
    const read = async (n: number) => {
      const text = new TextEncoder().encode(`x,y\n1,"${'"",\n'.repeat(n)}"\n`);
      const chunks = Array.from(text, (byte) => Uint8Array.of(byte));
      counter.take();
      for await (const _ of readCsvRows(chunks, schema, { unseen: 'zero' }));
      return counter.take() / text.length;
    };
    const once = await read(SIZE);
    expect((await read(2 * SIZE)) / once).toBeLessThan(1.05);
  });

  it('with quoted columns less than 1.5 times as expensive as others that WebAssembly leaves alone', () => {
    const plain = counter.count(() => parseCsv(wide(SIZE, (i) => ` ${i}`)));
    expect(counter.count(() => parseCsv(wide(SIZE, (i) => `"${i}"`))) / plain).toBeLessThan(1.5);
  });
});
