// core: the formats of files by their first bytes, for messages about a file of another kind.

/** A file format other than CSV. */
export interface FileFormat {
  /** With its article, such as `a Parquet file`. */
  readonly name: string;
  /** How to get a table from it. */
  readonly hint: string;
}

const SAVE = 'Save it as "CSV UTF-8".';
const UNPACK = 'Unpack it first.';
const CONVERT = 'Convert it to CSV.';
const TYPED = 'Pass it as a file to the command line or to readSamples, or convert it to CSV.';
const PAGE = 'Was a page downloaded instead of the file?';
const RECORDS = 'Convert it to JSON lines (jq -c ".[]"), or pass its records to encodeRows in a program.';

/** Binary formats, by their first bytes in Latin-1. */
const BINARY: readonly (readonly [start: string, name: string, hint: string])[] = [
  ['\xff\xfe', 'UTF-16 text', SAVE],
  ['\xfe\xff', 'UTF-16 text', SAVE],
  ['\x1f\x8b', 'a gzip file', UNPACK],
  ['BZh', 'a bzip2 file', UNPACK],
  ['\xfd7zXZ', 'an xz file', UNPACK],
  ['\x28\xb5\x2f\xfd', 'a Zstandard file', UNPACK],
  ['PK\x03\x04', 'a zip file, or a workbook such as xlsx', 'Unpack it, or save the sheet as "CSV UTF-8".'],
  ['\xd0\xcf\x11\xe0', 'a workbook such as xls', SAVE],
  ['PAR1', 'a Parquet file', TYPED],
  ['ARROW1', 'an Arrow file', TYPED],
  ['ORC', 'an ORC file', CONVERT],
  ['Obj\x01', 'an Avro file', CONVERT],
  ['SQLite format 3\0', 'an SQLite database', CONVERT],
  ['\x89HDF', 'an HDF5 file', CONVERT],
  ['\x93NUMPY', 'a NumPy array', CONVERT],
  ['\x80\x04\x95', 'a Python pickle', CONVERT],
  ['\x89PNG', 'a PNG image', 'Images are read from IDX files.'],
  ['\xff\xd8\xff', 'a JPEG image', 'Images are read from IDX files.'],
];

/** Text formats, by what they begin with after white space, without regard to case. */
const TEXTS: readonly (readonly [start: RegExp, name: string, hint: string])[] = [
  [/^(?:%.*\s+)*@relation\s/i, 'an ARFF file', CONVERT],
  [/^%PDF-/, 'a PDF file', CONVERT],
  [/^<!doctype html|^<html/i, 'an HTML page', PAGE],
  [/^<\?xml/i, 'an XML file', CONVERT],
  [/^\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\})/, 'JSON', RECORDS],
  [/^\[\s*[[{]/, 'JSON', RECORDS],
];

/** UTF-16 without a byte order mark: every second byte of ASCII text is 0. */
const WIDE = /^(?:[\t-~]\0){2}|^(?:\0[\t-~]){2}/;

/** The number of bytes that are looked at. */
const START = 4096;

/**
 * The format of a file that is no table, by its first bytes; undefined for other files.
 *
 * @example formatOf(new TextEncoder().encode('[{"a": 1}]'))?.name   // 'JSON'
 */
export function formatOf(bytes: Uint8Array): FileFormat | undefined {
  const start = Array.from(bytes.subarray(0, START), (byte) => String.fromCharCode(byte)).join('');
  // A table may begin with the letters ORC, but has no control characters.
  const isBinary = bytes.subarray(0, START).some((byte) => byte < 9);
  if (WIDE.test(start)) return { name: 'UTF-16 text', hint: SAVE };
  const binary = BINARY.find(([mark]) => start.startsWith(mark) && (isBinary || /[^ -~]/.test(mark)));
  const [, name, hint] = binary ?? TEXTS.find(([mark]) => mark.test(start.trimStart())) ?? [];
  return name === undefined || hint === undefined ? undefined : { name, hint };
}
