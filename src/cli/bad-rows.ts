// cli: --skip-bad: the rows that do not fit their table, in a file with their reasons.
import { devNull } from 'node:os';
import type { BadRow } from '../data/table/bad-rows.js';
import { type AtomicWriter, openAtomicWriter } from '../node/atomic-writer.js';
import type { Data } from './data/query.js';
import { unitOf } from './data/tables.js';
import { inFlags } from './explain.js';
import { STDOUT } from './files.js';
import { count } from './output.js';
import { csvField } from './prediction-lines.js';
import { note, writeData } from './terminal.js';

/** The last column has the row as it is written; the first one its place. */
const HEADERS = { line: 'line,reason,row\n', row: 'row,reason,values\n' } as const;

/** Characters that are written at a time. */
const PIECE = 2 ** 16;

/** The file is written row by row. On standard output, rows are kept until all are known. */
export class BadRowsFile {
  readonly #path: string;
  readonly #writer: AtomicWriter | undefined;
  #pending: string;
  /** The lines of the rows, by the name of the data file. */
  readonly #lines = new Map<string, Set<number>>();

  private constructor(path: string, unit: 'line' | 'row', writer: AtomicWriter | undefined) {
    this.#path = path;
    this.#pending = HEADERS[unit];
    this.#writer = writer;
  }

  /** @param unit how the rows are numbered */
  static async open(path: string, unit: 'line' | 'row'): Promise<BadRowsFile> {
    const isFile = path !== STDOUT && path !== devNull;
    return new BadRowsFile(path, unit, isFile ? await openAtomicWriter(path) : undefined);
  }

  /** Takes the rows of a data file. A row that is read twice, as by `compare`, is taken once. */
  of(name: string): (row: BadRow) => void {
    const lines = this.#lines.get(name) ?? new Set<number>();
    this.#lines.set(name, lines);
    return ({ line, error, fields }) => {
      if (lines.has(line)) return;
      lines.add(line);
      if (this.#path === devNull) return;
      const row = fields.map(csvField).join();
      this.#pending += `${line},${csvField(inFlags(error.message))},${csvField(row)}\n`;
      if (this.#writer === undefined || this.#pending.length < PIECE) return;
      this.#writer.writeSync(this.#pending);
      this.#pending = '';
    };
  }

  /** Completes the file, also if no row was refused. Returns a sentence about it. */
  async commit(): Promise<string> {
    if (this.#path === STDOUT) await writeData(this.#pending);
    if (this.#writer !== undefined) {
      await this.#writer.write(this.#pending);
      await this.#writer.commit();
    }
    const n = [...this.#lines.values()].reduce((sum, { size }) => sum + size, 0);
    return `${count(n)} ${n === 1 ? 'row does' : 'rows do'} not fit the table: ${this.#path}`;
  }

  /** Keeps the previous file. Does nothing after `commit`. */
  async abandon(): Promise<void> {
    await this.#writer?.abandon();
  }
}

/**
 * Reads data, and writes the file of --skip-bad if there is one: the rows of every data file that was read.
 *
 * @param source the data, or the first of them: their rows are numbered alike, and each reason names file and row
 */
export async function withBadRows<T>(
  path: string | undefined,
  source: Data,
  read: (bad: BadRowsFile | undefined) => Promise<T>,
): Promise<T> {
  if (path === undefined) return read(undefined);
  const bad = await BadRowsFile.open(path, unitOf(source));
  try {
    const result = await read(bad);
    note(await bad.commit());
    return result;
  } finally {
    await bad.abandon();
  }
}
