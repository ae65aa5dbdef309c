// data: which character stands between fields.
import { DomainError, FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';

/** What `delimiter` is found among, the first of equals. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

export interface RecordFormat {
  /** The file's name, for error messages. */
  readonly name: string;
  /** One character; found in the first record if left out. */
  readonly delimiter?: string;
  /** A decimal comma is no delimiter. */
  readonly decimal?: string;
}

export function assertDelimiter({ name, delimiter, decimal }: RecordFormat): void {
  if (delimiter === undefined) return;
  const isOne = typeof delimiter === 'string' && delimiter.length === 1 && !/["\r\n\w.+-]/.test(delimiter);
  if (isOne && delimiter !== decimal) return;
  const expected = 'be one character, no quote, newline, letter, digit, sign or decimal mark';
  throw new DomainError({ where: name, argument: 'delimiter', expected, actual: describe(delimiter) });
}

/**
 * The delimiter that cuts the first record into most fields, or the one that was asked for, if it cuts it.
 *
 * @param first the first record that is not blank, quoted fields included
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
    expected: `be cut by the delimiter ${describe(delimiter)}`,
    actual: `a line with ${most} of ${describe(found)}`,
    hint: `Pass \`delimiter: ${describe(found)}\`, or leave it out.`,
  });
}
