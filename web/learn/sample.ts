// web: the picture that goes through all pages, as it is drawn.
import { h, s } from './dom.js';
import { fixed, plain, sub } from './format.js';
import type { Translate } from './language.js';
import { CLASSES, type SAMPLE } from './state.js';
import type { View } from './view.js';

export type SampleView = View<typeof SAMPLE>;

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
