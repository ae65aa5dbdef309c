// Runs several processes that do the same work concurrently. Some are killed and replaced by others.
import { spawn } from 'node:child_process';
import { Random } from '../../src/core/random.js';

export interface ContestReport {
  readonly kills: number;
  /** Processes that completed their work. */
  readonly ends: number;
  /** Processes, completed or killed, that waited for another one. */
  readonly waits: number;
  readonly findings: readonly string[];
}

export interface ContestOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** The number of concurrent processes. */
  readonly contenders: number;
  readonly kills: number;
  readonly seed: number;
  /** The maximum time from the start of a process to its kill, in milliseconds. */
  readonly within: number;
}

export async function contest(options: ContestOptions): Promise<ContestReport> {
  const { program, args, contenders, kills, seed, within } = options;
  const random = new Random(seed);
  let [left, killed, ends, waits] = [kills, 0, 0, 0];
  const findings: string[] = [];
  const compete = async (): Promise<void> => {
    for (;;) {
      const isAimed = left > 0;
      left--;
      const { signal, code, stdout } = await run(program, args, isAimed ? random.uniform() * within : undefined);
      const lines = stdout.split('\n');
      findings.push(...lines.filter((line) => line.startsWith('fault')));
      if (lines.includes('wait')) waits++;
      if (signal === 'SIGKILL') killed++;
      else if (code === 0) ends++;
      else findings.push(`a process ends with ${code ?? signal}`);
      if (findings.length > 0 || !isAimed) return;
    }
  };
  await Promise.all(Array.from({ length: contenders }, compete));
  return { kills: killed, ends, waits, findings };
}

function run(program: string, args: readonly string[], killAfter: number | undefined) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (killAfter !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter);
  });
  return new Promise<{ code: number | null; signal: string | null; stdout: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout });
    });
  });
}
