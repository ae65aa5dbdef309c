// data: the limits on the size of a table.
import { FormatError } from '../../core/errors.js';
import { inBytes } from '../../core/shape.js';

/** Maximum number of values of a table: 16 GB, more than fit into one array on any platform. */
export const MAX_VALUES = 2 ** 31;

/** Maximum number of rows. V8 ends the process when a list such as the labels grows beyond 112,813,858 items. */
export const MAX_ROWS = 100_000_000;

/** Maximum number of columns: the state of a column takes 2 kB while the table is learned. */
const MAX_COLUMNS = 1_000_000;

/** Bytes of the state of a column, on the heap; they count twice. */
const COLUMN = 2 * 2000;

/** Maximum number of bad rows, and of groups: a Set holds 2²⁴ items. */
export const MAX_DISTINCT = 16_000_000;

/** Refuses a table that no array can hold. */
export function assertSize(n: number, d: number, where: string): void {
  if (n * d <= MAX_VALUES) return;
  const hint = 'Exclude columns with `ignore`, or lower `maxCategories` to find the column with the most categories.';
  const actual = `${n} rows of ${d} features`;
  throw new FormatError({ where, argument: 'the table', expected: `have at most ${MAX_VALUES} numbers`, actual, hint });
}

/** Refuses a first row with more columns than can be learned. */
export function assertColumns(columns: number, where: string): void {
  if (columns <= MAX_COLUMNS) return;
  const rule = { where, argument: 'the table', expected: `have at most ${amount(MAX_COLUMNS)} columns` };
  throw new FormatError({ ...rule, actual: amount(columns), hint: 'Is the delimiter right?' });
}

/** Bytes of a number in a typed array. */
export const NUMBER = 8;

/**
 * Bytes of one value in a list on the heap: 8, up to three times while the list grows or is divided. They count four times,
 * because the heap of Node is a quarter of the memory by default.
 */
export const LISTED = 4 * 3 * 8;

/** As `LISTED`, for a text of its own in each row, such as a group. */
export const LISTED_TEXT = LISTED + 4 * 40;

/** What is known of a table while it is read. */
export interface TableSize {
  /** The bytes of the file that are kept. */
  readonly bytes: number;
  /** The number of columns that are learned. */
  readonly columns: number;
  readonly rows: number;
  /** The bytes that one row will take at least. */
  readonly rowBytes: number;
}

/** The bytes of memory that a table needs. */
export function memoryOf({ bytes, columns, rows, rowBytes }: TableSize): number {
  return bytes + columns * COLUMN + rows * rowBytes;
}

/**
 * Refuses a table as soon as it needs more than `maxMemory` bytes, or has too many rows.
 *
 * @param hint how to read less
 */
export function assertFits(size: TableSize, maxMemory: number, where: string, hint: string): void {
  const { rows } = size;
  const rule = { where, argument: 'the table', hint };
  if (rows > MAX_ROWS) {
    throw new FormatError({ ...rule, expected: `have at most ${amount(MAX_ROWS)} rows`, actual: 'more' });
  }
  const needed = memoryOf(size);
  if (needed <= maxMemory) return;
  const actual = `${amount(rows)} rows so far, which need ${inBytes(needed)}`;
  throw new FormatError({ ...rule, expected: `fit into ${inBytes(maxMemory)} of memory`, actual });
}

function amount(count: number): string {
  return count.toLocaleString('en');
}
