// formats: Parquet files → a typed table, by hyparquet.
import { FormatError } from '../core/errors.js';
import { describe } from '../core/shape.js';
import { MAX_ROWS } from '../data/table/limits.js';
import { ColumnBlock } from '../data/table/typed/block.js';
import type { Refusal, TypedColumn, TypedTable } from '../data/table/typed/table.js';
import {
  integers,
  Moments,
  type MomentUnit,
  Numbers,
  type Value,
  Values,
  type Vector,
} from '../data/table/typed/vectors.js';
import type { BinaryFile } from '../reading/format.js';
import { loadOptional, PACKAGES } from './packages.js';
import { decoded, joinedParts, type Part } from './parts.js';

async function load() {
  const [hyparquet, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  return { ...hyparquet, compressors };
}

type Library = Awaited<ReturnType<typeof load>>;
type Metadata = ReturnType<Library['parquetMetadata']>;
type Node = ReturnType<Library['parquetSchema']>;
/** The values of a column, or of a part of it. */
type Decoded = ArrayLike<unknown>;

/**
 * The table in one file, or in several with the same columns, one after the other. Each row group is a block. Of a file, no more
 * is read at a time than the columns of a row group that are asked for.
 *
 * @throws FormatError for a file that is damaged, or has other columns than the first; BackendError without the library
 */
export async function openParquet(files: readonly BinaryFile[], name: string): Promise<TypedTable> {
  const library = await loadOptional(PACKAGES.parquet, name, load);
  const parts: Part[] = [];
  for (const file of files) parts.push(await partOf(library, file));
  return joinedParts(parts, name);
}

async function partOf(library: Library, file: BinaryFile): Promise<Part> {
  const { name } = file;
  await assertWhole(file);
  const damaged = 'be those of a Parquet file';
  const metadata = await decoded(name, 'the metadata', damaged, () =>
    library.parquetMetadataAsync(file, { geoparquet: false }),
  );
  const nodes = decoded(name, 'the metadata', damaged, () => library.parquetSchema(metadata)).children;
  const rows = Number(metadata.num_rows);
  if (!(rows >= 0 && rows <= MAX_ROWS)) {
    const expected = `have at most ${MAX_ROWS.toLocaleString('en')} rows`;
    throw new FormatError({ where: name, argument: 'the table', expected, actual: String(metadata.num_rows) });
  }
  const readings = decoded(name, 'the metadata', damaged, () => nodes.map(readingOf));
  return {
    name,
    rows,
    columns: nodes.map(({ element }, i) => columnOf(element.name, readings[i])),
    kinds: readings.map(({ kind }) => kind),
    blocks: async function* (read, first) {
      let start = 0;
      for (const group of metadata.row_groups) {
        const count = Number(group.num_rows);
        if (count > 0) {
          const columns = nodes.flatMap((_, i) => (read.has(i) ? [nodes[i].element.name] : []));
          const values = await groupOf(library, { file, metadata }, start, count, columns);
          const vectors = nodes.map(({ element }, i) =>
            read.has(i) ? readings[i].vector(values.get(element.name) as Decoded) : undefined,
          );
          yield new ColumnBlock(vectors, count, first + start);
        }
        start += count;
      }
    },
  };
}

/** The values of the columns of a row group. */
async function groupOf(
  library: Library,
  { file, metadata }: { readonly file: BinaryFile; readonly metadata: Metadata },
  rowStart: number,
  count: number,
  columns: string[],
): Promise<Map<string, Decoded>> {
  const { name } = file;
  const pieces = new Map<string, Decoded[]>(columns.map((column) => [column, []]));
  await decoded(name, 'the row group', 'be read', () =>
    library.parquetRead({
      ...{ file, metadata, columns, rowStart, rowEnd: rowStart + count, compressors: library.compressors },
      // Moments are read from their numbers, so that no digit is lost.
      parsers: { ...AS_NUMBERS, jsonFromBytes: (text) => text && DECODER.decode(text) },
      ...{ utf8: false, geoparquet: false },
      onChunk: ({ columnName, columnData }) => pieces.get(columnName)?.push(columnData),
    }),
  );
  return new Map(
    [...pieces].map(([column, parts]) => {
      const values = joined(parts);
      if (values.length === count) return [column, values];
      const rule = { where: name, argument: column, expected: `have ${count} values in the row group` };
      throw new FormatError({ ...rule, actual: String(values.length), hint: DAMAGED });
    }),
  );
}

const DECODER = new TextDecoder();
const same = <T>(value: T): T => value;
const AS_NUMBERS = {
  timestampFromMilliseconds: same,
  timestampFromMicroseconds: same,
  timestampFromNanoseconds: same,
  dateFromDays: same,
};

function joined(parts: readonly Decoded[]): Decoded {
  if (parts.length === 1) return parts[0];
  const all: unknown[] = [];
  for (const part of parts) for (let i = 0; i < part.length; i++) all.push(part[i]);
  return all;
}

const DAMAGED = 'The file is damaged: fetch or write it again.';
const MAGIC = 'PAR1';
const LATIN1 = new TextDecoder('latin1');

/** Refuses a file that does not begin and end as a Parquet file does. */
async function assertWhole(file: BinaryFile): Promise<void> {
  const { name, byteLength } = file;
  const textAt = async (at: number) => LATIN1.decode(await file.slice(at, at + 4));
  const rule = { where: name, argument: 'the file', expected: `begin and end with ${MAGIC}, as Parquet does` };
  if (byteLength === 0) {
    const hint = 'Fetch or write it again.';
    throw new FormatError({ ...rule, actual: 'an empty file', hint });
  }
  const [start, end] = byteLength < 12 ? ['', ''] : [await textAt(0), await textAt(byteLength - 4)];
  if (start === MAGIC && end === MAGIC) return;
  if (start === MAGIC) {
    throw new FormatError({
      ...rule,
      actual: `${describe(end)} at the end`,
      hint: 'It is cut short: fetch or write it again.',
    });
  }
  throw new FormatError({ ...rule, actual: byteLength < 12 ? `${byteLength} bytes` : describe(start) });
}

/** How the values of a column are read. */
interface Reading {
  /** In messages about a file with other types. */
  readonly kind: string;
  readonly use?: 'date' | 'category';
  readonly refusal?: Refusal;
  readonly vector: (values: Decoded) => Vector;
}

const NUMBERS: Reading = { kind: 'numbers', vector: (values) => new Numbers(values as ArrayLike<number>) };
const INTEGERS: Reading = { kind: 'numbers', vector: (values) => integers(values as ArrayLike<bigint>) };
const BOOLEANS: Reading = { kind: 'booleans', vector: (values) => new Values(values as ArrayLike<Value>) };
const TEXTS: Reading = { kind: 'text', vector: texts };

function moments(unit: MomentUnit): Reading {
  return { kind: 'dates', use: 'date', vector: (values) => new Moments(values as ArrayLike<bigint>, unit) };
}

function refused(type: string, hint?: string): Reading {
  return { ...TEXTS, kind: type, refusal: { type, hint } };
}

const UNITS = { MILLIS: 'millisecond', MICROS: 'microsecond', NANOS: 'nanosecond' } as const;
const CAST = 'Write it as double: cast(x as double) in SQL, astype(float) in pandas.';

function readingOf({ element, children }: Node): Reading {
  const { type, converted_type: converted, logical_type: logical, repetition_type: repetition } = element;
  if (typeof element.name !== 'string') throw new Error('a column without a name');
  if (repetition === 'REPEATED' || converted === 'LIST' || logical?.type === 'LIST') return refused('a list');
  if (children.length > 0) return refused(converted === 'MAP' || logical?.type === 'MAP' ? 'a map' : 'a struct');
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return refused('decimal numbers', CAST);
  if (logical?.type === 'TIMESTAMP' && UNITS[logical.unit] !== undefined) return moments(UNITS[logical.unit]);
  if (converted === 'TIMESTAMP_MILLIS') return moments('millisecond');
  if (converted === 'TIMESTAMP_MICROS') return moments('microsecond');
  if (type === 'INT96') return moments('nanosecond');
  if (converted === 'DATE' || logical?.type === 'DATE') return moments('day');
  if (converted?.startsWith('TIME_') || logical?.type === 'TIME') return refused('times of day');
  if (converted === 'ENUM' || logical?.type === 'ENUM') return { ...TEXTS, use: 'category' };
  if (converted === 'UTF8' || converted === 'JSON' || logical?.type === 'STRING' || logical?.type === 'JSON')
    return TEXTS;
  if (logical?.type === 'UUID') return TEXTS;
  if (logical?.type === 'FLOAT16') return NUMBERS;
  if (type === 'BOOLEAN') return BOOLEANS;
  if (type === 'INT64') return INTEGERS;
  return type === 'INT32' || type === 'FLOAT' || type === 'DOUBLE' ? NUMBERS : refused('binary values');
}

/** Text; where a type has two annotations, the library may leave it as bytes. */
function texts(values: Decoded): Vector {
  return new Values(
    Array.from(values, (value) => (value instanceof Uint8Array ? DECODER.decode(value) : (value as Value))),
  );
}

function columnOf(name: string, { use, refusal }: Reading): TypedColumn {
  return { name, ...(use && { use }), ...(refusal && { refusal }) };
}
