// Runs the suites of one mutant in fresh processes with a limit of CPU time.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { BUILT, builtSource, builtSuite, translate } from './build.js';
import type { Order, Outcome } from './child.js';
import type { Mutant } from './mutate.js';
import type { Round } from './suites.js';

export type Verdict =
  | { readonly fate: 'killed'; readonly by: string }
  | { readonly fate: 'timed out' }
  | { readonly fate: 'survived' };

/** The CPU seconds for the start of a process, and the maximum ratio to the time without a mutant. */
const START = 10;
const PATIENCE = 4;

type Lapse = { readonly died: string };

function inProcess(order: Order, backends: readonly string[]): Promise<Outcome | Lapse> {
  // Not the options of this process: a source loader would load the package without the mutant.
  const child = fork(join(BUILT, 'tools', 'mutants', 'child.js'), {
    execArgv: ['--max-old-space-size=2048'],
    env: { ...process.env, SOFTMAX_REGRESSION_TEST_BACKENDS: backends.join(',') },
    stdio: 'ignore',
  });
  return new Promise((resolve) => {
    let outcome: Outcome | undefined;
    child.once('message', (message: Outcome) => {
      outcome = message;
    });
    child.once('exit', (code, signal) => resolve(outcome ?? { died: signal ?? `code ${code}` }));
    child.send(order);
  });
}

/** Runs the suites without a mutant, and returns their CPU seconds. */
export async function baseline({ suites, backends }: Round): Promise<number> {
  const outcome = await inProcess({ suites: suites.map(builtSuite), seconds: 600 }, backends);
  if ('passed' in outcome && outcome.passed > 0) return outcome.seconds.reduce((sum, each) => sum + each, 0);
  const reason = 'failed' in outcome ? `${outcome.failed}: ${outcome.message}` : JSON.stringify(outcome);
  throw new Error(`without a mutant, on ${backends.join(', ')}, ${suites.join(', ')} must pass; got ${reason}`);
}

/** Runs rounds until one detects the mutant. `seconds` is the time of a round without a mutant. */
export async function judge(
  mutant: Mutant,
  rounds: readonly Round[],
  seconds: (round: Round) => Promise<number>,
): Promise<Verdict> {
  const replace = { path: builtSource(mutant.file), text: translate(mutant.source) };
  for (const round of rounds) {
    const limit = START + PATIENCE * (await seconds(round));
    const outcome = await inProcess({ suites: round.suites.map(builtSuite), replace, seconds: limit }, round.backends);
    if ('failed' in outcome) return { fate: 'killed', by: outcome.failed };
    if ('died' in outcome) {
      // SIGKILL is the limit. Any other end of the process is a detected fault.
      return outcome.died === 'SIGKILL' ? { fate: 'timed out' } : { fate: 'killed', by: `its end: ${outcome.died}` };
    }
  }
  return { fate: 'survived' };
}
