// cli: options that commands share.
import { type Command, InvalidArgumentError, Option } from 'commander';

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

/** `missingTokens` as `--missing-tokens`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
