// bench: one of the ranks of ranks.ts: the second of two fits of Fashion-MNIST, to an objective or by steps.
import { SoftmaxRegression, selectBackend } from 'softmax-regression';
import { openCommunicator } from 'softmax-regression/mpi';
import { loadFashionMnist } from 'softmax-regression/node';

export interface FitAnswer {
  readonly seconds: number;
  readonly iterations: number;
}

/** How a rank fits: by lbfgs in a precision, or by steps over batches of so many samples. */
export type Way = 'auto' | 'float64' | `sgd ${number}`;

async function main([target, way]: readonly string[]): Promise<void> {
  const communicator = await openCommunicator({ quiet: true });
  await selectBackend('tensorflow');
  const { train } = await loadFashionMnist();
  const shared = communicator.size > 1 ? { communicator } : {};
  let answer: FitAnswer = { seconds: Number.NaN, iterations: 0 };
  for (let fit = 0; fit < 2; fit++) {
    answer = way.startsWith('sgd')
      ? await byStep(Number(way.slice(4)))
      : await toObjective(Number(target), way as 'auto' | 'float64');
    await communicator.barrier();
  }
  if (communicator.rank === 0) console.log(JSON.stringify(answer));

  async function byStep(batchSize: number): Promise<FitAnswer> {
    const start = performance.now();
    const options = { solver: 'sgd', epochs: 5, batchSize, ...shared } as const;
    const { result } = await SoftmaxRegression.fit(train.features, train.labels, options);
    return { seconds: (performance.now() - start) / 1000, iterations: result.iterations };
  }

  async function toObjective(target: number, precision: 'auto' | 'float64'): Promise<FitAnswer> {
    const stop = new AbortController();
    let reached: FitAnswer = { seconds: Number.NaN, iterations: 0 };
    const start = performance.now();
    await SoftmaxRegression.fit(train.features, train.labels, {
      ...{ l2: 1 / 60_000, precision, maxIterations: 1000, tolerance: 1e-12, ...shared },
      signal: stop.signal,
      onProgress({ epoch, loss, step, steps }) {
        if (step < steps || loss > target || stop.signal.aborted) return;
        reached = { seconds: (performance.now() - start) / 1000, iterations: epoch };
        stop.abort();
      },
    }).catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    return reached;
  }
}

void main(process.argv.slice(2));
