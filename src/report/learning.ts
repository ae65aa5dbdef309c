// report: the learning curve.

import type { EpochRecord, FitResult } from '../training/fit.js';
import { type Charts, logTicks } from './chart.js';
import { type Html, html } from './html.js';
import type { ReportModel } from './input.js';
import { exact, plural, powerOfTen, significant } from './numbers.js';
import type { Section } from './section.js';
import { fitNote } from './summary.js';

/** Undefined if the history has fewer than two points. */
export function learningSection(fit: FitResult, { options }: ReportModel, charts: Charts): Section | undefined {
  const history = fit.history.filter(({ loss }) => Number.isFinite(loss));
  if (history.length < 2) return undefined;
  const toOptimum = (options as { solver?: string }).solver === 'lbfgs';
  const lead = toOptimum
    ? html`The objective after each iteration. ${fitNote(fit)}`
    : html`The mean loss of each epoch. ${fitNote(fit)}`;
  return {
    id: 'learning',
    title: 'Learning curve',
    short: 'Learning',
    lead,
    body: html`${lossChart(history, toOptimum, charts)}${gapChart(history, fit, charts)}`,
  };
}

interface Point {
  readonly epoch: number;
  readonly loss: number;
}

function lossChart(history: readonly EpochRecord[], toOptimum: boolean, { Plot, figure }: Charts): Html {
  const validation = history.flatMap(({ epoch, validationLoss }): Point[] =>
    validationLoss !== undefined && Number.isFinite(validationLoss) ? [{ epoch, loss: validationLoss }] : [],
  );
  const [first, last] = [history[0], history[history.length - 1]];
  const curve = (points: readonly Point[], name: string, colour: string, dy: number) => [
    Plot.line(points, { x: 'epoch', y: 'loss', stroke: `var(--${colour})`, strokeWidth: 2.25 }),
    points.length > 40 ? undefined : Plot.dot(points, { x: 'epoch', y: 'loss', r: 3, fill: `var(--${colour})` }),
    Plot.text(points.slice(-1), {
      x: 'epoch',
      y: 'loss',
      text: () => name,
      fill: `var(--${colour})`,
      fontWeight: 600,
      textAnchor: 'end',
      dy,
    }),
  ];
  const below = validation.length > 0 && validation[validation.length - 1].loss > last.loss;
  const unit = toOptimum ? 'iteration' : 'epoch';
  return figure({
    label: `The ${toOptimum ? 'objective' : 'training loss'} fell from ${significant(first.loss)} to ${significant(last.loss)} nats in ${plural(history.length, unit)}.`,
    caption: toOptimum
      ? 'Objective (mean loss plus penalty) in nats.'
      : 'Mean cross-entropy in nats. The training loss is measured during the epoch, while the weights change.',
    draw: (width) => ({
      height: width > 500 ? 300 : 240,
      marginLeft: 64,
      marginRight: 16,
      marginTop: 20,
      marginBottom: 40,
      x: {
        label: unit,
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: wholeTicks(first.epoch, last.epoch, width > 500 ? 10 : 5),
        tickFormat: 'd',
      },
      y: {
        ...{ label: toOptimum ? 'objective (nats)' : 'loss (nats)', labelAnchor: 'center', labelArrow: 'none' },
        ...{ grid: true, nice: true, ticks: 5 },
      },
      marks: [
        ...curve(history, toOptimum ? 'objective' : 'training', 'blue', below ? 16 : -12),
        ...(validation.length > 0 ? curve(validation, 'validation', 'orange', below ? -12 : 16) : []),
      ],
    }),
  });
}

/** Integers in even steps, about `most` of them. */
function wholeTicks(first: number, last: number, most: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((size) => (last - first) / size <= most);
  const every = step ?? Math.ceil((last - first) / most);
  const start = Math.ceil(first / every) * every;
  return Array.from({ length: Math.floor((last - start) / every) + 1 }, (_, i) => start + i * every);
}

/** The certificate as a curve: the gap between each objective and the proven lower bound. */
function gapChart(history: readonly EpochRecord[], fit: FitResult, { Plot, figure }: Charts): Html | undefined {
  const { objective, suboptimality } = fit;
  if (suboptimality === null) return undefined;
  const bound = objective - suboptimality;
  const points = history.map(({ epoch, loss }) => ({ epoch, gap: loss - bound })).filter(({ gap }) => gap > 0);
  if (points.length < 2) return undefined;
  const [first, last] = [points[0], points[points.length - 1]];
  // With a loose bound the curve is flat.
  if (first.gap < 100 * last.gap) return undefined;
  return figure({
    label: `On a logarithmic scale, the gap between the objective and its lower bound fell from ${significant(first.gap, 2)} to ${significant(last.gap, 2)}.`,
    caption: html`The objective minus ${significant(bound, 6)} nats, a proven lower bound over all weights and biases. Logarithmic scale.`,
    draw: (width) => ({
      height: width > 500 ? 260 : 220,
      marginLeft: 72,
      marginRight: 16,
      marginTop: 20,
      marginBottom: 40,
      x: {
        label: 'iteration',
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: wholeTicks(first.epoch, last.epoch, width > 500 ? 10 : 5),
        tickFormat: 'd',
      },
      y: {
        type: 'log',
        label: 'objective − bound (nats)',
        labelAnchor: 'center',
        labelArrow: 'none',
        grid: true,
        ticks: logTicks(last.gap, first.gap),
        tickFormat: gapText,
      },
      marks: [
        Plot.line(points, { x: 'epoch', y: 'gap', stroke: 'var(--blue)', strokeWidth: 2.25 }),
        points.length > 40 ? undefined : Plot.dot(points, { x: 'epoch', y: 'gap', r: 3, fill: 'var(--blue)' }),
      ],
    }),
  });
}

/** 0.05, 10⁻⁶, 2 × 10⁻⁶: short for small ticks. */
function gapText(tick: number): string {
  if (tick >= 1e-2) return exact(tick);
  const [digit, exponent] = tick.toExponential().split('e');
  return digit === '1' ? powerOfTen(Number(exponent)) : significant(tick, 1);
}
