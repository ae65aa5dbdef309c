import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nativeStatus } from 'softmax-regression/node';

const ROOT = join(__dirname, '..', '..');
// `script` of util-linux runs a program on a terminal.
const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
const onTerminal = (given: boolean) => (given ? it : it.skip);

/** The output of a command on a terminal. */
function shown(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { DEBUG: _, JEST_WORKER_ID: __, ...rest } = process.env;
  const quoted = [process.execPath, '--import', 'tsx', ...args].map((each) => `'${each.replaceAll("'", "'\\''")}'`);
  const { stdout } = spawnSync('script', ['-qec', quoted.join(' '), '/dev/null'], {
    ...{ cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...rest, ...env },
  });
  return stdout.replaceAll('\r', '');
}

/** A program whose child processes write to standard error, during and after a quiet call. */
const program = (before: string) => `
  const { spawnSync } = require('node:child_process');
  const { keepTerminalQuiet, withQuietTerminal } = require('./src/node/native/terminal.ts');
  const say = (text) => spawnSync('sh', ['-c', 'echo ' + text + ' >&2'], { stdio: 'inherit' });
  ${before}
  console.log(withQuietTerminal(() => (say('greeting'), 'value')));
  try { withQuietTerminal(() => { throw new Error('thrown'); }); } catch (error) { console.log(error.message); }
  say('afterwards');`;
const run = (before: string, env?: NodeJS.ProcessEnv) =>
  shown(['--eval', program(before)], env)
    .split('\n')
    .slice(0, -1);

describe('withQuietTerminal', () => {
  onTerminal(hasTerminal)('hides only output written during the call', () => {
    expect(run('keepTerminalQuiet();')).toEqual(['value', 'thrown', 'afterwards']);
  });

  onTerminal(hasTerminal)('hides nothing if not enabled, or if DEBUG is set', () => {
    const all = ['greeting', 'value', 'thrown', 'afterwards'];
    expect(run('')).toEqual(all);
    expect(run('keepTerminalQuiet();', { DEBUG: '1' })).toEqual(all);
  });

  onTerminal(hasTerminal && nativeStatus().installed)("hides TensorFlow's greeting during training", () => {
    const lines = shown(['src/cli/main.ts', 'train', 'iris', '--backend', 'tensorflow']);
    expect(lines).toContain('accuracy');
    expect(lines).not.toMatch(/oneDNN|absl|cpu_feature_guard/);
  });
});
