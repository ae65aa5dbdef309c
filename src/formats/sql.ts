// formats: the result of an SQL query → a typed table, by DuckDB. For Node only.
import { FormatError, isSoftmaxRegressionError } from '../core/errors.js';
import { ColumnBlock } from '../data/table/typed/block.js';
import type { Refusal, TypedBlock, TypedTable } from '../data/table/typed/table.js';
import {
  integers,
  Moments,
  type MomentUnit,
  Numbers,
  type Value,
  Values,
  type Vector,
} from '../data/table/typed/vectors.js';
import { loadOptional, messageOf, PACKAGES } from './packages.js';

const load = () => import('@duckdb/node-api');

type Library = Awaited<ReturnType<typeof load>>;
type Connection = Awaited<ReturnType<InstanceType<Library['DuckDBInstance']>['connect']>>;

/** What DuckDB may take. */
export interface SqlLimits {
  /** Bytes of memory. */
  readonly memory: number;
  readonly threads: number;
  /** The folder for what does not fit into memory; DuckDB makes and removes it. */
  readonly temporary: string;
  readonly signal?: AbortSignal | undefined;
}

/** The name of the table in messages. */
const NAME = 'SQL';

/** The result of a query. */
export interface SqlTable extends TypedTable {
  /** Frees the memory of the result, and removes its files. There are no passes afterwards. */
  close(): void;
}

/** The result is a table of DuckDB, with these columns. */
const TABLE = 'result';
const columnAt = (i: number) => `c${i}`;

/**
 * The rows of a query, which runs once. DuckDB keeps them in its memory, and what does not fit in its folder for temporary
 * files. Each pass reads them in the same order. Extensions are neither downloaded nor loaded.
 *
 * @throws FormatError for an error of the query; BackendError without the library; the signal's reason if it is aborted
 */
export async function openSql(sql: string, { memory, threads, temporary, signal }: SqlLimits): Promise<SqlTable> {
  const library = await loadOptional(PACKAGES.sql, NAME, load);
  const instance = await library.DuckDBInstance.create(':memory:', {
    ...{ memory_limit: `${Math.floor(memory / 1e6)}MB`, threads: String(threads), temp_directory: temporary },
    ...{ autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' },
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  const interrupt = () => connection.interrupt();
  signal?.addEventListener('abort', interrupt);
  try {
    signal?.throwIfAborted();
    const statement = await connection.prepare(sql);
    if (statement.statementType !== library.StatementType.SELECT) {
      const rule = { where: NAME, argument: 'the query', expected: 'be one SELECT', actual: 'another statement' };
      throw new FormatError(rule);
    }
    const fields = Array.from({ length: statement.columnCount }, (_, i) => i);
    const readings = fields.map((i) => readingOf(library, statement.columnType(i).typeId));
    await connection.run(`create temp table ${TABLE}(${fields.map(columnAt)}) as ${sql}`);
    return {
      name: NAME,
      columns: fields.map((i) => {
        const { use, refusal } = readings[i];
        return { name: statement.columnName(i), ...(use && { use }), ...(refusal && { refusal }) };
      }),
      where: (row) => `${NAME}:${row}`,
      blocks: (read) => blocksOf(connection, readings, read, signal),
      close,
    };
  } catch (cause) {
    close();
    throw refused(cause, signal);
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}

/** The rows of the result, in its order. */
async function* blocksOf(
  connection: Connection,
  readings: readonly Reading[],
  read: ReadonlySet<number>,
  signal: AbortSignal | undefined,
): AsyncGenerator<TypedBlock, void, undefined> {
  const fields = readings.flatMap(({ refusal }, i) => (read.has(i) && refusal === undefined ? [i] : []));
  // A row has at least one column.
  const columns = fields.length === 0 ? 'null' : fields.map(columnAt).join();
  try {
    const result = await connection.stream(`select ${columns} from ${TABLE}`);
    for (let rows = 0; ; ) {
      signal?.throwIfAborted();
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      const values = chunk.getColumns() as unknown[][];
      const vectors: (Vector | undefined)[] = readings.map(() => undefined);
      fields.forEach((i, k) => {
        vectors[i] = readings[i].vector(values[k]);
      });
      yield new ColumnBlock(vectors, chunk.rowCount, rows + 1);
      rows += chunk.rowCount;
    }
  } catch (cause) {
    throw refused(cause, signal);
  }
}

/** The error of a query that cannot be run or read. */
function refused(cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (isSoftmaxRegressionError(cause)) return cause;
  const actual = messageOf(cause)
    .split('\n')[0]
    .replace(/[.!]+$/, '');
  return new FormatError({ where: NAME, argument: 'the query', expected: 'run', actual, cause });
}

/** How the values of a column are read. */
interface Reading {
  readonly use?: 'date' | 'category';
  readonly refusal?: Refusal;
  readonly vector: (values: readonly unknown[]) => Vector;
}

const VALUES: Reading = { vector: (values) => new Values(values as readonly Value[]) };
const NUMBERS: Reading = { vector: (values) => new Numbers(values as readonly number[]) };
const INTEGERS: Reading = { vector: (values) => integers(values as readonly bigint[]) };

/** Moments, which the library gives as objects with one number. */
function moments(unit: MomentUnit, key: string): Reading {
  const numberOf = (value: unknown) => (value === null ? null : (value as Record<string, bigint | number>)[key]);
  return { use: 'date', vector: (values) => new Moments(values.map(numberOf), unit) };
}

function readingOf({ DuckDBTypeId: Id }: Library, id: number): Reading {
  switch (id) {
    case Id.TINYINT:
    case Id.SMALLINT:
    case Id.INTEGER:
    case Id.UTINYINT:
    case Id.USMALLINT:
    case Id.UINTEGER:
    case Id.FLOAT:
    case Id.DOUBLE:
      return NUMBERS;
    case Id.BIGINT:
    case Id.UBIGINT:
    case Id.HUGEINT:
    case Id.UHUGEINT:
      return INTEGERS;
    case Id.BOOLEAN:
    case Id.VARCHAR:
    case Id.SQLNULL:
      return VALUES;
    case Id.UUID:
      return { vector: (values) => new Values(values.map((value) => (value === null ? null : String(value)))) };
    case Id.ENUM:
      return { ...VALUES, use: 'category' };
    case Id.DATE:
      return moments('day', 'days');
    case Id.TIMESTAMP:
    case Id.TIMESTAMP_TZ:
      return moments('microsecond', 'micros');
    case Id.TIMESTAMP_S:
      return moments('second', 'seconds');
    case Id.TIMESTAMP_MS:
      return moments('millisecond', 'millis');
    case Id.TIMESTAMP_NS:
      return moments('nanosecond', 'nanos');
    case Id.DECIMAL:
      return { ...VALUES, refusal: { type: 'decimal numbers', hint: 'Cast it: cast(x as double).' } };
    default:
      return { ...VALUES, refusal: { type: `the type ${Id[id]}` } };
  }
}
