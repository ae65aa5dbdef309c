// cli: softmax-regression train.
import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { BACKENDS } from '../../backend/names.js';
import type { DataSet } from '../../reading/samples.js';
import { fitPlan } from '../../training/options.js';
import { addFitFlags, fitOptionsFrom } from '../fit-options.js';
import { Interrupted } from '../interrupt.js';
import { type ProgressDisplay, quietDisplay } from '../progress.js';
import type { CsvChoices } from '../samples.js';
import type { TrainOptions } from '../training.js';
import { collect, integer, jsonOption, number, UsageError } from '../usage.js';

const DATA = `DATA is
  FILE.csv         a table, or - for one from standard input; --label names the column to predict
  FOLDER           IDX files as MNIST has them; its test part, where there is one, is what is tested on
  iris             150 flowers, built in
  fashion-mnist    70,000 pictures of clothes, fetched if need be (see: data fetch)
`;

const EXAMPLES = `
Examples:
  softmax-regression train pets.csv --label kind -o pets.safetensors --report pets.html
  softmax-regression train pets.csv --label kind --strings one-hot --missing mean --folds 5
  softmax-regression train fashion-mnist --solver adam --epochs 5 -o fashion.safetensors`;

export function trainCommand(): Command {
  const command = new Command('train')
    .description('learn from samples, try the model on those held back, and save it')
    .argument('<data>', 'a CSV file, a folder of IDX files, iris or fashion-mnist')
    .option('-o, --output <file>', 'where to save the model; without, it is only tried')
    .option('--report <file>', 'write the report, one HTML file')
    .optionsGroup('Tables:')
    .option('--label <column>', 'the column to predict, by name (with --no-header also by number from 0, -1 the last)')
    .addOption(new Option('--strings <policy>', 'columns of text (default: error)').choices(['error', 'one-hot']))
    .option(
      '--categories <column>',
      'one-hot encoded, whatever is in it: codes, too; may be given several times',
      collect,
    )
    .addOption(
      new Option('--missing <policy>', 'rows with missing values (default: error)').choices([
        'error',
        'drop',
        'mean',
        'median',
      ]),
    )
    .addOption(
      new Option('--unseen <policy>', 'categories that are met only later (default: error)').choices(['error', 'zero']),
    )
    .option('--ignore <column>', 'not to be read; may be given several times', collect)
    .option('--missing-token <text>', 'one more text that stands for a missing value, such as -999', collect)
    .option('--delimiter <character>', 'between fields (default: found in the first line)')
    .addOption(new Option('--decimal <mark>', 'decimal mark (default: .)').choices(['.', ',']))
    .option('--no-header', 'the first line is a row')
    .optionsGroup('What is tested on:')
    .option('--test <file>', 'a CSV file to test on; all rows of DATA are then learnt from')
    .option(
      '--test-fraction <share>',
      'of the samples held back, the same of each class; 0: none (default: 0.2)',
      number,
    )
    .option('--folds <k>', 'cross-validate over the training samples first', integer)
    .option('--calibrate', 'hold back a fifth of the training samples, and fit a temperature to them')
    .option('--seed <seed>', 'decides splits, initial weights and orders', integer, 0)
    .optionsGroup('Training (docs/training.md):');
  return addFitFlags(command)
    .option('--checkpoint <file>', 'keep the state of the training there as it goes, and when it is interrupted')
    .option('--resume <file>', 'go on from a checkpoint of the same command, and keep it up to date')
    .addOption(new Option('--backend <name>', 'the fastest that works unless given').choices(BACKENDS))
    .optionsGroup('Options:')
    .addOption(jsonOption())
    .addHelpText('after', `\n${DATA}${EXAMPLES}`)
    .action(trainFrom);
}

async function trainFrom(source: string, options: TrainOptions): Promise<void> {
  const display = quietDisplay();
  try {
    const data = await read(source, options, display);
    const { train } = await import('../training.js');
    await train(data, options, display);
  } catch (error) {
    const { resume, checkpoint = resume } = options;
    if (error instanceof Interrupted && checkpoint !== undefined && existsSync(checkpoint)) {
      error.message += `: the training so far is in ${checkpoint}; the same command with --resume ${checkpoint} goes on from there`;
    }
    throw error;
  } finally {
    display.stop();
  }
}

/** Whatever is wrong with options, data or files to write is said before TensorFlow is loaded. */
async function read(source: string, options: TrainOptions, { onProgress }: ProgressDisplay): Promise<DataSet> {
  const { loadDataSet } = await import('../samples.js');
  const { assertReplaceable } = await import('../../node/atomic-writer.js');
  assertTogether(options);
  // The check of `fit` itself, before anything is read.
  fitPlan(fitOptionsFrom(options), 'train');
  const { output, report, checkpoint } = options;
  for (const path of [output, report, checkpoint]) if (path !== undefined) await assertReplaceable(path);
  onProgress({ stage: `read ${source}`, done: 0 });
  return loadDataSet(source, csvChoices(options), { onProgress });
}

/** What says how a table is read. */
function csvChoices(options: TrainOptions): CsvChoices {
  const { label, strings, categories, missing, missingToken, unseen, ignore, delimiter, decimal, header } = options;
  return { label, strings, categories, missing, missingToken, unseen, ignore, delimiter, decimal, header };
}

/** What cannot be asked for together, before anything is read. */
function assertTogether(options: TrainOptions): void {
  const { test, testFraction, output, report, strings, categories } = options;
  if (strings !== undefined && categories !== undefined) {
    throw new UsageError('--strings must be left out with --categories, which names the columns.');
  }
  if (test !== undefined && testFraction !== undefined) {
    throw new UsageError('--test-fraction must be left out with --test: all rows of DATA are then learnt from.');
  }
  if (testFraction !== undefined && !(testFraction >= 0 && testFraction < 1)) {
    throw new UsageError(`--test-fraction must be a share in [0, 1); got ${testFraction}.`);
  }
  if (output !== undefined && output === report) throw new UsageError('--output and --report must be two files.');
}
