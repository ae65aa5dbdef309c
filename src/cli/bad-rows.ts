// cli: --skip-bad: the rows that do not fit their table, in a file with their reasons.
import type { BadRow } from '../data/table/bad-rows.js';
import { writeResult } from './destination.js';
import { inFlags } from './explain.js';
import { count } from './output.js';
import { csvField } from './prediction-lines.js';

export class BadRowsFile {
  readonly #path: string;
  readonly #lines: string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  readonly take = ({ line, error, fields }: BadRow): void => {
    const row = fields.map(csvField).join();
    this.#lines.push(`${line},${csvField(inFlags(error.message))},${csvField(row)}\n`);
  };

  /** Writes the file, also if no row was refused. Returns a sentence about it. */
  async write(): Promise<string> {
    await writeResult(this.#path, `line,reason,row\n${this.#lines.join('')}`);
    const n = this.#lines.length;
    return `${count(n)} ${n === 1 ? 'row does' : 'rows do'} not fit the table: ${this.#path}`;
  }
}
