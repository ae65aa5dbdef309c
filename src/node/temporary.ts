// node: temporary files that say whose they are, so that what a killed process left is known, and removed by the next.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isGone, type ProcessName, thisProcess } from './processes.js';

/** A new hidden name beside `path`, in its folder, for what is to be renamed to it. */
export function temporaryBeside(path: string): string {
  const { pid, host, start } = thisProcess();
  const name = [hashOf(host), pid, start, randomBytes(4).toString('hex')].join('-');
  return join(dirname(path), `.${basename(path)}.${name}.partial`);
}

const OWNED = /^([0-9a-f]{8})-(\d+)-(\d*)-[0-9a-f]{8}\.partial$/;

/** Removes what processes that are gone left beside `path`; those of the living stay. */
export async function removeLeftBeside(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    const owner = name.startsWith(prefix) ? ownerIn(name.slice(prefix.length)) : undefined;
    // A folder that cannot be written says so when the file itself is.
    if (owner !== undefined && isGone(owner)) await rm(join(dirname(path), name), { force: true }).catch(() => {});
  }
}

/** The owner, if it is one of this machine. */
function ownerIn(name: string): ProcessName | undefined {
  const [, hash, pid, start] = OWNED.exec(name) ?? [];
  const { host } = thisProcess();
  return hash === hashOf(host) ? { pid: Number(pid), host, start } : undefined;
}

function hashOf(host: string): string {
  return createHash('sha256').update(host).digest('hex').slice(0, 8);
}
