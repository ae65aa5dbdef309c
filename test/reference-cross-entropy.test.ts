import fc from 'fast-check';
import { FINITE_DIFFERENCE, FLOAT64 } from '../src/core/tolerance.js';
import {
  asMatrix,
  type CrossEntropyOptions,
  centralDifference,
  crossEntropy,
  crossEntropyGradient,
  crossEntropyHessianVector,
  type Matrix,
  oneHot,
  type SparseCrossEntropyOptions,
  softmax,
  sparseCrossEntropy,
  sparseCrossEntropyGradient,
  sparseCrossEntropyHessianVector,
  toRows,
} from '../src/reference.js';
import golden from './golden/cross-entropy.golden.json';
import { between } from './helpers/numbers.js';

fc.configureGlobal({ seed: 34 });

const { NaN: nan, NEGATIVE_INFINITY: impossible, POSITIVE_INFINITY: infinite } = Number;
const reductions = ['mean', 'sum', 'none'] as const;

interface GoldenCase {
  readonly targets?: number[][];
  readonly labels?: number[];
  readonly options: SparseCrossEntropyOptions;
  readonly loss: number | number[];
  readonly gradient: number[][];
  readonly hessianVector: number[][];
}

describe('cross-entropy', () => {
  const { logits, vector } = golden;
  const cases = (golden.cases as GoldenCase[]).map((each) => {
    const kind = each.targets === undefined ? 'labels' : 'targets';
    return { ...each, title: `${kind} and ${JSON.stringify(each.options)}` };
  });

  it('is tested with every combination of options', () => {
    // 3 reductions × class weights × sample weights × smoothing, for targets, labels, and labels with ignoreIndex.
    expect(new Set(cases.map(({ title }) => title)).size).toBe(72);
  });

  it.each(cases)('matches the loss, gradient and Hessian-vector product of torch for $title', (each) => {
    const { targets, labels = [], options } = each;
    if (targets !== undefined) {
      expect(crossEntropy(logits, targets, options)).toBeAllClose(each.loss, FLOAT64);
      expect(crossEntropyGradient(logits, targets, options)).toBeAllClose(each.gradient, FLOAT64);
      expect(crossEntropyHessianVector(logits, targets, vector, options)).toBeAllClose(each.hessianVector, FLOAT64);
    } else {
      expect(sparseCrossEntropy(logits, labels, options)).toBeAllClose(each.loss, FLOAT64);
      expect(sparseCrossEntropyGradient(logits, labels, options)).toBeAllClose(each.gradient, FLOAT64);
      expect(sparseCrossEntropyHessianVector(logits, labels, vector, options)).toBeAllClose(
        each.hessianVector,
        FLOAT64,
      );
    }
  });

  it('matches the docstring examples', () => {
    expect(crossEntropy([[1, 2, 3]], [[0, 0, 1]])).toBeCloseTo(0.4076, 4);
    expect(sparseCrossEntropy([[1, 2, 3]], [2])).toBeCloseTo(0.4076, 4);
    const [gradient] = toRows(crossEntropyGradient([[1, 2, 3]], [[0, 0, 1]]));
    expect(gradient.map((value) => value.toFixed(4))).toEqual(['0.0900', '0.2447', '-0.3348']);
    expect(sparseCrossEntropyGradient([[1, 2, 3]], [2])).toEqual(crossEntropyGradient([[1, 2, 3]], [[0, 0, 1]]));
    expect(toRows(crossEntropyHessianVector([[0, 0]], [[1, 0]], [[1, 0]]))).toEqual([[0.25, -0.25]]);
    expect(toRows(sparseCrossEntropyHessianVector([[0, 0]], [0], [[1, 0]]))).toEqual([[0.25, -0.25]]);
  });

  it('has type number, or Float64Array with reduction none', () => {
    const mean: number = crossEntropy([[0, 0]], [[0, 1]]);
    const total: number = sparseCrossEntropy([[0, 0]], [1], { reduction: 'sum' });
    const each: Float64Array = sparseCrossEntropy([[0, 0]], [1], { reduction: 'none' });
    // @ts-expect-error one loss per sample is not a number
    const wrong: number = crossEntropy([[0, 0]], [[0, 1]], { reduction: 'none' });
    expect([mean, total, each, wrong]).toEqual([Math.LN2, Math.LN2, Float64Array.of(Math.LN2), each]);
  });
});

const weight = fc.oneof(fc.constant(0), between(0.1, 2));
const problem = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 2, max: 6 })).chain(([rows, classes]) => {
  const list = <T>(of: fc.Arbitrary<T>, length: number) => fc.array(of, { minLength: length, maxLength: length });
  const matrix = (min: number, max: number) => list(list(between(min, max), classes), rows);
  return fc.record({
    logits: matrix(-20, 20),
    targets: matrix(0.01, 1).map(normalized),
    labels: list(fc.nat(classes - 1), rows),
    vector: matrix(-2, 2),
    options: fc.record(
      {
        reduction: fc.constantFrom(...reductions),
        classWeights: list(weight, classes),
        sampleWeights: list(weight, rows),
        labelSmoothing: between(0, 1),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<CrossEntropyOptions>,
  });
});
type Problem = typeof problem extends fc.Arbitrary<infer P> ? P : never;

interface Loss {
  readonly name: string;
  value(p: Problem, logits: Matrix | number[][]): number;
  gradient(p: Problem, logits: Matrix | number[][]): Matrix;
  hessianVector(p: Problem): Matrix;
}

const losses: Loss[] = [
  {
    name: 'crossEntropy',
    value: (p, o) => total(crossEntropy(o, p.targets, p.options)),
    gradient: (p, o) => crossEntropyGradient(o, p.targets, p.options),
    hessianVector: (p) => crossEntropyHessianVector(p.logits, p.targets, p.vector, p.options),
  },
  {
    name: 'sparseCrossEntropy',
    value: (p, o) => total(sparseCrossEntropy(o, p.labels, p.options)),
    gradient: (p, o) => sparseCrossEntropyGradient(o, p.labels, p.options),
    hessianVector: (p) => sparseCrossEntropyHessianVector(p.logits, p.labels, p.vector, p.options),
  },
];

describe.each(losses)('$name', ({ value, gradient, hessianVector }) => {
  const numericGradient = (p: Problem) =>
    centralDifference((o) => value(p, shaped(o, asMatrix(p.logits))), asMatrix(p.logits).values);

  it('has a gradient that matches finite differences', () => {
    fc.assert(
      fc.property(problem, (p) => {
        expect(gradient(p, p.logits)).toBeAllClose(numericGradient(p), FINITE_DIFFERENCE);
      }),
    );
  });

  it('has a Hessian that matches finite differences of the gradient', () => {
    fc.assert(
      fc.property(problem, (p) => {
        const analytic = hessianVector(p);
        const along = (t: number) => gradient(p, moved(p.logits, p.vector, t)).values;
        const numeric = analytic.values.map((_, at) => centralDifference(([t]) => along(t)[at], [0])[0]);
        expect(analytic).toBeAllClose(numeric, FINITE_DIFFERENCE);
      }),
    );
  });

  it('is non-negative', () => {
    fc.assert(
      fc.property(problem, (p) => {
        expect(value(p, p.logits)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('has a gradient that sums to 0 over classes', () => {
    fc.assert(
      fc.property(problem, (p) => {
        for (const row of toRows(gradient(p, p.logits))) expect(Math.abs(sum(row))).toBeLessThan(1e-14);
      }),
    );
  });

  it('is convex: no direction has negative curvature', () => {
    fc.assert(
      fc.property(problem, (p) => {
        const product = hessianVector(p).values;
        const curvature = asMatrix(p.vector).values.reduce((to, u, at) => to + u * product[at], 0);
        expect(curvature).toBeGreaterThanOrEqual(-1e-15);
      }),
    );
  });

  it('is invariant to a shift of each row of logits', () => {
    fc.assert(
      fc.property(problem, (p) => {
        const grid = p.logits.map((row) => row.map((o) => Math.round(o * 2 ** 20) / 2 ** 20));
        const shifted = grid.map((row, i) => row.map((o) => o + 64 * (i + 1)));
        expect(value(p, shifted)).toBe(value(p, grid));
        expect(gradient(p, shifted)).toEqual(gradient(p, grid));
      }),
    );
  });

  // Finite differences must detect each planted error, or the checks above prove nothing.
  it.each<[string, (right: number, p: Problem) => number]>([
    ['the wrong sign', (right) => -right],
    ['a missing 1/n', (right, p) => right * p.logits.length],
    ['a relative error of 1e-5', (right) => right * (1 + 1e-5)],
  ])('has a gradient that finite differences distinguish from one with %s', (_, wrong) => {
    const p: Problem = {
      logits: [
        [1, 2, 3],
        [0.5, -1, 0],
      ],
      targets: [
        [0.25, 0.5, 0.25],
        [0, 0, 1],
      ],
      labels: [0, 2],
      vector: [],
      options: {},
    };
    const right = gradient(p, p.logits).values;
    const numeric = numericGradient(p);
    expect(right).toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(right.map((each) => wrong(each, p))).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
  });
});

describe('properties of cross-entropy', () => {
  it('labels and their one-hot targets agree, except for the divisor of a class-weighted mean', () => {
    fc.assert(
      fc.property(problem, ({ logits, labels, options }) => {
        const targets = oneHot(labels, logits[0].length);
        const summed = { ...options, reduction: 'sum' } as const;
        expect(sparseCrossEntropy(logits, labels, summed)).toBe(crossEntropy(logits, targets, summed));
        const { classWeights: _, ...unweighted } = options;
        expect(sparseCrossEntropy(logits, labels, unweighted)).toEqual(crossEntropy(logits, targets, unweighted));
      }),
    );
  });

  it('the gradient is (softmax(o) − y)/n', () => {
    fc.assert(
      fc.property(problem, ({ logits, targets }) => {
        const y = asMatrix(targets).values;
        const expected = softmax(logits).values.map((p, at) => (p - y[at]) / logits.length);
        // The rows of targets sum to 1 within rounding, so the scale is 1.
        const scale = expected.map(() => 1);
        expect(crossEntropyGradient(logits, targets)).toBeAllClose(expected, FLOAT64, scale);
      }),
    );
  });

  it('the gradient is 0 and the loss smallest if the targets are softmax(o)', () => {
    fc.assert(
      fc.property(problem, ({ logits, targets }) => {
        const own = softmax(logits);
        const gradient = crossEntropyGradient(logits, own).values;
        expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-15);
        const least = crossEntropy(
          targets.map((row) => row.map(Math.log)),
          targets,
        );
        expect(crossEntropy(logits, targets)).toBeGreaterThanOrEqual(least - 1e-14);
      }),
    );
  });

  it('permuting the samples permutes the losses and keeps the mean', () => {
    fc.assert(
      fc.property(problem, ({ logits, labels }) => {
        const order = logits.map((_, i) => (i + 1) % logits.length);
        const [otherLogits, otherLabels] = [order.map((i) => logits[i]), order.map((i) => labels[i])];
        const losses = sparseCrossEntropy(logits, labels, { reduction: 'none' });
        expect(sparseCrossEntropy(otherLogits, otherLabels, { reduction: 'none' })).toEqual(
          Float64Array.from(order, (i) => losses[i]),
        );
        const mean = sparseCrossEntropy(logits, labels);
        expect(sparseCrossEntropy(otherLogits, otherLabels)).toBeAllClose(mean, FLOAT64);
      }),
    );
  });

  it('a sample of weight w counts as w samples', () => {
    fc.assert(
      fc.property(problem, ({ logits, labels, options: { classWeights, labelSmoothing } }) => {
        const sampleWeights = logits.map((_, i) => i);
        const repeated = <T>(items: T[]) => items.flatMap((item, i) => Array<T>(i).fill(item));
        const weighted = sparseCrossEntropy(logits, labels, { classWeights, labelSmoothing, sampleWeights });
        const again = sparseCrossEntropy(repeated(logits), repeated(labels), { classWeights, labelSmoothing });
        if (logits.length > 1) expect(weighted).toBeAllClose(again, FLOAT64);
      }),
    );
  });
});

describe('edge cases of cross-entropy', () => {
  it('stays finite at large logits', () => {
    expect(sparseCrossEntropy([[100, 0, 0]], [1])).toBe(100);
    expect(crossEntropy([[1e30, -1e30]], [[0, 1]])).toBe(2e30);
    expect(toRows(sparseCrossEntropyGradient([[1e30, -1e30]], [1]))).toEqual([[1, -1]]);
    expect(sparseCrossEntropy([[1e30, -1e30]], [0])).toBe(0);
  });

  it('has no loss and no gradient for a logit −∞ with target 0', () => {
    expect(crossEntropy([[impossible, 0, 0]], [[0, 1, 0]])).toBe(Math.LN2);
    expect(toRows(crossEntropyGradient([[impossible, 0, 0]], [[0, 1, 0]]))).toEqual([[0, -0.5, 0.5]]);
    const product = crossEntropyHessianVector([[impossible, 0, 0]], [[0, 1, 0]], [[1, 1, 0]]);
    expect(toRows(product)).toEqual([[0, 0.25, -0.25]]);
  });

  it('is +∞ with gradient p − y for a logit −∞ with a positive target', () => {
    for (const reduction of ['mean', 'sum'] as const) {
      expect(sparseCrossEntropy([[impossible, 0, 0]], [0], { reduction })).toBe(infinite);
      expect(crossEntropy([[impossible, 0, 0]], [[0.5, 0.5, 0]], { reduction })).toBe(infinite);
      expect(sparseCrossEntropy([[impossible, 0, 0]], [1], { reduction, labelSmoothing: 0.1 })).toBe(infinite);
    }
    expect(toRows(sparseCrossEntropyGradient([[impossible, 0, 0]], [0]))).toEqual([[-1, 0.5, 0.5]]);
    expect(toRows(crossEntropyGradient([[impossible, 0, 0]], [[0.5, 0.5, 0]]))).toEqual([[-0.5, 0, 0.5]]);
  });

  it('ignores a class of weight 0, even at −∞', () => {
    const classWeights = [0, 1, 1];
    expect(crossEntropy([[impossible, 0, 0]], [[0.5, 0.5, 0]], { classWeights })).toBeCloseTo(Math.LN2 / 2, 15);
    expect(sparseCrossEntropy([[impossible, 0, 0]], [0], { classWeights, reduction: 'sum' })).toBe(0);
  });

  it('ignores samples of weight 0 regardless of their logits (pytorch#11551)', () => {
    const kept = [1, 2, 3];
    for (const row of [
      [impossible, 0, 0],
      [impossible, impossible, impossible],
      [nan, 0, infinite],
    ]) {
      const ignored: SparseCrossEntropyOptions = { ignoreIndex: -100 };
      expect(sparseCrossEntropy([row, kept], [-100, 2], ignored)).toBe(sparseCrossEntropy([kept], [2]));
      const [none, gradient] = toRows(sparseCrossEntropyGradient([row, kept], [-100, 2], ignored));
      expect(none).toEqual([0, 0, 0]);
      expect([gradient]).toEqual(toRows(sparseCrossEntropyGradient([kept], [2])));
      const vector = [kept, kept];
      expect(toRows(sparseCrossEntropyHessianVector([row, kept], [-100, 2], vector, ignored))[0]).toEqual([0, 0, 0]);

      const weightless = { sampleWeights: [0, 1] };
      expect(sparseCrossEntropy([row, kept], [0, 2], weightless)).toBe(sparseCrossEntropy([kept], [2]));
      expect(toRows(crossEntropyGradient([row, kept], oneHot([0, 2], 3), weightless))[0]).toEqual([0, 0, 0]);
    }
  });

  it('accepts a class as ignoreIndex', () => {
    const logits = [
      [1, 2, 3],
      [3, 2, 1],
    ];
    const losses = sparseCrossEntropy(logits, [0, 1], { ignoreIndex: 0, reduction: 'none' });
    expect(losses).toBeAllClose([0, sparseCrossEntropy([[3, 2, 1]], [1])], FLOAT64);
    expect(sparseCrossEntropy(logits, [0, 1], { ignoreIndex: 0 })).toBeCloseTo(losses[1], 14);
  });

  it('is 0 with gradient 0 if every sample is ignored or has weight 0 (pytorch#70348)', () => {
    const logits = [[1, 2, 3]];
    const nothing: [number[], SparseCrossEntropyOptions][] = [
      [[-1], { ignoreIndex: -1 }],
      [[2], { sampleWeights: [0] }],
      [[2], { classWeights: [1, 1, 0] }],
      [[2], { classWeights: [1, 1, 0], labelSmoothing: 0.5 }],
    ];
    for (const [labels, options] of nothing) {
      expect(sparseCrossEntropy(logits, labels, options)).toBe(0);
      expect(toRows(sparseCrossEntropyGradient(logits, labels, options))).toEqual([[0, 0, 0]]);
    }
    expect(crossEntropy(logits, [[0, 0, 1]], { sampleWeights: [0] })).toBe(0);
    expect(toRows(crossEntropyGradient(logits, [[0, 0, 1]], { sampleWeights: [0] }))).toEqual([[0, 0, 0]]);
  });

  it.each(reductions)('is empty or 0 for an empty batch, with reduction %s', (reduction) => {
    const none = { rows: 0, columns: 3, values: new Float64Array(0) };
    const expected = reduction === 'none' ? new Float64Array(0) : 0;
    expect(crossEntropy([], [], { reduction })).toEqual(expected);
    expect(crossEntropy(none, oneHot([], 3), { reduction })).toEqual(expected);
    expect(sparseCrossEntropy([], [], { reduction, classWeights: [1, 2, 3] })).toEqual(expected);
    expect(sparseCrossEntropyGradient(none, [], { reduction })).toEqual(none);
  });

  it('is 0 with gradient 0 for a single class', () => {
    expect(sparseCrossEntropy([[5], [-7]], [0, 0])).toBe(0);
    expect(toRows(crossEntropyGradient([[5]], [[1]]))).toEqual([[0]]);
  });

  it('is NaN only in rows with NaN', () => {
    const losses = sparseCrossEntropy(
      [
        [nan, 0],
        [0, 0],
      ],
      [1, 1],
      { reduction: 'none' },
    );
    expect(losses).toEqual(Float64Array.of(nan, Math.LN2));
    expect(toRows(sparseCrossEntropyGradient([[nan, 0]], [1]))).toEqual([[nan, nan]]);
  });

  it('accepts targets rounded to float32', () => {
    const row = Float32Array.of(0.1, 0.2, 0.7);
    expect(crossEntropy([[1, 2, 3]], [row])).toBeCloseTo(crossEntropy([[1, 2, 3]], [[0.1, 0.2, 0.7]]), 6);
  });

  it('does not change its arguments', () => {
    const [logits, targets, labels] = [asMatrix([[1, 2]]), oneHot([1], 2), Int32Array.of(-1)];
    const weights = Float64Array.of(1);
    crossEntropyGradient(logits, targets, { sampleWeights: weights });
    sparseCrossEntropyGradient(logits, labels, { sampleWeights: weights, ignoreIndex: -1 });
    expect([toRows(logits), toRows(targets), labels, weights]).toEqual([
      [[1, 2]],
      [[0, 1]],
      Int32Array.of(-1),
      Float64Array.of(1),
    ]);
  });
});

describe('bad input to cross-entropy', () => {
  const logits = [
    [1, 2, 3],
    [3, 2, 1],
  ];
  const soft = [
    [0, 0, 1],
    [0.5, 0.5, 0],
  ];
  const rejects = (call: () => unknown, fields: Record<string, unknown>) =>
    expect(call).toThrow(expect.objectContaining(fields));

  it('is reported with function, argument and a hint if labels are given for targets', () => {
    const fields = { code: 'SHAPE', where: 'crossEntropy', argument: 'targets', expected: 'have shape [2, 3]' };
    const hint = expect.stringContaining('sparseCrossEntropy');
    for (const labels of [[0, 2], Int32Array.of(0, 2)]) {
      rejects(() => crossEntropy(logits, labels as unknown as number[][]), { ...fields, actual: '[2]', hint });
    }
    rejects(() => crossEntropy(logits, [[0, 1]]), { ...fields, actual: '[1, 2]' });
  });

  it('is reported with the function that was called', () => {
    const fields = (where: string) => ({ code: 'SHAPE', where });
    rejects(() => crossEntropyGradient(logits, []), fields('crossEntropyGradient'));
    rejects(() => crossEntropyHessianVector(logits, soft, []), fields('crossEntropyHessianVector'));
    rejects(() => sparseCrossEntropy(logits, []), fields('sparseCrossEntropy'));
    rejects(() => sparseCrossEntropyGradient(logits, []), fields('sparseCrossEntropyGradient'));
    rejects(() => sparseCrossEntropyHessianVector(logits, [0, 1], []), fields('sparseCrossEntropyHessianVector'));
  });

  it.each([
    ['sums to 0.9', [0.5, 0.4, 0], 'targets[1]', 'sum to 1'],
    ['has a negative entry', [1.5, -0.5, 0], 'targets[1][1]', 'be ≥ 0'],
    ['contains NaN', [1, 0, nan], 'targets[1][2]', 'be ≥ 0'],
    ['contains ∞', [infinite, 0, 0], 'targets[1]', 'sum to 1'],
  ])('is rejected: a row of targets that %s', (_, row, argument, expected) => {
    rejects(() => crossEntropy(logits, [soft[0], row]), { code: 'DOMAIN', where: 'crossEntropy', argument, expected });
  });

  it.each([3, -100, 0.5, nan])('is rejected: the label %p, with or without another ignoreIndex', (label) => {
    const fields = { code: 'DOMAIN', where: 'sparseCrossEntropy', argument: 'labels[1]', actual: String(label) };
    rejects(() => sparseCrossEntropy(logits, [0, label]), { ...fields, hint: expect.stringContaining('ignoreIndex') });
    rejects(() => sparseCrossEntropy(logits, [-1, label], { ignoreIndex: -1 }), fields);
  });

  it('is rejected: a row of only −∞ with a positive weight', () => {
    const rows = [logits[0], [impossible, impossible, impossible]];
    rejects(() => crossEntropy(rows, soft), { code: 'DOMAIN', where: 'crossEntropy', argument: 'logits[1]' });
    rejects(() => sparseCrossEntropyGradient(rows, [0, 0]), { code: 'DOMAIN', argument: 'logits[1]' });
  });

  it.each<[SparseCrossEntropyOptions, string, string]>([
    [{ classWeights: [1, -1, 1] }, 'DOMAIN', 'classWeights[1]'],
    [{ classWeights: [1, nan, 1] }, 'DOMAIN', 'classWeights[1]'],
    [{ classWeights: [1, 1] }, 'SHAPE', 'classWeights'],
    [{ sampleWeights: [1, infinite] }, 'DOMAIN', 'sampleWeights[1]'],
    [{ sampleWeights: [1, 1, 1] }, 'SHAPE', 'sampleWeights'],
    [{ labelSmoothing: 1.5 }, 'DOMAIN', 'labelSmoothing'],
    [{ labelSmoothing: -0.1 }, 'DOMAIN', 'labelSmoothing'],
    [{ labelSmoothing: nan }, 'DOMAIN', 'labelSmoothing'],
    [{ reduction: 'average' as 'mean' }, 'DOMAIN', 'reduction'],
    [{ smoothing: 0.1 } as SparseCrossEntropyOptions, 'DOMAIN', 'options'],
  ])('is rejected: the options %p', (options, code, argument) => {
    rejects(() => crossEntropy(logits, soft, options), { code, where: 'crossEntropy', argument });
    rejects(() => sparseCrossEntropy(logits, [0, 1], options), { code, where: 'sparseCrossEntropy', argument });
  });

  it('is rejected: ignoreIndex with targets, and a fractional ignoreIndex', () => {
    const options = { ignoreIndex: 0 } as CrossEntropyOptions;
    rejects(() => crossEntropy(logits, soft, options), {
      code: 'DOMAIN',
      argument: 'options',
      actual: "'ignoreIndex'",
    });
    rejects(() => sparseCrossEntropy(logits, [0, 1], { ignoreIndex: 0.5 }), {
      code: 'DOMAIN',
      argument: 'ignoreIndex',
    });
  });
});

function total(loss: number | Float64Array): number {
  return typeof loss === 'number' ? loss : sum(loss);
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((to, value) => to + value, 0);
}

function normalized(rows: number[][]): number[][] {
  return rows.map((row) => row.map((value) => value / sum(row)));
}

function shaped(values: Float64Array, like: Matrix): Matrix {
  return { rows: like.rows, columns: like.columns, values };
}

function moved(rows: number[][], direction: number[][], t: number): number[][] {
  return rows.map((row, i) => row.map((value, k) => value + t * direction[i][k]));
}
