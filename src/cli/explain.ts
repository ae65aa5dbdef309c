// cli: errors in terms of the command line.
import type { Command } from 'commander';
import { isSoftmaxRegressionError } from '../core/errors.js';
import { rephrase } from '../core/mentions.js';
import { fitFlagOf } from './fit-options.js';
import { Interrupted } from './interrupt.js';
import { flagOf, UsageError } from './usage.js';

/** Flags whose names do not follow from the option. */
const FLAGS: Readonly<Record<string, string>> = { missingTokens: '--missing-token' };

/** The flag of an option: from the table of fit options, else its name in kebab case. */
function flagFor(option: string): string {
  return fitFlagOf(option) ?? FLAGS[option] ?? flagOf(option);
}

/** Rewrites the options that a message mentions as flags: `` `missing: 'drop'` `` becomes `--missing drop`. */
export function inFlags(message: string): string {
  return rephrase(message, (option, value) => {
    const flag = flagFor(option);
    if (value === undefined || value === 'true') return flag;
    if (value === 'false') return `--no-${flag.slice(2)}`;
    const items = /^\[(.*)\]$/.exec(value);
    const own = items !== null && option === 'strings' ? '--categories' : flag;
    return `${own} ${(items?.[1] ?? value).replace(/^['"]([\w-]+)['"]$/, '$1')}`;
  });
}

export interface Explanation {
  readonly message: string;
  /** Whether the command line is wrong, such as a flag with a value out of range. */
  readonly isUsage: boolean;
  /** Whether this package threw the error on purpose. */
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
  if (!isFlag) return { message: inFlags(error.message), isUsage: false, isOurs: true };
  const hint = error.hint === undefined ? '' : ` ${inFlags(error.hint)}`;
  return {
    message: `${flag} must ${inFlags(error.expected)}; got ${error.actual}.${hint}`,
    isUsage: true,
    isOurs: true,
  };
}
