// web: polygons in the plane, cut by straight lines.
export type Point = readonly [x: number, y: number];

/** a·x + b·y + c */
type Line = readonly number[];

const at = ([a, b, c]: Line, [x, y]: Point): number => a * x + b * y + c;

/** The part of a convex polygon where no line is negative. Empty if there is none. */
export function cut(polygon: readonly Point[], lines: readonly Line[]): Point[] {
  return lines.reduce<Point[]>(
    (rest, line) =>
      rest.flatMap((point, i) => {
        const next = rest[(i + 1) % rest.length];
        const [here, there] = [at(line, point), at(line, next)];
        const kept = here >= 0 ? [point] : [];
        return here >= 0 === there >= 0 ? kept : [...kept, between(point, next, here / (here - there))];
      }),
    [...polygon],
  );
}

const between = ([x1, y1]: Point, [x2, y2]: Point, share: number): Point => [
  x1 + share * (x2 - x1),
  y1 + share * (y2 - y1),
];
