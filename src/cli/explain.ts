// cli: errors in terms of the command line.
import type { Command } from 'commander';
import { isSoftmaxRegressionError, printable, type SoftmaxRegressionError } from '../core/errors.js';
import { inWords, rephrase } from '../core/mentions.js';
import { fileError, isLimit } from '../node/files.js';
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

/** What messages say to a program, and what the command line says. */
const PHRASES: readonly (readonly [program: string, here: string])[] = [
  [', or { features, labels };', ';'],
  [
    'SoftmaxRegression.fromBytes reads it, and --warm-start starts from its weights.',
    'pass the file that --checkpoint wrote.',
  ],
  [
    'pass it to fit as --resume, with the same samples and options.',
    'to continue from it, add --resume to its train command.',
  ],
  ['not registered with tfjs', 'not available in Node, which has tensorflow, wasm and cpu'],
  ['Without a preference,', 'Without --backend,'],
];

function onCommandLine(message: string): string {
  return PHRASES.reduce((text, [program, here]) => text.replace(program, here), message);
}

/** The message on samples that are not those of the checkpoint; undefined for other errors. */
function otherSamples({ expected, hint }: SoftmaxRegressionError, command: Command | undefined): string | undefined {
  const file: unknown = command?.opts?.().resume;
  if (typeof file !== 'string' || !expected.endsWith(', as when the checkpoint was written')) return undefined;
  return `${printable(file)}: the samples must be those of the checkpoint; got others. ${inFlags(hint ?? '')}`;
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
  const others = otherSamples(error, command);
  if (others !== undefined) return { message: others, isUsage: false, isOurs: true };
  const [name] = error.argument.split(/[.[]/);
  const flag = flagFor(name);
  // A column that a flag names is looked up in the file.
  if (error.code === 'FORMAT' && error.isOption) {
    const message = `${error.where}: ${inWords(error, written, flag)}`;
    return { message, isUsage: false, isOurs: true };
  }
  const isFlag = error.code === 'DOMAIN' && command?.options.some(({ long }) => long === flag) === true;
  const subject = isFlag ? flag : FUNCTIONS.has(error.where) ? error.argument : undefined;
  return { message: onCommandLine(inWords(error, written, subject)), isUsage: isFlag, isOurs: true };
}
