// Files and commands as they occur in practice, by kind; each kind has several inputs. The kinds of tables: ../cases.test.ts.
import { readdirSync } from 'node:fs';
import { CommandLine } from '../helpers/command-line.js';

const line = new CommandLine();

afterAll(() => line.dispose());

const table = (header: string, n: number, row: (i: number) => string) =>
  `${header}\n${Array.from({ length: n }, (_, i) => row(i)).join('\n')}\n`;

const BASE = table('a,b,y', 40, (i) => `${(i * 7) % 10}.5,${i % 9},${(i * 7) % 10 > 4 ? 'yes' : 'no'}`);

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await line.run(...args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

describe('a test table with a class that training has not', () => {
  it.each<[string, string, string, RegExp]>([
    [
      'a word',
      BASE,
      'a,b,y\n1,2,yes\n1,3,maybe\n',
      /^error: new\.csv:3:3: y must be one of the classes "no", "yes"; got "maybe"/,
    ],
    [
      'a number',
      table('a,b,y', 20, (i) => `${i},${i % 3},${i % 2}`),
      'a,b,y\n1,2,0\n1,3,2\n',
      /^error: new\.csv:3:3: y must be one of the classes 0, 1; got "2"\./,
    ],
    [
      'another case',
      BASE,
      'y,a,b\nYes,1,2\n',
      /^error: new\.csv:2:1: y must be one of the classes "no", "yes"; got "Yes"/,
    ],
  ])('is refused with its place, before training: %s', async (_, train, test, message) => {
    line.write('base.csv', train);
    line.write('new.csv', test);
    const { code, stdout, stderr } = await line.run(
      'train',
      'base.csv',
      '--label',
      'y',
      '--test',
      'new.csv',
      '-o',
      'm.model',
    );
    expect(stderr).toMatch(message);
    expect({ code, trained: stdout.includes('fit:') }).toEqual({ code: 1, trained: false });
    expect(readdirSync(line.folder)).not.toContain('m.model');
  });
});

describe('rows to predict with decimal commas', () => {
  beforeAll(async () => {
    line.write('base.csv', BASE);
    await done('train', 'base.csv', '--label', 'y', '-o', 'base.model');
    line.write('point.csv', 'a,b\n1.5,2\n8.25,3\n');
  });

  it.each([
    ['semicolons', 'a;b\n1,5;2\n8,25;3\n'],
    ['tabs', 'a\tb\n1,5\t2\n8,25\t3\n'],
    ['bars, in another order', 'b|a\n2|1,5\n3|8,25\n'],
  ])('are read with the flag that the message names: %s', async (_, text) => {
    line.write('comma.csv', text);
    expect((await line.run('predict', 'base.model', 'comma.csv')).stderr).toContain("Pass --decimal ','.");
    expect(await done('predict', 'base.model', 'comma.csv', '--decimal', ',')).toBe(
      await done('predict', 'base.model', 'point.csv'),
    );
  });
});

describe('a checkpoint', () => {
  it.each<[string, (rows: readonly string[]) => readonly string[]]>([
    ['fewer rows', (rows) => rows.slice(0, -10)],
    ['another value', (rows) => rows.map((row, i) => (i === 1 ? '3.5,3,yes' : row))],
    ['rows in another order', ([header, ...rows]) => [header, ...rows.reverse()]],
  ])('is not resumed on other samples: %s', async (_, change) => {
    line.write('base.csv', BASE);
    const steps = ['--label', 'y', '--test-fraction', '0', '--solver', 'sgd', '--epochs', '2'];
    await done('train', 'base.csv', ...steps, '--checkpoint', 'base.checkpoint');
    line.write('other.csv', `${change(BASE.trimEnd().split('\n')).join('\n')}\n`);
    const { code, stderr } = await line.run('train', 'other.csv', ...steps, '--resume', 'base.checkpoint');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/samples/);
    expect(stderr).not.toMatch(/--l2/);
  });
});

describe('more classes or categories than the limit', () => {
  it.each([
    ['labels', table('a,y', 2200, (i) => `${i % 7},user${i % 1100}`)],
    ['numeric labels', table('a,y', 2200, (i) => `${i % 7},${i % 1100}`)],
    ['a column of text', table('a,y', 2200, (i) => `place${i % 1100},${i % 2}`)],
  ])('name the flag that raises it: %s', async (_, text) => {
    line.write('many.csv', text);
    const args = [
      'train',
      'many.csv',
      '--label',
      'y',
      '--strings',
      'one-hot',
      '--test-fraction',
      '0',
      '--max-iterations',
      '1',
    ];
    const { stderr } = await line.run(...args);
    expect(stderr).toContain('--max-categories');
    await done(...args, '--max-categories', '1100');
  });
});

describe('advice of train', () => {
  it.each<[string, string, string[], RegExp]>([
    [
      'an overflow',
      table('x,z,y', 40, (i) => `${i % 2 ? '' : '-'}1e308,${i % 7},${i % 3 ? 'p' : 'q'}`),
      [],
      /^error: column "x" must have a mean .* or read the table with --ignore x\.$/m,
    ],
    [
      'a category with one class',
      table(
        'flag,z,y',
        60,
        (i) => `${i % 4 === 0 ? 1 : 0},${(i * 7) % 11},${i % 4 === 0 || (i * 5) % 7 < 3 ? 'p' : 'q'}`,
      ),
      ['--l2', '0'],
      /^ {2}Give --l2 [\d.]+: column "flag" separates the class "p" quasi-completely from the others/m,
    ],
    [
      'a large rate',
      table('x,z,y', 60, (i) => `${(i * 5) % 13},${(i * 7) % 11},${(i * 5) % 7 < 3 ? 'p' : 'q'}`),
      ['--solver', 'sgd', '--learning-rate', '1e20'],
      /^ {2}Give --learning-rate [\d.]+: /m,
    ],
  ])('works when typed: %s', async (_, text, flags, message) => {
    line.write('hard.csv', text);
    const args = ['train', 'hard.csv', '--label', 'y', '--test-fraction', '0'];
    const first = await line.run(...args, ...flags);
    const said = `${first.stdout}${first.stderr}`;
    expect(said).toMatch(message);
    const [, flag, value] = /(--[a-z0-9-]+) (\S+?)(?:[:,]|\.$)/m.exec(
      said.slice(said.search(message)),
    ) as RegExpExecArray;
    expect(await done(...args, ...flags, flag, value)).not.toMatch(/^ {2}Give /m);
  });
});
