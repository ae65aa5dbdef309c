// report: text for terminals: sparklines, tables, and whether to use colour.

import stringWidth from 'string-width';
import { DomainError, printable } from '../core/errors.js';
import { assertList, assertNumbers, assertObject, describe } from '../core/shape.js';

const BLOCKS = '▁▂▃▄▅▆▇█';

/**
 * A curve in one line, one block per value: the smallest value has the lowest block, the largest the highest.
 *
 * If all values are equal, they have middle height. A value that is not finite is a space.
 *
 * @param options `width`: the maximum number of blocks; more values are averaged; default: all values
 * @throws DomainError if width is not an integer > 0
 * @example sparkline([1, 2, 3, 8])   // '▁▂▃█'
 */
export function sparkline(values: ArrayLike<number>, options: { readonly width?: number } = {}): string {
  assertList(values, 'sparkline', 'values', 'be an array of numbers');
  assertNumbers(values, 'sparkline', 'values');
  assertObject(options, 'sparkline', 'options');
  const { width = values.length } = options;
  if (!(Number.isInteger(width) && (width > 0 || values.length === 0))) {
    throw new DomainError({
      where: 'sparkline',
      argument: 'width',
      expected: 'be an integer > 0',
      actual: describe(width),
    });
  }
  const points = values.length <= width ? Array.from(values) : means(values, width);
  const finite = points.filter((value) => Number.isFinite(value));
  const least = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  // Halved first, because the range of values near ±1.8e308 overflows.
  const range = most / 2 - least / 2;
  return points
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      const share = range === 0 ? 0.5 : (value / 2 - least / 2) / range;
      return BLOCKS[Math.min(Math.floor(share * BLOCKS.length), BLOCKS.length - 1)];
    })
    .join('');
}

function means(values: ArrayLike<number>, width: number): number[] {
  return Array.from({ length: width }, (_, i) => {
    const [start, end] = [Math.floor((i * values.length) / width), Math.floor(((i + 1) * values.length) / width)];
    let mean = 0;
    for (let at = start; at < end; at++) mean += values[at] / (end - start);
    return mean;
  });
}

/** A table to print. */
export interface TextTable {
  readonly head?: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** The alignment of each column; default: numbers right, text left. */
  readonly align?: readonly ('left' | 'right')[];
  /** Whether the head is bold, by an escape sequence; default false. See `wantsColour`. */
  readonly colour?: boolean;
}

/**
 * Rows in aligned columns, as lines of text. Widths are terminal cells, so names in any script align.
 * Control and bidirectional characters are escaped as \uXXXX, as in messages, so they cannot move the cursor, change colours or reverse text.
 *
 * @example formatTable({ head: ['class', 'recall'], rows: [['cat', 0.5], ['chicken', 1]] })
 * // ['class    recall', 'cat         0.5', 'chicken       1']
 */
export function formatTable(table: TextTable): string[] {
  assertObject(table, 'formatTable', 'table', 'be { rows }');
  const { head, rows, align, colour = false } = table;
  assertList(rows, 'formatTable', 'rows', 'be an array of rows');
  for (const [i, row] of rows.entries()) assertList(row, 'formatTable', `rows[${i}]`, 'be an array of cells');
  if (head !== undefined) assertList(head, 'formatTable', 'head', 'be an array of cells');
  const lines = [...(head === undefined ? [] : [head]), ...rows].map((row) =>
    row.map((cell) => printable(String(cell))),
  );
  const columns = lines.reduce((most, line) => Math.max(most, line.length), 0);
  const widths = Array.from({ length: columns }, (_, k) =>
    lines.reduce((most, line) => Math.max(most, stringWidth(line[k] ?? '')), 0),
  );
  const sides = widths.map((_, k) => align?.[k] ?? (rows.some((row) => typeof row[k] === 'number') ? 'right' : 'left'));
  return lines.map((line, i) => {
    const text = line
      .map((cell, k) => {
        const room = ' '.repeat(widths[k] - stringWidth(cell));
        return sides[k] === 'right' ? room + cell : cell + room;
      })
      .join('  ')
      .trimEnd();
    return colour && head !== undefined && i === 0 ? `\x1b[1m${text}\x1b[22m` : text;
  });
}

/**
 * Whether to write escape sequences for colour.
 *
 * A non-empty NO_COLOR turns them off. Otherwise FORCE_COLOR decides, also in a pipe; `0` and `false` turn them off.
 * Otherwise they are on for a terminal that is not dumb.
 *
 * @param environment such as process.env
 * @param isTerminal such as process.stdout.isTTY
 * @see https://no-color.org
 */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, isTerminal = false): boolean {
  assertObject(environment, 'wantsColour', 'environment');
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
