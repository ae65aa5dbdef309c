// cli: the work of `compare`: two models on the same samples. No TensorFlow.js: a prediction is a few sums per row.
import { DomainError, FormatError } from '../core/errors.js';
import { classIndices, type Label } from '../core/labels.js';
import { checkFeatureCount, describe } from '../core/shape.js';
import { nextTask } from '../core/task.js';
import { blocksOf } from '../data/any-rows.js';
import { take } from '../data/split.js';
import { type McNemar, mcnemar, type PairedDifference, pairedDifference } from '../metrics/comparison.js';
import { logitsInto, surprise } from '../model/predict.js';
import { loadModelBytes } from '../node/model-bytes.js';
import { argMax } from '../predict/scores.js';
import type { UnknownLabels } from '../reading/table.js';
import { decodeModel, type ModelContent } from '../serialization/model-file.js';
import { plain } from '../training/options.js';
import { type BadRowsFile, withBadRows } from './bad-rows.js';
import type { Data } from './data/query.js';
import { withRowFiles } from './data/row-files.js';
import { withSpooledQuery } from './data/spooled.js';
import { count, counted, score, tableLines } from './output.js';
import { type Loading, loadSamplesFor, type TableChoices } from './samples.js';
import type { Line } from './terminal.js';
import { leftOutText } from './unknown-labels.js';

/** The scores of one model. */
interface Scored {
  readonly model: string;
  readonly accuracy: number;
  readonly logLoss: number;
  /** The rows that were left out for this model because of missing values. */
  readonly dropped: number;
}

export interface ModelComparison {
  readonly data: {
    readonly name: string;
    readonly part: string;
    readonly samples: number;
    /** The rows that were left out because the models do not know their labels. */
    readonly unknownLabels?: Pick<UnknownLabels, 'rows' | 'labels'>;
  };
  readonly first: Scored;
  readonly second: Scored;
  readonly mcnemar: McNemar;
  /** Log loss of the first minus that of the second, with a 95 % interval. */
  readonly logLossDifference: PairedDifference;
}

export async function comparisonOf(
  files: readonly [first: string, second: string],
  source: Data,
  options: TableChoices,
  loading: Loading,
): Promise<ModelComparison> {
  const models = await Promise.all(files.map(async (file) => decodeModel(await loadModelBytes(file), file)));
  assertSameClasses(models, files);
  // The features of one model are released before the other reads.
  const predictedBy = (model: ModelContent, from: Data, bad: BadRowsFile | undefined) =>
    withRowFiles(async (closing) =>
      predicted(model, await loadSamplesFor(from, model, options, { ...loading, closing }, bad), loading.signal),
    );
  const [a, b] = await withBadRows(options.skipBad, source, (bad) =>
    withSpooledQuery(source, loading, async (from) => [
      await predictedBy(models[0], from, bad),
      await predictedBy(models[1], from, bad),
    ]),
  );
  const { name, part, unknownLabels: unknown } = a;
  const unknownLabels = unknown && { rows: unknown.rows, labels: unknown.labels };
  const rows = commonRows(a, b);
  const samples = rows.first.length;
  if (samples < 2) {
    const expected = 'have at least 2 rows that both models read';
    throw new FormatError({ where: name, argument: 'the data', expected, actual: String(samples) });
  }
  assertSameLabels(rows, a, b, name);
  const labels = take(a.labels, rows.first);
  const [x, y] = [outcomesOf(a, rows.first), outcomesOf(b, rows.second)];
  return {
    data: { name, part, samples, ...(unknownLabels && { unknownLabels }) },
    first: scored(files[0], labels, x, a.dropped),
    second: scored(files[1], labels, y, b.dropped),
    mcnemar: mcnemar(labels, x.predictions, y.predictions),
    logLossDifference: pairedDifference(x.losses, y.losses),
  };
}

export function comparisonLines({ data, first, second, mcnemar, logLossDifference }: ModelComparison): Line[] {
  const { onlyFirst, onlySecond, pValue } = mcnemar;
  const { mean, lower, upper } = logLossDifference;
  const rows = [first, second].map(({ model, accuracy, logLoss }) => [model, score(accuracy), score(logLoss)]);
  return [
    `${count(data.samples)} ${data.part} of ${data.name}`,
    ...(data.unknownLabels ? [leftOutText(data.unknownLabels)] : []),
    ...[first, second]
      .filter(({ dropped }) => dropped > 0)
      .map(({ model, dropped }) => `${counted(dropped, 'row')} with missing values left out for ${model}`),
    '',
    ...tableLines(['model', 'accuracy', 'log loss'], rows),
    '',
    `predicted correctly by ${first.model} only: ${count(onlyFirst)}; by ${second.model} only: ${count(onlySecond)}`,
    `McNemar's exact test: p = ${plain(Number(pValue.toPrecision(3)))}`,
    `log loss of ${first.model} minus ${second.model}: ${score(mean)}, 95 % interval ${score(lower)} to ${score(upper)}`,
  ];
}

function assertSameClasses(models: readonly ModelContent[], files: readonly string[]): void {
  const [a, b] = models.map(({ classes }) => classes);
  const known = new Set(b);
  if (a.length === b.length && a.every((label) => known.has(label))) return;
  const list = (classes: readonly Label[]) =>
    `${classes.slice(0, 10).map(describe).join(', ')}${classes.length > 10 ? ', …' : ''}`;
  const hint = 'Train both models on the same labels.';
  const expected = `be those of ${files[0]}, ${list(a)}`;
  throw new DomainError({ where: files[1], argument: 'the classes', expected, actual: list(b), hint });
}

/** Rows as indices in the samples of each model. */
interface Common {
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/** The rows that both models read; `missing: 'drop'` may leave out others for each model. */
function commonRows({ labels, lines: a }: Predicted, { lines: b }: Predicted): Common {
  if (a === undefined || b === undefined) {
    const all = Int32Array.from(labels.keys());
    return { first: all, second: all };
  }
  const [first, second] = [new Int32Array(a.length), new Int32Array(a.length)];
  let n = 0;
  // The lines of each ascend.
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] < b[j]) i++;
    else if (a[i] > b[j]) j++;
    else {
      first[n] = i++;
      second[n++] = j++;
    }
  }
  return { first: first.subarray(0, n), second: second.subarray(0, n) };
}

/** The models may have been trained on different columns of labels. */
function assertSameLabels({ first, second }: Common, a: Predicted, b: Predicted, name: string): void {
  const odd = first.findIndex((i, k) => a.labels[i] !== b.labels[second[k]]);
  if (odd === -1) return;
  const [i, j] = [first[odd], second[odd]];
  throw new DomainError({
    where: a.lines === undefined ? name : `${name}:${a.lines[i]}`,
    argument: 'the label',
    expected: 'be the same for both models',
    actual: `${describe(a.labels[i])} and ${describe(b.labels[j])}`,
    hint: 'They read different columns. Pass --label COLUMN.',
  });
}

interface Outcomes {
  readonly predictions: readonly Label[];
  /** −log p of the label, nats. */
  readonly losses: Float64Array;
}

/** Samples without their features, with what a model makes of each. */
type Predicted = Omit<Awaited<ReturnType<typeof loadSamplesFor>>, 'features'> & Outcomes;

async function predicted(
  model: ModelContent,
  { features, ...samples }: Awaited<ReturnType<typeof loadSamplesFor>>,
  signal: AbortSignal | undefined,
): Promise<Predicted> {
  checkFeatureCount(features, model.numFeatures, samples.name);
  const { classes } = model;
  const truth = classIndices(samples.labels, classes, samples.name);
  const logits = new Float64Array(classes.length);
  const predictions: Label[] = [];
  const losses = new Float64Array(samples.labels.length);
  for await (const block of blocksOf(features)) {
    for (let i = 0; i < block.shape[0]; i++) {
      logitsInto(model, block, i, logits);
      losses[predictions.length] = surprise(logits, truth[predictions.length]);
      predictions.push(classes[argMax(logits)]);
    }
    await nextTask();
    signal?.throwIfAborted();
  }
  return { ...samples, predictions, losses };
}

function outcomesOf({ predictions, losses }: Outcomes, rows: Int32Array): Outcomes {
  return { predictions: take(predictions, rows), losses: take(losses, rows) };
}

function scored(model: string, labels: readonly Label[], { predictions, losses }: Outcomes, dropped: number): Scored {
  const right = labels.filter((label, i) => label === predictions[i]).length;
  const logLoss = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return { model, accuracy: right / labels.length, logLoss, dropped };
}
