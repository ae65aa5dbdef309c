// node: temporary files whose names identify their process, so that leftovers of killed processes can be removed.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { livenessOf, type ProcessName, thisProcess } from './processes.js';

/** A new hidden name in the folder of `path`, for a file that will be renamed to `path`. */
export function temporaryBeside(path: string): string {
  const { pid, host, start } = thisProcess();
  const name = [hashOf(host), pid, start, randomBytes(4).toString('hex')].join('-');
  return join(dirname(path), `.${basename(path)}.${name}.partial`);
}

const OWNED = /^([0-9a-f]{8})-(\d+)-(\d*)-[0-9a-f]{8}\.partial$/;

/** Removes the temporary files of dead processes beside `path`. Those of running processes stay. */
export async function removeLeftBeside(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    const owner = name.startsWith(prefix) ? ownerIn(name.slice(prefix.length)) : undefined;
    // Errors are ignored here: writing the file itself reports an unwritable folder.
    if (owner !== undefined && livenessOf(owner) === 'dead')
      await rm(join(dirname(path), name), { force: true }).catch(() => {});
  }
}

/** The owner, if it is a process of this machine. */
function ownerIn(name: string): ProcessName | undefined {
  const [, hash, pid, start] = OWNED.exec(name) ?? [];
  const { host } = thisProcess();
  return hash === hashOf(host) ? { pid: Number(pid), host, start } : undefined;
}

function hashOf(host: string): string {
  return createHash('sha256').update(host).digest('hex').slice(0, 8);
}
