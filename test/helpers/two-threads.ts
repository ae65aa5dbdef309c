// One fit, concurrently in the main thread and in workers, on native kernels: node --import tsx test/helpers/two-threads.ts.
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { Random, SoftmaxRegression } from 'softmax-regression';
import { loadNative } from '../../src/node.js';

export interface Threads {
  /** What the main thread and each worker has fitted, and where. */
  readonly fits: readonly { readonly backend: string; readonly weight: readonly number[] }[];
  /** Packages that are loaded at the end. */
  readonly packages: readonly string[];
}

const WORKERS = 2;

export async function fitted(): Promise<Threads['fits'][number]> {
  await loadNative();
  await tf.setBackend('tensorflow');
  const random = new Random(5);
  const features = { values: Float32Array.from({ length: 512 * 8 }, () => random.normal()), shape: [512, 8] as const };
  const labels = Array.from({ length: 512 }, (_, i) => (i * 7) % 3);
  // 128 batches: one native graph.
  const { model } = await SoftmaxRegression.fit(features, labels, { solver: 'adam', epochs: 4, batchSize: 16 });
  return { backend: tf.getBackend(), weight: model.weight.flatMap((row) => [...row]) };
}

function inWorker(): Promise<Threads['fits'][number]> {
  // A worker whose first file is TypeScript: the loader is registered before it.
  const start = `import('tsx/cjs/api').then(({ require }) => require(${JSON.stringify(__filename)}, ${JSON.stringify(__filename)})
    .fitted()).then((fit) => require('node:worker_threads').parentPort.postMessage(fit));`;
  const worker = new Worker(start, { eval: true });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}, and without a message`)));
  });
}

async function main(): Promise<void> {
  const fits = await Promise.all([fitted(), ...Array.from({ length: WORKERS }, inWorker)]);
  const names = Object.keys(require.cache).map(
    (path) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1],
  );
  const packages = [...new Set(names)].filter((name) => name !== undefined).sort();
  console.log(JSON.stringify({ fits, packages } satisfies Threads));
}

if (require.main === module) void main();
