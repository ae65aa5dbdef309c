import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import {
  backward,
  crossEntropy,
  Dense,
  formatGradcheck,
  type GradcheckResult,
  type Gradient,
  gradcheck,
  gradcheckAsync,
  gradcheckLine,
  type Logits,
  loadIris,
  oneHot,
  Phm,
  softmax,
} from 'softmax-regression';
import type { DenseGradient } from '../src/reference/dense.js';
import { onEveryBackend, useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';
import { denseProblem, phmProblem } from './helpers/problems.js';

/** Wraps the closed form of the reference, so that a test can plant an error in it. */
const mockClosedForm = jest.fn((gradient: DenseGradient) => gradient);
jest.mock('../src/reference/dense.js', () => {
  const dense = jest.requireActual('../src/reference/dense.js');
  return { ...dense, denseGradient: (...problem: unknown[]) => mockClosedForm(dense.denseGradient(...problem)) };
});

afterEach(() => {
  mockClosedForm.mockReset().mockImplementation((gradient) => gradient);
});

/** (softmax(o) − y)/n, passed back through the layer by hand. */
const closedForm: Gradient = (layer, features, targets) => {
  const p: tf.Tensor2D = softmax(layer.forward(features));
  return backward(layer, features, p.sub<tf.Tensor2D>(targets).div(features.shape[0]));
};

onEveryBackend('gradcheck', (backend) => {
  it('passes for a dense layer: all three gradients agree', () => {
    const check = fc.property(denseProblem, (p) => {
      using layer = new Dense({ inputs: p.features[0].length, units: p.bias.length, weight: p.weight, bias: p.bias });
      const [features, targets] = [tf.tensor2d(p.features), tf.tensor2d(p.targets)];
      for (const gradient of [undefined, closedForm]) {
        expect(gradcheckLine(gradcheck({ layer, features, targets, gradient }))).toContain('autograd = softmax(o) − y');
      }
      tf.dispose([features, targets]);
    });
    fc.assert(check, { ...PROPERTY, numRuns: 30 });
  });

  it.each([true, false])(
    'passes for a PHM layer: all three gradients agree, with trainableFactors: %p',
    (trainableFactors) => {
      const check = fc.property(phmProblem, ({ n, features: x, factors, components, bias, targets: y }) => {
        const shape = { inputs: x[0].length, units: bias.length, n };
        using layer = new Phm({ ...shape, factors, components, bias, trainableFactors });
        const [features, targets] = [tf.tensor2d(x), tf.tensor2d(y)];
        for (const gradient of [undefined, closedForm]) {
          const result = gradcheck({ layer, features, targets, gradient });
          expect(gradcheckLine(result)).toContain('autograd = softmax(o) − y');
          expect(result.parameters.map(({ parameter }) => parameter)).toEqual(Object.keys(layer.parameters));
        }
        tf.dispose([features, targets]);
      });
      fc.assert(check, { ...PROPERTY, numRuns: 20 });
    },
  );

  it('reports what it compared', () => {
    using layer = new Dense({ inputs: 4, units: 3, seed: 1 });
    const iris = loadIris();
    const features = tf.tensor2d(iris.features);
    const targets = oneHot(
      iris.labels.map((label) => iris.classNames.indexOf(label)),
      3,
    );
    const result = gradcheck({ layer, features, targets });
    expect(result).toMatchObject({ ok: true, backend, samples: 150 });
    expect(result.parameters).toMatchObject([
      { parameter: 'weight', shape: [4, 3], differences: 12 },
      { parameter: 'bias', shape: [3], differences: 3 },
    ]);
    for (const check of result.parameters) {
      expect(check.autogradAgainstClosedForm.maxError).toBeLessThan(1e-5);
      expect(check.closedFormAgainstDifferences.maxError).toBeLessThan(1e-8);
      expect(check.autogradAgainstDifferences.ratio).toBeLessThan(1);
    }
    expect(result.ok && result.maxError).toBeGreaterThan(0);
    tf.dispose([features, targets]);
  });

  it('takes differences at a seeded sample of the entries of a large parameter', () => {
    using layer = new Dense({ inputs: 100, units: 5, seed: 1 });
    const features = tf.randomNormal<tf.Rank.R2>([3, 100], 0, 1, 'float32', 1);
    const targets = oneHot([0, 1, 2], 5);
    const at = (maxDifferences?: number) =>
      gradcheck({ layer, features, targets, maxDifferences }).parameters.map(({ differences }) => differences);
    expect(at()).toEqual([200, 5]);
    expect(at(7)).toEqual([7, 5]);
    expect(gradcheck({ layer, features, targets })).toEqual(gradcheck({ layer, features, targets }));
    tf.dispose([features, targets]);
  });

  it('finds the same with values that are read asynchronously, and leaves no tensor', async () => {
    const makers = [() => new Dense({ inputs: 4, units: 2 }), () => new Phm({ inputs: 4, units: 2, n: 2 })];
    for (const make of makers) {
      using layer = make();
      const [features, targets] = [tf.randomNormal<tf.Rank.R2>([3, 4], 0, 1, 'float32', 1), oneHot([0, 1, 0], 2)];
      const before = tf.memory().numTensors;
      const wrong: Gradient = (...given) => ({ ...closedForm(...given), bias: tf.ones([2]) });
      for (const gradient of [undefined, closedForm, wrong]) {
        const options = { layer, features, targets, gradient };
        expect(await gradcheckAsync(options)).toEqual(gradcheck(options));
      }
      expect((await gradcheckAsync({ layer, features, targets })).ok).toBe(true);
      await expect(gradcheckAsync({ layer, features, targets: features })).rejects.toThrow(/^gradcheckAsync: targets/);
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose([features, targets]);
    }
  });

  it('does not leak tensors, even when it throws', () => {
    using layer = new Phm({ inputs: 4, units: 2, n: 2 });
    const [features, targets] = [tf.ones<tf.Rank.R2>([3, 4]), oneHot([0, 1, 0], 2)];
    const before = tf.memory().numTensors;
    gradcheck({ layer, features, targets });
    gradcheck({ layer, features, targets, gradient: closedForm });
    const broken: Gradient = () => {
      tf.zeros([3]);
      throw new Error('broken');
    };
    expect(() => gradcheck({ layer, features, targets, gradient: broken })).toThrow('broken');
    expect(() => gradcheck({ layer, features, targets: features })).toThrow();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([features, targets]);
  });

  it.each<[string, () => object, { code: string; argument: string; expected?: string; actual?: string }]>([
    [
      'features of another width',
      () => ({ features: tf.ones([3, 5]) }),
      { code: 'SHAPE', argument: 'features', expected: 'be float32 of shape [n, 4]' },
    ],
    [
      'an empty batch',
      () => ({ features: tf.zeros([0, 4]), targets: tf.zeros([0, 2]) }),
      { code: 'SHAPE', argument: 'features', actual: '0' },
    ],
    [
      'targets of another width',
      () => ({ targets: oneHot([0, 1, 0], 3) }),
      { code: 'SHAPE', argument: 'targets', expected: 'have shape [3, 2]', actual: '[3, 3]' },
    ],
    [
      'targets for another number of samples',
      () => ({ targets: oneHot([0, 1], 2) }),
      { code: 'SHAPE', argument: 'targets', actual: '[2, 2]' },
    ],
    ['targets as arrays', () => ({ targets: [[0, 1]] }), { code: 'SHAPE', argument: 'targets' }],
    [
      'targets that are not distributions',
      () => ({ targets: tf.ones([3, 2]) }),
      { code: 'DOMAIN', argument: 'targets[0]', expected: 'sum to 1' },
    ],
    [
      'NaN features',
      () => ({ features: tf.fill([3, 4], Number.NaN) }),
      { code: 'DOMAIN', argument: 'the loss', expected: 'be finite', actual: 'NaN' },
    ],
    ['an unknown option', () => ({ tolerance: 1 }), { code: 'DOMAIN', argument: 'options' }],
    ['maxDifferences of 0', () => ({ maxDifferences: 0 }), { code: 'DOMAIN', argument: 'maxDifferences' }],
  ])('rejects %s', (_, change, { code, argument, ...others }) => {
    using layer = new Phm({ inputs: 4, units: 2, n: 2 });
    tf.tidy(() => {
      const right = { features: tf.ones<tf.Rank.R2>([3, 4]), targets: oneHot([0, 1, 0], 2) };
      const run = () => gradcheck({ layer, ...right, ...change() });
      // On TensorFlow, the values of targets are checked by the reference only.
      const where =
        backend === 'tensorflow' && code === 'DOMAIN' && argument.startsWith('targets') ? 'crossEntropy' : 'gradcheck';
      expect(run).toThrow(expect.objectContaining({ where, code, argument, ...others }));
    });
  });
});

describe('gradcheck with a planted error', () => {
  beforeAll(() => useBackend('cpu'));

  function check(
    gradient: Gradient,
    layer: Dense | Phm = new Dense({ inputs: 3, units: 3, seed: 1 }),
  ): GradcheckResult {
    const features = tf.tensor2d([
      [1, 0.5, -0.25],
      [-1, 2, 0.75],
    ]);
    const targets = oneHot([0, 2], 3);
    const result = gradcheck({ layer, features, targets, gradient });
    tf.dispose([features, targets]);
    layer.dispose();
    return result;
  }

  const changed =
    (parameter: string, change: (gradient: tf.Tensor) => tf.Tensor): Gradient =>
    (...problem) => {
      const gradients = closedForm(...problem);
      return { ...gradients, [parameter]: change(gradients[parameter]) };
    };

  it('passes for the correct gradient, before an error is planted', () => {
    expect(check(closedForm).ok).toBe(true);
    expect(check(changed('weight', (g) => g.mul(1 + 1e-7))).ok).toBe(true);
  });

  it.each<[string, string, Gradient]>([
    ['the wrong sign', 'weight', changed('weight', (g) => g.neg())],
    ['the wrong sign', 'bias', changed('bias', (g) => g.neg())],
    ['a forgotten 1/n', 'bias', changed('bias', (g) => g.mul(2))],
    ['a transposed weight', 'weight', changed('weight', (g) => tf.transpose(g))],
    [
      'one entry off by 1e-4',
      'weight',
      changed('weight', (g) =>
        g.add(
          tf
            .oneHot(tf.tensor1d([4], 'int32'), 9)
            .mul(1e-4)
            .reshape([3, 3]),
        ),
      ),
    ],
    ['a missing entry', 'bias', changed('bias', (g) => g.slice(0, 2))],
    ['an extra entry', 'bias', changed('bias', (g) => tf.concat([g, [0]]))],
    ['NaN', 'weight', changed('weight', (g) => g.mul(Number.NaN))],
  ])('finds %s in ∂ℓ/∂%s', (_, parameter, gradient) => {
    const result = check(gradient);
    expect(result).toMatchObject({ ok: false, worst: { what: `∂ℓ/∂${parameter}` } });
    const right = result.parameters.filter((each) => each.parameter !== parameter);
    for (const each of right) expect(each.autogradAgainstClosedForm.ratio).toBeLessThan(1);
    expect(gradcheckLine(result)).toContain(`∂ℓ/∂${parameter} DISAGREES`);
  });

  it('finds the entry that is wrong', () => {
    const nudge = () =>
      tf
        .oneHot(tf.tensor1d([4], 'int32'), 9)
        .mul(1e-4)
        .reshape([3, 3]);
    const { worst } = check(changed('weight', (g) => g.add(nudge()))) as GradcheckResult & { ok: false };
    expect(worst.at).toBe(4);
    expect(worst.actual - worst.expected).toBeCloseTo(1e-4, 6);
    expect(worst.ratio).toBeGreaterThan(10);
  });

  it('finds a parameter whose gradient is missing', () => {
    const result = check((...problem) => ({ weight: closedForm(...problem).weight }));
    expect(result).toMatchObject({ ok: false, worst: { what: '∂ℓ/∂bias', ratio: Number.POSITIVE_INFINITY } });
  });

  it('finds a softmax of a softmax, and a forgotten 1/n, in every parameter', () => {
    const twice: Gradient = (layer, features, targets) => {
      const p = softmax(softmax(layer.forward(features)) as tf.Tensor2D as Logits);
      return backward(layer, features, p.sub<tf.Tensor2D>(targets).div(features.shape[0]));
    };
    const withoutMean: Gradient = (layer, features, targets) =>
      backward(layer, features, softmax(layer.forward(features)).sub<tf.Tensor2D>(targets));
    for (const gradient of [twice, withoutMean]) {
      const result = check(gradient);
      expect(result.ok).toBe(false);
      for (const each of result.parameters) expect(each.autogradAgainstClosedForm.ratio).toBeGreaterThan(1);
    }
  });

  it('finds the wrong sign in the factors of a PHM layer', () => {
    const layer = () => new Phm({ inputs: 3, units: 3, n: 3, seed: 1 });
    expect(check(closedForm, layer()).ok).toBe(true);
    const planted = changed('factors', (g) => g.neg());
    expect(check(planted, layer())).toMatchObject({ ok: false, worst: { what: '∂ℓ/∂factors' } });
  });

  it('finds a wrong forward pass by its logits', () => {
    class WithoutBias extends Dense {
      override forward(features: tf.Tensor2D): Logits {
        return tf.matMul(features, this.weight) as Logits;
      }
    }
    const layer = new WithoutBias({ inputs: 3, units: 3, seed: 1, bias: [1, 0, 0] });
    const result = check(closedForm, layer);
    expect(result).toMatchObject({ ok: false, logits: { expected: expect.any(Number) } });
    expect(result.logits.ratio).toBeGreaterThan(1);
    expect(result.loss.ratio).toBeGreaterThan(1);
  });

  it('finds an error of 5e-6 in the closed form, too small for float32, by finite differences', () => {
    mockClosedForm.mockImplementation(({ features, weight, bias }) => {
      const values = weight.values.map((value) => value * (1 + 5e-6));
      return { features, weight: { ...weight, values }, bias };
    });
    const result = check(closedForm);
    expect(result.parameters[0].autogradAgainstClosedForm.ratio).toBeLessThan(1);
    expect(result).toMatchObject({ ok: false, worst: { what: '∂ℓ/∂weight', between: 'closed form and differences' } });
  });

  it('finds the gradient of another loss', () => {
    const ofAnotherLoss: Gradient = (layer, features, targets) => {
      const loss = (weight: tf.Tensor) =>
        crossEntropy(layer.forward(features, { ...layer.parameters, weight }), targets);
      return { ...closedForm(layer, features, targets), weight: tf.grad((w) => loss(w).square())(layer.weightOf()) };
    };
    expect(check(ofAnotherLoss)).toMatchObject({ ok: false, worst: { what: '∂ℓ/∂weight' } });
  });
});

describe('formatGradcheck and gradcheckLine', () => {
  const comparison = { maxError: 1.3e-8, ratio: 0.01, at: 0, actual: 1, expected: 1 };
  const parameter = (name: string, shape: number[], differences: number) => ({
    parameter: name,
    shape,
    autogradAgainstClosedForm: comparison,
    closedFormAgainstDifferences: { ...comparison, maxError: 3e-11 },
    autogradAgainstDifferences: comparison,
    differences,
  });
  const findings = {
    backend: 'tensorflow',
    samples: 256,
    logits: comparison,
    loss: comparison,
    parameters: [parameter('weight', [784, 10], 200), parameter('bias', [10], 10)],
  };
  const passed: GradcheckResult = { ...findings, ok: true, maxError: 1.3e-8 };
  const failed: GradcheckResult = {
    ...findings,
    ok: false,
    worst: {
      ...comparison,
      what: '∂ℓ/∂bias',
      between: 'autograd and closed form',
      at: 3,
      actual: 0.5,
      expected: -0.5,
      ratio: 166_666.7,
    },
  };

  it('print a small table and a line', () => {
    expect(formatGradcheck(passed).split('\n')).toEqual([
      '            shape      autograd − closed form  closed form − differences  differences at',
      '∂ℓ/∂weight  [784, 10]  1.3e-8                  3.0e-11                    200 of 7840',
      '∂ℓ/∂bias    [10]       1.3e-8                  3.0e-11                    10 of 10',
      'gradcheck on tensorflow, 256 samples: autograd = softmax(o) − y = finite differences (largest difference 1.3e-8)',
    ]);
  });

  it('name what disagrees, where, and by how much', () => {
    expect(gradcheckLine(failed)).toBe(
      'gradcheck on tensorflow, 256 samples: ∂ℓ/∂bias DISAGREES between autograd and closed form: ' +
        '0.5 against -0.5 at 3, 1.67e+5 × the tolerance',
    );
    expect(formatGradcheck(failed).split('\n').at(-1)).toBe(gradcheckLine(failed));
  });
});
