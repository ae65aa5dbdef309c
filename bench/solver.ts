// bench: the solver to the optimum, compared with scikit-learn.
import { SoftmaxRegression } from 'softmax-regression';
import type { FashionMnist } from 'softmax-regression/node';
import { dataSets, standardized } from '../test/helpers/golden-solver.js';
import type { Peer, PeerOptions, PeerWork } from './peers.js';
import { type Measured, median, type Timing, table, timeInTurn, type Work } from './timing.js';

/** Prints the tables. Without scikit-learn, they contain this package only. */
export async function benchSolver(data: FashionMnist, scikitLearn: Peer | undefined): Promise<void> {
  await benchObjective(data, scikitLearn);
  for (const standardize of [false, true]) {
    for (const C of [0.01, 1, 100]) await benchDigits({ standardize, C }, scikitLearn);
  }
}

type Digits = Required<Pick<PeerOptions, 'standardize' | 'C'>>;

/** scikit-learn's solvers and threads. Its lbfgs takes ten times as long with two threads as with one. */
const CANDIDATES = [
  { solver: 'lbfgs', threads: 1 },
  ...[1, 2].map((threads) => ({ solver: 'newton-cg', threads }) as const),
  ...[1, 2].map((threads) => ({ solver: 'newton-cholesky', threads }) as const),
] as const;

/** Milliseconds of fits before the rounds, after which JavaScript is compiled, as Python's libraries are. */
const WARM_UP = 3000;

/** A fit ends here; scikit-learn stops at 1e-8 too, and its last step may end slightly above. */
const GRADIENT = 1e-8;

async function benchDigits(digits: Digits, peer: Peer | undefined): Promise<void> {
  const kind = digits.standardize ? 'standardised' : 'raw';
  console.log(
    `\ndigits, ${kind}, C = ${digits.C}, to a gradient of ${GRADIENT}, 7 rounds after ${WARM_UP / 1000} s of fits; a complete fit:\n`,
  );
  const rivals: { readonly options: PeerOptions; readonly milliseconds: number }[] = [];
  for (const candidate of peer === undefined ? [] : CANDIDATES) {
    const options = { ...digits, ...candidate, tolerance: GRADIENT };
    const runs: Awaited<ReturnType<Peer['run']>>[] = [];
    for (let run = 0; run < 3; run++) runs.push(await (peer as Peer).run('digits', options));
    const milliseconds = Math.min(...runs.map((run) => run.milliseconds));
    if ((runs[0].gradient ?? 0) <= 1.2 * GRADIENT) rivals.push({ options, milliseconds });
  }
  const [fastest] = rivals.sort((a, b) => a.milliseconds - b.milliseconds);
  const works = [optimum(digits)];
  if (fastest !== undefined) {
    const { options } = fastest;
    const name = `${(peer as Peer).name} ${options.solver}, threads: ${options.threads}`;
    works.push({ name, run: () => (peer as Peer).run('digits', options) });
  }
  print(await timeInTurn(works, 7, WARM_UP), 1e-7);
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

function optimum({ standardize, C }: Digits): Work {
  const { features, labels } = dataSets.digits;
  const rows = standardize ? standardized(features) : features;
  return {
    name: 'fit',
    async run() {
      const options = { l2: 1 / (C * rows.length), tolerance: GRADIENT, maxIterations: 10_000 } as const;
      const { result } = await SoftmaxRegression.fit(rows, labels, options);
      if (!result.converged) throw new Error(`fit must converge on digits; got ${result.reason}.`);
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
