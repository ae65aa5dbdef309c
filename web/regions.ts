// web: the card of the decision regions: the plane of two features or two principal components, with training samples.
import { type Frame, frameOf, rangeOf } from './axes.js';
import { colourOf } from './charts.js';
import { classMark, colourNameOf, showClasses } from './class-marks.js';
import type { PlaneLogits, PlaneSummary } from './messages.js';
import { paintShades } from './shades.js';
import { byId, count, percents, say } from './views.js';

/** The card. It is hidden for data without a plane. */
export class RegionsView {
  #plane: PlaneSummary | undefined;
  /** Classes of the data, in whose order the samples are labelled. */
  #classes: readonly string[] = [];
  /** Classes of the model, in whose order the logits are. */
  #modelled: readonly string[] = [];
  #logits: PlaneLogits | undefined;
  #frame: Frame | undefined;

  constructor() {
    new ResizeObserver(() => this.#draw()).observe(byId('regions'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#paint());
  }

  /** Shows the samples of other data, without a model. */
  open(plane: PlaneSummary | undefined, classes: readonly string[]): void {
    this.#plane = plane;
    this.#classes = classes;
    this.#logits = undefined;
    byId('regions-card').hidden = plane === undefined;
    if (plane === undefined) return;
    showClasses(byId('regions-classes'), classes);
    say('regions-hint', hintOf(plane));
    this.#draw();
  }

  /** @param logits of a model in the plane; none without a model */
  show(logits: PlaneLogits | undefined, classes: readonly string[]): void {
    this.#logits = logits;
    this.#modelled = classes;
    this.#paint();
  }

  /** The samples, which stay while a model is trained. */
  #draw(): void {
    const place = byId('regions');
    if (this.#plane === undefined || place.clientWidth === 0) return;
    const { names, points, labels } = this.#plane;
    const [across, up] = [0, 1].map((axis) => rangeOf(Array.from(labels, (_, i) => points[2 * i + axis])));
    const what = `${count(labels.length, 'training sample')} of ${count(this.#classes.length, 'class', 'classes')}`;
    const label = `${what}, by ${names[0]} and ${names[1]}`;
    const frame = frameOf(place, names, [across, up], label);
    labels.forEach((k, i) => {
      frame.svg.append(classMark(k, frame.x(points[2 * i]), frame.y(points[2 * i + 1]), 3.5));
    });
    place.querySelector('svg')?.remove();
    place.append(frame.svg);
    this.#frame = frame;
    this.#paint();
  }

  #paint(): void {
    if (this.#frame === undefined) return;
    const colours = this.#modelled.map((name, k) => {
      const own = this.#classes.indexOf(name);
      return colourOf(colourNameOf(own < 0 ? k : own));
    });
    paintShades(byId<HTMLCanvasElement>('regions-canvas'), this.#frame, this.#logits, colours);
  }
}

function hintOf({ shares, labels }: PlaneSummary): string {
  const samples = count(labels.length, 'training sample');
  const shade = 'a deeper colour is a higher probability.';
  if (shares === undefined)
    return `The class that the model predicts at each point; ${shade} The marks are ${samples}.`;
  const variance = `${percents(shares).join(' and ')} of the variance`;
  return (
    'The data have more than two features. This is the plane through their mean along the first two principal components ' +
    `(${variance}). Colours are predictions for the points of this plane; ${shade} The marks are ${samples}, projected ` +
    'onto the plane: the prediction for a sample can differ from the colour under its mark.'
  );
}
