// Fuzzes one reader in child processes. After a hang or a crash, the run continues with the next case.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Message, Order, Summary } from './child.js';
import { BEYOND_LIMITS } from './guard.js';
import { TARGETS } from './targets.js';

export interface Finding {
  readonly number: number;
  readonly violation: string;
  /** The input in base64, if the child could send it. */
  readonly input?: string;
  /** Whether it ended the process, by a crash or by the limit of time. */
  readonly isFatal?: boolean;
}

export interface FuzzReport extends Summary {
  readonly target: string;
  readonly cases: number;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly target: string;
  readonly cases: number;
  readonly seed: number;
  /** Seconds of CPU time that a case may take. Without it, none is too slow: a test must pass on every machine. */
  readonly maxSeconds?: number;
  /** Milliseconds that a case may take, including delays of a busy machine. */
  readonly patience?: number;
  /** The maximum number of findings. */
  readonly most?: number;
}

/** Milliseconds for a case, and for a process to start: many times the time on a busy machine. */
const PATIENCE = 120_000;
const BEGIN = 600_000;
/** For a case that another package may take any time for. */
const SHORT_PATIENCE = 5_000;

/** MiB for everything except typed arrays. A reader that builds endless lists or strings runs out of memory. */
const HEAP = 192;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { target, cases, seed, maxSeconds, most = 10 } = options;
  const isBorrowed = TARGETS.find(({ name }) => name === target)?.isBorrowed === true;
  const { patience = isBorrowed ? SHORT_PATIENCE : PATIENCE } = options;
  const findings: Finding[] = [];
  const refused: Record<string, number> = {};
  let [accepted, slowest, largest] = [0, 0, 0];
  for (let from = 0; from < cases && findings.length < most; ) {
    const {
      next,
      summary,
      found: all,
    } = await runChild({ target, seed, from, to: cases, maxSeconds, most: most - findings.length }, patience);
    const found = isBorrowed ? all.filter(({ isFatal }) => !isFatal) : all;
    findings.push(...found);
    from = next;
    if (isBorrowed && summary === undefined) refused[BEYOND_LIMITS] = (refused[BEYOND_LIMITS] ?? 0) + 1;
    if (summary === undefined) continue;
    accepted += summary.accepted;
    slowest = Math.max(slowest, summary.slowest);
    largest = Math.max(largest, summary.largest);
    for (const [code, times] of Object.entries(summary.refused)) refused[code] = (refused[code] ?? 0) + times;
  }
  return { target, cases, accepted, refused, slowest, largest, findings };
}

/** Runs the cases in a child, up to the last one or the first that ends the child. */
function runChild(
  order: Order,
  patience: number,
): Promise<{ next: number; summary?: Summary; found: readonly Finding[] }> {
  const child: ChildProcess = fork(join(__dirname, 'child.ts'), {
    execArgv: ['--import', 'tsx', `--max-old-space-size=${HEAP}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const found: Finding[] = [];
  let current = order.from;
  let summary: Summary | undefined;
  let stderr = '';
  let hung = false;
  child.stderr?.on('data', (text) => {
    stderr = (stderr + text).slice(-4000);
  });
  const kill = () => {
    hung = true;
    child.kill('SIGKILL');
  };
  const watch = setTimeout(kill, BEGIN);
  let timer: NodeJS.Timeout | undefined;
  child.on('message', (message: Message) => {
    clearTimeout(watch);
    clearTimeout(timer);
    if ('summary' in message) {
      summary = message.summary;
      return;
    }
    timer = setTimeout(kill, patience);
    if ('begin' in message) current = message.begin;
    else found.push({ number: message.number, violation: message.violation, input: message.input });
  });
  child.send(order);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(watch);
      clearTimeout(timer);
      if (summary !== undefined) return resolve({ next: order.to, summary, found });
      if (code === 1 && !hung) return reject(new Error(`the child does not run: ${stderr}`));
      const fatal = /^(FATAL ERROR: .*)$/m.exec(stderr)?.[1] ?? `signal ${signal}, code ${code}`;
      const violation = hung ? `it does not end within ${patience / 1000} s` : `it ends the process: ${fatal}`;
      resolve({ next: current + 1, found: [...found, { number: current, violation, isFatal: true }] });
    });
  });
}
