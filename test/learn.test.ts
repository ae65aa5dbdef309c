// The chapter's pages without a browser: texts, state, and the code that they show.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { Dense, FLOAT32, loadIris, Phm, SoftmaxRegression, sparseCrossEntropy } from 'softmax-regression';
import { centralDifference, oneHot, toRows } from 'softmax-regression/reference';
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
import { cheapest, denseCost, divisors, phmCost } from '../web/learn/code/cost.js';
import { closedForm, differences, hessian, loss } from '../web/learn/code/gradient.js';
import { codes, distance, mean, oneHotVectors } from '../web/learn/code/label.js';
import { logits, products } from '../web/learn/code/network.js';
import {
  border,
  gradient,
  probabilities as probabilitiesAt,
  loss as regionLoss,
  train,
} from '../web/learn/code/regions.js';
import { logSumExp, naiveSoftmax, probabilities } from '../web/learn/code/softmax.js';
import {
  factorsToZero,
  likelihood,
  meanLoss,
  minusLogLikelihood,
  type Network,
  predict as predictPictures,
  step,
} from '../web/learn/code/train.js';
import { factor, fixed, plain, power, sub } from '../web/learn/format.js';
import { FLOWERS, IRIS_MODEL, SPECIES } from '../web/learn/iris.js';
import { chooseLanguage } from '../web/learn/language.js';
import { batchOf, COUNT, firstOf, PER_CLASS, trainingSet } from '../web/learn/pictures.js';
import { cut, type Point } from '../web/learn/plane.js';
import { distributionAt, pointOf } from '../web/learn/simplex.js';
import { type Fault, noticeOf, readState, SAMPLE, weightRows, writeState } from '../web/learn/state.js';
import { en } from '../web/learn/text/en.js';
import { zh } from '../web/learn/text/zh.js';
import { useBackend } from './helpers/backends.js';

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
    ['lang=constructor', ['en'], 'en'],
    ['lang=zh-CN', ['en'], 'zh'],
    ['lang=zh&lang=zh', ['en'], 'en'],
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
    'x=-0.1,0,0,0',
    'x=0,0,0,NaN',
    'x=0,0,,0',
    'x=0,0,0,0,0',
    'x=%00',
    'x=Infinity,0,0,0',
  ])('is the initial one for the nonsense %j, and says so', (query) => {
    const { values, ignored } = readState(query, SAMPLE);
    expect(values.x).toEqual(SAMPLE.x.initial);
    expect(ignored).toEqual([{ name: 'x', fault: 'invalid' }]);
  });

  it.each([
    ['y=1', 'y', 'unknown'],
    ['toString=1', 'toString', 'unknown'],
    ['=1', '', 'unknown'],
    ['x=0,0,0,1&x=0,0,0,1', 'x', 'repeated'],
    ['x=0,0,0,1&x=', 'x', 'repeated'],
    ['lang=xx', 'lang', 'invalid'],
    ['lang=zh&lang=en', 'lang', 'repeated'],
  ])('leaves what it cannot use of the query %j, and takes the rest', (query, name, fault) => {
    const { values, ignored } = readState(`class=1&${query}&b=0,1,2`, SAMPLE);
    expect(values).toEqual({ ...readState('', SAMPLE).values, class: [1], b: [0, 1, 2] });
    expect(ignored).toEqual([{ name, fault }]);
  });

  it.each<[Fault[], string]>([
    [['unknown'], 'Parts of the link are not used: the name "foo" is unknown.'],
    [['invalid'], 'Parts of the link are not used: the value of "foo" is not valid.'],
    [['unknown', 'repeated'], 'the name "foo" is unknown; "foo" is given more than once.'],
  ])('speaks of default values only for names that have one: %j', (faults, sentence) => {
    const ignored = faults.map((fault) => ({ name: 'foo', fault }));
    const notice = noticeOf(ignored, (key, values = {}) =>
      en[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name])),
    );
    expect(notice).toContain(sentence);
    expect(notice.endsWith(en['ignored.defaults'])).toBe(!faults.every((fault) => fault === 'unknown'));
  });

  it('takes a language, which is not a number', () => {
    expect(readState('lang=zh', SAMPLE).ignored).toEqual([]);
  });

  it('takes a distribution that has a sum above 0', () => {
    const fields = { p: { initial: [1, 1], min: 0, max: 1, positive: true } };
    expect(readState('p=0,0', fields).ignored).toEqual([{ name: 'p', fault: 'invalid' }]);
    expect(readState('p=0,0.1', fields)).toEqual({ values: { p: [0, 0.1] }, ignored: [] });
  });

  it('takes whole numbers where the field has them', () => {
    expect(readState('class=1.5', SAMPLE).ignored).toEqual([{ name: 'class', fault: 'invalid' }]);
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
    expect([plain(-3), factor(-3), factor(3), power(1.23e-7), power(1), power(12), sub('w', 1, 2)]).toEqual([
      '−3',
      '(−3)',
      '3',
      '1.2e−7',
      '1.0',
      '1.2e+1',
      'w₁₂',
    ]);
  });
});

describe('the code that the chapter shows', () => {
  beforeAll(() => useBackend('cpu'));

  const { values } = readState('', SAMPLE);
  const weight = weightRows(values);

  it('label: codes have an order, and one-hot vectors have equal distances for any number of classes', () => {
    // cat, chicken, dog
    expect([0, 1, 2].map(codes)).toEqual([
      [[2], [3], [1]],
      [[1], [2], [3]],
      [[3], [1], [2]],
    ]);
    const [cat, chicken, dog] = codes(0);
    expect([distance(dog, cat), distance(cat, chicken), distance(dog, chicken)]).toEqual([1, 1, 2]);
    expect(mean(dog, chicken)).toEqual(cat);
    const vectors = oneHotVectors(10);
    expect(vectors).toEqual(toRows(oneHot([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10)));
    for (const [i, a] of vectors.entries()) {
      for (const b of vectors.slice(i + 1)) expect(distance(a, b)).toBe(Math.SQRT2);
    }
    expect(mean(oneHotVectors(3)[1], oneHotVectors(3)[2])).toEqual([0, 0.5, 0.5]);
  });

  it('network: o = Wx + b, term by term and at once', () => {
    const o = logits(weight, values.b, values.x);
    expect(o).toBeAllClose([0.5, -1.55, 1.55], { rtol: 0, atol: 1e-12 });
    const terms = products(weight, values.x);
    expect(terms.map((row, j) => row.reduce((sum, term) => sum + term, values.b[j]))).toBeAllClose(o, {
      rtol: 0,
      atol: 1e-12,
    });
  });

  it('cost: the numbers of the layers, as examples/parameter-cost.ts counts them', () => {
    for (const [d, q, n] of [
      [784, 16, 1],
      [784, 16, 2],
      [784, 16, 4],
      [784, 16, 8],
      [784, 10, 2],
      [4, 4, 2],
      [4, 4, 4],
    ]) {
      const [full, phm] = [new Dense({ inputs: d, units: q }), new Phm({ inputs: d, units: q, n })];
      expect(phmCost(d, q, n)).toEqual({
        components: phm.components.size,
        factors: phm.factors.size,
        biases: phm.bias.size,
        total: phm.numParameters,
      });
      expect(denseCost(d, q)).toBe(full.numParameters);
      tf.dispose([...Object.values(full.parameters), ...Object.values(phm.parameters)]);
    }
    expect(phmCost(784, 16, 8)).toEqual({ components: 1568, factors: 512, biases: 16, total: 2096 });
    expect(denseCost(784, 16)).toBe(12560);
  });

  it('cost: which n there are, and the one with the fewest numbers', () => {
    expect(divisors(784, 16)).toEqual([1, 2, 4, 8, 16]);
    expect(divisors(784, 10)).toEqual([1, 2]);
    expect(divisors(4, 3)).toEqual([1]);
    expect(cheapest(784, 16)).toBe(8);
    expect(cheapest(784, 10)).toBe(2);
    expect(cheapest(1024, 1024)).toBe(32);
    // The derivative of dq/n + n³ is 0 at ⁴√(dq/3), so no n is cheaper.
    const n = ((784 * 16) / 3) ** 0.25;
    for (const near of [0.99 * n, 1.01 * n])
      expect(phmCost(784, 16, near).total).toBeGreaterThan(phmCost(784, 16, n).total);
    expect(() => new Phm({ inputs: 784, units: 10, n: 8 })).toThrow('divide');
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

describe('the classifier of the plane', () => {
  const coordinate = fc.double({ min: 0, max: 1, noNaN: true });
  const points = fc.array(fc.tuple(coordinate, coordinate), { minLength: 12, maxLength: 12 });
  const targetsOf = (classes: number) =>
    Array.from({ length: 12 }, (_, i) => Array.from({ length: classes }, (_, k) => Number(k === i % classes)));

  it('is at its optimum, wherever the points lie', () => {
    fc.assert(
      fc.property(points, fc.constantFrom(2, 3), (at, classes) => {
        const rest = gradient(train(at, targetsOf(classes)), at, targetsOf(classes)).flat();
        expect(Math.max(...rest.map(Math.abs))).toBeLessThan(1e-6);
      }),
      { numRuns: 50 },
    );
  });

  it('is that of the package', async () => {
    const at = Array.from({ length: 12 }, (_, i) => [((i * 5) % 12) / 12, ((i * i) % 13) / 13]);
    const model = train(at, targetsOf(3));
    const labels = at.map((_, i) => 'abc'[i % 3]);
    const fitted = await SoftmaxRegression.fit(at, labels, { solver: 'lbfgs', l2: 0.003, tolerance: 1e-9 });
    expect(model.slice(0, 2)).toBeAllClose(fitted.model.weight, { rtol: 0, atol: 1e-3 });
    expect(model[2]).toBeAllClose(fitted.model.bias, { rtol: 0, atol: 1e-3 });
    const penalty =
      0.0015 *
      model
        .slice(0, 2)
        .flat()
        .reduce((sum, w) => sum + w * w, 0);
    expect(regionLoss(model, at, targetsOf(3)) + penalty).toBeCloseTo(fitted.result.objective, 6);
  });

  it('learns nothing from XOR: every point has the probability 1/2, and the loss is log 2', () => {
    const corners = [
      [0, 0],
      [0, 1],
      [1, 1],
      [1, 0],
    ];
    const targets = [
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ];
    const model = train(corners, targets);
    expect(probabilitiesAt(model, corners)).toEqual(corners.map(() => [0.5, 0.5]));
    expect(regionLoss(model, corners, targets)).toBeCloseTo(Math.log(2), 15);
  });

  it('has the border and the probability of the exercise', () => {
    const model = [
      [2, 0, 0],
      [1, 1, 0],
      [0, 1, 0],
    ];
    expect(border(model, 0, 1)).toEqual([2, 0, -1]);
    expect(probabilitiesAt(model, [[0.25, 0.5]])[0][1]).toBeCloseTo(0.547, 3);
  });
});

describe('the regions of the plane', () => {
  const square: Point[] = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  const area = (polygon: readonly Point[]) =>
    polygon.reduce((sum, [x1, y1], i) => {
      const [x2, y2] = polygon[(i + 1) % polygon.length];
      return sum + (x1 * y2 - x2 * y1) / 2;
    }, 0);

  it('are cut from the square by straight lines', () => {
    expect(cut(square, [[1, 0, -0.25]])).toEqual([
      [0.25, 0],
      [1, 0],
      [1, 1],
      [0.25, 1],
    ]);
    expect(cut(square, [[0, 0, -1]])).toEqual([]);
    expect(cut(square, [])).toEqual(square);
  });

  it('cover the square together', () => {
    const row = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.tuple(row, row, row), (model) => {
        const areas = [0, 1, 2].map((j) => {
          const others = [0, 1, 2].filter((k) => k !== j);
          return area(
            cut(
              square,
              others.map((k) => border(model, j, k)),
            ),
          );
        });
        // Classes with equal logits everywhere share a region.
        expect(areas.reduce((sum, each) => sum + each)).toBeGreaterThan(1 - 1e-9);
        for (const each of areas) expect(each).toBeGreaterThan(-1e-9);
      }),
    );
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

describe('the training that the chapter shows', () => {
  const { x: picture, class: label } = readState('', SAMPLE).values;
  const { x, labels } = trainingSet(1, picture, label[0]);
  const start: Network = { weight: picture.map(() => [0, 0, 0]), bias: [0, 0, 0] };
  const train = (steps: number, batch: number, rate: number) => {
    let network = start;
    for (let done = 0; done < steps; done++) {
      const members = batchOf(1, batch, done);
      const pick = <T>(list: readonly T[]) => members.map((i) => list[i]);
      network = step(network, pick(x), pick(labels), rate);
    }
    return network;
  };

  it('has the pictures of its seed, and the picture of all pages first in its class', () => {
    expect(trainingSet(1, picture, label[0])).toEqual({ x, labels });
    expect(trainingSet(2, picture, label[0]).x).not.toEqual(x);
    for (const seed of [0, 1, 9999]) {
      for (const own of [0, 1, 2]) {
        const set = trainingSet(seed, picture, own);
        expect(set.x[firstOf(own)]).toEqual(picture);
        expect(set.labels).toEqual([0, 1, 2].flatMap((each) => new Array(PER_CLASS).fill(each)));
        expect(set.x.flat().every((value) => value >= 0 && value <= 1)).toBe(true);
      }
    }
  });

  it('has batches that take each picture once in an epoch, in another order in the next', () => {
    for (const size of [1, 4, 7, COUNT]) {
      const steps = Math.ceil(COUNT / size);
      const epoch = (from: number) => Array.from({ length: steps }, (_, done) => batchOf(3, size, from + done)).flat();
      for (const from of [0, steps]) expect([...epoch(from)].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
      expect(epoch(0)).not.toEqual(epoch(steps));
    }
  });

  it('moves against the gradient that differences of its loss give', () => {
    const { weight, bias } = train(3, 4, 0.5);
    const flat = [...weight.flat(), ...bias];
    const unflat = (values: readonly number[]): Network => ({
      weight: weight.map((_, i) => values.slice(3 * i, 3 * i + 3)),
      bias: values.slice(12),
    });
    const slopes = centralDifference((values) => meanLoss(unflat([...values]), x, labels), flat);
    const next = step({ weight, bias }, x, labels, 0.5);
    expect([...next.weight.flat(), ...next.bias]).toBeAllClose(
      flat.map((value, i) => value - 0.5 * slopes[i]),
      { rtol: 0, atol: 1e-9 },
    );
  });

  it('gives the weights that the tape of TensorFlow.js gives', async () => {
    await useBackend('cpu');
    const [weight, bias] = tf.tidy(() => {
      const features = tf.tensor2d(x);
      const loss = (w: tf.Tensor, b: tf.Tensor) =>
        sparseCrossEntropy(features.matMul(w as tf.Tensor2D).add<tf.Tensor2D>(b), labels) as tf.Scalar;
      let parameters: tf.Tensor[] = [tf.zeros([4, 3]), tf.zeros([3])];
      for (let done = 0; done < 50; done++) {
        const slopes = tf.grads(loss)(parameters);
        parameters = parameters.map((value, k) => value.sub(slopes[k].mul(0.5)));
      }
      return parameters.map((value) => Array.from(value.dataSync()));
    });
    const shown = train(50, COUNT, 0.5);
    expect(shown.weight.flat()).toBeAllClose(weight, FLOAT32);
    expect(shown.bias).toBeAllClose(bias, FLOAT32);
  });

  it('starts with the loss log 3, and learns', () => {
    expect(meanLoss(start, x, labels)).toBeCloseTo(1.0986, 4);
    expect(predictPictures(start, x)[0]).toBeAllClose([1 / 3, 1 / 3, 1 / 3], { rtol: 0, atol: 1e-15 });
    expect(meanLoss(train(300, 4, 0.5), x, labels)).toBeLessThan(0.2);
  });

  it.each([4, 24])('overshoots at first with the learning rate 10 and a batch of %d', (batch) => {
    const losses = [1, 2, 3, 4, 5].map((steps) => meanLoss(train(steps, batch, 10), x, labels));
    expect(Math.max(...losses)).toBeGreaterThan(2 * Math.log(3));
  });

  it('has the first step of the exercise', () => {
    const { weight, bias } = step(start, [[0.1, 0.9, 0.8, 0.2]], [2], 0.5);
    const digits = (values: readonly number[]) => values.map((value) => Number(value.toFixed(3)));
    expect([bias[2], bias[0]]).toBeAllClose([1 / 3, -1 / 6], { rtol: 0, atol: 1e-15 });
    expect(digits(weight.map((row) => row[2]))).toEqual([0.033, 0.3, 0.267, 0.067]);
    expect(digits(weight.map((row) => row[0]))).toEqual([-0.017, -0.15, -0.133, -0.033]);
  });

  it('has a likelihood that underflows, and a logarithm that does not, as in examples/likelihood.ts', () => {
    const given = (count: number, p: number) => {
      const [rows, zeros] = [new Array(count).fill([p, 1 - p]), new Array(count).fill(0)];
      const products = [likelihood(rows, zeros, Math.fround), likelihood(rows, zeros)].map((each) => power(each));
      return [...products, fixed(minusLogLikelihood(rows, zeros), 1)];
    };
    expect(given(10, 0.45)).toEqual(['3.4e−4', '3.4e−4', '8.0']);
    expect(given(100, 0.45)).toEqual(['2.1e−35', '2.1e−35', '79.9']);
    expect(given(100, 0.35)).toEqual(['0', '2.6e−46', '105.0']);
    expect(given(1000, 0.45)).toEqual(['0', '0', '798.5']);
    expect([factorsToZero(0.45, Math.fround), factorsToZero(0.45)]).toEqual([130, 933]);
    expect([factorsToZero(0.5, Math.fround), factorsToZero(0.5)]).toEqual([150, 1075]);
    const predicted = predictPictures(start, x);
    expect(minusLogLikelihood(predicted, labels)).toBeCloseTo(COUNT * meanLoss(start, x, labels), 12);
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
