// Tables that do not fit into the memory for rows.
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { float64, tableFromArrays, tableToIPC, utf8 } from '@uwdata/flechette';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { Random } from 'softmax-regression';
import { CommandLine } from '../helpers/command-line.js';

const line = new CommandLine();
afterAll(() => line.dispose());

const random = new Random(4);
const ROWS = 12_000;
const rows = Array.from({ length: ROWS }, (_, i) => {
  const [x, y] = [random.normal(), 1e4 + random.normal()];
  const noise = random.normal() / 2;
  return [x, y, i % 7, ['red', 'green', 'blue'][i % 3], x + y - 1e4 + noise > 0 ? 'yes' : 'no'].join();
});

const CSV = `x,y,week,colour,bought\n${rows.join('\n')}\n`;

beforeAll(() => line.write('big.csv', CSV));

const TRAIN = ['train', 'big.csv', '--label', 'bought', '--strings', 'one-hot', '--backend', 'cpu'];
const LITTLE = ['--memory', '1MB'];

/** Without --report. */
const OPTIONS: readonly [string, readonly string[]][] = [
  ['by default', []],
  ['with a part for calibration and l1', ['--calibrate', '--l1', '0.001']],
  ['on all rows', ['--test-fraction', '0']],
  ['with folds and a share to validate on', ['--folds', '3', '--validation', '0.1']],
  ['with a search for l2', ['--l2', '1,0.01,1e-4', '--folds', '3', '--l2-rule', 'one-standard-error']],
];

describe('train with little memory', () => {
  it.each(OPTIONS)('writes the model of rows in memory: %s', async (_, options) => {
    const own = [...options, '--json'];
    const inMemory = await line.run(...TRAIN, '--precision', 'float64', ...own, '-o', 'a.model');
    const stored = await line.run(...TRAIN, ...own, ...LITTLE, '-o', 'b.model');
    expect([inMemory.code, stored.code]).toEqual([0, 0]);
    expect(readFileSync(line.path('b.model'))).toEqual(readFileSync(line.path('a.model')));
    const [a, b] = [inMemory, stored].map(({ stdout }) => JSON.parse(stdout));
    expect(b.fit).toEqual(a.fit);
    expect(b.evaluation).toEqual(a.evaluation);
    expect([b.crossValidation, b.lambdaPath]).toEqual([a.crossValidation, a.lambdaPath]);
    expect(b.data).toEqual(a.data);
  });

  it('writes the report, resumes from a checkpoint, and leaves no file behind', async () => {
    const own = [...TRAIN, ...LITTLE, '--max-iterations', '6'];
    const before = readdirSync(line.path('.'));
    const run = await line.run(...own, '-o', 'c.model', '--report', 'c.html', '--checkpoint', 'c.checkpoint');
    expect(run.code).toBe(0);
    expect(readFileSync(line.path('c.html'), 'utf8')).toContain('id="mistakes"');
    expect(
      readdirSync(line.path('.'))
        .filter((name) => !before.includes(name))
        .sort(),
    ).toEqual(['c.checkpoint', 'c.html', 'c.model']);
    const more = ['--max-iterations', '100'];
    const whole = await line.run(...TRAIN, ...LITTLE, ...more, '-o', 'd.model');
    const resumed = await line.run(...TRAIN, ...LITTLE, ...more, '--resume', 'c.checkpoint', '-o', 'e.model');
    expect([whole.code, resumed.code]).toEqual([0, 0]);
    expect(readFileSync(line.path('e.model'))).toEqual(readFileSync(line.path('d.model')));
  });

  it('checks folds, a search and a share to validate on in a dry run', async () => {
    const flags = ['--folds', '3', '--l2', 'auto', '--validation', '0.1', '--dry-run'];
    const { code, stderr } = await line.run(...TRAIN, ...LITTLE, ...flags);
    expect([code, stderr]).toEqual([0, '']);
    const many = await line.run(...TRAIN, ...LITTLE, '--folds', '20000', '--dry-run');
    expect([many.code, many.stderr]).toEqual([2, expect.stringContaining('be an integer in [2, 9600]')]);
  });

  it('draws the learning curve of rows in memory', async () => {
    const flags = [
      '--label',
      'bought',
      '--strings',
      'one-hot',
      '--backend',
      'cpu',
      '--sizes',
      '50,2000',
      '--folds',
      '3',
    ];
    const [inMemory, stored] = [
      await line.run('learning-curve', 'big.csv', ...flags, '--json', '--precision', 'float64'),
      await line.run('learning-curve', 'big.csv', ...flags, '--json', ...LITTLE),
    ];
    expect([inMemory.code, stored.code, stored.stderr]).toEqual([0, 0, '']);
    expect(JSON.parse(stored.stdout)).toEqual(JSON.parse(inMemory.stdout));
  });

  it('refuses --memory for data that are no table', async () => {
    const { code, stderr } = await line.run('train', 'iris', '--memory', '1GB');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('--memory must be left out: it applies only to tables; got iris.'),
    ]);
  });

  it.each(['12', '512', '0.1MB', 'much'])('refuses %s as a size', async (size) => {
    const { code, stderr } = await line.run(...TRAIN, '--memory', size);
    expect(code).toBe(2);
    expect(stderr).toContain('It must be a size of at least 1MB, such as 512MB or 2GB.');
  });
});

describe('train with little memory, by steps', () => {
  const ADAM = ['--solver', 'adam', '--epochs', '2', '--batch-size', '64'];

  it.each<[string, readonly string[]]>([
    ['adam', ADAM],
    [
      'sgd on raw columns, weighed by class',
      ['--solver', 'sgd', '--epochs', '1', '--no-standardize', '--ignore', 'y', '--class-weights', 'balanced'],
    ],
  ])('writes the model of rows in memory: %s', async (_, options) => {
    const own = [...options, '--json'];
    const inMemory = await line.run(...TRAIN, ...own, '-o', 'g.model');
    const stored = await line.run(...TRAIN, ...own, ...LITTLE, '-o', 'h.model');
    expect([inMemory.code, stored.code]).toEqual([0, 0]);
    expect(readFileSync(line.path('h.model'))).toEqual(readFileSync(line.path('g.model')));
    const [a, b] = [inMemory, stored].map(({ stdout }) => JSON.parse(stdout));
    expect(b.fit).toEqual(a.fit);
  });

  it('resumes from a checkpoint', async () => {
    const own = [...TRAIN, ...LITTLE, ...ADAM];
    const whole = await line.run(...own, '--epochs', '3', '-o', 'i.model');
    const part = await line.run(...own, '--epochs', '2', '--checkpoint', 'i.checkpoint');
    const resumed = await line.run(...own, '--epochs', '3', '--resume', 'i.checkpoint', '-o', 'j.model');
    expect([whole.code, part.code, resumed.code]).toEqual([0, 0, 0]);
    expect(readFileSync(line.path('j.model'))).toEqual(readFileSync(line.path('i.model')));
  });
});

/** The same rows in other formats. */
function writeOthers(): void {
  const fields = rows.map((row) => row.split(','));
  const objects = fields.map(([x, y, week, colour, bought]) => ({
    ...{ x: Number(x), y: Number(y), week: Number(week), colour, bought },
  }));
  line.write('big.jsonl', objects.map((each) => `${JSON.stringify(each)}\n`).join(''));
  line.write('big.svm', objects.map(({ x, y, week, bought }) => svmlight(bought, [x, y, week])).join(''));
  const names = ['x', 'y', 'week', 'colour', 'bought'] as const;
  const columns = Object.fromEntries(names.map((name) => [name, objects.map((each) => each[name])]));
  const types = { x: float64(), y: float64(), week: float64(), colour: utf8(), bought: utf8() };
  const table = tableFromArrays(columns, { types, maxBatchRows: 2500 });
  writeFileSync(line.path('big.arrow'), tableToIPC(table, { format: 'file' }) as Uint8Array);
  mkdirSync(line.path('parts'));
  for (const [part, start] of [
    ['a', 0],
    ['b', 5000],
  ] as const) {
    const some = objects.slice(start, part === 'a' ? 5000 : undefined);
    const columnData = names.map((name) => ({
      ...{ name, data: some.map((each) => each[name]) },
      type: ['colour', 'bought'].includes(name) ? 'STRING' : 'DOUBLE',
    })) as ColumnSource[];
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 3000 }));
    writeFileSync(line.path(`parts/${part}.parquet`), bytes);
  }
}

function svmlight(bought: string, features: readonly number[]): string {
  return `${bought === 'yes' ? 1 : -1} ${features.map((x, j) => `${j + 1}:${x}`).join(' ')}\n`;
}

describe('another format with little memory', () => {
  beforeAll(writeOthers);

  it.each([
    ['big.jsonl', ['--label', 'bought', '--strings', 'one-hot']],
    ['parts', ['--label', 'bought', '--strings', 'one-hot']],
    ['big.arrow', ['--label', 'bought', '--strings', 'one-hot']],
    ['big.svm', []],
  ])('%s gives the model and the scores of rows in memory', async (name, flags) => {
    const own = [name, ...flags, '--backend', 'cpu', '--json'];
    const inMemory = await line.run('train', ...own, '--precision', 'float64', '-o', 'g.model');
    const stored = await line.run('train', ...own, ...LITTLE, '-o', 'h.model');
    expect([inMemory.code, stored.code, stored.stderr]).toEqual([0, 0, '']);
    expect(readFileSync(line.path('h.model'))).toEqual(readFileSync(line.path('g.model')));
    const scores = [[], LITTLE].map((more) => line.run('evaluate', 'h.model', name, '--json', ...more));
    const [a, b] = await Promise.all(scores);
    expect([a.code, b.code]).toEqual([0, 0]);
    expect(JSON.parse(b.stdout)).toEqual(JSON.parse(a.stdout));
  });
});

describe('a model and little memory', () => {
  beforeAll(async () => {
    line.write('other.csv', CSV.replaceAll(',red,', ',blue,'));
    const { code } = await line.run(...TRAIN, '-o', 'one.model');
    const other = ['train', 'other.csv', ...TRAIN.slice(2), '--ignore', 'y', '-o', 'two.model'];
    expect([code, (await line.run(...other)).code]).toEqual([0, 0]);
  });

  it.each([
    ['evaluate', ['one.model', 'big.csv', '--backend', 'cpu']],
    ['compare', ['one.model', 'two.model', 'big.csv', '--unseen', 'zero']],
  ])('%s prints the scores of rows in memory', async (command, args) => {
    const inMemory = await line.run(command, ...args, '--json');
    const stored = await line.run(command, ...args, '--json', ...LITTLE);
    expect([inMemory.code, stored.code, stored.stderr]).toEqual([0, 0, '']);
    expect(JSON.parse(stored.stdout)).toEqual(JSON.parse(inMemory.stdout));
  });

  it('the report is that of rows in memory, but for its command', async () => {
    const own = ['report', 'one.model', 'big.csv', '--backend', 'cpu', '-o'];
    const before = readdirSync(line.path('.'));
    expect((await line.run(...own, 'i.html')).code).toBe(0);
    expect((await line.run(...own, 'i.html', ...LITTLE)).code).toBe(0);
    expect(readdirSync(line.path('.')).filter((name) => !before.includes(name))).toEqual(['i.html']);
    expect((await line.run(...own, 'j.html')).code).toBe(0);
    const [stored, inMemory] = ['i.html', 'j.html'].map((name) => readFileSync(line.path(name), 'utf8'));
    expect(stored.replaceAll('i.html --memory 1MB', 'j.html')).toBe(inMemory);
  });

  it('train --test tests on the rows in memory', async () => {
    const own = [...TRAIN, '--test', 'other.csv', '--precision', 'float64', '--json'];
    const [inMemory, stored] = [await line.run(...own), await line.run(...own, ...LITTLE)];
    expect([inMemory.code, stored.code]).toEqual([0, 0]);
    const [a, b] = [inMemory, stored].map(({ stdout }) => JSON.parse(stdout));
    expect(b).toEqual(a);
  });

  it.each([
    ['evaluate', ['one.model', 'twice.csv']],
    ['compare', ['one.model', 'two.model', 'twice.csv', '--unseen', 'zero']],
    ['report', ['one.model', 'twice.csv', '-o', 'k.html']],
    ['train', [...TRAIN.slice(1), '--test', 'twice.csv']],
  ])('%s stores rows until their lists do not fit', async (command, args) => {
    line.write('twice.csv', `${CSV}${rows.join('\n')}\n`);
    const { code, stderr } = await line.run(command, ...args, ...LITTLE);
    // In memory, 1 MB would hold fewer than 6,000 rows.
    const rule = 'twice.csv: the table must fit into 1.0 MB of memory; got';
    const hint = 'Pass a larger --memory, or give a file with fewer rows.';
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^error: ${rule} 1[3-9],\\d{3} rows so far, which need 1\\.\\d MB. ${hint}\n$`)),
    ]);
  });

  it.each(['evaluate', 'report'])('%s refuses --memory for data that are no table', async (command) => {
    const output = command === 'report' ? ['-o', 'l.html'] : [];
    const { code, stderr } = await line.run(command, 'one.model', 'iris', ...output, '--memory', '1GB');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('--memory must be left out: it applies only to tables; got iris.'),
    ]);
  });
});

describe('train --cache', () => {
  it.each([
    ['in memory', []],
    ['stored', LITTLE],
  ])('writes the model of the table, the first time and later: %s', async (_, more) => {
    const own = [...TRAIN, ...more, '--json'];
    const plain = await line.run(...own, '-o', 'm.model');
    for (let time = 0; time < 2; time++) {
      const cached = await line.run(...own, '--cache', 'rows/of', '-o', 'n.model');
      expect([cached.code, cached.stderr]).toEqual([0, '']);
      expect(readFileSync(line.path('n.model'))).toEqual(readFileSync(line.path('m.model')));
      expect({ ...JSON.parse(cached.stdout), model: 0 }).toEqual({ ...JSON.parse(plain.stdout), model: 0 });
    }
    expect(readdirSync(line.path('rows/of')).length).toBe(1);
  });

  it.each([
    ['in memory', []],
    ['stored', LITTLE],
  ])('takes the rows from the folder, and not from the table: %s', async (title, more) => {
    const own = ['train', 'kept.csv', ...TRAIN.slice(2), ...more, '--cache', `kept ${title}`, '--json'];
    const write = (text: string) => {
      line.write('kept.csv', text);
      utimesSync(line.path('kept.csv'), 1e9, 1e9);
    };
    write(CSV);
    const first = await line.run(...own, '-o', 'u.model');
    // Other rows in as many bytes, changed at the same time.
    write(CSV.replaceAll(',blue,', ',none,'));
    const second = await line.run(...own, '-o', 'v.model');
    expect([first.code, second.code, second.stderr]).toEqual([0, 0, '']);
    expect(readFileSync(line.path('v.model'))).toEqual(readFileSync(line.path('u.model')));
    const { model: _, ...document } = JSON.parse(first.stdout);
    expect(JSON.parse(second.stdout)).toEqual({ ...document, model: expect.anything() });
    const [name] = readdirSync(line.path(`kept ${title}`));
    const other = await line.run(...own, '--missing', 'drop', '-o', 'w.model');
    expect([other.code, readdirSync(line.path(`kept ${title}`)).length]).toEqual([0, 2]);
    expect(name).toMatch(/^kept\.csv-[0-9a-f]{16}\.rows$/);
    // Other options are other rows: these are read from the table.
    expect(readFileSync(line.path('w.model'))).not.toEqual(readFileSync(line.path('u.model')));
  });

  it.each([
    ['another file', Buffer.from('a,b\n1,2\n'), 1, /^error: rows\/own\.csv-\w+\.rows: the file must be one of rows/],
    ['one that is cut short', undefined, 0, /^cache: rows\/own\.csv-\w+\.rows is cut short; it is written again\n$/],
  ])('says in a line that it has found %s', async (_, bytes, code, words) => {
    line.write('own.csv', CSV);
    const own = ['train', 'own.csv', ...TRAIN.slice(2), '--dry-run', '--json', '--cache', 'rows'];
    expect((await line.run(...own)).code).toBe(0);
    const name = `rows/${readdirSync(line.path('rows')).find((each) => each.startsWith('own.csv-'))}`;
    const whole = readFileSync(line.path(name));
    line.write(name, bytes ?? whole.subarray(0, whole.length - 9));
    const again = await line.run(...own);
    expect([again.code, again.stderr]).toEqual([code, expect.stringMatching(words)]);
    expect(again.stderr.split('\n').length).toBe(2);
    expect(readFileSync(line.path(name)).equals(bytes ?? whole)).toBe(true);
    line.write(name, whole);
  });

  it('says in a line that the table has changed', async () => {
    line.write('changing.csv', CSV);
    const own = ['train', 'changing.csv', ...TRAIN.slice(2), '--dry-run', '--json', '--cache', 'rows'];
    expect((await line.run(...own)).stderr).toBe('');
    line.write('changing.csv', `${CSV}1,2,3,red,yes\n`);
    const { code, stdout, stderr } = await line.run(...own);
    expect([code, JSON.parse(stdout).data.rows]).toEqual([0, ROWS + 1]);
    expect(stderr).toMatch(
      /^cache: rows\/changing\.csv-[0-9a-f]{16}\.rows is of an earlier state of the table; it is written again\n$/,
    );
  });

  it.each([
    ['--skip-bad', ['big.csv', '--skip-bad', 'bad.csv']],
    ['iris', ['iris']],
    ['-', ['-', '--label', 'x']],
  ])('is refused with %s', async (_, args) => {
    const { code, stderr } = await line.run('train', ...args, '--cache', 'rows');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--cache must be left out')]);
  });
});

describe('--sql with little memory', () => {
  const FLAGS = ['--backend', 'cpu', '--json'];
  const SQL = ['--sql', "select * from 'big.csv'"];

  it('gives the model and the scores of rows in memory', async () => {
    const own = ['train', ...SQL, '--label', 'bought', '--strings', 'one-hot', ...FLAGS];
    const inMemory = await line.run(...own, '--precision', 'float64', '-o', 'q.model');
    const stored = await line.run(...own, ...LITTLE, '-o', 'r.model');
    expect([inMemory.code, stored.code, stored.stderr]).toEqual([0, 0, '']);
    expect(readFileSync(line.path('r.model'))).toEqual(readFileSync(line.path('q.model')));
    const { model: _, ...document } = JSON.parse(inMemory.stdout);
    expect(JSON.parse(stored.stdout)).toEqual({ ...document, model: expect.anything() });
    const [a, b] = [
      await line.run('evaluate', 'r.model', ...SQL, ...FLAGS),
      await line.run('evaluate', 'r.model', ...SQL, ...FLAGS, ...LITTLE),
    ];
    expect([a.code, b.code, b.stderr]).toEqual([0, 0, '']);
    expect(JSON.parse(b.stdout)).toEqual(JSON.parse(a.stdout));
  });

  it('compares two models on the rows of one run', async () => {
    const other = ['--label', 'bought', '--strings', 'one-hot', '--ignore', 'y', '-o', 't.model'];
    expect((await line.run('train', ...SQL, ...other, ...FLAGS)).code).toBe(0);
    const random = ['--sql', "select * replace (random() as x) from 'big.csv'"];
    const { code, stdout } = await line.run('compare', 't.model', 't.model', ...random, '--json', ...LITTLE);
    const { logLossDifference } = JSON.parse(stdout);
    expect([code, logLossDifference.mean]).toEqual([0, 0]);
  });

  it('runs a query once, whose rows are other ones each time', async () => {
    const random = ['--sql', 'select i, i % 2 = 0 as y from range(20000) t(i) where random() < 0.9'];
    const { code, stderr } = await line.run(
      'train',
      ...random,
      '--label',
      'y',
      ...FLAGS,
      ...LITTLE,
      '--max-iterations',
      '2',
    );
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('train with little memory, from a pipe', () => {
  it('writes the model of the file', async () => {
    const flags = ['--label', 'bought', '--strings', 'one-hot', '--backend', 'cpu', ...LITTLE];
    const file = await line.run('train', 'big.csv', ...flags, '-o', 'f.model');
    const piped = await line.runWith(readFileSync(line.path('big.csv')), 'train', '-', ...flags, '-o', 'p.model');
    expect([file.code, piped.code, piped.stderr]).toEqual([0, 0, '']);
    expect(readFileSync(line.path('p.model'))).toEqual(readFileSync(line.path('f.model')));
  });

  it('ends an endless one at its first row that does not fit', async () => {
    const { code, stderr } = await line.shell('(echo a,y; yes 1,2,3) | npx softmax-regression train - --label y');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: standard input:2:3: the row must have 2 fields/),
    ]);
  });
});
