// reading: the format of a table, by its first bytes and its name.
import { FormatError } from '../core/errors.js';
import type { TypedTable } from '../data/table/typed/table.js';

/** A format of tables. */
export type TableFormat = 'csv' | 'json-lines' | 'svmlight' | 'parquet' | 'arrow';

/** Formats by the ends of names. A file of such a name is read as this format, and refused if it is another. */
const NAMES: readonly (readonly [end: RegExp, format: TableFormat])[] = [
  [/\.(?:jsonl|ndjson)(?:\.gz)?$/i, 'json-lines'],
  [/\.(?:svm|svmlight|libsvm)(?:\.gz)?$/i, 'svmlight'],
  [/\.(?:parquet|pq)$/i, 'parquet'],
  [/\.(?:arrow|arrows|feather|ipc)$/i, 'arrow'],
];

/** The number of bytes that decide. */
export const FORMAT_START = 9;

/** The format of a table. Text that is no JSON object is CSV. */
export function tableFormatOf(start: Uint8Array, name: string): TableFormat {
  const named = NAMES.find(([end]) => end.test(name))?.[1];
  if (named !== undefined) return named;
  const text = Array.from(start.subarray(0, FORMAT_START), (byte) => String.fromCharCode(byte)).join('');
  if (text.startsWith('PAR1')) return 'parquet';
  // The stream format begins with a mark of four bytes.
  if (text.startsWith('ARROW1\0') || text.startsWith('\xff\xff\xff\xff')) return 'arrow';
  return /^(?:\xef\xbb\xbf)?\s*\{\s*(?:["}]|$)/.test(text) ? 'json-lines' : 'csv';
}

/** A file of a binary format, of which any part can be read. */
export interface BinaryFile {
  readonly name: string;
  readonly byteLength: number;
  /** The bytes from `start` to `end`, or to the end of the file, in a buffer of their own. */
  readonly slice: (start: number, end?: number) => ArrayBuffer | Promise<ArrayBuffer>;
}

/** A file whose bytes are in memory. */
export function fileInMemory(name: string, bytes: Uint8Array): BinaryFile {
  return { name, byteLength: bytes.length, slice: (start, end) => bytes.slice(start, end).buffer as ArrayBuffer };
}

/** Reads the files of one table. A table of several files has their rows one after the other. */
export type TableOpener = (files: readonly BinaryFile[], name: string) => Promise<TypedTable>;

/** Formats that need code of their own, which only programs load that read them. */
export type BinaryFormat = Exclude<TableFormat, 'csv' | 'json-lines' | 'svmlight'>;

const openers = new Map<BinaryFormat, TableOpener>();

/** Makes a binary format readable in this process. */
export function provideFormat(format: BinaryFormat, opener: TableOpener): void {
  openers.set(format, opener);
}

const TITLES = { parquet: 'a Parquet file', arrow: 'an Arrow file' } as const;

/**
 * A table of a binary format.
 *
 * @throws FormatError for files that are damaged, are of another format, or do not make one table; BackendError if the
 *         library that reads them is not installed
 */
export async function openBinary(
  format: BinaryFormat,
  files: readonly BinaryFile[],
  name: string,
): Promise<TypedTable> {
  const opener = openers.get(format);
  if (opener !== undefined) return opener(files, name);
  const hint = "Call `provideFormats()` of 'softmax-regression/formats' first, or import 'softmax-regression/node'.";
  const rule = { where: name, argument: 'the file', expected: 'be a CSV file or JSON lines' };
  throw new FormatError({ ...rule, actual: TITLES[format], hint });
}
