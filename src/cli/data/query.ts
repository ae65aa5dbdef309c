// cli: --sql, a query in place of DATA. Its code is loaded when it runs.
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqlTable } from '../../formats/sql.js';
import { UsageError } from '../usage.js';
import type { Room } from './row-files.js';

/** The least memory that DuckDB works in. */
const LEAST = 2 ** 27;

/** An SQL query. A command that reads DATA twice reads the result of one run. */
export class Query {
  readonly #sql: string;
  #table: Promise<SqlTable> | undefined;

  constructor(sql: string) {
    this.#sql = sql;
  }

  open(room: Room = {}): Promise<SqlTable> {
    this.#table ??= this.#run(room);
    return this.#table;
  }

  async #run({ memory, signal }: Room): Promise<SqlTable> {
    const { openSql } = await import('../../formats/sql.js');
    const { memoryForData } = await import('../../node/memory.js');
    const table = await openSql(this.#sql, {
      memory: Math.max(LEAST, (memory ?? memoryForData()) / 2),
      threads: availableParallelism(),
      temporary: join(tmpdir(), `softmax-regression-sql-${process.pid}`),
      signal,
    });
    // Else its files stay.
    process.once('exit', table.close);
    return table;
  }

  /** Ends the query, whose rows are no longer read. */
  async close(): Promise<void> {
    const table = await this.#table;
    if (table === undefined) return;
    process.off('exit', table.close);
    table.close();
  }
}

/** What a command reads: a path or the name of a data set, or a query. */
export type Data = string | Query;

/** DATA or --sql, of which a command needs one. */
export function dataOf(source: string | undefined, sql: string | undefined): Data {
  if (source !== undefined && sql !== undefined) {
    throw new UsageError('--sql must be left out with DATA: the rows come from one of them.');
  }
  if (sql !== undefined) return new Query(sql);
  if (source === undefined) throw new UsageError("missing required argument 'data': a file, or --sql with a query.");
  return source;
}

/** DATA in messages. */
export function nameOf(source: Data): string {
  return typeof source === 'string' ? source : 'SQL';
}
