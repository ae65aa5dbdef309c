// cli: softmax-regression evaluate.
import { Command } from 'commander';
import type { BackendName } from '../../backend/names.js';
import { dataOf } from '../data/query.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { TableChoices } from '../samples.js';
import {
  asWhenTraining,
  backendOption,
  dataArgument,
  jsonOption,
  labelOption,
  memoryOption,
  missingLabelOption,
  modelArgument,
  sqlOption,
  unknownLabelOption,
} from '../usage.js';

interface Options extends TableChoices {
  readonly memory?: number;
  readonly backend?: BackendName;
  readonly json?: boolean;
  readonly sql?: string;
}

/** The arguments and options that `evaluate` and `report` share. */
export function withTableOptions(command: Command): Command {
  const reading = command
    .addArgument(modelArgument())
    .addArgument(dataArgument('- for standard input, '))
    .addOption(sqlOption())
    .addOption(labelOption())
    .addOption(missingLabelOption())
    .addOption(unknownLabelOption());
  return asWhenTraining(reading).addOption(memoryOption()).addOption(backendOption()).addOption(jsonOption());
}

export function evaluateCommand(): Command {
  return withTableOptions(new Command('evaluate').description('evaluate a model on labelled samples')).action(evaluate);
}

async function evaluate(modelFile: string, path: string | undefined, options: Options): Promise<void> {
  const { tried } = await import('../tried.js');
  const { droppedText, evaluationLines } = await import('../output.js');
  const { print, printJson } = await import('../terminal.js');
  const { leftOutText } = await import('../unknown-labels.js');
  const { withRowFiles } = await import('../data/row-files.js');
  const { memory } = options;
  const { onProgress, stop } = quietDisplay();
  const { samples, evaluation, unknownLabels } = await withInterrupt((signal) =>
    withRowFiles((closing) =>
      tried(modelFile, dataOf(path, options.sql), options, { onProgress, signal, memory, closing }),
    ),
  ).finally(stop);
  const { name, part, dropped } = samples;
  if (options.json) printJson({ model: modelFile, data: { name, part, dropped }, evaluation, unknownLabels });
  else {
    const lines = evaluationLines(evaluation, `the ${part} of ${name}${droppedText(dropped)}`);
    print([...lines, ...(unknownLabels ? ['', leftOutText(unknownLabels)] : [])]);
  }
}
