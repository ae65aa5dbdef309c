// cli: softmax-regression train.
import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { printable } from '../../core/errors.js';
import { MISSING_LABEL_POLICIES, MISSING_POLICIES } from '../../data/table/schema.js';
import { DATE_ORDERS } from '../../features/date.js';
import type { AnyDataSet } from '../../reading/samples.js';
import { fitPlan } from '../../training/options.js';
import { type Data, dataOf, nameOf } from '../data/query.js';
import { FileOption, OutputOption } from '../files.js';
import { addFitFlags, fitOptionsFrom } from '../fit-options.js';
import { Interrupted, withInterrupt } from '../interrupt.js';
import { type ProgressDisplay, quietDisplay } from '../progress.js';
import type { CsvChoices, Loading } from '../samples.js';
import { candidatesOf, L2_CHOICE, l2RuleOption, withoutCandidates } from '../train/l2.js';
import type { Parts } from '../train/parts.js';
import { ranksHere } from '../train/ranks.js';
import type { TrainOptions } from '../train/training.js';
import {
  backendOption,
  collect,
  dataArgument,
  delimiter,
  integer,
  jsonOption,
  memoryOption,
  missing,
  number,
  positiveInteger,
  skipBadOption,
  sqlOption,
  UsageError,
  unknownLabelOption,
} from '../usage.js';

const DATA = `DATA is one of
  FILE.csv         a table, or - to read one from standard input; --label names the column to predict
  FILE.jsonl       the same in JSON lines, one object on each line
  FILE.svm         SVMlight or LIBSVM: a label, then index:value
  FILE.parquet     the same in Parquet, or a folder of such files
  FILE.arrow       the same in Arrow or Feather
  FOLDER           a folder of IDX files, such as MNIST; if it has a test set, the model is tested on it
  iris             150 flowers, built in
  fashion-mnist    70,000 images of clothes, downloaded if necessary (see: data fetch)
`;

const EXAMPLES = `
Examples:
  softmax-regression train pets.csv --label kind -o pets.safetensors --report pets.html
  softmax-regression train pets.csv --label kind --strings one-hot --missing mean --folds 5
  softmax-regression train pets.csv --label kind --l2 auto
  softmax-regression train --sql "select * from 'pets/*.parquet' where width > 0" --label kind
  softmax-regression train fashion-mnist --solver adam --epochs 5 -o fashion.safetensors`;

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train a model, test it on samples held back, and save it')
    .addArgument(dataArgument())
    .addOption(sqlOption())
    .addOption(
      new OutputOption(
        '-o, --output <file>',
        'the file to save the model to; -: standard output (default: train and test only)',
        { isBinary: true },
      ),
    )
    .addOption(new OutputOption('--report <file>', 'write a report, one HTML file; -: standard output'));
  return addTrainingFlags(addTableFlags(command))
    .optionsGroup('Options:')
    .addOption(jsonOption())
    .addHelpText('after', `\n${DATA}${EXAMPLES}`)
    .action(trainFrom);
}

/** Adds the flags that say how to read a table. */
export function addTableFlags(command: Command): Command {
  return command
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
    .option('--date <column>', 'a column of dates: year, days, month, weekday and hour; repeatable', collect)
    .addOption(
      new Option(
        '--date-order <order>',
        'the order in 01/02/2024: day first or month first (default: what fits)',
      ).choices(DATE_ORDERS),
    )
    .option(
      '--missing <policy>',
      `how to treat missing values: ${MISSING_POLICIES.join(', ')}, or column=policy; repeatable (default: error)`,
      missing,
    )
    .addOption(
      new Option(
        '--missing-label <policy>',
        'how to treat rows without a label (default: as --missing drop, or error)',
      ).choices(MISSING_LABEL_POLICIES),
    )
    .addOption(
      new Option('--unseen <policy>', 'how to treat categories not seen in training (default: error)').choices([
        'error',
        'zero',
      ]),
    )
    .addOption(skipBadOption())
    .option('--sample-weight <column>', 'the column of the weight of each row, ≥ 0; no feature')
    .option('--min-class-count <n>', 'leave out the rows of classes with fewer rows than this (default: 1)', integer)
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
    .option('--thousands', 'numbers may have thousands separators, such as 1,367')
    .option('--comment <character>', 'skip lines that begin with this character')
    .option('--no-header', 'the first line is data, not column names');
}

function addTrainingFlags(command: Command): Command {
  command
    .addOption(memoryOption())
    .addOption(
      new FileOption(
        '--cache <folder>',
        'keep the encoded rows in this folder; the next training on the same table reads them there',
        'file',
      ),
    )
    .option(
      '--workers <n>',
      'train in this many processes on this machine, by MPI (see: native install --mpi; docs/scale.md)',
      positiveInteger,
    )
    .option('--dry-run', 'read the tables, check the options, print one line for each column, and end')
    .optionsGroup('Testing:')
    .addOption(new FileOption('--test <file>', 'test on this table, and train on all rows of DATA', 'table'))
    .addOption(unknownLabelOption())
    .option(
      '--test-fraction <share>',
      'share of each class to hold back for testing; 0: test on the training samples (default: 0.2)',
      number,
    )
    .option('--group <column>', 'keep rows with the same value in the same part and fold; no feature')
    .option('--time <column>', 'test on the latest rows, numbers or dates; folds chain forward; no feature')
    .option(
      '--folds <k>',
      'cross-validate on the training samples first, with k folds; with --l2 auto or a list, to choose l2 (default there: 5)',
      integer,
    )
    .option('--calibrate', 'hold back a fifth of the training samples, and fit a temperature on them')
    .option('--seed <seed>', 'seed of splits, initial weights and sample order', integer, 0)
    .optionsGroup('Training (docs/training.md):');
  return addFitFlags(command, { l2: L2_CHOICE })
    .addOption(l2RuleOption())
    .addOption(
      new FileOption(
        '--checkpoint <file>',
        'save the training state to this file, during training and on interruption',
        'state',
      ),
    )
    .addOption(
      new FileOption(
        '--resume <file>',
        'continue from a checkpoint of the same command, and keep it up to date',
        'state',
      ),
    )
    .addOption(backendOption());
}

async function trainFrom(path: string | undefined, given: TrainOptions & { readonly sql?: string }): Promise<void> {
  const source = dataOf(path, given.sql);
  assertTogether(given);
  // The same check as in `fit`, before anything is read.
  fitPlan(fitOptionsFrom(withoutCandidates(given)), 'train');
  const communicator = await ranksHere();
  const isShared = given.workers !== undefined || communicator.size > 1;
  let options: TrainOptions = given;
  if (communicator.size > 1) {
    const { assertSameFlags } = await import('../train/workers.js');
    await assertSameFlags(given, communicator);
  }
  if (isShared && !given.dryRun) {
    const { assertShareable, optionsOfRank, runInWorkers } = await import('../train/workers.js');
    assertShareable(source, given, communicator);
    if (communicator.size > 1) options = optionsOfRank(source, given, communicator);
    else if ((given.workers ?? 1) > 1) {
      process.exitCode = await runInWorkers(source, given.workers ?? 1, given.memory);
      return;
    }
  }
  const display = quietDisplay();
  const { withRowFiles } = await import('../data/row-files.js');
  try {
    await withRowFiles(async (closing) => {
      const { data, parts } = await withInterrupt((signal) =>
        read(source, options, { ...display, signal, closing, communicator }),
      );
      if (options.dryRun) {
        const { assertTrainable } = await import('../train/checks.js');
        await assertTrainable(data, parts, options);
        display.stop();
        return dryRun(data, options.json);
      }
      const { train } = await import('../train/training.js');
      return train(source, data, parts, { ...options, ...(isShared && { communicator }) }, display);
    });
  } catch (error) {
    const { resume, checkpoint = resume } = options;
    // The message already says where the model is: the training was complete.
    const isTraining = error instanceof Interrupted && !error.message.endsWith('.');
    if (isTraining && checkpoint !== undefined && existsSync(checkpoint)) {
      const file = printable(checkpoint);
      error.message += `: the training so far is saved in ${file}; to continue, run the same command with --resume ${file}`;
      if (candidatesOf(options) !== undefined) {
        const { chosenFlags } = await import('../train/checks.js');
        error.message += await chosenFlags(checkpoint, options);
      }
    }
    throw error;
  } finally {
    display.stop();
  }
}

/** Reports errors in options and data before TensorFlow is loaded. */
async function read(
  source: Data,
  options: TrainOptions,
  {
    onProgress,
    communicator,
    ...room
  }: ProgressDisplay & Pick<Loading, 'closing' | 'communicator'> & { readonly signal: AbortSignal },
): Promise<{ readonly data: AnyDataSet; readonly parts: Parts }> {
  const { loadDataSet } = await import('../samples.js');
  const { partsOf } = await import('../train/parts.js');
  const { withBadRows } = await import('../bad-rows.js');
  onProgress({ stage: `read ${nameOf(source)}`, done: 0 });
  return withBadRows(options.skipBad, source, async (bad) => {
    const { memory, cache } = options;
    const loading = { ...room, onProgress, memory, cache, communicator };
    const data = await loadDataSet(source, csvChoices(options), loading, bad);
    if (options.dryRun && data.columns === undefined) {
      throw new UsageError(`--dry-run must be left out: ${data.name} is not a table.`);
    }
    if (options.output !== undefined) {
      const { assertStorable } = await import('../train/storable.js');
      assertStorable(data);
    }
    return { data, parts: await partsOf(data, options, bad, { ...room, onProgress, memory }) };
  });
}

/** Prints what was found in the columns of a table. */
async function dryRun({ name, columns = [], samples, dropped }: AnyDataSet, json: boolean | undefined): Promise<void> {
  const { MOST_LISTED, tableOf } = await import('../columns.js');
  const { print, printJson } = await import('../terminal.js');
  const rows = samples.labels.length;
  if (json) printJson({ data: { name, rows, dropped, columns } });
  else print(tableOf({ name, rows, dropped, columns }, MOST_LISTED.dryRun));
}

/** The options that say how to read a table. */
const CSV_CHOICES = [
  ...(['label', 'labelType', 'strings', 'categories', 'date', 'dateOrder', 'missing', 'missingLabel'] as const),
  ...(['sampleWeight', 'minClassCount', 'group', 'time'] as const),
  ...(['missingToken', 'defaultMissing', 'maxCategories', 'unseen', 'ignore', 'delimiter', 'decimal'] as const),
  ...(['thousands', 'comment', 'header', 'skipBad'] as const),
] satisfies readonly (keyof CsvChoices)[];

export function csvChoices(options: CsvChoices): CsvChoices {
  return Object.fromEntries(CSV_CHOICES.map((name) => [name, options[name]]));
}

/** Refuses options that exclude each other, before anything is read. */
export function assertTogether(options: Partial<TrainOptions>): void {
  const { test, testFraction, unknownLabel, group, time, folds, seed = 0 } = options;
  if (folds !== undefined && folds < 2) throw new UsageError(`--folds must be an integer ≥ 2; got ${folds}.`);
  if (seed >= 2 ** 32) throw new UsageError(`--seed must be an integer in [0, 2^32); got ${seed}.`);
  if (test !== undefined && testFraction !== undefined) {
    throw new UsageError('--test-fraction must be left out with --test, which trains on all rows of DATA.');
  }
  if (unknownLabel !== undefined && test === undefined) {
    throw new UsageError('--unknown-label must be left out without --test FILE, whose labels it is about.');
  }
  if (testFraction !== undefined && !(testFraction >= 0 && testFraction < 1)) {
    throw new UsageError(`--test-fraction must be a share in [0, 1); got ${testFraction}.`);
  }
  if (options.l2Rule !== undefined && candidatesOf(options) === undefined)
    throw new UsageError('--l2-rule must be left out without --l2 auto or a list, such as --l2 1,0.1,0.01.');
  if (options.resume !== undefined && candidatesOf(options) !== undefined) {
    throw new UsageError('--l2 must be the number of the checkpoint with --resume; got a search.');
  }
  if (options.cache !== undefined && options.skipBad !== undefined) {
    throw new UsageError('--cache must be left out with --skip-bad, which writes rows when they are read.');
  }
  if (group !== undefined && time !== undefined) {
    throw new UsageError('--time must be left out with --group: both decide which rows are held back.');
  }
}
