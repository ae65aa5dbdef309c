// A fuzz target: a reader, its valid files, and the checks for every input.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/core/random.js';

export interface Target {
  readonly name: string;
  /** A hostile input. */
  readonly make: (random: Random) => Uint8Array;
  /** Reads an input. Throws an error of this package if the input is refused, and a Violation for a fault. */
  readonly check: (bytes: Uint8Array, random: Random) => unknown;
  /** The allowed codes of a refusal, besides FORMAT, SHAPE and DOMAIN. */
  readonly codes?: readonly string[];
  /**
   * Whether another package decodes the bytes. docs/tables.md does not promise its time and memory for damaged files, so a case
   * that exceeds them is counted, and is no finding.
   */
  readonly isBorrowed?: boolean;
}

/** Valid files, from which hostile ones are made. */
export function corpus(name: string): ReadonlyMap<string, Uint8Array> {
  return filesOf(join(__dirname, 'corpus', name));
}

const many = (column: (i: number) => string) => Array.from({ length: 50_000 }, (_, i) => column(i)).join();

/** Findings that are generated, because code is shorter than the file; by reader. */
const MADE: Readonly<Record<string, readonly (readonly [string, Uint8Array])[]>> = {
  csv: [
    [
      'fifty-thousand-blank-lines-and-a-bad-byte.csv',
      Buffer.from(`${'\r\n'.repeat(50_006)}\xef\xbb\xbfid;width;species\r;x\r\n6\xaa<`, 'latin1'),
    ],
    ['header-with-four-hundred-thousand-doubled-quotes.csv', Buffer.from(`x,"${'""'.repeat(400_000)}"\n1,2\n`)],
    ['field-with-four-hundred-thousand-doubled-quotes.csv', Buffer.from(`x,y\n1,"${'""'.repeat(400_000)}"\n`)],
    ['fifty-thousand-columns-in-quotes.csv', Buffer.from(`${many((i) => `"c${i}"`)}\n${many((i) => `"${i}"`)}\n`)],
    ['second-row-of-a-hundred-thousand-lines.csv', Buffer.from(`x;y,z\n1,"${'""\n'.repeat(100_000)}"\n`)],
    ['text-of-a-hundred-thousand-T.csv', Buffer.from(`x,y\n1,${'T'.repeat(100_000)}\n`)],
  ],
};

/** Inputs that once caused a violation, by descriptive name. */
export function found(name: string): ReadonlyMap<string, Uint8Array> {
  const folder = join(__dirname, 'found', name);
  return new Map([...(existsSync(folder) ? filesOf(folder) : []), ...(MADE[name] ?? [])]);
}

function filesOf(folder: string): ReadonlyMap<string, Uint8Array> {
  return new Map(readdirSync(folder).map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))] as const));
}
