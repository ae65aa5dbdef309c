// web: the card of the gradient: its values, and arrows in the direction of gradient descent.
import { type Frame, frameOf, rangeOf } from './axes.js';
import { mark, shortNumber } from './charts.js';
import { classMark } from './class-marks.js';
import type { GradientView, WeightsView } from './messages.js';
import { byId, count, element, fill, say, selectionOf, showPictures } from './views.js';

/** Classes in the table. */
const MOST_CLASSES = 20;

const HINTS = {
  images: 'Gradient descent steps against it. Blue: a step raises the weight of the pixel. Orange: it lowers it.',
  bars: 'For features in standard deviations. Gradient descent steps against it: ↑ raises the weight, ↓ lowers it.',
} as const;

const NONE = 'Appears during training, at the current weights.';

export function clearGradient(): void {
  say('gradient-state', NONE);
  byId('gradient').replaceChildren();
  byId('weight-plane-figure').hidden = true;
  say('gradient-hint', '');
}

export function showGradient(
  gradient: GradientView | undefined,
  weights: WeightsView,
  classes: readonly string[],
): void {
  if (gradient === undefined) {
    clearGradient();
    return;
  }
  const samples = count(gradient.samples, 'training sample');
  const length = shortNumber(Number(gradient.norm.toPrecision(3)));
  say(
    'gradient-state',
    `The gradient of the mean loss over ${samples}, without the penalty. Its length is ${length}; at the optimum it is 0, or balances the gradient of the penalty.`,
  );
  const isWide = gradient.kind === 'bars' && classes.length > MOST_CLASSES;
  const first = isWide
    ? ` The table has the first ${MOST_CLASSES} of ${count(classes.length, 'class', 'classes')}.`
    : '';
  say('gradient-hint', `${HINTS[gradient.kind]}${selectionOf(gradient)}${first}`);
  const place = byId('gradient');
  if (gradient.kind === 'images') {
    // A step goes against the gradient.
    const steps = gradient.pictures.map((picture) => picture.map((value) => -value));
    showPictures(place, { ...gradient, pictures: steps }, classes, 'Step of');
  } else {
    place.className = '';
    fill(place, [tableOf(gradient, classes)]);
  }
  drawWeightPlane(gradient, weights, classes);
}

/** ↑: a step makes the weight larger, because the gradient is negative. */
function tableOf(
  { features, weights }: Extract<GradientView, { kind: 'bars' }>,
  classes: readonly string[],
): HTMLElement {
  const shown = classes.slice(0, MOST_CLASSES);
  const region = document.createElement('section');
  region.className = 'scroll';
  region.tabIndex = 0;
  region.setAttribute('aria-label', 'Gradient by feature and class');
  const table = document.createElement('table');
  const head = document.createElement('tr');
  fill(head, [element('th', 'feature'), ...shown.map((name) => element('th', name, 'number'))]);
  const thead = document.createElement('thead');
  thead.append(head);
  const body = document.createElement('tbody');
  features.forEach((feature, j) => {
    const row = document.createElement('tr');
    const name = element('th', feature);
    name.setAttribute('scope', 'row');
    fill(row, [name, ...shown.map((_, k) => element('td', valueWithArrow(weights[j][k]), 'number'))]);
    body.append(row);
  });
  table.append(thead, body);
  region.append(table);
  return region;
}

/** Smaller values are rounding. */
const NOTHING = 1e-6;

function valueWithArrow(value: number): string {
  const size = shortNumber(Number(Math.abs(value).toPrecision(2)));
  if (Math.abs(value) < NOTHING) return '0';
  return value < 0 ? `−${size} ↑` : `${size} ↓`;
}

/** Pixels of an arrow for a gradient of length 1, and of the longest arrow. */
const PIXELS = 250;
const LONGEST = 120;

/** The radius of a mark, and the pixels below which an arrow lies under it. */
const RADIUS = 5;
const HIDDEN = 8;

/** For two features: the weights of each class as a point, and an arrow along its step. */
function drawWeightPlane(gradient: GradientView, weights: WeightsView, classes: readonly string[]): void {
  const isPlane = gradient.kind === 'bars' && weights.kind === 'bars' && weights.features.length === 2;
  byId('weight-plane-figure').hidden = !isPlane;
  if (!isPlane) return;
  const place = byId('weight-plane');
  const [across, up] = weights.weights.map((row) => rangeOf([-1, 1, ...row]));
  const [first, second] = weights.features;
  const names = [`weight of ${first}`, `weight of ${second}`] as const;
  const label = `The weights of ${count(classes.length, 'class', 'classes')} in the plane of two features, each with an arrow against its gradient`;
  const frame = frameOf(place, names, [across, up], label);
  const isShort = (_: string, k: number) =>
    Math.hypot(gradient.weights[0][k], gradient.weights[1][k]) * PIXELS < HIDDEN;
  if (classes.every(isShort)) {
    const text = `No arrows: each gradient is below ${HIDDEN / PIXELS}.`;
    const at = { x: (frame.left + frame.right) / 2, y: frame.top + 16, 'text-anchor': 'middle' };
    frame.svg.append(mark('text', at, text));
  }
  classes.forEach((_, k) => {
    const [x, y] = [frame.x(weights.weights[0][k]), frame.y(weights.weights[1][k])];
    arrow(frame, x, y, -gradient.weights[0][k], -gradient.weights[1][k]);
    frame.svg.append(classMark(k, x, y, RADIUS));
  });
  place.replaceChildren(frame.svg);
}

function arrow({ svg }: Frame, x: number, y: number, across: number, up: number): void {
  const length = Math.hypot(across, up);
  const pixels = Math.min(PIXELS * length, LONGEST);
  if (!(pixels >= HIDDEN)) return;
  const [dx, dy] = [across / length, -up / length];
  const [toX, toY] = [x + dx * pixels, y + dy * pixels];
  const wing = Math.min(7, pixels / 2);
  const side = (turn: number) =>
    `${(toX - wing * (dx - (turn * dy) / 2)).toFixed(1)} ${(toY - wing * (dy + (turn * dx) / 2)).toFixed(1)}`;
  const d = `M${x.toFixed(1)} ${y.toFixed(1)}L${toX.toFixed(1)} ${toY.toFixed(1)}M${side(1)}L${toX.toFixed(1)} ${toY.toFixed(1)}L${side(-1)}`;
  svg.append(mark('path', { d, class: 'arrow' }));
}
