// cli: softmax-regression evaluate.
import { Command } from 'commander';
import type { BackendName } from '../../backend/names.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { TableChoices } from '../samples.js';
import { asWhenTraining, backendOption, jsonOption, labelOption, unknownLabelOption } from '../usage.js';

interface Options extends TableChoices {
  readonly backend?: BackendName;
  readonly json?: boolean;
}

/** The arguments and options that `evaluate` and `report` share. */
export function withTableOptions(command: Command): Command {
  const reading = command
    .argument('<model>', 'a model file')
    .argument('<data>', 'a CSV file, - for standard input, a folder of IDX files, iris or fashion-mnist')
    .addOption(labelOption())
    .addOption(unknownLabelOption());
  return asWhenTraining(reading).addOption(backendOption()).addOption(jsonOption());
}

export function evaluateCommand(): Command {
  return withTableOptions(new Command('evaluate').description('evaluate a model on labelled samples')).action(evaluate);
}

async function evaluate(modelFile: string, source: string, options: Options): Promise<void> {
  const { assertDestinations } = await import('../destination.js');
  await assertDestinations({ '--skip-bad': options.skipBad }, options.json, { MODEL: modelFile, DATA: source });
  const { tried } = await import('../tried.js');
  const { evaluationLines, print, printJson } = await import('../output.js');
  const { leftOutText } = await import('../unknown-labels.js');
  const { onProgress, stop } = quietDisplay();
  const { samples, evaluation, unknownLabels } = await withInterrupt((signal) =>
    tried(modelFile, source, options, { onProgress, signal }),
  ).finally(stop);
  const { name, part } = samples;
  if (options.json) printJson({ model: modelFile, data: { name, part }, evaluation, unknownLabels });
  else {
    const lines = evaluationLines(evaluation, `the ${part} of ${name}`);
    print([...lines, ...(unknownLabels ? ['', leftOutText(unknownLabels)] : [])]);
  }
}
