// cli: errors in terms of the command line.
import type { Command } from 'commander';
import { type ErrorFields, isSoftmaxRegressionError, SoftmaxRegressionError } from '../core/errors.js';
import { inWords, rephrase } from '../core/mentions.js';
import { fileError, isLimit } from '../node/files.js';
import { VALIDATION_RULE } from '../training/option-checks.js';
import { fitFieldOf, fitFlagOf } from './fit-options.js';
import { Interrupted } from './interrupt.js';
import { flagOf, UsageError } from './usage.js';

/** Flags whose names do not follow from the option. */
const FLAGS: Readonly<Record<string, string>> = {
  missingTokens: '--missing-token',
  missingByColumn: '--missing',
  dates: '--date',
  onBadRow: '--skip-bad',
  onUnknownLabel: '--unknown-label drop',
  sampleWeights: '--sample-weight',
  groups: '--group',
  times: '--time',
  preference: '--backend',
};

/** The flag of an option: from the table of fit options, else its name in kebab case. */
function flagFor(option: string): string {
  return fitFlagOf(option) ?? FLAGS[option] ?? flagOf(option);
}

/** Writes an option as a flag: `` `missing: 'drop'` `` becomes `--missing drop`. */
function written(option: string, value?: string): string {
  const flag = flagFor(option);
  if (value === undefined || value === 'true') return flag;
  // The flag adds markers to those of the default.
  if (option === 'missingTokens' && value === "['']") return '--no-default-missing';
  if (value === 'false') return `--no-${flag.slice(2)}`;
  const field = fitFieldOf(option);
  const given = field && new RegExp(`"?\\b${field}"?: ?([^,}]+)`).exec(value)?.[1].trim();
  if (given !== undefined) return `${flag} ${given}`;
  const items = /^\[(.*)\]$/.exec(value);
  const own = items !== null && option === 'strings' ? '--categories' : flag;
  const names = items?.[1].match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  // A flag is repeated for each item of a list.
  if (names.length > 1) return names.map((name) => written(option, `[${name}]`)).join(' ');
  return `${own} ${(items?.[1] ?? value).replace(/^['"]([\w-]+)['"]$/, '$1')}`;
}

/** Writes the options that a text mentions as flags. */
export function inFlags(text: string): string {
  return rephrase(text, written);
}

/** Functions of the package, which a user of the command line does not call. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['fit', 'crossValidate', 'lambdaPath', 'learningCurve', 'evaluate', 'calibrate', 'toOnnx'],
  ...['selectBackend', 'readSamples', 'parseCsv', 'readCsvRows', 'encodeRows'],
]);

/** What to do with a file of the other kind, by its format. */
const OTHER_FORMATS: Readonly<Record<string, string>> = {
  '"softmax-regression"': 'It is a model file: pass the file that --checkpoint wrote.',
  '"softmax-regression-checkpoint"': 'It is a checkpoint: to continue from it, add --resume to its train command.',
};

/** What the command line says in place of fields that speak to a program. */
function ownFields(
  { code, argument, expected, actual, kind }: SoftmaxRegressionError,
  command: Command | undefined,
): Partial<ErrorFields> | undefined {
  const resume: unknown = command?.opts?.().resume;
  if (typeof resume === 'string' && kind === 'other-samples') {
    return { where: resume, argument: 'the samples', expected: 'be those of the checkpoint', actual: 'others' };
  }
  if (typeof resume === 'string' && kind === 'other-names') return { where: resume, argument: 'the name of a feature' };
  if (kind === 'not-registered') return { where: '', actual: 'one that Node lacks: it has tensorflow, wasm and cpu' };
  if (expected === VALIDATION_RULE) return { expected: 'be a share of the samples in (0, 1)' };
  const hint = code === 'FORMAT' && argument === 'format' ? OTHER_FORMATS[actual] : undefined;
  return hint === undefined ? undefined : { hint };
}

/** The error in the words of the command line. */
function restated(error: SoftmaxRegressionError, command: Command | undefined): SoftmaxRegressionError {
  const own = ownFields(error, command);
  if (own === undefined) return error;
  const { where, argument, expected, actual, hint } = error;
  return new SoftmaxRegressionError(error.code, error.name, { where, argument, expected, actual, hint, ...own });
}

export interface Explanation {
  readonly message: string;
  /** Whether the command line is wrong, such as a flag with a value out of range. */
  readonly isUsage: boolean;
  /** Whether this package threw the error on purpose. */
  readonly isOurs: boolean;
}

export function explain(error: unknown, command: Command | undefined): Explanation {
  // Any call may be the one that meets a limit of the system, such as loading a module.
  if (isLimit(error)) {
    return explain(fileError(error, (error as NodeJS.ErrnoException).path ?? 'this process'), command);
  }
  if (!isSoftmaxRegressionError(error)) {
    const isUsage = error instanceof UsageError;
    const text = error instanceof Error ? error.message : String(error);
    if (/^Cannot find (?:module|package) '@tensorflow\/tfjs'/.test(text)) {
      const message = 'the package @tensorflow/tfjs must be installed. Run: npm install @tensorflow/tfjs@4.22';
      return { message, isUsage: false, isOurs: true };
    }
    const message = text;
    return { message, isUsage, isOurs: isUsage || error instanceof Interrupted };
  }
  const own = restated(error, command);
  const [name] = own.argument.split(/[.[]/);
  const flag = flagFor(name);
  // A column that a flag names is looked up in the file.
  if (own.code === 'FORMAT' && own.isOption) {
    const message = `${own.where}: ${inWords(own, written, flag)}`;
    return { message, isUsage: false, isOurs: true };
  }
  const isFlag = own.code === 'DOMAIN' && command?.options.some(({ long }) => long === flag) === true;
  const subject = isFlag ? flag : FUNCTIONS.has(own.where) ? own.argument : undefined;
  return { message: inWords(own, written, subject), isUsage: isFlag, isOurs: true };
}
