// data: bytes → text in UTF-8, line by line.
import { FormatError } from '../../../core/errors.js';

/** Characters of one record, 8 Mi: what is longer is no table, or a quote was never closed. */
export const MAX_RECORD = 2 ** 23;

export const NEWLINE = 10;

/** Bytes that begin other files that people take for CSV. */
const OTHER_FILES: readonly (readonly [start: readonly number[], hint: string])[] = [
  [[0xff, 0xfe], 'It is UTF-16: save it as "CSV UTF-8".'],
  [[0xfe, 0xff], 'It is UTF-16: save it as "CSV UTF-8".'],
  [[0x1f, 0x8b], 'The file is gzipped: gunzip it first.'],
  [[0x50, 0x4b, 3, 4], 'It is a zip file; a workbook? Save the sheet as "CSV UTF-8".'],
];

/** UTF-8 bytes to text, whole lines at a time: so no character is cut, and the line of a bad one is known. */
export class LineDecoder {
  readonly #name: string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #length = 0;
  #line = 1;
  #isStart = true;

  constructor(name: string) {
    this.#name = name;
  }

  push(bytes: Uint8Array): string {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const rest = bytes.subarray(end);
    if (end === 0) {
      this.#keep(rest);
      return '';
    }
    this.#keep(bytes.subarray(0, end));
    const text = this.end();
    this.#keep(rest);
    return text;
  }

  end(): string {
    if (this.#length === 0) return '';
    const bytes = this.#parts.length === 1 ? this.#parts[0] : joined(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    const other = this.#isStart
      ? OTHER_FILES.find(([start]) => start.every((byte, i) => bytes[i] === byte))
      : undefined;
    this.#isStart = false;
    if (other !== undefined) throw this.#notUtf8(1, bytes[0], other[1]);
    try {
      const text = this.#decoder.decode(bytes);
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) this.#line++;
      return text;
    } catch {
      throw this.#firstBad(bytes);
    }
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // A copy, for whoever gave the bytes may use their buffer again. Not slice, which is a view where they are a Buffer.
    this.#parts.push(new Uint8Array(bytes));
    this.#length += bytes.length;
    // In no encoding does a character take more than four bytes.
    if (this.#length <= 4 * MAX_RECORD) return;
    throw new FormatError({
      where: `${this.#name}:${this.#line}`,
      argument: 'the row',
      expected: `have at most ${MAX_RECORD} characters`,
      actual: 'more',
      hint: 'Is this a CSV file?',
    });
  }

  #firstBad(bytes: Uint8Array): FormatError {
    const bad = firstBadByte(bytes);
    for (let at = bytes.indexOf(NEWLINE); at !== -1 && at < bad; at = bytes.indexOf(NEWLINE, at + 1)) this.#line++;
    return this.#notUtf8(this.#line, bytes[bad], 'Windows or Latin-1 text? Save it as "CSV UTF-8".');
  }

  #notUtf8(line: number, byte: number, hint: string): FormatError {
    const actual = `the byte 0x${byte.toString(16).padStart(2, '0')}`;
    return new FormatError({
      where: `${this.#name}:${line}`,
      argument: 'the text',
      expected: 'be UTF-8',
      actual,
      hint,
    });
  }
}

/** Where in bytes that are not UTF-8 the first is that cannot follow. By halves: there may be many lines before it. */
function firstBadByte(bytes: Uint8Array): number {
  let [valid, invalid] = [0, bytes.length];
  while (valid < invalid) {
    const middle = Math.ceil((valid + invalid) / 2);
    if (isUtf8(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle - 1;
  }
  // Where the end of a line cuts a character short, its bytes are valid so far: the last one is shown.
  return valid === bytes.length || bytes[valid] === NEWLINE ? valid - 1 : valid;
}

/** Whether bytes are UTF-8, the last character perhaps incomplete. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
