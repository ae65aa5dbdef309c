// train --workers: the same model, however many processes share the fit. Nothing asserts a time.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Random } from 'softmax-regression';
import { installMpi } from '../../src/node/native/install-mpi.js';
import type { MpiInstallation } from '../../src/node/native/mpi.js';
import { thisProcess } from '../../src/node/processes.js';
import { COMMAND, CommandLine, type Ended, ended } from '../helpers/command-line.js';

const line = new CommandLine();
afterAll(() => line.dispose());

let mpi: MpiInstallation;
let missing: string | undefined;

/** More than two sections of 2¹⁶ rows, so that three processes have rows. */
const ROWS = 150_000;
const random = new Random(6);
const rows = Array.from({ length: ROWS }, () => {
  const values = Array.from({ length: 20 }, () => random.normal());
  const sum = values[0] + values[1] + random.normal();
  return [...values.map((value) => value.toFixed(3)), sum > 1 ? 'up' : sum < -1 ? 'down' : 'level'].join();
});
const header = [...Array.from({ length: 20 }, (_, i) => `x${i}`), 'y'].join();

beforeAll(async () => {
  line.write('big.csv', `${header}\n${rows.join('\n')}\n`);
  line.write('bad.csv', `${header}\n${rows.slice(0, 300).join('\n')}\n1,2\n`);
  try {
    mpi = await installMpi();
  } catch (error) {
    missing = (error as Error).message;
    if (process.env.SOFTMAX_REGRESSION_REQUIRE_NATIVE === '1') throw error;
    console.warn(`--workers is not tested: ${missing}`);
  }
});

/** A test that passes, with the warning above, where MPI cannot be installed. */
function test(title: string, run: () => Promise<void>): void {
  it(title, async () => {
    if (missing === undefined) await run();
  });
}

/** Why rows that can be read once are refused. */
const ONCE = 'each process reads DATA itself. Write the rows to a file first.';

const TRAIN = ['train', 'big.csv', '--label', 'y', '--backend', 'cpu'];

async function modelOf(name: string, ...flags: string[]): Promise<Buffer> {
  const { code, stderr } = await line.run(...TRAIN, '-o', name, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return readFileSync(line.path(name));
}

/** Loaded into each process: rank 1 gets a signal as soon as there is a checkpoint, which is long before the end. */
const LOSE = `const { existsSync } = require('node:fs');
const [signal, file] = process.env.LOSE.split(' ');
if (process.env.PMI_RANK === '1') setInterval(() => existsSync(file) && process.kill(process.pid, signal), 1).unref();
`;

function lose(signal: string, checkpoint: string): Promise<Ended> {
  const hook = line.path(line.write('lose.cjs', LOSE));
  const env = { LOSE: `${signal} ${checkpoint}`, NODE_OPTIONS: `--require ${hook}` };
  return line.runIn(env, ...TRAIN, '--workers', '2', '--tolerance', '1e-15', '--checkpoint', checkpoint);
}

describe('train --workers', () => {
  test('writes one model, document and report, however many processes there are', async () => {
    const whole = await modelOf('1.model', '--workers', '1');
    expect(await modelOf('plain.model', '--precision', 'float64')).toEqual(whole);
    for (const workers of ['2', '3']) expect(await modelOf(`${workers}.model`, '--workers', workers)).toEqual(whole);
    expect(await modelOf('stored.model', '--workers', '2', '--memory', '12MB')).toEqual(whole);
    const [one, two] = [
      await line.run(...TRAIN, '--calibrate', '--json'),
      await line.run(...TRAIN, '--calibrate', '--json', '--workers', '2', '--report', 'r.html'),
    ];
    expect([one.code, two.code, two.stderr]).toEqual([0, 0, '']);
    const { report, ...document } = JSON.parse(two.stdout);
    expect(report).toBe('r.html');
    expect(document.data).toEqual(JSON.parse(one.stdout).data);
    expect(readFileSync(line.path('r.html'), 'utf8')).toContain('id="mistakes"');
  });

  test('shares folds, a search for l2, validation and the test', async () => {
    const cases = [
      ['--folds', '2', '--validation', '0.1'],
      ['--l2', '1,1e-3', '--folds', '2'],
    ];
    for (const flags of cases) {
      const all = ['--json', '--max-iterations', '20', ...flags];
      const one = await line.run(...TRAIN, ...all, '--workers', '1');
      const three = await line.run(...TRAIN, ...all, '--workers', '3');
      expect([one.code, three.code, three.stderr]).toEqual([0, 0, '']);
      expect(JSON.parse(three.stdout)).toEqual(JSON.parse(one.stdout));
      const alone = await line.run(...TRAIN, ...all, '--precision', 'float64');
      expect(JSON.parse(alone.stdout).evaluation).toEqual(JSON.parse(one.stdout).evaluation);
    }
  });

  test('has the bits of one process in float32 too, on TensorFlow', async () => {
    const train = ['train', 'big.csv', '--label', 'y', '--backend', 'tensorflow'];
    const models = [];
    for (const workers of ['1', '2', '3']) {
      const { code, stderr } = await line.run(...train, '--workers', workers, '-o', `float32-${workers}.model`);
      expect([code, stderr]).toEqual([0, '']);
      models.push(readFileSync(line.path(`float32-${workers}.model`)));
    }
    expect(models[1]).toEqual(models[0]);
    expect(models[2]).toEqual(models[0]);
    expect(models[0]).not.toEqual(await modelOf('exact.model', '--precision', 'float64'));
  });

  test('shares the batches of first-order steps', async () => {
    const flags = ['--json', '--solver', 'adam', '--epochs', '2', '--batch-size', '4000'];
    const objectiveOf = async (...more: string[]) => {
      const { code, stdout, stderr } = await line.run(...TRAIN, ...flags, ...more);
      expect([code, stderr]).toEqual([0, '']);
      return JSON.parse(stdout).fit.objective as number;
    };
    const alone = await objectiveOf();
    for (const more of [[], ['--memory', '18MB']]) {
      const shared = await objectiveOf('--workers', '3', ...more);
      expect(Math.abs(shared - alone)).toBeLessThan(1e-6);
      // Another order of the same sum: it is no fit of one process.
      expect(shared).not.toBe(alone);
    }
  });

  test('runs under a launcher of its own, and only its first process prints and writes', async () => {
    const [program, ...args] = [...COMMAND, ...TRAIN, '-o', 'm.model'];
    const child = spawn(mpi.mpiexec, ['-n', '2', program, ...args], { cwd: line.folder });
    const { code, stdout } = await ended(child);
    expect([code, stdout.match(/^model: m\.model$/gm)?.length]).toEqual([0, 1]);
    expect(readFileSync(line.path('m.model'))).toEqual(readFileSync(line.path('1.model')));
  });

  test('names the option that differs where bits depend on it', async () => {
    const other = 'other than tensorflow';
    const cases = [
      ['--solver sgd --epochs 1 --backend', 'cpu', 'wasm', '--backend', 'cpu', 'wasm'],
      ['--backend', 'cpu', 'tensorflow', '--backend', other, 'tensorflow'],
      ['--backend', 'tensorflow', 'cpu', '--backend', 'tensorflow', other],
      ['--backend tensorflow --precision', 'auto', 'float64', '--precision', 'auto', 'float64'],
    ];
    for (const [flags, first, second, name, expected, actual] of cases) {
      const ranks = [first, second].map((value) => {
        const train = [...COMMAND.slice(1), ...TRAIN.slice(0, -2), ...flags.split(' '), value];
        return ['-n', '1', COMMAND[0], ...train];
      });
      const child = spawn(mpi.mpiexec, [...ranks[0], ':', ...ranks[1]], { cwd: line.folder });
      const { code, stderr } = await ended(child);
      const words = `error: ${name} must be the same on all ranks, "${expected}" as on rank 0; got "${actual}" on rank 1.\n`;
      // Mpiexec joins the code of the rank with that of one that it killed at the end.
      expect([code !== 0, stderr]).toEqual([true, words]);
    }
  });

  test('skips bad rows on all ranks, and writes them once', async () => {
    const args = [
      'train',
      'bad.csv',
      '--label',
      'y',
      '--backend',
      'cpu',
      '--workers',
      '2',
      '--skip-bad',
      'skipped.csv',
    ];
    const { code, stderr } = await line.run(...args);
    expect([code, stderr]).toEqual([0, '1 row does not fit the table: skipped.csv\n']);
    expect(readFileSync(line.path('skipped.csv'), 'utf8').split('\n').length).toBe(3);
  });

  test('says an error of all ranks once', async () => {
    const { code, stderr } = await line.run('train', 'bad.csv', '--label', 'y', '--workers', '3');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: bad\.csv:302:3: the row must have 21 fields.*\n$/),
    ]);
  });

  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    test(`ends all if one gets ${signal}, and resumes with another number`, async () => {
      const name = `${signal}.checkpoint`;
      const { code, stderr } = await lose(signal, name);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*\n$/)]);
      const more = ['--tolerance', '1e-15', '--max-iterations', '40'];
      const whole = await modelOf(`${signal}.whole`, '--workers', '1', ...more);
      expect(await modelOf(`${signal}.resumed`, '--workers', '3', '--resume', name, ...more)).toEqual(whole);
    });
  }
});

describe('train --workers copies rows that can be read once', () => {
  const shared = () => readdirSync(tmpdir()).filter((name) => name.startsWith('.softmax-regression-shared.'));

  test('and writes the model of the file, from a pipe and from SQL', async () => {
    const flags = ['--label', 'y', '--backend', 'cpu', '--max-iterations', '3'];
    const whole = await line.run('train', 'big.csv', ...flags, '--workers', '1', '-o', 'file.model');
    expect(whole.code).toBe(0);
    const own = ['--workers', '2', '--json', '-o', 'once.model'];
    const runs = [
      ['standard input', () => line.runWith(readFileSync(line.path('big.csv')), 'train', '-', ...flags, ...own)],
      ['SQL', () => line.run('train', '--sql', "select * from 'big.csv'", ...flags, ...own, '--memory', '12MB')],
    ] as const;
    for (const [name, run] of runs) {
      const { code, stdout, stderr } = await run();
      expect([code, stderr, JSON.parse(stdout).data.name]).toEqual([0, '', name]);
      expect(readFileSync(line.path('once.model'))).toEqual(readFileSync(line.path('file.model')));
    }
    expect(shared()).toEqual([]);
  });

  test('and says an error of them once', async () => {
    const bad = await line.runWith('x,y\n1,2,3\n', 'train', '-', '--label', 'y', '--workers', '2');
    expect([bad.code, bad.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: standard input:2:3: the row must have 2 fields[^\n]*\n$/),
    ]);
    const query = await line.run('train', '--sql', 'selec 1', '--label', 'y', '--workers', '2');
    expect([query.code, query.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: SQL: the query must run; [^\n]*\n$/),
    ]);
    expect(shared()).toEqual([]);
  });
});

describe('train --workers --cache', () => {
  const FLAGS = ['--label', 'y', '--backend', 'cpu', '--max-iterations', '2', '--cache', 'rows', '--workers', '2'];
  const train = (table: string, ...more: string[]) => line.run('train', table, ...FLAGS, ...more);
  const rowsFile = (table: string) => readdirSync(line.path('rows')).filter((name) => name.startsWith(`${table}-`));

  test('writes the rows once, and the model of the table', async () => {
    const plain = await line.run('train', 'big.csv', ...FLAGS.slice(0, 6), '--workers', '1', '-o', 'plain.model');
    expect(plain.code).toBe(0);
    const written = new Set<bigint>();
    for (const more of [[], [], ['--memory', '12MB']]) {
      const { code, stderr } = await train('big.csv', ...more, '-o', 'cached.model');
      expect([code, stderr]).toEqual([0, '']);
      for (const name of rowsFile('big.csv'))
        written.add(statSync(line.path(`rows/${name}`), { bigint: true }).mtimeNs);
      expect(readFileSync(line.path('cached.model'))).toEqual(readFileSync(line.path('plain.model')));
    }
    expect([rowsFile('big.csv').length, written.size]).toEqual([1, 1]);
    expect(readdirSync(line.path('rows')).filter((name) => name.startsWith('.') || name.endsWith('.lock'))).toEqual([]);
  });

  test('says once that rows are written again, or why they cannot be', async () => {
    line.write('small.csv', `${header}\n${rows.slice(0, 300).join('\n')}\n`);
    expect((await train('small.csv')).stderr).toBe('');
    line.write('small.csv', `${header}\n${rows.slice(0, 400).join('\n')}\n`);
    const [name] = rowsFile('small.csv');
    const again = 'it is written again\n';
    const changed = await train('small.csv');
    expect([changed.code, changed.stderr]).toEqual([
      0,
      `cache: rows/${name} is of an earlier state of the table; ${again}`,
    ]);
    const whole = readFileSync(line.path(`rows/${name}`));
    line.write(`rows/${name}`, whole.subarray(0, whole.length - 100));
    const cut = await train('small.csv');
    expect([cut.code, cut.stderr]).toEqual([0, `cache: rows/${name} is cut short; ${again}`]);
    line.write(`rows/${name}`, 'a,b\n1,2\n');
    const foreign = await train('small.csv');
    expect([foreign.code, foreign.stderr]).toEqual([
      1,
      `error: rows/${name}: the file must be one of rows, as --cache writes it; got another file. Move it, or name another folder.\n`,
    ]);
    const noFolder = await train('small.csv', '--cache', 'big.csv');
    expect([noFolder.code, noFolder.stderr]).toEqual([1, expect.stringMatching(/^error: big\.csv[^\n]*\n$/)]);
  });

  test('takes over the lock of a process that was killed', async () => {
    const [name] = rowsFile('big.csv');
    const lock = line.path(`rows/${name}.lock`);
    // Valid rows are read without the lock.
    rmSync(line.path(`rows/${name}`));
    const gone = spawn(process.execPath, ['-e', '']);
    await ended(gone);
    line.write(`rows/${name}.lock`, JSON.stringify({ ...thisProcess(), pid: gone.pid, id: 'gone' }));
    const { code, stderr } = await train('big.csv');
    expect([code, stderr, existsSync(lock)]).toEqual([0, '', false]);
  });
});

describe('train --workers leaves standard input alone', () => {
  it('which may be large, or the list of a loop', async () => {
    const train = `npx softmax-regression ${TRAIN.join(' ')} --workers 2 --max-iterations 1`;
    const large = await line.shell(`head -c 5000000 /dev/zero | ${train}`);
    expect([large.code, large.stderr]).toEqual([0, '']);
    const loop = await line.shell(`printf 'a\\nb\\n' | while read name; do ${train} > /dev/null; echo $name; done`);
    expect(loop.stdout).toBe('a\nb\n');
  });
});

describe('train --workers refuses, before anything starts,', () => {
  it.each([
    [['--workers', '0'], "option '--workers <n>' argument '0' is invalid"],
    [['--workers', '2000'], '--workers must be at most 1024; got 2000.'],
  ])('%j', async (flags, words) => {
    const { code, stderr } = await line.run(...TRAIN, '--workers', '2', ...flags);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  it('a pipe that has a name', async () => {
    const piped = await line.shell('echo x,y | npx softmax-regression train /dev/stdin --label y --workers 2');
    expect([piped.code, piped.stderr]).toEqual([2, `error: /dev/stdin must be left out with --workers: ${ONCE}\n`]);
  });

  test('rows that can be read once under a launcher of its own', async () => {
    for (const source of [['-'], ['--sql', 'select 1']]) {
      const [program, ...args] = [...COMMAND, 'train', ...source, '--label', 'y'];
      const child = spawn(mpi.mpiexec, ['-n', '2', program, ...args], { cwd: line.folder });
      child.stdin.end('x,y\n1,2\n2,1\n');
      const { code, stderr } = await ended(child);
      // The launcher may end one of them first.
      expect(code).not.toBe(0);
      expect(stderr).toBe(`error: ${source[0]} must be left out with several processes: ${ONCE}\n`);
    }
  });

  test('a launcher whose connection was closed on the way, as npx does', async () => {
    const { code, stderr } = await line.runIn({ PMI_SIZE: '2', PMI_FD: '200' }, ...TRAIN);
    expect([code, stderr]).toEqual([1, expect.stringContaining('npx and npm close its connection.')]);
  });

  it('a launcher that MPI does not know', async () => {
    const { code, stderr } = await line.runIn({ PMI_SIZE: '2' }, ...TRAIN);
    expect([code, stderr]).toEqual([1, expect.stringContaining('PMI_SIZE=2 shows; got no connection to it.')]);
  });
});
