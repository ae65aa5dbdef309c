// Rows to predict: line endings, and a header where the model has none.

import { readCsvRows } from '../src/data/table/stream.js';
import { parseCsv } from '../src/data/table/table.js';

const { schema } = parseCsv('x,y,kind\n1,2,a\n3,4,b\n', { label: 'kind' });
const { schema: withoutHeader } = parseCsv('1,2,a\n3,4,b\n', { label: 2, header: false });

async function read(text: string, of = schema, header?: boolean): Promise<number> {
  let rows = 0;
  for await (const batch of readCsvRows([text], of, { name: 'new.csv', header })) rows += batch.rows.length;
  return rows;
}

describe('rows to predict', () => {
  it.each([
    ['x,y\r1,2\r3,4\r', 'new.csv:1: lines must end in \\n or \\r\\n; got \\r alone.'],
    ['x,y\n1,2\r3,4\n', 'new.csv:2: lines must end in \\n or \\r\\n; got \\r alone.'],
  ])('are refused where \\r ends a line: %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('are refused with the delimiter that splits their header', async () => {
    const { schema: comma } = parseCsv('x;y;kind\n1,5;2;a\n3;4;b\n', { label: 'kind', decimal: ',' });
    await expect(read('x,y\n1.5,2\n', comma)).rejects.toThrow(
      'new.csv:1: the header must have the column "x", which the model reads; got "x,y". ' +
        'Pass `delimiter: ","`, and `decimal: \'.\'` if the numbers have a decimal point.',
    );
  });

  it('are refused where their first line looks like a header that the model does not have', async () => {
    await expect(read('width,height\n1,2\n', withoutHeader)).rejects.toThrow(
      'new.csv:1: the first line must hold data: the model has no header; got "width", "height". It looks like a header: pass `header: true`.',
    );
    await expect(read('a,b,y\n1,2,a\n', withoutHeader)).rejects.toThrow('It looks like a header: pass `header: true`.');
    const { schema: one } = parseCsv('1,a\n3,b\n', { label: 1, header: false });
    await expect(read('x\n1\n', one)).rejects.toThrow('It looks like a header: pass `header: true`.');
    await expect(read('NA\n1\n', one)).rejects.toThrow('column 1 must be a number; got "NA". Pass');
    expect(await read('1,2\n3,4\n', withoutHeader)).toBe(2);
  });

  it('may have a header that the model does not have, which names the columns to keep', async () => {
    const rows: unknown[] = [];
    const options = { name: 'new.csv', header: true, keep: ['height'] };
    for await (const { features, labels, lines, kept } of readCsvRows(
      ['width,height,kind\n1,2,a\n3,4,b\n'],
      withoutHeader,
      options,
    )) {
      rows.push([...features.values], labels, [...lines], kept);
    }
    expect(rows).toEqual([
      [1, 2, 3, 4],
      ['a', 'b'],
      [2, 3],
      [['2'], ['4']],
    ]);
    expect(await read('width,height\n1,2\n', withoutHeader, true)).toBe(1);
    await expect(read('1.5,2.5,a\n3,4,b\n', withoutHeader, true)).rejects.toThrow(
      'new.csv:1: the header must name the columns; got 1.5, 2.5, a. Leave out `header: true`.',
    );
    await expect(read('x\n1\n', withoutHeader, true)).rejects.toThrow('new.csv:1:2: the row must have 3 fields');
  });

  it('are refused in training where the first line of a table without a header has words alone', () => {
    const train = (text: string) => () => parseCsv(text, { label: -1, header: false, name: 't.csv' });
    expect(train('a,b,y\n1,2,yes\n')).toThrow(
      't.csv:1:1: column 1 must be a number; got "a". A header? Leave out `header: false`, and give columns by name. ' +
        "Pass `strings: 'one-hot'`",
    );
    expect(train('a,2,yes\n')).toThrow(`got "a". Pass \`strings: 'one-hot'\``);
  });
});
