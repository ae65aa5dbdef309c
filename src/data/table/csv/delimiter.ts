// data: the delimiter of a CSV file.
import { DomainError, FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';

/** The delimiters that are detected; the first wins a tie. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;

export interface RecordFormat {
  /** The file's name, for error messages. */
  readonly name: string;
  /** One character; detected in the first record by default. */
  readonly delimiter?: string;
  /** The decimal mark, which is never the delimiter. */
  readonly decimal?: string;
  /** The character that begins lines to skip. */
  readonly comment?: string | undefined;
}

export function assertDelimiter({ name, delimiter, comment }: RecordFormat): void {
  if (delimiter === undefined) return;
  const isOne = typeof delimiter === 'string' && delimiter.length === 1 && !/["\r\n\w.+-]/.test(delimiter);
  // Numbers with the delimiter as decimal mark are quoted.
  if (isOne && delimiter !== comment) return;
  const expected = 'be one character other than a quote, newline, letter, digit, sign, point or the comment';
  throw new DomainError({ where: name, argument: 'delimiter', expected, actual: describe(delimiter) });
}

/**
 * The delimiter that a line such as `sep=;` names, which Excel reads and writes; undefined for other lines. Some programs
 * write a tab as `\t`.
 */
export function namedDelimiter(line: string): string | undefined {
  const named = /^"?sep=(\\t|.)"?\r?$/i.exec(line)?.[1];
  return named?.length === 2 ? '\t' : named;
}

/** Whether the first record contains more than one delimiter, so that the second one decides. */
export function isAmbiguous(first: string, { delimiter, decimal, comment }: RecordFormat): boolean {
  if (delimiter !== undefined) return false;
  const counts = countsIn(first, DELIMITERS);
  return DELIMITERS.filter((each, i) => each !== decimal && each !== comment && counts[i] > 0).length > 1;
}

const QUOTE = 34;

/** The number of each delimiter outside quotes, in one pass. */
function countsIn(record: string, delimiters: readonly string[]): number[] {
  const codes = delimiters.map((delimiter) => delimiter.charCodeAt(0));
  const counts = delimiters.map(() => 0);
  let isQuoted = false;
  for (let i = 0; i < record.length; i++) {
    const code = record.charCodeAt(i);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted) {
      const k = codes.indexOf(code);
      if (k !== -1) counts[k]++;
    }
  }
  return counts;
}

/**
 * The given delimiter, if the first record contains it, or the delimiter that gives the most fields. Where there are
 * several, one that gives the same number in the first two records is preferred: names may contain commas.
 *
 * @param first the first record that is not blank, with its quoted fields
 * @param second the record after it, if it decides
 */
export function delimiterOf(
  first: string,
  second: string | undefined,
  { name, delimiter, decimal, comment }: RecordFormat,
): string {
  const all = countsIn(first, DELIMITERS).map((count, i) =>
    DELIMITERS[i] === decimal || DELIMITERS[i] === comment ? 0 : count,
  );
  const others = second === undefined ? [] : countsIn(second, DELIMITERS);
  const agreeing = all.map((count, i) => (others[i] === count ? count : 0));
  const counts = agreeing.some((each) => each > 0) ? agreeing : all;
  const most = Math.max(...counts);
  const found = DELIMITERS[counts.indexOf(most)];
  if (delimiter === undefined) return most === 0 && decimal === ',' ? ';' : found;
  if (most === 0 || countsIn(first, [delimiter])[0] > 0) return delimiter;
  throw new FormatError({
    where: `${name}:1`,
    argument: 'the first line',
    expected: `contain the delimiter ${describe(delimiter)}`,
    actual: `a line with ${most} of ${describe(found)}`,
    hint: `Pass \`delimiter: ${describe(found)}\`, or leave it out.`,
  });
}
