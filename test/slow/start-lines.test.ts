import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { nativeStatus } from 'softmax-regression/node';
import { type StandardError, withoutStartLines } from '../../src/node/native/start-lines.js';
import { nativeFloat64 } from '../helpers/float64-engines.js';

const ROOT = join(__dirname, '..', '..');
const itNative = nativeFloat64() === undefined ? it.skip : it;

/** What TensorFlow 2.21 prints while it loads. */
const LINES = [
  'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
  'I0000 00:00:1796039749.925754   25226 port.cc:153] oneDNN custom operations are on. You may see …',
];

/** Runs a program, with standard error in a pipe or in a file. */
function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, errors: 'pipe' | number = 'pipe') {
  const { DEBUG: _, JEST_WORKER_ID: __, TF_CPP_MIN_LOG_LEVEL: ___, ...rest } = process.env;
  return spawnSync(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', errors],
  });
}

/** A program whose child process writes lines to standard error in between. */
const program = (lines: readonly string[]) => `
  const { spawnSync } = require('node:child_process');
  const { withoutStartLines } = require('./src/node/native/start-lines.ts');
  const { nativeStatus } = require('./src/node/native/load.ts');
  const { float64Addon } = require('./src/node/native/record.ts');
  const addon = require(float64Addon(nativeStatus().addon));
  const say = (text) => spawnSync('sh', ['-c', 'echo "$0" >&2', text], { stdio: 'inherit' });
  console.log(withoutStartLines(addon, () => { for (const line of ${JSON.stringify(lines)}) say(line); return 'value'; }));
  try { withoutStartLines(addon, () => { say('one'); throw new Error('thrown'); }); } catch (error) { console.log(error.message); }
  say('afterwards');`;

describe('withoutStartLines', () => {
  itNative('hides these lines, and writes the others', () => {
    const { stdout, stderr } = run(['--eval', program([LINES[0], 'a message', LINES[1]])]);
    expect(stdout).toBe('value\nthrown\n');
    expect(stderr).toBe('a message\none\nafterwards\n');
  });

  itNative('hides nothing with DEBUG', () => {
    const { stderr } = run(['--eval', program(LINES)], { DEBUG: '1' });
    expect(stderr).toBe(`${[...LINES, 'one', 'afterwards'].join('\n')}\n`);
  });

  it('hides nothing without the addon, or where there is no temporary file', () => {
    const none: StandardError = { captureErrors: () => false, releaseErrors: () => 'not called' };
    expect([undefined, none].map((addon) => withoutStartLines(addon, () => 7))).toEqual([7, 7]);
  });

  itNative('shows the reason of a library that aborts', () => {
    const { status, signal, stderr } = run([
      '--eval',
      program([LINES[0], 'the reason']).replace("return 'value'", 'process.abort()'),
    ]);
    expect([status, signal]).toEqual([null, 'SIGABRT']);
    expect(stderr).toContain('the reason');
  });

  itNative('is of no consequence where standard error is full', () => {
    const script = program(['a message']).replaceAll(/say\('(one|afterwards)'\);/g, '');
    const full = openSync('/dev/full', 'w');
    const { status, stdout } = run(['--eval', script], {}, full);
    closeSync(full);
    expect([status, stdout]).toEqual([0, 'value\nthrown\n']);
  });

  itNative("hides TensorFlow's lines in a program that trains", () => {
    const args = ['src/cli/main.ts', 'train', 'iris', '--backend', 'tensorflow'];
    const { stdout, stderr } = run(args);
    expect(stdout).toContain('accuracy');
    expect(stderr).not.toMatch(/oneDNN|absl|cpu_feature_guard/);
    expect(nativeStatus().installed && run(args, { DEBUG: '1' }).stderr).toMatch(/oneDNN/);
  });
});
