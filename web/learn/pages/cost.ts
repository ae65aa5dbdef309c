// web: page 3 of the chapter, the cost of a layer in numbers, full and as a hypercomplex multiplication (PHM).
import { cheapest, denseCost, divisors, phmCost } from '../code/cost.js';
import { button, buttons, h, hint, label, level, s, stack, stage } from '../dom.js';
import { count, fixed } from '../format.js';
import { barChart } from '../sample.js';
import { showLesson } from '../shell.js';
import { CLASSES, SAMPLE } from '../state.js';
import type { View } from '../view.js';

const FIELDS = {
  d: { initial: [784], min: 1, max: 4096, integer: true },
  q: { initial: [16], min: 1, max: 4096, integer: true },
  n: { initial: [8], min: 1, max: 64, integer: true },
} as const;

/** Where the sliders stop. A link may have any whole number. */
const STOPS = {
  d: [4, 8, 16, 32, 64, 128, 256, 512, 784, 1024, 2048, 4096],
  q: [3, 4, 8, 10, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
  n: [1, 2, 4, 8, 16, 32, 64],
} as const;

type CostView = View<typeof FIELDS & typeof SAMPLE>;
type Name = keyof typeof STOPS;

const PRESETS = [
  ['cost.picture', SAMPLE.x.initial.length, CLASSES.length],
  ['cost.fashion', 784, 10],
  ['cost.example', 784, 16],
  ['cost.hidden', 1024, 1024],
] as const;

function layer({ values }: CostView) {
  const [[d], [q], [n]] = [values.d, values.q, values.n];
  const exists = d % n === 0 && q % n === 0;
  return { d, q, n, exists, full: denseCost(d, q), phm: phmCost(d, q, n) };
}

/** A slider over the stops of d, q or n. A value between two stops is at the nearer one, by ratio. */
function sizeSlider(view: CostView, name: Name): HTMLElement {
  const stops: readonly number[] = STOPS[name];
  const distance = (stop: number) => Math.abs(Math.log(stop / view.values[name][0]));
  return view.slider({
    label: view.t(`cost.${name}`),
    min: 0,
    max: stops.length - 1,
    step: 1,
    get: () => stops.reduce((best, stop, i) => (distance(stop) < distance(stops[best]) ? i : best), 0),
    set: (index) => view.setAt(name, 0, stops[index]),
    show: () => count(view.values[name][0]),
  });
}

/** Bars of dq, of dq/n and n³, and of the whole layer, all to the same scale. */
function costBars(view: CostView): HTMLElement {
  const { t } = view;
  type Part = readonly [look: string, size: number];
  const bar = (name: string, sizes: () => readonly Part[]) => ({
    name,
    parts: () => {
      const { full, phm, exists } = layer(view);
      const most = Math.max(full, exists ? phm.total : 0);
      return sizes().map(([look, size]) => [look, size / most] as const);
    },
    number: () => (sizes().length > 0 ? count(sizes().reduce((sum, [, size]) => sum + size, 0)) : '–'),
  });
  const ifExists = (parts: (phm: ReturnType<typeof phmCost>) => readonly Part[]) => () => {
    const { phm, exists } = layer(view);
    return exists ? parts(phm) : [];
  };
  return barChart(view, 'costs', [
    bar(t('cost.full'), () => [['fill-muted', layer(view).full]]),
    bar(
      t('cost.components'),
      ifExists(({ components }) => [['fill-positive', components]]),
    ),
    bar(
      t('cost.factors'),
      ifExists(({ factors }) => [['fill-negative', factors]]),
    ),
    bar(
      t('cost.total'),
      ifExists(({ components, factors, biases }) => [
        ['fill-positive', components],
        ['fill-negative', factors],
        ['fill-muted', biases],
      ]),
    ),
  ]);
}

/** Numbers of the layer for each n, both axes logarithmic. Dots mark the n for which there is a layer. */
function costChart(view: CostView): SVGSVGElement {
  const size = { width: 400, height: 250 };
  const [left, right, top, bottom] = [82, size.width - 16, 12, 206];
  const last = STOPS.n[STOPS.n.length - 1];
  const describe = () => {
    const { d, q, full } = layer(view);
    const best = cheapest(d, q);
    return view.t('cost.chart', { best, least: count(phmCost(d, q, best).total), full: count(full) });
  };
  return view.picture(size, describe, () => {
    const { d, q, n, exists, full, phm } = layer(view);
    const decades = Math.ceil(Math.log10(Math.max(full, last ** 3)));
    const x = (each: number) => left + (Math.log(each) / Math.log(last)) * (right - left);
    const y = (numbers: number) => bottom - (Math.log10(Math.max(1, numbers)) / decades) * (bottom - top);
    const along = Array.from({ length: 61 }, (_, i) => last ** (i / 60));
    const curve = (of: (each: number) => number) => along.map((each) => `${x(each)},${y(of(each))}`).join(' ');
    const levels = Array.from({ length: Math.floor(decades / 2) + 1 }, (_, i) => 100 ** i);
    const layers = divisors(d, q).filter((each) => each <= last);
    return [
      ...levels.flatMap((each) => level(left, right, y(each), count(each))),
      ...STOPS.n.map((each) => label(x(each), bottom + 20, String(each), { 'font-size': 12 })),
      label(right, bottom + 36, 'n', { 'text-anchor': 'end', 'font-size': 12, class: 'faint' }),
      s('polyline', { points: curve(() => full), class: 'line full' }),
      s('polyline', { points: curve((each) => phmCost(d, q, each).components), class: 'line positive' }),
      s('polyline', { points: curve((each) => phmCost(d, q, each).factors), class: 'line negative' }),
      s('polyline', { points: curve((each) => phmCost(d, q, each).total), class: 'line total' }),
      ...layers.map((each) => s('circle', { cx: x(each), cy: y(phmCost(d, q, each).total), r: 4, class: 'node' })),
      ...(exists ? [s('circle', { cx: x(n), cy: y(phm.total), r: 7, class: 'fill-ink' })] : []),
    ];
  });
}

/** What the curves are. */
function key(view: CostView): HTMLElement {
  const entries = [
    ['full', 'cost.full'],
    ['positive', 'cost.components'],
    ['negative', 'cost.factors'],
    ['total', 'cost.total'],
  ] as const;
  const items = entries.map(([look, text]) =>
    h('li', {}, h('span', { class: `swatch ${look}`, 'aria-hidden': 'true' }), view.t(text)),
  );
  return h('ul', { class: 'curves hint' }, ...items);
}

function outcome(view: CostView): string {
  const { d, q, n, exists, full, phm } = layer(view);
  const values = { d: count(d), q: count(q), n };
  if (!exists) return view.t('cost.none', { ...values, largest: divisors(d, q).at(-1) ?? 1 });
  const ratio = full / phm.total;
  const texts = { ...values, full: count(full), total: count(phm.total), ratio: fixed(ratio, 2) };
  if (ratio <= 1) return view.t('cost.loses', texts);
  return view.t('cost.saves', texts);
}

showLesson({
  name: 'cost',
  fields: FIELDS,
  right: 2,
  formula: 'parameterized-hypercomplex-multiplication',
  sources: [
    ['dense', 'dense'],
    ['phm', 'phmWeight'],
    ['phm', 'phm'],
  ],
  draw: (view) => {
    const { t } = view;
    const presets = PRESETS.map(([name, d, q]) => button(t(name), () => view.set({ d: [d], q: [q] })));
    const result = view.status(() => outcome(view));
    const best = view.text(hint(''), () => {
      const { d, q } = layer(view);
      const n = cheapest(d, q);
      return t('cost.best', { n, total: count(phmCost(d, q, n).total), root: fixed(((d * q) / 3) ** 0.25, 1) });
    });
    const sliders = (['d', 'q', 'n'] as const).map((name) => sizeSlider(view, name));
    return [
      stage(
        stack(...sliders, buttons(...presets)),
        stack(
          costBars(view),
          result,
          h('div', { class: 'charted' }, costChart(view), stack(key(view), hint(t('cost.axes')), best)),
        ),
      ),
    ];
  },
});
