// report: the ROC curve and the precision–recall curve, for two classes.
import type { PrecisionRecallCurve, RocCurve } from '../metrics/curves.js';
import type { Charts, PlotOptions } from './chart.js';
import { type Html, html } from './html.js';
import type { ReportCurves, ReportModel } from './input.js';
import { fixed, labelText, percent } from './numbers.js';
import { type Section, table } from './section.js';

/** A drawn curve differs from the exact one by at most this share of an axis, less than a pixel. */
const PRECISION = 1 / 500;

type Point = readonly [x: number, y: number];

/** Undefined if the samples are all positive, or none is: then there is no curve. */
export function curvesSection(
  { roc, precisionRecall }: ReportCurves,
  { classes }: ReportModel,
  charts: Charts,
): Section | undefined {
  if (!Number.isFinite(roc.auc)) return undefined;
  const positive = html`<bdi>${labelText(roc.positive)}</bdi>`;
  const rule = classes.length === 2 && roc.positive === classes[1] ? ', the second of the two in sorted order' : '';
  const lead = html`The positive class is <strong>${positive}</strong>${rule}. A sample is predicted to be positive if its probability is at least
a threshold. The curves show every threshold. The dots are at 50${'\u00a0'}%, the threshold of the model’s predictions.`;
  return {
    id: 'curves',
    title: 'ROC and precision–recall',
    short: 'Curves',
    lead,
    body: html`<div class="two">${rocFigure(roc, charts)}${precisionRecallFigure(precisionRecall, charts)}</div>${thresholdTable(roc, precisionRecall)}`,
  };
}

function rocFigure({ thresholds, falsePositiveRate, truePositiveRate, auc, positive }: RocCurve, charts: Charts): Html {
  const points = falsePositiveRate.map((x, i): Point => [x, truePositiveRate[i]]);
  const { Plot } = charts;
  return curveFigure(charts, {
    label: `ROC curve of ${labelText(positive)}: area ${fixed(auc, 4)}.`,
    caption: html`ROC curve of <bdi>${labelText(positive)}</bdi>: area <strong>${fixed(auc, 4)}</strong>. Random scores have 0.5, the dashed line.`,
    x: 'false positive rate (%)',
    y: 'true positive rate (%)',
    dashed: [
      [0, 0],
      [1, 1],
    ],
    curve: Plot.line(thinned(points, PRECISION), { stroke: 'var(--blue)', strokeWidth: 2 }),
    dot: points[placeOf(thresholds, 0.5)],
  });
}

function precisionRecallFigure(curve: PrecisionRecallCurve, charts: Charts): Html {
  const { thresholds, precision, recall, averagePrecision, positive } = curve;
  // The area under these steps is the average precision. At ∞, the height is that of the first step.
  const points = recall.map((x, i): Point => [x, precision[Math.max(i, 1)]]);
  const share = precision[precision.length - 1];
  const at = placeOf(thresholds, 0.5);
  const { Plot } = charts;
  return curveFigure(charts, {
    label: `Precision–recall curve of ${labelText(positive)}: average precision ${fixed(averagePrecision, 4)}.`,
    caption: html`Precision–recall curve of <bdi>${labelText(positive)}</bdi>: area (average precision) <strong>${fixed(averagePrecision, 4)}</strong>. Random
scores have ${fixed(share, 4)}, the share of the class and the dashed line.`,
    x: 'recall (%)',
    y: 'precision (%)',
    dashed: [
      [0, share],
      [1, share],
    ],
    curve: Plot.line(thinned(points, PRECISION), {
      curve: 'step-before',
      stroke: 'var(--blue)',
      strokeWidth: 2,
    }),
    dot: at === 0 ? undefined : points[at],
  });
}

interface CurveFigure {
  readonly label: string;
  readonly caption: Html;
  readonly x: string;
  readonly y: string;
  /** The curve of random scores. */
  readonly dashed: readonly Point[];
  readonly curve: NonNullable<PlotOptions['marks']>[number];
  /** Where the model predicts. */
  readonly dot: Point | undefined;
}

function curveFigure({ Plot, figure }: Charts, { label, caption, x, y, dashed, curve, dot }: CurveFigure): Html {
  const axis = { domain: [0, 1], ticks: 5, tickFormat: (share: number) => String(Math.round(100 * share)) } as const;
  return figure({
    label: `${label} The table below lists thresholds.`,
    caption,
    draw: (width) => ({
      // Two figures share the width of a wide screen.
      width: Math.min(width, 320),
      height: 300,
      marginLeft: 50,
      marginRight: 14,
      marginTop: 14,
      marginBottom: 42,
      x: { ...axis, label: x, labelAnchor: 'center', labelArrow: 'none', grid: true },
      y: { ...axis, label: y, labelAnchor: 'center', labelArrow: 'none', grid: true },
      marks: [
        Plot.line(dashed, { stroke: 'var(--muted)', strokeDasharray: '4,4' }),
        curve,
        dot === undefined
          ? undefined
          : Plot.dot([dot], { r: 5, fill: 'var(--blue)', stroke: 'var(--surface)', strokeWidth: 1.5 }),
      ],
    }),
  });
}

/**
 * Leaves out points of a curve that are at most `size` from the last point kept, in x and in y. The last point before a
 * larger move is kept, so lines between kept points are at most `size` away from the points left out.
 */
export function thinned(points: readonly Point[], size: number): Point[] {
  const kept = points.slice(0, 1);
  for (let i = 1; i < points.length; i++) {
    const [x, y] = kept[kept.length - 1];
    const next = points[i + 1];
    if (next !== undefined && Math.abs(next[0] - x) <= size && Math.abs(next[1] - y) <= size) continue;
    kept.push(points[i]);
  }
  return kept;
}

/** The place of the last threshold that is at least `threshold`. */
function placeOf(thresholds: readonly number[], threshold: number): number {
  let at = 0;
  while (at + 1 < thresholds.length && thresholds[at + 1] >= threshold) at++;
  return at;
}

function thresholdTable(roc: RocCurve, { precision }: PrecisionRecallCurve): Html {
  const tenths = Array.from({ length: 9 }, (_, i) => (9 - i) / 10);
  return html`<details><summary>The curves as a table</summary>${table({
    caption: 'Rates by threshold',
    hideCaption: true,
    columns: ['threshold', 'recall (true positive rate)', 'false positive rate', 'precision'].map((head) => ({
      head,
      number: true,
    })),
    rows: tenths.map((threshold) => {
      const at = placeOf(roc.thresholds, threshold);
      return [
        percent(threshold, 0),
        percent(roc.truePositiveRate[at]),
        percent(roc.falsePositiveRate[at]),
        percent(at === 0 ? Number.NaN : precision[at]),
      ];
    }),
  })}</details>`;
}
