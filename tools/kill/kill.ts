// Kills trainings by SIGKILL at random moments, restarts them, and checks the files after each kill and the result.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Random } from '../../src/core/random.js';
import { contentsOf, Ledger, MODEL, temporariesIn } from './folder.js';

const ROOT = join(__dirname, '..', '..');

/** A killed program: a case of `cases.ts`, or a command line. */
export interface Subject {
  readonly name: string;
  /** The arguments of the child after the folder. */
  readonly argumentsIn: (folder: string) => readonly string[];
  readonly prepare?: (folder: string) => void;
  /** Whether it announces its writes. */
  readonly says: boolean;
  /** Whether it is killed by time only, because it has no temporary files that show its writes. */
  readonly byTime?: boolean;
}

export interface KillOptions {
  readonly program: string;
  readonly subject: Subject;
  readonly kills: number;
  readonly seed: number;
}

export interface KillReport {
  readonly name: string;
  readonly kills: number;
  /** Kills while a checkpoint, model or report was being written. */
  readonly withinWrite: number;
  readonly resumes: number;
  /** Completed trainings. */
  readonly ends: number;
  readonly findings: readonly string[];
}

/** Bundles a program into one file, which starts in a third of the time. The caller calls `remove`. */
export async function bundle(entry: string): Promise<{ program: string; remove: () => void }> {
  // Within the project, so that packages resolve.
  const folder = join(ROOT, '.kill');
  mkdirSync(folder, { recursive: true });
  const own = mkdtempSync(join(folder, `${entry}-`));
  const program = join(own, `${entry}.cjs`);
  await build({
    ...{ entryPoints: [join(__dirname, `${entry}.ts`)], outfile: program, logLevel: 'error' },
    ...{ bundle: true, platform: 'node', format: 'cjs', tsconfig: join(ROOT, 'tsconfig.json') },
    // tfjs-node must share the copy of tfjs. __dirname is that of the sources that read files beside them.
    external: ['@tensorflow/*', 'node-api-headers', '@observablehq/plot', 'linkedom', '@duckdb/*'],
    define: { __dirname: JSON.stringify(join(ROOT, 'src', 'node', 'native')) },
  });
  return { program, remove: () => rmSync(own, { recursive: true, force: true }) };
}

/** When to kill: a time after the start of the training, or after the n-th temporary file with that name appears. */
type Aim =
  | { readonly milliseconds: number }
  | { readonly file: string; readonly count: number; readonly microseconds: number };

interface Life {
  readonly lines: readonly string[];
  readonly killed: boolean;
  readonly code: number | null;
  readonly stderr: string;
  /** The milliseconds of the work, and the microseconds of each write. */
  readonly worked: number;
  readonly writes: readonly number[];
}

function live(program: string, args: readonly string[], folder: string, aim?: Aim): Promise<Life> {
  const env = { ...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '3' };
  const child = spawn(process.execPath, [program, folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let [stdout, stderr, killed, began] = ['', '', false, 0];
  const kill = () => {
    killed = child.kill('SIGKILL') || killed;
  };
  const seen = new Map<string, bigint>();
  const writes: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, (event, name) => {
    if (event !== 'rename' || name === null || !name.startsWith('.') || killed) return;
    const now = process.hrtime.bigint();
    const appeared = seen.get(name);
    if (appeared !== undefined) {
      writes.push(Number(now - appeared) / 1e3);
      return;
    }
    seen.set(name, now);
    if (aim === undefined || !('file' in aim)) return;
    if ([...seen.keys()].filter((each) => each.startsWith(`.${aim.file}`)).length !== aim.count) return;
    const until = now + BigInt(Math.round(aim.microseconds * 1e3));
    while (process.hrtime.bigint() < until);
    kill();
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (began > 0) return;
    began = performance.now();
    if (aim !== undefined && 'milliseconds' in aim) timer = setTimeout(kill, aim.milliseconds);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      watcher.close();
      const worked = performance.now() - began;
      resolve({ lines: stdout.split('\n'), killed: signal === 'SIGKILL', code, stderr, worked, writes });
    });
  });
}

/** The maximum number of kills of one training. */
const MOST = 12;

/**
 * Trains once without kills, then repeatedly with kills until there are enough. Each of these trainings is completed.
 */
export async function killAndResume({ program, subject, kills, seed }: KillOptions): Promise<KillReport> {
  const root = mkdtempSync(join(tmpdir(), 'kill-'));
  const random = new Random(seed);
  const findings: string[] = [];
  let [killed, withinWrite, resumes, ends] = [0, 0, 0, 0];
  const open = (name: string) => {
    const folder = join(root, name);
    mkdirSync(folder);
    subject.prepare?.(folder);
    return folder;
  };
  try {
    const folder = open('undisturbed');
    const whole = await live(program, subject.argumentsIn(folder), folder);
    if (whole.code !== 0) throw new Error(`${subject.name}: the training does not run: ${whole.stderr}`);
    const expected = outcomeOf(whole, folder);
    const write = Math.max(200, whole.writes.reduce((sum, each) => sum + each, 0) / Math.max(1, whole.writes.length));
    const aim = (): Aim => {
      const share = random.uniform();
      if (share < 0.4 || subject.byTime) return { milliseconds: (random.uniform() * whole.worked) / 3 };
      const microseconds = 1.2 * write * random.uniform();
      return share < 0.85
        ? { file: '', count: 1 + random.below(5), microseconds }
        : { file: 'kept', count: 1, microseconds };
    };
    for (let run = 0; killed < kills && findings.length === 0; run++) {
      const folder = open(`run-${run}`);
      const ledger = new Ledger();
      for (let times = 0; findings.length === 0; times++) {
        const before = temporariesIn(folder);
        const isAimed = killed < kills && times < MOST;
        const life = await live(program, subject.argumentsIn(folder), folder, isAimed ? aim() : undefined);
        for (const line of life.lines) ledger.read(line);
        if (life.lines.includes('resume')) resumes++;
        if (!life.killed) {
          ends++;
          findings.push(...endFaults(life, folder, expected));
          break;
        }
        killed++;
        if (ledger.isWriting || temporariesIn(folder).some((name) => !before.includes(name))) withinWrite++;
        findings.push(...(await ledger.faultsAfterDeath(folder, subject.says)));
      }
      rmSync(folder, { recursive: true });
    }
    return { name: subject.name, kills: killed, withinWrite, resumes, ends, findings };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The result: the bytes of the model and the final output. The report is left out, because it quotes the command. */
function outcomeOf({ lines }: Life, folder: string): string {
  const said = lines.filter((line) => !/^(begin|resume|write|written)\b/.test(line));
  return JSON.stringify({ model: contentsOf(folder)[MODEL], said });
}

function endFaults(life: Life, folder: string, expected: string): string[] {
  if (life.code !== 0) return [`it exits with ${life.code}: ${life.stderr.slice(-500)}`];
  const actual = outcomeOf(life, folder);
  const left = temporariesIn(folder);
  return [
    ...(actual === expected ? [] : [`the result differs: ${actual} instead of ${expected}`]),
    ...(left.length === 0 ? [] : [`temporary files are left at the end: ${left.join(', ')}`]),
  ];
}
