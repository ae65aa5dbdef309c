// cli: options that commands share, and what is wrong with a command line, in its own words.
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

/** How a table is read by a model, beside what the model knows of it. */
export function asWhenTraining(command: Command): Command {
  const ofRows = new Option('--missing <policy>', 'rows with missing values (default: as when training)');
  const ofWords = new Option('--unseen <policy>', 'categories that training did not meet (default: as when training)');
  return command
    .addOption(ofRows.choices(['error', 'drop', 'mean', 'median']))
    .addOption(ofWords.choices(['error', 'zero']))
    .option('--delimiter <character>', 'between fields (default: found in the first line)');
}

/** Of an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Options that errors of the package name, and the flags that stand for them where they differ. */
const OPTION =
  /\b(missing|missingTokens|unseen|strings|decimal|delimiter|ignore|solver): (\[.*?\]|'.*?'(?=[ ,.;]|$)|".*?")/g;

/** What errors say to programs, said to people: `missing: 'drop'` is `--missing drop`. */
export function inFlags(message: string): string {
  return message
    .replace(OPTION, (_, name: string, value: string) => {
      const flag = name === 'strings' && value.startsWith('[') ? '--categories' : flagOf(name);
      const words = value.startsWith('[') ? value.slice(1, -1) : value;
      return `${flag} ${words.replace(/^['"]([\w-]+)['"]$/, '$1')}`;
    })
    .replace(/(--solver \w+), '(\w+)' or '(\w+)'/, '$1, $2 or $3')
    .replace(/, or 'mean' or 'median' when .*?(?=\.|$)/, ', or when training --missing mean or median')
    .replace(/\bheader: false\b/, '--no-header')
    .replace(/\bwithout resume\b/, 'without --resume')
    .replace('missingTokens', 'the --missing-token options')
    .replace('Leave columns out by ignore;', 'Leave columns out by --ignore;');
}

/** `missingTokens` as `--missing-tokens`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
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
  const flag = flagOf(name);
  const isFlag = error.code === 'DOMAIN' && command?.options.some(({ long }) => long === flag) === true;
  if (!isFlag) return { message: inFlags(error.message), isUsage: false, isOurs: true };
  const hint = error.hint === undefined ? '' : ` ${inFlags(error.hint)}`;
  return {
    message: `${flag} must ${inFlags(error.expected)}; got ${error.actual}.${hint}`,
    isUsage: true,
    isOurs: true,
  };
}
