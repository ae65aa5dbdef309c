// cli: what is wrong, in the words of the command line.
import type { Command } from 'commander';
import { isSoftmaxRegressionError } from '../core/errors.js';
import { rephrase } from '../core/mentions.js';
import { fitFlagOf } from './fit-options.js';
import { Interrupted } from './interrupt.js';
import { flagOf, UsageError } from './usage.js';

/** The flag of an option: of a fit by its table, else its name in kebab case. */
function flagFor(option: string): string {
  return fitFlagOf(option) ?? flagOf(option);
}

/** The options that errors and advice mention, as flags: `` `missing: 'drop'` `` is `--missing drop`. */
export function inFlags(message: string): string {
  return rephrase(message, (option, value) => {
    const flag = flagFor(option);
    if (value === undefined) return flag;
    if (value === 'true') return flag;
    if (value === 'false') return `--no-${flag.slice(2)}`;
    return `${flag} ${value.replace(/^'(.*)'$/, '$1')}`;
  });
}

/** Options that errors of the package name, and the flags that stand for them where they differ. */
const OPTION =
  /\b(missing|missingTokens|unseen|strings|decimal|delimiter|ignore|solver): (\[.*?\]|'.*?'(?=[ ,.;]|$)|".*?")/g;

/** What errors say to programs, said to people: `missing: 'drop'` is `--missing drop`. */
export function csvFlags(message: string): string {
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
  if (!isFlag) return { message: inFlags(csvFlags(error.message)), isUsage: false, isOurs: true };
  const hint = error.hint === undefined ? '' : ` ${inFlags(csvFlags(error.hint))}`;
  return {
    message: `${flag} must ${inFlags(csvFlags(error.expected))}; got ${error.actual}.${hint}`,
    isUsage: true,
    isOurs: true,
  };
}
