import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { backward, Dense, FLOAT32, Phm, phmWeight, reference } from 'softmax-regression';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';
import { absolute, denseProblem, numbers, type PhmProblem, phmProblem } from './helpers/problems.js';

const L2 = 0.3;

/** Bit for bit, except for the sign of 0. */
const EXACT = { rtol: 0, atol: 0 };

function layerOf(problem: PhmProblem, trainableFactors = true): Phm {
  const { n, features, factors, components, bias } = problem;
  return new Phm({ inputs: features[0].length, units: bias.length, n, factors, components, bias, trainableFactors });
}

/**
 * Gradients of G·o + λ/2·‖W‖². The gradient λW of the penalty is that of extra samples: the rows of the identity,
 * with λW as their G.
 */
function expectedGradient({ features, factors, components, logitsGradient }: PhmProblem, l2 = 0) {
  const weight = reference.phmWeight(factors, components);
  const identity = Array.from({ length: weight.rows }, (_, i) => features[0].map((_, j) => (i === j ? 1 : 0)));
  const penalty = reference.toRows(weight).map((row) => row.map((w) => l2 * w));
  const gradient = reference.phmGradient([...features, ...identity], factors, components, [
    ...logitsGradient,
    ...penalty,
  ]);
  return { ...gradient, bias: reference.columnSums(logitsGradient) };
}

/** The same sums over absolute values: the scale of float32 rounding errors. */
function scaleOf(problem: PhmProblem) {
  const { features, factors, components, bias, logitsGradient } = problem;
  const positive = {
    ...problem,
    features: absolute(features),
    factors: absolute(factors),
    components: absolute(components),
    logitsGradient: absolute(logitsGradient),
  };
  const logits = reference.phm(positive.features, positive.factors, positive.components, absolute(bias));
  const byFeatures = reference.phmGradient(
    positive.features,
    positive.factors,
    positive.components,
    positive.logitsGradient,
  );
  return { logits, ...expectedGradient(positive, L2), features: byFeatures.features };
}

type Quaternion = [number, number, number, number];

/** Hamilton's rules, written out: i² = j² = k² = ijk = −1. */
function hamiltonProduct([a, b, c, d]: Quaternion, [e, f, g, h]: Quaternion): Quaternion {
  return [
    a * e - b * f - c * g - d * h,
    a * f + b * e + c * h - d * g,
    a * g - b * h + c * e + d * f,
    a * h + b * g - c * f + d * e,
  ];
}

const quaternion = fc.tuple(
  ...([0, 0, 0, 0] as const).map(() => fc.integer({ min: -9, max: 9 })),
) as fc.Arbitrary<Quaternion>;

/** The transpose of y ↦ e ⊗ y for e = 1, i, j, k: rows multiply from the left. */
const quaternionFactors = ([0, 1, 2, 3] as const).map((component) => {
  const unit = (at: number) => [0, 1, 2, 3].map((k) => (k === at ? 1 : 0)) as Quaternion;
  return [0, 1, 2, 3].map((row) => hamiltonProduct(unit(component), unit(row)));
});

onEveryBackend('PHM', () => {
  it('agrees with the reference relative to |X||W| + |b|', () => {
    const check = fc.property(phmProblem, (p) => {
      const { logits: scale } = scaleOf(p);
      using layer = layerOf(p);
      const expected = reference.phm(p.features, p.factors, p.components, p.bias);
      expect(numbers(() => layer.forward(tf.tensor2d(p.features)))).toBeAllClose(expected, FLOAT32, scale);
      const weight = reference.phmWeight(p.factors, p.components);
      expect(numbers(() => phmWeight(tf.tensor3d(p.factors), tf.tensor3d(p.components)))).toBeAllClose(weight);
      expect(numbers(() => layer.weightOf())).toBeAllClose(weight);
    });
    fc.assert(check, PROPERTY);
  });

  it('has the reference gradient by autograd, for features, factors, components and bias', () => {
    const check = fc.property(phmProblem, (p) => {
      const expected = expectedGradient(p);
      const ofFeatures = reference.phmGradient(p.features, p.factors, p.components, p.logitsGradient).features;
      const scale = scaleOf(p);
      using layer = layerOf(p);
      const [features, factors, components, bias] = tf.tidy(() => {
        const loss = (...[x, factors, components, bias]: tf.Tensor[]) =>
          layer
            .forward(x as tf.Tensor2D, { factors, components, bias })
            .mul(tf.tensor2d(p.logitsGradient))
            .sum();
        return tf
          .grads(loss)([
            tf.tensor2d(p.features),
            tf.tensor3d(p.factors),
            tf.tensor3d(p.components),
            tf.tensor1d(p.bias),
          ])
          .map((gradient) => gradient.dataSync());
      });
      expect(features).toBeAllClose(ofFeatures, FLOAT32, scale.features);
      expect(factors).toBeAllClose(expected.factors, FLOAT32, scale.factors);
      expect(components).toBeAllClose(expected.components, FLOAT32, scale.components);
      expect(bias).toBeAllClose(expected.bias, FLOAT32, scale.bias);
    });
    fc.assert(check, PROPERTY);
  });

  it.each([0, L2])('has the reference gradient in closed form, with l2 = %d', (l2) => {
    const check = fc.property(phmProblem, (p) => {
      const expected = expectedGradient(p, l2);
      const scale = scaleOf(p);
      using layer = layerOf(p);
      tf.tidy(() => {
        const gradient = backward(layer, tf.tensor2d(p.features), tf.tensor2d(p.logitsGradient), undefined, l2);
        expect(Object.keys(gradient).sort()).toEqual(['bias', 'components', 'factors']);
        expect(gradient.factors).toBeAllClose(expected.factors, FLOAT32, scale.factors);
        expect(gradient.components).toBeAllClose(expected.components, FLOAT32, scale.components);
        expect(gradient.bias).toBeAllClose(expected.bias, FLOAT32, scale.bias);
        expect(gradient.factors.shape).toEqual(layer.factors.shape);
        expect(gradient.components.shape).toEqual(layer.components.shape);
      });
    });
    fc.assert(check, PROPERTY);
  });

  it('has no gradient of factors if they are fixed', () => {
    const check = fc.property(phmProblem, (p) => {
      using layer = layerOf(p, false);
      tf.tidy(() => {
        const gradient = backward(layer, tf.tensor2d(p.features), tf.tensor2d(p.logitsGradient), undefined, L2);
        expect(Object.keys(gradient).sort()).toEqual(['bias', 'components']);
        expect(gradient.components).toBeAllClose(expectedGradient(p, L2).components, FLOAT32, scaleOf(p).components);
      });
    });
    fc.assert(check, PROPERTY);
  });

  it('equals a dense layer for n = 1 and the factor 1', () => {
    const check = fc.property(denseProblem, ({ features, weight, bias, logitsGradient }) => {
      const shape = { inputs: features[0].length, units: bias.length };
      using plain = new Dense({ ...shape, weight, bias });
      using layer = new Phm({ ...shape, n: 1, factors: [[[1]]], components: [weight], bias });
      const x = tf.tensor2d(features);
      const g = tf.tensor2d(logitsGradient);
      expect(numbers(() => layer.forward(x))).toBeAllClose(
        numbers(() => plain.forward(x)),
        EXACT,
      );
      expect(numbers(() => backward(layer, x, g, undefined, L2).components)).toBeAllClose(
        numbers(() => backward(plain, x, g, undefined, L2).weight),
        EXACT,
      );
      tf.dispose([x, g]);
    });
    fc.assert(check, PROPERTY);
  });

  it('is the Hamilton product w ⊗ x with quaternion factors', () => {
    const check = fc.property(quaternion, quaternion, (w, x) => {
      const components = w.map((part) => [[part]]);
      using layer = new Phm({
        inputs: 4,
        units: 4,
        n: 4,
        factors: quaternionFactors,
        trainableFactors: false,
        components,
      });
      expect(numbers(() => layer.forward(tf.tensor2d([x])))).toBeAllClose(hamiltonProduct(w, x), EXACT);
    });
    fc.assert(check, PROPERTY);
  });

  it('multiplies a row of quaternions by a matrix of quaternions, in contiguous blocks', () => {
    const check = fc.property(fc.tuple(quaternion, quaternion), fc.tuple(quaternion, quaternion), (ws, xs) => {
      // Two quaternions in, one out: o = w₁ ⊗ x₁ + w₂ ⊗ x₂. All first parts come first, then all second parts.
      const components = [0, 1, 2, 3].map((part) => ws.map((w) => [w[part]]));
      using layer = new Phm({ inputs: 8, units: 4, n: 4, factors: quaternionFactors, components });
      const row = [0, 1, 2, 3].flatMap((part) => xs.map((x) => x[part]));
      const [first, second] = ws.map((w, i) => hamiltonProduct(w, xs[i]));
      const expected = first.map((part, k) => part + second[k]);
      expect(numbers(() => layer.forward(tf.tensor2d([row])))).toBeAllClose(expected, EXACT);
    });
    fc.assert(check, PROPERTY);
  });

  it('matches the docstring example', () => {
    expect([...numbers(() => phmWeight(tf.tensor3d([[[2]]]), tf.tensor3d([[[3, 4]]])))]).toEqual([6, 8]);
  });

  it.each([
    { inputs: 784, units: 10, n: 2, expected: 3938 },
    { inputs: 784, units: 16, n: 1, expected: 784 * 16 + 1 + 16 },
    { inputs: 784, units: 16, n: 4, expected: (784 * 16) / 4 + 64 + 16 },
    { inputs: 784, units: 16, n: 8, expected: (784 * 16) / 8 + 512 + 16 },
  ])(
    'has inputs·units/n + n³ + units = $expected parameters at $inputs × $units, n = $n',
    ({ expected, ...options }) => {
      using layer = new Phm(options);
      using fixed = new Phm({ ...options, trainableFactors: false });
      expect(layer.numParameters).toBe(expected);
      expect(fixed.numParameters).toBe(expected - options.n ** 3);
      expect(Object.keys(layer.parameters).sort()).toEqual(['bias', 'components', 'factors']);
      expect(Object.keys(fixed.parameters).sort()).toEqual(['bias', 'components']);
    },
  );

  it('starts with weights as small as those of a dense layer and bias 0, determined by the seed', () => {
    const options = { inputs: 80, units: 80, n: 4 };
    using layer = new Phm({ ...options, seed: 7 });
    using same = new Phm({ ...options, seed: 7 });
    using other = new Phm({ ...options, seed: 8 });
    const weightOf = (each: Phm) => numbers(() => each.weightOf());
    expect(weightOf(same)).toEqual(weightOf(layer));
    expect(weightOf(other)).not.toEqual(weightOf(layer));
    expect([...layer.bias.dataSync()]).toEqual(new Array(80).fill(0));
    const squares = Array.from({ length: 20 }, (_, seed) => {
      using each = new Phm({ ...options, seed });
      return weightOf(each).reduce((sum, w) => sum + w * w, 0) / 6400;
    });
    // Each of the 20 draws has only 64 factors: their mean square varies by about 20 %.
    expect(Math.sqrt(squares.reduce((a, b) => a + b) / 20)).toBeCloseTo(0.01, 3);
  });

  it('copies its arguments, and accepts other parameters for one call', () => {
    const given = tf.tensor3d([[[2]]]);
    using layer = new Phm({ inputs: 1, units: 1, n: 1, factors: given, components: given });
    given.dispose();
    tf.tidy(() => {
      const other = { factors: tf.tensor3d([[[10]]]), components: tf.tensor3d([[[3]]]), bias: tf.tensor1d([1]) };
      const x = tf.tensor2d([[1]]);
      expect([...layer.forward(x).dataSync()]).toEqual([4]);
      expect([...layer.forward(x, other).dataSync()]).toEqual([31]);
      const gradient = backward(layer, x, tf.zeros([1, 1]), other, 0.5);
      // λW = 15, back through W = 10·3.
      expect([...gradient.components.dataSync(), ...gradient.factors.dataSync()]).toEqual([150, 45]);
    });
  });

  it('accepts zero samples', () => {
    using layer = new Phm({ inputs: 4, units: 2, n: 2 });
    tf.tidy(() => {
      expect(layer.forward(tf.zeros([0, 4])).shape).toEqual([0, 2]);
      const gradient = backward(layer, tf.zeros([0, 4]), tf.zeros([0, 2]));
      for (const each of Object.values(gradient)) expect(each).toBeAllClose(new Array(each.size).fill(0));
    });
  });

  it('disposes its tensors by dispose and at the end of `using`', () => {
    const before = tf.memory().numTensors;
    const layer = new Phm({ inputs: 2, units: 2, n: 2, trainableFactors: false });
    expect(tf.memory().numTensors).toBe(before + 3);
    layer.dispose();
    layer.dispose();
    {
      using scoped = new Phm({ inputs: 2, units: 2, n: 2 });
      expect(scoped.factors.isDisposed).toBe(false);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[string, object, object]>([
    [
      'an n that does not divide the units',
      { n: 4 },
      {
        code: 'DOMAIN',
        argument: 'n',
        expected: 'divide inputs = 4 and units = 6',
        actual: '4',
        hint: expect.any(String),
      },
    ],
    ['an n that does not divide the inputs', { n: 3 }, { code: 'DOMAIN', argument: 'n', actual: '3' }],
    ['an n of 0', { n: 0 }, { code: 'DOMAIN', argument: 'n', expected: 'be an integer > 0' }],
    ['a missing n', { n: undefined }, { code: 'DOMAIN', argument: 'n', actual: 'undefined' }],
    ['missing units', { units: undefined }, { code: 'DOMAIN', argument: 'units' }],
    ['fractional inputs', { inputs: 0.5 }, { code: 'DOMAIN', argument: 'inputs' }],
    ['a misspelt option', { trainable: true }, { code: 'DOMAIN', argument: 'options' }],
    ['a negative seed', { seed: -1 }, { code: 'DOMAIN', where: 'Random', argument: 'seed' }],
    [
      'factors of the wrong shape',
      { factors: [[[1]]] },
      { code: 'SHAPE', argument: 'factors', expected: 'have shape [2, 2, 2]', actual: '[1, 1, 1]' },
    ],
    [
      'ragged factors',
      {
        factors: [
          [
            [1, 0],
            [0, 1],
          ],
          [[0, 1], [1]],
        ],
      },
      { code: 'SHAPE', argument: 'factors' },
    ],
    [
      'components of the wrong shape',
      {
        components: [
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ],
      },
      { code: 'SHAPE', argument: 'components', expected: 'have shape [2, 2, 3]' },
    ],
    ['a bias of the wrong length', { bias: [1] }, { code: 'SHAPE', argument: 'bias', expected: 'have shape [6]' }],
  ])('rejects %s without leaking tensors', (_, options, fields) => {
    const before = tf.memory().numTensors;
    expect(() => new Phm({ inputs: 4, units: 6, n: 2, ...options })).toThrow(
      expect.objectContaining({ where: 'Phm', ...fields }),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('rejects features of the wrong shape or type', () => {
    using layer = new Phm({ inputs: 4, units: 2, n: 2 });
    tf.tidy(() => {
      const refused = {
        code: 'SHAPE',
        where: 'Phm.forward',
        argument: 'features',
        expected: 'be float32 of shape [n, 4]',
      };
      expect(() => layer.forward(tf.zeros([2, 3]))).toThrow(
        expect.objectContaining({ ...refused, actual: 'float32 [2, 3]' }),
      );
      expect(() => layer.forward(tf.zeros([2, 4], 'int32'))).toThrow(
        expect.objectContaining({ ...refused, actual: 'int32 [2, 4]' }),
      );
    });
  });
});

describe('the checks of PHM', () => {
  beforeAll(() => useBackend('cpu'));

  const problem: PhmProblem = {
    n: 2,
    features: [[1, 2, -0.5, 0.25]],
    factors: [
      [
        [1, 0.5],
        [0, 1],
      ],
      [
        [0, 1],
        [-1, 0.25],
      ],
    ],
    components: [
      [[1], [2]],
      [[-1], [0.5]],
    ],
    bias: [0, 1],
    logitsGradient: [[1, -0.5]],
    targets: [],
  };

  it.each<[string, Partial<PhmProblem>]>([
    ['transposed factors', { factors: problem.factors.map((factor) => reference.toRows(reference.transpose(factor))) }],
    ['reordered components', { components: [...problem.components].reverse() }],
    [
      'the wrong sign of a factor',
      { factors: [problem.factors[0], problem.factors[1].map((row) => row.map((a) => -a))] },
    ],
    ['an error of 1e-4 in a component', { components: [[[1.0001], [2]], problem.components[1]] }],
  ])('fail for a layer with %s', (_, planted) => {
    using layer = layerOf({ ...problem, ...planted });
    const { features, factors, components, bias } = problem;
    const expected = reference.phm(features, factors, components, bias);
    expect(numbers(() => layer.forward(tf.tensor2d(features)))).not.toBeAllClose(
      expected,
      FLOAT32,
      scaleOf(problem).logits,
    );
    const gradient = numbers(
      () => backward(layer, tf.tensor2d(features), tf.tensor2d(problem.logitsGradient)).components,
    );
    const ofFactors = numbers(
      () => backward(layer, tf.tensor2d(features), tf.tensor2d(problem.logitsGradient)).factors,
    );
    const both = [...gradient, ...ofFactors];
    const right = expectedGradient(problem);
    expect(both).not.toBeAllClose([right.components, right.factors], FLOAT32);
  });

  it('fail for x ⊗ w in place of w ⊗ x', () => {
    const [w, x]: Quaternion[] = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    using layer = new Phm({
      inputs: 4,
      units: 4,
      n: 4,
      factors: quaternionFactors,
      components: w.map((part) => [[part]]),
    });
    const product = [...numbers(() => layer.forward(tf.tensor2d([x])))];
    expect(product).toEqual(hamiltonProduct(w, x));
    expect(product).not.toEqual(hamiltonProduct(x, w));
  });
});
