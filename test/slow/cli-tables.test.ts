// Tables on the command line: rows that do not fit, unknown labels, files without a header, and what a dry run checks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { CommandLine } from '../helpers/command-line.js';

const line = new CommandLine();

/** 40 rows of the classes a and b, apart by x. */
const ROWS = Array.from({ length: 40 }, (_, i) => `${i % 2 === 0 ? i % 7 : 5 + (i % 6)},${(i * i) % 5},${'ab'[i % 2]}`);
const HEAD = 'x,z,y';
const table = (...more: string[]) => `${[HEAD, ...ROWS, ...more].join('\n')}\n`;
const LABEL = ['--label', 'y'];

beforeAll(async () => {
  line.write('good.csv', table());
  line.write('rare.csv', table('3,1,rare', '9,2,odd', '8,2,odd'));
  line.write('bad.csv', table('seven,1,a', '1,2', '2,1,a'));
  line.write('data.csv', `${ROWS.join('\n')}\n`);
  const { code, stderr } = await line.run('train', 'rare.csv', ...LABEL, '--min-class-count', '3', '-o', 'a.model');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

afterAll(() => line.dispose());

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await line.run(...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
}

const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'));

/** The exit code and the message of a command that fails and writes nothing. */
async function refusal(...args: string[]): Promise<string> {
  const before = readdirSync(line.folder).sort();
  const { code, stdout, stderr } = await line.run(...args);
  expect(stdout).toBe('');
  expect(readdirSync(line.folder).sort()).toEqual(before);
  return `${code} ${stderr.trimEnd()}`;
}

describe('a number beyond float32', () => {
  const RULE = /^1 error: huge\.csv:42:1: x must be at most 3\.4e\+38 in size, .*; got "1e308"\. Correct the value/;
  const REASON = /^42,"huge\.csv:42:1: x must be at most 3\.4e\+38 in size, /m;

  beforeAll(() => line.write('huge.csv', table('1e308,1,a')));

  it.each([
    ['evaluate', ['evaluate', 'a.model', 'huge.csv']],
    ['report', ['report', 'a.model', 'huge.csv', '-o', 'huge.html']],
    ['compare', ['compare', 'a.model', 'a.model', 'huge.csv']],
    ['predict', ['predict', 'a.model', 'huge.csv']],
    ['explain', ['explain', 'a.model', 'huge.csv', '--row', '2']],
    ['train, before the training', ['train', 'good.csv', ...LABEL, '--test', 'huge.csv', '-o', 'huge.model']],
  ])('is refused with its place, or skipped, by %s', async (_, args) => {
    expect(await refusal(...args)).toMatch(RULE);
    const { code, stderr } = await line.run(...args, '--skip-bad', 'refused.csv');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/1 row does not fit/) });
    expect(readFileSync(line.path('refused.csv'), 'utf8')).toMatch(REASON);
  });

  it('is read for a model that standardises columns', async () => {
    // The mean is more than a thousand deviations from 0.
    const far = ROWS.map((row) => row.replace(/^\d+/, (x) => String(10_000 + Number(x))));
    line.write('far.csv', `${[HEAD, ...far].join('\n')}\n`);
    await done('train', 'far.csv', ...LABEL, '--test', 'huge.csv', '-o', 'far.model');
    await done('evaluate', 'far.model', 'huge.csv');
  });
});

describe('--skip-bad', () => {
  const REFUSED =
    'line,reason,row\n42,"bad.csv:42:1: x must be a number; got ""seven"".","seven,1,a"\n' +
    '43,"bad.csv:43:3: the row must have 3 fields, like the header; got 2. Is a field missing, or is the delimiter different?","1,2"\n';

  it.each([
    ['evaluate', ['evaluate', 'a.model', 'bad.csv']],
    ['report', ['report', 'a.model', 'bad.csv', '-o', 'r.html']],
    ['compare, which reads the file twice', ['compare', 'a.model', 'a.model', 'bad.csv']],
    ['explain', ['explain', 'a.model', 'bad.csv', '--row', '44']],
    ['predict', ['predict', 'a.model', 'bad.csv']],
  ])('leaves rows out of %s, with their lines and reasons', async (_, args) => {
    const { code, stderr, stdout } = await line.run(...args, '--skip-bad', 'refused.csv', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '2 rows do not fit the table: refused.csv\n' });
    expect(readFileSync(line.path('refused.csv'), 'utf8')).toBe(REFUSED);
    if (args[0] === 'evaluate') expect(JSON.parse(stdout).evaluation.samples).toBe(41);
    if (args[0] === 'compare') expect(JSON.parse(stdout).data.samples).toBe(41);
    expect(await refusal(...args)).toMatch(/^1 error: bad\.csv:42:1: x must be a number; got "seven"/);
    expect(await refusal(...args, '--skip-bad', 'bad.csv')).toMatch(/^2 error: --skip-bad must be another file than/);
  });

  it('takes the rows of both files of train --test', async () => {
    line.write('also.csv', table('1,?,a'));
    const args = ['train', 'bad.csv', ...LABEL, '--test', 'also.csv', '--skip-bad', 'both.csv', '--json'];
    const { code, stdout, stderr } = await line.run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '3 rows do not fit the table: both.csv\n' });
    expect(JSON.parse(stdout).data).toMatchObject({ trainingSamples: 41, testSamples: 40 });
    const places = [...readFileSync(line.path('both.csv'), 'utf8').matchAll(/^(\d+),"?(\w+\.csv:\d+:\d)/gm)];
    expect(places.map(([, row, place]) => [row, place])).toEqual([
      ['42', 'bad.csv:42:1'],
      ['43', 'bad.csv:43:3'],
      ['42', 'also.csv:42:2'],
    ]);
  });

  it('does not skip the row to explain, nor most rows', async () => {
    expect(await refusal('explain', 'a.model', 'bad.csv', '--row', '42', '--skip-bad', 'n.csv')).toMatch(
      /^1 error: bad\.csv:42:1: x must be a number; got "seven"/,
    );
    line.write('most.csv', `${HEAD}\n1,2,a\nq,2,a\nr,2,b\n`);
    expect(await refusal('evaluate', 'a.model', 'most.csv', '--skip-bad', 'n.csv')).toMatch(
      /^1 error: most\.csv: the rows must mostly fit the table; got 2 of 3 that do not; the first: most\.csv:3:1/,
    );
  });

  it.each(['evaluate', 'explain', 'predict'])('is refused by %s for data that are no table', async (command) => {
    const row = command === 'explain' ? ['--row', '1'] : [];
    expect(await refusal(command, 'a.model', 'iris', ...row, '--skip-bad', 'n.csv')).toMatch(
      /^2 error: --skip-bad must be left out: /,
    );
  });
});

describe('rows without a label', () => {
  const drop = ['--missing-label', 'drop'];
  const text = '2 rows with missing values left out';

  beforeAll(async () => {
    line.write('filled.csv', table(',2,a'));
    line.write('blank.csv', table('1,2,', ',3,', ',2,a'));
    await done('train', 'filled.csv', ...LABEL, '--missing', 'mean', '-o', 'mean.model');
  });

  it('are refused with the way out, which keeps the rows that are filled in', async () => {
    for (const args of [
      ['evaluate', 'mean.model', 'blank.csv'],
      ['report', 'mean.model', 'blank.csv', '-o', 'blank.html'],
      ['compare', 'mean.model', 'mean.model', 'blank.csv'],
      ['train', 'filled.csv', ...LABEL, '--missing', 'mean', '--test', 'blank.csv'],
    ]) {
      const { code, stderr } = await line.run(...args);
      const message =
        'error: blank.csv:42:3: y must have a value; got nothing. Pass --missing-label drop to skip such rows.\n';
      expect({ code, stderr }).toEqual({ code: 1, stderr: message });
      expect(await done(...args, ...drop)).toContain(text);
    }
    expect(readFileSync(line.path('blank.html'), 'utf8')).toContain(`the rows of blank.csv; ${text}`);
  });

  it('are counted', async () => {
    const { data, evaluation } = await json('evaluate', 'mean.model', 'blank.csv', ...drop);
    expect(data.dropped).toBe(2);
    expect(evaluation).toEqual((await json('evaluate', 'mean.model', 'filled.csv')).evaluation);
    expect((await json('evaluate', 'mean.model', 'blank.csv', '--missing', 'drop')).data.dropped).toBe(3);
    const { first, second } = await json('compare', 'mean.model', 'a.model', 'blank.csv', '--missing', 'drop');
    expect([first.dropped, second.dropped]).toEqual([3, 3]);
    const { code, stderr } = await line.run('predict', 'mean.model', 'blank.csv', '--missing', 'drop', '-o', 'p.csv');
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${text}\n` });
    expect((await json('report', 'mean.model', 'blank.csv', ...drop, '-o', 'blank.html')).dropped).toBe(2);
    const test = ['train', 'filled.csv', ...LABEL, '--missing', 'mean', '--test', 'blank.csv', ...drop];
    expect((await json(...test)).data).toMatchObject({ dropped: 0, testDropped: 2 });
  });
});

describe('a model that marks missing values', () => {
  it('takes the policy that its message names', async () => {
    line.write('gaps.csv', table(',2,a'));
    await done('train', 'gaps.csv', ...LABEL, '--missing', 'indicator', '-o', 'mark.model');
    expect(await refusal('predict', 'mark.model', 'gaps.csv', '--missing', 'mean')).toMatch(
      /^2 error: --missing must be among error, drop, indicator: /,
    );
    const predicted = await done('predict', 'mark.model', 'gaps.csv', '--missing', 'indicator');
    expect(predicted).toBe(await done('predict', 'mark.model', 'gaps.csv'));
  });
});

describe('labels that the model does not know', () => {
  const drop = ['--unknown-label', 'drop'];
  const labels = { rare: 1, odd: 2 };

  it('are refused with the way out', async () => {
    for (const args of [
      ['evaluate', 'a.model', 'rare.csv'],
      ['report', 'a.model', 'rare.csv', '-o', 'n.html'],
      ['compare', 'a.model', 'a.model', 'rare.csv'],
      ['train', 'good.csv', ...LABEL, '--test', 'rare.csv', '-o', 'n.model'],
    ]) {
      expect(await refusal(...args)).toBe(
        '1 error: rare.csv:42:3: y must be one of the classes "a", "b"; got "rare". Pass --unknown-label drop to leave such rows out.',
      );
    }
  });

  it('are left out and counted, with the accuracy if they count as wrong', async () => {
    const { evaluation, unknownLabels } = await json('evaluate', 'a.model', 'rare.csv', ...drop);
    expect(evaluation).toEqual((await json('evaluate', 'a.model', 'good.csv')).evaluation);
    expect(unknownLabels).toEqual({ rows: 3, labels, accuracy: expect.closeTo((evaluation.accuracy * 40) / 43, 12) });
    const text = `3 rows of unknown labels left out: rare (1), odd (2); accuracy ${unknownLabels.accuracy.toFixed(4)} if they count as wrong`;
    expect(await done('evaluate', 'a.model', 'rare.csv', ...drop)).toContain(`\n${text}\n`);
    await done('report', 'a.model', 'rare.csv', ...drop, '-o', 'rare.html');
    expect(readFileSync(line.path('rare.html'), 'utf8')).toContain(`the rows of rare.csv; ${text}`);
    const { data } = await json('compare', 'a.model', 'a.model', 'rare.csv', ...drop);
    expect(data).toEqual({ name: 'rare.csv', part: 'rows', samples: 40, unknownLabels: { rows: 3, labels } });
    expect(await done('compare', 'a.model', 'a.model', 'rare.csv', ...drop)).toContain(
      '40 rows of rare.csv\n3 rows of unknown labels left out: rare (1), odd (2)\n',
    );
  });

  it('are left out of the table to test on', async () => {
    const test = ['train', 'good.csv', ...LABEL, '--test', 'rare.csv', ...drop];
    const document = await json(...test);
    expect(document.data.testSamples).toBe(40);
    expect(document.unknownLabels).toMatchObject({ rows: 3, labels });
    expect(await done(...test)).toMatch(
      /\n3 rows of unknown labels left out: rare \(1\), odd \(2\); accuracy 0\.\d{4} if/,
    );
    expect(await refusal('train', 'good.csv', ...LABEL, ...drop)).toBe(
      '2 error: --unknown-label must be left out without --test FILE, whose labels it is about.',
    );
  });

  it('count with their weights', async () => {
    const weigh = (text: string) => text.replace(/$/gm, ',2').replace('y,2', 'y,w').replace(/^,2$/gm, '');
    line.write('w.csv', weigh(table()));
    line.write('w-rare.csv', weigh(table('3,1,rare')).replace('rare,2', 'rare,20'));
    await done('train', 'w.csv', ...LABEL, '--sample-weight', 'w', '-o', 'w.model');
    const { evaluation, unknownLabels } = await json('evaluate', 'w.model', 'w-rare.csv', ...drop);
    expect(unknownLabels.accuracy).toBeCloseTo((evaluation.accuracy * 80) / 100, 12);
  });

  it('are named where there are no others', async () => {
    line.write('odd.csv', `${HEAD}\n1,2,c\n`);
    expect(await refusal('evaluate', 'a.model', 'odd.csv', ...drop)).toBe(
      '1 error: odd.csv: the table must have at least one row; got only rows of unknown labels, 1.',
    );
  });
});

describe('--no-header', () => {
  it('reads a file in the order of the training table, in every command', async () => {
    for (const command of [['evaluate'], ['compare', 'a.model']]) {
      const [plain, bare] = [
        await json(...command, 'a.model', 'good.csv'),
        await json(...command, 'a.model', 'data.csv', '--no-header'),
      ];
      expect({ ...bare, data: undefined }).toEqual({ ...plain, data: undefined });
    }
    const plain = await done('predict', 'a.model', 'good.csv', '--keep', 'z');
    const bare = await done('predict', 'a.model', 'data.csv', '--no-header', '--keep', '1');
    const without = (text: string) =>
      text
        .split('\n')
        .map((each) => each.split(',').slice(1).join())
        .slice(1);
    expect(without(bare)).toEqual(without(plain));
    const explained = async (file: string, row: string, ...flags: string[]) =>
      (await json('explain', 'a.model', file, '--row', row, ...flags)).contributions;
    expect(await explained('data.csv', '1', '--no-header')).toEqual(await explained('good.csv', '2'));
    await done('report', 'a.model', 'data.csv', '--no-header', '-o', 'bare.html');
  });

  it('is the way out where the header is missing, and is remembered by a model', async () => {
    expect(await refusal('predict', 'a.model', 'data.csv')).toMatch(
      / The first line must name the columns, as in training\. If the first line is data, pass --no-header\.$/,
    );
    expect(await refusal('evaluate', 'a.model', 'good.csv', '--no-header')).toMatch(
      /^1 error: good\.csv:1: the first line must hold data: --no-header is given; got .*It looks like a header: leave out --no-header\.$/,
    );
    await done('train', 'data.csv', '--label', '-1', '--no-header', '-o', 'bare.model');
    const remembered = await json('evaluate', 'bare.model', 'data.csv');
    expect(await json('evaluate', 'bare.model', 'data.csv', '--no-header')).toEqual(remembered);
  });
});

describe('--header', () => {
  it('reads a file with a header by a model that was trained without one, in every command', async () => {
    await done('train', 'data.csv', '--label', '-1', '--no-header', '-o', 'bare.model');
    const [first] = readFileSync(line.path('good.csv'), 'utf8').split('\n');
    line.write('named.csv', `${first}\n${readFileSync(line.path('data.csv'), 'utf8')}`);
    expect(await refusal('evaluate', 'bare.model', 'named.csv')).toMatch(/ It looks like a header: pass --header\.$/);
    for (const command of [['evaluate'], ['compare', 'bare.model']]) {
      const [bare, named] = [
        await json(...command, 'bare.model', 'data.csv'),
        await json(...command, 'bare.model', 'named.csv', '--header'),
      ];
      expect({ ...named, data: undefined }).toEqual({ ...bare, data: undefined });
    }
    const labels = async (...args: string[]) =>
      (await done('predict', 'bare.model', ...args)).split('\n').map((each) => each.split(',')[1]);
    expect(await labels('named.csv', '--header')).toEqual(await labels('data.csv'));
    const contributions = async (...args: string[]) => (await json('explain', 'bare.model', ...args)).contributions;
    expect(await contributions('named.csv', '--row', '2', '--header')).toEqual(
      await contributions('data.csv', '--row', '1'),
    );
    await done('report', 'bare.model', 'named.csv', '--header', '-o', 'named.html');
    expect(await refusal('evaluate', 'bare.model', 'iris', '--header')).toContain('--header must be left out');
  });
});

describe('columns with two uses', () => {
  it.each([
    [['--ignore', 'y'], '--ignore must be left out for a column that has another use; got "y", which --label names.'],
    [['--date', 'y'], '--date must be left out for a column that has another use; got "y", which --label names.'],
    [['--group', 'y'], '--group must be left out for a column that has another use; got "y", which --label names.'],
    [
      ['--categories', 'z', '--ignore', 'z'],
      '--ignore must be left out for a column that has another use; got "z", which --categories names.',
    ],
    [
      ['--missing', 'y=drop'],
      '--missing must name only columns of features; got "y", which --label names. Pass --missing-label drop to skip rows without a label.',
    ],
    [
      ['--missing', 'z=drop', '--ignore', 'z'],
      '--missing must name only columns of features; got "z", which --ignore names.',
    ],
  ])('are refused: %j', async (flags, message) => {
    expect(await refusal('train', 'good.csv', ...LABEL, ...flags)).toBe(`2 error: ${message}`);
  });
});

describe('a dry run', () => {
  const dry = ['train', 'good.csv', ...LABEL, '--dry-run'];

  it.each<[string, string[], RegExp]>([
    ['folds', ['--folds', '99'], /^2 error: --folds must be an integer in \[2, 32\]/],
    ['folds of a search', ['--l2', 'auto', '--folds', '99'], /^2 error: --folds must be an integer in \[2, 32\]/],
    ['a test table', ['--test', 'rare.csv'], /^1 error: rare\.csv:42:3: y must be one of the classes/],
    ['a test table that is missing', ['--test', 'gone.csv'], /^1 error: gone\.csv: this path must be a readable file/],
    ['outputs', ['-o', '.'], /^1 error: \.: this path must be a file, or free; got a folder/],
    ['weights of classes', ['--class-weights', 'c=2'], /^2 error: --class-weights must name only the classes/],
    [
      'a checkpoint',
      ['--solver', 'sgd', '--resume', 'gone.checkpoint'],
      /^1 error: gone\.checkpoint: this path must be a checkpoint/,
    ],
    [
      'the options of a checkpoint',
      ['--solver', 'sgd', '--resume', 'run.checkpoint', '--learning-rate', '0.5'],
      /--learning-rate/,
    ],
  ])('checks %s', async (_, flags, message) => {
    if (flags.includes('run.checkpoint') && !existsSync(line.path('run.checkpoint'))) {
      const steps = ['--solver', 'sgd', '--epochs', '2', '--learning-rate', '0.1', '--backend', 'wasm'];
      await done('train', 'good.csv', ...LABEL, ...steps, '--checkpoint', 'run.checkpoint');
    }
    expect(await refusal(...dry, ...flags)).toMatch(message);
  });

  it('lists the columns where all is well', async () => {
    const well = ['--folds', '3', '--test', 'bad.csv', '--skip-bad', 'n.csv', '-o', 'n.model'];
    const { stdout: text, stderr } = await line.run(...dry, ...well);
    expect(stderr).toBe('2 rows do not fit the table: n.csv\n');
    expect(text).toMatch(/^table: good\.csv, 40 rows\n/);
    expect(existsSync(line.path('n.model'))).toBe(false);
  });
});

it('train --resume names other rows than those of the checkpoint', async () => {
  const steps = [...LABEL, '--solver', 'sgd', '--epochs', '2', '--backend', 'wasm'];
  await done('train', 'good.csv', ...steps, '--checkpoint', 'rows.checkpoint');
  line.write('other.csv', table().replaceAll(',1,', ',2,'));
  expect(await refusal('train', 'other.csv', ...steps, '--resume', 'rows.checkpoint', '--json')).toMatch(
    /^1 error: rows\.checkpoint: the samples must be those of the checkpoint; got others\. Give the same samples, or leave out --resume to start anew\.$/,
  );
  line.write('renamed.csv', table().replace('x,z', 'x,other'));
  expect(await refusal('train', 'renamed.csv', ...steps, '--resume', 'rows.checkpoint', '--json')).toMatch(
    /^1 error: rows\.checkpoint: the name of a feature must be "z", as when the checkpoint was written; got "other"\. Give the same samples, or leave out --resume to start anew\.$/,
  );
});

it('a command without TensorFlow.js says what to install', async () => {
  // A loader that does not find the package, as where the peer is not installed.
  line.write(
    'without.cjs',
    `const { Module } = require('node:module');
     const resolve = Module._resolveFilename;
     Module._resolveFilename = function (request, ...rest) {
       if (request === '@tensorflow/tfjs') {
         throw Object.assign(new Error("Cannot find module '@tensorflow/tfjs'"), { code: 'MODULE_NOT_FOUND' });
       }
       return resolve.call(this, request, ...rest);
     };`,
  );
  const { NODE_OPTIONS } = process.env;
  process.env.NODE_OPTIONS = `--require ${line.path('without.cjs')}`;
  try {
    for (const args of [['train', 'good.csv', ...LABEL], ['evaluate', 'a.model', 'good.csv'], ['gradcheck']]) {
      expect(await refusal(...args)).toBe(
        '1 error: the package @tensorflow/tfjs must be installed. Run: npm install @tensorflow/tfjs@4.22',
      );
    }
  } finally {
    if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = NODE_OPTIONS;
  }
});
