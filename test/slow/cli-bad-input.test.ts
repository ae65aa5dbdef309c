// Errors in files and command lines take one line, with place, rule and fix.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { SOLVER_NAMES } from '../../src/training/solvers.js';
import { CommandLine } from '../helpers/command-line.js';

const GOOD = 'width,colour,kind\n1,red,cat\n2,red,dog\n1.5,blue,cat\n2.5,blue,dog\n1.25,red,cat\n2.25,blue,dog\n';
const line = new CommandLine();

beforeAll(async () => {
  line.write('good.csv', GOOD);
  const { code, stderr } = await line.run(
    ...['train', 'good.csv', '--label', 'kind', '--strings', 'one-hot', '--test-fraction', '0', '-o', 'good.model'],
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

afterAll(() => line.dispose());

/** Runs a command that must fail with this exit code and change no file; returns its error. */
async function refusal(code: number, ...args: string[]): Promise<string> {
  const before = readdirSync(line.folder).sort();
  const model = readFileSync(line.path('good.model'));
  const ended = await line.run(...args);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  expect(readdirSync(line.folder).sort()).toEqual(before);
  expect(readFileSync(line.path('good.model')).equals(model)).toBe(true);
  return ended.stderr.trimEnd();
}

const TABLES: readonly [title: string, content: string | Uint8Array, message: RegExp][] = [
  [
    'a header without a name',
    'a,,kind\n1,2,x\n3,4,y\n',
    /^error: bad\.csv:1:2: the header must name each column; got "".*--ignore ""/,
  ],
  [
    'a duplicate name in the header',
    'a,a,kind\n1,2,x\n',
    /^error: bad\.csv:1:2: the header must name each column once; got "a" in columns 1 and 2/,
  ],
  [
    'a ragged row',
    'a,b,kind\n1,2,x\n3,4\n',
    /^error: bad\.csv:3:3: the row must have 3 fields, like the header; got 2\. /,
  ],
  [
    'text in a column of numbers',
    'a,kind\n1,x\nten,y\n',
    /^error: bad\.csv:3:1: a must be a number, like the rows above; got "ten"\. .*--categories a/,
  ],
  [
    'a column of text',
    'a,b,kind\nred,1,x\nblue,2,y\n',
    /^error: bad\.csv:2:1: a must be a number; got "red"\. Pass --strings one-hot .* --ignore a\.$/,
  ],
  [
    'a missing value',
    'a,kind\n1,x\n,y\n',
    /^error: bad\.csv:3:1: a must have a value; got nothing\. Pass --missing drop to skip such rows; when training, --missing mean or --missing median/,
  ],
  ['no content', '', /^error: bad\.csv: the table must have at least one row; got an empty file\.$/],
  ['a header alone', 'a,kind\n', /^error: bad\.csv: the table must have at least one row; got none\.$/],
  [
    'a class of one sample',
    'a,kind\n1,x\n2,x\n3,y\n',
    /^error: bad\.csv: the class "y" must have at least 2 samples, one to train on and one to hold back; got 1\. Pass --test-fraction 0/,
  ],
  ['one class', 'a,kind\n1,x\n2,x\n', /^error: bad\.csv: kind must have at least two classes; got only "x"/],
  [
    'bytes that are not UTF-8',
    Buffer.from('a,kind\n1,x\n2,\xe9\n', 'latin1'),
    /^error: bad\.csv:3: the text must be UTF-8; got the byte 0xe9, byte \d+ of the line\. .*Save it as "CSV UTF-8"/,
  ],
  [
    'UTF-16',
    Buffer.from('\ufeffa,kind\n1,x\n', 'utf16le'),
    /^error: bad\.csv: the file must be a CSV file; got UTF-16 text\./,
  ],
  [
    'a line of 10 MB',
    `a,kind\n1,${'x'.repeat(1e7)}\n`,
    /^error: bad\.csv:2: the row must have at most 8388608 characters; got more\. /,
  ],
  [
    'a quote that is never closed',
    'a,kind\n1,"x\n2,y\n',
    /^error: bad\.csv:2.* a quoted field must be closed; got the end of the file/,
  ],
];

describe('train rejects a table with', () => {
  it.each(TABLES)('%s', async (_, content, message) => {
    line.write('bad.csv', content);
    expect(await refusal(1, 'train', 'bad.csv', '--label', 'kind', '-o', 'good.model', '--report', 'r.html')).toMatch(
      message,
    );
  });

  it('another delimiter than --delimiter', async () => {
    line.write('bad.csv', 'a;b;kind\n1;2;x\n3;4;y\n');
    expect(await refusal(1, 'train', 'bad.csv', '--label', 'kind', '--delimiter', ',')).toMatch(
      /^error: bad\.csv:1: the first line must contain the delimiter ","; got a line with 2 of ";"\. Pass --delimiter ";"/,
    );
  });

  it('no column of the given name, and suggests the nearest', async () => {
    expect(await refusal(1, 'train', 'good.csv', '--label', 'knid')).toBe(
      'error: good.csv:1: --label must be one of the columns "width", "colour", "kind"; got "knid". Did you mean "kind"?',
    );
  });
});

it('train reads a table with a byte order mark', async () => {
  line.write('bom.csv', `\ufeff${GOOD}`);
  const { code, stdout } = await line.run('train', 'bom.csv', '--label', 'kind', '--strings', 'one-hot', '--json');
  expect({ code, classes: JSON.parse(stdout).model.classes }).toEqual({ code: 0, classes: ['cat', 'dog'] });
});

it('train and predict read a gzipped table', async () => {
  line.write('good.csv.gz', gzipSync(GOOD));
  const { code, stdout } = await line.run('train', 'good.csv.gz', '--label', 'kind', '--strings', 'one-hot', '--json');
  expect({ code, classes: JSON.parse(stdout).model.classes }).toEqual({ code: 0, classes: ['cat', 'dog'] });
  const plain = await line.run('predict', 'good.model', 'good.csv');
  expect(plain.code).toBe(0);
  expect(await line.runWith(gzipSync(GOOD), 'predict', 'good.model', '-')).toEqual(plain);
});

describe('commands', () => {
  const train = ['train', 'good.csv', '--label', 'kind', '--strings', 'one-hot'];

  it.each([
    [
      'a missing table',
      ['train', 'gone.csv', '--label', 'kind'],
      /^error: gone\.csv: this path must be a readable file; got no such file\. Check the path\.$/,
    ],
    [
      'a folder without data',
      ['train', '.'],
      /^error: \.: this folder must hold files such as train-images-idx3-ubyte/,
    ],
    [
      'a missing model',
      ['predict', 'gone.model', 'good.csv'],
      /^error: gone\.model: this path must be a readable file/,
    ],
    [
      'a table in place of a model',
      ['predict', 'good.csv', 'good.csv'],
      /^error: good\.csv: this file must be a model file; got text.* softmax-regression train good\.csv --label COLUMN/,
    ],
    [
      'a table with other columns than the model',
      ['predict', 'good.model', 'other.csv'],
      /^error: other\.csv:1: the header must have the column "width", which the model reads; got "witdh", "colour"\. Did you mean "witdh"\?$/,
    ],
    [
      'data with another number of features than the model',
      ['evaluate', 'good.model', 'iris'],
      /iris: the samples must have the 3 features that the model reads; got 4\./i,
    ],
    [
      'a table without labels',
      ['evaluate', 'good.model', 'unlabelled.csv'],
      /^error: unlabelled\.csv: the table must have the label column "kind"/,
    ],
    [
      'a report on a table without labels',
      ['report', 'good.model', 'unlabelled.csv', '-o', 'r.html'],
      /the label column "kind"/,
    ],
    [
      'a category unseen in training',
      ['predict', 'good.model', 'unseen.csv', '-o', 'labels.csv'],
      /^error: unseen\.csv:3:2: colour must be one of "blue", "red"; got "green"\. Pass --unseen zero to encode unseen categories as zeros\.$/,
    ],
    [
      'an output that is a folder',
      [...train, '-o', '.'],
      /^error: \.: this path must be a file, or free; got a folder/,
    ],
    [
      'an output that is a device',
      [...train, '-o', '/dev/null'],
      /^error: \/dev\/null: this path must be a file, or free; got a device/,
    ],
    [
      'an output that cannot be written',
      [...train, '-o', '/proc/x.model'],
      /^error: \/proc\/x\.model: this path must be writable/,
    ],
  ])('reject %s', async (_, args, message) => {
    line.write('other.csv', 'witdh,colour\n1,red\n');
    line.write('unlabelled.csv', 'width,colour\n1,red\n');
    line.write('unseen.csv', 'width,colour\n1,red\n1,green\n');
    expect(await refusal(1, ...args)).toMatch(message);
  });

  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

  (isRoot ? it : it.skip)('do not change files on a full disk', async () => {
    mkdirSync(line.path('disk'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', line.path('disk')], { stdio: 'ignore' });
    } catch {
      return; // root without the right to mount
    }
    try {
      writeFileSync(line.path('disk/r.html'), 'old');
      const { code, stderr } = await line.run(...train, '--report', 'disk/r.html', '-o', 'disk/m.model');
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: disk\/r\.html: this path must be on a disk with free space; .* Free some space/);
      // The model was trained and written before the report.
      expect(stderr).toMatch(/ The model is saved in disk\/m\.model\.\n$/);
      expect(readdirSync(line.path('disk')).sort()).toEqual(['m.model', 'r.html']);
      expect(readFileSync(line.path('disk/r.html'), 'utf8')).toBe('old');

      const rows = `width,colour\n${'1,red\n'.repeat(20_000)}`;
      const predicted = await line.runWith(rows, 'predict', 'good.model', '-', '-o', 'disk/labels.csv');
      expect(predicted).toMatchObject({ code: 1, stdout: '' });
      expect(predicted.stderr).toMatch(/^error: disk\/labels\.csv: this path must be on a disk with free space/);
      expect(readdirSync(line.path('disk')).sort()).toEqual(['m.model', 'r.html']);
    } finally {
      execFileSync('umount', [line.path('disk')]);
    }
  });
});

describe('exit code 2 for', () => {
  const train = ['train', 'good.csv', '--label', 'kind', '--strings', 'one-hot'];

  it.each([
    [
      'a misspelt option',
      ['train', 'good.csv', '--lable', 'kind'],
      /^error: unknown option '--lable'\n\(Did you mean --label\?\)/,
    ],
    ['a misspelt command', ['tran', 'good.csv'], /^error: unknown command 'tran'\n\(Did you mean train\?\)/],
    [
      'no label',
      ['train', 'good.csv'],
      /^error: --label must be one of the columns "width", "colour", "kind"; got nothing\.$/,
    ],
    [
      'a label without a table',
      ['train', 'iris', '--label', 'x'],
      /^error: --label must be left out: it applies only to tables; got iris\.$/,
    ],
    ['a value out of range', [...train, '--l2', '-1'], /^error: --l2 must be a finite number ≥ 0; got -1\.$/],
    [
      'a value that is not a number',
      [...train, '--l2', 'much'],
      /^error: option '--l2 <strength\|list\|auto>' argument 'much' is invalid\. It must be a finite number/,
    ],
    [
      'an unknown choice',
      [...train, '--solver', 'newton'],
      new RegExp(`Allowed choices are ${SOLVER_NAMES.join(', ')}\\.`),
    ],
    [
      'an option of another solver',
      [...train, '--epochs', '3'],
      /^error: --epochs must be left out with --solver lbfgs.*; got 3\. .* --solver sgd, --solver .* or --solver \w+\.$/,
    ],
    [
      'a fraction out of range',
      [...train, '--test-fraction', '2'],
      /^error: --test-fraction must be a share in \[0, 1\); got 2\.$/,
    ],
    [
      'one fold',
      ['train', 'gone.csv', '--label', 'y', '--folds', '1'],
      /^error: --folds must be an integer ≥ 2; got 1\.$/,
    ],
    [
      'a seed too large',
      ['train', 'gone.csv', '--label', 'y', '--seed', '4294967296'],
      /^error: --seed must be an integer in \[0, 2\^32\); got 4294967296\.$/,
    ],
    [
      'iterations that are no integer',
      [...train, '--max-iterations', '1.5'],
      /^error: option '--max-iterations <n>' argument '1\.5' is invalid\. It must be an integer > 0\./,
    ],
    [
      'patience of another solver',
      [...train, '--patience', '3'],
      /^error: --patience must be left out with --solver lbfgs.*; got 3\. Leave it out: it is an option of --solver sgd/,
    ],
    ['more folds than samples', [...train, '--folds', '9'], /^error: --folds must be an integer in \[2, \d\]/],
    [
      'the same file for two outputs',
      [...train, '-o', 'a', '--report', 'a'],
      /^error: --output and --report must be different files\.$/,
    ],
    [
      'more classes than the model has',
      ['predict', 'good.model', 'good.csv', '--top', '3'],
      /^error: --top must be an integer in \[1, 2\]/,
    ],
    ['no output', ['export', 'good.model'], /^error: required option '-o, --output <file>' not specified/],
  ])('%s', async (_, args, message) => {
    expect(await refusal(2, ...args)).toMatch(message);
    expect(existsSync(line.path('a'))).toBe(false);
  });
});
