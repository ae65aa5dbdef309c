// The page of web/ with data that are wrong, replaced or incomplete: it never shows or trains what is no longer chosen,
// and speaks of its own fields.
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inBrowser } from '../helpers/chromium.js';
import { idx, pictures, usePage } from '../helpers/web-page.js';

inBrowser('the page with other data', () => {
  const web = usePage();
  const { idle, text, error, click, choose, shares } = web;
  afterEach(() => expect(web.complaints).toEqual([]));

  const canTrain = () => web.page.isEnabled('#train');
  const train = async () => {
    await click('train');
    await web.page.waitForSelector('#answer .bar');
  };

  it('does not train Iris under the name of a table that cannot be read', async () => {
    await click('iris');
    await train();
    await choose({ 'broken.csv': 'x,kind\n1,a\n2\n' });
    expect(await canTrain()).toBe(false);
    await click('read');
    expect(await error()).toContain('broken.csv:3:2');
    expect(await canTrain()).toBe(false);
    expect(await text('data-state')).toBe('broken.csv: not read yet.');
    expect(await web.page.isEnabled('#save')).toBe(false);
    expect(await web.page.isVisible('#predict')).toBe(false);
  });

  it('keeps data and model if other files are not of a kind that it reads', async () => {
    await click('iris');
    await train();
    for (const [name, start, what] of [
      ['photo.png', '\x89PNG\r\n\x1a\n', 'it is a PNG picture.'],
      ['paper.pdf', '%PDF-1.7\n', 'it is a PDF document.'],
      ['model.onnx', '\x08\x07\x12\x12softmax', 'it is an ONNX model, which the page saves but cannot open.'],
      ['m.safetensors', 'x,kind\n1,a\n2,b\n', 'it is no safetensors file, or is damaged.'],
      ['m.pkl', '\x80\x04\x95', 'it is a Python pickle.'],
      ['table.xlsx', 'PK\x03\x04 ', 'it is a zip archive or a spreadsheet: save it as CSV.'],
    ]) {
      await choose({ [name]: Buffer.from(start, 'latin1') });
      const rule =
        'the file must be a table (CSV, JSON lines, SVMlight, Parquet, Arrow), a model as safetensors, or IDX files of images and labels';
      expect(await error()).toBe(`${name}: ${rule}; ${what}`);
    }
    await choose({ 'a.csv': 'x,k\n1,a\n', 'b.csv': 'x,k\n1,a\n' });
    expect(await error()).toContain('must be one table, one model, or images and their labels; got a table, a table');
    await choose({ 'nothing.csv': '' });
    expect(await error()).toContain('nothing.csv');
    expect(await text('data-state')).toMatch(/^Iris: /);
    expect(await canTrain()).toBe(true);
    await train();
    expect([await error(), await text('accuracy')]).toEqual(['', '100.0 %']);
  });

  it('refuses images that are too few, have no pixels or one class, and keeps data and model', async () => {
    await click('iris');
    await train();
    const { images, labels } = pictures(20);
    for (const [given, message] of [
      [
        { 'i.idx3': idx([1, 2, 2], [1, 2, 3, 4]), 'l.idx1': idx([1], [0]) },
        'the number of samples must be at least 2 to hold some out; got 1.',
      ],
      [{ 'i.idx3': idx([20, 0, 0], []), 'l.idx1': labels }, 'the images must have pixels; got none.'],
      [
        { 'i.idx3': images, 'l.idx1': idx([20], Array(20).fill(4)) },
        'the labels must have at least two classes; got only 4.',
      ],
    ] as const) {
      await choose(given);
      expect(await error()).toBe(`i.idx3: ${message}`);
    }
    expect([await text('data-state'), await text('accuracy')]).toEqual([expect.stringMatching(/^Iris: /), '100.0 %']);
    expect(await canTrain()).toBe(true);
  });

  it('reads a table of JSON lines', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => JSON.stringify({ x: i, kind: i < 15 ? 'low' : 'high' }));
    await choose({ 'sizes.jsonl': lines.join('\n') });
    await click('read');
    expect([await error(), await text('data-state')]).toEqual([
      '',
      'sizes.jsonl: 24 samples to learn from, 6 held out; 1 feature, 2 classes. ',
    ]);
    await choose({ 'two.csv': 'x,kind\n1,a\n2,b\n' });
    await click('read');
    expect(await text('data-state')).toMatch(/^two\.csv: 1 sample to learn from, 1 held out;/);
  });

  it('opens the closed lists with the fields that an error names', async () => {
    const isOpen = () =>
      web.page.$$eval('#table details', (lists) => lists.map((list) => (list as HTMLDetailsElement).open));
    await choose({ 'born.csv': 'x,born,kind\n1,2022-01-20,a\n2,2022-01-21,b\n' });
    expect(await isOpen()).toEqual([false, false, false]);
    await click('read');
    expect(await error()).toContain('Choose “born: date”');
    expect(await isOpen()).toEqual([false, true, false]);
    expect(await web.page.textContent('#columns li:first-child .name')).toBe('born');
    await choose({ 'sums.csv': 'x,kind\n"1,234",a\n"2,345",b\n' });
    await click('read');
    expect(await error()).toContain('“Thousands separators”');
    expect((await isOpen())[2]).toBe(true);
  });

  it('says which features are shown if there are more, and has no accuracy above 100 % on the axis', async () => {
    const head = [...Array(15).keys()].map((j) => `x${j}`).join(',');
    const row = (i: number) => [...Array(15).keys()].map((j) => (i % 2) * 9 + ((i * (j + 3)) % 7)).join(',');
    const wide = Array.from({ length: 40 }, (_, i) => `${row(i)},${i % 2 ? 'a' : 'b'}\n`).join('');
    await choose({ 'wide.csv': `${head},kind\n${wide}` });
    await click('read');
    await train();
    for (const id of ['weights-hint', 'gradient-hint'])
      expect(await text(id)).toContain(' Shown are the 12 features with the largest weights, of 15.');
    expect(await text('accuracy')).toBe('100.0 %');
    const ticks = await web.page.$$eval('#accuracy-chart text', (texts) => texts.map(({ textContent }) => textContent));
    expect(ticks).toContain('100 %');
    expect(ticks).not.toContain('105 %');
    await click('iris');
    await train();
    expect(await text('weights-hint')).not.toContain('Shown');
    expect(await text('gradient-hint')).not.toContain('first');
    const classes = Array.from({ length: 250 }, (_, i) => `${i % 25},${(i % 25) + (i % 3)},k${i % 25}\n`).join('');
    await choose({ 'classes.csv': `x,y,kind\n${classes}` });
    await click('read');
    await train();
    expect(await text('gradient-hint')).toMatch(/ The table has the first 20 of 25 classes\.$/);
  });

  it('reads SVMlight, as its hint says, also if it is gzipped', async () => {
    expect(await text('files-hint')).toContain('SVMlight');
    const rows = Array.from({ length: 30 }, (_, i) => `${i % 2} 1:${(i % 2) * 5 + (i % 3)} 3:1\n`).join('');
    for (const [name, bytes] of [
      ['rows.svm', rows],
      ['rows.svm.gz', gzipSync(rows)],
    ] as const) {
      await choose({ [name]: bytes });
      await click('read');
      expect([await error(), await text('data-state')]).toEqual(['', expect.stringContaining('3 features, 2 classes')]);
    }
  });

  it('shows names with HTML as text, here and in the sections of the report', async () => {
    const html = '<img src=x onerror=alert(1)>';
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${i},${i % 3 ? html : '<i>'},${i % 2 ? `<b>${html}</b>` : html}`,
    );
    await choose({ [`${html}.csv`]: `${html},"<u>y</u>",<script>\n${rows.join('\n')}\n` });
    await click('read');
    await train();
    await web.page.evaluate(() => document.getElementById('findings')?.scrollIntoView());
    await web.page.waitForSelector('#findings-sections #mistakes');
    expect(await web.page.locator('main').locator('img[src=x], script, i, u, b').count()).toBe(0);
    for (const id of ['data-state', 'weights', 'gradient', 'fields', 'answer', 'findings-sections', 'columns'])
      expect([id, (await text(id)).includes('<')]).toEqual([id, true]);
  });

  it('does not ask for a held-out sample of data that were closed since', async () => {
    await click('iris');
    await train();
    await web.page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(['x,k\n1,a\n2,b\n'], 'other.csv'));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: data }));
      document.getElementById('next')?.click();
    });
    await idle();
    // The worker answers in order: after another turn of it, the answer has come.
    await web.page.workers()[0].evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
    expect([await error(), await text('data-state')]).toEqual(['', expect.stringContaining('other.csv: 2 columns')]);
  });

  it('refuses more columns than its lists hold, and keeps data and model', async () => {
    await click('iris');
    await train();
    const names = Array.from({ length: 100_001 }, (_, i) => `c${i}`);
    await choose({ 'wide.csv': `${names.join()}\n${names.map((_, i) => i % 2).join()}\n` });
    expect(await error()).toBe(
      'wide.csv: the table must have at most 100,000 columns here; got 100,001. The command line reads wider ones.',
    );
    expect([await text('data-state'), await text('accuracy')]).toEqual([expect.stringMatching(/^Iris: /), '100.0 %']);
  });

  it('asks for the first columns of a wide table, and takes the others from the held-out sample', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `c${i}`);
    // The class depends on the last three columns alone: a number, a percentage and a yes.
    const rows = Array.from({ length: 60 }, (_, i) => [
      ...names.slice(3).map((_, j) => j % 11),
      ...(i % 2 ? [9, '80%', 'true', 'high'] : [1, '20%', 'false', 'low']),
    ]);
    await choose({ 'wide.csv': [[...names, 'kind'], ...rows].map((row) => row.join()).join('\n') });
    await click('read');
    await train();
    expect(await web.page.locator('#fields :is(input, select)').count()).toBe(200);
    expect(await text('fields')).toMatch(/and 100 more columns, with the values of the held-out sample$/);
    const seen = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const before = await text('truth');
      await web.page.click('#next');
      await web.page.waitForFunction((old) => document.getElementById('truth')?.textContent !== old, before);
      const truth = /true class: (\w+)/.exec(await text('truth'))?.[1] as string;
      seen.add(truth);
      await web.page.waitForFunction(
        (name) => document.querySelector('#answer .bar .name')?.textContent === name,
        truth,
      );
      expect((await shares())[truth]).toBeGreaterThan(0.7);
    }
    expect(seen).toEqual(new Set(['low', 'high']));
    await web.page.fill('#field-0', '4');
    await web.page.waitForFunction(() => document.getElementById('truth')?.textContent === '');
    expect(Object.keys(await shares())).toHaveLength(2);
  });

  it('refuses a file of 2 GB before reading it', async () => {
    const path = join(web.folder, 'large.csv');
    const file = openSync(path, 'w');
    ftruncateSync(file, 2e9);
    closeSync(file);
    await web.page.setInputFiles('#files', path);
    await idle();
    expect(await error()).toBe(
      'large.csv: the file must have at most 1 GB; got 2.0 GB. The command line reads larger ones.',
    );
  });

  it('refuses a file that can no longer be read, as it refuses a folder', async () => {
    const path = join(web.folder, 'gone.csv');
    writeFileSync(path, 'x,kind\n1,a\n2,b\n');
    await web.page.setInputFiles('#files', path);
    await idle();
    writeFileSync(path, 'another size\n');
    await click('read');
    expect(await error()).toContain('gone.csv: this browser cannot read it. Choose files, not folders');
  });

  it('refuses a folder that is dropped, and keeps the data', async () => {
    await click('iris');
    const path = join(web.folder, 'a folder');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'a.csv'), 'x,kind\n1,a\n2,b\n');
    const session = await web.page.context().newCDPSession(web.page);
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, x: 200, y: 300, data });
    }
    await web.page.waitForFunction(() => document.getElementById('error')?.hidden === false);
    await idle();
    expect(await error()).toBe(
      'a folder: this browser cannot read it. Choose files, not folders, and none that has moved.',
    );
    expect(await web.page.$eval('#drop', (card) => card.classList.contains('over'))).toBe(false);
    await train();
    expect([await error(), await text('accuracy')]).toEqual(['', '100.0 %']);
  });

  it('withdraws the answer for a field without a number, and names the field', async () => {
    await click('iris');
    await train();
    expect(Object.keys(await shares())).toHaveLength(3);
    const field = web.page.locator('#field-2');
    const name = await web.page.textContent('label[for=field-2]');
    await field.fill('');
    await web.page.waitForFunction(() => document.getElementById('truth')?.textContent !== '');
    expect([await shares(), await text('truth')]).toEqual([{}, `${name}: give a number.`]);
    await field.fill('1.5');
    await web.page.waitForSelector('#answer .bar');
    expect(await text('truth')).toBe('');
    await field.fill('1e300');
    await web.page.waitForFunction(() => document.getElementById('truth')?.textContent !== '');
    expect(await shares()).toEqual({});
    expect(await text('truth')).toBe(`${name} must be a finite float32 number; got 1e+300.`);
  });

  it('has no model, and no answer, after a training that failed', async () => {
    await click('iris');
    await train();
    await web.page.fill('#l2', '-1');
    await click('train');
    expect(await error()).toMatch(/^L2 penalty must be .*; got -1\.$/);
    expect(await text('status')).toBe('Training failed: there is no model.');
    expect([await shares(), await web.page.isVisible('#predict')]).toEqual([{}, false]);
    expect(await web.page.isEnabled('#save')).toBe(false);
  });

  it('answers anew after a training that diverged', async () => {
    await click('iris');
    await train();
    const before = await shares();
    await web.page.selectOption('#solver', 'sgd');
    await web.page.fill('#learning-rate', '1e38');
    await train();
    expect(await text('status')).toMatch(
      /: it diverged, so the model has the last finite weights\. Set “Learning rate” to 0\.1: the loss or a weight overflowed\.$/,
    );
    expect(Object.values(await shares()).map((share) => share.toFixed(1))).toEqual(['0.3', '0.3', '0.3']);
    expect(await shares()).not.toEqual(before);
  });

  it('speaks of its own fields in errors, notes and advice', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `row${i},${i === 3 ? '' : i % 5},${i % 2 === 0 ? i : i / 4}`);
    await choose({ 'houses.csv': `customer_id,size,price\n${rows.join('\n')}\n` });
    await click('read');
    expect(await error()).toBe(
      'houses.csv:5:2: size must have a value; got nothing. Choose “Missing values: leave the row out” to skip such rows, or “Missing values: become the mean” or “Missing values: become the median” to fill them in.',
    );
    await web.page.selectOption('#missing', 'drop');
    await click('read');
    const notes = await web.page.$$eval('#columns .warning', (found) => found.map(({ textContent }) => textContent));
    expect(notes).toEqual([
      '39 values in 39 rows: an id? Choose “customer_id: left out”',
      expect.stringMatching(/^\d+ classes in 39 rows: a quantity or an id\? This model predicts classes\.$/),
    ]);
    expect(await web.page.isVisible('#columns .warning')).toBe(true);
    expect(await text('preview')).toMatch(/^customer_id,size,price\nrow0,0,0\n/);
    const line = web.page.locator('#columns li', { hasText: 'customer_id' });
    await line.locator('select').selectOption('ignore');
    await web.page.selectOption('#label', 'size');
    await click('read');
    expect(await error()).toBe('');
    expect(await text('data-state')).toContain('1 feature, 5 classes');
    expect(await line.locator('.hint').textContent()).toBe('ignored');
    await web.page.selectOption('#solver', 'sgd');
    await web.page.fill('#learning-rate', '1000');
    await web.page.uncheck('#standardize');
    await click('train');
    expect(await text('status')).not.toContain('`');
  });

  it('says that a gzip file is damaged, in one sentence', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${Math.sin(i)},${i % 2 === 0 ? 'a' : 'b'}`);
    const whole = gzipSync(`x,kind\n${lines.join('\n')}\n`);
    const middle = whole.length >> 1;
    for (const bytes of [whole.subarray(0, middle), Buffer.concat([whole.subarray(0, 200), Buffer.alloc(200, 7)])]) {
      await choose({ 'cut.csv.gz': bytes });
      if ((await error()) === '') await click('read');
      expect(await error()).toBe('cut.csv.gz: the gzip file is damaged or cut off: fetch it again.');
    }
  });

  it('reads a table with semicolons and decimal commas as it is written', async () => {
    const rows = (mark: string) =>
      Array.from({ length: 60 }, (_, i) => `${i}${mark}5;${i % 7}${mark}25;${i < 30 ? 'low' : 'high'}`).join('\n');
    await choose({ 'comma.csv': `x;y;kind\n${rows(',')}\n` });
    expect(await text('data-state')).toBe(
      'comma.csv: 3 columns, with a decimal comma in the numbers. Which one holds the labels?',
    );
    expect(await web.page.inputValue('#decimal')).toBe(',');
    await click('read');
    expect(await text('data-state')).toContain('2 features, 2 classes');
    await choose({ 'point.csv': `x;y;kind\n${rows('.')}\n` });
    expect(await text('data-state')).toBe('point.csv: 3 columns. Which one holds the labels?');
    await click('read');
    expect([await web.page.inputValue('#decimal'), await text('data-state')]).toEqual([
      '.',
      expect.stringContaining('2 features, 2 classes'),
    ]);
    await choose({ 'title.csv': `Some measurements\nx;y;kind\n${rows('.')}\n` });
    expect(await text('data-state')).toBe(
      'title.csv: 1 column. The first line must name the columns, separated by commas, semicolons, tabs or |.',
    );
  });

  it('does not speak of pixels after the images are closed', async () => {
    const { images, labels } = pictures(60);
    await choose({ 'i.idx3': images, 'l.idx1': labels });
    await web.page.fill('#epochs', '2');
    await train();
    expect(await text('weights-hint')).toMatch(/^One weight for each pixel/);
    await choose({ 'a.csv': 'x,kind\n1,a\n2,b\n' });
    expect(await text('weights-hint')).toBe('Blue raises the score of the class, orange lowers it.');
  });

  it('trains whatever was typed into a field that is hidden now', async () => {
    await click('blobs');
    await web.page.fill('#data-seed', '-2');
    await web.page.press('#data-seed', 'Tab');
    await idle();
    await click('iris');
    await web.page.fill('#max-iterations', '1.5');
    await web.page.selectOption('#solver', 'sgd');
    await click('train');
    expect([await error(), await text('status')]).toEqual(['', expect.stringContaining('all epochs done')]);
  });

  it('takes a message back as soon as its cause is gone', async () => {
    await click('iris');
    await train();
    await click('report');
    expect(await text('model-state')).toBe('Saved as report.html.');
    await train();
    expect(await text('model-state')).toBe('');
    await web.page.selectOption('#solver', 'adam');
    await web.page.fill('#epochs', '0');
    await click('train');
    expect(await error()).toBe('Epochs must be an integer > 0; got 0.');
    await web.page.fill('#epochs', '5');
    expect(await error()).toBe('');
  });

  it('shows a model without its data alone: neither the address nor Train has the data of before', async () => {
    const file = async () => {
      const [download] = await Promise.all([web.page.waitForEvent('download'), web.page.click('#save')]);
      await idle();
      return readFileSync(await download.path());
    };
    await click('blobs');
    await train();
    const blobs = await file();
    await click('iris');
    await train();
    const iris = await file();
    await choose({ 'blobs.safetensors': blobs }, 'open');
    const state = async () => ({
      search: new URL(web.page.url()).search,
      data: await text('data-state'),
      train: await canTrain(),
      tested: await web.page.isEnabled('#report'),
      status: await text('status'),
      error: await error(),
    });
    expect(await state()).toEqual({
      ...{ search: '', data: '', train: false, tested: false, error: '' },
      status:
        'A model is open, without data: Iris was closed, as the model has 2 features, and these data have 4. Predict below, or choose data to train.',
    });
    expect(await web.page.isVisible('#regions-card')).toBe(false);
    // A model that fits the data is tested on them.
    await click('iris');
    await choose({ 'iris.safetensors': iris }, 'open');
    expect(await state()).toEqual({
      ...{ search: '', data: expect.stringMatching(/^Iris: /), train: true, tested: true, error: '' },
      status: 'A model is open, tested on the held-out samples of Iris.',
    });
    await train();
    expect(new URL(web.page.url()).search).toMatch(/^\?data=iris&.*at=end$/);
  });

  it('waits for work to end before it takes dropped files', async () => {
    const { images, labels } = pictures(400);
    await choose({ 'i.idx3': images, 'l.idx1': labels });
    await web.page.fill('#epochs', '100000');
    await web.page.click('#train');
    await web.page.waitForFunction(() => document.getElementById('loss')?.textContent !== '–');
    const drop = async (name: string) => {
      const transfer = await web.page.evaluateHandle((of) => {
        const data = new DataTransfer();
        data.items.add(new File(['x,k\n1,a\n2,b\n'], of));
        return data;
      }, name);
      await web.page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    };
    await drop('late.csv');
    expect(await error()).toBe('Wait for the current work to end, or stop it; then drop the files again.');
    await click('stop');
    expect(await error()).toBe('');
    await drop('late.csv');
    await idle();
    expect(await text('data-state')).toContain('late.csv: 2 columns');
  });
});
