// cli: what is wrong, in the words of the command line.
import type { Command } from 'commander';
import { isSoftmaxRegressionError } from '../core/errors.js';
import { rephrase } from '../core/mentions.js';
import { fitFlagOf } from './fit-options.js';
import { Interrupted } from './interrupt.js';
import { flagOf, UsageError } from './usage.js';

/** The flags of options whose name says something else in a program. */
const FLAGS: Readonly<Record<string, string>> = { missingTokens: '--missing-token' };

/** The flag of an option: of a fit by its table, else its name in kebab case. */
function flagFor(option: string): string {
  return fitFlagOf(option) ?? FLAGS[option] ?? flagOf(option);
}

/** An option as a flag: `` `missing: 'drop'` `` is `--missing drop`. */
function written(option: string, value?: string): string {
  const flag = flagFor(option);
  if (value === undefined || value === 'true') return flag;
  if (value === 'false') return `--no-${flag.slice(2)}`;
  const items = /^\[(.*)\]$/.exec(value);
  const own = items !== null && option === 'strings' ? '--categories' : flag;
  return `${own} ${(items?.[1] ?? value).replace(/^['"]([\w-]+)['"]$/, '$1')}`;
}

/** The options that a text mentions, as flags. */
export function inFlags(text: string): string {
  return rephrase(text, written);
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
  const [name] = error.argument.split(/[.[]/);
  const flag = flagFor(name);
  const isFlag = error.code === 'DOMAIN' && command?.options.some(({ long }) => long === flag) === true;
  return { message: error.inWords(written, isFlag ? flag : undefined), isUsage: isFlag, isOurs: true };
}
