// cli: options that commands share.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { BACKENDS } from '../backend/names.js';
import { printable } from '../core/errors.js';
import { MISSING_LABEL_POLICIES, MISSING_POLICIES } from '../data/table/schema.js';
import { FileArgument, OutputOption } from './files.js';

/** An invalid command line; the exit code is 2. The message is one line, whatever names it quotes. */
export class UsageError extends Error {
  constructor(message: string) {
    super(printable(message));
  }
}

/** Parsers of values. The function that uses a number checks its range. */
export function integer(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be an integer ≥ 0.');
}

export function positiveInteger(text: string): number {
  if (/^0*[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be an integer > 0.');
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a finite number.');
}

/** The parser of a list, such as `30,60,120`. */
export function list<T>(item: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map(item);
}

/** A delimiter; a tab as messages write it, which no shell turns into one. */
export function delimiter(text: string): string {
  return text === '\\t' ? '\t' : text;
}

export const jsonOption = () => new Option('--json', 'print JSON, for programs');

/** Collects policies for missing values: one for all columns, and `column=policy` for single ones. */
export function missing(text: string, before: readonly string[] = []): string[] {
  const policy = text.slice(text.lastIndexOf('=') + 1);
  if ((MISSING_POLICIES as readonly string[]).includes(policy)) return [...before, text];
  throw new InvalidArgumentError(`It must be ${MISSING_POLICIES.join(', ')}, or column=policy.`);
}
export const backendOption = () =>
  new Option('--backend <name>', 'tfjs backend (default: the fastest that works)').choices(BACKENDS);

/** The arguments that commands share. */
export const modelArgument = (name = '<model>', description = 'a model file') =>
  new FileArgument(name, description, 'file');
export const dataArgument = (standardInput = '') =>
  new FileArgument(
    '[data]',
    `a table (CSV, JSON lines, SVMlight, Parquet, Arrow), ${standardInput}a folder of IDX files, iris or fashion-mnist`,
    'data',
  );

/** A query in place of DATA. */
export const sqlOption = () =>
  new Option('--sql <query>', 'in place of [data]: the rows of an SQL query over files, by DuckDB');

/** The column of labels, for commands that read a model and labelled rows. */
export const labelOption = () => new Option('--label <column>', 'the column of labels (default: as in training)');

/** Options for reading a table that override the model's schema. */
export function asWhenTraining(command: Command): Command {
  const ofRows = new Option('--missing <policy>', 'how to treat rows with missing values (default: as in training)');
  const ofWords = new Option(
    '--unseen <policy>',
    'how to treat categories not seen in training (default: as in training)',
  );
  return command
    .addOption(ofRows.choices(MISSING_POLICIES))
    .addOption(ofWords.choices(['error', 'zero']))
    .option(
      '--delimiter <character>',
      'field delimiter, \\t for a tab (default: detected in the first two rows)',
      delimiter,
    )
    .addOption(new Option('--decimal <mark>', 'decimal mark (default: as in training)').choices(['.', ',']))
    .option('--thousands', 'numbers may have thousands separators (default: as in training)')
    .option('--comment <character>', 'skip lines that begin with this character (default: as in training)')
    .option('--header', 'the first line names the columns (default: as in training)')
    .option('--no-header', 'the first line is data, in the order of the training table (default: as in training)')
    .addOption(skipBadOption());
}

/** The flag that decides about rows without a label, for commands that read a model and labelled rows. */
export const missingLabelOption = () =>
  new Option(
    '--missing-label <policy>',
    'how to treat rows without a label (default: as --missing, or as in training)',
  ).choices(MISSING_LABEL_POLICIES);

/** The flag that decides about labels that are not classes of the model. */
export const unknownLabelOption = () =>
  new Option(
    '--unknown-label <policy>',
    'how to treat rows whose label the model does not know: drop leaves them out, and says so (default: error)',
  ).choices(['error', 'drop']);

/** Bytes, such as `512MB`. */
function bytes(text: string): number {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d+)?) ?(kB|MB|GB|TB)$/i.exec(text) ?? [];
  const size = Number(digits) * 1000 ** (1 + ['kb', 'mb', 'gb', 'tb'].indexOf(unit?.toLowerCase()));
  if (size >= 1e6) return Math.floor(size);
  throw new InvalidArgumentError('It must be a size of at least 1MB, such as 512MB or 2GB.');
}

/** The flag that limits the memory for rows. */
export const memoryOption = () =>
  new Option(
    '--memory <size>',
    'the most memory that rows may take, such as 512MB; more are read from a temporary file (default: most of what is free)',
  ).argParser(bytes);

/** The flag that skips rows that do not fit. */
export const skipBadOption = () =>
  new OutputOption(
    '--skip-bad <file>',
    'skip rows that do not fit the table, and write them to this file with the reasons',
  );

/** The parser of a repeatable option. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Names of columns separated by commas, or as a JSON list if they contain commas; repeatable. */
export function columnNames(text: string, before: readonly string[] = []): string[] {
  if (!text.startsWith('[')) return [...before, ...text.split(',').map((name) => name.trim())];
  try {
    const names: unknown = JSON.parse(text);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return [...before, ...names];
  } catch {
    // Refused below.
  }
  throw new InvalidArgumentError('It must be names of columns separated by commas, or a JSON list of names.');
}

/** `missingTokens` as `--missing-tokens`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
