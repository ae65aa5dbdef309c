// npm run fuzz -- [--cases 4000] [--seed 1] [--target NAME]: fuzzes every reader; writes findings to files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.js';
import { caseRandom } from './mutate.js';
import { READERS, TARGETS } from './targets.js';

/** The folder of findings. After review, they are added to tools/fuzz/found under a descriptive name. */
const FINDINGS = join(__dirname, '..', '..', '.fuzz');

/** The maximum CPU time of a case. */
const MAX_SECONDS = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { cases: { type: 'string' }, seed: { type: 'string' }, target: { type: 'string' } },
  });
  const [cases, seed] = [Number(values.cases ?? 4000), Number(values.seed ?? 1)];
  const targets = values.target === undefined ? READERS : TARGETS.filter(({ name }) => name === values.target);
  if (targets.length === 0) throw new Error(`--target must be among ${READERS.map(({ name }) => name).join(', ')}`);
  let total = 0;
  for (const target of targets) {
    const { accepted, refused, slowest, largest, findings } = await fuzz({
      target: target.name,
      cases,
      seed,
      maxSeconds: MAX_SECONDS,
    });
    const codes = Object.entries(refused).map(([code, times]) => `${code} ${times}`);
    const most = `slowest ${(slowest * 1000).toFixed(0)} ms, largest ${(largest / 2 ** 20).toFixed(1)} MiB`;
    console.log(`${target.name}: ${cases} cases, accepted ${accepted}, refused ${codes.join(', ')}; ${most}`);
    for (const { number, violation } of findings) {
      mkdirSync(FINDINGS, { recursive: true });
      const file = join(FINDINGS, `${target.name}-${seed}-${number}`);
      writeFileSync(file, target.make(caseRandom(seed, target.name, number)));
      console.log(`  case ${number}: ${violation}\n  written to ${file}`);
    }
    total += findings.length;
  }
  console.log(`${targets.length * cases} cases, ${total} findings, seed ${seed}`);
  process.exitCode = total === 0 ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
