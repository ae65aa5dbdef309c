import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { backward, Dense, dense, FLOAT32, reference } from 'softmax-regression';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';
import { absolute, type DenseProblem, denseProblem, numbers } from './helpers/problems.js';

const L2 = 0.3;

function layerOf({ features, weight, bias }: Pick<DenseProblem, 'features' | 'weight' | 'bias'>): Dense {
  return new Dense({ inputs: features[0].length, units: bias.length, weight, bias });
}

/** ∂/∂W and ∂/∂b of G·o + λ/2·‖W‖². */
function expectedGradient({ features, weight, logitsGradient }: DenseProblem, l2: number) {
  const gradient = reference.denseGradient(features, weight, logitsGradient);
  const penalty = weight.flat();
  return { ...gradient, weight: gradient.weight.values.map((g, i) => g + l2 * penalty[i]) };
}

/** The same sums over absolute values: what float32 rounding is judged against. */
function scaleOf(problem: DenseProblem) {
  const { features, weight, bias, logitsGradient } = problem;
  const [x, w, g] = [absolute(features), absolute(weight), absolute(logitsGradient)];
  const positive = { ...problem, features: x, weight: w, logitsGradient: g };
  return { logits: reference.dense(x, w, absolute(bias)), ...expectedGradient(positive, L2) };
}

onEveryBackend('dense', () => {
  it('matches the reference relative to |X||W| + |b|', () => {
    const check = fc.property(denseProblem, (p) => {
      const expected = reference.dense(p.features, p.weight, p.bias);
      const { logits: scale } = scaleOf(p);
      const plain = () => dense(tf.tensor2d(p.features), tf.tensor2d(p.weight), tf.tensor1d(p.bias));
      expect(numbers(plain)).toBeAllClose(expected, FLOAT32, scale);
      using layer = layerOf(p);
      expect(numbers(() => layer.forward(tf.tensor2d(p.features)))).toBeAllClose(expected, FLOAT32, scale);
    });
    fc.assert(check, PROPERTY);
  });

  it('matches the reference gradient by autograd for features, weight and bias', () => {
    const check = fc.property(denseProblem, (p) => {
      const expected = reference.denseGradient(p.features, p.weight, p.logitsGradient);
      const scale = scaleOf(p);
      const [features, weight, bias] = tf.tidy(() => {
        const loss = (...[x, w, b]: tf.Tensor[]) =>
          dense(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D)
            .mul(tf.tensor2d(p.logitsGradient))
            .sum();
        return tf
          .grads(loss)([tf.tensor2d(p.features), tf.tensor2d(p.weight), tf.tensor1d(p.bias)])
          .map((gradient) => gradient.dataSync());
      });
      expect(features).toBeAllClose(expected.features, FLOAT32, scale.features);
      expect(weight).toBeAllClose(expected.weight, FLOAT32, scale.weight);
      expect(bias).toBeAllClose(expected.bias, FLOAT32, scale.bias);
    });
    fc.assert(check, PROPERTY);
  });

  it.each([0, L2])('matches the reference gradient by the closed form with l2 = %d', (l2) => {
    const check = fc.property(denseProblem, (p) => {
      using layer = layerOf(p);
      const expected = expectedGradient(p, l2);
      const scale = scaleOf(p);
      tf.tidy(() => {
        const gradient = backward(layer, tf.tensor2d(p.features), tf.tensor2d(p.logitsGradient), undefined, l2);
        expect(Object.keys(gradient).sort()).toEqual(['bias', 'weight']);
        expect(gradient.weight).toBeAllClose(expected.weight, FLOAT32, scale.weight);
        expect(gradient.bias).toBeAllClose(expected.bias, FLOAT32, scale.bias);
      });
    });
    fc.assert(check, PROPERTY);
  });

  it('matches the reference over 784 features relative to |X||W|', () => {
    using layer = new Dense({ inputs: 784, units: 10, seed: 1 });
    const x = Float32Array.from({ length: 64 * 784 }, (_, i) => Math.fround(Math.sin(i) + Math.cos(7 * i)));
    const rows = Array.from({ length: 64 }, (_, i) => x.subarray(i * 784, (i + 1) * 784));
    const weight = { rows: 784, columns: 10, values: Float64Array.from(layer.weight.dataSync()) };
    const expected = reference.dense(rows, weight, new Float64Array(10));
    const scale = reference.dense(
      rows.map((row) => row.map(Math.abs)),
      { ...weight, values: weight.values.map(Math.abs) },
      new Float64Array(10),
    );
    expect(numbers(() => layer.forward(tf.tensor2d(x, [64, 784])))).toBeAllClose(expected, FLOAT32, scale);
  });

  it('is linear: dense(aX) − b = a(dense(X) − b)', () => {
    const check = fc.property(denseProblem, (p) => {
      using layer = layerOf(p);
      const [once, twice] = tf.tidy(() =>
        [1, 2].map((factor) => layer.forward(tf.tensor2d(p.features).mul(factor)).sub(layer.bias).dataSync()),
      );
      expect(once.map((o) => 2 * o)).toBeAllClose(twice, { rtol: 1e-5, atol: 1e-5 });
    });
    fc.assert(check, PROPERTY);
  });

  it('matches its docstring examples', () => {
    tf.tidy(() => {
      const identity = tf.tensor2d([
        [1, 0],
        [0, 1],
      ]);
      expect([...dense(tf.tensor2d([[1, 2]]), identity, tf.tensor1d([10, 20])).dataSync()]).toEqual([11, 22]);
      using layer = new Dense({ inputs: 2, units: 1 });
      const gradient = backward(layer, tf.tensor2d([[1, 2]]), tf.tensor2d([[3]]));
      expect([...gradient.weight.dataSync()]).toEqual([3, 6]);
    });
  });

  it('counts 12 weights and 3 biases for 4 features and 3 classes', () => {
    using layer = new Dense({ inputs: 4, units: 3 });
    expect(layer.numParameters).toBe(15);
    expect([layer.weight.size, layer.bias.size]).toEqual([12, 3]);
    expect(Object.keys(layer.parameters)).toEqual(['weight', 'bias']);
    expect(layer).toMatchObject({ kind: 'dense', inputs: 4, units: 3 });
  });

  it('starts with small normal weights determined by its seed, and bias 0', () => {
    using layer = new Dense({ inputs: 100, units: 50, seed: 7 });
    using same = new Dense({ inputs: 100, units: 50, seed: 7 });
    using other = new Dense({ inputs: 100, units: 50, seed: 8 });
    const weight = layer.weight.dataSync<'float32'>();
    expect([...same.weight.dataSync()]).toEqual([...weight]);
    expect([...other.weight.dataSync()]).not.toEqual([...weight]);
    expect([...layer.bias.dataSync()]).toEqual(new Array(50).fill(0));
    const mean = weight.reduce((a, b) => a + b) / weight.length;
    const deviation = Math.sqrt(weight.reduce((sum, w) => sum + (w - mean) ** 2, 0) / weight.length);
    expect(Math.abs(mean)).toBeLessThan(5e-4);
    expect(deviation).toBeCloseTo(0.01, 3);
  });

  it('copies its initial parameters, and accepts other parameters for one call', () => {
    const weight = tf.tensor2d([[2]]);
    using layer = new Dense({ inputs: 1, units: 1, weight, bias: tf.tidy(() => tf.tensor1d([1])) });
    weight.dispose();
    const x = tf.tensor2d([[3]]);
    const other = { weight: tf.tensor2d([[10]]), bias: tf.tensor1d([0]) };
    expect([...numbers(() => layer.forward(x))]).toEqual([7]);
    expect([...numbers(() => layer.forward(x, other))]).toEqual([30]);
    expect([...numbers(() => layer.weightOf())]).toEqual([2]);
    expect([...numbers(() => layer.weightOf(other))]).toEqual([10]);
    tf.dispose([x, other]);
  });

  it('penalises the parameters of the call, not its own', () => {
    using layer = new Dense({ inputs: 1, units: 1, weight: [[2]] });
    tf.tidy(() => {
      const zero = tf.zeros<tf.Rank.R2>([1, 1]);
      const other = { weight: tf.tensor2d([[10]]), bias: tf.tensor1d([5]) };
      const gradient = backward(layer, zero, zero, other, 0.5);
      expect([...gradient.weight.dataSync(), ...gradient.bias.dataSync()]).toEqual([5, 0]);
    });
  });

  it('accepts an empty batch', () => {
    using layer = new Dense({ inputs: 4, units: 3 });
    tf.tidy(() => {
      expect(layer.forward(tf.zeros([0, 4])).shape).toEqual([0, 3]);
      const gradient = backward(layer, tf.zeros([0, 4]), tf.zeros([0, 3]));
      expect([...gradient.weight.dataSync()]).toEqual(new Array(12).fill(0));
      expect([...gradient.bias.dataSync()]).toEqual([0, 0, 0]);
    });
  });

  it('propagates NaN within its row only', () => {
    using layer = new Dense({ inputs: 1, units: 2, weight: [[1, 2]] });
    expect([...numbers(() => layer.forward(tf.tensor2d([[Number.NaN], [1]])))]).toEqual([Number.NaN, Number.NaN, 1, 2]);
  });

  it('frees its tensors on dispose and at the end of `using`', () => {
    const before = tf.memory().numTensors;
    const layer = new Dense({ inputs: 2, units: 2 });
    expect(tf.memory().numTensors).toBe(before + 2);
    layer.dispose();
    layer.dispose();
    {
      using scoped = new Dense({ inputs: 2, units: 2 });
      expect(scoped.weight.isDisposed).toBe(false);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[string, object, object]>([
    ['no units', { inputs: 4 }, { code: 'DOMAIN', argument: 'units', expected: 'be an integer > 0' }],
    ['zero inputs', { inputs: 0, units: 3 }, { code: 'DOMAIN', argument: 'inputs' }],
    ['a fractional number of units', { inputs: 4, units: 1.5 }, { code: 'DOMAIN', argument: 'units', actual: '1.5' }],
    [
      'a misspelt option',
      { inputs: 4, units: 3, wieght: [] },
      { code: 'DOMAIN', argument: 'options', actual: "'wieght'" },
    ],
    [
      'a weight of another shape',
      { inputs: 1, units: 2, weight: [[1], [2]] },
      { code: 'SHAPE', argument: 'weight', expected: 'have shape [1, 2]', actual: '[2, 1]' },
    ],
    [
      'a ragged weight',
      { inputs: 2, units: 2, weight: [[1, 2], [3]] },
      { code: 'SHAPE', argument: 'weight', actual: 'an array of 2' },
    ],
    [
      'a bias of another length',
      { inputs: 1, units: 2, bias: [1] },
      { code: 'SHAPE', argument: 'bias', expected: 'have shape [2]' },
    ],
    ['a negative seed', { inputs: 1, units: 2, seed: -1 }, { code: 'DOMAIN', where: 'Random', argument: 'seed' }],
  ])('rejects %s without leaking tensors', (_, options, fields) => {
    const before = tf.memory().numTensors;
    expect(() => new Dense(options as never)).toThrow(expect.objectContaining({ where: 'Dense', ...fields }));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('rejects features, gradients and parameters of the wrong shape or type', () => {
    using layer = new Dense({ inputs: 4, units: 3 });
    const refused = (fields: object) =>
      expect.objectContaining({ code: 'SHAPE', where: 'Dense.forward', argument: 'features', ...fields });
    tf.tidy(() => {
      expect(() => layer.forward(tf.zeros([2, 3]))).toThrow(
        refused({ expected: 'be float32 of shape [n, 4]', actual: 'float32 [2, 3]' }),
      );
      expect(() => layer.forward(tf.zeros([4]) as never)).toThrow(refused({ actual: 'float32 [4]' }));
      expect(() => layer.forward(tf.zeros([2, 4], 'int32'))).toThrow(refused({ actual: 'int32 [2, 4]' }));
      expect(() => layer.forward([[1, 2, 3, 4]] as never)).toThrow(
        refused({ hint: 'Rows of numbers? tf.tensor2d(rows).' }),
      );
      expect(() => backward(layer, tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow(refused({ where: 'backward' }));
      expect(() => backward(layer, tf.zeros([2, 4]), tf.zeros([2, 4]))).toThrow(
        expect.objectContaining({ code: 'SHAPE', argument: 'logitsGradient', expected: 'have shape [2, 3]' }),
      );
      expect(() => dense(tf.zeros([1, 4]), tf.zeros([2, 3]), tf.zeros([3]))).toThrow(
        refused({ where: 'dense', expected: 'be float32 of shape [n, 2]', actual: 'float32 [1, 4]' }),
      );
      expect(() => dense(tf.zeros([1, 2]), tf.zeros([2, 3]), tf.zeros([2]))).toThrow(
        expect.objectContaining({ code: 'SHAPE', where: 'dense', argument: 'bias', expected: 'have shape [3]' }),
      );
      expect(() => dense(tf.zeros([1, 2]), tf.zeros([2]) as never, tf.zeros([2]))).toThrow(
        expect.objectContaining({ code: 'SHAPE', where: 'dense', argument: 'weight' }),
      );
    });
  });
});

describe('the checks of dense', () => {
  beforeAll(() => useBackend('cpu'));

  const problem: DenseProblem = {
    features: [
      [1, 2],
      [0.5, -1],
    ],
    weight: [
      [1, -1],
      [0.5, 2],
    ],
    bias: [0.25, -0.5],
    logitsGradient: [
      [1, -1],
      [0.5, 0.25],
    ],
    targets: [],
  };

  it.each<[string, (x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D) => tf.Tensor]>([
    ['a transposed weight', (x, w, b) => dense(x, tf.transpose(w), b)],
    ['a forgotten bias', (x, w) => x.matMul(w)],
    ['a subtracted bias', (x, w, b) => dense(x, w, tf.neg(b))],
    ['an error of 1e-4', (x, w, b) => dense(x, w, b).mul(1.0001)],
  ])('fail for a forward pass with %s', (_, planted) => {
    const { features, weight, bias } = problem;
    const actual = numbers(() => planted(tf.tensor2d(features), tf.tensor2d(weight), tf.tensor1d(bias)));
    expect(actual).not.toBeAllClose(reference.dense(features, weight, bias), FLOAT32, scaleOf(problem).logits);
  });

  it.each<[string, (weightGradient: tf.Tensor) => tf.Tensor]>([
    ['the wrong sign', (g) => g.neg()],
    ['a transposed weight', (g) => tf.transpose(g)],
    ['half of the penalty', (g) => g.sub(tf.tensor2d(problem.weight).mul(L2 / 2))],
  ])('fail for a gradient with %s', (_, planted) => {
    using layer = layerOf(problem);
    const actual = numbers(() =>
      planted(
        backward(layer, tf.tensor2d(problem.features), tf.tensor2d(problem.logitsGradient), undefined, L2).weight,
      ),
    );
    expect(actual).not.toBeAllClose(expectedGradient(problem, L2).weight, FLOAT32, scaleOf(problem).weight);
  });
});
