// data: complete records without quotes, found in WebAssembly, with the numbers in them.
import { openModule } from '../../../core/simd.js';
import { POWERS } from '../number.js';
import { SCAN_MODULE } from './scan-module.js';

/** Records of bytes that `scan` found. The views are valid until its next call. */
export interface Scanned {
  /** The number of bytes and of lines of the records. */
  readonly length: number;
  readonly numLines: number;
  /** The start and end of each field in the given bytes, and its number: NaN if only the text can tell. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly numbers: Float64Array;
  /** For each row, the number of fields up to its end, and its line, from 0. Blank lines are no rows. */
  readonly fieldsBefore: Int32Array;
  readonly lines: Int32Array;
}

/** How the records are written. */
export interface ScanFormat {
  /** The byte between fields: no digit, sign or decimal mark. */
  readonly delimiter: number;
  /** The decimal mark. */
  readonly point: number;
  /** The byte that begins lines to skip; −1 for none. */
  readonly comment: number;
}

interface ScanExports {
  readonly memory: WebAssembly.Memory;
  readonly numFields: WebAssembly.Global;
  readonly numRows: WebAssembly.Global;
  readonly numLines: WebAssembly.Global;
  scan(
    bytes: number,
    length: number,
    delimiter: number,
    point: number,
    comment: number,
    base: number,
    powers: number,
    fields: number,
    mostFields: number,
    rows: number,
    mostRows: number,
  ): number;
}

/** The largest numbers of bytes, fields and rows of a call. */
const MOST_BYTES = 2 ** 19;
const MOST_FIELDS = 2 ** 16;
const MOST_ROWS = 2 ** 15;

/** Addresses in its memory. */
const FIELDS = 256;
const NUMBERS = FIELDS + 8 * MOST_FIELDS;
const ROWS = NUMBERS + 8 * MOST_FIELDS;
const BYTES = ROWS + 8 * MOST_ROWS;
const PAGE_BYTES = 65536;

/**
 * Copies bytes into a memory of 2 MB, and returns a function that finds the records from a position on, until the next
 * call.
 */
export type Scan = (bytes: Uint8Array, start: number, end: number, format: ScanFormat) => (from: number) => Scanned;

/** Undefined if WebAssembly is missing or forbidden by a policy, or memory is short. */
export function openScan(): Scan | undefined {
  const exports = openModule(SCAN_MODULE) as ScanExports | undefined;
  if (exports === undefined) return undefined;
  const { memory, numFields, numRows, numLines, scan } = exports;
  try {
    memory.grow(Math.ceil((BYTES + MOST_BYTES + 1) / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES);
  } catch {
    return undefined;
  }
  const { buffer } = memory;
  new Float64Array(buffer, 0, POWERS.length).set(POWERS);
  const copy = new Uint8Array(buffer, BYTES);
  return (bytes, start, end, { delimiter, point, comment }) => {
    const part = bytes.subarray(start, Math.min(end, start + MOST_BYTES));
    copy.set(part);
    return (from) => {
      // A quoted record may have ended behind the bytes that were copied.
      const at = Math.min(from - start, part.length);
      const length = scan(
        ...([BYTES + at, part.length - at, delimiter, point, comment, from, 0] as const),
        ...([FIELDS, MOST_FIELDS, ROWS, MOST_ROWS] as const),
      );
      const fields = numFields.value as number;
      const rows = numRows.value as number;
      return {
        length,
        numLines: numLines.value as number,
        starts: new Int32Array(buffer, FIELDS, fields),
        ends: new Int32Array(buffer, FIELDS + 4 * MOST_FIELDS, fields),
        numbers: new Float64Array(buffer, NUMBERS, fields),
        fieldsBefore: new Int32Array(buffer, ROWS, rows),
        lines: new Int32Array(buffer, ROWS + 4 * MOST_ROWS, rows),
      };
    };
  };
}
