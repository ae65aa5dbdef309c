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

/**
 * The rows of a query, in memory. Extensions are neither downloaded nor loaded.
 *
 * @throws FormatError for an error of the query; BackendError without the library; the signal's reason if it is aborted
 */
export async function openSql(sql: string, { memory, threads, temporary, signal }: SqlLimits): Promise<TypedTable> {
  const library = await loadOptional(PACKAGES.sql, NAME, load);
  const instance = await library.DuckDBInstance.create(':memory:', {
    ...{ memory_limit: `${Math.floor(memory / 1e6)}MB`, threads: String(threads), temp_directory: temporary },
    ...{ autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' },
  });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  signal?.addEventListener('abort', interrupt);
  try {
    signal?.throwIfAborted();
    const statement = await connection.prepare(sql);
    if (statement.statementType !== library.StatementType.SELECT) {
      const rule = { where: NAME, argument: 'the query', expected: 'be one SELECT', actual: 'another statement' };
      throw new FormatError(rule);
    }
    const result = await statement.stream();
    const readings = result.columnTypes().map(({ typeId }) => readingOf(library, typeId));
    const blocks: TypedBlock[] = [];
    let rows = 0;
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      signal?.throwIfAborted();
      const columns = chunk.getColumns() as unknown[][];
      const vectors = readings.map(({ refusal, vector }, i) =>
        refusal === undefined ? vector(columns[i]) : undefined,
      );
      blocks.push(new ColumnBlock(vectors, chunk.rowCount, rows + 1));
      rows += chunk.rowCount;
    }
    return {
      name: NAME,
      columns: result.columnNames().map((name, i) => {
        const { use, refusal } = readings[i];
        return { name, ...(use && { use }), ...(refusal && { refusal }) };
      }),
      where: (row) => `${NAME}:${row}`,
      blocks: async function* () {
        yield* blocks;
      },
    };
  } catch (cause) {
    signal?.throwIfAborted();
    if (isSoftmaxRegressionError(cause)) throw cause;
    const actual = messageOf(cause)
      .split('\n')[0]
      .replace(/[.!]+$/, '');
    throw new FormatError({ where: NAME, argument: 'the query', expected: 'run', actual, cause });
  } finally {
    signal?.removeEventListener('abort', interrupt);
    connection.closeSync();
    instance.closeSync();
  }
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
