// cli: softmax-regression evaluate.
import { Command } from 'commander';
import type { BackendName } from '../../backend/names.js';
import type { TableOptions } from '../../reading/table.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import { asWhenTraining, backendOption, dataArgument, jsonOption, labelOption, modelArgument } from '../usage.js';

interface Options extends TableOptions {
  readonly backend?: BackendName;
  readonly json?: boolean;
}

/** The arguments and options that `evaluate` and `report` share. */
export function withTableOptions(command: Command): Command {
  const reading = command
    .addArgument(modelArgument())
    .addArgument(dataArgument('- for standard input, '))
    .addOption(labelOption());
  return asWhenTraining(reading).addOption(backendOption()).addOption(jsonOption());
}

export function evaluateCommand(): Command {
  return withTableOptions(new Command('evaluate').description('evaluate a model on labelled samples')).action(evaluate);
}

async function evaluate(modelFile: string, source: string, options: Options): Promise<void> {
  const { tried } = await import('../tried.js');
  const { evaluationLines } = await import('../output.js');
  const { print, printJson } = await import('../terminal.js');
  const { onProgress, stop } = quietDisplay();
  const { samples, evaluation } = await withInterrupt((signal) =>
    tried(modelFile, source, options, { onProgress, signal }),
  ).finally(stop);
  const { name, part } = samples;
  if (options.json) printJson({ model: modelFile, data: { name, part }, evaluation });
  else print(evaluationLines(evaluation, `the ${part} of ${name}`));
}
