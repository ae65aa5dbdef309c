// web: page 8 of the chapter, training: gradient descent on minibatches, step by step, and the likelihood.
import { factorsToZero, likelihood, meanLoss, minusLogLikelihood, type Network, predict, step } from '../code/train.js';
import { button, buttons, h, halves, hint, label, level, s, stack, stage } from '../dom.js';
import { fixed, power } from '../format.js';
import { batchOf, COUNT, firstOf, PER_CLASS, type TrainingSet, trainingSet } from '../pictures.js';
import {
  CLASS_FILLS,
  CLASS_SHAPES,
  classNames,
  pixelPicture,
  probabilityBars,
  shades,
  squares,
  table,
} from '../sample.js';
import { showLesson } from '../shell.js';
import { pointOf, SIMPLEX, triangle } from '../simplex.js';
import type { SAMPLE } from '../state.js';
import type { View } from '../view.js';

const MOST_STEPS = 300;
const MOST_SEED = 9999;

const FIELDS = {
  seed: { initial: [1], min: 0, max: MOST_SEED, integer: true },
  /** Steps done. */
  steps: { initial: [0], min: 0, max: MOST_STEPS, integer: true },
  batch: { initial: [4], min: 1, max: COUNT, integer: true },
  rate: { initial: [0.5], min: 0.01, max: 10 },
  /** The likelihood of n labels of probability p. A product of larger p does not reach 0: the smallest number stays. */
  n: { initial: [100], min: 1, max: 1000, integer: true },
  p: { initial: [0.45], min: 0.05, max: 0.5 },
} as const;

type TrainView = View<typeof FIELDS & typeof SAMPLE>;

/** A training: its pictures, and the network and its loss after 0, 1, 2, … steps. */
interface Run extends TrainingSet {
  readonly key: string;
  readonly networks: Network[];
  readonly losses: number[];
}

/** The step whose weights the other pages use; undefined until they are given to them. */
let takenAt: number | undefined;

const START: Network = { weight: Array.from({ length: 4 }, () => [0, 0, 0]), bias: [0, 0, 0] };

/** The training of the page's values. What is computed once is kept, as long as the values allow. */
function trainer(view: TrainView): () => Run {
  let run: Run = { key: '', x: [], labels: [], networks: [], losses: [] };
  return () => {
    const { x, class: label, seed, batch, rate, steps } = view.values;
    const key = JSON.stringify([x, label, seed, batch, rate]);
    if (key !== run.key) {
      const set = trainingSet(seed[0], x, label[0]);
      run = { ...set, key, networks: [START], losses: [meanLoss(START, set.x, set.labels)] };
    }
    for (let done = run.networks.length - 1; done < steps[0]; done++) {
      const members = batchOf(seed[0], batch[0], done);
      const next = step(run.networks[done], pick(run.x, members), pick(run.labels, members), rate[0]);
      run.networks.push(next);
      run.losses.push(meanLoss(next, run.x, run.labels));
    }
    return run;
  };
}

const pick = <T>(list: readonly T[], places: readonly number[]): T[] => places.map((place) => list[place]);

/** Step, play or pause, start again, other pictures. */
function controls(view: TrainView, playing: (isPlaying: boolean) => void): HTMLElement {
  const { t } = view;
  let timer: ReturnType<typeof setInterval> | undefined;
  const pause = () => {
    clearInterval(timer);
    timer = undefined;
    play.textContent = t('train.play');
    playing(false);
  };
  const advance = () => view.set({ steps: [Math.min(MOST_STEPS, view.values.steps[0] + 1)] });
  const toggle = () => {
    if (timer !== undefined) return pause();
    if (view.values.steps[0] === MOST_STEPS) view.set({ steps: [0] });
    play.textContent = t('train.pause');
    playing(true);
    timer = setInterval(() => {
      if (!play.isConnected || view.values.steps[0] === MOST_STEPS) return pause();
      advance();
    }, 120);
  };
  const play = button(t('train.play'), toggle);
  const stop = (then: () => void) => () => {
    pause();
    then();
  };
  return buttons(
    button(t('train.step'), stop(advance)),
    play,
    button(
      t('train.restart'),
      stop(() => view.set({ steps: [0] })),
    ),
    button(
      t('train.others'),
      stop(() => view.set({ seed: [(view.values.seed[0] + 1) % (MOST_SEED + 1)] })),
    ),
  );
}

/** The mean loss of all pictures after each step. */
function lossChart(view: TrainView, run: () => Run): SVGSVGElement {
  const size = { width: 400, height: 200 };
  const [left, right, top, bottom] = [34, size.width - 14, 10, 166];
  const x = (done: number) => left + (done / MOST_STEPS) * (right - left);
  const describe = () => view.t('train.chart', { loss: fixed(run().losses[view.values.steps[0]], 4) });
  return view.picture(size, describe, () => {
    const losses = run().losses.slice(0, view.values.steps[0] + 1);
    const most = Math.max(1.5, ...losses);
    const y = (loss: number) => bottom - (loss / most) * (bottom - top);
    const ticks = most > 1.5 ? [0, most / 2, most] : [0, 0.5, 1, 1.5];
    const points = losses.map((loss, done) => `${x(done)},${y(loss)}`).join(' ');
    const now = view.values.steps[0];
    return [
      ...ticks.flatMap((loss) => level(left, right, y(loss), fixed(loss, 1))),
      ...[0, 100, 200, 300].map((done) => label(x(done), bottom + 20, String(done), { 'font-size': 12 })),
      s('polyline', { points, class: 'line blue' }),
      s('circle', { cx: x(now), cy: y(losses[now]), r: 5, class: 'fill-negative' }),
    ];
  });
}

/** Whether the label is more probable than every other class. At the start, none is. */
const isLargest = (p: readonly number[], label: number): boolean =>
  p.every((each, j) => j === label || each < p[label]);

/** The prediction for each picture as a mark in the triangle; a ring around that of the first. */
function predictions(view: TrainView, rows: () => number[][], run: () => Run): SVGSVGElement {
  const names = classNames(view.t);
  return view.picture(
    SIMPLEX,
    () => view.t('train.triangle'),
    () => {
      const first = pointOf(rows()[firstOf(view.values.class[0])]);
      const marks = rows().map((p, i) => {
        const { x, y } = pointOf(p);
        const label = run().labels[i];
        const transform = `translate(${x} ${y}) scale(0.6)`;
        return s('path', { d: CLASS_SHAPES[label], transform, class: CLASS_FILLS[label], 'fill-opacity': 0.8 });
      });
      return [
        ...borders(),
        ...triangle(names),
        ...marks,
        s('circle', { cx: first.x, cy: first.y, r: 11, class: 'taken' }),
      ];
    },
  );
}

/** From the middle to each edge: where two classes are equally probable. */
function borders(): SVGElement[] {
  const middle = pointOf([1 / 3, 1 / 3, 1 / 3]);
  return [
    [0.5, 0.5, 0],
    [0, 0.5, 0.5],
    [0.5, 0, 0.5],
  ].map((p) => {
    const end = pointOf(p);
    return s('line', { x1: middle.x, y1: middle.y, x2: end.x, y2: end.y, class: 'border' });
  });
}

const GALLERY = { width: 370, height: 252, side: 34, across: 46, left: 7, top: 22, down: 84 } as const;

/** All pictures, a row for each class, with the probability of their label. */
function gallery(view: TrainView, rows: () => number[][], run: () => Run): SVGSVGElement {
  const { t } = view;
  const names = classNames(t);
  const { side, across, left, top, down } = GALLERY;
  const isRight = (i: number) => isLargest(rows()[i], run().labels[i]);
  const describe = () => t('train.gallery', { right: rows().filter((_, i) => isRight(i)).length });
  return view.picture(GALLERY, describe, () => {
    const { x, labels } = run();
    const next = batchOf(view.values.seed[0], view.values.batch[0], view.values.steps[0]);
    const pictures = x.flatMap((pixels, i) => {
      const [at, up] = [left + across * (i % PER_CLASS), top + down * labels[i]];
      const isFirst = i === firstOf(view.values.class[0]);
      return [
        ...squares(shades(pixels), at, up, side),
        s('rect', { x: at, y: up, width: side, height: side, class: isFirst ? 'taken' : 'outline' }),
        label(at + side / 2, up + side + 14, `${isRight(i) ? '' : '✗'}${fixed(rows()[i][labels[i]], 2)}`, {
          'font-size': 11,
          class: isRight(i) ? '' : 'wrong',
        }),
        ...(next.includes(i)
          ? [s('rect', { x: at, y: up + side + 18, width: side, height: 3, class: 'fill-positive' })]
          : []),
      ];
    });
    const heading = { 'text-anchor': 'start', 'font-size': 13 };
    const headings = names.map((name, k) => label(left, top + down * k - 7, name, heading));
    return [...headings, ...pictures];
  });
}

/** The weights of each class as a picture, and its bias. */
function weights(view: TrainView, network: () => Network): SVGSVGElement {
  const names = classNames(view.t);
  const describe = () => {
    const { weight, bias } = network();
    const parts = names.map(
      (name, j) => `${name}: ${weight.map((row) => fixed(row[j], 2)).join(', ')}; b = ${fixed(bias[j], 2)}`,
    );
    return view.t('train.weights', { weights: parts.join('. ') });
  };
  return view.picture({ width: 400, height: 152 }, describe, () => {
    const { weight, bias } = network();
    const most = Math.max(...weight.flat().map(Math.abs), 1e-9);
    return names.flatMap((name, j) => {
      const x = 10 + 135 * j;
      const own = weight.map((row) => row[j]);
      const parts = own.map((w) => ({
        class: w < 0 ? 'fill-negative' : 'fill-positive',
        opacity: (0.6 * Math.abs(w)) / most,
      }));
      const numbers = own.map((w, i) =>
        label(x + 26 + 52 * (i % 2), 51 + 52 * (i >> 1), fixed(w, 2), { 'font-size': 13, class: 'on-paper' }),
      );
      return [
        label(x + 52, 14, name, { 'font-size': 13 }),
        ...squares(parts, x, 20, 104),
        s('rect', { x, y: 20, width: 104, height: 104, class: 'outline' }),
        ...numbers,
        label(x + 52, 144, `b = ${fixed(bias[j], 2)}`, { 'font-size': 13 }),
      ];
    });
  });
}

/** The likelihood as a product and as a sum, of n labels with probability p and of the pictures. */
function likelihoods(view: TrainView, rows: () => number[][], run: () => Run): HTMLElement {
  const { t } = view;
  const n = view.sliderOf('n', 0, { label: t('train.n'), min: 1, max: 1000, step: 1, show: String });
  const p = view.sliderOf('p', 0, {
    label: t('train.p'),
    min: 0.05,
    max: 0.5,
    step: 0.01,
    show: (value) => fixed(value, 2),
  });
  const head = [t('train.samples'), 'float32', 'float64', '−log P(Y|X)'];
  const numbers = table(view, t('train.likelihood'), head, () => {
    const [[count], [each]] = [view.values.n, view.values.p];
    const cells = (predicted: number[][], labels: readonly number[]) => [
      power(likelihood(predicted, labels, Math.fround)),
      power(likelihood(predicted, labels)),
      fixed(minusLogLikelihood(predicted, labels), 1),
    ];
    const given = Array.from({ length: count }, () => [each, 1 - each]);
    return [
      [t('train.given', { n: count, p: fixed(each, 2) }), ...cells(given, new Array(count).fill(0))],
      [t('train.pictures', { n: COUNT }), ...cells(rows(), run().labels)],
    ];
  });
  const zero = view.result(() => {
    const [each] = view.values.p;
    const values = { float32: factorsToZero(each, Math.fround), float64: factorsToZero(each) };
    return t('train.zero', { ...values, p: fixed(each, 2) });
  });
  return stage(stack(n, p), stack(numbers, zero));
}

showLesson({
  name: 'train',
  fields: FIELDS,
  right: 3,
  formula: 'a-step-of-training',
  sources: [
    ['cross-entropy', 'sparseCrossEntropy'],
    ['cross-entropy', 'sparseCrossEntropyGradient'],
    ['dense', 'denseGradient'],
    ['information', 'negativeLogLikelihood'],
  ],
  draw: (view) => {
    const { t } = view;
    const names = classNames(t);
    const run = trainer(view);
    const network = () => run().networks[view.values.steps[0]];
    const rows = () => predict(network(), run().x);
    const first = () => rows()[firstOf(view.values.class[0])];
    const steps = view.sliderOf('steps', 0, {
      label: t('train.steps'),
      min: 0,
      max: MOST_STEPS,
      step: 1,
      show: String,
    });
    const batch = view.sliderOf('batch', 0, { label: t('train.batch'), min: 1, max: COUNT, step: 1, show: String });
    const rate = view.powerSlider('rate', 3, { label: t('train.rate'), min: -2, max: 1, step: 0.05 });
    const status = view.status(() => {
      const { losses, labels } = run();
      const [done] = view.values.steps;
      const right = rows().filter((p, i) => isLargest(p, labels[i])).length;
      const epochs = Math.floor(done / Math.ceil(COUNT / view.values.batch[0]));
      return t('train.status', { steps: done, epochs, loss: fixed(losses[done], 4), right, count: COUNT });
    });
    // Not read out while it plays, which changes it eight times a second.
    const playing = (isPlaying: boolean) => status.setAttribute('aria-live', isPlaying ? 'off' : 'polite');
    const take = () => {
      const { weight, bias } = network();
      [takenAt] = view.values.steps;
      view.set({ w: names.flatMap((_, j) => weight.map((row) => row[j])), b: bias });
    };
    const write = () => (takenAt === undefined ? '' : t('train.taken', { steps: takenAt }));
    const taken = view.text(h('p', { class: 'taken-weights', role: 'status' }), write);
    return [
      stage(
        stack(
          controls(view, playing),
          steps,
          batch,
          rate,
          hint(t('train.first', { class: names[view.values.class[0]] })),
          pixelPicture(view),
          probabilityBars(view, first),
        ),
        stack(status, lossChart(view, run), hint(t('train.axes')), gallery(view, rows, run), hint(t('train.key'))),
      ),
      halves(
        stack(predictions(view, rows, run), hint(t('train.regions'))),
        stack(weights(view, network), hint(t('train.colours')), buttons(button(t('train.take'), take)), taken),
      ),
      h('h3', {}, t('train.likelihood')),
      likelihoods(view, rows, run),
    ];
  },
});
