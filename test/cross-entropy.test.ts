import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { asLogits, asTargets, crossEntropy, oneHot, reference, softmax, sparseCrossEntropy } from 'softmax-regression';
import { onEveryBackend, TEST_BACKENDS, useBackend } from './helpers/backends.js';
import { PROPERTY } from './helpers/numbers.js';
import { gradientOf, hessianVectorOf, numbers, type Problem, problem } from './helpers/problems.js';

const { NaN: nan, NEGATIVE_INFINITY: impossible, POSITIVE_INFINITY: infinite } = Number;
const reductions = ['mean', 'sum', 'none'] as const;
const IGNORED = -100;

/** Options as plain arrays, which the reference accepts too. */
type Options = reference.SparseCrossEntropyOptions;

interface Combination {
  readonly title: string;
  readonly names: readonly (keyof Options)[];
  readonly reduction: (typeof reductions)[number];
}

/** Each reduction with each subset of the other options. */
function combinations(...others: (keyof Options)[]): Combination[] {
  const subsets: (keyof Options)[][] = [[]];
  for (const name of others) subsets.push(...subsets.map((names) => [...names, name]));
  return reductions.flatMap((reduction) =>
    subsets.map((names) => ({ title: [reduction, ...names].join(', '), names, reduction })),
  );
}

const DENSE = combinations('classWeights', 'sampleWeights', 'labelSmoothing');
const SPARSE = combinations('classWeights', 'sampleWeights', 'labelSmoothing', 'ignoreIndex');

function optionsOf(p: Problem, { names, reduction }: Combination): Options {
  const all = { ...p, ignoreIndex: IGNORED };
  return { reduction, ...Object.fromEntries(names.map((name) => [name, all[name as keyof typeof all]])) };
}

/** Every second sample is ignored, if the options allow it. */
function labelsOf({ labels }: Problem, { names }: Combination): number[] {
  return names.includes('ignoreIndex') ? labels.map((label, i) => (i % 2 === 0 ? label : IGNORED)) : labels;
}

// Weights of at most 3 × 3 multiply what float32 rounds in softmax(o), which is judged at o: 9 × 1e-6.
const WEIGHTED = { rtol: 1e-5, atol: 9e-6 };
const toleranceOf = ({ names }: Combination) => (names.some((name) => name.endsWith('Weights')) ? WEIGHTED : undefined);
/** Few problems for each combination, but others for each. */
const combination = (index = 0) => ({ ...PROPERTY, seed: PROPERTY.seed + index, numRuns: 3 });

onEveryBackend('crossEntropy', (backend) => {
  it.each(DENSE)('matches the value, gradient and Hessian-vector product of the reference with $title', (each) => {
    const check = fc.property(problem, (p) => {
      const { logits, targets, vector } = p;
      const options = optionsOf(p, each);
      const loss = (o: tf.Tensor2D) => crossEntropy(o, tf.tensor2d(targets), options);
      const tolerance = toleranceOf(each);
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(reference.crossEntropy(logits, targets, options));
      expect(gradientOf(loss, logits)).toBeAllClose(
        reference.crossEntropyGradient(logits, targets, options),
        tolerance,
      );
      expect(hessianVectorOf(loss, logits, vector)).toBeAllClose(
        reference.crossEntropyHessianVector(logits, targets, vector, options),
        tolerance,
      );
    });
    fc.assert(check, combination(DENSE.indexOf(each)));
  });

  it('accepts weights as tensors', () => {
    const check = fc.property(problem, ({ logits, targets, classWeights, sampleWeights }) => {
      const [o, y] = [tf.tensor2d(logits), tf.tensor2d(targets)];
      const plain = numbers(() => crossEntropy(o, y, { classWeights, sampleWeights }));
      const tensors = () => ({ classWeights: tf.tensor1d(classWeights), sampleWeights: tf.tensor1d(sampleWeights) });
      expect(numbers(() => crossEntropy(o, y, tensors()))).toEqual(plain);
      tf.dispose([o, y]);
    });
    fc.assert(check, combination());
  });

  it('matches its docstring example', () => {
    expect(numbers(() => crossEntropy(asLogits([[1, 2, 3]]), oneHot([2], 3)))[0]).toBeCloseTo(0.4076, 4);
  });

  it('is computed from logits: 100 at (100, 0, 0) for the third class, not 99.98 or 16.118', () => {
    const logits = [[100, 0, 0]];
    expect([...numbers(() => crossEntropy(tf.tensor2d(logits), oneHot([2], 3)))]).toEqual([100]);
    expect(gradientOf((o) => crossEntropy(o, oneHot([2], 3)), logits)).toBeAllClose([1, 0, -1]);
  });

  it('is ≥ 0, and has a gradient that sums to 0 over classes', () => {
    const check = fc.property(problem, ({ logits, targets }) => {
      const loss = (o: tf.Tensor2D) => crossEntropy(o, tf.tensor2d(targets), { reduction: 'none' });
      expect(Math.min(...numbers(() => loss(tf.tensor2d(logits))))).toBeGreaterThanOrEqual(0);
      const sums = numbers(() => tf.tensor(gradientOf(loss, logits), [logits.length, logits[0].length]).sum(1));
      expect(Math.max(...sums.map(Math.abs))).toBeLessThan(1e-6);
    });
    fc.assert(check, PROPERTY);
  });

  it('has gradient 0 if the targets are softmax(o)', () => {
    const check = fc.property(problem, ({ logits }) => {
      const loss = (o: tf.Tensor2D) => crossEntropy(o, softmax(tf.tensor2d(logits)), { reduction: 'sum' });
      expect(gradientOf(loss, logits)).toBeAllClose(logits.map((row) => row.map(() => 0)));
    });
    fc.assert(check, PROPERTY);
  });

  it('has gradient p·Σy − y for targets that sum to 1 only approximately', () => {
    // Target sums may differ from 1 by 1e-4. Value and gradient then belong to the targets as given.
    const targets = [[0.5, 0.499995, 0]];
    const gradient = gradientOf((o) => crossEntropy(o, tf.tensor2d(targets)), [[3, 0, 0]]);
    expect(gradient).toBeAllClose(reference.crossEntropyGradient([[3, 0, 0]], targets));
    expect(Math.abs(gradient.reduce((a, b) => a + b))).toBeLessThan(1e-6);
  });

  it('accepts targets of 1000 classes rounded to six digits, and rejects those rounded to three', () => {
    const rows = [Array.from({ length: 1000 }, (_, k) => Math.exp(-k / 300) + (k % 7) / 10)];
    const [whole] = rows.map((row) => row.map((each) => each / row.reduce((a, b) => a + b)));
    const printed = (digits: number) => [whole.map((each) => Number(each.toFixed(digits)))];
    expect(Math.abs(printed(6)[0].reduce((a, b) => a + b) - 1)).toBeGreaterThan(1e-6);
    tf.tidy(() => expect(asTargets(printed(6)).shape).toEqual([1, 1000]));
    expect(() => asTargets(printed(3))).toThrow(expect.objectContaining({ code: 'DOMAIN' }));
    expect(() => asTargets([[0.5, 0.4998]])).toThrow(expect.objectContaining({ code: 'DOMAIN' }));
  });

  it('treats targets as constants', () => {
    expect(() =>
      tf.tidy(() => tf.grad((y) => crossEntropy(tf.tensor2d([[1, 2]]), y as tf.Tensor2D))(tf.tensor2d([[1, 0]]))),
    ).toThrow();
  });

  it('adds no loss and no gradient for a logit −∞ with target 0', () => {
    const logits = [[impossible, 0, 0]];
    for (const targets of [[[0, 1, 0]], [[0, 0.5, 0.5]]]) {
      const loss = (o: tf.Tensor2D) => crossEntropy(o, asTargets(targets));
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(Math.LN2);
      expect(gradientOf(loss, logits)).toBeAllClose(reference.crossEntropyGradient(logits, targets));
      expect(hessianVectorOf(loss, logits, [[1, 1, 0]])).toBeAllClose([0, 0.25, -0.25]);
    }
  });

  it('is +∞ with gradient p − y for a logit −∞ with a target above 0', () => {
    const logits = [
      [impossible, 0, 0],
      [1, 2, 3],
    ];
    const targets = [
      [0.5, 0.5, 0],
      [0, 0, 1],
    ];
    for (const reduction of reductions) {
      const loss = (o: tf.Tensor2D) => crossEntropy(o, tf.tensor2d(targets), { reduction });
      expect(numbers(() => loss(tf.tensor2d(logits)))[0]).toBe(infinite);
      expect(gradientOf(loss, logits)).toBeAllClose(reference.crossEntropyGradient(logits, targets, { reduction }));
    }
    const smoothed = () => crossEntropy(tf.tensor2d([[impossible, 0, 0]]), oneHot([1], 3), { labelSmoothing: 0.1 });
    expect([...numbers(smoothed)]).toEqual([infinite]);
  });

  it('ignores a class of weight 0, even with logit −∞', () => {
    const classWeights = [0, 1, 1];
    const logits = tf.tensor2d([[impossible, 0, 0]]);
    expect(numbers(() => crossEntropy(logits, tf.tensor2d([[0.5, 0.5, 0]]), { classWeights }))).toBeAllClose(
      Math.LN2 / 2,
    );
    logits.dispose();
  });

  it('matches the reference at ±1e30', () => {
    const logits = [[1e30, -1e30, 0]];
    for (const label of [0, 1, 2]) {
      const loss = (o: tf.Tensor2D) => crossEntropy(o, oneHot([label], 3));
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(reference.sparseCrossEntropy(logits, [label]));
      expect(gradientOf(loss, logits)).toBeAllClose(reference.sparseCrossEntropyGradient(logits, [label]));
    }
  });

  it('ignores a sample of weight 0, whatever its logits', () => {
    for (const row of [
      [impossible, 0, 0],
      [impossible, impossible, impossible],
      [nan, 0, infinite],
    ]) {
      const logits = [row, [1, 2, 3]];
      const loss = (o: tf.Tensor2D) => crossEntropy(o, oneHot([0, 2], 3), { sampleWeights: [0, 1] });
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(reference.sparseCrossEntropy([[1, 2, 3]], [2]));
      expect(gradientOf(loss, logits)).toBeAllClose([0, 0, 0, 0.09003057, 0.24472847, -0.33475904]);
      expect([
        ...hessianVectorOf(
          loss,
          logits,
          logits.map(() => [1, 0, 0]),
        ).subarray(0, 3),
      ]).toEqual([0, 0, 0]);
    }
  });

  it.each(reductions)('is 0 with gradient 0 if all weights are 0, with reduction %s', (reduction) => {
    const logits = [
      [1, 2, 3],
      [nan, impossible, 0],
    ];
    for (const weights of [{ sampleWeights: [0, 0] }, { classWeights: [0, 0, 0] }]) {
      const loss = (o: tf.Tensor2D) => crossEntropy(o, oneHot([0, 2], 3), { ...weights, reduction });
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(reduction === 'none' ? [0, 0] : 0);
      expect(gradientOf(loss, logits)).toBeAllClose([0, 0, 0, 0, 0, 0]);
    }
  });

  it.each(reductions)('is 0, or empty, for an empty batch with reduction %s', (reduction) => {
    const expected = reduction === 'none' ? [] : [0];
    for (const options of [
      { reduction },
      { reduction, classWeights: [1, 2, 3], sampleWeights: [], labelSmoothing: 0.1 },
    ]) {
      const loss = (o: tf.Tensor2D) => crossEntropy(o, tf.zeros([0, 3]), options);
      expect([...numbers(() => loss(tf.zeros([0, 3])))]).toEqual(expected);
      expect(numbers(() => tf.grad((o) => loss(o as tf.Tensor2D).sum())(tf.zeros([0, 3])))).toHaveLength(0);
    }
  });

  it('is 0 with gradient 0 for a single class', () => {
    const loss = (o: tf.Tensor2D) => crossEntropy(o, tf.ones([2, 1]));
    expect(numbers(() => loss(tf.tensor2d([[5], [-7]])))).toBeAllClose(0);
    expect(gradientOf(loss, [[5], [-7]])).toBeAllClose([0, 0]);
  });

  it('is NaN with gradient NaN only in rows that contain NaN', () => {
    const logits = [
      [nan, 0],
      [0, 0],
    ];
    const loss = (o: tf.Tensor2D) => crossEntropy(o, oneHot([1, 1], 2), { reduction: 'none' });
    expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose([nan, Math.LN2]);
    expect(gradientOf(loss, logits)).toBeAllClose([nan, nan, 0.5, -0.5]);
    expect([...numbers(() => crossEntropy(tf.tensor2d([[0, 0]]), tf.tensor2d([[nan, 0]])))]).toEqual([nan]);
  });

  it('rejects class indices with a hint to sparseCrossEntropy', () => {
    const logits = tf.zeros<tf.Rank.R2>([2, 3]);
    const labels = tf.tensor1d([0, 2], 'int32');
    expect(() => crossEntropy(logits, labels as never)).toThrow(
      expect.objectContaining({
        code: 'SHAPE',
        message:
          'crossEntropy: targets must have shape [2, 3]; got [2]. ' +
          'Class indices? Use sparseCrossEntropy, or oneHot(labels, 3).',
      }),
    );
    tf.dispose([logits, labels]);
  });

  it.each<[string, () => tf.Tensor2D, () => tf.Tensor2D, object]>([
    [
      'targets of another number of rows',
      () => tf.zeros([2, 2]),
      () => asTargets([[0, 1]]),
      { code: 'SHAPE', argument: 'targets', expected: 'have shape [2, 2]', actual: '[1, 2]' },
    ],
    [
      'targets of another number of classes',
      () => tf.zeros([1, 3]),
      () => asTargets([[0, 1]]),
      { code: 'SHAPE', argument: 'targets', actual: '[1, 2]' },
    ],
    [
      'targets as plain arrays',
      () => tf.zeros([1, 2]),
      () => [[0, 1]] as never,
      { code: 'SHAPE', argument: 'targets', actual: 'an array of 1' },
    ],
    [
      'targets of integers',
      () => tf.zeros([1, 2]),
      () => tf.tensor2d([[0, 1]], [1, 2], 'int32'),
      { code: 'SHAPE', argument: 'targets', actual: 'int32' },
    ],
    [
      'logits of rank 1',
      () => tf.zeros([2]) as never,
      () => asTargets([[0, 1]]),
      { code: 'SHAPE', argument: 'logits', actual: '[2]' },
    ],
    [
      'logits of integers',
      () => tf.zeros([1, 2], 'int32'),
      () => asTargets([[0, 1]]),
      { code: 'SHAPE', argument: 'logits', actual: 'int32' },
    ],
  ])('rejects %s', (_, logits, targets, fields) => {
    expect(() => tf.tidy(() => crossEntropy(logits(), targets()))).toThrow(
      expect.objectContaining({ where: 'crossEntropy', ...fields }),
    );
  });

  it.each([
    ['sum to 0.9', [0.5, 0.4, 0], 'targets[1]', 'sum to 1'],
    ['are scores', [1, 2, 3], 'targets[1]', 'sum to 1'],
    ['are negative', [1.5, -0.5, 0], 'targets[1][1]', 'be ≥ 0'],
    ['are infinite', [infinite, 0, 0], 'targets[1]', 'sum to 1'],
  ])('rejects targets that %s (not checked on tensorflow)', (_, row, argument, expected) => {
    const run = () => numbers(() => crossEntropy(tf.zeros([2, 3]), tf.tensor2d([[0, 0, 1], row])));
    if (backend === 'tensorflow') expect(run()).toHaveLength(1);
    else expect(run).toThrow(expect.objectContaining({ code: 'DOMAIN', where: 'crossEntropy', argument, expected }));
  });

  it(`${backend === 'tensorflow' ? 'is NaN for' : 'rejects'} a row of only −∞`, () => {
    const run = () =>
      numbers(() =>
        crossEntropy(
          tf.tensor2d([
            [0, 0],
            [impossible, impossible],
          ]),
          oneHot([0, 0], 2),
        ),
      );
    if (backend === 'tensorflow') expect([...run()]).toEqual([nan]);
    else expect(run).toThrow(expect.objectContaining({ code: 'DOMAIN', where: 'crossEntropy', argument: 'logits[1]' }));
  });
});

onEveryBackend('sparseCrossEntropy', (backend) => {
  it.each(SPARSE)('matches the value, gradient and Hessian-vector product of the reference with $title', (each) => {
    const check = fc.property(problem, (p) => {
      const { logits, vector } = p;
      const labels = labelsOf(p, each);
      const options = optionsOf(p, each);
      const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, labels, options);
      const tolerance = toleranceOf(each);
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(
        reference.sparseCrossEntropy(logits, labels, options),
      );
      expect(gradientOf(loss, logits)).toBeAllClose(
        reference.sparseCrossEntropyGradient(logits, labels, options),
        tolerance,
      );
      expect(hessianVectorOf(loss, logits, vector)).toBeAllClose(
        reference.sparseCrossEntropyHessianVector(logits, labels, vector, options),
        tolerance,
      );
    });
    fc.assert(check, combination(SPARSE.indexOf(each)));
  });

  it('accepts labels as an array, an Int32Array or a tensor', () => {
    const check = fc.property(problem, ({ logits, labels, classWeights, labelSmoothing }) => {
      const lossOf = (given: typeof labels | Int32Array | tf.Tensor1D) =>
        numbers(() => sparseCrossEntropy(tf.tensor2d(logits), given, { classWeights, labelSmoothing }));
      const tensor = tf.tensor1d(labels, 'int32');
      expect(lossOf(Int32Array.from(labels))).toEqual(lossOf(labels));
      expect(lossOf(tensor)).toEqual(lossOf(labels));
      tensor.dispose();
    });
    fc.assert(check, combination());
  });

  it('equals crossEntropy with one-hot targets', () => {
    const check = fc.property(problem, ({ logits, labels, sampleWeights, labelSmoothing }) => {
      const options = { sampleWeights, labelSmoothing };
      const sparse = (o: tf.Tensor2D) => sparseCrossEntropy(o, labels, options);
      const dense = (o: tf.Tensor2D) => crossEntropy(o, oneHot(labels, logits[0].length), options);
      const values = numbers(() => tf.stack([sparse(tf.tensor2d(logits)), dense(tf.tensor2d(logits))]));
      expect(values[0]).toBeAllClose(values[1]);
      expect(gradientOf(sparse, logits)).toBeAllClose(gradientOf(dense, logits), WEIGHTED);
    });
    fc.assert(check, PROPERTY);
  });

  it('matches its docstring example, and is 100 at (100, 0, 0) for the third class', () => {
    expect(numbers(() => sparseCrossEntropy(asLogits([[1, 2, 3]]), [2]))[0]).toBeCloseTo(0.4076, 4);
    expect([...numbers(() => sparseCrossEntropy(tf.tensor2d([[100, 0, 0]]), [2]))]).toEqual([100]);
    expect(gradientOf((o) => sparseCrossEntropy(o, [2]), [[100, 0, 0]])).toBeAllClose([1, 0, -1]);
  });

  it('is ≥ 0, and has a gradient that sums to 0 over classes', () => {
    const check = fc.property(problem, ({ logits, labels }) => {
      const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, labels, { reduction: 'none' });
      expect(Math.min(...numbers(() => loss(tf.tensor2d(logits))))).toBeGreaterThanOrEqual(0);
      const sums = numbers(() => tf.tensor(gradientOf(loss, logits), [logits.length, logits[0].length]).sum(1));
      expect(Math.max(...sums.map(Math.abs))).toBeLessThan(1e-6);
    });
    fc.assert(check, PROPERTY);
  });

  it('does not leak an ignored row of −∞ or NaN into value or derivatives (pytorch#11551)', () => {
    const kept = [1, 2, 3];
    for (const row of [
      [impossible, 0, 0],
      [impossible, impossible, impossible],
      [nan, 0, infinite],
    ]) {
      const logits = [row, kept];
      for (const labelSmoothing of [0, 0.1]) {
        const options = { ignoreIndex: IGNORED, labelSmoothing };
        const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, [IGNORED, 2], options);
        expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(
          reference.sparseCrossEntropy([kept], [2], options),
        );
        const expected = reference.sparseCrossEntropyGradient([kept], [2], options).values;
        expect(gradientOf(loss, logits)).toBeAllClose([0, 0, 0, ...expected]);
        const product = reference.sparseCrossEntropyHessianVector([kept], [2], [kept], options).values;
        expect(hessianVectorOf(loss, logits, [kept, kept])).toBeAllClose([0, 0, 0, ...product]);
      }
    }
  });

  it.each(reductions)(
    'is 0 with gradient 0 if every sample is ignored or has weight 0, with reduction %s (pytorch#70348)',
    (reduction) => {
      const logits = [
        [1, 2, 3],
        [3, 2, 1],
      ];
      const nothing: [number[], Options][] = [
        [[IGNORED, IGNORED], { ignoreIndex: IGNORED }],
        [[IGNORED, IGNORED], { ignoreIndex: IGNORED, labelSmoothing: 0.5 }],
        [[1, 1], { ignoreIndex: 1 }],
        [[2, 0], { sampleWeights: [0, 0] }],
        [[2, 2], { classWeights: [1, 1, 0] }],
        [[2, IGNORED], { sampleWeights: [0, 1], ignoreIndex: IGNORED }],
      ];
      for (const [labels, options] of nothing) {
        const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, labels, { ...options, reduction });
        expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(reduction === 'none' ? [0, 0] : 0);
        expect(gradientOf(loss, logits)).toBeAllClose([0, 0, 0, 0, 0, 0]);
      }
    },
  );

  it('divides a smoothed, weighted mean by the weights of the labels (pytorch#104776)', () => {
    const logits = [
      [1, 2, 3],
      [3, 2, 1],
    ];
    const options = { classWeights: [0.5, 2, 0], labelSmoothing: 0.1, reduction: 'mean' } as const;
    const summed = numbers(() => sparseCrossEntropy(tf.tensor2d(logits), [0, 1], { ...options, reduction: 'sum' }));
    const mean = numbers(() => sparseCrossEntropy(tf.tensor2d(logits), [0, 1], options));
    expect(mean).toBeAllClose(summed[0] / 2.5);
    expect(mean).toBeAllClose(reference.sparseCrossEntropy(logits, [0, 1], options));
    // A label of weight 0 still has smoothed terms of other classes; if every label has weight 0, the mean is 0.
    expect([...numbers(() => sparseCrossEntropy(tf.tensor2d(logits), [2, 2], options))]).toEqual([0]);
    expect(gradientOf((o) => sparseCrossEntropy(o, [2, 2], options), logits)).toBeAllClose([0, 0, 0, 0, 0, 0]);
  });

  it('accepts an ignoreIndex that is also a class', () => {
    const losses = () =>
      sparseCrossEntropy(
        tf.tensor2d([
          [1, 2, 3],
          [3, 2, 1],
        ]),
        [0, 1],
        { ignoreIndex: 0, reduction: 'none' },
      );
    expect(numbers(losses)).toBeAllClose([0, reference.sparseCrossEntropy([[3, 2, 1]], [1])]);
  });

  it('is +∞ with gradient p − y if the true class has logit −∞, and finite if another class has it', () => {
    const logits = [[impossible, 0, 0]];
    for (const label of [0, 1]) {
      const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, [label]);
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(label === 0 ? infinite : Math.LN2);
      expect(gradientOf(loss, logits)).toBeAllClose(reference.sparseCrossEntropyGradient(logits, [label]));
    }
    const weightless = { classWeights: [0, 1, 1], reduction: 'sum' } as const;
    expect([...numbers(() => sparseCrossEntropy(tf.tensor2d(logits), [0], weightless))]).toEqual([0]);
  });

  it.each(reductions)('is 0, or empty, for an empty batch with reduction %s', (reduction) => {
    const expected = reduction === 'none' ? [] : [0];
    for (const options of [{}, { classWeights: [1, 2, 3], sampleWeights: [], labelSmoothing: 0.1, ignoreIndex: 0 }]) {
      const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, [], { ...options, reduction });
      expect([...numbers(() => loss(tf.zeros([0, 3])))]).toEqual(expected);
      expect(numbers(() => tf.grad((o) => loss(o as tf.Tensor2D).sum())(tf.zeros([0, 3])))).toHaveLength(0);
    }
  });

  it('is 0 with gradient 0 for a single class', () => {
    const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, [0, 0]);
    expect(numbers(() => loss(tf.tensor2d([[5], [-7]])))).toBeAllClose(0);
    expect(gradientOf(loss, [[5], [-7]])).toBeAllClose([0, 0]);
  });

  it('sums many samples as exactly as few', () => {
    const logits = Array.from({ length: 1000 }, (_, i) => [Math.sin(i), Math.cos(2 * i), 0].map(Math.fround));
    const labels = logits.map((_, i) => i % 3);
    const sampleWeights = logits.map((_, i) => i % 4);
    for (const options of [{}, { reduction: 'sum' }, { sampleWeights }] as const) {
      const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, labels, options);
      const expected = reference.sparseCrossEntropy(logits, labels, options);
      expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose(expected, { rtol: 1e-6, atol: 0 });
      expect(gradientOf(loss, logits)).toBeAllClose(reference.sparseCrossEntropyGradient(logits, labels, options));
    }
    // Added one by one in float32, these are 6e-4 too small.
    const alike = () => sparseCrossEntropy(tf.zeros([60_000, 2]), new Int32Array(60_000));
    expect(numbers(alike)).toBeAllClose(Math.LN2);
  });

  it('is NaN with gradient NaN only in rows that contain NaN', () => {
    const logits = [
      [nan, 0],
      [0, 0],
    ];
    const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, [1, 1], { reduction: 'none' });
    expect(numbers(() => loss(tf.tensor2d(logits)))).toBeAllClose([nan, Math.LN2]);
    expect(gradientOf(loss, logits)).toBeAllClose([nan, nan, 0.5, -0.5]);
  });

  it.each<[string, Options]>([
    ['plain', {}],
    ['weighted', { classWeights: [1, 2, 3] }],
    ['smoothed', { labelSmoothing: 0.1 }],
    ['with ignoreIndex', { ignoreIndex: IGNORED }],
    ['with ignoreIndex, smoothed', { ignoreIndex: IGNORED, labelSmoothing: 0.1 }],
  ])('rejects labels out of range, in an array and in a tensor: %s', (_, options) => {
    for (const label of [-1, 3]) {
      const fields = {
        code: 'DOMAIN',
        where: 'sparseCrossEntropy',
        expected: 'be an integer in [0, 3)',
        actual: String(label),
      };
      const run = (labels: number[] | tf.Tensor1D) => () =>
        tf.tidy(() => sparseCrossEntropy(tf.zeros([2, 3]), labels, options).dataSync());
      expect(run([0, label])).toThrow(expect.objectContaining({ ...fields, argument: 'labels[1]' }));
      const tensor = tf.tensor1d([0, label], 'int32');
      // TensorFlow's kernels name the label, but not its place.
      const argument = backend === 'tensorflow' ? 'labels' : 'labels[1]';
      expect(run(tensor)).toThrow(expect.objectContaining({ ...fields, argument }));
      tensor.dispose();
    }
  });

  it.each([
    ['of another length', [0], 'SHAPE', 'labels'],
    ['that are not integers', [0, 0.5], 'DOMAIN', 'labels[1]'],
    ['that are NaN', [0, nan], 'DOMAIN', 'labels[1]'],
    ['that are missing', [0, undefined], 'DOMAIN', 'labels[1]'],
    ['that are a single number', 0, 'SHAPE', 'labels'],
  ])('rejects labels %s', (_, labels, code, argument) => {
    expect(() => tf.tidy(() => sparseCrossEntropy(tf.zeros([2, 3]), labels as number[]))).toThrow(
      expect.objectContaining({ code, where: 'sparseCrossEntropy', argument }),
    );
  });

  it('rejects one-hot rows with a hint to crossEntropy', () => {
    expect(() => tf.tidy(() => sparseCrossEntropy(tf.zeros([1, 3]), oneHot([1], 3) as never))).toThrow(
      expect.objectContaining({ code: 'SHAPE', argument: 'labels', hint: expect.stringContaining('crossEntropy') }),
    );
  });
});

onEveryBackend('the options of cross-entropy', (backend) => {
  const run = (options: object) => [
    () => tf.tidy(() => crossEntropy(tf.zeros([2, 3]), oneHot([0, 1], 3), options)),
    () => tf.tidy(() => sparseCrossEntropy(tf.zeros([2, 3]), [0, 1], options)),
  ];

  it.each<[object, string, string]>([
    [{ classWeights: [1, -1, 1] }, 'DOMAIN', 'classWeights[1]'],
    [{ classWeights: [1, nan, 1] }, 'DOMAIN', 'classWeights[1]'],
    [{ classWeights: [1, 1e39, 1] }, 'DOMAIN', 'classWeights[1]'],
    [{ classWeights: [1, 1] }, 'SHAPE', 'classWeights'],
    [{ classWeights: 1 }, 'SHAPE', 'classWeights'],
    [{ sampleWeights: [1, infinite] }, 'DOMAIN', 'sampleWeights[1]'],
    [{ sampleWeights: [1, 1, 1] }, 'SHAPE', 'sampleWeights'],
    [{ labelSmoothing: 1.5 }, 'DOMAIN', 'labelSmoothing'],
    [{ labelSmoothing: -0.1 }, 'DOMAIN', 'labelSmoothing'],
    [{ labelSmoothing: nan }, 'DOMAIN', 'labelSmoothing'],
    [{ labelSmoothing: '0.1' }, 'DOMAIN', 'labelSmoothing'],
    [{ reduction: 'average' }, 'DOMAIN', 'reduction'],
    [{ smoothing: 0.1 }, 'DOMAIN', 'options'],
    [[], 'DOMAIN', 'options'],
  ])('are rejected if invalid: %p', (options, code, argument) => {
    const [dense, sparse] = run(options);
    expect(dense).toThrow(expect.objectContaining({ code, where: 'crossEntropy', argument }));
    expect(sparse).toThrow(expect.objectContaining({ code, where: 'sparseCrossEntropy', argument }));
  });

  it('are rejected as tensors of another shape', () => {
    tf.tidy(() => {
      for (const each of run({ sampleWeights: tf.ones([3]) })) {
        expect(each).toThrow(expect.objectContaining({ code: 'SHAPE', argument: 'sampleWeights', actual: '[3]' }));
      }
    });
  });

  it('are rejected as tensors with invalid values (not checked on tensorflow)', () => {
    for (const each of run({ classWeights: tf.tensor1d([1, -1, 1]) })) {
      if (backend === 'tensorflow') each().dispose();
      else expect(each).toThrow(expect.objectContaining({ code: 'DOMAIN', argument: 'classWeights[1]', actual: '-1' }));
    }
  });

  it('accept ignoreIndex for labels only, and only as an int32', () => {
    const [dense] = run({ ignoreIndex: 0 });
    expect(dense).toThrow(expect.objectContaining({ code: 'DOMAIN', argument: 'options', actual: "'ignoreIndex'" }));
    for (const ignoreIndex of [0.5, nan, 2 ** 31]) {
      const [, sparse] = run({ ignoreIndex });
      expect(sparse).toThrow(expect.objectContaining({ code: 'DOMAIN', argument: 'ignoreIndex' }));
    }
  });

  it('are not modified', () => {
    const options = { classWeights: Float64Array.of(1, 2, 0), sampleWeights: [0, 1] };
    for (const each of run(options)) each();
    expect(options).toEqual({ classWeights: Float64Array.of(1, 2, 0), sampleWeights: [0, 1] });
  });
});

const describeNative = TEST_BACKENDS.includes('tensorflow') ? describe : describe.skip;

describeNative('the fused kernel of tensorflow', () => {
  beforeAll(() => useBackend('tensorflow'));
  afterEach(() => jest.restoreAllMocks());

  const KERNEL = 'SparseSoftmaxCrossEntropyWithLogits';

  function kernelsOf(body: () => tf.Tensor): string[] {
    const spy = jest.spyOn(
      tf.backend() as unknown as { executeMultipleOutputs(name: string): unknown },
      'executeMultipleOutputs',
    );
    numbers(body);
    return spy.mock.calls.map(([name]) => name);
  }

  it('computes loss and gradient in one call for integer labels without smoothing', () => {
    for (const options of [{}, { classWeights: [1, 2, 3], sampleWeights: [1, 2], ignoreIndex: 0 }]) {
      const loss = (o: tf.Tensor) => sparseCrossEntropy(o as tf.Tensor2D, [0, 1], options);
      expect(kernelsOf(() => tf.grad(loss)(tf.zeros([2, 3])))).toEqual([KERNEL]);
      jest.restoreAllMocks();
    }
  });

  it('is not used for distributions or smoothed labels', () => {
    expect(kernelsOf(() => crossEntropy(tf.zeros([1, 3]), oneHot([1], 3)))).toEqual([]);
    expect(kernelsOf(() => sparseCrossEntropy(tf.zeros([1, 3]), [1], { labelSmoothing: 0.1 }))).toEqual([]);
  });

  it('throws DomainError with the original error as cause for an invalid label', () => {
    const labels = tf.tensor1d([5], 'int32');
    let error: unknown;
    try {
      tf.tidy(() => sparseCrossEntropy(tf.zeros([1, 3]), labels));
    } catch (caught) {
      error = caught;
    }
    labels.dispose();
    expect(error).toMatchObject({ code: 'DOMAIN', where: 'sparseCrossEntropy', argument: 'labels', actual: '5' });
    expect(String((error as Error).cause)).toContain('outside the valid range');
  });

  it('passes other errors through', () => {
    const backend = tf.backend() as unknown as { executeMultipleOutputs(name: string): unknown };
    jest.spyOn(backend, 'executeMultipleOutputs').mockImplementation(() => {
      throw new Error('out of memory');
    });
    expect(() => tf.tidy(() => sparseCrossEntropy(tf.zeros([1, 3]), [1]))).toThrow('out of memory');
  });
});

describe('the checks of cross-entropy', () => {
  beforeAll(() => useBackend('cpu'));

  const logits = [
    [1, 2, 3],
    [0.5, -1, 0],
  ];
  const labels = [2, 1];
  const loss = (o: tf.Tensor2D) => sparseCrossEntropy(o, labels);
  const right = reference.sparseCrossEntropyGradient(logits, labels);

  it.each<[string, (o: tf.Tensor2D) => tf.Tensor]>([
    ['the wrong sign', (o) => loss(o).neg()],
    ['a forgotten 1/n', (o) => sparseCrossEntropy(o, labels, { reduction: 'sum' })],
    ['an error of 1e-4', (o) => loss(o).mul(1.0001)],
    ['a softmax of a softmax', (o) => sparseCrossEntropy(softmax(o) as never, labels)],
    ['the class next to the true one', (o) => sparseCrossEntropy(o, [1, 1])],
  ])('fail for a loss with %s', (error, planted) => {
    expect(gradientOf(loss, logits)).toBeAllClose(right);
    expect(gradientOf(planted, logits)).not.toBeAllClose(right);
    const vector = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    const product = reference.sparseCrossEntropyHessianVector(logits, labels, vector);
    expect(hessianVectorOf(loss, logits, vector)).toBeAllClose(product);
    // The Hessian does not depend on the label, so it does not show the last error.
    if (!error.startsWith('the class')) expect(hessianVectorOf(planted, logits, vector)).not.toBeAllClose(product);
  });

  it('fail for a probability clipped at 1e-7, as tfjs-layers does', () => {
    const clipped = (o: tf.Tensor2D) =>
      tf
        .softmax(o)
        .clipByValue(1e-7, 1 - 1e-7)
        .log()
        .neg();
    const value = numbers(() => clipped(tf.tensor2d([[100, 0, 0]])))[2];
    expect(value).toBeCloseTo(16.118, 3);
    expect(value).not.toBeAllClose(reference.sparseCrossEntropy([[100, 0, 0]], [2]));
  });

  it('cover each combination of options once', () => {
    expect(new Set(DENSE.map(({ title }) => title)).size).toBe(3 * 2 ** 3);
    expect(new Set(SPARSE.map(({ title }) => title)).size).toBe(3 * 2 ** 4);
  });

  it('distinguish the options', () => {
    const options: Options[] = [{}, { classWeights: [1, 2, 3] }, { sampleWeights: [1, 2] }, { labelSmoothing: 0.1 }];
    const gradients = options.map((each) => gradientOf((o) => sparseCrossEntropy(o, labels, each), logits));
    for (const [i, each] of options.entries()) {
      for (const [j, gradient] of gradients.entries()) {
        const matcher = expect(gradient);
        const expected = reference.sparseCrossEntropyGradient(logits, labels, each);
        if (i === j) matcher.toBeAllClose(expected);
        else matcher.not.toBeAllClose(expected);
      }
    }
  });
});
