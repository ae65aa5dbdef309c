// cli: options that commands share.
import { type Command, InvalidArgumentError, Option } from 'commander';

/** An invalid command line; the exit code is 2. */
export class UsageError extends Error {}

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

/** A delimiter; a tab as messages write it, which no shell turns into one. */
export function delimiter(text: string): string {
  return text === '\\t' ? '\t' : text;
}

export const jsonOption = () => new Option('--json', 'print JSON, for programs');

/** Options for reading a table that override the model's schema. */
export function asWhenTraining(command: Command): Command {
  const ofRows = new Option('--missing <policy>', 'how to treat rows with missing values (default: as in training)');
  const ofWords = new Option(
    '--unseen <policy>',
    'how to treat categories not seen in training (default: as in training)',
  );
  return command
    .addOption(ofRows.choices(['error', 'drop', 'mean', 'median']))
    .addOption(ofWords.choices(['error', 'zero']))
    .option(
      '--delimiter <character>',
      'field delimiter, \\t for a tab (default: detected in the first two rows)',
      delimiter,
    )
    .addOption(new Option('--decimal <mark>', 'decimal mark (default: as in training)').choices(['.', ',']));
}

/** The parser of a repeatable option. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** `missingTokens` as `--missing-tokens`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
