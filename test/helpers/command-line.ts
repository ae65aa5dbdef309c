// The command line as a child process, in its own folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nativeStatus } from 'softmax-regression/node';

const ROOT = join(__dirname, '..', '..');

/**
 * Runs the command line from its sources as one process. The program tsx would start two, of which the first kills the
 * second if that does not handle a signal at once, as on a busy machine.
 */
export const COMMAND: readonly string[] = [
  process.execPath,
  ...['--import', pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href],
  join(ROOT, 'src/cli/main.ts'),
];

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder to run in; `dispose` removes it. */
export class CommandLine {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'command-line-')));

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return name;
  }

  start(...args: string[]): ChildProcess {
    return this.#spawn([...COMMAND, ...args]);
  }

  run(...args: string[]): Promise<Ended> {
    return ended(this.start(...args));
  }

  /** With this on standard input. */
  runWith(input: string | Uint8Array, ...args: string[]): Promise<Ended> {
    const child = this.start(...args);
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    return ended(child);
  }

  /** With these variables in its environment. */
  runIn(variables: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
    return ended(this.#spawn([...COMMAND, ...args], variables));
  }

  /** In a shell, where `npx softmax-regression` is the command line of the sources. */
  shell(line: string): Promise<Ended> {
    const command = COMMAND.map((word) => `'${word}'`).join(' ');
    return ended(this.#spawn(['sh', '-c', line.replaceAll('npx softmax-regression', command)]));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn([program, ...args]: readonly string[], variables: Readonly<Record<string, string>> = {}): ChildProcess {
    // jest asks for colours.
    const { FORCE_COLOR: _, NO_COLOR: __, ...rest } = process.env;
    const env = { ...rest, DEBUG: '', TF_CPP_MIN_LOG_LEVEL: '3', TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') };
    return spawn(program, args, { cwd: this.folder, env: { ...env, ...variables } });
  }
}

/** What the native library writes to standard error when it is loaded. */
const NOISE = /^(WARNING: All log messages before absl|[IW]0000 ).*\n/gm;

/** The line that a command prints without native kernels if no backend is given; the rest of its output is the same. */
const WITHOUT_KERNELS = /^backend: wasm; not tensorflow: loadNative: the native kernels must be installed .*\n/m;

function essential(stderr: string): string {
  const own = stderr.replace(NOISE, '');
  return nativeStatus().installed ? own : own.replace(WITHOUT_KERNELS, '');
}

export function ended(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr: essential(stderr) })));
}
