// cli: --sql, a query in place of DATA. Its code is loaded when it runs.
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TypedTable } from '../../data/table/typed/table.js';
import { UsageError } from '../usage.js';

/** An SQL query. A command that reads DATA twice reads the result of one run. */
export class Query {
  readonly #sql: string;
  #table: Promise<TypedTable> | undefined;

  constructor(sql: string) {
    this.#sql = sql;
  }

  open(signal?: AbortSignal): Promise<TypedTable> {
    this.#table ??= this.#run(signal);
    return this.#table;
  }

  async #run(signal: AbortSignal | undefined): Promise<TypedTable> {
    const { openSql } = await import('../../formats/sql.js');
    const { memoryForData } = await import('../../node/memory.js');
    return openSql(this.#sql, {
      memory: memoryForData() / 2,
      threads: availableParallelism(),
      temporary: join(tmpdir(), `softmax-regression-sql-${process.pid}`),
      signal,
    });
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
