// WebAssembly: the records of a CSV file that have neither quotes nor blanks around fields, and the numbers in them.
// Written in AssemblyScript; `npm run simd` compiles it into src/data/table/csv/scan-module.ts.
//
// The fields and numbers are those of the plain loops in csv/records.ts and number.ts, bit by bit.

const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
const BLANK: u32 = 32;
const QUOTE: u32 = 34;
const PLUS: u32 = 43;
const MINUS: u32 = 45;
const ZERO: u32 = 48;

/** More digits could overflow 64 bits. */
const MOST_DIGITS: usize = 18;
/** Integers below it are exact in a double. */
const MOST_MANTISSA: u64 = 1_000_000_000_000_000;

/** The number of fields, rows and lines that `scan` found. */
export let numFields: i32 = 0;
export let numRows: i32 = 0;
export let numLines: i32 = 0;

/**
 * Finds the fields of complete records, up to the first record that has a quote, a blank at the beginning or end of a
 * field, or the comment character at its beginning, or for which there is no room.
 *
 * @param bytes they begin with a record; the byte after the last one is overwritten
 * @param delimiter a byte that is no digit, sign or decimal point
 * @param point the decimal point
 * @param comment the byte that begins lines to skip, or −1
 * @param base is added to each position
 * @param powers 10⁰ to 10²² in float64
 * @param fields room for the start of each field, then for the ends, in int32, then for the numbers, in float64: NaN for
 *   a field that is not a decimal of at most 15 digits without exponent
 * @param rows room for the number of fields up to the end of each row, then for its line, from 0; blank lines are no rows
 * @returns the number of bytes of the records, blank lines included
 */
export function scan(
  bytes: usize,
  length: i32,
  delimiter: u32,
  point: u32,
  comment: u32,
  base: i32,
  powers: usize,
  fields: usize,
  mostFields: i32,
  rows: usize,
  mostRows: i32,
): i32 {
  const starts = fields;
  const ends = starts + ((<usize>mostFields) << 2);
  const numbers = ends + ((<usize>mostFields) << 2);
  const lines = rows + ((<usize>mostRows) << 2);
  const end = bytes + <usize>length;
  store<u8>(end, <u8>NEWLINE);
  numFields = 0;
  numRows = 0;
  numLines = 0;
  let record = bytes;
  while (record < end && numRows < mostRows) {
    let at = record;
    let c = <u32>load<u8>(at);
    if (c === comment) break;
    let n = numFields;
    for (;;) {
      if (n === mostFields) return <i32>(record - bytes);
      const start = at;
      const isNegative = c === MINUS;
      if (isNegative || c === PLUS) c = <u32>load<u8>(++at);
      let mantissa: u64 = 0;
      let digits = at;
      while (c - ZERO <= 9) {
        mantissa = mantissa * 10 + <u64>(c - ZERO);
        c = <u32>load<u8>(++at);
      }
      let scale: usize = 0;
      digits = at - digits;
      if (c === point) {
        const first = ++at;
        c = <u32>load<u8>(at);
        while (c - ZERO <= 9) {
          mantissa = mantissa * 10 + <u64>(c - ZERO);
          c = <u32>load<u8>(++at);
        }
        scale = at - first;
        digits += scale;
      }
      const after = at;
      while (c !== delimiter && c !== NEWLINE) {
        if (c === QUOTE) return <i32>(record - bytes);
        c = <u32>load<u8>(++at);
      }
      if (c === NEWLINE && at === end) return <i32>(record - bytes);
      const isCrLf = c === NEWLINE && at > start && <u32>load<u8>(at - 1) === RETURN;
      const last = isCrLf ? at - 1 : at;
      if (last > start && (<u32>load<u8>(start) <= BLANK || <u32>load<u8>(last - 1) <= BLANK)) {
        return <i32>(record - bytes);
      }
      const to = (<usize>n) << 2;
      store<i32>(starts + to, base + <i32>(start - bytes));
      store<i32>(ends + to, base + <i32>(last - bytes));
      let number: f64 = NaN;
      if (after === last && digits - 1 < MOST_DIGITS && mantissa < MOST_MANTISSA) {
        number = <f64>mantissa / load<f64>(powers + (scale << 3));
        if (isNegative) number = -number;
      }
      store<f64>(numbers + (to << 1), number);
      n++;
      c = <u32>load<u8>(++at);
      if (<u32>load<u8>(at - 1) === NEWLINE) break;
    }
    const first = (<usize>numFields) << 2;
    if (n > numFields + 1 || load<i32>(starts + first) < load<i32>(ends + first)) {
      store<i32>(rows + ((<usize>numRows) << 2), n);
      store<i32>(lines + ((<usize>numRows) << 2), numLines);
      numRows++;
      numFields = n;
    }
    numLines++;
    record = at;
  }
  return <i32>(record - bytes);
}
