// bench: npm run bench. Runs the works side by side, prints the tables of docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { formatBackend, selectBackend } from 'softmax-regression';
import { loadFashionMnist } from 'softmax-regression/node';
import { EPOCHS, layersFit, ourFit } from './fashion-mnist.js';
import { median, type Timing, table, timeInTurn } from './timing.js';

const ROUNDS = 7;

async function main(): Promise<void> {
  const choice = await selectBackend('tensorflow');
  const [{ model }] = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  );
  console.log(`Node ${process.versions.node}, tfjs 4.22.0, ${formatBackend(choice)}\n`);
  const data = await loadFashionMnist();

  console.log(`Fashion-MNIST, ${EPOCHS} epochs in turn on tensorflow, ${ROUNDS} rounds:\n`);
  const layers = layersFit(data);
  const ours = (['closed-form', 'autograd'] as const).map((gradient) => ourFit(data, 'tensorflow', gradient));
  print(await timeInTurn([layers, ...ours], ROUNDS));
  layers.dispose();

  console.log(`\nFashion-MNIST, ${EPOCHS} epochs on wasm, 3 rounds:\n`);
  print(await timeInTurn([ourFit(data, 'wasm', 'closed-form')], 3));

  console.log('\nPeak resident memory of a process that loads Fashion-MNIST and trains:\n');
  const rows = (['tensorflow', 'wasm'] as const).map((backend) => [
    backend,
    `${Math.round(peakMegabytes(backend))} MB`,
  ]);
  console.log(table(['backend', 'peak'], rows));
}

function print(timings: readonly Timing[]): void {
  const [first] = timings;
  const perEpoch = (milliseconds: number) => (milliseconds / EPOCHS).toFixed(0);
  const rows = timings.map(({ name, milliseconds, outcome }) => [
    name,
    `${perEpoch(median(milliseconds))} ms`,
    `${perEpoch(Math.min(...milliseconds))} to ${perEpoch(Math.max(...milliseconds))}`,
    median(milliseconds.map((time, round) => time / first.milliseconds[round])).toFixed(2),
    outcome.toFixed(4),
  ]);
  console.log(table(['', 'an epoch, median', 'from, to', `ratio to ${first.name}`, 'loss, last epoch'], rows));
}

function peakMegabytes(backend: string): number {
  const tsx = require.resolve('tsx/cli');
  return Number(
    execFileSync(process.execPath, [tsx, join(__dirname, 'fashion-mnist.ts'), backend], { encoding: 'utf8' }),
  );
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
