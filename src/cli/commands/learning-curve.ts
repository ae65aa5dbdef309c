// cli: softmax-regression learning-curve.
import { Command } from 'commander';
import { fitPlan } from '../../training/options.js';
import { dataOf, nameOf } from '../data/query.js';
import { addFitFlags, fitOptionsFrom } from '../fit-options.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { LearningCurveFlags } from '../train/learning.js';
import { backendOption, dataArgument, integer, jsonOption, list, memoryOption, sqlOption } from '../usage.js';
import { addTableFlags, assertTogether, csvChoices } from './train.js';

const NOTES = `
Each row is the mean over the folds: the log loss on the training samples, and the scores on the samples held back. If the
two losses still differ at the end and the second still falls, more rows help. If they have met, more rows do not help; other
columns might.

Examples:
  softmax-regression learning-curve pets.csv --label kind
  softmax-regression learning-curve pets.csv --label kind --sizes 100,200,400,800 --folds 10`;

export function learningCurveCommand(): Command {
  const command = new Command('learning-curve')
    .description('train on more and more samples, to see whether more would help')
    .addArgument(dataArgument())
    .addOption(sqlOption())
    .addOption(memoryOption())
    .option(
      '--sizes <list>',
      'numbers of training samples, ascending (default: ten, from 1 % or two per class to all, in geometric progression)',
      list(integer),
    )
    .option('--group <column>', 'keep rows with the same value in the same fold; no feature')
    .option('--time <column>', 'hold back later rows, by numbers or dates; no feature')
    .option('--folds <k>', 'number of folds; each is held back once', integer, 5)
    .option('--seed <seed>', 'seed of folds, initial weights and sample order', integer, 0);
  return addFitFlags(addTableFlags(command).optionsGroup('Training (docs/training.md):'))
    .addOption(backendOption())
    .optionsGroup('Options:')
    .addOption(jsonOption())
    .addHelpText('after', NOTES)
    .action(learningCurve);
}

async function learningCurve(
  path: string | undefined,
  options: LearningCurveFlags & { readonly sql?: string },
): Promise<void> {
  const source = dataOf(path, options.sql);
  assertTogether(options);
  // The same check as in `fit`, before anything is read.
  fitPlan(fitOptionsFrom(options), 'learning-curve');
  const display = quietDisplay();
  const files: (() => Promise<void>)[] = [];
  try {
    const { loadDataSet } = await import('../samples.js');
    display.onProgress({ stage: `read ${nameOf(source)}`, done: 0 });
    const { withBadRows } = await import('../bad-rows.js');
    const { memory } = options;
    const closing = (close: () => Promise<void>) => void files.push(close);
    const data = await withInterrupt((signal) =>
      withBadRows(options.skipBad, source, (bad) =>
        loadDataSet(source, csvChoices(options), { ...display, signal, memory, closing }, bad),
      ),
    );
    const { printLearningCurve } = await import('../train/learning.js');
    await printLearningCurve(data, options, display);
  } finally {
    display.stop();
    await Promise.allSettled(files.map((close) => close()));
  }
}
