// Delimiters in the forms that programs write.

import { RecordReader } from '../src/data/table/csv/records.js';
import { textsOf } from '../src/data/table/row.js';
import { parseCsv } from '../src/data/table/table.js';

/** The rows, read in chunks of `size` bytes. */
function rowsOf(text: string, size: number): (string | number)[][] {
  const reader = new RecordReader({ name: 'a.csv' });
  const bytes = new TextEncoder().encode(text);
  const rows: (string | number)[][] = [];
  const collect = (blocks: ReturnType<RecordReader['end']>) => {
    for (const block of blocks) {
      for (let i = 0; i < block.count; i++) {
        block.select(i);
        rows.push([block.line, ...textsOf(block)]);
      }
    }
  };
  for (let at = 0; at < bytes.length; at += size) collect(reader.push(bytes.subarray(at, at + size)));
  collect(reader.end());
  return rows;
}

describe('the delimiter of a file', () => {
  it.each<[string, string, (string | number)[][]]>([
    [
      'tabs, with commas in names',
      'Weight, kg\tHeight, cm\tclass\n1\t2\ta\n',
      [
        [1, 'Weight, kg', 'Height, cm', 'class'],
        [2, '1', '2', 'a'],
      ],
    ],
    [
      'semicolons, with commas in names',
      'a, b, c;d\n1;2\n',
      [
        [1, 'a, b, c', 'd'],
        [2, '1', '2'],
      ],
    ],
    [
      'commas, with bars in names',
      'a|b,c|d\n1,2\n',
      [
        [1, 'a|b', 'c|d'],
        [2, '1', '2'],
      ],
    ],
    [
      'commas, with a quoted row that spans lines',
      'a;b,c\n"x\n;",2\n',
      [
        [1, 'a;b', 'c'],
        [2, 'x\n;', '2'],
      ],
    ],
    ['a header alone', 'a, b\tc, d\te', [[1, 'a', 'b\tc', 'd\te']]],
    [
      'sep=; as Excel writes it',
      'sep=;\na;b,c\n1;2\n',
      [
        [2, 'a', 'b,c'],
        [3, '1', '2'],
      ],
    ],
    [
      'sep=| quoted, after a byte-order mark, with Windows line ends',
      '\ufeff"sep=|"\r\na|b\r\n1,5|2\r\n',
      [
        [2, 'a', 'b'],
        [3, '1,5', '2'],
      ],
    ],
    ['sep= with a tab, after blank lines', '\n\nsep=\t\na\tb\n', [[4, 'a', 'b']]],
    [
      'a column named sep=;',
      'sep=;,b\n1,2\n',
      [
        [1, 'sep=;', 'b'],
        [2, '1', '2'],
      ],
    ],
  ])('is detected for any chunk size: %s', (_, text, rows) => {
    for (const size of [1, 2, 7, 1000]) expect(rowsOf(text, size)).toEqual(rows);
  });

  it('is taken from a sep= line, unless the option is given', () => {
    expect(parseCsv('sep=;\nx;y\n1;a\n2;b\n', { label: 'y' }).labels).toEqual(['a', 'b']);
    expect(parseCsv('sep=;\nx,y\n1,a\n2,b\n', { label: 'y', delimiter: ',' }).labels).toEqual(['a', 'b']);
    expect(() => parseCsv('sep=;\nx;y\n1;a\nz;b\n', { label: 'y', name: 'a.csv' })).toThrow(
      'a.csv:4:1: x must be a number',
    );
  });
});
