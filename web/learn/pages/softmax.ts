// web: page 4 of the chapter, softmax: three logits become three probabilities.
import { logSumExp, naiveSoftmax, probabilities } from '../code/softmax.js';
import { hint, stack, stage } from '../dom.js';
import { fixed, power } from '../format.js';
import { classNames, largest, logitSliders, logitsOf, probabilityBars, table } from '../sample.js';
import { showLesson } from '../shell.js';
import { dot, SIMPLEX, triangle } from '../simplex.js';
import type { SAMPLE } from '../state.js';
import type { View } from '../view.js';

const FIELDS = {
  temperature: { initial: [1], min: 0.01, max: 10 },
  plus: { initial: [0], min: 0, max: 1000 },
  /** 0: the maximum is subtracted first; 1: the formula as written. */
  naive: { initial: [0], min: 0, max: 1, integer: true },
} as const;

type SoftmaxView = View<typeof FIELDS & typeof SAMPLE>;

/** (o + c)/T */
function scores({ values }: SoftmaxView): number[] {
  const [[temperature], [plus]] = [values.temperature, values.plus];
  return logitsOf(values).map((o) => (o + plus) / temperature);
}

/** A power is short if it is large. */
const powerText = (value: number): string => (value >= 1e5 && value < Infinity ? power(value) : fixed(value, 3));

function numbers(view: SoftmaxView): HTMLElement {
  const head = [view.t('class'), 'z = (o + c)/T', 'exp(z)', view.t('softmax.naive'), view.t('softmax.safe')];
  return table(view, view.t('softmax.numbers'), head, () => {
    const z = scores(view);
    const [naive, safe] = [naiveSoftmax(z), probabilities(z)];
    return classNames(view.t).map((name, j) => [
      name,
      fixed(z[j]),
      powerText(Math.exp(z[j])),
      fixed(naive[j], 4),
      fixed(safe[j], 4),
    ]);
  });
}

showLesson({
  name: 'softmax',
  fields: FIELDS,
  right: 2,
  formula: 'softmax-without-overflow',
  sources: [['softmax', 'softmax']],
  draw: (view) => {
    const { t } = view;
    const current = () => (view.values.naive[0] === 1 ? naiveSoftmax : probabilities)(scores(view));
    const describe = () =>
      classNames(t)
        .map((name, j) => `${name} ${fixed(current()[j], 4)}`)
        .join(', ');
    const temperature = view.powerSlider('temperature', 2, {
      label: t('softmax.temperature'),
      min: -2,
      max: 1,
      step: 0.05,
    });
    const plus = view.sliderOf('plus', 0, {
      label: t('softmax.plus'),
      min: 0,
      max: 1000,
      step: 10,
      show: (value) => fixed(value, 0),
    });
    const way = view.choice('naive', t('softmax.way'), [t('softmax.subtracted'), t('softmax.written')]);
    const triangleOf = view.picture(SIMPLEX, describe, () => [
      ...triangle(classNames(t)),
      ...(current().some(Number.isNaN) ? [] : [dot(current(), 'fill-positive')]),
    ]);
    const logSum = view.result(() => {
      const z = scores(view);
      const naive = Math.log(z.map(Math.exp).reduce((sum, each) => sum + each, 0));
      return t('softmax.log-sum', { naive: fixed(naive), safe: fixed(logSumExp(z)) });
    });
    const outcome = view.status(() => {
      const p = current();
      if (p.some(Number.isNaN)) return t('softmax.no-number');
      const top = largest(p);
      return t('softmax.outcome', { class: classNames(t)[top], share: fixed(100 * p[top], 1) });
    });
    return [
      stage(stack(logitSliders(view), temperature, plus, way), stack(probabilityBars(view, current), triangleOf)),
      numbers(view),
      logSum,
      outcome,
      hint(t('softmax.bias')),
    ];
  },
});
