// report: numbers as lines of text, for terminals: sparklines, tables, and colour where it is welcome.
import stringWidth from 'string-width';
import { DomainError } from '../core/errors.js';

const BLOCKS = '▁▂▃▄▅▆▇█';

/**
 * A curve in one line: each value as a block, the least the lowest and the largest the highest.
 *
 * Equal values are all in the middle; a value that is not finite leaves a space.
 *
 * @param options `width`: at most so many blocks, each then the mean of as many neighbours as it takes; all unless given
 * @throws DomainError if width is not an integer > 0
 * @example sparkline([1, 2, 3, 8])   // '▁▂▃█'
 */
export function sparkline(values: ArrayLike<number>, options: { readonly width?: number } = {}): string {
  const { width = values.length } = options;
  if (!(Number.isInteger(width) && (width > 0 || values.length === 0))) {
    throw new DomainError({
      where: 'sparkline',
      argument: 'width',
      expected: 'be an integer > 0',
      actual: String(width),
    });
  }
  const points = values.length <= width ? Array.from(values) : means(values, width);
  const finite = points.filter(Number.isFinite);
  const least = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  // Halved first: the range of values near ±1.8e308 would be infinite.
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
  /** Of each column; numbers stand right and text left unless given. */
  readonly align?: readonly ('left' | 'right')[];
  /** Whether the head is bold, by an escape sequence; false unless given. See `wantsColour`. */
  readonly colour?: boolean;
}

/**
 * Rows in columns, as lines of text. Characters count by the room they take, so names in any script stand in line; control
 * characters, which could move the cursor or change colours, become visible pictures of themselves.
 *
 * @example formatTable({ head: ['class', 'recall'], rows: [['cat', 0.5], ['chicken', 1]] })
 * // ['class    recall', 'cat         0.5', 'chicken       1']
 */
export function formatTable({ head, rows, align, colour = false }: TextTable): string[] {
  const lines = [...(head === undefined ? [] : [head]), ...rows].map((row) => row.map((cell) => visible(String(cell))));
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

/** Control characters as the pictures that Unicode has of them: ␛ for escape. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '␡' : '�';
  });
}

/**
 * Whether escape sequences for colour are welcome: not where NO_COLOR is set and not empty, nor in a pipe or on a dumb terminal;
 * FORCE_COLOR, if it is set and not 0, wants them in a pipe, too.
 *
 * @param environment such as process.env
 * @param isTerminal such as process.stdout.isTTY
 * @see https://no-color.org
 */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>, isTerminal = false): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
