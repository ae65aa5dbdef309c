// cli: what is wrong with a command line, in the words of the command line.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isSoftmaxRegressionError } from '../core/errors.js';
import { Interrupted } from './interrupt.js';

/** A command line that asks for what cannot be; ends with 2. */
export class UsageError extends Error {}

/** Parsers of values; whether a number is in range is for the function to say that takes it. */
export function integer(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be an integer ≥ 0.');
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a finite number.');
}

export const jsonOption = () => new Option('--json', 'one JSON document on standard output, for programs');

/** What API errors say of an option, said of the flag: `{ missing: 'drop' }` is `--missing drop`. */
const IN_FLAGS: readonly (readonly [pattern: RegExp, flags: string])[] = [
  [/\b(missing|unseen|strings|decimal|delimiter): ['"](.+?)['"](?=[ ,.]|$)/g, '--$1 "$2"'],
  [/\bignore: \[(\d+)\]/g, '--ignore $1'],
  [/Leave columns out by ignore;/g, 'Leave columns out by --ignore;'],
];

export function inFlags(message: string): string {
  const flags = IN_FLAGS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), message);
  return flags
    .replace(/(--\w+) "([\w-]+)"/g, '$1 $2')
    .replace(/, or 'mean' or 'median' when .*?(?=\.|$)/, ' (or mean, or median, when training)');
}

export interface Explanation {
  readonly message: string;
  /** Whether the command line is to blame: a flag whose value the function refused, say. */
  readonly isUsage: boolean;
  /** Whether this package says so on purpose. */
  readonly isOurs: boolean;
}

export function explain(error: unknown, command: Command | undefined): Explanation {
  if (!isSoftmaxRegressionError(error)) {
    const isUsage = error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    return { message, isUsage, isOurs: isUsage || error instanceof Interrupted };
  }
  const name = error.argument.split('.').at(-1) ?? '';
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const isFlag = error.code === 'DOMAIN' && command?.options.some(({ long }) => long === flag) === true;
  if (!isFlag) return { message: inFlags(error.message), isUsage: false, isOurs: true };
  const hint = error.hint === undefined ? '' : ` ${inFlags(error.hint)}`;
  return {
    message: `${flag} must ${inFlags(error.expected)}; got ${error.actual}.${hint}`,
    isUsage: true,
    isOurs: true,
  };
}
