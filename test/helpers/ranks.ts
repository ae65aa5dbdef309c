// A program of several processes: `ranks.ts launch N MODE …` starts it N times, each with `MODE …`.
import { createHash } from 'node:crypto';
import { Random } from '../../src/core/random.js';
import type { Communicator } from '../../src/core/ranks/communicator.js';
import { graphSumOf, provideGraphSum } from '../../src/core/ranks/graph-sum.js';
import { sumOverRanks } from '../../src/core/ranks/sum.js';
import { VectorSum } from '../../src/core/tree-sum.js';
import { launchWorkers } from '../../src/mpi/launch.js';
import { openCommunicator } from '../../src/mpi/open.js';

type Mode = (communicator: Communicator, who: number, code: number) => unknown;

const isAt = ({ rank }: Communicator, who: number) => rank === who;

/** Longer than any limit of the watchdog. */
const LONG = 15_000;

function compute(milliseconds: number): void {
  for (const start = performance.now(); performance.now() - start < milliseconds; );
}

/** The blocks of a rank: all ranks but the last have the same number. */
async function sumOf(communicator: Communicator, blocks: number, length: number): Promise<string> {
  const share = Math.ceil(blocks / communicator.size);
  const first = Math.min(blocks, share * communicator.rank);
  const end = Math.min(blocks, first + share);
  const tree = new VectorSum(first);
  for (let block = first; block < end; block++) {
    const random = new Random(block + 1);
    const vector = tree.zeros(length);
    for (let i = 0; i < length; i++) vector[i] = random.normal() * 10 ** random.below(12);
    tree.add(block, vector);
  }
  const sum = await sumOverRanks(communicator, tree.parts(end), length);
  return createHash('sha256').update(new Uint8Array(sum.buffer)).digest('hex');
}

const MODES: Readonly<Record<string, Mode>> = {
  /** The sums of 13 blocks, and of two, which are fewer than the ranks; the same on all ranks. */
  async sum(communicator) {
    const digests = [
      await sumOf(communicator, 13, 40_000),
      await sumOf(communicator, 2, 3),
      await sumOf(communicator, 0, 3),
    ];
    const all = await communicator.allGather(Buffer.from(digests.join(' ')));
    if (communicator.rank === 0)
      console.log([...new Set(all.map((bytes) => Buffer.from(bytes).toString()))].join('\n'));
  },
  async calls(communicator) {
    const { rank, size } = communicator;
    const values = Float64Array.of(rank + 1, -rank);
    const most = Float32Array.of(rank, 0.5);
    const least = Float64Array.of(rank);
    // Begun together, they keep their order.
    const calls = [
      communicator.allReduce(values, 'sum'),
      communicator.allReduce(most, 'max'),
      communicator.allReduce(least, 'min'),
      communicator.barrier(),
    ] as const;
    const parts = await communicator.allGather(new Uint8Array(rank).fill(rank));
    await Promise.all(calls);
    const offsets = parts.map(({ byteOffset }) => byteOffset % 8);
    const lists = [values, most, least, ...parts].map((numbers) => [...numbers]);
    console.log(JSON.stringify({ size, lists, offsets }));
  },
  /** The model file of a fit that all share, of three sections, and the checkpoint of rank 0; the same on all ranks. */
  async fit(communicator) {
    const { SoftmaxRegression } = await import('softmax-regression');
    const [n, d] = [20_000, 200];
    const random = new Random(9);
    const values = Float64Array.from({ length: n * d }, () => random.normal());
    const labels = Array.from({ length: n }, (_, i) => {
      const sum = values[d * i] + values[d * i + 1] + random.normal();
      return sum > 1 ? 'up' : sum < -1 ? 'down' : 'level';
    });
    const options = { standardize: true, maxIterations: 15, communicator } as const;
    const { model, result } = await SoftmaxRegression.fit({ values, shape: [n, d] }, labels, options);
    const bytes = await model.toBytes();
    const line = `${createHash('sha256').update(bytes).digest('hex')} ${result.objective} ${result.suboptimality}`;
    const all = await communicator.allGather(Buffer.from(line));
    if (communicator.rank === 0) console.log([...new Set(all.map((each) => Buffer.from(each).toString()))].join('\n'));
  },
  /**
   * The parameters after steps on TensorFlow, summed in the graph and in JavaScript, and how often JavaScript summed. The
   * last batch is short.
   */
  async steps(communicator) {
    const { SoftmaxRegression, selectBackend } = await import('softmax-regression');
    await import('softmax-regression/node');
    await selectBackend('tensorflow');
    const [n, d] = [1010, 6];
    const random = new Random(9);
    const values = Float32Array.from({ length: n * d }, () => random.normal());
    const labels = Array.from({ length: n }, (_, i) => (values[d * i] + random.normal() > 0 ? 'up' : 'down'));
    const options = { solver: 'adam', learningRate: 0.01, batchSize: 20, epochs: 3, seed: 4 } as const;
    let calls = 0;
    const counting: Communicator = {
      ...communicator,
      allReduce(values, reduction) {
        calls++;
        return communicator.allReduce(values, reduction);
      },
    };
    const fitted = async (over: Communicator) => {
      calls = 0;
      const fit = await SoftmaxRegression.fit({ values, shape: [n, d] }, labels, { ...options, communicator: over });
      const digest = createHash('sha256').update(await fit.model.toBytes());
      return `${digest.digest('hex')} ${fit.result.objective} ${calls}`;
    };
    // A copy of the communicator sums in JavaScript alone.
    const inJavaScript = await fitted(counting);
    const sum = graphSumOf(communicator);
    if (sum !== undefined) provideGraphSum(counting, sum);
    const line = `${inJavaScript}\n${await fitted(counting)}`;
    const all = await communicator.allGather(Buffer.from(line));
    if (communicator.rank === 0) console.log([...new Set(all.map((each) => Buffer.from(each).toString()))].join('\n'));
  },
  /** Steps in a graph without an end, while one rank is stopped. */
  async stuck(communicator, who) {
    const { SoftmaxRegression, selectBackend } = await import('softmax-regression');
    await import('softmax-regression/node');
    await selectBackend('tensorflow');
    const values = Float32Array.from({ length: 4000 }, (_, i) => i % 7);
    const labels = Array.from({ length: 1000 }, (_, i) => i % 2);
    await SoftmaxRegression.fit({ values, shape: [1000, 4] }, labels, {
      ...{ solver: 'sgd', batchSize: 10, epochs: 10 * LONG, communicator },
      onEpochEnd: (epoch) => void (epoch === 2 && isAt(communicator, who) && process.kill(process.pid, 'SIGSTOP')),
    });
  },
  kill: (communicator, who) => isAt(communicator, who) && process.kill(process.pid, 'SIGKILL'),
  /** One is stopped when it ends, after the last call. */
  late: (communicator, who) =>
    isAt(communicator, who) && process.prependListener('exit', () => process.kill(process.pid, 'SIGSTOP')),
  stop: (communicator, who) => isAt(communicator, who) && process.kill(process.pid, 'SIGSTOP'),
  exit: (communicator, who, code) => isAt(communicator, who) && process.exit(code),
  abort: (communicator, who, code) => isAt(communicator, who) && communicator.abort('planted', code),
  async throw(communicator, who) {
    if (!isAt(communicator, who)) return;
    setImmediate(() => {
      throw new Error('planted');
    });
    await new Promise((resolve) => setTimeout(resolve, LONG));
  },
  busy: (communicator, who) => isAt(communicator, who) && compute(LONG),
  /** A rank is stopped while the others compute, far from any call. */
  unseen: (communicator, who) => (isAt(communicator, who) ? process.kill(process.pid, 'SIGSTOP') : compute(4 * LONG)),
  different: (communicator, who) => isAt(communicator, who) && communicator.allGather(new Uint8Array(1)),
  /** Waits for a signal, with the number of its process on standard output. */
  async wait({ rank }) {
    console.log(`rank ${rank} ${process.pid} ${process.ppid}`);
    await new Promise((resolve) => setTimeout(resolve, 100 * LONG));
  },
  async interrupt(communicator) {
    console.log(`rank ${communicator.rank} waits`);
    if (communicator.rank === 0) {
      const signal = await new Promise((resolve) => {
        for (const each of ['SIGINT', 'SIGTERM'] as const) process.on(each, () => resolve(each));
        setTimeout(() => resolve('no signal'), 100 * LONG);
      });
      communicator.abort(`got ${signal}`, 130);
    }
  },
  async input({ rank }) {
    if (rank > 0) return;
    let text = '';
    for await (const chunk of process.stdin) text += chunk;
    console.log(JSON.stringify([text, process.argv.slice(3)]));
  },
  /** Before they meet, all end with this code, or one gets this signal; see below. */
  early() {},
};

function endEarly(how: string): void {
  if (/^\d+$/.test(how)) process.exit(Number(how));
  if (process.env.PMI_RANK === '1') process.kill(process.pid, `SIG${how.toUpperCase()}` as NodeJS.Signals);
}

async function main([mode, ...args]: string[]): Promise<void> {
  if (mode === 'launch') {
    const [workers, ...rest] = args;
    const argv = [process.execPath, ...process.execArgv, __filename, ...rest];
    process.exitCode = await launchWorkers({ workers: Number(workers), argv });
    return;
  }
  if (mode === 'early') endEarly(args[0]);
  const quiet = process.env.LOUD === undefined;
  const communicator = await openCommunicator({ quiet });
  await communicator.barrier();
  await MODES[mode](communicator, Number(args[0]), Number(args[1]));
  await communicator.barrier();
  if (communicator.rank === 0) console.log('end');
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
