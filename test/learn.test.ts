// The chapter's pages without a browser: texts, state, and the code that they show.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { loadIris, SoftmaxRegression } from 'softmax-regression';
import { PAGE_NAMES, PAGES } from '../web/learn/chapter.js';
import {
  conflict,
  crossEntropyOf,
  divergenceOf,
  entropyOf,
  kraftSum,
  meanLength,
  predict,
  surprisals,
} from '../web/learn/code/bits.js';
import { closedForm, differences, hessian, loss } from '../web/learn/code/gradient.js';
import { logits, products } from '../web/learn/code/network.js';
import { logSumExp, naiveSoftmax, probabilities } from '../web/learn/code/softmax.js';
import { factor, fixed, plain, power, sub } from '../web/learn/format.js';
import { FLOWERS, IRIS_MODEL, SPECIES } from '../web/learn/iris.js';
import { chooseLanguage } from '../web/learn/language.js';
import { distributionAt, pointOf } from '../web/learn/simplex.js';
import { readState, SAMPLE, weightRows, writeState } from '../web/learn/state.js';
import { en } from '../web/learn/text/en.js';
import { zh } from '../web/learn/text/zh.js';

describe('the texts of the chapter', () => {
  type Texts = Readonly<Record<string, string>>;
  const entries = Object.entries(en) as [keyof typeof en, string][];

  /** A text as far as the languages must agree: its key and its placeholders. Texts in the same order. */
  const frames = (texts: Texts) =>
    Object.entries(texts).map(([key, text]) => [key, ...(text.match(/\{\w+\}/g) ?? []).sort()]);

  it('have the same keys in both languages, and the same placeholders', () => {
    expect(frames(zh)).toEqual(frames(en));
  });

  it.each<[string, (texts: Texts) => Texts]>([
    ['without a key', ({ site: _, ...rest }) => rest],
    ['with a key more', (texts) => ({ ...texts, other: 'text' })],
    ['without a placeholder', (texts) => ({ ...texts, next: '下一页' })],
    ['with another placeholder', (texts) => ({ ...texts, next: '下一页：{pages}' })],
  ])('would differ %s', (_, change) => {
    expect(frames(change(zh))).not.toEqual(frames(en));
  });

  it('are not empty, and Chinese where words are', () => {
    for (const [key, text] of entries) {
      expect([key, text.trim()]).not.toEqual([key, '']);
      if (/[a-z]{4}/.test(text)) expect([key, zh[key]]).toEqual([key, expect.stringMatching(/\p{Script=Han}/u)]);
    }
  });

  it('are complete for each page', () => {
    const parts = ['title', 'lede', 'guess', 'guess1', 'guess2', 'guess3', 'because', 'see', 'exercise', 'answer'];
    for (const page of PAGE_NAMES) {
      for (const part of parts) expect(Object.keys(en)).toContain(`${page}.${part}`);
    }
  });

  it.each([
    ['', ['zh-CN', 'en'], 'zh'],
    ['', ['fr', 'zh-Hant-TW', 'en'], 'zh'],
    ['', ['en-GB', 'zh'], 'en'],
    ['', ['fr'], 'en'],
    ['', [], 'en'],
    ['lang=zh', ['en'], 'zh'],
    ['lang=toString', ['en'], 'en'],
  ])('are chosen for the query %j and the languages %j', (query, languages, expected) => {
    expect(chooseLanguage(query, languages)).toBe(expected);
  });
});

describe('the list of pages', () => {
  it('is that of the files, in the order of the chapter', () => {
    const files = readdirSync(join(__dirname, '../web/learn/pages')).map((file) => file.replace('.ts', ''));
    expect([...PAGE_NAMES, 'index'].sort()).toEqual(files.sort());
    expect(Object.values(PAGES)).toEqual([...Object.values(PAGES)].sort());
  });
});

describe('the state of a page', () => {
  it('survives a link', () => {
    const list = (field: keyof typeof SAMPLE) => {
      const { initial, min, max } = SAMPLE[field];
      const value =
        field === 'class'
          ? fc.integer({ min, max })
          : fc.double({ min, max, noNaN: true }).map((number) => Number(number.toPrecision(6)) + 0);
      return fc.array(value, { minLength: initial.length, maxLength: initial.length });
    };
    fc.assert(
      fc.property(fc.record({ x: list('x'), class: list('class'), w: list('w'), b: list('b') }), (values) => {
        expect(readState(writeState(values, SAMPLE), SAMPLE)).toEqual({ values, ignored: [] });
      }),
    );
  });

  it('is not in the address where it is the initial one', () => {
    const { values } = readState('', SAMPLE);
    expect(writeState(values, SAMPLE)).toBe('');
    expect(writeState({ ...values, class: [0] }, SAMPLE)).toBe('class=0');
  });

  it.each([
    'x=1,2,3',
    'x=',
    'x=a,b,c,d',
    'x=0,0,0,2',
    'x=0,0,0,NaN',
    'x=0,0,,0',
    'x=0,0,0,0,0',
    'x=%00',
    'x=Infinity,0,0,0',
  ])('is the initial one for the nonsense %j, and says so', (query) => {
    const { values, ignored } = readState(query, SAMPLE);
    expect(values.x).toEqual(SAMPLE.x.initial);
    expect(ignored).toEqual(['x']);
  });

  it('takes whole numbers where the field has them', () => {
    expect(readState('class=1.5', SAMPLE).ignored).toEqual(['class']);
    expect(readState('class=1', SAMPLE).values.class).toEqual([1]);
  });
});

describe('the numbers of the chapter', () => {
  it('have a true minus sign, and none before zero', () => {
    expect([fixed(-1.5, 2), fixed(-0.0001, 2), fixed(Number.NaN), fixed(Number.POSITIVE_INFINITY)]).toEqual([
      '−1.50',
      '0.00',
      'NaN',
      '∞',
    ]);
    expect([plain(-3), factor(-3), factor(3), power(1.23e-7), sub('w', 1, 2)]).toEqual([
      '−3',
      '(−3)',
      '3',
      '1.2e−7',
      'w₁₂',
    ]);
  });
});

describe('the code that the chapter shows', () => {
  const { values } = readState('', SAMPLE);
  const weight = weightRows(values);

  it('network: o = Wx + b, term by term and at once', () => {
    const o = logits(weight, values.b, values.x);
    expect(o).toBeAllClose([0.5, -1.55, 1.55], { rtol: 0, atol: 1e-12 });
    const terms = products(weight, values.x);
    expect(terms.map((row, j) => row.reduce((sum, term) => sum + term, values.b[j]))).toBeAllClose(o, {
      rtol: 0,
      atol: 1e-12,
    });
  });

  it('softmax: the formula, which overflows, and the one that does not', () => {
    const z = [0, Math.log(2), Math.log(5)];
    expect(probabilities(z)).toBeAllClose([0.125, 0.25, 0.625], { rtol: 0, atol: 1e-15 });
    expect(naiveSoftmax(z)).toBeAllClose([0.125, 0.25, 0.625], { rtol: 0, atol: 1e-15 });
    expect(logSumExp(z)).toBeCloseTo(Math.log(8), 14);
    expect(naiveSoftmax([1000, 0, 0])[0]).toBeNaN();
    expect(probabilities([1000, 0, 0])).toEqual([1, 0, 0]);
    expect(logSumExp([1000, 1000, 0])).toBeCloseTo(1000 + Math.log(2), 12);
  });
});

describe('the gradient that the chapter shows', () => {
  it('is that of the exercise, in closed form and by differences', () => {
    const o = [0.2, 0.3, 0.5].map(Math.log);
    expect(loss(o, [1, 0, 0])).toBeCloseTo(1.6094379, 7);
    expect(closedForm(o, [1, 0, 0])).toBeAllClose([-0.8, 0.3, 0.5], { rtol: 0, atol: 1e-15 });
    expect(differences(o, [1, 0, 0], 1e-5)).toBeAllClose([-0.8, 0.3, 0.5], { rtol: 0, atol: 1e-9 });
    expect(hessian(o, [1, 0, 0])[0]).toBeAllClose([0.16, -0.06, -0.1], { rtol: 0, atol: 1e-15 });
  });
});

describe('the bits that the chapter shows', () => {
  const P = [0.5, 0.25, 0.25];
  const Q = [0.2, 0.3, 0.5];

  it('are entropy, cross-entropy and divergence in bits, as in examples/information.ts', () => {
    expect([entropyOf(P), crossEntropyOf(P, Q), divergenceOf(P, Q)].map((bits) => bits.toFixed(4))).toEqual([
      '1.5000',
      '1.8452',
      '0.3452',
    ]);
  });

  it('are those of the guess and of the exercise', () => {
    const even = [1 / 3, 1 / 3, 1 / 3];
    expect(meanLength([0.25, 0.25, 0.5], ['10', '11', '0'])).toBe(1.5);
    expect(meanLength(even, ['10', '11', '0'])).toBeCloseTo(1.667, 3);
    expect(entropyOf(even)).toBeCloseTo(1.585, 3);
    expect(meanLength(even, ['10', '11', '0']) - entropyOf(even)).toBeCloseTo(0.082, 3);
    const pairs = ['0000', '0001', '001', '010', '011', '100', '101', '110', '111'];
    expect([conflict(pairs), kraftSum(pairs)]).toEqual([undefined, 1]);
    expect(meanLength(new Array(9).fill(1 / 9), pairs)).toBeCloseTo(3.222, 3);
  });

  it.each([
    [['00', '01', '10'], undefined, 0.75],
    [['0', '10', '11'], undefined, 1],
    [['0', '01', '11'], { shorter: 0, longer: 1 }, 1],
    [['01', '1', '0'], { shorter: 2, longer: 0 }, 1.25],
    [['0', '1', '1'], { shorter: 1, longer: 2 }, 1.5],
    [['0', '', '1'], { shorter: 1, longer: 0 }, 2],
  ])('of the code %j: conflict %j, Kraft sum %d', (words, found, sum) => {
    expect([conflict(words), kraftSum(words)]).toEqual([found, sum]);
  });

  it('of a prefix code are at least the entropy, and the cross-entropy of its shares if they sum to 1', () => {
    const word = fc.array(fc.constantFrom('0', '1'), { minLength: 1, maxLength: 3 }).map((bits) => bits.join(''));
    const weight = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(fc.tuple(word, word, word), fc.tuple(weight, weight, weight), (words, weights) => {
        fc.pre(conflict(words) === undefined);
        const p = weights.map((each) => each / weights.reduce((sum, one) => sum + one, 0));
        expect(kraftSum(words)).toBeLessThanOrEqual(1);
        expect(meanLength(p, words)).toBeGreaterThanOrEqual(entropyOf(p) - 1e-12);
        if (kraftSum(words) < 1) return;
        const shares = words.map(({ length }) => 2 ** -length);
        expect(meanLength(p, words)).toBeCloseTo(crossEntropyOf(p, shares), 12);
      }),
    );
  });

  it('of the irises are those of the model that examples/surprisal.ts fits', async () => {
    const { features, labels, classNames } = loadIris();
    const { model } = await SoftmaxRegression.fit(features, labels, { standardize: true });
    expect(classNames).toEqual(SPECIES);
    const indices = FLOWERS.map(({ lengths }) => features.findIndex((row) => row.join() === lengths.join()));
    expect(indices.map((i) => labels[i])).toEqual(FLOWERS.map(({ species }) => SPECIES[species]));
    const bits = model.predictProbabilities(features).map((p, i) => -Math.log2(p[classNames.indexOf(labels[i])]));
    const shown = surprisals(
      predict(
        FLOWERS.map(({ lengths }) => lengths),
        IRIS_MODEL.weight,
        IRIS_MODEL.bias,
      ),
      FLOWERS.map(({ species }) => species),
    );
    expect(Array.from(shown, (each) => each.toFixed(4))).toEqual(indices.map((i) => bits[i].toFixed(4)));
    // The text has the mean, and the table the most and the least certain flowers.
    const sorted = [...bits].sort((a, b) => a - b);
    const extremes = [...sorted.slice(0, 2), ...sorted.slice(-2)];
    expect([shown[0], shown[1], shown[4], shown[5]]).toBeAllClose(extremes, { rtol: 0, atol: 1e-6 });
    const mean = bits.reduce((sum, each) => sum + each, 0) / bits.length;
    for (const text of [en, zh]) expect(text['bits.see']).toContain(`${mean.toFixed(4)} `);
  });
});

describe('the triangle of distributions', () => {
  it('has a point for each distribution, and the distribution of each point', () => {
    for (const p of [
      [1, 0, 0],
      [0.2, 0.5, 0.3],
      [1 / 3, 1 / 3, 1 / 3],
    ]) {
      const { x, y } = pointOf(p);
      expect(distributionAt(x, y)).toBeAllClose(p, { rtol: 0, atol: 1e-12 });
    }
    expect(distributionAt(-1000, 500)).toEqual([1, 0, 0]);
  });
});
