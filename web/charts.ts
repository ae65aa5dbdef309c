// web: small drawings: lines, bars and images, with the colours of the style sheet.

export interface Series {
  readonly colour: 'blue' | 'orange';
  readonly points: readonly (readonly [x: number, y: number])[];
}

const SVG = 'http://www.w3.org/2000/svg';

export function mark(name: string, attributes: Readonly<Record<string, string | number>>, text?: string): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A number in short: three significant digits, or two with an exponent; or `digits`. */
export function shortNumber(value: number, digits?: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(digits ?? 3)));
  return digits === undefined ? value.toExponential(1) : value.toExponential(digits - 1).replace(/\.?0+e/, 'e');
}

/** The texts of ticks in short, with as many digits as their distance needs. */
export function tickTexts(values: readonly number[], format = shortNumber): string[] {
  const most = values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  const powerOf = (size: number) => Math.floor(Math.log10(size) + 1e-9);
  const digits = values.length < 2 ? 3 : Math.max(3, powerOf(most) - powerOf(values[1] - values[0]) + 1);
  return values.map((value) => format(value, digits));
}

/** Pixels of a digit, at most. */
const DIGIT = 7;

/** The room that the texts of an upright axis take at its left. */
export function roomFor(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, DIGIT * text.length + 10), 44);
}

/** About `count` round numbers within [least, most]. */
export function ticks(least: number, most: number, count: number): number[] {
  const rough = (most - least) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) as number;
  const first = Math.ceil(least / step - 1e-9);
  return Array.from({ length: Math.floor(most / step + 1e-9) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/**
 * Draws lines over epochs at the size of `place`, replacing its content.
 *
 * @param label a description for screen readers
 * @param most no value is above it
 */
export function drawLines(
  place: HTMLElement,
  series: readonly Series[],
  label: string,
  format = shortNumber,
  most = Number.POSITIVE_INFINITY,
): void {
  const { clientWidth: width, clientHeight: height } = place;
  const all = series.flatMap(({ points }) => points).filter(([, y]) => Number.isFinite(y));
  const svg = mark('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  const lastX = all.reduce((most, [x]) => Math.max(most, x), 2);
  let [low, high] = all.reduce(
    ([a, b], [, y]) => [Math.min(a, y), Math.max(b, y)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (all.length === 0) [low, high] = [0, 1];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.05 || 0.5;
  [low, high] = [Math.max(low - room, low < 0 ? low - room : 0), Math.min(high + room, most)];
  const levels = ticks(low, high, 4);
  const texts = tickTexts(levels, format);
  const [left, right, top, bottom] = [roomFor(texts), width - 8, 8, height - 24];
  const x = (epoch: number) => left + ((epoch - 1) / (lastX - 1)) * (right - left);
  const y = (value: number) => bottom - ((value - low) / (high - low)) * (bottom - top);
  levels.forEach((tick, i) => {
    svg.append(mark('line', { x1: left, x2: right, y1: y(tick), y2: y(tick), class: 'grid-line' }));
    svg.append(mark('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, texts[i]));
  });
  const whole = [1, ...ticks(1, lastX, width < 300 ? 3 : 5)].filter((tick) => Number.isInteger(tick));
  for (const tick of new Set(whole)) {
    svg.append(mark('text', { x: x(tick), y: height - 6, 'text-anchor': 'middle' }, String(tick)));
  }
  for (const { points, colour } of series) {
    const finite = points.filter(([, value]) => Number.isFinite(value));
    const path = finite.map(
      ([epoch, value], i) => `${i === 0 ? 'M' : 'L'}${x(epoch).toFixed(1)} ${y(value).toFixed(1)}`,
    );
    svg.append(mark('path', { d: path.join(''), class: `line ${colour}` }));
    const end = finite.at(-1);
    if (end !== undefined) svg.append(mark('circle', { cx: x(end[0]), cy: y(end[1]), r: 3.5, class: `dot ${colour}` }));
  }
  place.replaceChildren(svg);
}

/** A bar with its name and number, from the middle (signed) or from the left (share). */
export function bar(name: string, value: number, most: number, kind: 'share' | 'signed', text: string): HTMLElement {
  const line = document.createElement('div');
  line.className = 'bar';
  const label = document.createElement('span');
  label.className = 'name';
  label.textContent = name;
  label.title = name;
  const number = document.createElement('data');
  number.className = 'number';
  number.value = String(value);
  number.textContent = text;
  const svg = mark('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const share = most > 0 ? Math.min(Math.abs(value) / most, 1) : 0;
  const [start, full] = kind === 'share' ? [0, 100] : [50, 50];
  svg.append(mark('rect', { x: 0, y: 4, width: 100, height: 2, class: 'track' }));
  const width = share * full;
  const colour = value < 0 ? 'fill-orange' : 'fill-blue';
  svg.append(mark('rect', { x: value < 0 ? start - width : start, y: 0, width, height: 10, class: colour }));
  line.append(label, svg, number);
  return line;
}

/** [red, green, blue] of a custom property '#rrggbb'. */
export function colourOf(property: string): readonly number[] {
  const value = Number.parseInt(
    getComputedStyle(document.documentElement).getPropertyValue(property).trim().slice(1),
    16,
  );
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** One number per pixel: blue above 0, orange below. The opacity is the size relative to `most`. */
export function drawDiverging(canvas: HTMLCanvasElement, values: ArrayLike<number>, most: number): void {
  const [positive, negative] = [colourOf('--positive'), colourOf('--negative')];
  paint(canvas, (i) => {
    const share = most > 0 ? Math.min(Math.abs(values[i]) / most, 1) : 0;
    return [...(values[i] < 0 ? negative : positive), 255 * share];
  });
}

/** Pixels from 0 (black) to 1 (white). */
export function drawGrey(canvas: HTMLCanvasElement, values: ArrayLike<number>): void {
  paint(canvas, (i) => [255 * values[i], 255 * values[i], 255 * values[i], 255]);
}

function paint(canvas: HTMLCanvasElement, colour: (i: number) => readonly number[]): void {
  const { width, height } = canvas;
  const picture = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) picture.data.set(colour(i), 4 * i);
  canvas.getContext('2d')?.putImageData(picture, 0, 0);
}
