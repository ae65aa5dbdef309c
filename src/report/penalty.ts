// report: the cross-validated log loss of each strength of the penalty.
import { maxOf, minOf } from '../core/lists.js';
import { type Charts, logTicks } from './chart.js';
import { type Html, html } from './html.js';
import type { ReportLambdaPath, ReportModel } from './input.js';
import { exact, fixed, percent, significant } from './numbers.js';
import { type Section, table } from './section.js';

export function penaltySection(path: ReportLambdaPath, { options }: ReportModel, charts: Charts): Section {
  const { l2: chosen } = options as { readonly l2?: number };
  const rows = path.table.map(({ l2, logLoss, standardError, accuracy }) => [
    `${significant(l2)}${l2 === chosen ? ' (chosen)' : ''}`,
    fixed(logLoss, 4),
    fixed(standardError, 4),
    percent(accuracy),
  ]);
  return {
    id: 'penalty',
    title: 'Choice of the penalty',
    short: 'Penalty',
    lead: leadOf(path, chosen),
    body: html`${lossChart(path, chosen, charts)}${table({
      caption: 'Scores by strength of the penalty, means over the folds',
      hideCaption: true,
      columns: ['l2', 'log loss', 'standard error', 'accuracy'].map((head, i) => ({ head, number: i > 0 })),
      rows,
    })}`,
  };
}

function leadOf({ best, oneStandardError }: ReportLambdaPath, chosen: number | undefined): string {
  const all = 'Each l2 was cross-validated on the training samples.';
  if (chosen === best) return `${all} The one with the lowest log loss was chosen, ${significant(best)}.`;
  if (chosen !== oneStandardError) return `${all} The lowest log loss is at ${significant(best)}.`;
  return `${all} ${significant(chosen)} was chosen, the largest whose log loss is within one standard error of the lowest, at ${significant(best)}.`;
}

/** Undefined if fewer than two values are > 0, which a logarithmic axis requires. */
function lossChart({ table: all }: ReportLambdaPath, chosen: number | undefined, charts: Charts): Html | undefined {
  const { Plot, figure } = charts;
  const points = all
    .filter(({ l2, logLoss }) => l2 > 0 && Number.isFinite(logLoss))
    .map(({ l2, logLoss, standardError }) => ({
      ...{ l2, logLoss },
      ...{ lower: logLoss - standardError, upper: logLoss + standardError },
    }));
  if (points.length < 2) return undefined;
  const values = points.map(({ l2 }) => l2);
  const [least, most] = [minOf(values), maxOf(values)];
  const lowest = points.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
  const marked = points.filter(({ l2 }) => l2 === chosen);
  const position = { x: 'l2', y: 'logLoss' };
  return figure({
    label: `The cross-validated log loss is lowest, ${significant(lowest.logLoss)} nats, at l2 = ${significant(lowest.l2)}, among ${points.length} values from ${significant(least)} to ${significant(most)}.`,
    caption: 'Mean log loss on the samples held back, in nats, ± one standard error, by l2 on a logarithmic scale.',
    draw: (width) => ({
      height: width > 500 ? 300 : 240,
      marginLeft: 48,
      marginRight: 16,
      marginTop: 24,
      marginBottom: 40,
      x: {
        type: 'log',
        label: 'l2',
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: logTicks(least, most),
        tickFormat: exact,
      },
      y: { label: null, grid: true, nice: true, ticks: 5 },
      marks: [
        Plot.ruleX(points, { x: 'l2', y1: 'lower', y2: 'upper', stroke: 'var(--muted)', strokeWidth: 1.5 }),
        Plot.line(points, { ...position, stroke: 'var(--blue)', strokeWidth: 2.25 }),
        Plot.dot(points, { ...position, r: 3, fill: 'var(--blue)' }),
        Plot.dot(marked, { ...position, r: 6, stroke: 'var(--orange)', strokeWidth: 2.5 }),
        Plot.text(marked, { ...position, text: () => 'chosen', fill: 'var(--orange)', fontWeight: 600, dy: -16 }),
      ],
    }),
  });
}
