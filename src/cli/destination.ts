// cli: where a result goes: a file, or standard output.
import { once } from 'node:events';
import { assertReplaceable } from '../node/atomic-writer.js';
import { writeFileAtomic } from '../node/files.js';
import { printToStandardError } from './output.js';
import { UsageError } from './usage.js';

/** The name of standard output. */
export const STDOUT = '-';

/**
 * Checks before any work that results can be written. If one goes to standard output, everything else is printed to
 * standard error.
 *
 * @param paths by the flag that named them
 */
export async function assertDestinations(
  paths: Readonly<Record<string, string | undefined>>,
  json: boolean | undefined,
): Promise<void> {
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

export async function writeResult(path: string, content: string | Uint8Array): Promise<void> {
  if (path !== STDOUT) return writeFileAtomic(path, content);
  if (!process.stdout.write(content)) await once(process.stdout, 'drain');
}

/** A destination as a summary shows it. */
export function destination(path: string): string {
  return path === STDOUT ? 'standard output' : path;
}
