// bench: the solver to the optimum, compared with scikit-learn.
import { SoftmaxRegression } from 'softmax-regression';
import type { FashionMnist } from 'softmax-regression/node';
import { dataSets, standardized } from '../test/helpers/golden-solver.js';
import type { Peer, PeerWork } from './peers.js';
import { type Measured, median, type Timing, table, timeInTurn, type Work } from './timing.js';

/** Prints the tables. Without scikit-learn, they contain this package only. */
export async function benchSolver(data: FashionMnist, scikitLearn: Peer | undefined): Promise<void> {
  await benchObjective(data, scikitLearn);
  for (const name of ['digits', 'wine'] as const) {
    console.log(`\n${name}, standardised, C = 1, to a gradient of 1e-8, 7 rounds; a complete fit:\n`);
    print(await timeInTurn([optimum(name), ...peerWorks(scikitLearn, name)], 7), 1e-7);
  }
}

/** Compares the time to the objective that scikit-learn's lbfgs reaches in 200 iterations. */
async function benchObjective(data: FashionMnist, scikitLearn: Peer | undefined): Promise<void> {
  const target = scikitLearn === undefined ? 0.365 : (await scikitLearn.run('lbfgs', { iterations: 200 })).outcome;
  const reached = await iterationsTo(data, target);
  console.log(`\nFashion-MNIST, C = 1, to an objective of ${target.toFixed(4)}: ${reached} iterations, 3 rounds;`);
  console.log(
    `a complete fit of as many iterations with its suboptimality bound, and a fit that stops at the objective:\n`,
  );
  const works = [wholeFit(data, reached), untilThere(data, target), ...peerWorks(scikitLearn, 'lbfgs')];
  print(await timeInTurn(works, 3), 0.02);
}

const L2 = 1 / 60_000;

async function iterationsTo({ train }: FashionMnist, target: number): Promise<number> {
  const options = { l2: L2, maxIterations: 200 } as const;
  const { result } = await SoftmaxRegression.fit(train.features, train.labels, options);
  const reached = result.history.find(({ loss }) => loss <= target);
  if (reached === undefined) throw new Error(`fit must reach ${target} in 200 iterations; got ${result.objective}.`);
  return reached.epoch;
}

function wholeFit({ train }: FashionMnist, maxIterations: number): Work {
  return {
    name: 'fit',
    async run() {
      const { result } = await SoftmaxRegression.fit(train.features, train.labels, { l2: L2, maxIterations });
      return result.objective;
    },
  };
}

function untilThere({ train }: FashionMnist, target: number): Work {
  return {
    name: 'fit, to the objective',
    async run(): Promise<Measured> {
      const start = performance.now();
      const there = new AbortController();
      let measured: Measured | undefined;
      const fit = SoftmaxRegression.fit(train.features, train.labels, {
        l2: L2,
        signal: there.signal,
        onProgress({ loss }) {
          if (loss > target || measured !== undefined) return;
          measured = { milliseconds: performance.now() - start, outcome: loss };
          there.abort();
        },
      });
      await fit.catch(() => {});
      if (measured === undefined) throw new Error(`fit must reach ${target}.`);
      return measured;
    },
  };
}

function optimum(name: 'digits' | 'wine'): Work {
  const { features, labels } = dataSets[name];
  const rows = standardized(features);
  return {
    name: 'fit',
    async run() {
      const { result } = await SoftmaxRegression.fit(rows, labels, { l2: 1 / rows.length, tolerance: 1e-8 });
      if (!result.converged) throw new Error(`fit must converge on ${name}; got ${result.reason}.`);
      return result.objective;
    },
  };
}

function peerWorks(peer: Peer | undefined, work: PeerWork): Work[] {
  return peer === undefined ? [] : [{ name: peer.name, run: () => peer.run(work) }];
}

/** Prints the timings relative to the last one. Throws if the outcomes differ. */
function print(timings: readonly Timing[], tolerance: number): void {
  const last = timings[timings.length - 1];
  const number = (milliseconds: number) => milliseconds.toFixed(milliseconds < 100 ? 1 : 0);
  const rows = timings.map(({ name, milliseconds, outcome }) => [
    name,
    `${number(median(milliseconds))} ms`,
    `${number(Math.min(...milliseconds))} to ${number(Math.max(...milliseconds))}`,
    median(milliseconds.map((time, round) => time / last.milliseconds[round])).toFixed(3),
    outcome.toPrecision(9),
  ]);
  console.log(table(['', 'median', 'from, to', `this / ${last.name}`, 'objective'], rows));
  const outcomes = timings.map(({ outcome }) => outcome);
  if (Math.max(...outcomes) > (1 + tolerance) * Math.min(...outcomes))
    throw new Error('the works reach different values');
}
