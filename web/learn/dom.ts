// web: elements of HTML and SVG in one call.
type Value = string | number | boolean | ((event: Event) => void);
type Attributes = Readonly<Record<string, Value>>;
type Child = Node | string;

/** An HTML element. `true` sets an empty attribute, `false` none, a function listens to the event of that name. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element, like `h`. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/** Text in a drawing, with its middle at x unless another anchor is given. */
export const label = (x: number, y: number, text: string, look: Attributes = {}): SVGTextElement =>
  s('text', { x, y, 'text-anchor': 'middle', 'font-size': 14, ...look }, text);

/** A level of a chart: a line from left to right, and its value on the left. */
export const level = (left: number, right: number, y: number, text: string): SVGElement[] => [
  s('line', { x1: left, x2: right, y1: y, y2: y, class: 'grid-line' }),
  label(left - 6, y + 4, text, { 'text-anchor': 'end', 'font-size': 12 }),
];

const div =
  (className: string) =>
  (...children: Child[]): HTMLElement =>
    h('div', { class: className }, ...children);

/** A narrow column beside a wide one. On a phone they follow each other. */
export const stage = div('stage');

/** Two columns of the same width. */
export const halves = div('stage wide');

export const stack = div('stack');

export const buttons = div('buttons');

export const button = (text: string, click: () => void): HTMLButtonElement =>
  h('button', { type: 'button', click }, text);

export const hint = (text: string): HTMLElement => h('p', { class: 'hint' }, text);

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}
