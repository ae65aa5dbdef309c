// report: the data, the model, and the headline numbers.
import { baselineOf } from '../metrics/baseline.js';
import { countsOfConfusion, marginsOf, sum } from '../metrics/confusion.js';
import { type Interval, wilsonInterval } from '../metrics/interval.js';
import { SCORE_NAMES, SCORES, type ScoreRow } from '../metrics/scores.js';
import type { FitResult } from '../training/fit.js';
import { type Content, type Html, html } from './html.js';
import { featureCount, type ReportInput } from './input.js';
import { networkFigure } from './model/network.js';
import { count, exact, fixed, labelText, percent, plural, sentenceCase, shortened, significant } from './numbers.js';
import { proofLine } from './proof.js';
import { facts, inLine, type Section } from './section.js';

export function masthead({ data, model, evaluation, gradcheck, date }: ReportInput): Html {
  const lede = html`A softmax regression, a linear classifier, for <strong>${count(model.classes.length)} classes</strong> and
<strong>${plural(model.numFeatures, 'feature')}</strong>, ${trials(data, evaluation.samples)}`;
  return html`<header class="masthead">
<p class="eyebrow">Model report${date === undefined ? undefined : html` <span aria-hidden="true">·</span> ${date}`}</p>
<h1>${data.name}</h1>
<p class="lede">${lede}</p>
${proofLine(gradcheck)}
</header>`;
}

/** The numbers of training and test samples, as far as they are known. */
function trials({ trainingSamples, testedOnTraining }: ReportInput['data'], samples: number): Html {
  if (trainingSamples === undefined) return html`tested on ${plural(samples, 'sample')}.`;
  const trained = html`trained on ${plural(trainingSamples, 'sample')} and
tested on`;
  if (testedOnTraining === true) return html`${trained} the same samples. The scores are optimistic.`;
  return html`${trained} ${count(samples)} held out.`;
}

interface Tile {
  readonly name: string;
  readonly value: Content;
  readonly note: Content;
}

/** The headlines whose tile needs no words of its own. */
const headlineNames = SCORE_NAMES.filter(
  (name) =>
    (SCORES[name] as ScoreRow).headline === true && !['accuracy', 'logLoss', 'expectedCalibrationError'].includes(name),
);

export function headlines({ evaluation, fit }: ReportInput): Html {
  const { accuracy, logLoss, expectedCalibrationError: calibration, perClass } = evaluation;
  const counts = countsOfConfusion(evaluation.confusion);
  const right = sum(marginsOf(counts).diagonal);
  const samples = perClass.support.reduce((sum, support) => sum + support, 0);
  const { lower, upper } = evaluation.interval ?? wilsonInterval(Math.round(right), Math.round(samples));
  const baseline = baselineOf(counts);
  const isWorse = (holds: boolean) => (holds ? html` <span class="alarm">The model is worse.</span>` : undefined);
  const tiles: (Tile | undefined)[] = [
    {
      name: 'Accuracy',
      value: percent(accuracy),
      note: html`${interval({ lower, upper })}${count(right)} of ${count(samples)} correct. 95${'\u00a0'}% interval: ${percent(lower)} to ${percent(upper)}. Always predicting the
most frequent class: ${percent(baseline.accuracy)}.${isWorse(accuracy < baseline.accuracy)}`,
    },
    {
      name: 'Log loss',
      value: html`${fixed(logLoss, 4)} <small>nats</small>`,
      note: html`A perfect model has 0. Always predicting the class shares: ${fixed(baseline.logLoss, 4)}.${isWorse(logLoss > baseline.logLoss)}`,
    },
    calibration === undefined
      ? undefined
      : {
          name: 'Calibration error',
          value: percent(calibration),
          note: 'The mean difference between confidence and accuracy.',
        },
    ...headlineNames.map((name): Tile | undefined => {
      const value = evaluation[name];
      return value === undefined
        ? undefined
        : {
            name: sentenceCase(SCORES[name].title),
            value: fixed(value, 4),
            note: `${sentenceCase(SCORES[name].help)}.`,
          };
    }),
    fit === undefined ? undefined : { name: 'Training', value: fitWord(fit), note: fitNote(fit) },
  ];
  return html`<section aria-labelledby="headlines"><h2 id="headlines" class="unseen">Key figures</h2>
<div class="headlines">${tiles.map((tile) =>
    tile === undefined
      ? undefined
      : html`<div class="tile"><h3>${tile.name}</h3><p class="value">${tile.value}</p><p class="note">${tile.note}</p></div>\n`,
  )}</div></section>`;
}

/** A bar that shows the interval within [0, 1]. */
function interval({ lower, upper }: Interval): Html {
  const x = (share: number) => (100 * share).toFixed(2);
  const width = Math.max(100 * (upper - lower), 1).toFixed(2);
  return html`<svg class="interval" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4" /><rect class="range" x="${x(lower)}" width="${width}" height="4" /></svg>`;
}

function fitWord({ reason, converged }: FitResult): Html | string {
  if (converged) return 'converged';
  if (reason === 'diverged') return html`<span class="alarm">diverged</span>`;
  return reason === 'no-progress' ? 'no progress' : 'stopped';
}

/** How the fit ended, in words. */
export function fitNote(fit: FitResult): Html {
  const { reason, iterations, bestEpoch, objective, suboptimality, gradientNorm, advice } = fit;
  const ended: Readonly<Record<FitResult['reason'], string>> = {
    'early-stopping': `After ${plural(iterations, 'step')}, the validation loss no longer fell${
      bestEpoch === undefined ? '' : `; the model is that of epoch ${bestEpoch}`
    }.`,
    epochs: `All epochs completed: ${plural(iterations, 'step')}.`,
    iterations: `Not converged after ${plural(iterations, 'iteration')}.`,
    gradient: `After ${plural(iterations, 'iteration')}, no entry of the gradient exceeds ${significant(gradientNorm, 2)}.`,
    'no-progress': `After ${plural(iterations, 'iteration')}, rounding prevents further progress.`,
    diverged: `After ${plural(iterations, 'step')}, the loss or the weights were not finite. The model has the last finite weights.`,
  };
  // A bound as large as the objective says only that no loss is below 0.
  const bound =
    suboptimality === null || suboptimality >= objective
      ? undefined
      : html` The objective is proven to be at most ${significant(suboptimality, 2)} above its minimum.`;
  return html`${ended[reason]}${bound}${advice === null ? undefined : html` ${advice}`}`;
}

export function trainingSection(input: ReportInput): Section {
  const { data, model, evaluation, fit } = input;
  const names = model.classes.map(labelText);
  const lead = 'The data, the network and the options of the fit.';
  const listed =
    names.length <= 20 ? inLine(names) : html`${inLine(names.slice(0, 18))}, … <bdi>${names[names.length - 1]}</bdi>`;
  const entries: (readonly [string, Content])[] = [
    ['Data', data.name],
    ...(data.trainingSamples === undefined ? [] : [['Training samples', count(data.trainingSamples)] as const]),
    ['Test samples', count(evaluation.samples)],
    ...(data.split === undefined ? [] : [['Split', data.split] as const]),
    [
      'Features',
      data.image === undefined
        ? `${count(model.numFeatures)}${fromColumns(model)}`
        : html`${count(model.numFeatures)}: images of ${data.image.width} × ${data.image.height} pixels`,
    ],
    [plural(names.length, 'class', 'classes'), listed],
    ['Parameters', count(model.numParameters)],
    ...optionFacts(model.options),
    ...(model.temperature === undefined || model.temperature === 1
      ? []
      : [['Temperature', significant(model.temperature)] as const]),
    ...(fit === undefined ? [] : [['Objective', html`${fixed(fit.objective, 6)} nats`] as const]),
  ];
  return {
    id: 'training',
    title: 'Data and model',
    short: 'Training',
    lead,
    body: html`${networkFigure(input)}${facts(entries)}`,
  };
}

/** With categories, there are fewer columns than features. */
function fromColumns({ schema, numFeatures }: ReportInput['model']): string {
  const columns = schema?.columns.filter((column) => featureCount(column) > 0).length ?? numFeatures;
  return columns === numFeatures ? '' : ` from ${plural(columns, 'column')}`;
}

const OPTION_NAMES: Readonly<Record<string, string>> = {
  solver: 'Solver',
  fitIntercept: 'Bias',
  l2: 'L2 penalty',
  l1: 'L1 penalty',
  batchSize: 'Batch size',
  learningRate: 'Learning rate',
  maxIterations: 'Max iterations',
  classWeights: 'Class weights',
};

/** The options of the fit, by name. */
function optionFacts(options: object): (readonly [string, Content])[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => [OPTION_NAMES[name] ?? capitalised(name), optionText(value)] as const);
}

function capitalised(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

function optionText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  // Six digits, for values such as 1/n. The command in the last section reproduces the exact value.
  if (typeof value === 'number') return exact(Number(value.toPrecision(6)));
  return typeof value === 'string' ? value : shortened(JSON.stringify(value), 200);
}
