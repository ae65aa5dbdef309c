import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { nativeFloat64 } from '../helpers/float64-engines.js';

const itNative = nativeFloat64() === undefined ? it.skip : it;

/** The results of all kernels in a process of its own: the vectors and threads are fixed at its start. */
function digest(engine: string, env: Record<string, string> = {}): string {
  const helper = join(__dirname, '..', 'helpers', 'float64-digest.ts');
  return execFileSync(process.execPath, [require.resolve('tsx/cli'), helper, engine], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

describe('the native float64 kernels', () => {
  const expected = digest('WebAssembly');

  itNative.each([
    ['4', '1'],
    ['8', '2'],
    ['16', '1'],
    ['16', '2'],
    ['16', '5'],
  ])('give the bits of WebAssembly, with vectors of %s floats and %s threads', (lanes, threads) => {
    expect(expected).toMatch(/^[0-9a-f]{64}$/);
    expect(digest('native', { SOFTMAX_REGRESSION_LANES: lanes, TF_NUM_INTRAOP_THREADS: threads })).toBe(expected);
  });
});
