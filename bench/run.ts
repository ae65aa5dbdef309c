// bench: npm run bench [-- --peers] [--only compile,csv]. Runs all works and prints the tables of docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatBackend, selectBackend } from 'softmax-regression';
import { type FashionMnist, loadFashionMnist } from 'softmax-regression/node';
import { firstCall, networkWorks, stepWorks } from './compile.js';
import { EPOCHS, layersFit, longestGap, ourFit } from './fashion-mnist.js';
import { firstMoves } from './learn.js';
import { trainInPage } from './page.js';
import { metered, peakOf } from './peak.js';
import { openPeers, type Peer, type Peers, type PeerWork } from './peers.js';
import { predictWorks } from './predict.js';
import { csvTable, csvTimes } from './predict-csv.js';
import { benchSolver } from './solver.js';
import { median, type Timing, table, timeInTurn, type Work } from './timing.js';

const ROUNDS = 7;

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      peers: { type: 'boolean', default: false },
      only: { type: 'string', default: Object.keys(PARTS).join() },
    },
  });
  const parts = options.only.split(',').map((name) => {
    if (!(name in PARTS)) throw new Error(`--only must be among ${Object.keys(PARTS).join(', ')}; got ${name}.`);
    return PARTS[name];
  });
  const choice = await selectBackend('tensorflow');
  const [{ model }] = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  );
  console.log(`Node ${process.versions.node}, tfjs 4.22.0, ${formatBackend(choice)}`);
  const data = await loadFashionMnist();
  const peers = options.peers ? await openPeers(data) : undefined;
  try {
    for (const part of parts) await part(data, peers);
  } finally {
    peers?.close();
  }
}

type Part = (data: FashionMnist, peers: Peers | undefined) => Promise<void>;

/** The parts of the run by name, in their order. */
const PARTS: Readonly<Record<string, Part>> = {
  training: benchTraining,
  compile: benchCompile,
  network: benchNetwork,
  solver: (data, peers) => benchSolver(data, peers?.scikitLearn),
  prediction: benchPredictions,
  csv: benchCsv,
  learn: benchLearn,
  others: benchOthers,
};

async function benchTraining(data: FashionMnist, peers: Peers | undefined): Promise<void> {
  for (const shuffle of [true, false]) {
    const order = shuffle ? 'shuffled' : 'in order';
    const layers = layersFit(data, shuffle);
    const ours = (['closed-form', 'autograd'] as const).map((gradient) => ourFit(data, { gradient, shuffle }));
    const others = peersAt(peers, shuffle ? 'shuffled' : 'in-order', EPOCHS);
    heading(`Fashion-MNIST, batch 256, ${order}, ${EPOCHS} epochs, ${ROUNDS} rounds; an epoch:`);
    print(await timeInTurn([...ours, layers, ...others], ROUNDS), EPOCHS);
    layers.dispose();
  }
}

async function benchCompile(data: FashionMnist): Promise<void> {
  const { works, dispose } = stepWorks(data);
  heading(`An autograd step in plain tfjs, batch 256, in order; an epoch:`);
  print(await timeInTurn(works, ROUNDS), 1);
  dispose();
  console.log(
    `\nFirst call of that step, compiled: ${median(Array.from({ length: ROUNDS }, firstCall)).toFixed(0)} ms`,
  );
}

async function benchNetwork(data: FashionMnist, peers: Peers | undefined): Promise<void> {
  heading(
    'The network of examples/compile-mlp.ts, batch 64; an epoch after the first (peers: with cross-entropy, shuffled):',
  );
  const [layers, scanning] = networkWorks(data);
  const timings = await timeInTurn([scanning, layers, ...peersAt(peers, 'mlp', 1)], 3);
  print(timings, 1, 'other loss');
}

async function benchPredictions(data: FashionMnist, peers: Peers | undefined): Promise<void> {
  const { row, many } = predictWorks(data);
  heading('Probabilities of one row, 784 × 10; a thousand single calls:');
  print(await timeInTurn([row, ...peersAt(peers, 'predict-row')], ROUNDS), 1e-3);
  heading('Probabilities of 100,000 rows of float32, 784 × 10; a call:');
  print(await timeInTurn([many, ...peersAt(peers, 'predict-many')], ROUNDS), 1);
}

async function benchCsv(_: FashionMnist, peers: Peers | undefined): Promise<void> {
  heading('The command line: `predict` for a table of 1,000,000 × 20, with reading and writing; and --help:');
  console.log(csvTable(await csvTimes(3, { peers: peers !== undefined })));
}

async function benchLearn(): Promise<void> {
  const moves = await firstMoves(ROUNDS);
  if (moves === undefined) return;
  heading(
    `The chapter's pages, from the navigation until a picture follows its control, without a cache, ${ROUNDS} rounds; slow is 4 × CPU, 1.6 Mbit/s and 150 ms round trips (required: at most 1000 ms, and 3000 ms if slow):`,
  );
  const rows = moves.map(({ page, fast, slow }) => [page, `${fast.toFixed(0)} ms`, `${slow.toFixed(0)} ms`]);
  console.log(table(['page', 'median', 'slow'], rows));
}

async function benchOthers(data: FashionMnist): Promise<void> {
  console.log(`\nLongest gap of a timer of 10 ms during fit: ${(await longestGap(data)).toFixed(0)} ms`);
  const inPage = await trainInPage(data);
  if (inPage !== undefined) {
    const { longestFrame, medianFrame, status } = inPage;
    const frames = `longest frame ${longestFrame.toFixed(0)} ms (required: at most 200), median ${medianFrame.toFixed(0)} ms`;
    console.log(`\nThe page, 10,000 images, 5 epochs on wasm: ${frames}. Status: ${status}`);
  }
  await selectBackend('wasm');
  heading(`Fashion-MNIST on wasm, 3 rounds; an epoch:`);
  print(await timeInTurn([ourFit(data)], 3), EPOCHS);
  heading(`Peak resident memory of a process that loads Fashion-MNIST and trains for ${EPOCHS} epochs:`);
  const rows = (['tensorflow', 'wasm'] as const).map((backend) => [
    backend,
    `${Math.round(peakMegabytes(backend))} MB`,
  ]);
  console.log(table(['backend', 'peak'], rows));
}

/** The peers that have a work, as works. */
function peersAt(peers: Peers | undefined, work: PeerWork, epochs?: number): Work[] {
  const able = peers?.all.filter((peer: Peer) => peer.works.includes(work)) ?? [];
  return able.map((peer) => ({ name: peer.name, run: () => peer.run(work, { epochs }) }));
}

function heading(text: string): void {
  console.log(`\n${text}\n`);
}

/** The relative tolerance for outcomes of one comparison, because the order of samples and rounding differ. */
const SAME_LOSS = 0.02;

function print(timings: readonly Timing[], epochs: number, kind: 'same loss' | 'other loss' = 'same loss'): void {
  const [first] = timings;
  const perEpoch = (milliseconds: number) => (milliseconds / epochs).toFixed(0);
  const rows = timings.map(({ name, milliseconds, outcome }) => [
    name,
    `${perEpoch(median(milliseconds))} ms`,
    `${perEpoch(Math.min(...milliseconds))} to ${perEpoch(Math.max(...milliseconds))}`,
    median(first.milliseconds.map((time, round) => time / milliseconds[round])).toFixed(2),
    outcome.toFixed(4),
  ]);
  console.log(table(['', 'median', 'from, to', `${first.name} / this`, 'loss'], rows));
  if (kind === 'other loss') return;
  const outcomes = timings.map(({ outcome }) => outcome);
  if (Math.max(...outcomes) > (1 + SAME_LOSS) * Math.min(...outcomes))
    throw new Error('the works reach different losses');
}

function peakMegabytes(backend: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'peak-'));
  try {
    const { args, env } = metered(folder);
    const script = join(__dirname, 'fashion-mnist.ts');
    execFileSync(process.execPath, [...args, '--import', 'tsx', script, backend], { env });
    return (peakOf(folder) ?? 0) / 2 ** 20;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
