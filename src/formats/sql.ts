// formats: the result of an SQL query → the bytes of a typed table, by DuckDB. For Node only.
import { FormatError, isSoftmaxRegressionError } from '../core/errors.js';
import type { Refusal } from '../data/table/typed/table.js';
import { exactNumbers, type MomentUnit, type Value } from '../data/table/typed/vectors.js';
import type { NamedBytes } from '../reading/bytes.js';
import { loadOptional, messageOf, PACKAGES } from './packages.js';
import { blockBytes, type Cells, type KeptColumn, tableStart } from './table-bytes.js';

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
 * The result of a query, for `openTableBytes`. Each stream runs the query, and nothing of the result is held in memory but what is
 * being read. Extensions are neither downloaded nor loaded.
 *
 * @throws from the stream: FormatError for an error of the query; BackendError without the library; the signal's reason if it
 *         is aborted
 */
export function sqlBytes(sql: string, limits: SqlLimits): NamedBytes {
  return { name: NAME, stream: () => resultOf(sql, limits) };
}

async function* resultOf(
  sql: string,
  { memory, threads, temporary, signal }: SqlLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
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
    yield tableStart(
      result.columnNames().map((name, i): KeptColumn => {
        const { use, refusal, unit } = readings[i];
        return { name, ...(use && { use }), ...(refusal && { refusal }), ...(unit && { unit }) };
      }),
    );
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      signal?.throwIfAborted();
      const columns = chunk.getColumns() as unknown[][];
      const cells = readings.map(({ refusal, cells }, i) => (refusal === undefined ? cells(columns[i]) : undefined));
      yield blockBytes(chunk.rowCount, cells);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (isSoftmaxRegressionError(cause)) throw cause;
    const actual = messageOf(cause)
      .split('\n')[0]
      .replace(/[.!]+$/, '');
    const hint = actual.startsWith('Out of Memory') ? 'It has half of the memory: allow more.' : undefined;
    throw new FormatError({ where: NAME, argument: 'the query', expected: 'run', actual, hint, cause });
  } finally {
    signal?.removeEventListener('abort', interrupt);
    connection.closeSync();
    instance.closeSync();
  }
}

/** How the values of a column are read. */
interface Reading {
  readonly use?: 'date' | 'category';
  readonly unit?: MomentUnit;
  readonly refusal?: Refusal;
  readonly cells: (values: readonly unknown[]) => Cells;
}

const VALUES: Reading = { cells: (values) => values as readonly Value[] };
const NUMBERS: Reading = { cells: (values) => Float64Array.from(values as readonly (number | null)[], orMissing) };
const INTEGERS: Reading = {
  cells: (values) => exactNumbers(values as readonly (bigint | null)[]) ?? (values as readonly Value[]),
};

function orMissing(value: number | null): number {
  return value ?? Number.NaN;
}

/** Moments, which the library gives as objects with one number. */
function moments(unit: MomentUnit, key: string): Reading {
  const numberOf = (value: unknown) => (value === null ? null : (value as Record<string, bigint | number>)[key]);
  return { use: 'date', unit, cells: (values) => values.map(numberOf) };
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
      return { cells: (values) => values.map((value) => (value === null ? null : String(value))) };
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
