// report: a drawing of the network: features, an affine map, softmax.
import { figure, NARROW, WIDE } from '../chart.js';
import { type Content, type Html, html } from '../html.js';
import type { ReportInput } from '../input.js';
import { labelText, plural, shortened } from '../numbers.js';
import { centredWeights, featureName } from './effects.js';

/** The maximum number of units drawn. Of more units, the first and the last ones are drawn. */
const MOST_UNITS = 7;
const ROW = 42;
/** Pixels above the first row and below the last. */
const ABOVE = 58;
const BELOW = 56;

/** A place in a column: a unit, or the dots for the units left out. */
interface Place {
  /** Undefined for the dots. */
  readonly unit: number | undefined;
  readonly y: number;
}

function column(units: number, places: number): Place[] {
  const shown =
    units <= MOST_UNITS ? Array.from({ length: units }, (_, i) => i) : [0, 1, 2, undefined, units - 2, units - 1];
  const top = ABOVE + ((places - shown.length) * ROW) / 2;
  return shown.map((unit, i) => ({ unit, y: top + i * ROW }));
}

export function networkFigure({ data, model }: ReportInput): Html {
  const { classes, numFeatures, numParameters } = model;
  const hasBias = (model.options as { fitIntercept?: boolean }).fitIntercept !== false;
  const biases = hasBias ? classes.length : 0;
  const centred = centredWeights(model);
  const most = centred.reduce((size, row) => row.reduce((s, w) => Math.max(s, Math.abs(w)), size), 0);
  const whole = numFeatures <= MOST_UNITS && classes.length <= MOST_UNITS;
  const draw = (width: number): Html => {
    const wide = width > 500;
    const places = Math.max(Math.min(numFeatures, MOST_UNITS), Math.min(classes.length, MOST_UNITS));
    const height = ABOVE + (places - 1) * ROW + BELOW;
    const [inputs, outputs] = [column(numFeatures, places), column(classes.length, places)];
    const x = wide
      ? { input: 180, logit: 388, softmax: 462, output: 536 }
      : { input: 84, logit: 164, softmax: 203, output: 242 };
    const label = wide ? 22 : 15;
    const lines = inputs.flatMap((from) =>
      outputs.map((to) => {
        if (from.unit === undefined || to.unit === undefined) return undefined;
        const weight = centred[from.unit][to.unit];
        const style = whole
          ? html`stroke="var(--${weight < 0 ? 'orange' : 'blue'})" stroke-width="${(0.5 + (4 * Math.abs(weight)) / (most || 1)).toFixed(2)}" stroke-opacity="0.75"`
          : html`stroke="var(--muted)" stroke-opacity="0.45"`;
        return html`<line x1="${x.input}" y1="${from.y}" x2="${x.logit}" y2="${to.y}" ${style} />`;
      }),
    );
    const unit = (at: number, place: Place, symbol: Content, fill: string) =>
      place.unit === undefined
        ? html`<text class="muted" x="${at}" y="${place.y + 5}">⋮</text>`
        : html`<circle cx="${at}" cy="${place.y}" r="${wide ? 13 : 10}" class="${fill}" /><text class="unit" x="${at}" y="${place.y + 4}">${symbol}</text>`;
    const [first, last] = [outputs[0].y - 18, outputs[outputs.length - 1].y + 18];
    return html`<svg class="drawing" role="img" viewBox="0 0 ${width} ${height}" text-anchor="middle" aria-label="${networkWords(numFeatures, classes.length, numParameters)}">
${lines}
${inputs.map((place) => [
  unit(x.input, place, html`<tspan font-style="italic">x</tspan>`, 'input'),
  place.unit === undefined
    ? undefined
    : named(x.input - label, place.y, featureName({ data, model }, place.unit), wide ? 20 : 10, 'end'),
])}
${outputs.map((place) => [
  place.unit === undefined
    ? undefined
    : html`<line class="link" x1="${x.logit}" y1="${place.y}" x2="${x.output}" y2="${place.y}" />`,
  unit(x.logit, place, html`<tspan font-style="italic">o</tspan>`, 'logit'),
  unit(x.output, place, html`<tspan font-style="italic">ŷ</tspan>`, 'output'),
  place.unit === undefined
    ? undefined
    : named(x.output + label, place.y, labelText(classes[place.unit]), wide ? 20 : 10, 'start'),
])}
<rect class="softmax" x="${x.softmax - 14}" y="${first}" width="28" height="${last - first}" rx="8" />
<text class="onSoftmax" transform="translate(${x.softmax + 5},${(first + last) / 2}) rotate(-90)">softmax</text>
<text class="muted" x="${x.input}" y="${height - 8}">${plural(numFeatures, 'feature')}</text>
<text class="formula" x="${(x.input + x.logit) / 2}" y="20"><tspan font-style="italic">o</tspan> = <tspan font-style="italic">xW</tspan>${hasBias ? html` + <tspan font-style="italic">b</tspan>` : undefined}</text>
<text class="formula" x="${x.softmax + (wide ? 0 : 16)}" y="20"><tspan font-style="italic">ŷ</tspan> = softmax(<tspan font-style="italic">o</tspan>)</text>
<text class="muted" x="${x.logit}" y="${height - 8}">${wide ? 'logits' : undefined}</text>
<text class="muted" x="${x.output}" y="${height - 8}">probabilities</text>
</svg>`;
  };
  return figure(
    draw(WIDE),
    draw(NARROW),
    html`${plural(numParameters - biases, 'weight')}${
      hasBias ? html` and ${plural(biases, 'bias', 'biases')}: ${plural(numParameters, 'parameter')}` : ', no bias'
    }.${whole ? ' Lines are weights: blue above, orange below their mean over the classes. Larger weights are thicker.' : undefined}`,
  );
}

function networkWords(inputs: number, outputs: number, parameters: number): string {
  return `A network with one layer: ${plural(inputs, 'feature')}, an affine map with ${plural(parameters, 'parameter')} to ${plural(outputs, 'logit')}, and softmax, which turns them into probabilities.`;
}

function named(x: number, y: number, name: string, most: number, anchor: 'start' | 'end'): Html {
  return html`<text x="${x}" y="${y + 4}" text-anchor="${anchor}">${shortened(name, most)}<title>${name}</title></text>`;
}
