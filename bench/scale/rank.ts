// bench: one of the ranks of ranks.ts: the second of two fits to an objective, on Fashion-MNIST.
import { SoftmaxRegression, selectBackend } from 'softmax-regression';
import { openCommunicator } from 'softmax-regression/mpi';
import { loadFashionMnist } from 'softmax-regression/node';

export interface FitAnswer {
  readonly seconds: number;
  readonly iterations: number;
}

async function main([target, precision]: readonly string[]): Promise<void> {
  const communicator = await openCommunicator({ quiet: true });
  await selectBackend('tensorflow');
  const { train } = await loadFashionMnist();
  const options = { l2: 1 / 60_000, precision: precision as 'auto' | 'float64', maxIterations: 1000, tolerance: 1e-12 };
  const shared = communicator.size > 1 ? { communicator } : {};
  let answer: FitAnswer = { seconds: Number.NaN, iterations: 0 };
  for (let fit = 0; fit < 2; fit++) {
    const stop = new AbortController();
    const start = performance.now();
    await SoftmaxRegression.fit(train.features, train.labels, {
      ...options,
      ...shared,
      signal: stop.signal,
      onProgress({ epoch, loss, step, steps }) {
        if (step < steps || loss > Number(target) || stop.signal.aborted) return;
        answer = { seconds: (performance.now() - start) / 1000, iterations: epoch };
        stop.abort();
      },
    }).catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    await communicator.barrier();
  }
  if (communicator.rank === 0) console.log(JSON.stringify(answer));
}

void main(process.argv.slice(2));
