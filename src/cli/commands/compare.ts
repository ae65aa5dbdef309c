// cli: softmax-regression compare.
import { Command } from 'commander';
import { dataOf } from '../data/query.js';
import { STDIN } from '../files.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { TableChoices } from '../samples.js';
import {
  asWhenTraining,
  dataArgument,
  jsonOption,
  labelOption,
  memoryOption,
  missingLabelOption,
  modelArgument,
  sqlOption,
  UsageError,
  unknownLabelOption,
} from '../usage.js';

interface Options extends TableChoices {
  readonly memory?: number;
  readonly json?: boolean;
  readonly sql?: string;
}

const NOTES = `
Both models predict the same rows. McNemar's exact test asks whether their accuracies differ, from the rows that only one of
them predicts correctly. The difference of the log losses is the mean over the rows, with a 95 % interval. Both assume that
neither model was trained on these rows.

Example:
  softmax-regression compare before.safetensors after.safetensors test.csv`;

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('compare two models on the same labelled samples')
    .addArgument(modelArgument('<first>'))
    .addArgument(modelArgument('<second>', 'a model file with the same classes'))
    .addArgument(dataArgument())
    .addOption(sqlOption())
    .addOption(labelOption())
    .addOption(missingLabelOption())
    .addOption(unknownLabelOption());
  return asWhenTraining(command)
    .addOption(memoryOption())
    .addOption(jsonOption())
    .addHelpText('after', NOTES)
    .action(compare);
}

async function compare(first: string, second: string, path: string | undefined, options: Options): Promise<void> {
  const source = dataOf(path, options.sql);
  if (source === STDIN)
    throw new UsageError('<data> must be a file, because each model reads it; got -, standard input.');
  const { comparisonLines, comparisonOf } = await import('../comparison.js');
  const { print, printJson } = await import('../terminal.js');
  const { onProgress, stop } = quietDisplay();
  const comparison = await withInterrupt((signal) =>
    comparisonOf([first, second], source, options, { onProgress, signal, memory: options.memory }),
  ).finally(stop);
  if (options.json) printJson(comparison);
  else print(comparisonLines(comparison));
}
