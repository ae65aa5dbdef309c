// A typed table as bytes: the same rows in each pass, from chunks of any length, and other bytes.

import { blockBytes, openTableBytes, tableStart } from '../src/formats/table-bytes.js';
import { spooled } from '../src/node/spool.js';

const COLUMNS = [
  { name: 'x' },
  { name: 'text' },
  { name: 'seen', use: 'date', unit: 'microsecond' },
  { name: 'list', refusal: { type: 'a list' } },
] as const;
const BIG = 2n ** 60n + 1n;
const BLOCKS = [
  blockBytes(2, [Float64Array.of(1.5, Number.NaN), ['a', null], [0n, 86_400_000_000n], undefined]),
  blockBytes(1, [[BIG], [true], [null], undefined]),
];
const WHOLE = Buffer.concat([tableStart(COLUMNS), ...BLOCKS]);

/** The bytes in chunks, and how often they were streamed and closed. */
function once(length: number, bytes: Uint8Array = WHOLE) {
  const state = { streamed: 0, closed: 0 };
  async function* stream() {
    state.streamed++;
    try {
      for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
    } finally {
      state.closed++;
    }
  }
  return { state, name: 'SQL', stream };
}

async function rowsOf(table: Awaited<ReturnType<typeof openTableBytes>>, fields = [0, 1, 2, 3]): Promise<string[]> {
  const rows: string[] = [];
  for await (const block of table.blocks(new Set(fields))) {
    for (let i = 0; i < block.count; i++) {
      block.select(i);
      rows.push([block.line, ...COLUMNS.map((_, field) => `${block.text(field)}:${block.number(field, '.')}`)].join());
    }
  }
  return rows;
}

const ROWS = [
  '1,1.5:1.5,a:NaN,1970-01-01:NaN,:NaN',
  '2,:NaN,:NaN,1970-01-02:NaN,:NaN',
  `3,${BIG}:NaN,true:NaN,:NaN,:NaN`,
];

describe('a table as bytes', () => {
  it.each([1, 7, 1000])('has its columns and rows, from chunks of %d bytes', async (length) => {
    const source = once(length);
    const table = await openTableBytes(source);
    expect([table.columns, table.where(3)]).toEqual([COLUMNS, 'SQL:3']);
    expect(await rowsOf(table)).toEqual(ROWS);
    // The pass goes on where the columns were read.
    expect(source.state).toEqual({ streamed: 1, closed: 1 });
  });

  it('has the same rows in each pass over bytes that are kept', async () => {
    const source = once(50);
    const again = spooled(source, 100);
    const table = await openTableBytes(again);
    for (let pass = 0; pass < 3; pass++) expect(await rowsOf(table)).toEqual(ROWS);
    expect(source.state).toEqual({ streamed: 1, closed: 1 });
    await again.close();
  });

  it('has the values of the columns that are read', async () => {
    const table = await openTableBytes(once(1000));
    expect(await rowsOf(table, [1])).toEqual([
      '1,:NaN,a:NaN,:NaN,:NaN',
      '2,:NaN,:NaN,:NaN,:NaN',
      '3,:NaN,true:NaN,:NaN,:NaN',
    ]);
  });

  it('closes its source if a pass ends early', async () => {
    const source = once(20);
    const table = await openTableBytes(source);
    for await (const _ of table.blocks(new Set())) break;
    expect(source.state.closed).toBe(1);
  });

  it.each([
    ['text', Buffer.from('x,y\n1,2\n3,4\n and much more of it'), 'other bytes'],
    ['nothing', Buffer.from(''), 'other bytes'],
    ['a table whose end is cut off', WHOLE.subarray(0, -1), 'a part of it'],
    ['a table that ends after a length', WHOLE.subarray(0, tableStart(COLUMNS).length + 4), 'a part of it'],
  ])('refuses %s', async (_, bytes, actual) => {
    const source = once(30, bytes);
    const read = openTableBytes(source).then((table) => rowsOf(table));
    await expect(read).rejects.toThrow(`SQL: the bytes must be a table that was kept; got ${actual}.`);
    expect(source.state.closed).toBe(1);
  });
});
