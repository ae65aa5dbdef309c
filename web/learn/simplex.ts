// web: three probabilities as a point in a triangle, whose corners are the classes.
import { label, s } from './dom.js';

export const SIMPLEX = { width: 320, height: 250 } as const;

const CORNERS = [
  [60, 215],
  [160, 35],
  [260, 215],
] as const;

/** Where a distribution lies: the mean of the corners, weighted by it. */
export function pointOf(p: readonly number[]): { x: number; y: number } {
  const along = (axis: 0 | 1) => p.reduce((sum, each, k) => sum + each * CORNERS[k][axis], 0);
  return { x: along(0), y: along(1) };
}

/** The distribution of a point; outside the triangle, the negative parts are set to 0. */
export function distributionAt(x: number, y: number): number[] {
  const top = (CORNERS[0][1] - y) / (CORNERS[0][1] - CORNERS[1][1]);
  const right = (x - CORNERS[0][0]) / (CORNERS[2][0] - CORNERS[0][0]) - top / 2;
  const parts = [1 - top - right, top, right].map((part) => Math.max(0, part));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / total);
}

/** The triangle with the names of its corners. */
export function triangle(names: readonly string[]): SVGElement[] {
  const labels = names.map((name, k) => {
    const [x, y] = CORNERS[k];
    return label(x, k === 1 ? y - 15 : y + 22, name);
  });
  return [s('polygon', { points: CORNERS.join(' '), class: 'outline' }), ...labels];
}

export function dot(p: readonly number[], className: string, radius = 8): SVGElement {
  const { x, y } = pointOf(p);
  return s('circle', { cx: x, cy: y, r: radius, class: className });
}
