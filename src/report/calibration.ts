// report: whether the probabilities mean what they say.

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
  const lead = html`Of the predictions made with 80${'\u00a0'}% confidence, 80${'\u00a0'}% should be right. ${
    error === undefined
      ? undefined
      : html`On average, confidence and truth are <strong>${percent(error)}</strong> apart (the expected calibration error). `
  }${Math.abs(gap) < 0.01 ? 'Over all, the model is neither too sure nor too modest.' : `Over all, the model is ${gap > 0 ? 'surer' : 'more modest'} than it should be, by ${percent(Math.abs(gap))}.`}`;
  return {
    id: 'calibration',
    title: 'How well it knows what it knows',
    lead,
    body: html`${diagram(points, error, charts)}${histogram(bins, charts)}${binTable(points)}`,
  };
}

function withInterval(bin: ReliabilityBin): Point {
  const { lower, upper } = wilsonInterval(Math.round(bin.accuracy * bin.count), bin.count);
  return { ...bin, low: lower, high: upper };
}

function diagram(points: readonly Point[], error: number | undefined, { Plot, figure }: Charts): Html {
  const most = Math.max(...points.map((point) => point.count));
  return figure({
    label: `Reliability diagram: accuracy against confidence in ${points.length} bins; ${error === undefined ? '' : `expected calibration error ${percent(error)}; `}every bin is in the table below.`,
    caption:
      'Above the diagonal the model is too modest, below it too sure. The larger the dot, the more samples; lines are 95 % intervals.',
    draw: (width) => {
      const side = Math.min(width, 460);
      return {
        width: side,
        height: side - 20,
        marginLeft: 46,
        marginRight: 16,
        marginTop: 16,
        marginBottom: 42,
        x: {
          domain: [0, 1],
          label: 'confidence',
          labelAnchor: 'center',
          labelArrow: 'none',
          tickFormat: percentTick,
          ticks: 5,
        },
        y: { domain: [0, 1], label: null, tickFormat: percentTick, ticks: 5, grid: true },
        r: { type: 'identity' },
        color: { type: 'identity' },
        marks: [
          Plot.line(
            [
              [0, 0],
              [1, 1],
            ],
            { stroke: 'var(--muted)', strokeDasharray: '4,4' },
          ),
          Plot.text([[0.03, 0.95]], { text: ['right'], textAnchor: 'start', fill: 'var(--muted)' }),
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
      };
    },
  });
}

function histogram(bins: readonly ReliabilityBin[], { Plot, figure }: Charts): Html {
  const most = bins.reduce((a, b) => (b.count > a.count ? b : a));
  return figure({
    label: `Histogram of confidence: most predictions, ${count(most.count)}, have between ${percent(most.lower, 0)} and ${percent(most.upper, 0)}.`,
    caption: 'How many predictions are made with which confidence.',
    draw: (width) => {
      const side = Math.min(width, 460);
      return {
        width: side,
        height: 150,
        marginLeft: 46,
        marginRight: 16,
        marginTop: 12,
        marginBottom: 30,
        x: { domain: [0, 1], label: null, tickFormat: percentTick, ticks: 5 },
        y: { label: null, ticks: 3, grid: true, tickFormat: count },
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
      };
    },
  });
}

function percentTick(share: number): string {
  return percent(share, 0);
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
