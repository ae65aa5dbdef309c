// data: columns of types that cannot become features.
import { FormatError } from '../../../core/errors.js';
import { describe } from '../../../core/shape.js';
import type { TypedColumn } from './table.js';

/**
 * Refuses a column that is read, and whose values cannot be.
 *
 * @param aside another way out
 */
export function assertReadable({ name, refusal }: TypedColumn, file: string, aside?: string): void {
  if (refusal === undefined) return;
  const { type, where = file, hint } = refusal;
  const hints = [hint, aside].filter((each) => each !== undefined).join(' ');
  const expected = 'be a column of numbers, text, booleans or dates';
  throw new FormatError({ where, argument: name, expected, actual: type, hint: hints || undefined });
}

/** How to leave a column out in training. */
export function ignoring(name: string): string {
  return `Pass \`ignore: [${describe(name)}]\` to leave it out.`;
}
