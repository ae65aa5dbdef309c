// report: the weights, as images for pixels, otherwise as bars and a table.
import type { Charts } from './chart.js';
import { type Html, html } from './html.js';
import type { ReportInput, ReportModel } from './input.js';
import { fixed, labelText, plural, shortened, significant } from './numbers.js';
import type { Pictures } from './picture.js';
import { type Cell, type Section, table } from './section.js';
import { CELL_OPACITY } from './theme.js';

const MOST_PICTURES = 100;
const MOST_FEATURES = 20;
const MOST_COLUMNS = 12;
const MOST_FACETS = 6;

/** A model and its training data. */
export type Modelled = Pick<ReportInput, 'data' | 'model'>;

/** W minus its mean over the classes: softmax ignores a constant added to a row of W, so only this is comparable. */
export function centredWeights({ weight }: Pick<ReportModel, 'weight'>): Float64Array[] {
  return weight.map((row) => {
    let sum = 0;
    for (let k = 0; k < row.length; k++) sum += row[k];
    return Float64Array.from(row, (value) => value - sum / row.length);
  });
}

export function featureName({ model, data }: Modelled, j: number): string {
  return model.featureNames?.[j] ?? `${data.image === undefined ? 'feature' : 'pixel'} ${j}`;
}

/** Centred weights, per standard deviation of the feature if it is known. */
function effects({ model, data }: Modelled): Float64Array[] {
  return centredWeights(model).map((row, j) => row.map((value) => value * (data.featureDeviations?.[j] ?? 1)));
}

/** The features with the largest effect on a logit, in descending order. */
export function topFeatures(modelled: Modelled, most: number): number[] {
  const sizes = effects(modelled).map(largest);
  return sizes
    .map((_, j) => j)
    .sort((a, b) => sizes[b] - sizes[a])
    .slice(0, most);
}

function largest(row: ArrayLike<number>): number {
  let most = 0;
  for (let k = 0; k < row.length; k++) most = Math.max(most, Math.abs(row[k]));
  return most;
}

export function weightsSection(modelled: Modelled, pictures: Pictures | undefined, charts: Charts): Section {
  const { data, model } = modelled;
  const section = { id: 'weights', title: 'Weights', short: 'Weights' };
  if (pictures !== undefined && (data.image?.channels ?? 1) === 1) {
    const lead = html`One weight for each pixel and class, minus the mean over the classes. In blue areas a bright pixel raises the score of
the class; in orange areas it lowers the score. All images share one colour scale.`;
    return { ...section, lead, body: weightPictures(model, pictures) };
  }
  const per =
    data.featureDeviations === undefined ? 'one unit of the feature' : 'one standard deviation of the feature';
  const lead = html`How much ${per} adds to the score of each class, minus the mean over the classes, which softmax ignores.
Blue raises the score of the class, orange lowers it.`;
  return { ...section, lead, body: html`${weightBars(modelled, charts)}${weightTable(modelled)}` };
}

function weightPictures(model: ReportModel, pictures: Pictures): Html {
  const centred = centredWeights(model);
  const { most, clipped } = scaleOf(centred);
  const shown = model.classes.slice(0, MOST_PICTURES);
  const more = model.classes.length - shown.length;
  return html`<ul class="gallery weights">${shown.map((name, k) => {
    const values = Float64Array.from(centred, (row) => row[k]);
    return html`<li><img src="${pictures.diverging(values, most)}" alt="Weights of ${labelText(name)}, from ${significant(Math.min(...values), 2)} to ${significant(Math.max(...values), 2)}" class="pixels mat"><p><strong>${labelText(name)}</strong></p></li>\n`;
  })}</ul>
<p class="legend"><span>${clipped ? '≤ ' : ''}−${significant(most, 2)}</span> <span class="ramp" role="img" aria-label="Orange lowers the score of the class. Blue raises it."></span> <span>${clipped ? '≥ ' : ''}+${significant(most, 2)}</span></p>
${more > 0 ? html`<p>Not shown: ${plural(more, 'more class', 'more classes')}.</p>` : undefined}`;
}

/** The end of the colour scale. A few weights of rarely lit pixels can be huge and would make all others pale. */
function scaleOf(centred: readonly Float64Array[]): { most: number; clipped: boolean } {
  const sizes = Float64Array.from(centred.flatMap((row) => Array.from(row, Math.abs))).sort();
  const [end, most] = [sizes[Math.floor(0.99 * (sizes.length - 1))], sizes[sizes.length - 1]];
  return end > 0 && most > 1.5 * end ? { most: end, clipped: true } : { most, clipped: false };
}

interface Bar {
  readonly feature: string;
  readonly class: string;
  readonly weight: number;
}

/** One panel for each class, side by side or stacked; undefined if there are too many classes. */
function weightBars(modelled: Modelled, { Plot, figure }: Charts): Html | undefined {
  const { model } = modelled;
  if (model.classes.length > MOST_FACETS) return undefined;
  const table = effects(modelled);
  const top = topFeatures(modelled, MOST_FEATURES);
  const names = top.map((j) => shortened(featureName(modelled, j), 22));
  // Shortened names can be equal, so bars are placed by rank.
  const bars = top.flatMap((j, rank) =>
    model.classes.map((name, k) => ({ rank, class: k, name: labelText(name), weight: table[j][k] })),
  );
  const most = Math.max(...bars.map(({ weight }) => Math.abs(weight))) || 1;
  const step = roundBelow(0.8 * most);
  return figure({
    label: `The largest weights: ${plural(top.length, 'feature')}, for each of ${model.classes.length} classes. The table below lists the numbers.`,
    draw: (width) => {
      const wide = width > 500;
      const rows = top.length * 24;
      const facets = {
        domain: model.classes.map((_, k) => k),
        label: null,
        axis: null,
        padding: wide ? 0.08 : 40 / (rows + 40),
      } as const;
      const classes = model.classes.map((name, k) => ({ class: k, name: shortened(labelText(name), 18) }));
      const across = wide ? { fx: 'class' } : { fy: 'class' };
      return {
        height: wide ? rows + 74 : model.classes.length * (rows + 40) + 50,
        marginLeft: 150,
        marginRight: 12,
        marginTop: 34,
        marginBottom: 34,
        [wide ? 'fx' : 'fy']: facets,
        x: {
          domain: [-most, most],
          label: null,
          ticks: [-step, 0, step],
          grid: true,
          tickFormat: (tick: number) => significant(tick, 2),
        },
        y: {
          type: 'band',
          domain: top.map((_, rank) => rank),
          tickFormat: (rank: number) => names[rank],
          label: null,
          tickSize: 0,
          padding: 0.25,
        },
        marks: [
          Plot.barX(bars, {
            ...across,
            y: 'rank',
            x: 'weight',
            fill: ({ weight }: Bar) => (weight < 0 ? 'var(--orange)' : 'var(--blue)'),
            rx: 1,
          }),
          Plot.ruleX([0], { stroke: 'var(--muted)' }),
          Plot.text(classes, { ...across, text: 'name', frameAnchor: 'top', dy: -20, fontWeight: 600 }),
        ],
        color: { type: 'identity' },
      };
    },
  });
}

/** The largest of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … that does not exceed `value`. */
function roundBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (value >= 5 * power ? 5 : value >= 2 * power ? 2 : 1);
}

function weightTable(modelled: Modelled): Html {
  const { model } = modelled;
  const values = effects(modelled);
  const top = topFeatures(modelled, MOST_FEATURES);
  if (model.classes.length > MOST_COLUMNS) return strongestTable(modelled, values);
  const most = Math.max(...values.map(largest)) || 1;
  const all = top.length === model.numFeatures;
  const digits = Math.min(Math.max(2 - Math.floor(Math.log10(most)), 0), 8);
  return table({
    caption: all
      ? 'Weights, largest first'
      : `The ${top.length} features with the largest weights, of ${model.numFeatures}`,
    columns: [{ head: 'feature' }, ...model.classes.map((name) => ({ head: labelText(name), number: true }))],
    rows: top.map((j) => [featureName(modelled, j), ...Array.from(values[j], (value) => tinted(value, most, digits))]),
    footer: [['bias', ...Array.from(centredWeights({ weight: [model.bias] })[0], (value) => fixed(value, digits))]],
  });
}

function tinted(value: number, most: number, digits: number): Cell {
  const share = Math.round((100 * CELL_OPACITY * Math.abs(value)) / most);
  return {
    text: fixed(value, digits),
    style: `--tint: var(--${value < 0 ? 'orange' : 'blue'}); --strength: ${share}%`,
  };
}

/** For many classes: the features with the largest and the smallest weights of each class. */
function strongestTable(modelled: Modelled, values: readonly Float64Array[]): Html {
  const { model } = modelled;
  const some = 3;
  const list = (features: readonly number[], k: number) =>
    features.map((j) => `${featureName(modelled, j)} (${significant(values[j][k], 2)})`).join(', ');
  return table({
    caption: 'The features with the largest effect on the score of each class',
    columns: [{ head: 'class' }, { head: 'raise the score' }, { head: 'lower the score' }],
    rows: model.classes.map((name, k) => {
      const order = values.map((_, j) => j).sort((a, b) => values[b][k] - values[a][k]);
      const above = order.filter((j) => values[j][k] > 0).slice(0, some);
      const below = order
        .filter((j) => values[j][k] < 0)
        .slice(-some)
        .reverse();
      return [labelText(name), list(above, k), list(below, k)];
    }),
  });
}
