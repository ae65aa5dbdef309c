// cli: --sql, a query in place of DATA. Its code is loaded when it runs.
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedBytes } from '../../reading/bytes.js';
import { UsageError } from '../usage.js';
import type { Room } from './row-files.js';

/** Rows of a query, as the bytes of a typed table. */
export class Query {
  /** @param bytes the rows; a command that reads them twice passes those of one run */
  constructor(readonly bytes: (room: Room) => Promise<NamedBytes>) {}
}

/** Memory that DuckDB needs for any query, in bytes, and for each thread that works on a large one. */
const LEAST = 128e6;
const OF_A_THREAD = 128e6;

/** The rows of an SQL query. Each stream runs it. */
function sqlQuery(sql: string): Query {
  return new Query(async ({ memory, signal }) => {
    const { sqlBytes } = await import('../../formats/sql.js');
    const { memoryForData } = await import('../../node/memory.js');
    // The other half is for the rows that are read meanwhile.
    const own = Math.max(LEAST, (memory ?? memoryForData()) / 2);
    return sqlBytes(sql, {
      memory: own,
      threads: Math.min(availableParallelism(), Math.max(1, Math.floor(own / OF_A_THREAD))),
      temporary: join(tmpdir(), `softmax-regression-sql-${process.pid}`),
      signal,
    });
  });
}

/** What a command reads: a path or the name of a data set, or a query. */
export type Data = string | Query;

/** DATA or --sql, of which a command needs one. */
export function dataOf(source: string | undefined, sql: string | undefined): Data {
  if (source !== undefined && sql !== undefined) {
    throw new UsageError('--sql must be left out with DATA: the rows come from one of them.');
  }
  if (sql !== undefined) return sqlQuery(sql);
  if (source === undefined) throw new UsageError("missing required argument 'data': a file, or --sql with a query.");
  return source;
}

/** DATA in messages. */
export function nameOf(source: Data): string {
  return typeof source === 'string' ? source : 'SQL';
}
