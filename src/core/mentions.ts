// core: options as messages name them.

import type { SoftmaxRegressionError } from './errors.js';
import { assertFunction, assertObject, assertText } from './shape.js';

const MENTION = /`([A-Za-z]\w*)(?:: ((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^`"'])*))?`/g;

/**
 * A message in other words. Messages name options in backticks, `l2` or `solver: 'sgd'`, as a program gives them; the command line
 * writes flags in their place, the page the labels of its fields.
 *
 * @param write the words for an option, and its value as written; undefined leaves the mention as it is
 * @example rephrase('Give `l2: 0.1`.', (option, value) => `--${option} ${value}`)   // 'Give --l2 0.1.'
 */
export function rephrase(message: string, write: (option: string, value?: string) => string | undefined): string {
  return message.replace(MENTION, (mention, option: string, value?: string) => write(option, value) ?? mention);
}

/**
 * The message of an error, or another text such as the advice of a fit, in the words of a form or of a command line.
 *
 * @param write the words for an option, and its value as written; undefined leaves the mention as it is
 * @param subject in place of `where` and `argument`: a label or a flag
 * @example inWords(error, (option) => (option === 'l2' ? 'L2 penalty' : undefined), 'L2 penalty')
 * // 'L2 penalty must be a finite number ≥ 0; got -1.'
 * @example inWords('Give `l2: 0.1`.', (option, value) => `${option} ${value}`)   // 'Give l2 0.1.'
 */
export function inWords(
  error: SoftmaxRegressionError | string,
  write: (option: string, value?: string) => string | undefined,
  subject?: string,
): string {
  assertFunction(write, 'inWords', 'write');
  if (typeof error === 'string') return rephrase(error, write);
  assertObject(error, 'inWords', 'error', 'be an error of this package');
  assertText(error.message, 'inWords', 'error.message');
  if (subject !== undefined) assertText(subject, 'inWords', 'subject');
  const { message, expected, actual, hint } = error;
  if (subject === undefined) return rephrase(message, write);
  return rephrase(`${subject} must ${expected}; got ${actual}.${hint === undefined ? '' : ` ${hint}`}`, write);
}
