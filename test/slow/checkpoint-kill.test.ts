// Training in a separate process that is killed and restarted.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type FitOptions, Random } from 'softmax-regression';
import { TEST_BACKENDS } from '../helpers/backends.js';

type Options = FitOptions<string>;

const sgd = { solver: 'sgd', learningRate: 0.1, seed: 2 } as const;
const ROOT = join(__dirname, '..', '..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a killed training process', () => {
  /** The last line of the process, or `undefined` if it was killed. */
  function run(
    path: string,
    backend: string,
    options: Options,
    kill?: { readonly afterLines: number; readonly afterMs: number },
  ): Promise<string | undefined> {
    const script = join(ROOT, 'test', 'helpers', 'resumable-fit.ts');
    const args = ['--import', 'tsx', script, path, backend, JSON.stringify(options), ...(kill ? ['wait'] : [])];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let last = '';
    let lines = 0;
    createInterface(child.stdout).on('line', (line) => {
      last = line;
      if (!kill) return;
      if (++lines === kill.afterLines || line === 'waits') setTimeout(() => child.kill('SIGKILL'), kill.afterMs);
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        if (signal === 'SIGKILL') resolve(undefined);
        else if (code === 0) resolve(last);
        else reject(new Error(`exit code ${code}`));
      });
    });
  }

  const random = new Random(11);
  it.each<[string, number, Options]>([
    ['cpu', 3, { ...sgd, solver: 'momentum', epochs: 60, batchSize: 16 }],
    ['cpu', 1, { l2: 1e-6, tolerance: 1e-12 }],
    ...(TEST_BACKENDS.includes('tensorflow')
      ? [
          ['tensorflow', 2, { ...sgd, solver: 'adam', epochs: 60, batchSize: 16, standardize: true }] as [
            string,
            number,
            Options,
          ],
        ]
      : []),
  ])('on %s, %i times, ends with the same bits as an uninterrupted one', async (backend, kills, options) => {
    const name = `${backend}-${options.solver}`;
    const whole = await run(join(folder, `${name}-whole`), backend, options);
    const path = join(folder, name);
    for (let i = 0; i < kills; i++) {
      // The kill falls into computing, waiting or writing.
      const kill = { afterLines: 2 + random.below(9), afterMs: random.below(15) };
      expect(await run(path, backend, options, kill)).toBeUndefined();
      expect(existsSync(path)).toBe(true);
    }
    expect(await run(path, backend, options)).toEqual(whole);
    const { result } = JSON.parse(whole as string);
    expect(result).not.toHaveProperty('notes');
  });
});
