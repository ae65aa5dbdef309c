// npm run mutants -- [--count 400] [--seed 1] [--file nn/dense.ts] [--workers 2] [--survivors]: mutation tests.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeStatus } from '../../src/node/native/load.js';
import type { TestBackend } from '../../test/helpers/backends.js';
import { buildAll } from './build.js';
import { EQUIVALENT, type Equivalent } from './equivalent.js';
import { baseline, judge, type Verdict } from './judge.js';
import { type Mutant, mutantsOf, sample } from './mutate.js';
import { type Round, roomOf, roundsOf } from './suites.js';

const SOURCES = join(__dirname, '..', '..', 'src');
const ROOMS = ['reference', 'nn', 'optim', 'metrics', 'formats'];
const LEAST_SCORE = 90;
/** The names of the survivors, one per line, for `--survivors`. */
const SURVIVORS = join(__dirname, '..', '..', '.mutants.survivors');

interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly equivalent?: Equivalent;
}

function allMutants(): Mutant[] {
  return ROOMS.flatMap((room) =>
    readdirSync(join(SOURCES, room)).flatMap((name) =>
      mutantsOf(`${room}/${name}`, readFileSync(join(SOURCES, room, name), 'utf8')),
    ),
  );
}

function nameOf({ file, change }: Pick<Mutant, 'file' | 'change'>): string {
  return `${file}: ${change}`;
}

function describe({ file, line, column, kind, change }: Mutant): string {
  return `src/${file}:${line}:${column} ${kind}: ${change}`;
}

/** The number of mutants by outcome, and the share of detected mutants among those that are not equivalent. */
function row(title: string, judged: readonly Judged[]): string {
  const count = (fate: Verdict['fate']) => judged.filter(({ verdict }) => verdict.fate === fate).length;
  const equivalent = judged.filter((each) => each.equivalent && each.verdict.fate === 'survived').length;
  const columns = [judged.length, count('killed'), count('timed out'), count('survived') - equivalent, equivalent];
  return `${title.padEnd(12)}${columns.map((each) => String(each).padStart(11)).join('')}${`${score(judged).toFixed(1)} %`.padStart(10)}`;
}

function score(judged: readonly Judged[]): number {
  const seen = judged.filter(({ verdict }) => verdict.fate !== 'survived').length;
  const visible = judged.filter(({ verdict, equivalent }) => verdict.fate !== 'survived' || !equivalent).length;
  return visible === 0 ? 100 : (100 * seen) / visible;
}

function report(judged: readonly Judged[]): boolean {
  const columns = ['mutants', 'killed', 'timed out', 'survived', 'equivalent']
    .map((each) => each.padStart(11))
    .join('');
  console.log(`\n${''.padEnd(12)}${columns}${'score'.padStart(10)}`);
  for (const room of ROOMS) {
    const within = judged.filter(({ mutant }) => roomOf(mutant.file) === room);
    if (within.length > 0) console.log(row(`${room}/`, within));
  }
  console.log(row('all', judged));
  const survivors = judged.filter(({ verdict, equivalent }) => verdict.fate === 'survived' && !equivalent);
  for (const { mutant } of survivors) console.log(`survived: ${describe(mutant)}`);
  const wronged = judged.filter(({ verdict, equivalent }) => equivalent && verdict.fate !== 'survived');
  for (const { mutant, verdict } of wronged) {
    console.log(
      `listed as equivalent, but ${'by' in verdict ? `killed by "${verdict.by}"` : verdict.fate}: ${describe(mutant)}`,
    );
  }
  writeFileSync(SURVIVORS, survivors.map(({ mutant }) => `${nameOf(mutant)}\n`).join(''));
  return score(judged) >= LEAST_SCORE && wronged.length === 0;
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { count: text, seed: text, file: text, workers: text, survivors: { type: 'boolean' } },
  });
  const [count, seed, workers] = [Number(values.count ?? 400), Number(values.seed ?? 1), Number(values.workers ?? 2)];
  const all = allMutants();
  const equivalents = new Map(EQUIVALENT.map((each) => [nameOf(each), each]));
  const names = new Set(all.map(nameOf));
  const stale = [...equivalents.keys()].filter((name) => !names.has(name));
  if (stale.length > 0)
    throw new Error(`tools/mutants/equivalent.ts names mutants that do not exist:\n${stale.join('\n')}`);
  const again = values.survivors ? new Set(readFileSync(SURVIVORS, 'utf8').split('\n')) : undefined;
  const eligible = values.file === undefined ? all : all.filter(({ file }) => file === values.file);
  const chosen = again ? eligible.filter((mutant) => again.has(nameOf(mutant))) : sample(eligible, count, seed);
  const backends: readonly TestBackend[] = nativeStatus().installed ? ['cpu', 'tensorflow', 'wasm'] : ['cpu', 'wasm'];
  console.log(`${chosen.length} of ${all.length} mutants, seed ${seed}, on ${backends.join(', ')}`);
  await buildAll();

  const times = new Map<string, Promise<number>>();
  const secondsOf = (round: Round): Promise<number> => {
    const key = JSON.stringify(round);
    if (!times.has(key)) times.set(key, baseline(round));
    return times.get(key) as Promise<number>;
  };
  const judged: Judged[] = [];
  const queue = [...chosen];
  const work = async () => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const verdict = await judge(mutant, roundsOf(mutant.file, backends), secondsOf);
      judged.push({ mutant, verdict, equivalent: equivalents.get(nameOf(mutant)) });
      console.log(`${judged.length}/${chosen.length} ${verdict.fate}: ${describe(mutant)}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  process.exitCode = report(judged) ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
