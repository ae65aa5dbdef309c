// Several processes over MPI: test/helpers/ranks.ts, started by the launcher of the cache. Nothing asserts a time: an
// end is waited for, and a process that should not end is longer there than any limit of the watchdog.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installMpi } from '../../src/node/native/install-mpi.js';
import { nativeStatus } from '../../src/node/native/load.js';
import { type MpiInstallation, mpiStatus, probeMpi } from '../../src/node/native/mpi.js';
import { COMMAND, type Ended, ended } from '../helpers/command-line.js';

const ROOT = join(__dirname, '..', '..');
const RANKS = [...COMMAND.slice(0, -1), join(ROOT, 'test/helpers/ranks.ts')];

let mpi: MpiInstallation;
let missing: string | undefined;

beforeAll(async () => {
  try {
    mpi = await installMpi();
  } catch (error) {
    missing = (error as Error).message;
    if (process.env.SOFTMAX_REGRESSION_REQUIRE_NATIVE === '1') throw error;
    console.warn(`MPI is not tested: ${missing}`);
  }
});

/** A test that passes, with the warning above, where MPI cannot be installed. */
function test(title: string, run: () => Promise<void>): void {
  it(title, async () => {
    if (missing === undefined) await run();
  });
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const [program, ...rest] = [...RANKS, ...args];
  return spawn(program, rest, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

function run(line: string, env?: Readonly<Record<string, string>>): Promise<Ended> {
  const child = start(line.split(' '), env);
  child.stdin?.end();
  return ended(child);
}

/** The numbers of the processes whose command ends so; `program` begins it: the ranks, or mpiexec. */
function processesOf(line: string, program = process.execPath): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,stat=,args=', '-ww'], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((each) => /^\s*\d+ [^Z]/.test(each) && each.trimEnd().endsWith(`ranks.ts ${line}`))
    .filter((each) => each.split(/\s+/).includes(program))
    .filter((each) => program !== process.execPath || !each.includes('mpiexec.hydra'))
    .map((each) => Number.parseInt(each, 10));
}

/** The output so far, once it has so many lines. */
async function lines(child: ChildProcess, count: number): Promise<string[]> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  while (text.split('\n').length <= count) await sleep(20);
  return text.split('\n').slice(0, count);
}

const KILLED = /^error: a worker was killed or crashed; all 3 workers have ended\n$/;
const LOST = /^error: .*rank 1 of 3 \(process \d+ on .+\) is lost: it has given no sign of life for 5 s\.?\n$/;

describe('installMpi', () => {
  test('has installed MPI that works, and does not build it twice', async () => {
    expect(await installMpi()).toMatchObject({ built: false, library: expect.stringContaining('MPICH') });
    expect(mpiStatus()).toMatchObject({ installed: true, mpiexec: mpi.mpiexec });
  });

  test('does not accept an addon that is none', async () => {
    const probe = await probeMpi({ ...mpi, addon: join(ROOT, 'package.json') });
    expect(probe).toMatchObject({ ok: false });
  });
});

describe('ranks', () => {
  test('sum to the same bits, however many there are, with fewer blocks than ranks too', async () => {
    const alone = await run('sum');
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringMatching(/^([0-9a-f]{64} ?){3}\nend\n$/), stderr: '' });
    for (const workers of [1, 2, 3, 4]) expect(await run(`launch ${workers} sum`)).toEqual(alone);
  });

  test('fit to the same model file, however many there are', async () => {
    const alone = await run('fit');
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{64} [\d.]+ \S+\nend\n$/) });
    for (const workers of [1, 2, 3, 4]) {
      expect(await run(`launch ${workers} fit`)).toMatchObject({ code: 0, stdout: alone.stdout });
    }
  });

  test('sum steps in a graph of TensorFlow to the bits of JavaScript, which sums short batches alone', async () => {
    if (!nativeStatus().installed) return console.warn('TensorFlow is not installed');
    const objectives = await Promise.all(
      [2, 3].map(async (workers) => {
        const { code, stdout, stderr } = await run(`launch ${workers} steps`);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const [inJavaScript, inGraph] = stdout.split('\n').map((line) => line.split(' '));
        expect(inGraph.slice(0, 2)).toEqual(inJavaScript.slice(0, 2));
        // 51 batches in each of 3 epochs, of which the last has 10 samples.
        expect([inJavaScript[2], inGraph[2]]).toEqual(['153', '3']);
        return Number(inGraph[1]);
      }),
    );
    expect(Math.abs(objectives[0] - objectives[1])).toBeLessThan(1e-6);
  });

  test('reduce and gather, in the order of the calls; only rank 0 prints', async () => {
    const { code, stdout, stderr } = await run('launch 3 calls');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lists = [[6, -3], [2, 0.5], [0], [], [1], [2, 2]];
    expect(stdout).toBe(`${JSON.stringify({ size: 3, lists, offsets: [0, 0, 0] })}\nend\n`);
  });

  test('all print without quiet', async () => {
    const { code, stdout } = await run('launch 3 calls', { LOUD: '1' });
    expect([code, stdout.match(/"size":3/g)?.length]).toEqual([0, 3]);
  });

  test('read standard input and arguments as they are', async () => {
    const args = [':', "it's", 'two\nlines', 'é', '', '-n'];
    const child = start(['launch', '2', 'input', ...args]);
    child.stdin?.end('a\nb');
    const { code, stdout } = await ended(child);
    expect([code, JSON.parse(stdout.split('\n')[0])]).toEqual([0, ['a\nb', args]]);
  });

  test('may compute for long without a call', async () => {
    expect(await run('launch 2 busy 1')).toEqual({ code: 0, stdout: 'end\n', stderr: '' });
  });

  test('leave no shared memory behind if they are killed', async () => {
    const names = () => (existsSync('/dev/shm') ? readdirSync('/dev/shm').filter((name) => /^mpich/.test(name)) : []);
    const before = names();
    await run('launch 2 kill 1');
    // Ranks of another suite may have memory at this moment; theirs goes when they end, a forgotten one stays.
    const since = names().filter((name) => !before.includes(name));
    const left = () => since.filter((name) => existsSync(join('/dev/shm', name)));
    for (let waits = 0; waits < 60 && left().length > 0; waits += 1) await sleep(1000);
    expect(left()).toEqual([]);
  });
});

describe('all ranks end, with one line and no orphan, if', () => {
  const CASES: readonly [what: string, line: string, code: number, stderr: RegExp][] = [
    ['one is killed', 'kill 1', 1, KILLED],
    ['the first is killed', 'kill 0', 1, KILLED],
    ['one is stopped', 'stop 1', 1, LOST],
    ['the first is stopped', 'stop 0', 1, /^error: rank 0 of 3 .* is lost: it has given no sign of life for 5 s\n$/],
    ['one is stopped while the others compute', 'unseen 1', 1, LOST],
    ['one is stopped while the others sum in a graph', 'stuck 1', 1, LOST],
    ['one fails', 'exit 1 3', 3, /^error: rank 1 of 3 failed: exit code 3\n$/],
    ['the first fails, which prints its own words', 'exit 0 4', 4, /^$/],
    ['one ends too early', 'exit 1 0', 1, /^error: Communicator: .*got a rank has ended while others go on\.\n$/],
    ['one aborts', 'abort 1 130', 130, /^error: planted\n$/],
    ['the first aborts', 'abort 0 2', 2, /^error: planted\n$/],
    ['one makes another call', 'different 1', 1, /^error: Communicator: all ranks must .*; got different calls\.\n$/],
    ['all end before they meet', 'early 2', 2, /^$/],
    [
      'one is stopped before they meet',
      'early stop',
      1,
      /^error: process \d+ was stopped; all 3 workers have ended\n$/,
    ],
    ['one is killed before they meet', 'early kill', 1, KILLED],
  ];
  for (const [what, line, code, stderr] of CASES) {
    test(what, async () => {
      const result = await run(`launch 3 ${line}`);
      expect(result).toEqual({ code, stdout: '', stderr: expect.stringMatching(stderr) });
      expect(processesOf(line)).toEqual([]);
    });
  }

  test('one is stopped at the end, when the others have done their work', async () => {
    const result = await run('launch 3 late 1');
    const stderr = /^error: .*process \d+.* (?:was stopped; all 3 workers have ended|no sign of life for 5 s)\.?\n$/;
    expect(result).toEqual({ code: 1, stdout: 'end\n', stderr: expect.stringMatching(stderr) });
    expect(processesOf('late 1')).toEqual([]);
  });

  test('an error of one is not caught', async () => {
    const stderr = 'error: rank 1 of 3 failed: planted\n';
    expect(await run('launch 3 throw 1')).toEqual({ code: 1, stdout: '', stderr });
  });

  test('an error of the first is not caught, which Node prints', async () => {
    const { code, stdout, stderr } = await run('launch 3 throw 0');
    expect([code, stdout, stderr.match(/Error: planted/g)?.length]).toEqual([1, '', 1]);
  });

  test('the launcher is killed', async () => {
    const child = start(['launch', '2', 'wait', 'launcher']);
    await lines(child, 1);
    expect(processesOf('wait launcher')).toHaveLength(2);
    child.kill('SIGKILL');
    while (processesOf('wait launcher').length > 0) await sleep(50);
  });

  test('mpiexec is killed', async () => {
    const child = start(['launch', '2', 'wait', 'mpiexec']);
    const end = ended(child);
    await lines(child, 1);
    const found = processesOf('wait mpiexec', mpi.mpiexec);
    expect(found).toHaveLength(1);
    process.kill(found[0], 'SIGKILL');
    const stderr = 'error: mpiexec was ended by SIGKILL; all 2 workers have ended\n';
    expect(await end).toMatchObject({ code: 1, stderr });
    expect(processesOf('wait mpiexec')).toEqual([]);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} reaches rank 0, and its exit code counts`, async () => {
      const child = start(['launch', '2', 'interrupt', signal]);
      const end = ended(child);
      await lines(child, 1);
      child.kill(signal);
      expect(await end).toEqual({ code: 130, stdout: 'rank 0 waits\n', stderr: `error: got ${signal}\n` });
      expect(processesOf(`interrupt ${signal}`)).toEqual([]);
    });
  }
});

describe('a launcher that MPI does not know', () => {
  test('is refused also where another library could know it', async () => {
    const LD_LIBRARY_PATH = join(dirname(dirname(mpi.mpiexec)), 'lib');
    const { code, stdout, stderr } = await run('sum', { PMI_SIZE: '4', LD_LIBRARY_PATH });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^error: openCommunicator: MPI must know the launcher .* PMI_SIZE=4 shows; got one process for MPICH/,
    );
  });
});
