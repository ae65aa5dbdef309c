// data: the delimiter of a CSV file.
import { DomainError, FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';

/** The delimiters that are detected; the first wins a tie. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

export interface RecordFormat {
  /** The file's name, for error messages. */
  readonly name: string;
  /** One character; detected in the first record by default. */
  readonly delimiter?: string;
  /** The decimal mark, which is never the delimiter. */
  readonly decimal?: string;
}

export function assertDelimiter({ name, delimiter, decimal }: RecordFormat): void {
  if (delimiter === undefined) return;
  const isOne = typeof delimiter === 'string' && delimiter.length === 1 && !/["\r\n\w.+-]/.test(delimiter);
  if (isOne && delimiter !== decimal) return;
  const expected = 'be one character other than a quote, newline, letter, digit, sign or decimal mark';
  throw new DomainError({ where: name, argument: 'delimiter', expected, actual: describe(delimiter) });
}

/**
 * The given delimiter, if the first record contains it, or the delimiter that gives the most fields.
 *
 * @param first the first record that is not blank, with its quoted fields
 */
export function delimiterOf(first: string, { name, delimiter, decimal }: RecordFormat): string {
  const plain = first.split('"').filter((_, i) => i % 2 === 0);
  const count = (each: string) => plain.reduce((sum, part) => sum + part.split(each).length - 1, 0);
  const counts = DELIMITERS.map((each) => (each === decimal ? 0 : count(each)));
  const most = Math.max(...counts);
  const found = DELIMITERS[counts.indexOf(most)];
  if (delimiter === undefined) return most === 0 && decimal === ',' ? ';' : found;
  if (most === 0 || count(delimiter) > 0) return delimiter;
  throw new FormatError({
    where: `${name}:1`,
    argument: 'the first line',
    expected: `contain the delimiter ${describe(delimiter)}`,
    actual: `a line with ${most} of ${describe(found)}`,
    hint: `Pass \`delimiter: ${describe(found)}\`, or leave it out.`,
  });
}
