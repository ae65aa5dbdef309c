// The page of web/ with tables whose columns have types: the model of the same rows in CSV, and what it refuses.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as arrow from '@uwdata/flechette';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { inBrowser } from '../helpers/chromium.js';
import { type Files, usePage, WebPage } from '../helpers/web-page.js';

/** Rows in which nothing is written in more than one way. */
const ROWS = Array.from({ length: 60 }, (_, i) => ({
  width: (i * 7) % 13,
  height: i / 4,
  colour: ['red', 'green', 'blue'][i % 3],
  kind: i % 5 < 2 ? 'cat' : 'dog',
}));
type Name = keyof (typeof ROWS)[number];
const NAMES: readonly Name[] = ['width', 'height', 'colour', 'kind'];
const valuesOf = (name: Name, rows = ROWS) => rows.map((row) => row[name]);

const CSV = `${NAMES.join(',')}\n${ROWS.map((row) => NAMES.map((name) => row[name]).join(',')).join('\n')}\n`;
const JSONL = ROWS.map((row) => `${JSON.stringify(row)}\n`).join('');

const written = (columnData: ColumnSource[], options: object = {}) =>
  Buffer.from(parquetWriteBuffer({ columnData, ...options }));

function parquetOf(rows: typeof ROWS, others: readonly ColumnSource[] = []): Buffer {
  const columns = NAMES.map((name) => ({
    ...{ name, data: valuesOf(name, rows) },
    type: (name === 'width' || name === 'height' ? 'DOUBLE' : 'STRING') as ColumnSource['type'],
  }));
  return written([...columns, ...others], { rowGroupSize: 25 });
}

function arrowOf(options: object = {}): Buffer {
  const types = { width: arrow.int32(), height: arrow.float64(), colour: arrow.utf8(), kind: arrow.utf8() };
  const columns = Object.fromEntries(NAMES.map((name) => [name, valuesOf(name)]));
  const table = arrow.tableFromArrays(columns as never, { types, maxBatchRows: 25 } as object);
  return Buffer.from(arrow.tableToIPC(table, { format: 'file', ...options }) as Uint8Array);
}

/** Trains the table that is chosen, and returns the model that the page saves. */
async function modelOf(web: WebPage): Promise<Buffer> {
  await web.page.selectOption('#label', 'kind');
  await web.click('read');
  expect(await web.error()).toBe('');
  await web.click('train');
  const [download] = await Promise.all([web.page.waitForEvent('download'), web.page.click('#save')]);
  await web.idle();
  return readFileSync(await download.path());
}

inBrowser('the page with tables whose columns have types', () => {
  const web = usePage();
  const { choose, click, error, text, idle } = web;
  const readerRequests = () =>
    web.page.evaluate(() =>
      performance.getEntriesByType('resource').flatMap(({ name }) => /(?:parquet|arrow)-[^/]*\.js$/.exec(name) ?? []),
    );

  it('trains JSON lines, Parquet and Arrow to the model of the same rows in CSV, byte for byte', async () => {
    await choose({ 'pets.csv': CSV });
    expect(await web.page.isVisible('label:has(#decimal)')).toBe(false);
    await web.page.click('summary:text("How values are written")');
    expect([await web.page.isVisible('#decimal'), await web.page.isVisible('#thousands')]).toEqual([true, true]);
    const model = await modelOf(web);
    expect(model.length).toBeGreaterThan(500);
    expect(await readerRequests()).toEqual([]);
    const half = ROWS.length / 2;
    const tables: readonly Files[] = [
      { 'pets.jsonl': JSONL },
      { 'pets.parquet': parquetOf(ROWS) },
      { 'pets.arrow': arrowOf() },
      { 'pets.feather': arrowOf({ format: 'stream' }) },
      { 'a.parquet': parquetOf(ROWS.slice(0, half)), 'b.parquet': parquetOf(ROWS.slice(half)) },
    ];
    for (const files of tables) {
      await choose(files);
      const [name] = Object.keys(files);
      const others = Object.keys(files).length > 1 ? ' and 1 more file' : '';
      expect(await text('data-state')).toBe(`${name}${others}: 4 columns. Which one holds the labels?`);
      expect([await web.page.isVisible('#decimal'), await web.page.isVisible('#date-order')]).toEqual([false, true]);
      expect((await modelOf(web)).equals(model)).toBe(true);
      expect((await web.page.locator('#columns li').allTextContents()).map((line) => line.slice(0, 6))).toHaveLength(4);
    }
    expect(web.complaints).toEqual([]);
  });

  it('numbers mistakes as their file does: by the line of text, or by the row', async () => {
    // Row 31 is the only one on the wrong side.
    const rows = ROWS.map((row, i) => ({ ...row, kind: i === 30 ? 'dog' : i < 40 ? 'cat' : 'dog' }));
    const text = `width,height,colour,kind\n${rows.map((row) => NAMES.map((name) => row[name]).join(',')).join('\n')}\n`;
    const found: string[][] = [];
    for (const files of [{ 'odd.csv': text }, { 'odd.parquet': parquetOf(rows) }] as readonly Files[]) {
      await choose(files);
      await web.page.selectOption('#label', 'kind');
      await click('read');
      await click('train');
      await web.page.evaluate(() => document.getElementById('findings')?.scrollIntoView());
      await web.page.waitForSelector('#findings-sections #mistakes table');
      found.push(
        await web.page.$$eval('#mistakes th:nth-child(4), #mistakes td:nth-child(4)', (cells) =>
          cells.map((cell) => cell.textContent ?? ''),
        ),
      );
    }
    expect(found).toEqual([
      ['line', '32'],
      ['row', '31'],
    ]);
  });

  it('shows the first rows, and what was found in each column', async () => {
    await choose({ 'pets.parquet': parquetOf(ROWS) });
    const rows =
      'width, height, colour, kind\n0, 0, red, cat\n7, 0.25, green, cat\n1, 0.5, blue, dog\n8, 0.75, red, dog';
    expect(await text('preview')).toBe(rows);
    await web.page.selectOption('#label', 'kind');
    await click('read');
    const lines = await web.page.$$eval('#columns .hint', (found) => found.map(({ textContent }) => textContent));
    expect(lines).toEqual([
      'number, 13 values',
      'number, 60 values',
      'category, 3 values, 3 features',
      'label, 2 values',
    ]);
    await choose({ 'pets.jsonl': JSONL });
    expect(await text('preview')).toBe(rows);
  });

  it('refuses a file that is cut short, is empty or has no rows, and goes on', async () => {
    await click('iris');
    const whole = parquetOf(ROWS);
    for (const [files, message] of [
      [
        { 'cut.parquet': whole.subarray(0, whole.length - 9) },
        /^cut\.parquet: the file must begin and end with PAR1, as Parquet does; got .* at the end\. It is cut short: fetch or write it again\.$/,
      ],
      [
        { 'cut.arrow': arrowOf().subarray(0, 900) },
        'cut.arrow: the file must end with ARROW1; got other bytes. It is cut short: fetch or write it again.',
      ],
      [
        { 'none.parquet': '' },
        'none.parquet: the file must begin and end with PAR1, as Parquet does; got an empty file. Fetch or write it again.',
      ],
      [{ 'none.jsonl': '' }, 'none.jsonl: the table must have at least one row; got an empty file.'],
      [
        { 'a.jsonl': '{"x": 1,\n"kind": "cat"}\n' },
        /^a\.jsonl:1: the line must be one JSON object; got .*\. Write each row as one object on one line/,
      ],
    ] as const) {
      await choose(files);
      if (typeof message === 'string') expect(await error()).toBe(message);
      else expect(await error()).toMatch(message);
      expect(await text('data-state')).toMatch(/^Iris: /);
    }
    await choose({ 'no-rows.parquet': parquetOf([]) });
    await web.page.selectOption('#label', 'kind');
    await click('read');
    expect(await error()).toBe('no-rows.parquet: the table must have at least one row; got none.');
    await choose({ 'pets.parquet': whole });
    await modelOf(web);
    expect(await error()).toBe('');
  });

  it('names a column that cannot be read, and trains without it', async () => {
    const size = ROWS.length;
    const decimal: ColumnSource = { name: 'price', data: Array.from({ length: size }, (_, i) => BigInt(i)) } as never;
    const schema = [
      { name: 'root', num_children: 3 },
      { name: 'price', type: 'INT64', converted_type: 'DECIMAL', scale: 2, precision: 9 },
      { name: 'x', type: 'DOUBLE' },
      { name: 'kind', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
    ];
    const x = { name: 'x', data: valuesOf('width') };
    const kind = { name: 'kind', data: valuesOf('kind') };
    const json = ROWS.map(({ width, kind: k }, i) => JSON.stringify({ odd: [i], width, kind: k })).join('\n');
    for (const [name, bytes, message] of [
      [
        'a.parquet',
        written([decimal, x, kind] as ColumnSource[], { schema }),
        'a.parquet: price must be a column of numbers, text, booleans or dates; got decimal numbers. Write it as double: cast(x as double) in SQL, astype(float) in pandas. Choose “price: left out” to leave it out.',
      ],
      [
        'b.jsonl',
        json,
        'b.jsonl:1:1: odd must be a column of numbers, text, booleans or dates; got a list. Choose “odd: left out” to leave it out.',
      ],
    ] as const) {
      await choose({ [name]: bytes });
      await web.page.selectOption('#label', 'kind');
      await click('read');
      expect(await error()).toBe(message);
      const odd = /: (\w+) must/.exec(message)?.[1] as string;
      // The page opens the list of columns.
      await web.page.selectOption(`[aria-label="Use of ${odd}"]`, 'ignore');
      await modelOf(web);
    }
  });

  it('says that a reader cannot be loaded', async () => {
    await web.page.context().route(/\/parquet-[^/]*\.js$/, (route) => route.abort());
    await choose({ 'pets.parquet': parquetOf(ROWS) });
    expect(await error()).toBe('A part of this page cannot be loaded. Check the network, and reload the page.');
    web.complaints.length = 0;
    await choose({ 'pets.csv': CSV });
    await modelOf(web);
    await idle();
  });
});

inBrowser('the page offline', () => {
  const web = new WebPage();
  beforeAll(() => web.start());
  afterAll(() => web.end());

  it('reads Parquet and compressed Arrow after its server has ended, though it never did before', async () => {
    await web.open({ serviceWorkers: 'allow' });
    await web.page.waitForSelector('#offline:not([hidden])');
    await web.stopServer();
    await web.choose({ 'pets.parquet': parquetOf(ROWS) });
    await modelOf(web);
    const { files } = createRequire(__filename)('../golden/feather.golden.json') as {
      files: Readonly<Record<string, string>>;
    };
    for (const [name, bytes] of Object.entries(files)) {
      await web.choose({ [`${name}.feather`]: Buffer.from(bytes, 'base64') });
      await web.page.selectOption('#label', 'k');
      await web.click('read');
      expect([await web.error(), await web.text('data-state')]).toEqual(['', expect.stringContaining('2 classes')]);
    }
    expect(web.complaints).toEqual([]);
    await web.page.context().close();
  });
});
