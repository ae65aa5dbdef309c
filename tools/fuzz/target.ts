// What is fuzzed: a reader, the files that it should read, and what must hold of whatever it is given.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/core/random.js';

export interface Target {
  readonly name: string;
  /** A hostile input. */
  readonly make: (random: Random) => Uint8Array;
  /** Reads it. Returns where it is accepted; throws an error with a name of ours where refused, a Violation where a promise broke. */
  readonly check: (bytes: Uint8Array, random: Random) => unknown;
  /** Codes that a refusal may have, beside FORMAT, SHAPE and DOMAIN. */
  readonly codes?: readonly string[];
}

/** Good files, from which hostile ones are made. */
export function corpus(name: string): ReadonlyMap<string, Uint8Array> {
  return filesOf(join(__dirname, 'corpus', name));
}

/** Of what was found, that which is shorter to say than to keep; by reader. */
const MADE: Readonly<Record<string, readonly (readonly [string, Uint8Array])[]>> = {
  csv: [
    [
      'fifty-thousand-blank-lines-and-a-bad-byte.csv',
      Buffer.from(`${'\r\n'.repeat(50_006)}\xef\xbb\xbfid;width;species\r;x\r\n6\xaa<`, 'latin1'),
    ],
  ],
};

/** Inputs that once broke a promise, named after what they are. */
export function found(name: string): ReadonlyMap<string, Uint8Array> {
  const folder = join(__dirname, 'found', name);
  return new Map([...(existsSync(folder) ? filesOf(folder) : []), ...(MADE[name] ?? [])]);
}

function filesOf(folder: string): ReadonlyMap<string, Uint8Array> {
  return new Map(readdirSync(folder).map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))] as const));
}
