// data: UTF-8 bytes: validation and white space.
import { FormatError } from '../../../core/errors.js';
import { formatOf } from '../../../core/file-format.js';

/** Most characters of one record, 8 Mi. A longer record is not a table, or has an unclosed quote. */
export const MAX_RECORD = 2 ** 23;

export const NEWLINE = 10;

/** Preserves U+FEFF, which is a byte-order mark only at the start of a file. */
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of valid UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

/** Whether no byte is above 0x7f. Looks at four bytes at a time. */
export function isAscii(bytes: Uint8Array): boolean {
  let bits = 0;
  let at = 0;
  const isAligned = () => (bytes.byteOffset + at) % 4 === 0;
  for (; at < bytes.length && !isAligned(); at++) bits |= bytes[at];
  if (isAligned()) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (bytes.length - at) >>> 2);
    for (let i = 0; i < words.length; i++) bits |= words[i];
    at += words.byteLength;
  }
  for (; at < bytes.length; at++) bits |= bytes[at];
  return (bits & 0x80808080) === 0;
}

/** Refuses a file of another format, detected by its first lines. */
export function assertCsv(start: Uint8Array, name: string): void {
  const other = formatOf(start);
  if (other === undefined) return;
  const { name: actual, hint } = other;
  throw new FormatError({ where: name, argument: 'the file', expected: 'be a CSV file', actual, hint });
}

/**
 * Refuses complete lines that are not UTF-8.
 *
 * @param lineOf the line of a byte, from 1
 */
export function assertUtf8(lines: Uint8Array, name: string, lineOf: (at: number) => number): void {
  try {
    DECODER.decode(lines);
  } catch {
    const bad = firstBadByte(lines);
    const place = bad - (bad === 0 ? -1 : lines.lastIndexOf(NEWLINE, bad - 1));
    const hint = 'Windows or Latin-1 text? Save it as "CSV UTF-8".';
    throw notUtf8(`${name}:${lineOf(bad)}`, lines[bad], place, hint);
  }
}

/** @param place of the byte in its line, from 1 */
function notUtf8(where: string, byte: number, place: number, hint: string): FormatError {
  const actual = `the byte 0x${byte.toString(16).padStart(2, '0')}, byte ${place} of the line`;
  return new FormatError({ where, argument: 'the text', expected: 'be UTF-8', actual, hint });
}

/** The position of the first byte that is not UTF-8, by bisection. */
function firstBadByte(bytes: Uint8Array): number {
  let [valid, invalid] = [0, bytes.length];
  while (valid < invalid) {
    const middle = Math.ceil((valid + invalid) / 2);
    if (isUtf8(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle - 1;
  }
  // The bytes before may begin a character that this byte does not continue, such as ä in Latin-1: then they are wrong.
  let start = valid;
  while (start > 0 && valid - start < 3 && !isWhole(bytes.subarray(0, start))) start--;
  return start < valid || valid < bytes.length ? start : valid - 1;
}

/** Whether bytes are UTF-8 with a complete last character. */
function isWhole(bytes: Uint8Array): boolean {
  return isUtf8(bytes, { stream: false });
}

/** Whether bytes are UTF-8; by default, the last character may be incomplete. */
function isUtf8(bytes: Uint8Array, options: TextDecodeOptions = { stream: true }): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, options);
    return true;
  } catch {
    return false;
  }
}

/** The length in bytes of the white space character at `at`, as in `String.prototype.trim`; 0 for other characters. */
function blankAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === 32 || (byte >= 9 && byte <= 13)) return 1;
  if (byte < 0xc2) return 0;
  if (byte === 0xc2) return bytes[at + 1] === 0xa0 ? 2 : 0;
  const character = (byte << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
  const isBlank =
    (character >= 0xe28080 && character <= 0xe2808a) || // U+2000 to U+200A
    character === 0xe280a8 || // U+2028
    character === 0xe280a9 || // U+2029
    character === 0xe280af || // U+202F
    character === 0xe2819f || // U+205F
    character === 0xe38080 || // U+3000
    character === 0xe19a80 || // U+1680
    character === 0xefbbbf; // U+FEFF
  return isBlank ? 3 : 0;
}

/** The position of the first character that is not white space, at most `end`. */
export function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const length = blankAt(bytes, at);
    if (length === 0) break;
    at += length;
  }
  return at;
}

/** The end without trailing white space, at least `start`. */
export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start) {
    if (blankAt(bytes, at - 1) === 1) at--;
    else if (at - 2 >= start && blankAt(bytes, at - 2) === 2) at -= 2;
    else if (at - 3 >= start && blankAt(bytes, at - 3) === 3) at -= 3;
    else break;
  }
  return at;
}

/** The number of UTF-16 units of valid UTF-8, as counted by `String.length`. */
export function unitsOf(bytes: Uint8Array, start: number, end: number): number {
  let units = 0;
  for (let i = start; i < end; i++) {
    if (bytes[i] >= 0xf0) units += 2;
    else if ((bytes[i] & 0xc0) !== 0x80) units++;
  }
  return units;
}
