// cli: the fit options as flags, from the table in training/options.ts.
import { type Command, InvalidArgumentError, Option } from 'commander';
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

/** What a command accepts beyond the values of the option. */
export interface WiderFlag {
  /** The placeholder of the value in the help. */
  readonly value: string;
  /** Follows the help of the option. */
  readonly help: string;
  readonly parse: (text: string) => unknown;
}

/**
 * Adds a flag for each option that has one.
 *
 * @param wider flags that accept more than the option
 */
export function addFitFlags(command: Command, wider: Partial<Record<OptionName, WiderFlag>> = {}): Command {
  for (const name of FLAGGED) for (const option of flagsOf(name, wider[name])) command.addOption(option);
  return command;
}

/** Parsers of values that are neither numbers nor a choice. */
const PARSERS: Partial<Record<OptionName, (text: string) => unknown>> = { classWeights };

/**
 * `balanced`, weights by class such as `yes=5,no=1`, or the same as JSON for names with a comma. The last = of an item
 * precedes the weight.
 */
function classWeights(text: string): 'balanced' | Readonly<Record<string, number>> {
  if (text === 'balanced') return text;
  const weights = new Map<string, unknown>(text.trim().startsWith('{') ? Object.entries(json(text)) : items(text));
  for (const [name, weight] of weights) {
    if (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)) continue;
    throw new InvalidArgumentError(`The weight of ${JSON.stringify(name)} must be a finite number ≥ 0.`);
  }
  return Object.fromEntries(weights) as Record<string, number>;
}

function items(text: string): [string, number][] {
  const names = new Set<string>();
  return text.split(',').map((item) => {
    const [, name, weight] = /^\s*(.+)=([^=]*)$/.exec(item) ?? [];
    if (name === undefined) throw new InvalidArgumentError(WEIGHTS);
    if (names.has(name)) throw new InvalidArgumentError(`It must give ${JSON.stringify(name)} one weight.`);
    names.add(name);
    return [name, weight.trim() === '' ? Number.NaN : Number(weight)];
  });
}

function json(text: string): object {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError(WEIGHTS);
  }
}

const WEIGHTS =
  'It must be balanced, or weights of classes such as yes=5,no=1; names with a comma as JSON, such as {"a,b": 2}.';

function flagsOf(name: OptionName, wider: WiderFlag | undefined): Option[] {
  const row = rowOf(name);
  const { value = row.flag?.value, help: more = '' } = wider ?? {};
  const { help = row.help, off } = row.flag ?? {};
  const key = keyOf(name);
  const text = `${help}${more}${conditions(name)}`;
  const option = new Option(`${flagOf(key)}${value === undefined ? '' : ` <${value}>`}`, text);
  const parse = wider?.parse ?? PARSERS[name];
  if (parse !== undefined) option.argParser(parse);
  else if (row.input === 'number') option.argParser(number);
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
