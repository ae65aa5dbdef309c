// What ranks of `train` refuse before anything is read: other flags, and rows that only one of them could read.
import { assertSameFlags, assertShareable } from '../src/cli/train/workers.js';
import { ranksOf } from './helpers/local-ranks.js';

/** What each of two ranks says of its flags. */
function compared(first: object, second: object): Promise<(string | undefined)[]> {
  const given = [first, second].map((options) => ({ defaultMissing: true, header: true, seed: 0, ...options }));
  return Promise.all(
    ranksOf(2).map((rank, i) =>
      assertSameFlags(given[i], rank).then(
        () => undefined,
        (error: Error) => error.message,
      ),
    ),
  );
}

it.each<[string, object, object, string]>([
  ['folds', { folds: 3 }, {}, 'folds must be the same on all ranks, 3 as on rank 0; got nothing on rank 1.'],
  ['seed', { seed: 3 }, {}, 'seed must be the same on all ranks, 3 as on rank 0; got 0 on rank 1.'],
  ['ignore', { ignore: ['a'] }, {}, 'ignore must be the same on all ranks, ["a"] as on rank 0; got nothing on rank 1.'],
  ['dryRun', {}, { dryRun: true }, 'dryRun must be the same on all ranks, nothing as on rank 0; got true on rank 1.'],
  ['cache', { cache: 'x' }, {}, 'cache must be the same on all ranks, "a file" as on rank 0; got nothing on rank 1.'],
])('name the flag that differs: %s', async (_, first, second, message) => {
  expect(await compared(first, second)).toEqual([`train: ${message}`, `train: ${message}`]);
});

it('may have other files, outputs, memory and kernels', async () => {
  const [first, second] = [
    { output: 'm', report: 'r', memory: 1e9, backend: 'cpu', json: true, cache: '/a', test: '/a.csv', resume: '/c' },
    { memory: 2e9, backend: 'wasm', workers: 2, skipBad: 'b', cache: '/b', test: '/b.csv', resume: '/d' },
  ];
  expect(await compared(first, second)).toEqual([undefined, undefined]);
});

it.each(['-', '/dev/null'])('refuse to share the test rows of %s', (test) => {
  const [rank] = ranksOf(2);
  const only = { seed: 0, header: true, defaultMissing: true };
  expect(() => assertShareable('package.json', { ...only, workers: 2, test }, rank)).toThrow(
    `--test must be a file with --workers: each process reads it itself; got ${test}. Write the rows to a file first.`,
  );
  expect(() => assertShareable('package.json', { ...only, test }, rank)).toThrow('a file with several processes:');
  expect(() => assertShareable('package.json', { ...only, test: 'package.json' }, rank)).not.toThrow();
});
