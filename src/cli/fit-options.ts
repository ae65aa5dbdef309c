// cli: the fit options as flags, from the table in training/options.ts.
import { type Command, Option } from 'commander';
import type { Label } from '../core/labels.js';
import { type FitOptions, OPTION_NAMES, OPTIONS, type OptionName, type OptionRow, plain } from '../training/options.js';
import { solverGroup } from '../training/solvers.js';
import { flagOf, number, positiveInteger } from './usage.js';

/** Values by commander's names: `maxIterations` for `--max-iterations`. */
export type FlagValues = Readonly<Record<string, unknown>>;

const FLAGGED = OPTION_NAMES.filter((name) => rowOf(name).flag !== undefined);

function rowOf(name: OptionName): OptionRow {
  return OPTIONS[name];
}

/** The name under which commander stores the value of an option's flag. */
function keyOf(name: OptionName): string {
  return rowOf(name).flag?.name ?? name;
}

/** The flag of a fit option, such as `--patience` for `earlyStopping`; undefined if it has no flag. */
export function fitFlagOf(option: string): string | undefined {
  const name = FLAGGED.find((each) => each === option);
  return name && flagOf(keyOf(name));
}

/** The field of an option that its flag gives, such as `patience` of `earlyStopping`; undefined for other options. */
export function fitFieldOf(option: string): string | undefined {
  const name = FLAGGED.find((each) => each === option);
  return name && rowOf(name).flag?.field;
}

/** Adds a flag for each option that has one. */
export function addFitFlags(command: Command): Command {
  for (const name of FLAGGED) for (const option of flagsOf(name)) command.addOption(option);
  return command;
}

function flagsOf(name: OptionName): Option[] {
  const row = rowOf(name);
  const { value, help = row.help, off } = row.flag ?? {};
  const key = keyOf(name);
  const option = new Option(`${flagOf(key)}${value === undefined ? '' : ` <${value}>`}`, `${help}${conditions(name)}`);
  if (row.input === 'number') option.argParser(number);
  else if (row.input === 'integer') option.argParser(positiveInteger);
  else if (Array.isArray(row.input)) option.choices(row.input);
  return off === undefined ? [option] : [option, new Option(`--no-${flagOf(key).slice(2)}`, off)];
}

/** The solvers that use an option, and its default. */
function conditions(name: OptionName): string {
  const row = rowOf(name);
  const parts = [
    ...(row.solvers === 'all' ? [] : [`${solverGroup(row.solvers)} only`]),
    ...(row.input === 'switch' || row.flag?.field !== undefined ? [] : defaultIn(row)),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function defaultIn({ defaultText, default: value }: OptionRow): string[] {
  const text = defaultText ?? (value === undefined ? undefined : plain(value));
  return text === undefined ? [] : [`default: ${text}`];
}

/** The fit options that the flags set. */
export function fitOptionsFrom(values: FlagValues): FitOptions<Label> {
  const entries = FLAGGED.flatMap((name) => {
    const value = values[keyOf(name)];
    const field = rowOf(name).flag?.field;
    return value === undefined ? [] : [[name, field === undefined ? value : { [field]: value }]];
  });
  return Object.fromEntries(entries);
}
