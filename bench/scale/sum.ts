// bench: one of the ranks of growth.ts: the time of sums of several lengths.
import { openCommunicator } from 'softmax-regression/mpi';
import { sumOverRanks } from '../../src/core/ranks/sum.js';
import { median } from '../timing.js';

export interface SumAnswer {
  readonly length: number;
  readonly milliseconds: number;
}

const REPEATS = 50;

async function main(): Promise<void> {
  const communicator = await openCommunicator({ quiet: true });
  const answers: SumAnswer[] = [];
  for (const length of [300, 8_000, 100_000, 1_000_000]) {
    const times: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const sum = new Float64Array(length).fill(communicator.rank);
      await communicator.barrier();
      const start = performance.now();
      await sumOverRanks(communicator, [{ block: communicator.rank, sum }], length);
      times.push(performance.now() - start);
    }
    answers.push({ length, milliseconds: median(times) });
  }
  if (communicator.rank === 0) console.log(JSON.stringify(answers));
}

void main();
