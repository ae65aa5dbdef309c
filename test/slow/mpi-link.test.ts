// Two ranks in network namespaces, as on two machines, whose link is cut midway. Needs root and Linux.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from 'softmax-regression';
import { installMpi } from '../../src/node/native/install-mpi.js';
import type { MpiInstallation } from '../../src/node/native/mpi.js';
import { NO_HOOKS } from '../../src/node/native/mpi.js';
import { COMMAND, CommandLine } from '../helpers/command-line.js';

const line = new CommandLine();
const spaces = ['a', 'b'].map((name) => `link-${process.pid}-${name}`);
const hosts = ['10.213.77.1', '10.213.77.2'];

function ip(...args: string[]): boolean {
  return spawnSync('ip', args).status === 0;
}

/** In the environment of the processes of this test. */
const MARK = `cut ${process.pid}`;

/** Two namespaces with one link between them. */
function openLink(): boolean {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  if (!isRoot || !spaces.every((space) => ip('netns', 'add', space))) return false;
  const [a, b] = spaces;
  const isLinked = ip('link', 'add', 'link0', 'netns', a, 'type', 'veth', 'peer', 'name', 'link1', 'netns', b);
  return (
    isLinked &&
    spaces.every(
      (space, i) =>
        ip('-n', space, 'address', 'add', `${hosts[i]}/24`, 'dev', `link${i}`) &&
        ip('-n', space, 'link', 'set', `link${i}`, 'up') &&
        ip('-n', space, 'link', 'set', 'lo', 'up'),
    )
  );
}

/** An end of the link has no carrier at once after it is set up. */
async function comesUp(): Promise<boolean> {
  const isUp = (space: string) =>
    / state UP /.test(spawnSync('ip', ['-n', space, 'link', 'show', 'type', 'veth'], { encoding: 'utf8' }).stdout);
  for (let looks = 0; looks < 600; looks++) {
    if (spaces.every(isUp)) return true;
    await sleep(50);
  }
  return false;
}

/** The processes that the launcher of this test has started: of the ranks, or all. */
function processesOf(mark: string, only: RegExp): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        return environment.includes(`LINK_TEST=${mark}\0`) && only.test(environment);
      } catch {
        return false; // it has ended
      }
    })
    .map(Number);
}

let mpi: MpiInstallation;
let missing: string | undefined;
beforeAll(async () => {
  if (!openLink() || !(await comesUp())) missing = 'network namespaces need root on Linux, and the program ip';
  else {
    try {
      mpi = await installMpi();
    } catch (error) {
      missing = (error as Error).message;
      if (process.env.SOFTMAX_REGRESSION_REQUIRE_NATIVE === '1') throw error;
    }
  }
  if (missing !== undefined) console.warn(`a cut link is not tested: ${missing}`);
  const random = new Random(8);
  const rows = Array.from({ length: 20_000 }, () => {
    const values = Array.from({ length: 20 }, () => random.normal());
    const sum = values[0] + values[1] + random.normal();
    return [...values.map((value) => value.toFixed(3)), sum > 1 ? 'up' : sum < -1 ? 'down' : 'level'].join();
  });
  line.write('rows.csv', `${[...rows[0].split(',').keys()].map((i) => `x${i}`).join()}\n${rows.join('\n')}\n`);
  // The launcher starts a command on a host by this in place of ssh.
  const [first] = hosts;
  line.write(
    'start.sh',
    `#!/bin/sh
while [ "\${1#-}" != "$1" ]; do shift; done
host=$1; shift
if [ "$host" = ${first} ]; then space=${spaces[0]}; else space=${spaces[1]}; fi
exec ip netns exec $space sh -c "$*"
`,
  );
  chmodSync(line.path('start.sh'), 0o755);
});
afterAll(() => {
  for (const pid of processesOf(MARK, /./)) process.kill(pid, 'SIGKILL');
  for (const space of spaces) ip('netns', 'delete', space);
  line.dispose();
});

/** Loaded into each process: rank 0 cuts the link as soon as there is a checkpoint, before it goes on. */
const CUT = `const { existsSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const [file, ...cut] = process.env.CUT.split(' ');
const look = () => existsSync(file) && (clearInterval(timer), spawnSync('ip', cut));
const timer = process.env.PMI_RANK === '0' ? setInterval(look, 1).unref() : undefined;
`;

const TRAIN = ['train', 'rows.csv', '--label', 'x20', '--backend', 'cpu', '--tolerance', '1e-15'];

it('all ranks end with one line if the link between them is cut, and the training resumes to the same bits', async () => {
  if (missing !== undefined) return;
  const [a] = spaces;
  const launch = ['-launcher', 'ssh', '-launcher-exec', line.path('start.sh'), '-hosts', hosts.join(), '-n', '2'];
  const train = [...COMMAND, ...TRAIN, '--checkpoint', 'state', '-o', 'shared.model'];
  const child = spawn('ip', ['netns', 'exec', a, mpi.mpiexec, ...launch, ...train], {
    cwd: line.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Over the link, although both ranks are on one machine.
    env: {
      ...process.env,
      ...NO_HOOKS,
      LINK_TEST: MARK,
      CUT: `state -n ${a} link set link0 down`,
      NODE_OPTIONS: `--require ${line.path(line.write('cut.cjs', CUT))}`,
      MPIR_CVAR_NOLOCAL: '1',
      UCX_TLS: 'tcp,self',
      UCX_NET_DEVICES: 'link0,link1',
    },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ranks = () => processesOf(MARK, /(?:^|\0)PMI_RANK=/);
  while (child.exitCode === null && !existsSync(line.path('state'))) await sleep(20);
  if (child.exitCode !== null) throw new Error(stderr);
  while (ranks().length > 0 || !/^error: .*\n/m.test(stderr)) await sleep(50);
  // The launcher itself waits for its part on the other side, which no program can reach.
  for (const pid of processesOf(MARK, /./)) process.kill(pid, 'SIGKILL');
  expect(stderr.match(/^error: .*/gm)).toEqual([expect.stringMatching(/rank 1 of 2 \(.*\) is lost/)]);
  expect(existsSync(line.path('shared.model'))).toBe(false);
  const more = [...TRAIN, '--max-iterations', '60'];
  const whole = await line.run(...more, '--precision', 'float64', '-o', 'whole.model');
  const resumed = await line.run(...more, '--workers', '2', '--resume', 'state', '-o', 'resumed.model');
  expect([whole.code, resumed.code, resumed.stderr]).toEqual([0, 0, '']);
  expect(readFileSync(line.path('resumed.model'))).toEqual(readFileSync(line.path('whole.model')));
});
