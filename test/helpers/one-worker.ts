// A fit in a worker with native kernels: node --import tsx test/helpers/one-worker.ts copied | shared | given | terminated.
import { parentPort, SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads';
import { loadIris, SoftmaxRegression } from 'softmax-regression';
import { fitted } from './two-threads.js';

const ENVIRONMENTS: Readonly<Record<string, WorkerOptions['env']>> = {
  shared: SHARE_ENV,
  given: { ...process.env, TF_NUM_INTRAOP_THREADS: '1' },
};

/** An endless fit, which reports its first progress. */
export async function endless(): Promise<never> {
  await fitted();
  const { features, labels } = loadIris();
  const onProgress = () => parentPort?.postMessage('begun');
  for (;;) await SoftmaxRegression.fit(features, labels, { solver: 'adam', epochs: 1000, batchSize: 8, onProgress });
}

async function main(how: string): Promise<void> {
  const name = how === 'terminated' ? 'endless' : 'fitted';
  const file = JSON.stringify(how === 'terminated' ? __filename : require.resolve('./two-threads.ts'));
  const start = `import('tsx/cjs/api').then(({ require }) => require(${file}, ${file}).${name}())
    .then((fit) => require('node:worker_threads').parentPort.postMessage(fit));`;
  const worker = new Worker(start, { eval: true, env: ENVIRONMENTS[how] });
  const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  if (how === 'terminated') {
    await worker.terminate();
    console.log(JSON.stringify((await fitted()).backend));
  } else console.log(JSON.stringify(message));
}

if (require.main === module) void main(process.argv.at(-1) as string);
