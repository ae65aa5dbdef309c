// web: the frame of a drawing in a plane: its scales, its ticks and the names of its axes.
import { mark, roomFor, ticks, tickTexts } from './charts.js';

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** A drawing at the size of its place. */
export interface Frame {
  readonly svg: SVGElement;
  readonly width: number;
  readonly height: number;
  /** The edges of the plane, in pixels. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly across: Range;
  readonly up: Range;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** The range of numbers, with a margin. */
export function rangeOf(values: readonly number[]): Range {
  const finite = values.filter(Number.isFinite);
  const least = finite.reduce((a, b) => Math.min(a, b), finite[0] ?? 0);
  const most = finite.reduce((a, b) => Math.max(a, b), finite[0] ?? 0);
  const margin = 0.08 * (most - least) || Math.abs(most) || 1;
  return { least: least - margin, most: most + margin };
}

/** @param label a description for screen readers */
export function frameOf(
  place: Element,
  names: readonly [string, string],
  ranges: readonly [Range, Range],
  label: string,
): Frame {
  const { clientWidth: width, clientHeight: height } = place;
  const [across, up] = ranges;
  const heights = ticks(up.least, up.most, 6);
  const texts = tickTexts(heights);
  const [left, right, top, bottom] = [roomFor(texts), width - 8, 24, height - 40];
  const x = (value: number) => left + ((value - across.least) / (across.most - across.least)) * (right - left);
  const y = (value: number) => bottom - ((value - up.least) / (up.most - up.least)) * (bottom - top);
  const svg = mark('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  svg.append(mark('rect', { x: left, y: top, width: right - left, height: bottom - top, class: 'plane-edge' }));
  heights.forEach((tick, i) => {
    svg.append(mark('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, texts[i]));
  });
  const places = ticks(across.least, across.most, width < 300 ? 3 : 5);
  tickTexts(places).forEach((text, i) => {
    svg.append(mark('text', { x: x(places[i]), y: bottom + 16, 'text-anchor': 'middle' }, text));
  });
  svg.append(mark('text', { x: right, y: height - 4, 'text-anchor': 'end' }, `${fitted(names[0], right - left)} →`));
  svg.append(mark('text', { x: left, y: 14, 'text-anchor': 'start' }, `↑ ${fitted(names[1], right - left)}`));
  return { svg, width, height, left, right, top, bottom, across, up, x, y };
}

/** Pixels of a letter, at most. */
const LETTER = 7.5;

function fitted(name: string, width: number): string {
  const most = Math.floor(width / LETTER) - 2;
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}
