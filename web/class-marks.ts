// web: a colour and a shape for each class, so that classes differ without colour too.
import { mark } from './charts.js';
import { element, fill } from './views.js';

const COLOURS = 10;

/** Corners of a shape in the unit circle, and the angle of the first; a circle has none. */
const SHAPES = [
  [0, 0],
  [4, 45],
  [3, -90],
  [4, 0],
  [3, 90],
] as const;

/** The custom property of a class's colour. */
export function colourNameOf(k: number): string {
  return `--class-${k % COLOURS}`;
}

/** The mark of a class around (x, y). */
export function classMark(k: number, x: number, y: number, radius: number): SVGElement {
  const [corners, first] = SHAPES[(k + Math.floor(k / COLOURS)) % SHAPES.length];
  const className = `class-mark class-${k % COLOURS}`;
  if (corners === 0) return mark('circle', { cx: x.toFixed(1), cy: y.toFixed(1), r: radius, class: className });
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = ((first + (360 * i) / corners) * Math.PI) / 180;
    const reach = radius * (corners === 3 ? 1.35 : 1.2);
    return `${(x + reach * Math.cos(angle)).toFixed(1)},${(y + reach * Math.sin(angle)).toFixed(1)}`;
  });
  return mark('polygon', { points: points.join(' '), class: className });
}

/** Classes that a legend names. */
const MOST_NAMED = 20;

/** Fills a list with the marks of the classes and their names. */
export function showClasses(place: Element, classes: readonly string[]): void {
  const items = classes.slice(0, MOST_NAMED).map((name, k) => {
    const item = element('li', name);
    const svg = mark('svg', { viewBox: '0 0 14 14', 'aria-hidden': 'true' });
    svg.append(classMark(k, 7, 7, 4.5));
    item.prepend(svg);
    return item;
  });
  const others = classes.length - MOST_NAMED;
  fill(place, others > 0 ? [...items, element('li', `and ${others.toLocaleString('en')} more`)] : items);
}
