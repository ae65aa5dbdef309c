// Tables that do not fit into the memory for rows.
import { readdirSync, readFileSync } from 'node:fs';
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

beforeAll(() => line.write('big.csv', `x,y,week,colour,bought\n${rows.join('\n')}\n`));

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
