// web: shows the reports of the worker on the page.
import type { GradcheckResult } from 'softmax-regression/report';
import { bar, drawDiverging, drawLines, shortNumber } from './charts.js';
import type { CurvePoint, DataSummary, Share, WeightsView } from './messages.js';

/** Replaces the children of an element, of which there may be more than a call can have arguments. */
export function fill(place: Element, children: readonly Node[]): void {
  place.replaceChildren();
  for (const child of children) place.append(child);
}

export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

export function say(id: string, text: string): void {
  byId(id).textContent = text;
}

export function percent(share: number): string {
  return percents([share])[0];
}

/** Shares that stand together, with the same number of digits; more if one of them is close to 1. */
export function percents(shares: readonly number[]): string[] {
  const digits = shares.some((share) => share > 0.995 && share < 1) ? 2 : 1;
  return shares.map((share) => `${(100 * share).toFixed(digits)} %`);
}

/** A share on an axis. */
export function percentTick(share: number, digits = 3): string {
  return `${Number((100 * share).toFixed(digits - 2))} %`;
}

export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? noun : plural}`;
}

export function element(name: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

export function showCurve(points: readonly CurvePoint[], noun: string): void {
  const last = points.at(-1);
  const of = (key: 'loss' | 'heldOutLoss' | 'heldOutAccuracy') =>
    thinned(points).map((point) => [point.epoch, point[key]] as const);
  const end = last === undefined ? 'nothing yet' : `after ${count(last.epoch, noun)}`;
  const losses = last && `${shortNumber(last.loss)} training, ${shortNumber(last.heldOutLoss)} held out`;
  drawLines(
    byId('loss-chart'),
    [
      { colour: 'orange', points: of('heldOutLoss') },
      { colour: 'blue', points: of('loss') },
    ],
    `Loss by ${noun}: ${losses === undefined ? '' : `${losses}, `}${end}`,
  );
  const accuracy = last === undefined ? end : `${percent(last.heldOutAccuracy)} ${end}`;
  drawLines(
    byId('accuracy-chart'),
    [{ colour: 'orange', points: of('heldOutAccuracy') }],
    `Held-out accuracy by ${noun}: ${accuracy}`,
    percentTick,
    1,
  );
}

/** At most about 400 points, as many as the chart has pixels. */
function thinned(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const every = Math.ceil(points.length / 400);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

/** The data in one line. */
export function sentenceOf({ name, trainingSamples, heldOut, numFeatures, image, classes, note }: DataSummary): string {
  const size = image === undefined ? count(numFeatures, 'feature') : `${image.width} × ${image.height} pixels`;
  const samples = `${count(trainingSamples, 'sample')} to learn from, ${heldOut.toLocaleString('en')} held out`;
  return `${name}: ${samples}; ${size}, ${count(classes.length, 'class', 'classes')}. ${note}`;
}

const WEIGHTS_HINTS = {
  none: 'Blue raises the score of the class, orange lowers it.',
  images:
    'One weight for each pixel and class. Blue: a bright pixel raises the score of the class. Orange: it lowers the score.',
  deviation:
    'The change in the score of each class per standard deviation of a feature. Blue raises the score, orange lowers it.',
  unit: 'The change in the score of each class per unit of a feature, so features of different units cannot be compared. Blue raises the score, orange lowers it.',
} as const;

export function clearWeights(): void {
  byId('weights').replaceChildren();
  say('weights-hint', WEIGHTS_HINTS.none);
}

/** Which features are shown, if not all. */
export function selectionOf(view: WeightsView): string {
  if (view.kind === 'images' || view.features.length === view.numFeatures) return '';
  const [some, all] = [view.features.length, view.numFeatures].map((number) => number.toLocaleString('en'));
  return ` Shown are the ${some} features with the largest weights, of ${all}.`;
}

/** Weights as images, or as bars. */
export function showWeights(view: WeightsView, classes: readonly string[]): void {
  const place = byId('weights');
  say('weights-hint', `${WEIGHTS_HINTS[view.kind === 'bars' ? view.per : view.kind]}${selectionOf(view)}`);
  if (view.kind === 'bars') {
    const most = view.weights.reduce((a, row) => row.reduce((b, weight) => Math.max(b, Math.abs(weight)), a), 0);
    place.className = 'panels';
    fill(
      place,
      classes.map((name, k) => {
        const panel = document.createElement('section');
        const bars = view.features.map((feature, j) => {
          const weight = view.weights[j][k];
          return bar(feature, weight, most, 'signed', signed(weight));
        });
        fill(panel, [element('h3', name), ...bars]);
        return panel;
      }),
    );
    return;
  }
  showPictures(place, view, classes, 'Weights of');
}

/** Images on one scale, blue above 0 and orange below. Elements are reused between drawings. */
export function showPictures(
  place: HTMLElement,
  { size: { width, height }, pictures }: Extract<WeightsView, { kind: 'images' }>,
  classes: readonly string[],
  what: string,
): void {
  if (place.className !== 'pictures' || place.childElementCount !== classes.length) {
    place.className = 'pictures';
    fill(
      place,
      classes.map((name) => picture(name, width, height)),
    );
  }
  const most = clippedScale(pictures);
  classes.forEach((name, k) => {
    const figure = place.children[k];
    const canvas = figure.firstElementChild as HTMLCanvasElement;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    drawDiverging(canvas, pictures[k], most);
    (figure.lastElementChild as HTMLElement).textContent = name;
    canvas.setAttribute('aria-label', `${what} ${name}`);
  });
}

function picture(name: string, width: number, height: number): HTMLElement {
  const figure = document.createElement('figure');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  canvas.setAttribute('role', 'img');
  figure.append(canvas, element('figcaption', name));
  return figure;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${shortNumber(Number(Math.abs(value).toPrecision(2)))}`;
}

/** The end of the colour scale. A few weights of rarely lit pixels can be huge and would make all others pale. */
function clippedScale(pictures: readonly Float32Array[]): number {
  const sizes = Float32Array.from(pictures.flatMap((values) => Array.from(values, Math.abs))).sort();
  return sizes[Math.floor(0.99 * (sizes.length - 1))] || sizes[sizes.length - 1];
}

export function showProof(proof: GradcheckResult | undefined): void {
  if (proof === undefined) return;
  const state = byId('proof');
  const verdict = element('span', proof.ok ? '✓ All three agree' : '✗ They disagree', proof.ok ? 'yes' : 'no');
  const rest = proof.ok
    ? ` on ${proof.backend} at the current weights, over ${count(proof.samples, 'sample')}.`
    : ` on ${proof.backend}: ${proof.worst.what} between ${proof.worst.between}.`;
  state.replaceChildren(verdict, rest);
  const gaps = proof.parameters.map((check) => check.autogradAgainstClosedForm.maxError);
  byId('gap').textContent = gaps.reduce((most, gap) => Math.max(most, gap), 0).toExponential(1);
  const place = byId('proof-table');
  const table = document.createElement('table');
  const head = document.createElement('tr');
  for (const name of ['gradient', 'autograd − closed form', 'closed form − differences', 'differences at']) {
    head.append(element('th', name, name === 'gradient' ? '' : 'number'));
  }
  const thead = document.createElement('thead');
  thead.append(head);
  const body = document.createElement('tbody');
  for (const check of proof.parameters) {
    const row = document.createElement('tr');
    const of = check.shape.reduce((product, size) => product * size, 1);
    const name = element('th', `∂ℓ/∂${check.parameter}`);
    name.setAttribute('scope', 'row');
    row.append(
      name,
      element('td', check.autogradAgainstClosedForm.maxError.toExponential(1), 'number'),
      element('td', check.closedFormAgainstDifferences.maxError.toExponential(1), 'number'),
      element('td', `${check.differences} of ${of.toLocaleString('en')}`, 'number'),
    );
    body.append(row);
  }
  table.append(thead, body);
  place.replaceChildren(table);
  place.hidden = false;
}

export function showShares(shares: readonly Share[]): void {
  const texts = percents(shares.map(({ probability }) => probability));
  fill(
    byId('answer'),
    shares.map(({ label, probability }, i) => bar(String(label), probability, 1, 'share', texts[i])),
  );
}
