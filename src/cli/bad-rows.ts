// cli: --skip-bad: the rows that do not fit their table, in a file with their reasons.
import type { BadRow } from '../data/table/bad-rows.js';
import { writeResult } from './destination.js';
import { inFlags } from './explain.js';
import { count } from './output.js';
import { csvField } from './prediction-lines.js';
import { note } from './terminal.js';

export class BadRowsFile {
  readonly #path: string;
  /** The lines of the file by the place of the row. */
  readonly #lines = new Map<string, string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the rows of a data file. A row that is read twice, as by `compare`, is taken once. */
  of(name: string): (row: BadRow) => void {
    return ({ line, error, fields }) => {
      const place = `${name}:${line}`;
      if (this.#lines.has(place)) return;
      const row = fields.map(csvField).join();
      this.#lines.set(place, `${line},${csvField(inFlags(error.message))},${csvField(row)}\n`);
    };
  }

  /** Writes the file, also if no row was refused. Returns a sentence about it. */
  async write(): Promise<string> {
    await writeResult(this.#path, `line,reason,row\n${[...this.#lines.values()].join('')}`);
    const n = this.#lines.size;
    return `${count(n)} ${n === 1 ? 'row does' : 'rows do'} not fit the table: ${this.#path}`;
  }
}

/** Reads data, and writes the file of --skip-bad if there is one: the rows of every data file that was read. */
export async function withBadRows<T>(
  path: string | undefined,
  read: (bad: BadRowsFile | undefined) => Promise<T>,
): Promise<T> {
  const bad = path === undefined ? undefined : new BadRowsFile(path);
  const result = await read(bad);
  if (bad !== undefined) note(await bad.write());
  return result;
}
