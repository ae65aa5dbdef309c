// web: page 7 of the chapter, bits: a code for the classes, and its mean length against entropy and cross-entropy.
import {
  conflict,
  crossEntropyOf,
  divergenceOf,
  entropyOf,
  kraftSum,
  meanLength,
  predict,
  surprisals,
} from '../code/bits.js';
import { probabilities } from '../code/softmax.js';
import { button, buttons, h, hint, label, s, stack, stage } from '../dom.js';
import { fixed, plain } from '../format.js';
import { FLOWERS, IRIS_MODEL, SPECIES } from '../iris.js';
import { barChart, CLASS_FILLS, classNames, distributionSliders, largest, logitsOf, table } from '../sample.js';
import { showLesson } from '../shell.js';
import type { SAMPLE } from '../state.js';
import type { View } from '../view.js';

const LONGEST = 3;

const FIELDS = {
  /** P, scaled to sum 1. */
  p: { initial: [0.25, 0.25, 0.5], min: 0, max: 1, positive: true },
  /** The code words as binary numbers, with a 1 before the bits: 1 is the empty word, 4 is 00, 5 is 01. */
  words: { initial: [4, 5, 6], min: 1, max: 2 ** (LONGEST + 1) - 1, integer: true },
} as const;

type BitsView = View<typeof FIELDS & typeof SAMPLE>;

function distribution({ values }: BitsView): number[] {
  const total = values.p.reduce((sum, each) => sum + each, 0);
  return values.p.map((each) => each / total);
}

const wordsOf = ({ values }: BitsView): string[] => values.words.map((word) => word.toString(2).slice(1));

const network = ({ values }: BitsView): number[] => probabilities(logitsOf(values));

/** A field for each code word. It takes the digits 0 and 1 only. */
function wordFields(view: BitsView): HTMLElement {
  const fields = classNames(view.t).map((name, k) => {
    const input = h('input', {
      type: 'text',
      id: `word-${k}`,
      inputmode: 'numeric',
      autocomplete: 'off',
      maxlength: LONGEST,
      input: () => {
        input.value = input.value.replace(/[^01]/g, '').slice(0, LONGEST);
        view.setAt('words', k, Number.parseInt(`1${input.value}`, 2));
      },
    });
    view.live(() => {
      if (input.value !== wordsOf(view)[k]) input.value = wordsOf(view)[k];
    });
    return h('div', { class: 'word' }, h('label', { for: input.id }, view.t('bits.word', { class: name })), input);
  });
  return h('div', { class: 'words' }, ...fields);
}

const TREE = { width: 360, height: 132 } as const;
const ROW = TREE.height / LONGEST;

/** All words of 1, 2 and 3 bits, in rows. A word takes its cell and all cells below it, which begin with it. */
function codeTree(view: BitsView): SVGSVGElement {
  const names = classNames(view.t);
  const describe = () =>
    view.t('bits.tree', {
      words: wordsOf(view)
        .map((word, k) => `${names[k]} ${word}`)
        .join(', '),
    });
  const cells = Array.from({ length: 2 ** (LONGEST + 1) - 2 }, (_, i) => (i + 2).toString(2).slice(1));
  return view.picture(TREE, describe, () => {
    const words = wordsOf(view);
    const taken = words.flatMap((word, k) => {
      if (word === '') return [];
      const { x, y, width } = cellOf(word);
      return [s('rect', { x, y, width, height: TREE.height - y, class: CLASS_FILLS[k], 'fill-opacity': 0.35 })];
    });
    const outlines = cells.map((word) => s('rect', { ...cellOf(word), class: 'cell' }));
    const labels = cells.flatMap((word) => {
      const { x, y, width } = cellOf(word);
      const owners = names.filter((_, k) => words[k] === word);
      return [
        label(x + width / 2, y + 18, word, { 'font-size': 12, class: owners.length > 0 ? 'strong' : 'faint' }),
        label(x + width / 2, y + 35, owners.join(' '), { 'font-size': 11 }),
      ];
    });
    return [...taken, ...outlines, ...labels];
  });
}

function cellOf(word: string) {
  const width = TREE.width / 2 ** word.length;
  return { x: width * Number.parseInt(word, 2), y: ROW * (word.length - 1), width, height: ROW };
}

/** Whether the code can be decoded, and Kraft's sum. */
function verdict(view: BitsView): string {
  const [t, names, words] = [view.t, classNames(view.t), wordsOf(view)];
  const sum = kraftSum(words);
  const kraft = `${words.map((word) => plain(2 ** -word.length)).join(' + ')} = ${plain(sum)}`;
  const empty = words.indexOf('');
  if (empty >= 0) return t('bits.empty', { class: names[empty], kraft });
  const found = conflict(words);
  if (found === undefined) return t(sum === 1 ? 'bits.complete' : 'bits.prefix-free', { kraft });
  const { shorter, longer } = found;
  const values = { word: words[shorter], class: names[shorter], longer: words[longer], other: names[longer], kraft };
  return t(sum > 1 ? 'bits.impossible' : 'bits.conflict', values);
}

/** Mean bits for one class: the least, those of the code, and those of a code for Q. What is lost is orange. */
function lengths(view: BitsView): HTMLElement {
  const entropy = () => entropyOf(distribution(view));
  const rows = [
    ['H(P)', entropy],
    [view.t('bits.yours'), () => meanLength(distribution(view), wordsOf(view))],
    ['H(P, Q)', () => crossEntropyOf(distribution(view), network(view))],
  ] as const;
  const bars = rows.map(([name, length]) => ({
    name,
    parts: () => {
      const [all, least] = [length(), entropy()].map((bits) => Math.min(bits, LONGEST) / LONGEST);
      const saved = Math.min(all, least);
      return [['fill-blue', saved] as const, ['fill-orange', all - saved] as const];
    },
    number: () => fixed(length(), 4),
  }));
  return barChart(view, 'shares', bars);
}

/** The surprisal of six irises under a model of all 150. */
function flowers(view: BitsView): HTMLElement {
  const { t } = view;
  const species = SPECIES.map((name) => t(`bits.${name}`));
  const p = predict(
    FLOWERS.map(({ lengths }) => lengths),
    IRIS_MODEL.weight,
    IRIS_MODEL.bias,
  );
  const bits = surprisals(
    p,
    FLOWERS.map((flower) => flower.species),
  );
  const head = [t('bits.species'), 'P(y|x)', '−log₂ P(y|x)', t('bits.best'), t('bits.lengths')];
  return table(view, t('bits.flowers'), head, () =>
    FLOWERS.map(({ lengths, species: label }, i) => {
      const row = p.values.subarray(3 * i, 3 * i + 3);
      return [
        species[label],
        fixed(row[label], 4),
        fixed(bits[i], 4),
        species[largest([...row])],
        // The sepal and the petal, which may be in two lines.
        [lengths.slice(0, 2), lengths.slice(2)]
          .map((pair) => pair.map((each) => fixed(each, 1)).join('\u00a0'))
          .join(' '),
      ];
    }),
  );
}

showLesson({
  name: 'bits',
  fields: FIELDS,
  right: 2,
  formula: 'information',
  sources: [
    ['information', 'entropy'],
    ['information', 'distributionCrossEntropy'],
    ['information', 'klDivergence'],
    ['information', 'negativeLogLikelihood'],
  ],
  draw: (view) => {
    const { t } = view;
    const names = classNames(t);
    const sliders = distributionSliders(view, {
      label: (name) => `P(${name})`,
      get: () => distribution(view),
      set: (p) => view.set({ p }),
    });
    const preset = (text: string, p: () => readonly number[]) => button(text, () => view.set({ p: p() }));
    const presets = buttons(
      preset('P = Q', () => network(view)),
      preset('P = (1/3, 1/3, 1/3)', () => [1, 1, 1]),
      preset('P = (1/4, 1/4, 1/2)', () => FIELDS.p.initial),
    );
    const gap = view.result(() => {
      const [p, q] = [distribution(view), network(view)];
      return t('bits.gap', { bits: fixed(divergenceOf(p, q), 4) });
    });
    const picture = view.result(() => {
      const [label] = view.values.class;
      const q = network(view);
      const [bits] = surprisals([q], [label]);
      const values = { class: names[label], share: fixed(q[label], 4), bits: fixed(bits, 4) };
      return t('bits.picture', { ...values, nats: fixed(bits * Math.LN2, 4) });
    });
    const head = [t('class'), 'P', '−log₂ P', 'Q = ŷ', '−log₂ Q', t('bits.share')];
    const numbers = table(view, t('bits.numbers'), head, () => {
      const [p, q, words] = [distribution(view), network(view), wordsOf(view)];
      return names.map((name, k) => [
        name,
        ...[p[k], 0 - Math.log2(p[k]), q[k], 0 - Math.log2(q[k])].map((value) => fixed(value, 4)),
        plain(2 ** -words[k].length),
      ]);
    });
    const status = view.status(() => verdict(view));
    return [
      stage(
        stack(...sliders, presets),
        stack(wordFields(view), codeTree(view), status, lengths(view), hint(t('bits.bars'))),
      ),
      numbers,
      gap,
      h('h3', {}, t('bits.flowers')),
      flowers(view),
      hint(t('bits.model')),
      picture,
    ];
  },
});
