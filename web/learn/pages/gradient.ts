// web: page 6 of the chapter, the loss and its gradient, in three ways.
import type { autograd as Autograd } from '../autograd.js';
import { closedForm, differences, hessian, loss } from '../code/gradient.js';
import { probabilities } from '../code/softmax.js';
import { button, buttons, h, hint, label, level, s, stack, stage } from '../dom.js';
import { fixed, power, sub } from '../format.js';
import { classNames, distributionSliders, logitSliders, logitsOf, table } from '../sample.js';
import { showLesson } from '../shell.js';
import { distributionAt, dot, pointOf, SIMPLEX, triangle } from '../simplex.js';
import type { SAMPLE } from '../state.js';
import type { View } from '../view.js';

const FIELDS = {
  /** The target as it was dragged; zeros mean the one-hot vector of the class. */
  y: { initial: [0, 0, 0], min: 0, max: 1 },
  /** log₁₀ of the step of the differences. */
  h: { initial: [-5], min: -12, max: 0 },
  /** 0 the formula; 1 with the wrong sign; 2 without softmax. */
  formula: { initial: [0], min: 0, max: 2, integer: true },
} as const;

type GradientView = View<typeof FIELDS & typeof SAMPLE>;

/** The target: the distribution that was set, scaled to sum 1, or the one-hot vector of the class. */
function target({ values }: GradientView): number[] {
  const total = values.y.reduce((sum, each) => sum + each, 0);
  return values.y.map((each, j) => (total > 0 ? each / total : Number(j === values.class[0])));
}

/** The formula that the page checks, right or broken. */
function formula(view: GradientView, o: readonly number[], y: readonly number[]): number[] {
  if (view.values.formula[0] === 1) return closedForm(o, y).map((each) => 0 - each);
  if (view.values.formula[0] === 2) return o.map((each, j) => each - y[j]);
  return closedForm(o, y);
}

const error = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((each, j) => Math.abs(each - b[j])));

/** The triangle with the target, which can be dragged, and the arrow from it to ŷ, which is ŷ − y. */
function arrows(view: GradientView): SVGSVGElement {
  const { t } = view;
  const describe = () =>
    t('gradient.arrow', {
      y: target(view)
        .map((each) => fixed(each, 3))
        .join(', '),
    });
  const picture = view.picture(SIMPLEX, describe, () => {
    const [y, p] = [target(view), probabilities(logitsOf(view.values))];
    const [from, to] = [pointOf(y), pointOf(p)];
    const line = s('line', { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: 'ink', 'marker-end': 'url(#head)' });
    const head = s('marker', { id: 'head', orient: 'auto', markerWidth: 8, markerHeight: 8, refX: 10, refY: 4 });
    head.append(s('path', { d: 'M0,0 L8,4 L0,8 Z', class: 'fill-ink' }));
    const beside = ({ x, y }: typeof from, name: string) => label(x + 12, y - 8, name, { 'text-anchor': 'start' });
    return [
      s('defs', {}, head),
      ...triangle(classNames(t)),
      dot(y, 'fill-negative', 9),
      dot(p, 'fill-positive'),
      line,
      beside(from, 'y'),
      beside(to, 'ŷ'),
    ];
  });
  view.drag(picture, (x, y) => view.set({ y: distributionAt(x, y) }));
  return picture;
}

/** The error of the differences against the closed form for each step, both axes logarithmic. */
function errorChart(view: GradientView): SVGSVGElement {
  const size = { width: 360, height: 230 };
  const [left, right, bottom] = [52, size.width - 12, 190];
  const x = (exponent: number) => left + ((exponent + 12) / 12) * (right - left);
  const y = (value: number) => bottom - ((Math.log10(Math.max(value, 1e-14)) + 14) / 14) * (bottom - 14);
  const errorAt = (exponent: number) => {
    const [o, target_] = [logitsOf(view.values), target(view)];
    return error(differences(o, target_, 10 ** exponent), closedForm(o, target_));
  };
  const short = (value: number) => power(value).replace('.0', '');
  const describe = () => view.t('gradient.chart', { error: power(errorAt(view.values.h[0])) });
  return view.picture(size, describe, () => {
    const exponents = Array.from({ length: 49 }, (_, i) => -12 + i / 4);
    const points = exponents.map((each) => `${x(each)},${y(errorAt(each))}`).join(' ');
    const [now] = view.values.h;
    return [
      ...[-12, -8, -4, 0].map((each) => label(x(each), bottom + 20, short(10 ** each), { 'font-size': 12 })),
      ...[1e-12, 1e-8, 1e-4, 1].flatMap((each) => level(left, right, y(each), short(each))),
      s('polyline', { points, class: 'line blue' }),
      s('circle', { cx: x(now), cy: y(errorAt(now)), r: 7, class: 'fill-negative' }),
      label(right, bottom + 36, 'h', { 'text-anchor': 'end', 'font-size': 12, class: 'faint' }),
    ];
  });
}

/** The gradient of the tape, once it is loaded. Another language draws the page anew, but does not load it again. */
let autograd: typeof Autograd | undefined;

/** Loads TensorFlow.js when asked. It keeps the focus, and its text is read out. */
function autogradButton(view: GradientView): HTMLElement {
  let isPressed = autograd !== undefined;
  const show = (key: 'gradient.load' | 'gradient.loaded' | 'gradient.failed') => {
    loader.setAttribute('aria-disabled', String(isPressed));
    loader.textContent = view.t(key);
  };
  const load = async () => {
    if (isPressed) return;
    isPressed = true;
    autograd = (await import('../autograd.js').catch(() => undefined))?.autograd;
    isPressed = autograd !== undefined;
    show(isPressed ? 'gradient.loaded' : 'gradient.failed');
    view.set({});
  };
  const loader = button('', () => void load());
  show(isPressed ? 'gradient.loaded' : 'gradient.load');
  return h('div', { class: 'buttons', role: 'status' }, loader);
}

showLesson({
  name: 'gradient',
  fields: FIELDS,
  right: 1,
  formula: 'the-derivative-of-the-cross-entropy',
  sources: [
    ['cross-entropy', 'crossEntropy'],
    ['cross-entropy', 'crossEntropyGradient'],
    ['finite-difference', 'centralDifference'],
  ],
  draw: (view) => {
    const { t } = view;
    const names = classNames(t);
    const now = () => ({ o: logitsOf(view.values), y: target(view) });
    const targets = distributionSliders(view, {
      label: (name, j) => `${sub('y', j + 1)} ${name}`,
      get: () => target(view),
      set: (y) => view.set({ y }),
    });
    const preset = (text: string, y: () => readonly number[]) => button(text, () => view.set({ y: y() }));
    const smoothed = () => names.map((_, j) => 0.9 * Number(j === view.values.class[0]) + 0.1 / 3);
    const presets = buttons(
      preset(t('gradient.one-hot'), () => FIELDS.y.initial),
      preset(t('gradient.smooth'), smoothed),
      preset('y = ŷ', () => probabilities(logitsOf(view.values))),
    );
    const step = view.sliderOf('h', 0, {
      label: t('gradient.step'),
      min: -12,
      max: 0,
      step: 0.25,
      show: (value) => power(10 ** value),
    });
    const broken = view.choice('formula', t('gradient.formula'), ['ŷ − y', 'y − ŷ', 'o − y']);
    // The ways below each other, so that their digits can be compared, and a phone has room.
    const gradients = table(view, t('gradient.three'), [t('gradient.number'), ...names], () => {
      const { o, y } = now();
      const row = (name: string, values: readonly number[] | undefined, digits: number) => [
        name,
        ...names.map((_, j) => (values === undefined ? '–' : fixed(values[j], digits))),
      ];
      return [
        row('ŷ', probabilities(o), 4),
        row('y', y, 4),
        row(t('gradient.formula-row'), formula(view, o, y), 8),
        row(t('gradient.differences'), differences(o, y, 10 ** view.values.h[0]), 8),
        row(t('gradient.autograd'), autograd?.(o, y), 8),
      ];
    });
    const verdict = view.status(() => {
      const { o, y } = now();
      const gap = error(formula(view, o, y), differences(o, y, 10 ** view.values.h[0]));
      return t(gap < 1e-6 ? 'gradient.agree' : 'gradient.differ', { gap: power(gap), loss: fixed(loss(o, y), 4) });
    });
    const curvature = table(view, t('gradient.hessian'), [t('gradient.hessian'), ...names], () => {
      const { o, y } = now();
      return hessian(o, y).map((row, j) => [names[j], ...row.map((each) => fixed(each, 4))]);
    });
    return [
      stage(stack(logitSliders(view), ...targets, presets), stack(arrows(view), hint(t('gradient.drag')))),
      broken,
      gradients,
      verdict,
      autogradButton(view),
      stage(stack(step), errorChart(view)),
      hint(t('gradient.axes')),
      curvature,
    ];
  },
});
