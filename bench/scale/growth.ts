// bench: how the time of a pass grows with samples, features and classes, and that of a sum with its length and the ranks.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Random, StoredRows, selectBackend } from 'softmax-regression';
import { launchWorkers } from '../../src/mpi/launch.js';
import { evaluatePlainAsync } from '../../src/objective/float64.js';
import { streamedProblem } from '../../src/objective/streamed.js';
import { cholesky } from '../../src/optim/cholesky.js';
import { median, table } from '../timing.js';
import { inFolder } from './command.js';
import type { SumAnswer } from './sum.js';

const ROUNDS = 5;

/** Numbers of the file: 800 MB. */
const NUMBERS = 1e8;

interface Point {
  readonly n: number;
  readonly d: number;
  readonly q: number;
  /** Of a pass that evaluates loss and gradient. */
  readonly seconds: number;
}

/** What a pass does: multiply-adds, numbers that it reads, rows; and what does not grow. */
const TERMS: Readonly<Record<string, (at: Omit<Point, 'seconds'>) => number>> = {
  n·d·q: ({ n, d, q }) => n * d * q,
  n·d: ({ n, d }) => n * d,
  n: ({ n }) => n,
  1: () => 1,
};

/** Ten thousand times what is measured here: for the last lines, which are computed. */
const COMPUTED = [
  { n: 1e9, d: 100, q: 2 },
  { n: 1e9, d: 1000, q: 10 },
];

export async function benchGrowth(): Promise<void> {
  const points = await passes();
  const names = Object.keys(TERMS);
  const factors = fitTo(points);
  const predicted = (at: Omit<Point, 'seconds'>) =>
    names.reduce((sum, name, i) => sum + factors[i] * TERMS[name](at), 0);
  console.log(`seconds of a pass = ${names.map((name, i) => `${factors[i].toPrecision(2)}·${name}`).join(' + ')}\n`);
  const head = ['n', 'd', 'q', 'measured', 'by the model', 'ratio'];
  const cells = ({ n, d, q }: Omit<Point, 'seconds'>) => [n, d, q].map((each) => each.toLocaleString('en'));
  const rows = points.map((point) => {
    const model = predicted(point);
    return [...cells(point), milliseconds(point.seconds), milliseconds(model), (point.seconds / model).toFixed(2)];
  });
  console.log(table(head, rows));
  console.log('\nComputed by the model, not measured:\n');
  console.log(
    table(
      ['n', 'd', 'q', 'a pass in one process', 'file'],
      COMPUTED.map((at) => [
        ...cells(at),
        `${predicted(at).toFixed(0)} s`,
        `${((8 * at.n * at.d) / 1e12).toFixed(1)} TB`,
      ]),
    ),
  );
  console.log('\nA sum over ranks of one machine, median of 50:\n');
  const sums = [];
  for (const ranks of [2, 4]) {
    for (const { length, milliseconds: time } of await sumsOf(ranks)) {
      sums.push([String(ranks), length.toLocaleString('en'), `${time.toFixed(2)} ms`]);
    }
  }
  console.log(table(['ranks', 'numbers', 'time'], sums));
}

async function passes(): Promise<Point[]> {
  await selectBackend('tensorflow');
  return inFolder(async (folder) => {
    const random = new Random(18);
    const file = await open(join(folder, 'rows'), 'w+');
    try {
      const piece = Float64Array.from({ length: 1e6 }, () => random.normal());
      for (let at = 0; at < NUMBERS; at += piece.length)
        await file.write(new Uint8Array(piece.buffer), 0, undefined, 8 * at);
      const points: Point[] = [];
      for (const share of [0.1, 1]) {
        for (const d of [20, 100, 500]) {
          for (const q of [2, 10, 40]) points.push(await pass(file, Math.floor((share * NUMBERS) / d), d, q));
        }
      }
      return points;
    } finally {
      await file.close();
    }
  });
}

async function pass(file: Awaited<ReturnType<typeof open>>, n: number, d: number, q: number): Promise<Point> {
  const features = new StoredRows([n, d], async (start, end, into) => {
    const view = new Uint8Array(into.buffer, into.byteOffset, 8 * (end - start) * d);
    await file.read(view, 0, view.length, 8 * start * d);
  });
  const labels = Int32Array.from({ length: n }, (_, i) => i % q);
  const problem = streamedProblem({ features, labels, numClasses: q, l2: 0, fitIntercept: true });
  const point = Float64Array.from({ length: (d + 1) * q }, (_, i) => Math.sin(i) / 10);
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    await evaluatePlainAsync(problem, point);
    // The first one warms up.
    if (round > 0) times.push((performance.now() - start) / 1000);
  }
  return { n, d, q, seconds: median(times) };
}

/** The factors that minimise the relative errors; a term whose factor would be negative is left out. */
function fitTo(points: readonly Point[]): number[] {
  const terms = Object.values(TERMS);
  const factors = terms.map(() => 0);
  for (let used = terms.map((_, i) => i); used.length > 0; ) {
    const rows = points.map((point) => used.map((i) => terms[i](point) / point.seconds));
    const gram = Float64Array.from({ length: used.length ** 2 }, (_, at) =>
      rows.reduce((sum, row) => sum + row[Math.floor(at / used.length)] * row[at % used.length], 0),
    );
    const right = Float64Array.from(used, (_, i) => rows.reduce((sum, row) => sum + row[i], 0));
    const solved = cholesky(gram, used.length).solve(right);
    const positive = used.filter((_, i) => solved[i] > 0);
    if (positive.length === used.length) {
      used.forEach((term, i) => {
        factors[term] = solved[i];
      });
      break;
    }
    used = positive;
  }
  return factors;
}

async function sumsOf(workers: number): Promise<SumAnswer[]> {
  const stdout = new PassThrough();
  const text: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => text.push(chunk));
  const argv = [process.execPath, '--import', 'tsx', join(__dirname, 'sum.ts')];
  const code = await launchWorkers({ workers, argv, stdin: false, stdout });
  if (code !== 0) throw new Error(`the ranks end with ${code}`);
  return JSON.parse(Buffer.concat(text).toString());
}

function milliseconds(seconds: number): string {
  return `${(1000 * seconds).toFixed(0)} ms`;
}
