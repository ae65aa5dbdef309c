// bench: a rank is killed or stopped at a random moment; all end, and the resumed training has the bits of one that was left alone.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from 'softmax-regression';
import { median, table } from '../timing.js';
import { CLI, ended, inFolder, timedCommand } from './command.js';
import { writeTable } from './memory.js';
import type { ScaleOptions } from './run.js';

const ROWS = 5000;

/** Marks the processes of a run in their environment. */
const MARK = 'SCALE_RUN';

interface Loss {
  /** From the signal to the end of all processes. */
  readonly seconds: number;
  readonly isOneLine: boolean;
  readonly hasSameBits: boolean;
  /** Processes that were still there. */
  readonly left: number;
}

export async function benchFailure({ runs }: ScaleOptions): Promise<void> {
  await inFolder(async (folder) => {
    const data = join(folder, 'rows.csv');
    await writeTable(data, ROWS);
    const train = ['train', data, '--label', 'y', '--backend', 'cpu', '--tolerance', '1e-12', '--workers', '2'];
    const whole = await timedCommand([...train, '-o', join(folder, 'whole')]);
    const bits = hashOf(join(folder, 'whole'));
    const random = new Random(18);
    const rows = [];
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const losses: Loss[] = [];
      for (let run = 0; losses.length < runs; run++) {
        const moment = 1000 * whole.seconds * random.uniform();
        const loss = await lose(folder, train, bits, signal, moment, `${signal}-${run}`);
        if (loss !== undefined) losses.push(loss);
      }
      const seconds = losses.map((loss) => loss.seconds);
      const count = (is: (loss: Loss) => boolean) => `${losses.filter(is).length} of ${runs}`;
      const row = [
        signal,
        count((loss) => loss.seconds < 10),
        `${median(seconds).toFixed(1)}, ${Math.max(...seconds).toFixed(1)} s`,
        count((loss) => loss.isOneLine),
        count((loss) => loss.left === 0),
        count((loss) => loss.hasSameBits),
      ];
      console.log(row.join('; '));
      rows.push(row);
    }
    console.log(
      `train --workers 2 on ${ROWS.toLocaleString('en')} rows, ${whole.seconds.toFixed(1)} s; one rank gets the signal at a random moment once both have started MPI:\n`,
    );
    console.log(
      table(
        ['signal', 'all end within 10 s', 'median, longest', 'one line', 'no process left', 'resumed to the same bits'],
        rows,
      ),
    );
  });
}

async function lose(
  folder: string,
  train: readonly string[],
  bits: string,
  signal: NodeJS.Signals,
  moment: number,
  name: string,
): Promise<Loss | undefined> {
  const [state, model] = [join(folder, 'state'), join(folder, 'model')];
  rmSync(state, { force: true });
  const args = [...train, '--checkpoint', state, '-o', model];
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, [MARK]: name },
  });
  const end = ended(child);
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  await sleep(moment);
  let ranks: number[] = [];
  while (!isOver && !(ranks.length > 0 && ranks.every(hasMet))) {
    await sleep(20);
    ranks = ranksOf(name);
  }
  // It ended before.
  if (isOver) return undefined;
  const start = performance.now();
  process.kill(ranks[1], signal);
  const { code, stderr } = await end;
  const seconds = (performance.now() - start) / 1000;
  if (code === 0) return undefined;
  const left = pidsOf(name).length;
  for (const pid of pidsOf(name)) process.kill(pid, 'SIGKILL');
  const resume = existsSync(state) ? ['--resume', state] : [];
  await timedCommand([...train, ...resume, '-o', model]);
  return { seconds, isOneLine: /^error: [^\n]+\n$/.test(stderr), hasSameBits: hashOf(model) === bits, left };
}

/** The processes of the ranks, by rank, if all are there. */
function ranksOf(name: string): number[] {
  const ranks: number[] = [];
  for (const pid of pidsOf(name)) {
    const rank = /(?:^|\0)PMI_RANK=(\d+)/.exec(environmentOf(pid))?.[1];
    if (rank !== undefined) ranks[Number(rank)] = pid;
  }
  return ranks.length === 2 && ranks.every((pid) => pid !== undefined) ? ranks : [];
}

/** Whether a process has opened the file that the ranks of a machine share. */
function hasMet(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1').includes('/dev/shm/');
  } catch {
    return false;
  }
}

function pidsOf(name: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && environmentOf(Number(entry)).includes(`${MARK}=${name}\0`))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
