// web: page 1 of the chapter, the label: a class as a code, and as a one-hot vector.
import { codes, distance, mean, oneHotVectors } from '../code/label.js';
import { h, halves, hint, label, s, stack, stage } from '../dom.js';
import { fixed, plain, sub } from '../format.js';
import { classNames, table } from '../sample.js';
import { showLesson } from '../shell.js';
import { dot, pointOf, SIMPLEX, triangle } from '../simplex.js';
import { CLASSES, type SAMPLE } from '../state.js';
import type { View } from '../view.js';

/** The class with the code 2. */
const FIELDS = { middle: { initial: [0], min: 0, max: 2, integer: true } } as const;

type LabelView = View<typeof FIELDS & typeof SAMPLE>;

const ONE_HOT = oneHotVectors(CLASSES.length);

const vector = (values: readonly number[]): string => `(${values.map(plain).join(', ')})`;

const codesOf = ({ values }: LabelView): number[][] => codes(values.middle[0]);

/** The classes in the order of their codes. */
function inOrder(view: LabelView): number[] {
  const code = codesOf(view);
  return [0, 1, 2].sort((a, b) => code[a][0] - code[b][0]);
}

/** Each pixel as a button that makes it darker. Light follows black. */
function pixelButtons(view: LabelView): HTMLElement {
  const buttons = view.values.x.map((_, i) => {
    const value = () => view.values.x[i];
    const square = s('svg', { viewBox: '0 0 50 50', 'aria-hidden': 'true' });
    view.contents(square, () => [
      s('rect', { width: 50, height: 50, class: 'paper' }),
      s('rect', { width: 50, height: 50, class: 'shade', 'fill-opacity': value() }),
      s('text', { x: 25, y: 29, 'text-anchor': 'middle', class: value() > 0.55 ? 'paper' : 'shade' }, plain(value())),
    ]);
    const press = () => view.setAt('x', i, value() < 1 ? Math.min(1, value() + 0.2) : 0);
    const button = h('button', { type: 'button', click: press }, square);
    const name = () => view.t('label.pixel', { name: sub('x', i + 1), value: plain(value()) });
    view.live(() => button.setAttribute('aria-label', name()));
    return button;
  });
  return h('div', { class: 'pixels', role: 'group', 'aria-label': view.t('label.pixels') }, ...buttons);
}

/** The codes on a line, with the distance between each two classes, and the mean of the outer ones as a ring. */
function codeLine(view: LabelView): SVGSVGElement {
  const x = (code: number) => 50 + 110 * (code - 1);
  const bracket = (from: number, to: number, y: number) => [
    s('path', { d: `M${x(from)},${y + 8} v-8 H${x(to)} v8`, class: 'outline' }),
    label((x(from) + x(to)) / 2, y - 6, plain(distance([from], [to]))),
  ];
  const describe = () => view.t('label.line-picture', namesInOrder(view));
  return view.picture({ width: 320, height: 190 }, describe, () => {
    const code = codesOf(view);
    const [first, , last] = inOrder(view);
    const classes = classNames(view.t).flatMap((name, j) => {
      const [at] = code[j];
      const isChosen = j === view.values.class[0];
      return [
        s('circle', { cx: x(at), cy: 125, r: 8, class: isChosen ? 'fill-positive' : 'node' }),
        label(x(at), 155, name),
        label(x(at), 176, plain(at), { class: 'faint' }),
      ];
    });
    return [
      ...bracket(1, 3, 30),
      ...bracket(1, 2, 82),
      ...bracket(2, 3, 82),
      s('line', { x1: 20, x2: 300, y1: 125, y2: 125, class: 'outline' }),
      ...classes,
      s('circle', { cx: x(mean(code[first], code[last])[0]), cy: 125, r: 13, class: 'ring' }),
    ];
  });
}

/** The one-hot vectors as corners, with the same distances and the same mean. */
function oneHotTriangle(view: LabelView): SVGSVGElement {
  const corners = classNames(view.t).map((name, j) => `${name} ${vector(ONE_HOT[j])}`);
  const describe = () => view.t('label.triangle-picture', namesInOrder(view));
  return view.picture(SIMPLEX, describe, () => {
    const [first, , last] = inOrder(view);
    const lengths = PAIRS.map(([a, b]) => {
      const { x, y } = pointOf(mean(ONE_HOT[a], ONE_HOT[b]));
      const [left, top] = x === 160 ? [x, y - 16] : [x < 160 ? x - 38 : x + 38, y + 5];
      return label(left, top, fixed(distance(ONE_HOT[a], ONE_HOT[b]), 3));
    });
    return [
      ...triangle(corners),
      ...lengths,
      ...ONE_HOT.map((y, j) => dot(y, j === view.values.class[0] ? 'fill-positive' : 'node')),
      dot(mean(ONE_HOT[first], ONE_HOT[last]), 'ring', 10),
    ];
  });
}

const PAIRS = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

function namesInOrder(view: LabelView): { first: string; middle: string; last: string } {
  const [first, middle, last] = inOrder(view).map((j) => classNames(view.t)[j]);
  return { first, middle, last };
}

showLesson({
  name: 'label',
  fields: FIELDS,
  right: 2,
  formula: 'the-network',
  sources: [
    ['one-hot', 'oneHot'],
    ['one-hot', 'fromOneHot'],
  ],
  draw: (view) => {
    const { t } = view;
    const names = classNames(t);
    const sample = view.status(() => {
      const [j] = view.values.class;
      const values = { x: vector(view.values.x), class: names[j], code: codesOf(view)[j][0], y: vector(ONE_HOT[j]) };
      return t('label.sample', values);
    });
    sample.classList.add('lines');
    const middles = view.status(() => {
      const [first, , last] = inOrder(view);
      const code = codesOf(view);
      const values = {
        code: plain(mean(code[first], code[last])[0]),
        vector: vector(mean(ONE_HOT[first], ONE_HOT[last])),
      };
      return t('label.mean', { ...namesInOrder(view), ...values });
    });
    const head = [t('label.pair'), t('label.code-distance'), t('label.one-hot-distance')];
    const distances = table(view, t('label.distances'), head, () =>
      PAIRS.map(([a, b]) => [
        `${names[a]} – ${names[b]}`,
        plain(distance(codesOf(view)[a], codesOf(view)[b])),
        fixed(distance(ONE_HOT[a], ONE_HOT[b]), 4),
      ]),
    );
    const choose = view.choice('class', t('label.class'), names);
    const middle = view.choice('middle', t('label.middle'), names);
    return [
      stage(
        stack(pixelButtons(view), hint(t('label.press')), choose, sample),
        halves(
          h('figure', { class: 'stack' }, h('figcaption', {}, t('label.line')), codeLine(view), middle),
          h('figure', { class: 'stack' }, h('figcaption', {}, t('label.triangle')), oneHotTriangle(view)),
        ),
      ),
      distances,
      middles,
    ];
  },
});
