// bench: rows outside memory and several processes. npx tsx bench/scale/run.ts [--peers] [--only memory,pass,growth,ranks,failure,flights], after
// npm run build and npx softmax-regression native install --mpi. Prints the tables of docs/scale.md.
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchFailure } from './failure.js';
import { benchFlights } from './flights.js';
import { benchGrowth } from './growth.js';
import { benchMemory } from './memory.js';
import { benchPass } from './pass.js';
import { benchRanks } from './ranks.js';

const PARTS: Readonly<Record<string, (options: ScaleOptions) => Promise<void>>> = {
  memory: benchMemory,
  pass: benchPass,
  growth: benchGrowth,
  ranks: benchRanks,
  failure: benchFailure,
  flights: benchFlights,
};

/** Options of all parts. */
export interface ScaleOptions {
  readonly peers: boolean;
  /** The size of the table of `memory`. */
  readonly gigabytes: number;
  /** How often `failure` loses a rank. */
  readonly runs: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      peers: { type: 'boolean', default: false },
      only: { type: 'string', default: Object.keys(PARTS).join() },
      gigabytes: { type: 'string', default: '4.1' },
      runs: { type: 'string', default: '100' },
    },
  });
  const [{ model }] = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
  );
  const options = { peers: values.peers, gigabytes: Number(values.gigabytes), runs: Number(values.runs) };
  for (const name of values.only.split(',')) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`--only must be among ${Object.keys(PARTS).join(', ')}; got ${name}.`);
    console.log(`\n${name}\n`);
    await part(options);
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
