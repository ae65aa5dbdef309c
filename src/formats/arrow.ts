// formats: Arrow IPC files and streams, and Feather → a typed table, by flechette.
import { FormatError } from '../core/errors.js';
import { MAX_ROWS } from '../data/table/limits.js';
import { ColumnBlock } from '../data/table/typed/block.js';
import type { Refusal, TypedTable } from '../data/table/typed/table.js';
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
import { messagesOf } from './arrow-messages.js';
import { lz4Frame } from './lz4.js';
import { loadOptional, PACKAGES } from './packages.js';
import { decoded, joinedParts, type Part } from './parts.js';

const load = () => import('@uwdata/flechette');

type Library = Awaited<ReturnType<typeof load>>;
type Table = ReturnType<Library['tableFromIPC']>;

/** Integers and moments as they are stored, so that no digit is lost. */
const EXTRACTION = { useBigInt: true, useBigIntTimestamp: true } as const;

/**
 * The table in one file, or in several with the same columns, one after the other. Each batch of records is a block. Of a file, no
 * more is kept than where its messages are, and its dictionaries.
 *
 * @throws FormatError for a file that is damaged; BackendError without the library
 */
export async function openArrow(files: readonly BinaryFile[], name: string): Promise<TypedTable> {
  const library = await loadOptional(PACKAGES.arrow, name, load);
  provideCodec(library, library.CompressionType.LZ4_FRAME, lz4Frame);
  const parts: Part[] = [];
  for (const file of files) parts.push(await partOf(library, file));
  return joinedParts(parts, name);
}

async function partOf(library: Library, file: BinaryFile): Promise<Part> {
  const { name } = file;
  const damaged = 'be an Arrow file';
  const messages = await decoded(name, 'the file', damaged, () => messagesOf(file));
  const { batches } = messages;
  const tableOf = async (batch?: (typeof batches)[number]): Promise<Table> => {
    const table = await tableFrom(library, await messages.tableOf(batch), name);
    decoded(name, 'the file', damaged, () => assertColumns(library, table));
    return table;
  };
  const { fields } = (await tableOf()).schema;
  const readings = fields.map(({ type }) => readingOf(library, type as ArrowType));
  return {
    name,
    rows: batches.reduce((sum, { rows }) => sum + rows, 0),
    columns: fields.map(({ name: column }, i) => {
      const { use, refusal } = readings[i];
      return { name: column, ...(use && { use }), ...(refusal && { refusal }) };
    }),
    kinds: readings.map(({ kind }) => kind),
    blocks: async function* (read, first) {
      let start = 0;
      for (const batch of fields.length === 0 ? [] : batches) {
        const table = await tableOf(batch);
        const count = table.numRows;
        const vectors = fields.map((_, i) =>
          read.has(i)
            ? decoded(name, fields[i].name, 'be read', () => readings[i].vector([...table.getChildAt(i).data[0]]))
            : undefined,
        );
        if (count > 0) yield new ColumnBlock(vectors, count, first + start);
        start += count;
      }
    },
  };
}

type Decode = (bytes: Uint8Array, length: number) => Uint8Array;

function provideCodec({ getCompressionCodec, setCompressionCodec }: Library, type: 0 | 1, decode: Decode): void {
  if (getCompressionCodec(type) !== null) return;
  const encode = () => {
    throw new Error('Arrow files are only read.');
  };
  setCompressionCodec(type, { decode, encode });
}

/** @param parts the bytes of a file, or the messages of a stream */
async function tableFrom(library: Library, parts: Uint8Array[], name: string): Promise<Table> {
  const { CompressionType, tableFromIPC } = library;
  const bytes = parts.length === 1 ? parts[0] : parts;
  const read = () => decoded(name, 'the file', 'be an Arrow file', () => tableFromIPC(bytes, EXTRACTION));
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FormatError) || !/codec "?zstd/i.test(error.actual)) throw error;
  }
  const { compressors } = await loadOptional(PACKAGES.zstd, name, () => import('hyparquet-compressors'));
  const { ZSTD } = compressors as { ZSTD: Decode };
  // Numbers are read in place, so the bytes must begin a buffer of their own.
  provideCodec(library, CompressionType.ZSTD, (input, length) => ZSTD(input, length).slice());
  return read();
}

/** What is used of a batch: the part of a column in one batch of records. */
interface Batch {
  readonly length: number;
  readonly values?: ArrayLike<unknown>;
  readonly offsets?: ArrayLike<number | bigint>;
  readonly validity?: Uint8Array;
  readonly nullCount: number;
  readonly children?: readonly Batch[];
}

/** Refuses lengths beyond the buffers, for which the library would read values that are not there. */
function assertColumns(library: Library, table: Table): void {
  const { Type } = library;
  table.schema.fields.forEach(({ name, type }, i) => {
    if (typeof name !== 'string') throw new Error('a column without a name');
    const { typeId } = type as ArrowType;
    const batches = table.getChildAt(i).data as unknown as readonly Batch[];
    batches.forEach(({ length, values, offsets, validity, nullCount }, b) => {
      const first = (table.getChildAt(0).data as unknown as readonly Batch[])[b];
      if (!(length >= 0) || length !== first?.length)
        throw new Error(`${length} values in a batch of ${first?.length}`);
      const held = offsets !== undefined ? offsets.length - 1 : (values?.length ?? 0) * (typeId === Type.Bool ? 8 : 1);
      const isStored = typeId !== Type.Null && (values !== undefined || offsets !== undefined);
      const isMasked = nullCount > 0 && validity !== undefined;
      if (length > MAX_ROWS || (isStored && length > held) || (isMasked && length > 8 * validity.length))
        throw new Error(`${length} values in a buffer of ${Math.max(0, held)}`);
      if (offsets !== undefined && values !== undefined) assertOffsets(offsets, length, values.length);
    });
  });
}

/** Offsets that go back would give the same text many times. */
function assertOffsets(offsets: ArrayLike<number | bigint>, length: number, end: number): void {
  let before = 0;
  for (let i = 0; i <= length && length > 0; i++) {
    const offset = Number(offsets[i]);
    if (!(offset >= before && offset <= end)) throw new Error(`the offset ${offset} after ${before} in ${end} bytes`);
    before = offset;
  }
}

/** What is used of a type. */
interface ArrowType {
  readonly typeId: number;
  readonly bitWidth?: number;
  readonly unit?: number;
  readonly dictionary?: ArrowType;
  readonly children?: readonly { readonly type: ArrowType }[];
}

/** How the values of a column are read. */
interface Reading {
  readonly kind: string;
  readonly use?: 'date' | 'category';
  readonly refusal?: Refusal;
  readonly vector: (values: readonly unknown[]) => Vector;
}

const TEXTS: Reading = { kind: 'text', vector: (values) => new Values(values as readonly Value[]) };
const BOOLEANS: Reading = { ...TEXTS, kind: 'booleans' };
const NUMBERS: Reading = { kind: 'numbers', vector: (values) => new Numbers(values as readonly number[]) };
const INTEGERS: Reading = { kind: 'numbers', vector: (values) => integers(values as readonly bigint[]) };

function moments(unit: MomentUnit): Reading {
  return { kind: 'dates', use: 'date', vector: (values) => new Moments(values as readonly bigint[], unit) };
}

const UNITS = ['second', 'millisecond', 'microsecond', 'nanosecond'] as const;
const CAST = 'Write it as double: cast(x as double) in SQL, astype(float) in pandas.';

function readingOf(library: Library, type: ArrowType): Reading {
  const { Type } = library;
  switch (type.typeId) {
    case Type.Bool:
      return BOOLEANS;
    case Type.Int:
      return type.bitWidth === 64 ? INTEGERS : NUMBERS;
    case Type.Float:
      return NUMBERS;
    case Type.Null:
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return TEXTS;
    // Both units of dates come as milliseconds.
    case Type.Date:
      return moments('millisecond');
    case Type.Timestamp:
      return moments(UNITS[type.unit ?? 1]);
    case Type.Dictionary: {
      const values = readingOf(library, type.dictionary as ArrowType);
      return { ...values, use: values.use ?? 'category' };
    }
    case Type.RunEndEncoded:
      return readingOf(library, (type.children as { type: ArrowType }[])[1].type);
    default: {
      const named = refusedName(library, type.typeId);
      const refusal = { type: named, ...(type.typeId === Type.Decimal && { hint: CAST }) };
      return { ...TEXTS, kind: named, refusal };
    }
  }
}

function refusedName({ Type }: Library, typeId: number): string {
  const names = new Map<number, string>([
    [Type.Decimal, 'decimal numbers'],
    [Type.Struct, 'a struct'],
    [Type.Map, 'a map'],
    [Type.Union, 'a union'],
    [Type.Time, 'times of day'],
    [Type.Duration, 'durations'],
    [Type.Interval, 'intervals'],
  ]);
  const lists: number[] = [Type.List, Type.LargeList, Type.FixedSizeList, Type.ListView, Type.LargeListView];
  return names.get(typeId) ?? (lists.includes(typeId) ? 'a list' : 'binary values');
}
