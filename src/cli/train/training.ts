// cli: the work of `train`: fit, calibrate, evaluate, write files, print.
import type { BackendName } from '../../backend/names.js';
import { type BackendChoice, formatBackend, selectBackend } from '../../backend/select.js';
import { type Label, sortedClasses } from '../../core/labels.js';
import type { Communicator } from '../../core/ranks/communicator.js';
import { foldCount } from '../../data/folds.js';
import { crossValidate } from '../../model/cross-validate.js';
import { lambdaPath } from '../../model/lambda-path.js';
import { SoftmaxRegression } from '../../model/softmax-regression.js';
import { MOST_LISTED, tableOf } from '../columns.js';
import type { Data } from '../data/query.js';
import { unitOf } from '../data/tables.js';
import { destination, writeResult } from '../destination.js';
import { ModelOutput } from './model-output.js';
import '../../node.js';
import type { AnyDataSet, AnySamples } from '../../reading/samples.js';
import { reads } from '../../training/options.js';
import { DEFAULT_SOLVER, isFirstOrder } from '../../training/solvers.js';
import { type FlagValues, fitOptionsFrom } from '../fit-options.js';
import { withInterrupt } from '../interrupt.js';
import { count, counted, droppedText, evaluationLines, figure, fitLines, foldLines } from '../output.js';
import type { ProgressDisplay } from '../progress.js';
import type { CsvChoices } from '../samples.js';
import { type Line, note, print, printJson } from '../terminal.js';
import { evaluated } from '../tried.js';
import { leftOutOf, leftOutText } from '../unknown-labels.js';
import { checkpointsOf } from './checks.js';
import { candidatesOf, chosenBy, type L2Rule, withoutCandidates } from './l2.js';
import type { PartChoices, Parts } from './parts.js';
import { pathLines } from './path-lines.js';

/** The options of `train`. */
export interface TrainOptions extends CsvChoices, PartChoices, FlagValues {
  readonly output?: string;
  readonly report?: string;
  readonly folds?: number;
  readonly l2Rule?: L2Rule;
  readonly checkpoint?: string;
  readonly resume?: string;
  readonly backend?: BackendName;
  readonly json?: boolean;
  /** The most bytes that the rows of DATA may take in memory. */
  readonly memory?: number;
  /** The folder of encoded rows. */
  readonly cache?: string;
  /** The number of processes to start. */
  readonly workers?: number;
  /** The processes that share each fit. */
  readonly communicator?: Communicator;
  /** Only reads the tables and checks the options. */
  readonly dryRun?: boolean;
}

export async function train(
  source: Data,
  data: AnyDataSet,
  parts: Parts,
  options: TrainOptions,
  { onProgress, stop }: ProgressDisplay,
): Promise<void> {
  const checkpoints = await checkpointsOf(options);
  const choice = await selectedBackend(options.backend, stop);
  const { folds } = options;
  if (folds !== undefined) foldCount(folds, parts.training.labels.length, 'train');
  if (data.columns !== undefined && !options.json) {
    stop();
    const { name, dropped, columns, samples } = data;
    print([...tableOf({ name, rows: samples.labels.length, dropped, columns }, MOST_LISTED.train), '']);
  }
  const file = new ModelOutput(options.output);
  await withInterrupt(async (signal) => {
    const { training, tested, split, isSelf } = parts;
    const learnt = await learn(data, parts, options, checkpoints, file, { onProgress, signal });
    const { model, evaluation, result, path } = learnt;
    const { report, seed, test: testName } = options;
    const unknown = leftOutOf(tested, evaluation);
    const without = unknown === undefined ? '' : `; ${leftOutText(unknown)}`;
    const part = { trainingSamples: training.labels.length, testedOnTraining: isSelf, split: `${split}${without}` };
    const described = { ...data, ...part, testName, unit: unitOf(testName ?? source) };
    const assessed = {
      model,
      evaluation,
      tested,
      compared: training.features,
      fit: result,
      lambdaPath: path,
      seed,
      choice,
    };
    const html = report && (await (await import('../assess.js')).reportOf({ ...assessed, data: described }));
    signal.throwIfAborted();
    if (report && html) await writeResult(report, html);
    stop();
    if (options.json) printJson(documentOf(data, parts, options, learnt));
    else print(linesOf(data, parts, options, learnt));
  }).catch(async (error) => {
    stop();
    const place = await file.rescue();
    if (place !== undefined && error instanceof Error) error.message = `${error.message.replace(/\.$/, '')}. ${place}`;
    throw error;
  });
}

/** Selects a backend, and says which ones were refused. */
export async function selectedBackend(name: BackendName | undefined, stop: () => void): Promise<BackendChoice> {
  const choice = await selectBackend(name);
  if (choice.refused.length > 0) {
    stop();
    note(formatBackend(choice).split('\n'));
  }
  return choice;
}

/** The options of a fit, from the flags and from the data. */
export function fitOptionsOf(
  { samples, schema, featureNames }: AnyDataSet,
  { sampleWeights, groups, times }: AnySamples,
  options: FlagValues,
  signal: AbortSignal,
) {
  return {
    standardize: schema !== undefined,
    ...fitOptionsFrom(options),
    ...{ sampleWeights, groups, times },
    ...{ schema, featureNames, classes: sortedClasses(samples.labels), signal },
  };
}

type Learnt = Awaited<ReturnType<typeof learn>>;

async function learn(
  data: AnyDataSet,
  { training, held, tested }: Parts,
  options: TrainOptions,
  checkpoints: Awaited<ReturnType<typeof checkpointsOf>>,
  file: ModelOutput,
  { onProgress, signal }: Pick<ProgressDisplay, 'onProgress'> & { signal: AbortSignal },
) {
  const candidates = candidatesOf(options);
  const { communicator } = options;
  const shared = communicator && { communicator };
  const open = { ...fitOptionsOf(data, training, withoutCandidates(options), signal), ...shared };
  const { classes, solver = DEFAULT_SOLVER } = open;
  const { folds, seed, l2Rule } = options;
  const path =
    candidates &&
    (await lambdaPath<Label>(training.features, training.labels, {
      ...{ ...open, folds, seed, l2: candidates === 'auto' ? undefined : candidates },
      onProgress: ({ fit, fits, l2 }) =>
        onProgress({ stage: 'choose l2', done: fit - 1, total: fits, note: `l2 ${figure(l2)}` }),
    }));
  const fitOptions = path === undefined ? open : { ...open, l2: chosenBy(l2Rule, path) };
  const validated =
    folds === undefined || path !== undefined
      ? undefined
      : await crossValidate<Label>(training.features, training.labels, {
          ...{ ...fitOptions, folds, seed },
          onProgress: ({ fold, folds: total }) => onProgress({ stage: 'cross-validate', done: fold - 1, total }),
        });
  const { model: fresh, result } = await SoftmaxRegression.fit<Label>(training.features, training.labels, {
    ...fitOptions,
    ...(reads(solver, 'seed') ? { seed } : {}),
    ...checkpoints,
    onProgress: ({ epoch, epochs, step, steps, loss }) => {
      const note = `loss ${loss.toFixed(4)}`;
      // The number of iterations to the optimum is unknown.
      if (isFirstOrder(solver)) onProgress({ stage: 'train', done: epoch - 1 + step / steps, total: epochs, note });
      else {
        const hessian = steps > 1 ? `, Hessian ${step}/${steps}` : '';
        onProgress({ stage: 'train', done: 0, note: `iteration ${epoch}${hessian}, ${note}` });
      }
    },
  });
  if (held !== undefined) await file.keep(fresh);
  onProgress({ stage: 'test', done: 0 });
  const calibration =
    held && (await fresh.calibrate(held.features, held.labels, { sampleWeights: held.sampleWeights, signal }));
  const model: SoftmaxRegression<Label> = calibration?.model ?? fresh;
  await file.finish(model);
  const evaluation = await evaluated(model, tested, { ...shared, signal });
  return { classes, path, validated, result, model, evaluation };
}

/** The document that --json prints. */
function documentOf(
  { name, dropped, leftOut, columns }: AnyDataSet,
  { training, tested, split, isSelf }: Parts,
  { output, report, test, folds, l2Rule = 'best' }: TrainOptions,
  { classes, path, validated, result, model, evaluation }: Learnt,
) {
  const { history: _, ...fit } = result;
  const { mean, standardDeviation } = validated ?? {};
  const { numFeatures, numParameters, temperature, options } = model;
  return {
    data: {
      ...{ name, trainingSamples: training.labels.length, testSamples: tested.labels.length },
      ...{ split, dropped, ...(test !== undefined && { testDropped: tested.dropped }), leftOut, columns },
    },
    model: { file: output, classes, numFeatures, numParameters, temperature, options },
    fit,
    ...(path && { lambdaPath: { rule: l2Rule, ...path } }),
    ...(validated && { crossValidation: { folds, mean, standardDeviation } }),
    evaluation: { on: isSelf ? 'the training samples' : 'samples held back', ...evaluation },
    unknownLabels: leftOutOf(tested, evaluation),
    report,
  };
}

function linesOf(
  { name, dropped, leftOut = {} }: AnyDataSet,
  { training, held, tested, split, isSelf }: Parts,
  { output, report, folds, l2Rule }: TrainOptions,
  { classes, path, validated, result, model, evaluation }: Learnt,
): Line[] {
  const features = `${counted(model.numFeatures, 'feature')}, ${count(classes.length)} classes${droppedText(dropped)}`;
  const unknown = leftOutOf(tested, evaluation);
  const rare = Object.entries(leftOut).map(([label, rows]) => `${label} (${count(rows)})`);
  return [
    `data: ${name}, ${count(training.labels.length)} training samples, ${features}`,
    ...(rare.length === 0 ? [] : [`left out, too few rows: ${rare.join(', ')}`]),
    ...(path ? pathLines(path, l2Rule, model.options.solver) : []),
    ...(validated && folds !== undefined
      ? foldLines(validated.mean, validated.standardDeviation, folds, foldKind(training))
      : []),
    ...fitLines(result, model.options),
    ...(held
      ? [`calibrated on ${count(held.labels.length)} samples: temperature ${model.temperature.toFixed(3)}`]
      : []),
    '',
    ...evaluationLines(evaluation, isSelf ? 'the training samples' : split),
    ...(unknown === undefined ? [] : ['', leftOutText(unknown)]),
    '',
    ...(output === undefined
      ? ['The model is not saved. Pass -o FILE to save it.']
      : [`model: ${destination(output)}`]),
    ...(report === undefined ? [] : [`report: ${destination(report)}`]),
  ];
}

/** How groups or times restrict the folds, as the heading says it. */
function foldKind({ groups, times }: Parts['training']): string {
  if (times !== undefined) return ', each later than those it was trained on';
  return groups === undefined ? '' : ' of whole groups';
}
