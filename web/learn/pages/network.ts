// web: page 2 of the chapter, the network: four pixels, fifteen edges, three logits.
import { products } from '../code/network.js';
import { h, hint, label, s, stack, stage } from '../dom.js';
import { factor, fixed, plain, sub } from '../format.js';
import { classNames, largest, logit, logitsOf, pixelPicture, pixelSliders } from '../sample.js';
import { showLesson } from '../shell.js';
import { type SAMPLE, weightRows } from '../state.js';
import type { View } from '../view.js';

/** The chosen edge: 5j + i for the edge from input i to class j, where input 4 is the constant 1 of the bias. */
const FIELDS = { edge: { initial: [0], min: 0, max: 14, integer: true } } as const;

type NetworkView = View<typeof FIELDS & typeof SAMPLE>;

/** What every edge adds to its logit: row j holds four products and the bias. */
function contributions({ values }: NetworkView): number[][] {
  return products(weightRows(values), values.x).map((row, j) => [...row, values.b[j]]);
}

function choose(view: NetworkView, edge: number): void {
  if (view.values.edge[0] !== edge) view.set({ edge: [edge] });
}

const INPUTS = [34, 96, 158, 220, 282];
const OUTPUTS = [65, 158, 251];
const SMALL = { 'text-anchor': 'start', 'font-size': 13 } as const;

function network(view: NetworkView): SVGSVGElement {
  const { t } = view;
  const names = classNames(t);
  const describe = () =>
    logitsOf(view.values)
      .map((o, j) => `${names[j]} ${sub('o', j + 1)} = ${logit(o)}`)
      .join(', ');
  const picture = view.picture({ width: 400, height: 316 }, describe, () => {
    const o = logitsOf(view.values);
    const edges = contributions(view).flatMap((row, j) =>
      row.flatMap((product, i) => {
        const isChosen = 5 * j + i === view.values.edge[0];
        const width = Math.min(10, 1 + 4 * Math.abs(product)) + (isChosen ? 2 : 0);
        const opacity = isChosen ? 1 : 0.45;
        const colour = product < 0 ? 'negative' : 'positive';
        return [
          s('line', { ...ends(i, j), class: product === 0 ? 'outline' : colour, 'stroke-width': width, opacity }),
        ];
      }),
    );
    const inputs = [...view.values.x, 1].flatMap((x, i) => [
      s('circle', { cx: 38, cy: INPUTS[i], r: 21, class: 'node' }),
      label(38, INPUTS[i] + 5, plain(x)),
      label(2, INPUTS[i] - 14, i < 4 ? sub('x', i + 1) : '', { ...SMALL, class: 'faint' }),
    ]);
    const classes = o.flatMap((value, j) => [
      s('circle', { cx: 312, cy: OUTPUTS[j], r: 27, class: j === largest(o) ? 'node top' : 'node' }),
      label(312, OUTPUTS[j] + 5, fixed(value, 2)),
      label(346, OUTPUTS[j] + 5, names[j], SMALL),
    ]);
    return [...edges, ...inputs, ...classes];
  });
  // They stay while the edges are drawn anew: a new one below a pointer that rests would be chosen.
  const targets = OUTPUTS.flatMap((_, j) =>
    INPUTS.map((_, i) => {
      const edge = 5 * j + i;
      const onto = () => choose(view, edge);
      const look = { stroke: 'transparent', 'stroke-width': 14, 'data-edge': edge };
      return s('line', { ...ends(i, j), ...look, pointerover: onto, click: onto });
    }),
  );
  picture.append(...targets);
  return picture;
}

const ends = (i: number, j: number) => ({ x1: 58, y1: INPUTS[i], x2: 286, y2: OUTPUTS[j] });

/** o₁ = 0.1·1 + …: each term chooses its edge. */
function equation(view: NetworkView, j: number): HTMLElement {
  const terms = Array.from({ length: 5 }, (_, i) => {
    const edge = 5 * j + i;
    const term = h('button', { type: 'button', class: 'term', click: () => choose(view, edge) });
    view.text(term, () => {
      const { x, b } = view.values;
      return i < 4 ? `${plain(x[i])}·${factor(weightRows(view.values)[j][i])}` : factor(b[j]);
    });
    view.live(() => term.setAttribute('aria-pressed', String(edge === view.values.edge[0])));
    return i === 0 ? [term] : ['+', term];
  });
  const total = h('strong');
  view.text(total, () => `= ${logit(logitsOf(view.values)[j])}`);
  const name = h('span', {}, `${sub('o', j + 1)} ${classNames(view.t)[j]} =`);
  return h('p', { class: 'sum' }, name, ...terms.flat(), total);
}

/** The weight or the bias of the chosen edge. */
function weightSlider(view: NetworkView): HTMLElement {
  const place = () => {
    const [edge] = view.values.edge;
    return { j: Math.floor(edge / 5), i: edge % 5 };
  };
  const slider = view.slider({
    label: '',
    min: -5,
    max: 5,
    step: 0.05,
    get: () => {
      const { i, j } = place();
      return i < 4 ? view.values.w[4 * j + i] : view.values.b[j];
    },
    set: (value) => {
      const { i, j } = place();
      if (i < 4) view.setAt('w', 4 * j + i, value);
      else view.setAt('b', j, value);
    },
    show: plain,
  });
  view.text(slider.querySelector('label') as HTMLElement, () => {
    const { i, j } = place();
    const values = { class: classNames(view.t)[j] };
    if (i === 4) return view.t('network.bias', { ...values, name: sub('b', j + 1) });
    return view.t('network.weight', { ...values, name: sub('w', j + 1, i + 1), pixel: sub('x', i + 1) });
  });
  return slider;
}

showLesson({
  name: 'network',
  fields: FIELDS,
  right: 3,
  formula: 'the-network',
  sources: [['dense', 'dense']],
  draw: (view) => {
    const outcome = view.status(() => {
      const names = classNames(view.t);
      const values = { class: names[largest(logitsOf(view.values))], truth: names[view.values.class[0]] };
      return view.t('network.outcome', values);
    });
    return [
      stage(
        stack(pixelPicture(view), pixelSliders(view), weightSlider(view)),
        stack(network(view), hint(view.t('network.colours'))),
      ),
      ...[0, 1, 2].map((j) => equation(view, j)),
      hint(view.t('network.count')),
      outcome,
    ];
  },
});
