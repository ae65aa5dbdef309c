// report: calibration: whether confidence agrees with accuracy.

import { maxOf } from '../core/lists.js';
import type { ReliabilityBin } from '../metrics/calibration.js';
import { wilsonInterval } from '../metrics/interval.js';
import type { Charts } from './chart.js';
import { type Html, html } from './html.js';
import { count, percent } from './numbers.js';
import { type Section, table } from './section.js';

interface Point extends ReliabilityBin {
  readonly low: number;
  readonly high: number;
}

export function calibrationSection(
  bins: readonly ReliabilityBin[],
  error: number | undefined,
  charts: Charts,
): Section {
  const points = bins.filter(({ count }) => count > 0).map(withInterval);
  const samples = points.reduce((sum, { count }) => sum + count, 0);
  const gap =
    points.reduce((sum, { count, accuracy, confidence }) => sum + count * (confidence - accuracy), 0) / samples;
  const lead = html`Of the predictions with 80${'\u00a0'}% confidence, 80${'\u00a0'}% should be correct. ${
    error === undefined
      ? undefined
      : html`On average, confidence and accuracy are <strong>${percent(error)}</strong> apart (the expected calibration error). `
  }${Math.abs(gap) < 0.01 ? 'Overall, the model is neither overconfident nor underconfident.' : `Overall, the model is ${gap > 0 ? 'overconfident' : 'underconfident'} by ${percent(Math.abs(gap))}.`}`;
  return {
    id: 'calibration',
    title: 'Calibration',
    short: 'Calibration',
    lead,
    body: html`${diagram(points, bins, error, charts)}${binTable(points)}`,
  };
}

/** With sample weights a count need not be an integer; the interval is that of the nearest integer. */
function withInterval(bin: ReliabilityBin): Point {
  const samples = Math.max(1, Math.round(bin.count));
  const { lower, upper } = wilsonInterval(Math.round(bin.accuracy * samples), samples);
  return { ...bin, low: lower, high: upper };
}

function diagram(
  points: readonly Point[],
  bins: readonly ReliabilityBin[],
  error: number | undefined,
  { Plot, figure }: Charts,
): Html {
  const most = maxOf(points.map((point) => point.count));
  const fullest = bins.reduce((a, b) => (b.count > a.count ? b : a));
  const frame = (width: number) =>
    ({ width: Math.min(width, 520), marginLeft: 64, marginRight: 20, color: { type: 'identity' } }) as const;
  const shares = { domain: [0, 1], label: null, tickFormat: (share: number) => percent(share, 0), ticks: 5 };
  const words = { textAnchor: 'middle', fill: 'var(--muted)' } as const;
  return figure({
    label: `Reliability diagram: accuracy against confidence in ${points.length} bins; ${error === undefined ? '' : `expected calibration error ${percent(error)}; `}the table below lists every bin.`,
    caption: html`Above: the share of correct predictions at each confidence, with 95${'\u00a0'}% intervals. Larger dots have more samples. Below: the
number of predictions at each confidence.`,
    draw: (width) => ({
      ...frame(width),
      height: Math.min(width, 520) - 70,
      marginTop: 14,
      marginBottom: 20,
      x: { ...shares, tickFormat: () => '' },
      y: { ...shares, label: 'accuracy', labelAnchor: 'center', labelArrow: 'none', grid: true },
      r: { type: 'identity' },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: 'var(--muted)', strokeDasharray: '4,4' },
        ),
        Plot.text([[0.27, 0.73]], { ...words, text: () => 'underconfident' }),
        Plot.text([[0.73, 0.27]], { ...words, text: () => 'overconfident' }),
        Plot.link(points, {
          x: 'confidence',
          y1: 'low',
          y2: 'high',
          stroke: 'var(--blue)',
          strokeOpacity: 0.5,
          strokeWidth: 1.5,
        }),
        Plot.line(points, { x: 'confidence', y: 'accuracy', stroke: 'var(--blue)', strokeWidth: 1.5 }),
        Plot.dot(points, {
          x: 'confidence',
          y: 'accuracy',
          r: (p: Point) => 3 + 6 * Math.sqrt(p.count / most),
          fill: 'var(--blue)',
          stroke: 'var(--surface)',
        }),
      ],
    }),
    below: {
      label: `Histogram of confidence. The largest bin has ${count(fullest.count)} predictions, between ${percent(fullest.lower, 0)} and ${percent(fullest.upper, 0)}.`,
      draw: (width) => ({
        ...frame(width),
        height: 124,
        marginTop: 4,
        marginBottom: 40,
        x: { ...shares, label: 'confidence', labelAnchor: 'center', labelArrow: 'none' },
        y: { label: 'predictions', labelAnchor: 'center', labelArrow: 'none', ticks: 2, grid: true, tickFormat: count },
        marks: [
          Plot.rectY(bins, {
            x1: 'lower',
            x2: 'upper',
            y: 'count',
            fill: 'var(--blue)',
            fillOpacity: 0.75,
            inset: 0.75,
          }),
        ],
      }),
    },
  });
}

function binTable(points: readonly Point[]): Html {
  return html`<details><summary>The bins as a table</summary>${table({
    caption: 'Confidence and accuracy by bin',
    hideCaption: true,
    columns: ['confidence from', 'to', 'predictions', 'mean confidence', 'accuracy', '95 % interval'].map((head) => ({
      head,
      number: true,
    })),
    rows: points.map(({ lower, upper, count: samples, confidence, accuracy, low, high }) => [
      percent(lower, 0),
      percent(upper, 0),
      count(samples),
      percent(confidence),
      percent(accuracy),
      `${percent(low)} to ${percent(high)}`,
    ]),
  })}</details>`;
}
