// web: the picture that goes through all pages, as it is drawn.
import { logits } from './code/network.js';
import { h, s, stack } from './dom.js';
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

/** Four squares of a picture, on paper that stays white in dark mode. */
export function squares(
  parts: readonly { class: string; opacity: number }[],
  x: number,
  y: number,
  side: number,
): SVGElement[] {
  const half = side / 2;
  const place = (i: number) => ({ x: x + half * (i % 2), y: y + half * (i >> 1), width: half, height: half });
  return [
    s('rect', { x, y, width: side, height: side, class: 'paper' }),
    ...parts.map((part, i) => s('rect', { ...place(i), class: part.class, 'fill-opacity': part.opacity })),
  ];
}

/** The pixels as squares, the darker the larger, in light and dark mode alike. */
export const shades = (pixels: readonly number[]) => pixels.map((value) => ({ class: 'shade', opacity: value }));

/** The picture of all pages, with a frame around each pixel. */
export function pixelPicture(view: SampleView): SVGSVGElement {
  const describe = () => view.t('pixels', { values: view.values.x.map(plain).join(', ') });
  const picture = view.picture({ width: 100, height: 100 }, describe, () => [
    ...squares(shades(view.values.x), 1, 1, 98),
    s('path', { d: 'M1,1 h98 v98 h-98 Z M50,1 v98 M1,50 h98', class: 'outline' }),
  ]);
  picture.setAttribute('class', 'small-picture');
  return picture;
}

/** A slider for each pixel. */
export function pixelSliders(view: SampleView): HTMLElement {
  const sliders = view.values.x.map((_, i) =>
    view.sliderOf('x', i, { label: sub('x', i + 1), min: 0, max: 1, step: 0.05, show: plain }),
  );
  return stack(...sliders);
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
  return stack(...sliders);
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

/** A bar with its name and its number. */
interface Bar {
  readonly name: string;
  /** The parts from left to right: how each looks, and its width in [0, 1]. */
  readonly parts: () => readonly (readonly [look: string, width: number])[];
  readonly number: () => string;
}

/** Bars below each other, to the same scale. */
export function barChart(view: SampleView, className: string, bars: readonly Bar[]): HTMLElement {
  const rows = bars.map(({ name, parts, number }) => {
    const bar = s('svg', { viewBox: '0 0 1 1', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    view.contents(bar, () => {
      let end = 0;
      const drawn = parts().map(([look, width]) => {
        const x = end;
        end += width;
        return s('rect', { class: look, x, width, height: 1 });
      });
      return [s('rect', { class: 'track', width: 1, height: 1 }), ...drawn];
    });
    const shown = view.text(h('span', { class: 'number' }), number);
    return h('div', { class: 'bar' }, h('span', { class: 'name' }, name), bar, shown);
  });
  return h('div', { class: className }, ...rows);
}

/** One bar for each class; none for NaN. */
export function probabilityBars(view: SampleView, probabilities: () => readonly number[]): HTMLElement {
  const bars = classNames(view.t).map((name, j): Bar => {
    const share = () => probabilities()[j];
    return { name, parts: () => [['fill-blue', share() || 0]], number: () => fixed(share(), 4) };
  });
  return barChart(view, 'shares', bars);
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
