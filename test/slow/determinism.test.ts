// The same seed gives the same bits in any process with any number of threads; backends agree over whole fits.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TEST_BACKENDS, type TestBackend } from '../helpers/backends.js';
import type { WholeFit } from '../helpers/whole-fits.js';

/** The relative difference of objectives at which two fits agree. */
const OBJECTIVE = 1e-6;
/** The difference of weights, relative to the largest, after hundreds of float32 steps. */
const WEIGHTS = 1e-5;
/** Predictions may differ if the two best classes are this close. */
const TIE = 1e-4;

const THREADS = [
  { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' },
  { TF_NUM_INTRAOP_THREADS: '2', TF_NUM_INTEROP_THREADS: '2' },
  { TF_NUM_INTRAOP_THREADS: '2', TF_NUM_INTEROP_THREADS: '1' },
];

async function fits(backend: TestBackend, env: Readonly<Record<string, string>>): Promise<WholeFit[]> {
  const script = join(__dirname, '..', 'helpers', 'whole-fits.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, backend], {
    cwd: join(__dirname, '..', '..'),
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as WholeFit[];
}

const runs = new Map<TestBackend, WholeFit[][]>();

beforeAll(async () => {
  for (const backend of TEST_BACKENDS) {
    const each: WholeFit[][] = [];
    for (const env of THREADS) each.push(await fits(backend, env));
    runs.set(backend, each);
  }
});

describe('a whole fit', () => {
  it.each(TEST_BACKENDS)(
    'gives the same bits in three processes with different numbers of threads, on %s',
    (backend) => {
      const digests = (runs.get(backend) ?? []).map((run) => run.map(({ name, digest }) => [name, digest]));
      expect(digests).toHaveLength(THREADS.length);
      expect(digests[1]).toEqual(digests[0]);
      expect(digests[2]).toEqual(digests[0]);
    },
  );

  it('gives different bits for different solvers', () => {
    for (const [first] of runs.values()) expect(new Set(first.map(({ digest }) => digest)).size).toBe(first.length);
  });

  const pairs = TEST_BACKENDS.flatMap((a, i) => TEST_BACKENDS.slice(i + 1).map((b) => [a, b] as const));

  it.each(pairs)('agrees on %s and %s', (a, b) => {
    const [ours, theirs] = [a, b].map((backend) => (runs.get(backend) ?? [])[0]);
    const worst: Record<string, readonly number[]> = {};
    ours.forEach((fit, i) => {
      const other = theirs[i];
      const largest = Math.max(...fit.weight.map(Math.abs));
      const objective = Math.abs(fit.objective - other.objective) / fit.objective;
      const weights = Math.max(...fit.weight.map((w, j) => Math.abs(w - other.weight[j]))) / largest;
      worst[fit.name] = [objective, weights];
      const differing = fit.predictions.filter(
        (label, row) => label !== other.predictions[row] && fit.margins[row] >= TIE,
      );
      expect(differing).toEqual([]);
      expect({ name: fit.name, ok: objective <= OBJECTIVE && weights <= WEIGHTS, objective, weights }).toMatchObject({
        ok: true,
      });
    });
    if (process.env.SHOW_FIGURES) console.log(a, b, worst);
  });
});
