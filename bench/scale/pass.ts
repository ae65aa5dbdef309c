// bench: a pass over rows in a file, beside reading the file by cat, and beside the same evaluation in memory.
import { spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Random, StoredRows, selectBackend } from 'softmax-regression';
import { evaluatePlainAsync } from '../../src/objective/float64.js';
import { streamedProblem } from '../../src/objective/streamed.js';
import { median, table, timeInTurn, type Work } from '../timing.js';
import { inFolder, megabytes } from './command.js';

const SHAPE = [1_000_000, 100] as const;
const CLASSES = 3;
const ROUNDS = 7;

export async function benchPass(): Promise<void> {
  await selectBackend('tensorflow');
  await inFolder(async (folder) => {
    const [n, d] = SHAPE;
    const random = new Random(18);
    const values = Float64Array.from({ length: n * d }, () => random.normal());
    const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
    const path = join(folder, 'rows');
    const file = await open(path, 'w+');
    try {
      const bytes = new Uint8Array(values.buffer);
      for (let at = 0; at < bytes.length; at += 2 ** 26)
        await file.write(bytes.subarray(at, at + 2 ** 26), 0, undefined, at);
      const stored = new StoredRows(SHAPE, async (start, end, into) => {
        const view = new Uint8Array(into.buffer, into.byteOffset, 8 * (end - start) * d);
        await file.read(view, 0, view.length, 8 * start * d);
      });
      const options = { labels, numClasses: CLASSES, l2: 0, fitIntercept: true };
      const point = Float64Array.from({ length: (d + 1) * CLASSES }, () => random.normal() / 10);
      const memory = streamedProblem({ ...options, features: { values, shape: SHAPE } });
      const streamed = streamedProblem({ ...options, features: stored });
      const evaluate = (name: string, problem: typeof memory): Work => ({
        name,
        run: async () => (await evaluatePlainAsync(problem, point)).value,
      });
      const works = [
        evaluate('evaluation of rows in the file', streamed),
        evaluate('evaluation of rows in memory', memory),
        { name: 'cat FILE > /dev/null', run: async () => readByCat(path) },
      ];
      const timings = await timeInTurn(works, ROUNDS);
      const [first] = timings;
      console.log(
        `${n.toLocaleString('en')} × ${d}, float64, ${CLASSES} classes, a file of ${megabytes(bytes.length)} in the cache of the system, ${ROUNDS} rounds:\n`,
      );
      const rows = timings.map(({ name, milliseconds }) => [
        name,
        `${median(milliseconds).toFixed(0)} ms`,
        `${Math.min(...milliseconds).toFixed(0)} to ${Math.max(...milliseconds).toFixed(0)}`,
        median(first.milliseconds.map((time, round) => milliseconds[round] / time)).toFixed(2),
      ]);
      console.log(table(['', 'median', 'from, to', 'speed of a pass / this'], rows));
      if (timings[0].outcome !== timings[1].outcome) throw new Error('the two evaluations differ');
    } finally {
      await file.close();
    }
  });
}

function readByCat(path: string): number {
  const { status } = spawnSync('sh', ['-c', 'cat "$0" > /dev/null', path]);
  return status ?? 1;
}
