// bench: Fashion-MNIST at C = 1 to a proven gap, compared with scikit-learn's solvers by the certificate of this package.
// Run alone: tsx bench/certified.ts [--peers] [--gap 1e-6] [--solvers newton-cg,lbfgs,newton-cholesky] [--iterations 400]
// With --iterations, scikit-learn stops after so many, and the table shows how far it got in that time.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SoftmaxRegression, selectBackend } from 'softmax-regression';
import { type FashionMnist, loadFashionMnist } from 'softmax-regression/node';
import { certify } from '../src/objective/certificate.js';
import { plainProblem } from '../src/objective/float64.js';
import { FOLDER, openEnvironment, variablesFor } from './peers.js';
import { median, table } from './timing.js';

const L2 = 1 / 60_000;
const ROUNDS = 3;

/** The tolerances to try for each solver of scikit-learn, until the gap is proven. */
const TOLERANCES: Readonly<Record<string, readonly number[]>> = {
  'newton-cg': [1e-6, 1e-7, 1e-8],
  lbfgs: [1e-6, 1e-7, 1e-8],
  'newton-cholesky': [1e-6, 1e-7, 1e-8],
};

interface Row {
  readonly name: string;
  readonly seconds: number;
  readonly iterations: number;
  readonly objective: number;
  /** The proven bound of the gap to the optimum. */
  readonly gap: number;
}

/** Our tolerance: the largest power of ten whose fit has a proven gap of at most `most`. */
async function ours({ train }: FashionMnist, most: number): Promise<Row> {
  for (let tolerance = 1e-6; tolerance > 1e-12; tolerance /= 10) {
    const seconds: number[] = [];
    let row: Row | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      const { result } = await SoftmaxRegression.fit(train.features, train.labels, { l2: L2, tolerance });
      seconds.push((performance.now() - start) / 1000);
      const { iterations, objective, suboptimality: gap } = result;
      if (gap === null || gap > most) break;
      row = { name: `fit, tolerance ${tolerance}`, seconds: median(seconds), iterations, objective, gap };
    }
    if (row !== undefined) return row;
  }
  throw new Error(`no tolerance proves a gap of ${most}`);
}

async function theirs(
  { train }: FashionMnist,
  solvers: readonly string[],
  most: number,
  maxIterations: number,
): Promise<Row[]> {
  const environment = await openEnvironment('requirements-csv.txt');
  const folder = mkdtempSync(join(tmpdir(), 'certified-'));
  const labels = Int32Array.from(train.labels);
  const problem = plainProblem({ features: train.features, labels, numClasses: 10, l2: L2, fitIntercept: true });
  try {
    writeFileSync(join(folder, 'features.bin'), train.features.values);
    writeFileSync(join(folder, 'labels.bin'), Uint8Array.from(train.labels));
    return solvers.map((solver) => {
      let last: Row | undefined;
      for (const tolerance of TOLERANCES[solver] ?? []) {
        const command = [join(FOLDER, 'certified.py'), folder, solver, String(tolerance), String(maxIterations)];
        const { stdout, stderr, status } = spawnSync(environment.python, command, {
          encoding: 'utf8',
          env: variablesFor(environment),
        });
        if (status !== 0) throw new Error(`certified.py: ${stderr}`);
        const { name, seconds, iterations } = JSON.parse(stdout);
        const bytes = readFileSync(join(folder, 'point.bin'));
        const point = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
        const { objective, suboptimality: gap } = certify(problem, point);
        last = { name: `${name}, tol ${tolerance}`, seconds, iterations, objective, gap };
        console.error(`${last.name}: ${seconds.toFixed(1)} s, ${iterations} iterations, gap ${gap.toPrecision(2)}`);
        if (gap <= most || iterations >= maxIterations) break;
      }
      if (last === undefined) throw new Error(`--solvers must be among ${Object.keys(TOLERANCES).join(', ')}`);
      return last;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      peers: { type: 'boolean', default: false },
      gap: { type: 'string', default: '1e-6' },
      solvers: { type: 'string', default: Object.keys(TOLERANCES).join() },
      iterations: { type: 'string', default: '10000' },
    },
  });
  const most = Number(values.gap);
  await selectBackend('tensorflow');
  const data = await loadFashionMnist();
  const first = await ours(data, most);
  const rows = [
    first,
    ...(values.peers ? await theirs(data, values.solvers.split(','), most, Number(values.iterations)) : []),
  ];
  const cells = rows.map(({ name, seconds, iterations, objective, gap }) => [
    ...[name, `${seconds.toFixed(1)} s`, (first.seconds / seconds).toFixed(2), String(iterations)],
    ...[objective.toPrecision(10), gap.toPrecision(2)],
  ]);
  console.log(table(['', 'time', 'fit / this', 'iterations', 'objective', 'proven gap'], cells));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
