// web: the picture that goes through all pages, as it is drawn.
import { logits } from './code/network.js';
import { h, s } from './dom.js';
import { fixed, plain, sub } from './format.js';
import type { Translate } from './language.js';
import { CLASSES, type SAMPLE, type Sample, weightRows } from './state.js';
import type { View } from './view.js';

export type SampleView = View<typeof SAMPLE>;

/** The colours of the classes. */
export const CLASS_FILLS = ['fill-positive', 'fill-negative', 'fill-third'] as const;

/** A shape for each class, so that colour is not needed: circle, triangle, square, about 20 wide around (0, 0). */
export const CLASS_SHAPES = [
  'M-9,0 A9,9 0 1 1 9,0 A9,9 0 1 1 -9,0 Z',
  'M0,-11 L10,7 H-10 Z',
  'M-8,-8 H8 V8 H-8 Z',
] as const;

export const classNames = (t: Translate): string[] => CLASSES.map((name) => t(name));

/** The four pixels, the darker the larger, in light and dark mode alike. */
export function pixelPicture(view: SampleView): SVGSVGElement {
  const describe = () => view.t('pixels', { values: view.values.x.map(plain).join(', ') });
  const picture = view.picture({ width: 100, height: 100 }, describe, () =>
    view.values.x.flatMap((value, i) => {
      const [x, y] = [1 + 49 * (i % 2), 1 + 49 * (i >> 1)];
      return [
        s('rect', { x, y, width: 49, height: 49, class: 'paper' }),
        s('rect', { x, y, width: 49, height: 49, class: 'shade', 'fill-opacity': value }),
        s('rect', { x, y, width: 49, height: 49, class: 'outline' }),
      ];
    }),
  );
  picture.setAttribute('class', 'small-picture');
  return picture;
}

/** A slider for each pixel. */
export function pixelSliders(view: SampleView): HTMLElement {
  const sliders = view.values.x.map((_, i) =>
    view.sliderOf('x', i, { label: sub('x', i + 1), min: 0, max: 1, step: 0.05, show: plain }),
  );
  return h('div', { class: 'stack' }, ...sliders);
}

/** Which class has the largest value, and with which. */
export function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** A logit as the pages write it. */
export const logit = (value: number): string => fixed(value, 3);

/** The logits of the picture: o = Wx + b. */
export const logitsOf = (values: Sample): number[] => logits(weightRows(values), values.b, values.x);

/** A slider for each logit. It moves the bias of its class, so that o = Wx + b still holds. */
export function logitSliders(view: SampleView): HTMLElement {
  const sliders = classNames(view.t).map((name, j) =>
    view.slider({
      label: `${sub('o', j + 1)} ${name}`,
      min: -8,
      max: 8,
      step: 0.05,
      get: () => logitsOf(view.values)[j],
      set: (value) => view.setAt('b', j, view.values.b[j] + value - logitsOf(view.values)[j]),
      show: logit,
    }),
  );
  return h('div', { class: 'stack' }, ...sliders);
}

/** A slider for each class of a distribution. If one moves, the others keep their ratio. */
export function distributionSliders(
  view: SampleView,
  distribution: {
    readonly label: (name: string, j: number) => string;
    readonly get: () => readonly number[];
    readonly set: (distribution: number[]) => void;
  },
): HTMLElement[] {
  return classNames(view.t).map((name, j) =>
    view.slider({
      label: distribution.label(name, j),
      min: 0,
      max: 1,
      step: 0.01,
      get: () => distribution.get()[j],
      set: (value) => distribution.set(withPart(distribution.get(), j, value)),
      show: (value) => fixed(value, 3),
    }),
  );
}

function withPart(p: readonly number[], j: number, value: number): number[] {
  const rest = 1 - p[j];
  return p.map((each, k) => (k === j ? value : rest > 0 ? (each * (1 - value)) / rest : (1 - value) / 2));
}

/** One bar for each class, in [0, 1]; none for NaN. */
export function probabilityBars(view: SampleView, probabilities: () => readonly number[]): HTMLElement {
  const bars = classNames(view.t).map((name, j) => {
    const bar = s('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    view.contents(bar, () => [
      s('rect', { class: 'track', width: 100, height: 10 }),
      s('rect', { class: 'fill-blue', width: 100 * (probabilities()[j] || 0), height: 10 }),
    ]);
    const number = view.text(h('span', { class: 'number' }), () => fixed(probabilities()[j], 4));
    return h('div', { class: 'bar' }, h('span', { class: 'name' }, name), bar, number);
  });
  return h('div', { class: 'shares' }, ...bars);
}

/** A table of texts; the first of each row is its heading. */
export function table(
  view: SampleView,
  caption: string,
  head: readonly string[],
  rows: () => readonly (readonly string[])[],
): HTMLElement {
  const body = view.contents(h('tbody'), () =>
    rows().map(([first, ...rest]) =>
      h('tr', {}, h('th', { scope: 'row' }, first), ...rest.map((cell) => h('td', { class: 'number' }, cell))),
    ),
  );
  const columns = head.map((name, i) => h('th', { scope: 'col', class: i > 0 ? 'number' : false }, name));
  const whole = h(
    'table',
    {},
    h('caption', { class: 'unseen' }, caption),
    h('thead', {}, h('tr', {}, ...columns)),
    body,
  );
  return h('div', { class: 'scroll', role: 'group', tabindex: 0, 'aria-label': caption }, whole);
}
