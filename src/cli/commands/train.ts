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
import { collect, delimiter, integer, jsonOption, number, UsageError } from '../usage.js';

const DATA = `DATA is one of
  FILE.csv         a table, or - to read one from standard input; --label names the column to predict
  FOLDER           a folder of IDX files, such as MNIST; if it has a test set, the model is tested on it
  iris             150 flowers, built in
  fashion-mnist    70,000 images of clothes, downloaded if necessary (see: data fetch)
`;

const EXAMPLES = `
Examples:
  softmax-regression train pets.csv --label kind -o pets.safetensors --report pets.html
  softmax-regression train pets.csv --label kind --strings one-hot --missing mean --folds 5
  softmax-regression train fashion-mnist --solver adam --epochs 5 -o fashion.safetensors`;

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train a model, test it on samples held back, and save it')
    .argument('<data>', 'a CSV file, a folder of IDX files, iris or fashion-mnist')
    .option('-o, --output <file>', 'the file to save the model to; -: standard output (default: train and test only)')
    .option('--report <file>', 'write a report, one HTML file; -: standard output')
    .optionsGroup('Tables:')
    .option(
      '--label <column>',
      'the column to predict: its name; with --no-header also its number from 0, or -1 (last)',
    )
    .addOption(
      new Option(
        '--label-type <type>',
        'read labels as written, or as numbers (default: number, unless a code such as 007 or 1.10 is among them)',
      ).choices(['text', 'number']),
    )
    .addOption(
      new Option('--strings <policy>', 'how to treat text columns (default: error)').choices(['error', 'one-hot']),
    )
    .option('--categories <column>', 'one-hot encode this column, even if it contains numbers; repeatable', collect)
    .addOption(
      new Option('--missing <policy>', 'how to treat rows with missing values (default: error)').choices([
        'error',
        'drop',
        'mean',
        'median',
      ]),
    )
    .addOption(
      new Option('--unseen <policy>', 'how to treat categories not seen in training (default: error)').choices([
        'error',
        'zero',
      ]),
    )
    .option('--ignore <column>', 'do not read this column; repeatable', collect)
    .option('--missing-token <text>', 'additional marker of a missing value, such as -999; repeatable', collect)
    .option('--no-default-missing', 'NA, null, ? and the like are values; only an empty field is missing')
    .option('--max-categories <n>', 'the most values of a column of labels or categories (default: 1000)', integer)
    .option(
      '--delimiter <character>',
      'field delimiter, \\t for a tab (default: detected in the first two rows)',
      delimiter,
    )
    .addOption(new Option('--decimal <mark>', 'decimal mark (default: .)').choices(['.', ',']))
    .option('--no-header', 'the first line is data, not column names')
    .optionsGroup('Testing:')
    .option('--test <file>', 'test on this CSV file, and train on all rows of DATA')
    .option(
      '--test-fraction <share>',
      'share of each class to hold back for testing; 0: test on the training samples (default: 0.2)',
      number,
    )
    .option('--folds <k>', 'cross-validate on the training samples first, with k folds', integer)
    .option('--calibrate', 'hold back a fifth of the training samples, and fit a temperature on them')
    .option('--seed <seed>', 'seed of splits, initial weights and sample order', integer, 0)
    .optionsGroup('Training (docs/training.md):');
  return addFitFlags(command)
    .option('--checkpoint <file>', 'save the training state to this file, during training and on interruption')
    .option('--resume <file>', 'continue from a checkpoint of the same command, and keep it up to date')
    .addOption(new Option('--backend <name>', 'tfjs backend (default: the fastest that works)').choices(BACKENDS))
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
      error.message += `: the training so far is saved in ${checkpoint}; to continue, run the same command with --resume ${checkpoint}`;
    }
    throw error;
  } finally {
    display.stop();
  }
}

/** Reports errors in options, data and output paths before TensorFlow is loaded. */
async function read(source: string, options: TrainOptions, { onProgress }: ProgressDisplay): Promise<DataSet> {
  const { loadDataSet } = await import('../samples.js');
  const { assertDestinations, STDOUT } = await import('../destination.js');
  assertTogether(options);
  // The same check as in `fit`, before anything is read.
  fitPlan(fitOptionsFrom(options), 'train');
  const { output, report, checkpoint, json } = options;
  if (checkpoint === STDOUT)
    throw new UsageError('--checkpoint must be a file, because it is written again and again.');
  await assertDestinations({ '--output': output, '--report': report, '--checkpoint': checkpoint }, json);
  onProgress({ stage: `read ${source}`, done: 0 });
  return loadDataSet(source, csvChoices(options), { onProgress });
}

/** The options that say how to read a table. */
const CSV_CHOICES = [
  ...(['label', 'labelType', 'strings', 'categories', 'missing', 'missingToken', 'defaultMissing'] as const),
  ...(['maxCategories', 'unseen', 'ignore', 'delimiter', 'decimal', 'header'] as const),
] satisfies readonly (keyof CsvChoices)[];

function csvChoices(options: TrainOptions): CsvChoices {
  return Object.fromEntries(CSV_CHOICES.map((name) => [name, options[name]]));
}

/** Refuses options that exclude each other, before anything is read. */
function assertTogether(options: TrainOptions): void {
  const { test, testFraction, output, report, strings, categories, folds, seed } = options;
  if (folds !== undefined && folds < 2) throw new UsageError(`--folds must be an integer ≥ 2; got ${folds}.`);
  if (seed >= 2 ** 32) throw new UsageError(`--seed must be an integer in [0, 2^32); got ${seed}.`);
  if (strings !== undefined && categories !== undefined) {
    throw new UsageError('--strings must be left out with --categories, which names the columns.');
  }
  if (test !== undefined && testFraction !== undefined) {
    throw new UsageError('--test-fraction must be left out with --test, which trains on all rows of DATA.');
  }
  if (testFraction !== undefined && !(testFraction >= 0 && testFraction < 1)) {
    throw new UsageError(`--test-fraction must be a share in [0, 1); got ${testFraction}.`);
  }
  if (output !== undefined && output !== '-' && output === report)
    throw new UsageError('--output and --report must be different files.');
}
