// report: the gradient check: three gradients agree, or where they differ.
import { maxOf } from '../core/lists.js';
import type { Comparison, GradcheckResult, ParameterCheck } from '../gradcheck.js';
import { type Charts, figure, NARROW, WIDE } from './chart.js';
import { type Html, html } from './html.js';
import { count, plural, powerOfTen, significant } from './numbers.js';
import { type Section, table } from './section.js';

const AUTOGRAD_CLOSED = 'autograd − closed form';
const CLOSED_DIFFERENCES = 'closed form − differences';
const AUTOGRAD_DIFFERENCES = 'autograd − differences';

interface Row {
  readonly what: string;
  readonly between: string;
  readonly comparison: Comparison;
  readonly entries: number;
}

/** All comparisons, in the order of the computation. */
function comparisons({ logits, loss, parameters, samples }: GradcheckResult): Row[] {
  const between = 'backend − reference';
  const classes = parameters.find(({ parameter }) => parameter === 'bias')?.shape[0] ?? 1;
  return [
    { what: 'logits', between, comparison: logits, entries: samples * classes },
    { what: 'loss', between, comparison: loss, entries: 1 },
    ...parameters.flatMap(rowsOf),
  ];
}

function rowsOf(check: ParameterCheck): Row[] {
  const what = `∂ℓ/∂${check.parameter}`;
  const all = check.shape.reduce((product, size) => product * size, 1);
  return [
    { what, between: AUTOGRAD_CLOSED, comparison: check.autogradAgainstClosedForm, entries: all },
    { what, between: CLOSED_DIFFERENCES, comparison: check.closedFormAgainstDifferences, entries: check.differences },
    { what, between: AUTOGRAD_DIFFERENCES, comparison: check.autogradAgainstDifferences, entries: check.differences },
  ];
}

export function proofSection(result: GradcheckResult, charts: Charts): Section {
  const rows = comparisons(result);
  const { backend, samples } = result;
  const lead = html`The gradient of the mean cross-entropy is computed in three independent ways on ${plural(samples, 'sample')}:
by automatic differentiation on the training backend, by the closed form in float64, and by finite differences of the
loss. An error in one of them shows as a difference.`;
  const body = html`
<div class="equation" role="math" aria-label="The gradient of the loss with respect to the logits is softmax of o, minus y">
<span><i>∂ℓ</i> ∕ <i>∂o</i></span> <span class="equals">=</span> <span>softmax(<i>o</i>) − <i>y</i></span></div>
${verdict(result)}
${figure(triangle(rows, backend, WIDE), triangle(rows, backend, NARROW), 'The largest absolute difference between each pair, over all parameters.')}
${ladder(rows, charts)}
${proofTable(rows)}`;
  return { id: 'proof', title: 'Gradient check', short: 'Gradient', lead, body };
}

/** The line at the top of the report: whether the gradient was checked, with a link to the section. */
export function proofLine(result: GradcheckResult | undefined): Html {
  if (result === undefined) {
    return html`<p class="check none"><span aria-hidden="true">–</span> <span>The gradient was not checked.</span></p>`;
  }
  if (!result.ok) {
    return html`<p class="check bad"><span aria-hidden="true">✗</span> <span><strong>The gradient check failed: three independent computations disagree.</strong>
Do not trust this model. <a href="#proof">Details below</a></span></p>`;
  }
  return html`<p class="check good"><span aria-hidden="true">✓</span> <span>The gradient was checked three ways, which differ by at most ${significant(largestDifference(result), 2)}:
<a href="#proof">details below</a></span></p>`;
}

/** The largest difference between any two of the three gradients. Comparisons of logits and loss do not count. */
function largestDifference({ parameters }: GradcheckResult): number {
  return worst(parameters.flatMap(rowsOf));
}

/** NaN if any error is NaN, because Math.max propagates it. */
function worst(rows: readonly Row[]): number {
  return maxOf(rows.map(({ comparison }) => comparison.maxError));
}

function verdict(result: GradcheckResult): Html {
  if (result.ok) {
    return html`<p class="verdict good"><span aria-hidden="true">✓</span> <span><strong>All three agree on ${result.backend}.</strong>
The largest difference between any two is ${significant(largestDifference(result), 2)}.</span></p>`;
  }
  const { what, between, actual, expected, ratio } = result.worst;
  return html`<p class="verdict bad" role="alert"><span aria-hidden="true">✗</span> <span><strong>They disagree on ${result.backend}.</strong>
Largest error: ${what}, ${between}: ${significant(actual)} against ${significant(expected)}, ${significant(ratio)} times the tolerance.</span></p>`;
}

function largest(rows: readonly Row[], between: string): string {
  const of = rows.filter((row) => row.between === between);
  return significant(worst(of), 2);
}

/** Three boxes. Each edge shows the largest difference between its ends. */
function triangle(rows: readonly Row[], backend: string, width: number): Html {
  const wide = width > 500;
  const box = wide ? { width: 196, height: 66 } : { width: 118, height: 58 };
  const height = wide ? 262 : 236;
  const top = { x: width / 2, y: box.height / 2 + 1 };
  const left = { x: box.width / 2 + (wide ? 40 : 1), y: height - box.height / 2 - 1 };
  const right = { x: width - left.x, y: left.y };
  const node = ({ x, y }: Point, title: string, how: string) => html`
<rect class="node" x="${x - box.width / 2}" y="${y - box.height / 2}" width="${box.width}" height="${box.height}" rx="10" />
<text class="strong" x="${x}" y="${y - 5}">${title}</text><text class="muted" x="${x}" y="${y + 16}">${how}</text>`;
  const edge = (a: Point, b: Point, between: string) => {
    const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    const half = wide ? 62 : 44;
    return html`<line class="link" x1="${a.x}" y1="${a.y}" x2="${b.x}" y2="${b.y}" />
<rect class="mat" x="${x - half}" y="${y - 15}" width="${2 * half}" height="30" rx="15" />
<text class="figure" x="${x}" y="${y + 5}">${largest(rows, between)}</text>`;
  };
  const label = `Autograd and closed form differ by at most ${largest(rows, AUTOGRAD_CLOSED)}, closed form and finite differences by ${largest(rows, CLOSED_DIFFERENCES)}, autograd and finite differences by ${largest(rows, AUTOGRAD_DIFFERENCES)}.`;
  return html`<svg class="drawing" role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" text-anchor="middle">
${edge(top, left, AUTOGRAD_CLOSED)}${edge(top, right, CLOSED_DIFFERENCES)}${edge(left, right, AUTOGRAD_DIFFERENCES)}
${node(top, 'softmax(o) − y', wide ? 'closed form, float64' : 'by hand, float64')}
${node(left, 'autograd', `${backend}, float32`)}
${node(right, wide ? 'finite differences' : 'differences', wide ? 'of the loss, float64' : 'of ℓ, float64')}
</svg>`;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The share of the tolerance that each comparison uses, on a logarithmic scale that ends right of the tolerance. */
function ladder(rows: readonly Row[], { Plot, figure: draw }: Charts): Html {
  const least = 1e-6;
  const points = rows.map(({ what, between, comparison: { ratio } }) => ({
    name: what === 'loss' || what === 'logits' ? what : `${what}: ${between}`,
    // A broken gradient can be NaN, which is drawn at the end of the scale.
    ratio: Number.isNaN(ratio) ? 1e3 : Math.min(Math.max(ratio, least), 1e3),
    fits: ratio <= 1,
  }));
  const most = maxOf([10, ...points.map(({ ratio }) => ratio * 3)]);
  const margin = (width: number) => (width > 500 ? 232 : 20);
  return draw({
    label: `The share of its tolerance that each of ${rows.length} comparisons uses. The largest share: ${significant(maxOf(rows.map(({ comparison }) => comparison.ratio)), 2)}.`,
    caption: html`The share of the tolerance that each comparison uses. A point left of the line is a rounding error; a point right of it
is a mistake.`,
    draw: (width) => ({
      height: 72 + rows.length * (width > 500 ? 26 : 40),
      marginLeft: margin(width),
      marginRight: 20,
      marginTop: 24,
      marginBottom: 48,
      x: {
        type: 'log',
        domain: [least, most],
        ticks: width > 500 ? 7 : 4,
        tickFormat: (tick: number) => (tick >= 1 ? String(Math.round(tick)) : powerOfTen(Math.round(Math.log10(tick)))),
        label: 'share of the tolerance',
        labelAnchor: 'center',
        labelArrow: 'none',
      },
      y: {
        type: 'band',
        domain: points.map(({ name }) => name),
        label: null,
        axis: width > 500 ? 'left' : null,
        tickSize: 0,
      },
      marks: [
        Plot.gridX({ stroke: 'var(--line)', strokeOpacity: 1, ticks: width > 500 ? 7 : 4 }),
        Plot.ruleX([1], { stroke: 'var(--orange)', strokeWidth: 1.5 }),
        Plot.text(['tolerance'], { x: [1], frameAnchor: 'top', dy: -18, fill: 'var(--orange)' }),
        Plot.ruleY(points, {
          y: 'name',
          x1: least,
          x2: 'ratio',
          stroke: (p: Point3) => colour(p),
          strokeOpacity: 0.35,
          strokeWidth: 2,
        }),
        Plot.dot(points, { y: 'name', x: 'ratio', r: 5, fill: (p: Point3) => colour(p) }),
        width > 500
          ? undefined
          : Plot.text(points, { y: 'name', text: 'name', frameAnchor: 'left', dy: -15, textAnchor: 'start' }),
      ],
      color: { type: 'identity' },
    }),
  });
}

interface Point3 {
  readonly fits: boolean;
}

function colour({ fits }: Point3): string {
  return fits ? 'var(--blue)' : 'var(--orange)';
}

function proofTable(rows: readonly Row[]): Html {
  return table({
    caption: 'All comparisons',
    columns: [
      { head: 'quantity' },
      { head: 'compared' },
      { head: 'entries', number: true },
      { head: 'largest difference', number: true },
      { head: 'share of tolerance', number: true },
    ],
    rows: rows.map(({ what, between, entries, comparison }) => [
      what,
      between,
      count(entries),
      significant(comparison.maxError, 2),
      significant(comparison.ratio, 2),
    ]),
  });
}
