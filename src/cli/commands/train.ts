// cli: softmax-regression train.
import { Command, Option } from 'commander';
import { BACKENDS, type BackendName } from '../../backend/names.js';
import type { Label } from '../../core/labels.js';
import type { Calibration, SoftmaxRegression } from '../../model/softmax-regression.js';
import { withInterrupt } from '../interrupt.js';
import { quietDisplay } from '../progress.js';
import type { CsvChoices, DataSet, Samples } from '../samples.js';
import { collect, integer, jsonOption, number, UsageError } from '../usage.js';

interface Options extends CsvChoices {
  readonly output?: string;
  readonly report?: string;
  readonly test?: string;
  readonly testFraction?: number;
  readonly folds?: number;
  readonly calibrate?: boolean;
  readonly seed: number;
  readonly solver: 'lbfgs' | 'sgd' | 'momentum' | 'adam';
  readonly l2?: number;
  readonly l1?: number;
  readonly tolerance?: number;
  readonly maxIterations?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly validation?: number;
  readonly patience?: number;
  readonly standardize?: boolean;
  readonly classWeights?: 'balanced';
  readonly checkpoint?: string;
  readonly resume?: string;
  readonly backend?: BackendName;
  readonly json?: boolean;
}

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
  return new Command('train')
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
    .optionsGroup('Training (docs/training.md):')
    .addOption(
      new Option('--solver <name>', 'lbfgs goes to the optimum')
        .choices(['lbfgs', 'sgd', 'momentum', 'adam'])
        .default('lbfgs'),
    )
    .option('--l2 <strength>', "of the penalty (default: 1/n, or 2/n for two classes; scikit-learn's C = 1)", number)
    .option('--l1 <strength>', 'of the penalty that makes weights exactly 0; lbfgs only (default: 0)', number)
    .option('--standardize', 'learn from columns of mean 0 and deviation 1 (default for tables)')
    .option('--no-standardize', 'learn from columns as they are (default for pictures)')
    .addOption(new Option('--class-weights <weights>', 'what classes count').choices(['balanced']))
    .option('--tolerance <size>', 'of the gradient, where lbfgs ends', number)
    .option('--max-iterations <n>', 'of lbfgs', integer)
    .option('--epochs <n>', 'of the other solvers', integer)
    .option('--batch-size <n>', 'of the other solvers', integer)
    .option('--learning-rate <rate>', 'of the other solvers', number)
    .option('--validation <share>', 'of the training samples, looked at after each epoch', number)
    .option('--patience <epochs>', 'end when so many were no better on the validation samples', integer)
    .option('--checkpoint <file>', 'keep the state of the training there as it goes, and when it is interrupted')
    .option('--resume <file>', 'go on from a checkpoint of the same command, and keep it up to date')
    .addOption(new Option('--backend <name>', 'the fastest that works unless given').choices(BACKENDS))
    .optionsGroup('Options:')
    .addOption(jsonOption())
    .addHelpText('after', `\n${DATA}${EXAMPLES}`)
    .action(train);
}

async function train(source: string, options: Options): Promise<void> {
  const { onProgress, stop } = quietDisplay();
  try {
    await trained(source, options, onProgress);
  } finally {
    stop();
  }
}

type OnProgress = ReturnType<typeof quietDisplay>['onProgress'];

async function trained(source: string, options: Options, onProgress: OnProgress): Promise<void> {
  const { loadDataSet } = await import('../samples.js');
  const { assertReplaceable, openAtomicWriter } = await import('../../node/atomic-writer.js');
  const { output, report, json } = options;
  assertTogether(options);
  for (const path of [output, report, options.checkpoint]) if (path !== undefined) await assertReplaceable(path);
  onProgress({ stage: `read ${source}`, done: 0 });
  const data = await loadDataSet(source, csvChoices(options), { onProgress });

  await import('../../node.js');
  const { formatBackend, selectBackend } = await import('../../backend/select.js');
  const { SoftmaxRegression } = await import('../../model/softmax-regression.js');
  const { crossValidate } = await import('../../model/cross-validate.js');
  const { evaluationLines, fitLines, foldLines, print, printJson, count } = await import('../output.js');
  const parts = await partsOf(data, options);
  const checkpoints = await checkpointsOf(options);
  const choice = await selectBackend(options.backend);
  if (choice.refused.length > 0) console.error(formatBackend(choice));

  await withInterrupt(async (signal) => {
    const { training, held, tested, split, isSelf } = parts;
    const classes = (await import('../../core/labels.js')).sortedClasses(data.samples.labels);
    const fitOptions = { ...fitOptionsOf(options, data, training.labels.length, classes.length), classes, signal };
    const { folds, seed } = options;
    const validated =
      folds === undefined
        ? undefined
        : await crossValidate<Label>(training.features, training.labels, {
            ...fitOptions,
            folds,
            seed,
            onProgress: ({ fold, folds: total }) => onProgress({ stage: 'cross-validate', done: fold - 1, total }),
          });
    const { model: fresh, result } = await SoftmaxRegression.fit<Label>(training.features, training.labels, {
      ...fitOptions,
      ...(options.solver === 'lbfgs' ? {} : { seed }),
      ...checkpoints,
      onProgress: ({ epoch, epochs, step, steps, loss }) =>
        onProgress({ stage: `train, loss ${loss.toFixed(4)}`, done: epoch - 1 + step / steps, total: epochs }),
    });
    const calibration: Calibration<Label> | undefined =
      held && (await fresh.calibrate(held.features, held.labels, { signal }));
    const model: SoftmaxRegression<Label> = calibration?.model ?? fresh;
    const evaluation = await model.evaluate(tested.features, tested.labels, { signal });

    // Both are made before either is written, and a file is whole or as it was.
    const html =
      report === undefined
        ? undefined
        : await (await import('../assess.js')).reportOf({
            ...{ model, evaluation, tested, compared: training.features, fit: result, seed, choice },
            data: { ...data, trainingSamples: training.labels.length, testedOnTraining: isSelf, split },
          });
    signal.throwIfAborted();
    if (html !== undefined && report !== undefined) {
      const writer = await openAtomicWriter(report);
      try {
        await writer.write(html);
        await writer.commit();
      } finally {
        await writer.abandon();
      }
    }
    if (output !== undefined) await (await import('../../node/model-files.js')).saveModel(output, model);

    const { name, dropped } = data;
    const { temperature, numParameters } = model;
    if (json) {
      const { history: _, ...fit } = result;
      const described = {
        name,
        trainingSamples: training.labels.length,
        testSamples: tested.labels.length,
        split,
        dropped,
      };
      const { mean, standardDeviation } = validated ?? {};
      return printJson({
        data: described,
        model: {
          file: output,
          classes,
          numFeatures: model.numFeatures,
          numParameters,
          temperature,
          options: model.options,
        },
        fit,
        ...(validated && { crossValidation: { folds, mean, standardDeviation } }),
        evaluation: { on: isSelf ? 'the training samples' : 'samples held back', ...evaluation },
        report,
      });
    }
    const features = `${count(model.numFeatures)} features, ${count(classes.length)} classes`;
    print([
      `data: ${name}, ${count(training.labels.length)} samples to learn from, ${features}${dropped > 0 ? `; ${count(dropped)} rows with missing values left out` : ''}`,
      ...(validated && folds !== undefined ? foldLines(validated.mean, validated.standardDeviation, folds) : []),
      ...fitLines(result, options.solver),
      ...(calibration
        ? [`calibrated on ${count(held?.labels.length ?? 0)} samples: temperature ${temperature.toFixed(3)}`]
        : []),
      '',
      ...evaluationLines(evaluation, isSelf ? 'the samples it learnt from' : split),
      '',
      ...(output === undefined ? ['The model is not kept: give -o FILE to save it.'] : [`model: ${output}`]),
      ...(report === undefined ? [] : [`report: ${report}`]),
    ]);
  });
}

/** What says how a table is read. */
function csvChoices(options: Options): CsvChoices {
  const { label, strings, categories, missing, missingToken, unseen, ignore, delimiter, decimal, header } = options;
  return { label, strings, categories, missing, missingToken, unseen, ignore, delimiter, decimal, header };
}

/** What cannot be asked for together, before anything is read. */
function assertTogether(options: Options): void {
  const { test, testFraction, output, report, patience, validation, solver, strings, categories } = options;
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
  if (patience !== undefined && (validation === undefined || solver === 'lbfgs')) {
    throw new UsageError('--patience must come with --validation and the solver sgd, momentum or adam.');
  }
}

/** Which samples are learnt from, which are held back to calibrate, and which are tested on. */
async function partsOf(data: DataSet, options: Options) {
  const { samples, test } = data;
  const { testFraction = 0.2, test: testFile, seed, calibrate } = options;
  const { count } = await import('../output.js');
  const n = samples.labels.length;
  const tested = testFile === undefined ? test : await testTable(testFile, data, options);
  const isWhole = tested !== undefined || testFraction === 0;
  const [kept, held] = isWhole ? [samples, undefined] : await divided(samples, testFraction, seed);
  const [training, calibrating] = calibrate ? await divided(kept, 0.2, seed) : [kept, undefined];
  const set = tested ?? held ?? training;
  const split =
    testFile !== undefined
      ? `the ${count(set.labels.length)} rows of ${testFile}`
      : tested !== undefined
        ? `${count(set.labels.length)} samples set aside by the publishers`
        : held === undefined
          ? 'the samples themselves'
          : `${count(set.labels.length)} of ${count(n)} samples held back`;
  return { training, held: calibrating, tested: set, split, isSelf: tested === undefined && held === undefined };
}

async function divided(samples: Samples, testFraction: number, seed: number): Promise<[Samples, Samples]> {
  const { take, trainTestSplit } = await import('../../data/split.js');
  const split = trainTestSplit(samples.labels.length, { testFraction, seed, stratify: samples.labels as Label[] });
  const part = (indices: Int32Array) => ({
    features: take(samples.features, indices),
    labels: take(samples.labels, indices),
  });
  return [part(split.train), part(split.test)];
}

async function testTable(path: string, { schema }: DataSet, { delimiter }: Options): Promise<Samples> {
  if (schema === undefined) throw new UsageError('--test must come with a table to learn from.');
  const { labelledRows } = await import('../table.js');
  const { featureNamesOf } = await import('../../data/csv-schema.js');
  const featureNames = featureNamesOf(schema);
  return labelledRows(path, { classes: [], featureNames, numFeatures: featureNames.length, schema }, { delimiter });
}

/** Where the fit is kept, and from where it goes on. */
async function checkpointsOf({ resume: from, checkpoint: to = from }: Options) {
  const { fileCheckpoint, readCheckpoint } = await import('../../node/checkpoint-files.js');
  const resume = from === undefined ? undefined : await readCheckpoint(from);
  if (from !== undefined && resume === undefined) {
    const { BackendError } = await import('../../core/errors.js');
    const hint = 'Without --resume, --checkpoint begins one.';
    throw new BackendError({
      where: from,
      argument: 'this path',
      expected: 'be a checkpoint',
      actual: 'no such file',
      hint,
    });
  }
  return {
    ...(to === undefined ? {} : { checkpoint: fileCheckpoint(to) }),
    ...(resume === undefined ? {} : { resume }),
  };
}

function fitOptionsOf(options: Options, { schema, featureNames }: DataSet, n: number, classes: number) {
  const { solver, tolerance, maxIterations, epochs, batchSize, learningRate, validation, patience, classWeights } =
    options;
  const { l1, l2 = (classes === 2 ? 2 : 1) / n, standardize = schema !== undefined } = options;
  return {
    ...{ solver, l1, l2, standardize, schema, featureNames, classWeights, validation },
    ...{ tolerance, maxIterations, epochs, batchSize, learningRate },
    ...(patience === undefined ? {} : { earlyStopping: { patience } }),
  };
}
