// node: runs another program and collects its output.
import { spawn } from 'node:child_process';
import { fileError } from '../files.js';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds after which the program is killed. */
  readonly timeout?: number;
}

export interface Outcome {
  /** `'missing'`: the program does not exist. `'timeout'`: it was killed after the timeout. */
  readonly end: 'exit' | 'signal' | 'timeout' | 'missing';
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Enough for any message. It limits the memory for programs with endless output. */
const OUTPUT_LIMIT = 1 << 18;

/**
 * Runs a program without a shell, with `env` added to the environment of this process.
 *
 * @throws the signal's reason if aborted, after the program has ended
 */
export function runProgram(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { env, cwd, signal, timeout } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      // Absent where the process has no descriptor left.
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(-OUTPUT_LIMIT);
      });
    }
    let timedOut = false;
    const kill = () => {
      timedOut = true;
      child.kill('SIGKILL');
    };
    const timer = timeout === undefined ? undefined : setTimeout(kill, timeout);
    const abort = () => child.kill();
    signal?.addEventListener('abort', abort, { once: true });
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      end(() => {
        if (['EMFILE', 'ENFILE'].includes(error.code ?? '')) reject(fileError(error, command));
        else resolve({ end: 'missing', code: null, signal: null, ...output });
      }),
    );
    child.once('exit', () => {
      if (!timedOut && !signal?.aborted) return;
      // A grandchild can keep the pipes open, and 'close' waits for them.
      child.stdout.destroy();
      child.stderr.destroy();
    });
    child.once('close', (code, killedBy) => {
      if (signal?.aborted) return end(() => reject(signal.reason));
      const how = timedOut ? 'timeout' : killedBy === null ? 'exit' : 'signal';
      end(() => resolve({ end: how, code, signal: killedBy, ...output }));
    });
  });
}

/** The last line that is not empty, where most programs write the reason. */
export function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .at(-1) ?? 'no message'
  );
}
