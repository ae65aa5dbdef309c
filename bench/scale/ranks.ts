// bench: Fashion-MNIST in one process and in two, and Spark's LogisticRegression.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { loadFashionMnist } from 'softmax-regression/node';
import { launchWorkers } from '../../src/mpi/launch.js';
import { certify } from '../../src/objective/certificate.js';
import { plainProblem } from '../../src/objective/float64.js';
import { FOLDER, openEnvironment, variablesFor } from '../peers.js';
import { median, table } from '../timing.js';
import { ended, inFolder } from './command.js';
import type { FitAnswer, Way } from './rank.js';
import type { ScaleOptions } from './run.js';

const ROUNDS = 3;
const RANK = [process.execPath, '--import', 'tsx', join(__dirname, 'rank.ts')];

export async function benchRanks({ peers }: ScaleOptions): Promise<void> {
  const spark = peers ? await fitOfSpark() : undefined;
  const target = spark?.objective ?? 0.37;
  console.log(
    `Fashion-MNIST, l2 = 1/60,000, to an objective of ${target.toFixed(6)}, the second fit of a process, ${ROUNDS} rounds:\n`,
  );
  const ways: readonly Way[] = ['auto', 'float64', 'sgd 256', 'sgd 4096'];
  const rows: string[][] = [];
  for (const way of ways) {
    const [shared, alone]: FitAnswer[][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      const turns = [
        async () => shared.push(await answerOf(2, target, way)),
        async () => alone.push(await answerOf(1, target, way)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    const secondsOf = (runs: readonly FitAnswer[]) => median(runs.map(({ seconds }) => seconds));
    const ratio = median(shared.map(({ seconds }, round) => alone[round].seconds / seconds));
    const times = [shared, alone].map((runs) => `${secondsOf(runs).toFixed(2)} s`);
    rows.push([way, ...times, ratio.toFixed(2), String(shared[0].iterations)]);
    if (spark === undefined || way !== 'auto') continue;
    const ofSpark = secondsOf(shared) / spark.seconds;
    console.log(
      `${spark.name}: ${spark.seconds.toFixed(2)} s, ${spark.iterations} iterations; two ranks take ${ofSpark.toFixed(3)} of it\n`,
    );
  }
  console.log(table(['', 'two ranks', 'one process', 'speed of two / one', 'iterations'], rows));
}

async function answerOf(workers: number, target: number, way: Way): Promise<FitAnswer> {
  const argv = [...RANK, String(target), way];
  if (workers === 1) {
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    return JSON.parse((await ended(child)).stdout);
  }
  const output = new PassThrough();
  const text: Buffer[] = [];
  output.on('data', (chunk: Buffer) => text.push(chunk));
  const code = await launchWorkers({ workers, argv, stdin: false, stdout: output });
  if (code !== 0) throw new Error(`the ranks end with ${code}`);
  return JSON.parse(Buffer.concat(text).toString());
}

/** The fit of Spark on all cores, the better of two, without its start, and the objective of its weights by our certificate. */
async function fitOfSpark() {
  const { train } = await loadFashionMnist();
  const environment = await openEnvironment('requirements-scale.txt');
  return inFolder(async (folder) => {
    writeFileSync(join(folder, 'features.bin'), train.features.values);
    writeFileSync(join(folder, 'labels.bin'), Uint8Array.from(train.labels));
    const child = spawn(environment.python, [join(FOLDER, 'spark.py'), folder], {
      env: variablesFor(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { code, stdout, stderr } = await ended(child);
    if (code !== 0) throw new Error(`spark.py: ${stderr.slice(-2000)}`);
    const { name, seconds, iterations, point } = JSON.parse(stdout.trim().split('\n').at(-1) as string);
    const labels = Int32Array.from(train.labels);
    const problem = plainProblem({
      features: train.features,
      labels,
      numClasses: 10,
      l2: 1 / 60_000,
      fitIntercept: true,
    });
    const { objective } = certify(problem, Float64Array.from(point as number[]));
    return { name: `${name}, local[*]`, seconds, iterations, objective };
  });
}
