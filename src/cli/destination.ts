// cli: where a result goes: a file, or standard output.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { assertReplaceable, writeFileAtomic } from '../node/atomic-writer.js';
import { printToStandardError } from './output.js';
import { UsageError } from './usage.js';

/** The name of standard output. */
export const STDOUT = '-';

/**
 * Checks before any work that results can be written. If one goes to standard output, everything else is printed to
 * standard error.
 *
 * @param paths by the flag that named them
 * @param inputs files that are read, which no result may overwrite, by their argument or flag
 */
export async function assertDestinations(
  paths: Readonly<Record<string, string | undefined>>,
  json: boolean | undefined,
  inputs: Readonly<Record<string, string | undefined>> = {},
): Promise<void> {
  assertDistinct(paths, inputs);
  const toStdout = Object.keys(paths).filter((flag) => paths[flag] === STDOUT);
  if (toStdout.length > 1) throw new UsageError(`Only one of ${toStdout.join(' and ')} can be -, standard output.`);
  const [flag] = toStdout;
  if (flag !== undefined && json) {
    throw new UsageError(`--json must be left out with ${flag} -, because both write to standard output.`);
  }
  for (const path of Object.values(paths)) {
    if (path !== undefined && path !== STDOUT) await assertReplaceable(path);
  }
  if (flag !== undefined) printToStandardError();
}

/** Refuses two results in one file, and a result in place of an input. */
function assertDistinct(
  paths: Readonly<Record<string, string | undefined>>,
  inputs: Readonly<Record<string, string | undefined>>,
): void {
  const named = (of: Readonly<Record<string, string | undefined>>) =>
    Object.entries(of).flatMap(([name, path]) =>
      path === undefined || path === STDOUT ? [] : [[name, resolve(path)] as const],
    );
  const results = named(paths);
  for (const [i, [flag, path]] of results.entries()) {
    const other = results.slice(0, i).find(([, each]) => each === path)?.[0];
    if (other !== undefined) throw new UsageError(`${other} and ${flag} must be different files.`);
    const input = named(inputs).find(([, each]) => each === path)?.[0];
    if (input !== undefined) throw new UsageError(`${flag} must be another file than ${input}; got ${paths[flag]}.`);
  }
}

export async function writeResult(path: string, content: string | Uint8Array): Promise<void> {
  if (path !== STDOUT) return writeFileAtomic(path, content);
  if (!process.stdout.write(content)) await once(process.stdout, 'drain');
}

/** A destination as a summary shows it. */
export function destination(path: string): string {
  return path === STDOUT ? 'standard output' : path;
}
