import fc from 'fast-check';
import { FINITE_DIFFERENCE, FLOAT64 } from '../src/core/tolerance.js';
import {
  asMatrix,
  centralDifference,
  logSoftmax,
  logSoftmaxGradient,
  logSoftmaxHessianVector,
  type Matrix,
  type MatrixLike,
  softmax,
  softmaxGradient,
  softmaxHessianVector,
  toRows,
} from '../src/reference.js';
import { between } from './helpers/numbers.js';

fc.configureGlobal({ seed: 33 });

const { NaN: nan, NEGATIVE_INFINITY: impossible, POSITIVE_INFINITY: infinite } = Number;
const logit = between(-20, 20);
const entry = between(-3, 3);
const problem = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 })).chain(([rows, classes]) => {
  const matrix = (of: fc.Arbitrary<number>) =>
    fc.array(fc.array(of, { minLength: classes, maxLength: classes }), { minLength: rows, maxLength: rows });
  return fc.record({ logits: matrix(logit), upstream: matrix(entry), vector: matrix(entry) });
});

const twins = [
  { name: 'softmax', f: softmax, gradient: softmaxGradient, hessianVector: softmaxHessianVector },
  { name: 'logSoftmax', f: logSoftmax, gradient: logSoftmaxGradient, hessianVector: logSoftmaxHessianVector },
];

describe('softmax and logSoftmax', () => {
  // torch 2.15.0, float64: softmax and log_softmax of this tensor along dimension 1.
  const logits = [
    [1, 2, 3],
    [-1, 0.5, 4],
  ];

  it('match torch', () => {
    const p = [
      [0.09003057317038045, 0.2447284710547976, 0.6652409557748218],
      [0.00649794331566194, 0.0291217615374784, 0.9643802951468596],
    ];
    const logP = [
      [-2.4076059644443806, -1.4076059644443804, -0.4076059644443804],
      [-5.036269565124779, -3.5362695651247793, -0.03626956512477912],
    ];
    expect(softmax(logits)).toBeAllClose(p, FLOAT64);
    expect(logSoftmax(logits)).toBeAllClose(logP, FLOAT64);
  });

  it('have positive rows that sum to 1, of which logSoftmax is the logarithm', () => {
    fc.assert(
      fc.property(problem, ({ logits }) => {
        const p = softmax(logits);
        for (const row of toRows(p)) {
          expect(Math.abs(row.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-15 * row.length);
          expect(Math.min(...row)).toBeGreaterThan(0);
        }
        const logP = logSoftmax(logits);
        expect(Math.max(...logP.values)).toBeLessThanOrEqual(0);
        expect(logP.values.map(Math.exp)).toBeAllClose(p, FLOAT64);
      }),
    );
  });

  it('are invariant to a shift of the logits', () => {
    fc.assert(
      fc.property(problem, fc.integer({ min: -1000, max: 1000 }), ({ logits }, shift) => {
        // On a grid of 2⁻²⁰ the shift loses no bits, so the results are equal bit for bit.
        const grid = logits.map((row) => row.map((o) => Math.round(o * 2 ** 20) / 2 ** 20));
        const shifted = grid.map((row) => row.map((o) => o + shift));
        expect(softmax(shifted)).toEqual(softmax(grid));
        expect(logSoftmax(shifted)).toEqual(logSoftmax(grid));
      }),
    );
  });

  it('permute with the classes', () => {
    const reversed = (rows: number[][]) => rows.map((row) => [...row].reverse());
    fc.assert(
      fc.property(problem, ({ logits }) => {
        for (const { f } of twins) {
          expect(f(reversed(logits))).toBeAllClose(reversed(toRows(f(logits))), FLOAT64);
        }
      }),
    );
  });

  it('are exact at ±1e30', () => {
    expect(toRows(softmax([[1e30, -1e30, 1e30]]))).toEqual([[0.5, 0, 0.5]]);
    expect(toRows(logSoftmax([[1e30, -1e30, 1e30]]))).toEqual([[-Math.LN2, -2e30, -Math.LN2]]);
    expect(toRows(softmax([[-1e30, -1e30]]))).toEqual([[0.5, 0.5]]);
  });

  it('keep log p accurate where p underflows or rounds to 1', () => {
    expect(toRows(softmax([[0, -1000]]))).toEqual([[1, 0]]);
    expect(toRows(logSoftmax([[0, -1000]]))).toEqual([[0, -1000]]);
    expect(logSoftmax([[40, 0]]).values[0]).toBeCloseTo(-Math.exp(-40), 30);
  });

  it('give an entry −∞ probability 0', () => {
    expect(toRows(softmax([[impossible, 2, 2]]))).toEqual([[0, 0.5, 0.5]]);
    expect(toRows(logSoftmax([[impossible, 2, 2]]))).toEqual([[impossible, -Math.LN2, -Math.LN2]]);
  });

  it('are 1 and 0 for one class', () => {
    expect(toRows(softmax([[7], [-1e30]]))).toEqual([[1], [1]]);
    expect(logSoftmax([[7], [-1e30]])).toBeAllClose([0, 0], FLOAT64);
  });

  it('return NaN only in rows with NaN or +∞', () => {
    for (const { f } of twins) {
      const result = f([
        [nan, 0, impossible],
        [infinite, 0, impossible],
        [0, 0, 0],
      ]);
      expect(toRows(result).slice(0, 2)).toEqual([
        [nan, nan, nan],
        [nan, nan, nan],
      ]);
      expect(toRows(result)[2].every(Number.isFinite)).toBe(true);
    }
  });

  it('return no rows for no rows', () => {
    expect(softmax([])).toEqual(asMatrix([]));
    expect(logSoftmaxGradient({ rows: 0, columns: 3, values: new Float64Array(0) }, []).columns).toBe(3);
  });

  it('do not change their argument', () => {
    const logits = asMatrix([[1, 2, 3]]);
    for (const { f } of twins) f(logits);
    expect(toRows(logits)).toEqual([[1, 2, 3]]);
  });
});

describe.each(twins)('$name', ({ name, f, gradient, hessianVector }) => {
  it('has a gradient that matches finite differences', () => {
    fc.assert(
      fc.property(problem, ({ logits, upstream }) => {
        const analytic = gradient(logits, upstream);
        const numeric = centralDifference((o) => weightedSum(f(shaped(o, analytic)), upstream), flat(logits));
        expect(analytic).toBeAllClose(numeric, FINITE_DIFFERENCE);
      }),
    );
  });

  it('has a gradient whose rows sum to 0', () => {
    fc.assert(
      fc.property(problem, ({ logits, upstream }) => {
        for (const row of toRows(gradient(logits, upstream))) {
          expect(Math.abs(row.reduce((a, b) => a + b))).toBeLessThan(1e-14);
        }
      }),
    );
  });

  it('has a second derivative that matches finite differences of the gradient', () => {
    fc.assert(
      fc.property(problem, ({ logits, upstream, vector }) => {
        const analytic = hessianVector(logits, upstream, vector);
        const along = (t: number) => gradient(moved(logits, vector, t), upstream).values;
        const numeric = analytic.values.map((_, at) => centralDifference(([t]) => along(t)[at], [0])[0]);
        expect(analytic).toBeAllClose(numeric, FINITE_DIFFERENCE);
      }),
    );
  });

  it('has a symmetric second derivative: u·Hv = v·Hu', () => {
    fc.assert(
      fc.property(problem, ({ logits, upstream, vector }) => {
        const other = logits.map((row) => row.map((o) => o / 7));
        const forth = weightedSum(hessianVector(logits, upstream, vector), other);
        const back = weightedSum(hessianVector(logits, upstream, other), vector);
        expect(Math.abs(forth - back)).toBeLessThan(1e-12);
      }),
    );
  });

  it('has a gradient that finite differences distinguish from wrong ones', () => {
    const logits = [[0.5, -1, 2]];
    const upstream = [[1, -2, 0.5]];
    const analytic = gradient(logits, upstream);
    const numeric = centralDifference((o) => weightedSum(f(shaped(o, analytic)), upstream), flat(logits));
    expect(analytic).toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(analytic.values.map((value) => -value)).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(upstream).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
    const slightlyOff = analytic.values.map((value) => value * (1 + 1e-5));
    expect(slightlyOff).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
  });

  it('has finite derivatives at −∞ and ±1e30', () => {
    const logits = [
      [impossible, 0, 0],
      [1e30, -1e30, 0],
    ];
    const upstream = [
      [1, 2, 3],
      [1, 2, 3],
    ];
    expect(gradient(logits, upstream).values.every(Number.isFinite)).toBe(true);
    expect(hessianVector(logits, upstream, upstream).values.every(Number.isFinite)).toBe(true);
  });

  it('rejects a row of only −∞, and names the row', () => {
    const logits = [
      [0, 0],
      [impossible, impossible],
    ];
    const error = (where: string) =>
      expect.objectContaining({ code: 'DOMAIN', where, argument: 'logits[1]', actual: 'a row of only −Infinity' });
    expect(() => f(logits)).toThrow(error(name));
    expect(() => f([[impossible, impossible]])).toThrow(expect.objectContaining({ argument: 'logits[0]' }));
    expect(() => gradient(logits, logits)).toThrow(error(`${name}Gradient`));
    expect(() => hessianVector(logits, logits, logits)).toThrow(error(`${name}HessianVector`));
  });

  it('rejects incompatible shapes', () => {
    const error = (argument: string) => expect.objectContaining({ code: 'SHAPE', argument, actual: '[1, 3]' });
    expect(() => gradient([[1, 2]], [[1, 2, 3]])).toThrow(error('upstream'));
    expect(() => hessianVector([[1, 2]], [[1, 2]], [[1, 2, 3]])).toThrow(error('vector'));
    expect(() => f([[], []])).toThrow(expect.objectContaining({ code: 'SHAPE', argument: 'logits', actual: '[2, 0]' }));
  });
});

describe('derivatives', () => {
  // torch 2.15.0, float64: torch.autograd.functional.jacobian and hvp of (f(o, 1) * v).sum(), along u.
  const logits = [
    [1, 2, 3],
    [-1, 0.5, 4],
  ];
  const v = [
    [1, -2, 0.5],
    [0.25, 3, -1],
  ];
  const u = [
    [0.5, 1, -1],
    [2, 0, 1],
  ];

  it('match torch for softmax', () => {
    const gradient = [
      [0.09604514583293235, -0.47310763853503385, 0.3770624927021015],
      [0.007312723837519445, 0.11285819872507713, -0.12017092256259661],
    ];
    const product = [
      [0.15630506051401483, -0.4544498857129704, 0.29814482519895535],
      [0.008163994085369799, -0.10723124520124398, 0.09906725111587418],
    ];
    expect(softmaxGradient(logits, v)).toBeAllClose(gradient, FLOAT64);
    expect(softmaxHessianVector(logits, v, u)).toBeAllClose(product, FLOAT64);
    expect(softmaxHessianVector(logits, v, v)).not.toBeAllClose(product, FLOAT64);
  });

  it('match torch for logSoftmax', () => {
    const gradient = [
      [1.0450152865851903, -1.8776357644726012, 0.8326204778874109],
      [0.23537962753976063, 2.9344760365406737, -3.1698556640804343],
    ];
    const product = [
      [0.039410757278570616, 0.168311663119848, -0.20772242039841862],
      [-0.014951141109115074, 0.06404156122084965, -0.04909042011173461],
    ];
    expect(logSoftmaxGradient(logits, v)).toBeAllClose(gradient, FLOAT64);
    expect(logSoftmaxHessianVector(logits, v, u)).toBeAllClose(product, FLOAT64);
    expect(logSoftmaxHessianVector(logits, v, v)).not.toBeAllClose(product, FLOAT64);
  });

  it('match the docstring examples', () => {
    expect(toRows(softmaxGradient([[0, 0]], [[1, 0]]))).toEqual([[0.25, -0.25]]);
    expect(toRows(logSoftmaxGradient([[0, 0]], [[1, 0]]))).toEqual([[0.5, -0.5]]);
    expect(softmaxHessianVector([[0, Math.log(3)]], [[1, 0]], [[1, 0]])).toBeAllClose([[0.09375, -0.09375]], FLOAT64);
    expect(toRows(logSoftmaxHessianVector([[0, 0]], [[1, 0]], [[1, 0]]))).toEqual([[-0.25, 0.25]]);
  });
});

function weightedSum(matrix: Matrix, weights: MatrixLike): number {
  const w = asMatrix(weights).values;
  return matrix.values.reduce((total, value, at) => total + value * w[at], 0);
}

function flat(rows: number[][]): Float64Array {
  return asMatrix(rows).values;
}

function shaped(values: Float64Array, like: Matrix): Matrix {
  return { rows: like.rows, columns: like.columns, values };
}

function moved(rows: number[][], direction: number[][], t: number): number[][] {
  return rows.map((row, i) => row.map((value, k) => value + t * direction[i][k]));
}
