// web: page 5 of the chapter, the regions: a classifier of two pixels, fitted again after each move of a point.
import { border, loss, type Model, probabilities, train } from '../code/regions.js';
import { button, buttons, h, halves, hint, label, s, stack } from '../dom.js';
import { fixed, plain, sub } from '../format.js';
import { cut, type Point } from '../plane.js';
import { CLASS_FILLS, CLASS_SHAPES, classNames, largest, probabilityBars, shades, squares, table } from '../sample.js';
import { showLesson } from '../shell.js';
import { CLASSES, kept, type SAMPLE } from '../state.js';
import type { View } from '../view.js';

/** The points of a set are in the order of its classes, as many for each. */
const SETS = [
  {
    name: 'regions.clusters',
    classes: [0, 1, 2],
    points: [
      [0.72, 0.62],
      [0.85, 0.8],
      [0.66, 0.84],
      [0.9, 0.55],
      [0.4, 0.2],
      [0.55, 0.12],
      [0.62, 0.3],
      [0.35, 0.35],
      [0.14, 0.7],
      [0.25, 0.9],
      [0.32, 0.66],
      [0.1, 0.5],
    ],
  },
  {
    name: 'regions.xor',
    classes: [0, 2],
    points: [
      [0.15, 0.2],
      [0.27, 0.08],
      [0.28, 0.25],
      [0.8, 0.73],
      [0.72, 0.9],
      [0.9, 0.84],
      [0.13, 0.74],
      [0.24, 0.9],
      [0.3, 0.75],
      [0.87, 0.2],
      [0.73, 0.26],
      [0.78, 0.08],
    ],
  },
] as const;

const COUNT = SETS[0].points.length;

const FIELDS = {
  data: { initial: [0], min: 0, max: SETS.length - 1, integer: true },
  /** By how much each coordinate of the set was moved. */
  moved: { initial: Array<number>(2 * COUNT).fill(0), min: -1, max: 1 },
} as const;

type RegionsView = View<typeof FIELDS & typeof SAMPLE>;

/** The points as they lie now, and the model that is fitted to them. */
interface Fitted {
  /** The classes of the set: column k of the model is for the class classes[k]. */
  readonly classes: readonly number[];
  readonly points: readonly Point[];
  /** The column of each point. */
  readonly labels: readonly number[];
  readonly model: Model;
  readonly loss: number;
}

const SIZE = 320;
const SQUARE: readonly Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
const RESOLUTION = 48;
const COLOURS = ['--positive', '--negative', '--third'] as const;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-0.05, 0],
  ArrowRight: [0.05, 0],
  ArrowUp: [0, 0.05],
  ArrowDown: [0, -0.05],
};

const inside = (value: number): number => Math.min(1, Math.max(0, kept(value)));

/** Fits the model to the points, anew only if they were moved. */
function fitting(view: RegionsView): () => Fitted {
  let last: { data: readonly number[]; moved: readonly number[]; fitted: Fitted } | undefined;
  return () => {
    const { data, moved } = view.values;
    if (last?.data === data && last.moved === moved) return last.fitted;
    const { classes, points: set } = SETS[data[0]];
    const points = set.map(([x, y], i): Point => [inside(x + moved[2 * i]), inside(y + moved[2 * i + 1])]);
    const labels = points.map((_, i) => Math.floor((i * classes.length) / COUNT));
    const targets = labels.map((label) => classes.map((_, k) => Number(k === label)));
    const model = train(points, targets);
    const fitted = { classes, points, labels, model, loss: loss(model, points, targets) };
    last = { data, moved, fitted };
    return fitted;
  };
}

/** Probabilities of all classes of the chapter; a class that the set does not have has 0. */
function shares({ classes, model }: Fitted, points: readonly Point[]): number[][] {
  return probabilities(model, points).map((row) => CLASSES.map((_, j) => row[classes.indexOf(j)] ?? 0));
}

function movePoint(view: RegionsView, i: number, [x, y]: Point): void {
  const [fromX, fromY] = SETS[view.values.data[0]].points[i];
  const moved = [inside(x) - fromX, inside(y) - fromY];
  view.set({ moved: view.values.moved.map((old, at) => (at >> 1 === i ? moved[at % 2] : old)) });
}

const pictureOf = ({ values }: RegionsView): Point => [values.x[0], values.x[1]];

function movePicture(view: RegionsView, [x, y]: Point): void {
  view.set({ x: [inside(x), inside(y), ...view.values.x.slice(2)] });
}

/** The class with the largest probability at each place, the stronger the larger the probability. */
function shading(view: RegionsView, now: () => Fitted): HTMLCanvasElement {
  const canvas = h('canvas', { width: RESOLUTION, height: RESOLUTION, 'aria-hidden': 'true' });
  const style = getComputedStyle(document.documentElement);
  const channels = COLOURS.map((name) => Number.parseInt(style.getPropertyValue(name).trim().slice(1), 16));
  const places = Array.from({ length: RESOLUTION ** 2 }, (_, i): Point => {
    const [column, row] = [i % RESOLUTION, Math.floor(i / RESOLUTION)];
    return [(column + 0.5) / RESOLUTION, 1 - (row + 0.5) / RESOLUTION];
  });
  let drawn: Fitted | undefined;
  view.live(() => {
    const fitted = now();
    const context = canvas.getContext('2d');
    if (drawn === fitted || context === null) return;
    drawn = fitted;
    const image = context.createImageData(RESOLUTION, RESOLUTION);
    const least = 1 / fitted.classes.length;
    shares(fitted, places).forEach((p, i) => {
      const top = largest(p);
      const strength = (p[top] - least) / (1 - least);
      const colour = channels[top];
      image.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 150 * strength], 4 * i);
    });
    context.putImageData(image, 0, 0);
  });
  return canvas;
}

const place = ([x, y]: Point): Point => [SIZE * x, SIZE * (1 - y)];

/** The regions, each cut from the square by its borders. */
function regions(view: RegionsView, now: () => Fitted): SVGSVGElement {
  const describe = () => {
    const { classes } = now();
    return view.t('regions.picture', { classes: classes.map((j) => classNames(view.t)[j]).join(', ') });
  };
  return view.picture({ width: SIZE, height: SIZE }, describe, () => {
    const { classes, model } = now();
    const polygons = classes.map((_, j) => {
      const borders = classes.flatMap((_, k) => (k === j ? [] : [border(model, j, k)]));
      return s('polygon', { points: cut(SQUARE, borders).map(place).join(' '), class: 'region' });
    });
    return [
      ...polygons,
      label(SIZE - 8, SIZE - 10, `${sub('x', 1)} →`, { 'text-anchor': 'end', class: 'axis' }),
      label(8, SIZE - 10, `↑ ${sub('x', 2)}`, { 'text-anchor': 'start', class: 'axis' }),
    ];
  });
}

/** What can be dragged, or moved by the arrow keys. */
function handle(
  view: RegionsView,
  name: () => string,
  get: () => Point,
  move: (to: Point) => void,
  draw: () => Node[],
) {
  const shape = view.contents(s('g'), draw);
  const element = s(
    'g',
    { class: 'handle', role: 'slider', tabindex: 0, 'aria-valuemin': 0, 'aria-valuemax': 1 },
    s('circle', { r: 20, class: 'reach' }),
    shape,
  );
  view.live(() => {
    const [x, y] = get();
    element.setAttribute('transform', `translate(${place([x, y])})`);
    element.setAttribute('aria-label', name());
    element.setAttribute('aria-valuenow', String(x));
    element.setAttribute('aria-valuetext', `${sub('x', 1)} = ${plain(x)}, ${sub('x', 2)} = ${plain(y)}`);
  });
  view.drag(element, (x, y) => move([x / SIZE, 1 - y / SIZE]));
  element.addEventListener('keydown', (event) => {
    const step = ARROWS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const [x, y] = get();
    move([x + step[0], y + step[1]]);
  });
  return element;
}

function handles(view: RegionsView, now: () => Fitted): SVGSVGElement {
  const { t } = view;
  const classOf = (i: number) => now().classes[now().labels[i]];
  const points = Array.from({ length: COUNT }, (_, i) =>
    handle(
      view,
      () => t('regions.point', { class: classNames(t)[classOf(i)], number: i + 1, count: COUNT }),
      () => now().points[i],
      (to) => movePoint(view, i, to),
      () => [s('path', { d: CLASS_SHAPES[classOf(i)], class: `point ${CLASS_FILLS[classOf(i)]}` })],
    ),
  );
  const picture = handle(
    view,
    () => t('regions.yours'),
    () => pictureOf(view),
    (to) => movePicture(view, to),
    () => [
      ...squares(shades(view.values.x), -11, -11, 22),
      s('rect', { x: -11, y: -11, width: 22, height: 22, class: 'frame' }),
    ],
  );
  const viewBox = `0 0 ${SIZE} ${SIZE}`;
  return s('svg', { viewBox, role: 'group', 'aria-label': t('regions.points'), class: 'picture' }, ...points, picture);
}

/** Which shape is which class. */
function legend(view: RegionsView): HTMLElement {
  const items = classNames(view.t).map((name, j) => {
    const shape = s('svg', { viewBox: '-12 -12 24 24', 'aria-hidden': 'true' });
    shape.append(s('path', { d: CLASS_SHAPES[j], class: `point ${CLASS_FILLS[j]}` }));
    return h('li', {}, shape, name);
  });
  return h('ul', { class: 'legend' }, ...items);
}

/** a·x₁ + b·x₂ + c = 0 */
function equation([a, b, c]: readonly number[]): string {
  const term = (value: number) => `${fixed(value, 2).startsWith('−') ? '−' : '+'} ${fixed(Math.abs(value), 2)}`;
  return `${fixed(a, 2)}·${sub('x', 1)} ${term(b)}·${sub('x', 2)} ${term(c)} = 0`;
}

showLesson({
  name: 'regions',
  fields: FIELDS,
  right: 1,
  formula: 'the-network',
  sources: [
    ['cross-entropy', 'crossEntropyGradient'],
    ['dense', 'denseGradient'],
    ['softmax', 'softmax'],
  ],
  draw: (view) => {
    const { t } = view;
    const names = classNames(t);
    const now = fitting(view);
    const sets = SETS.map(({ name }, index) => {
      const choose = button(t(name), () => view.set({ data: [index], moved: FIELDS.moved.initial }));
      view.live(() => choose.setAttribute('aria-pressed', String(view.values.data[0] === index)));
      return choose;
    });
    const wrong = () => {
      const { model, points, labels } = now();
      return probabilities(model, points).filter((row, i) => largest(row) !== labels[i]).length;
    };
    const verdict = view.status(() =>
      t('regions.verdict', { right: COUNT - wrong(), count: COUNT, loss: fixed(now().loss, 4) }),
    );
    const why = view.text(h('p', { class: 'reason' }), () => {
      if (view.values.data[0] === 0) return '';
      return t(wrong() > 0 ? 'regions.why' : 'regions.separated');
    });
    const picture = () => shares(now(), [pictureOf(view)])[0];
    const outcome = view.status(() => {
      const [x, y] = pictureOf(view).map(plain);
      return t('regions.outcome', { x, y, class: names[largest(picture())], truth: names[view.values.class[0]] });
    });
    const borders = table(view, t('regions.borders'), [t('regions.between'), t('regions.equation')], () => {
      const { classes, model } = now();
      return classes.flatMap((a, j) =>
        classes.slice(j + 1).map((b, k) => [`${names[a]} – ${names[b]}`, equation(border(model, j, j + 1 + k))]),
      );
    });
    return [
      buttons(...sets),
      halves(
        stack(
          h('div', { class: 'plane' }, shading(view, now), regions(view, now), handles(view, now)),
          legend(view),
          hint(t('regions.drag')),
        ),
        stack(verdict, why, borders, outcome, probabilityBars(view, picture), hint(t('regions.own'))),
      ),
    ];
  },
});
