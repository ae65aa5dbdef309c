// Several processes do the same work at once; some are killed, and others come in their place.
import { spawn } from 'node:child_process';
import { Random } from '../../src/core/random.js';

export interface ContestReport {
  readonly kills: number;
  /** Processes that did their work. */
  readonly ends: number;
  /** Of these and of the killed, those that waited for another. */
  readonly waits: number;
  readonly findings: readonly string[];
}

export interface ContestOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Processes at a time. */
  readonly contenders: number;
  readonly kills: number;
  readonly seed: number;
  /** Milliseconds after its begin within which one is killed. */
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
