// report: the weights, as images for pixels, otherwise as bars and a table.
import { maxOf, minOf } from '../../core/lists.js';
import type { Charts } from '../chart.js';
import { type Content, type Html, html } from '../html.js';
import type { ReportModel } from '../input.js';
import { fixed, labelText, plural, shortened, significant } from '../numbers.js';
import type { Pictures } from '../picture.js';
import { type Cell, inLine, type Section, table } from '../section.js';
import { CELL_OPACITY } from '../theme.js';
import {
  type ColumnEffects,
  columnEffects,
  type Effect,
  firstColumns,
  type Modelled,
  oddsText,
  outcomeNames,
  outcomesOf,
} from './effects.js';

const MOST_PICTURES = 100;
const MOST_EFFECTS = 20;
const MOST_COLUMNS = 12;
const MOST_FACETS = 6;

export function weightsSection(modelled: Modelled, pictures: Pictures | undefined, charts: Charts): Section {
  const { data, model } = modelled;
  const section = { id: 'weights', title: 'Weights', short: 'Weights' };
  const [first, second] = model.classes.map((name) => html`<bdi>${labelText(name)}</bdi>`);
  const two = model.classes.length === 2;
  if (pictures !== undefined && (data.image?.channels ?? 1) === 1) {
    const lead = two
      ? html`One number for each pixel: the weight of <strong>${second}</strong> minus the weight of <strong>${first}</strong>. In blue areas a
bright pixel speaks for ${second}, in orange areas for ${first}.`
      : html`One weight for each pixel and class, minus the mean over the classes. In blue areas a bright pixel raises the score of
the class; in orange areas it lowers the score. All images share one colour scale.`;
    return { ...section, lead, body: weightPictures(model, pictures) };
  }
  const per =
    data.featureDeviations === undefined ? 'one unit of the feature' : 'one standard deviation of the feature';
  const lead = two
    ? html`How much ${per} adds to the log-odds of <strong>${second}</strong> against <strong>${first}</strong>: the weight of ${second} minus
the weight of ${first}. Blue speaks for ${second}, orange for ${first}.`
    : html`How much ${per} adds to the score of each class, minus the mean over the classes, which softmax ignores.
Blue raises the score of the class, orange lowers it.`;
  const columns = columnEffects(modelled);
  const has = (isSo: (count: number) => boolean) =>
    columns.some(({ column: { categories } }) => categories !== undefined && isSo(categories.length));
  const categories = html`${has(() => true) ? ' Each category is a feature that is 0 or 1.' : undefined}${has((count) => count === 2) ? ' A column of two categories is one line, their difference.' : undefined}`;
  return {
    ...section,
    lead: html`${lead}${categories}`,
    body: html`${weightBars(columns, model, charts)}${weightTable(columns, model)}`,
  };
}

function weightPictures({ weight, classes }: ReportModel, pictures: Pictures): Html {
  const outcomes = weight.map(outcomesOf);
  const { most, clipped } = scaleOf(outcomes);
  const names = outcomeNames(classes);
  const shown = names.slice(0, MOST_PICTURES);
  const more = names.length - shown.length;
  return html`<ul class="gallery weights">${shown.map((name, k) => {
    const values = Float64Array.from(outcomes, (row) => row[k]);
    return html`<li><img src="${pictures.diverging(values, most)}" alt="Weights of ${name}, from ${significant(minOf(values), 2)} to ${significant(maxOf(values), 2)}" class="pixels mat"><p><strong>${name}</strong></p></li>\n`;
  })}</ul>
<p class="legend"><span>${clipped ? '≤ ' : ''}−${significant(most, 2)}</span> <span class="ramp" role="img" aria-label="Orange lowers the score of the class. Blue raises it."></span> <span>${clipped ? '≥ ' : ''}+${significant(most, 2)}</span></p>
${more > 0 ? html`<p>Not shown: ${plural(more, 'more class', 'more classes')}.</p>` : undefined}`;
}

/** The end of the colour scale. A few weights of rarely lit pixels can be huge and would make all others pale. */
function scaleOf(weights: readonly (readonly number[])[]): { most: number; clipped: boolean } {
  const sizes = Float64Array.from(weights.flatMap((row) => row.map(Math.abs))).sort();
  const [end, most] = [sizes[Math.floor(0.99 * (sizes.length - 1))], sizes[sizes.length - 1]];
  return end > 0 && most > 1.5 * end ? { most: end, clipped: true } : { most, clipped: false };
}

interface Bar {
  /** Its place from the top. */
  readonly rank: number;
  readonly outcome: number;
  readonly weight: number;
}

/** One panel for each class, side by side or stacked, or one for two classes; undefined if there are too many classes. */
function weightBars(
  columns: readonly ColumnEffects[],
  { classes }: ReportModel,
  { Plot, figure }: Charts,
): Html | undefined {
  if (classes.length > MOST_FACETS) return undefined;
  const shown = firstColumns(columns, MOST_EFFECTS);
  // A column of categories has a heading. Shortened names can be equal, so lines are placed by rank.
  const lines = shown.flatMap(({ column, byCategory, effects }) => [
    ...(byCategory ? [{ name: column.name, isHeading: true, values: [] }] : []),
    ...effects.map(({ name, short = name, values }) => ({ name: short, isHeading: false, values })),
  ]);
  const names = lines.map(({ name, isHeading }) => shortened(name, isHeading ? 18 : 20));
  const ranks = lines.map((_, rank) => rank);
  const bars = lines.flatMap(({ values }, rank) => values.map((weight, outcome) => ({ rank, outcome, weight })));
  const most = maxOf(bars.map(({ weight }) => Math.abs(weight))) || 1;
  const step = roundBelow(0.8 * most);
  const outcomes = classes.length === 2 ? [undefined] : classes.map(labelText);
  const label = classes.length === 2 ? `for the ${oddsText(classes)}` : `for each of ${classes.length} classes`;
  return figure({
    label: `The largest weights: ${plural(shown.length, 'column')}, ${label}. The table below lists the numbers.`,
    draw: (width) => {
      const wide = width > 500;
      const height = lines.length * 24;
      const facets = {
        domain: outcomes.map((_, k) => k),
        label: null,
        axis: null,
        padding: wide ? 0.08 : 40 / (height + 40),
      } as const;
      const across = outcomes.length === 1 ? {} : wide ? { fx: 'outcome' } : { fy: 'outcome' };
      const titles = outcomes.map((name, outcome) => ({ outcome, name: shortened(name ?? '', 18) }));
      const title = { frameAnchor: 'top', dy: -20, fontWeight: 600 } as const;
      const ticks = { tickSize: 0, label: null, tickFormat: (rank: number) => names[rank] } as const;
      return {
        height: wide ? height + 84 : outcomes.length * (height + 40) + 60,
        marginLeft: 150,
        marginRight: 12,
        marginTop: 34,
        marginBottom: 44,
        [wide ? 'fx' : 'fy']: outcomes.length === 1 ? undefined : facets,
        x: {
          domain: [-most, most],
          label: classes.length === 2 ? 'change of the log-odds (nats)' : 'change of the score (nats)',
          labelAnchor: 'center',
          labelArrow: 'none',
          ticks: [-step, 0, step],
          grid: true,
          tickFormat: (tick: number) => significant(tick, 2),
        },
        y: { type: 'band', domain: ranks, label: null, padding: 0.25 },
        marks: [
          Plot.axisY(
            ranks.filter((rank) => lines[rank].isHeading),
            { ...ticks, fontWeight: 600 },
          ),
          Plot.axisY(
            ranks.filter((rank) => !lines[rank].isHeading),
            ticks,
          ),
          Plot.barX(bars, {
            ...across,
            y: 'rank',
            x: 'weight',
            fill: ({ weight }: Bar) => (weight < 0 ? 'var(--orange)' : 'var(--blue)'),
            rx: 1,
          }),
          Plot.ruleX([0], { stroke: 'var(--muted)' }),
          ...(classes.length === 2
            ? [
                Plot.text([`← ${shortened(labelText(classes[0]), 18)}`], {
                  ...title,
                  frameAnchor: 'top-left',
                  fill: 'var(--orange)',
                }),
                Plot.text([`${shortened(labelText(classes[1]), 18)} →`], {
                  ...title,
                  frameAnchor: 'top-right',
                  fill: 'var(--blue)',
                }),
              ]
            : [Plot.text(titles, { ...across, ...title, text: 'name' })]),
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

function weightTable(columns: readonly ColumnEffects[], model: ReportModel): Html {
  if (model.classes.length > MOST_COLUMNS) return strongestTable(columns, model);
  const shown = firstColumns(columns, MOST_EFFECTS);
  const most = maxOf(columns.map(({ size }) => size)) || 1;
  const digits = Math.min(Math.max(2 - Math.floor(Math.log10(most)), 0), 8);
  const noun = model.schema === undefined ? 'features' : 'columns';
  const cells = (name: Content, { values }: Effect) => [name, ...values.map((value) => tinted(value, most, digits))];
  return table({
    caption:
      shown.length === columns.length
        ? 'Weights, largest first'
        : `The ${shown.length} ${noun} with the largest weights, of ${columns.length}`,
    columns: [
      { head: model.schema === undefined ? 'feature' : 'column' },
      ...outcomeNames(model.classes).map((head) => ({ head, number: true })),
    ],
    rows: shown.flatMap(({ column, byCategory, effects, more }) => {
      if (!byCategory) return effects.map((effect) => cells(effect.name, effect));
      return [
        [column.name],
        ...effects.map((effect) => cells(categoryName(column.name, effect.name), effect)),
        ...(more === 0
          ? []
          : [[html`<span class="category">${plural(more, 'more category', 'more categories')}</span>`]]),
      ];
    }),
    footer: [['bias', ...outcomesOf(model.bias).map((value) => fixed(value, digits))]],
  });
}

/** A category below the heading of its column. Screen readers read both. */
function categoryName(column: string, category: string): Html {
  return html`<span class="category"><span class="unseen">${column}: </span>${labelText(category)}</span>`;
}

function tinted(value: number, most: number, digits: number): Cell {
  const share = Math.round((100 * CELL_OPACITY * Math.abs(value)) / most);
  return {
    text: fixed(value, digits),
    style: `--tint: var(--${value < 0 ? 'orange' : 'blue'}); --strength: ${share}%`,
  };
}

/** For many classes: the features with the largest and the smallest weights of each class. */
function strongestTable(columns: readonly ColumnEffects[], { classes }: ReportModel): Html {
  const some = 3;
  const all = columns.flatMap(({ column, byCategory, effects }) =>
    effects.map(({ name, values }) => ({ name: byCategory ? `${column.name}: ${name}` : name, values })),
  );
  const list = (effects: readonly Effect[], k: number) =>
    inLine(effects.map(({ name, values }) => html`${name} (${significant(values[k], 2)})`));
  return table({
    caption: 'The features with the largest effect on the score of each class',
    columns: [{ head: 'class' }, { head: 'raise the score' }, { head: 'lower the score' }],
    rows: classes.map((name, k) => {
      const order = [...all].sort((a, b) => b.values[k] - a.values[k]);
      const above = order.filter(({ values }) => values[k] > 0).slice(0, some);
      const below = order
        .filter(({ values }) => values[k] < 0)
        .slice(-some)
        .reverse();
      return [labelText(name), list(above, k), list(below, k)];
    }),
  });
}
