// The table of `npm run same-bits`.
import { CASE_NAMES, type CaseName, type Hashes } from './cases.js';
import type { Scripts, Way } from './ways.js';

export interface Row {
  readonly name: string;
  /** Undefined if the way is missing here. */
  readonly hashes?: Hashes;
  /** Why it is missing, or how it failed. */
  readonly note?: string;
  readonly failed?: true;
}

/** Computes all models in one way. */
export async function rowOf({ name, missing, run }: Way, scripts: Scripts): Promise<Row> {
  if (missing !== undefined) return { name, note: `skipped: ${missing}` };
  try {
    return { name, hashes: await run(scripts) };
  } catch (error) {
    return { name, note: `failed: ${(error as Error).message.split('\n')[0]}`, failed: true };
  }
}

/** Characters of a hash that are printed. */
const SHORT = 8;

export function header(names: readonly CaseName[]): string {
  return lineOf('model', names);
}

/** One line: the hash of each model file, or why there is none. */
export function lineFor({ name, hashes, note }: Row, names: readonly CaseName[]): string {
  if (hashes === undefined) return lineOf(name, [note ?? '']);
  return lineOf(
    name,
    names.map((each) => hashes[each]?.slice(0, SHORT) ?? 'none'),
  );
}

function lineOf(name: string, cells: readonly string[]): string {
  return [name.padEnd(46), ...cells.map((cell) => cell.padEnd(SHORT + 2))].join(' ').trimEnd();
}

/** The models whose files or fits differ between two rows, or that a row lacks. Failed rows lack all. */
export function differences(rows: readonly Row[], names: readonly CaseName[] = CASE_NAMES): CaseName[] {
  const run = rows.filter(({ hashes, failed }) => hashes !== undefined || failed);
  return names.filter((name) => {
    const first = run[0]?.hashes?.[name];
    return first === undefined || run.some(({ hashes }) => hashes?.[name] !== first);
  });
}
