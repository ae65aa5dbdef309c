import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { tableLines } from '../../src/cli/output.js';
import { formatProgress, progressDisplay, quietDisplay } from '../../src/cli/progress.js';
import { nativeSource, thisMachine } from '../../src/node/native/machine.js';

const root = join(__dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
let folder: string;
let environment: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
  environment = { PATH: join(folder, 'bin'), SOFTMAX_REGRESSION_CACHE: join(folder, 'cache'), DEBUG: '', CXX: '' };
  mkdirSync(join(folder, 'bin'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]): ChildProcess {
  const command = ['--import', 'tsx', join(root, 'src/cli/main.ts'), ...args];
  return spawn(process.execPath, command, { cwd: root, env: { ...process.env, ...environment } });
}

function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

const run = (...args: string[]) => ended(start(...args));

function fakeProgram(name: string, script: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\nPATH="${process.env.PATH}"\n${script}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}

const itBuildable = nativeSource(thisMachine(), false).ok ? it : it.skip;

describe('softmax-regression', () => {
  it('prints its version and its help', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain(
      'Exit codes: 0 success, 1 failure (data, file or machine), 2 usage error, 130 interrupted, 143 terminated.',
    );
  });

  it.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['native', 'install', '--nonsense'], /unknown option '--nonsense'/],
    [['doctor', 'nonsense'], /too many arguments/],
    [['native'], /Usage: softmax-regression native/],
    [[], /Usage: softmax-regression/],
  ])('exits with 2 on bad usage: %p', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  itBuildable('prints an error in one line, without a stack trace, and exits with 1', async () => {
    const { code, stdout, stderr } = await run('native', 'install');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: native install: a C\+\+ compiler must be installed; got none of .*\n$/);
  });

  itBuildable('prints the stack trace if DEBUG is set', async () => {
    environment.DEBUG = '1';
    expect((await run('native', 'install')).stderr).toMatch(/BackendError: native install.*\n\s+at /);
  });

  itBuildable('reports by exit code and as JSON whether native kernels are installed', async () => {
    const { code, stdout } = await run('native', 'status', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ installed: false, command: 'npx softmax-regression native install' });
    expect((await run('native', 'status')).stdout).toMatch(
      /^The native kernels are not installed: they are not built yet\. Run: /,
    );
  });

  itBuildable('diagnoses a machine without compiler and kernels', async () => {
    const { code, stdout } = await run('doctor', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ native: { ok: false } });
  });

  itBuildable('exits with 130 on Ctrl-C, and leaves no partial files', async () => {
    fakeProgram('c++', 'exit 0');
    fakeProgram('pip', 'case "$*" in *--version) exit 0 ;; esac; exec sleep 600');
    const child = start('native', 'install');
    child.stderr?.once('data', () => child.kill('SIGINT'));
    const { code, stderr } = await ended(child);
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringMatching(/^download .*\nerror: interrupted\n$/),
    });
    expect(readdirSync(join(folder, 'cache', 'native'))).toEqual(['downloads']);
    expect(readdirSync(join(folder, 'cache', 'native', 'downloads'))).toEqual([]);
  });

  it('prints no error if its output is closed', async () => {
    const child = start('--help');
    child.stdout?.destroy();
    expect(await ended(child)).toMatchObject({ stderr: '' });
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });
});

describe('progressDisplay', () => {
  /** What is written to a stream, as a terminal or not. */
  function shown(isTTY: boolean, use: (display: ReturnType<typeof progressDisplay>) => void): string {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 100 });
    use(progressDisplay(stream as unknown as NodeJS.WriteStream));
    return stream.read() ?? '';
  }

  it('writes one line per stage without a terminal', () => {
    const text = shown(false, ({ onProgress, stop }) => {
      for (const done of [0, 1e6, 2e6]) onProgress({ stage: 'download x', done, total: 2e6, unit: 'bytes' });
      onProgress({ stage: 'compile', done: 0 });
      stop();
    });
    expect(text).toBe('download x (2 MB)\ncompile\n');
  });

  it('updates one line per stage on a terminal, and restores the cursor', () => {
    const text = shown(true, ({ onProgress, stop }) => {
      onProgress({ stage: 'download x', done: 0, total: 2e6, unit: 'bytes' });
      onProgress({ stage: 'compile', done: 0 });
      stop();
      stop();
    });
    expect(text).toContain('0 of 2 MB');
    expect(text).toContain('2 of 2 MB');
    expect(text).toContain('compile');
    expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(text.lastIndexOf('\x1b[?25l'));
  });

  it('updates one line as notes change, and erases it in quiet mode', () => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 100 });
    const { onProgress, stop } = quietDisplay(stream as unknown as NodeJS.WriteStream);
    for (const loss of [0.5, 0.4]) onProgress({ stage: 'train', done: 0, note: `loss ${loss}` });
    stop();
    const text: string = stream.read();
    expect(text).toContain('loss 0.5');
    expect(text).not.toContain('\n');
    expect(text.lastIndexOf('\x1b[0K')).toBeGreaterThan(text.lastIndexOf('loss'));
    expect(text.lastIndexOf('\x1b[?7h')).toBeGreaterThan(text.lastIndexOf('\x1b[?7l'));
  });

  it.each([
    [{ stage: 's', done: 0, total: 100, unit: 'steps' as const }, 0, `s  [${'·'.repeat(24)}]  0 of 100`],
    [{ stage: 's', done: 50, total: 100 }, 3, `s  [${'#'.repeat(12)}${'·'.repeat(12)}]  50 of 100, 3 s left`],
    [{ stage: 's', done: 100, total: 100 }, 3, `s  [${'#'.repeat(24)}]  100 of 100`],
    [
      { stage: 's', done: 2e6, total: 4e6, unit: 'bytes' as const },
      0,
      `s  [${'#'.repeat(12)}${'·'.repeat(12)}]  2 of 4 MB`,
    ],
    [{ stage: 's', done: 7 }, 12.9, 's  12 s'],
    [{ stage: 's', done: 0, note: 'iteration 7' }, 12.9, 's, iteration 7  12 s'],
    [
      { stage: 's', done: 2.5, total: 10, note: 'loss 0.4' },
      0,
      `s  [${'#'.repeat(6)}${'·'.repeat(18)}]  2 of 10, loss 0.4`,
    ],
  ])('formats %p', (progress, seconds, text) => {
    expect(formatProgress(progress, seconds)).toBe(text);
  });
});

describe('tableLines', () => {
  const head = ['truth', 'first', 'second', 'third'];
  const rows = [
    ['one', 1, 22, 333],
    ['two', 4, 55, 666],
  ];

  it('keeps a table in one block if it fits', () => {
    expect(tableLines(head, rows)).toHaveLength(3);
    expect(tableLines(head, rows, 30)).toEqual(tableLines(head, rows));
  });

  it('splits wide tables into blocks that repeat the row names', () => {
    expect(tableLines(head, rows, 23)).toEqual([
      '  truth  first  second',
      '  one        1      22',
      '  two        4      55',
      '',
      '  truth  third',
      '  one      333',
      '  two      666',
    ]);
    expect(tableLines(head, rows, 1)).toHaveLength(3 * 3 + 2);
  });
});
