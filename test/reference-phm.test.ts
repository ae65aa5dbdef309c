import fc from 'fast-check';
import { FINITE_DIFFERENCE, FLOAT64 } from '../src/core/tolerance.js';
import {
  asMatrix,
  centralDifference,
  dense,
  kron,
  type MatrixLike,
  phm,
  phmGradient,
  phmWeight,
  quaternionFactors,
  toRows,
  transpose,
} from '../src/reference.js';
import { between } from './helpers/numbers.js';

fc.configureGlobal({ seed: 36 });

const number = between(-2, 2);
const list = <T>(of: fc.Arbitrary<T>, length: number) => fc.array(of, { minLength: length, maxLength: length });
const size = fc.integer({ min: 1, max: 3 });
const problem = fc.tuple(size, size, size, size).chain(([n, m, p, q]) =>
  fc.record({
    features: list(list(number, m * p), n),
    factors: list(list(list(number, m), m), m),
    components: list(list(list(number, q), p), m),
    bias: list(number, m * q),
    // The scalar to differentiate is G·o, so that its gradient with respect to o is G.
    logitsGradient: list(list(number, m * q), n),
  }),
);
type Problem = typeof problem extends fc.Arbitrary<infer P> ? P : never;

function scalar({ features, factors, components, bias, logitsGradient }: Problem): number {
  const g = asMatrix(logitsGradient).values;
  return phm(features, factors, components, bias).values.reduce((total, o, at) => total + o * g[at], 0);
}

/** Central differences of `scalar` with respect to one matrix of the problem, put in its place by `replace`. */
function numericGradient(matrix: number[][], replace: (rows: number[][]) => Problem): Float64Array {
  const columns = matrix[0].length;
  const rowsOf = (values: Float64Array) =>
    matrix.map((_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));
  return centralDifference((values) => scalar(replace(rowsOf(values))), asMatrix(matrix).values);
}

const replaced = <T>(items: readonly T[], at: number, item: T) => items.map((each, i) => (i === at ? item : each));

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

describe('phm', () => {
  const complex = [
    [
      [1, 0],
      [0, 1],
    ],
    [
      [0, 1],
      [-1, 0],
    ],
  ];

  it('multiplies complex numbers with the factors of 1 and i', () => {
    expect(toRows(phmWeight(complex, [[[2]], [[3]]]))).toEqual([
      [2, 3],
      [-3, 2],
    ]);
    // (2 + 3i)(5 + 7i) = −11 + 29i
    expect(toRows(phm([[5, 7]], complex, [[[2]], [[3]]], [0, 0]))).toEqual([[-11, 29]]);
  });

  it('has components in contiguous blocks', () => {
    const components = [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
    ];
    expect(toRows(phmWeight(complex, components))).toEqual([
      [1, 2, 3, 0, 0, 0],
      [4, 5, 6, 0, 0, 0],
      [0, 0, 0, 1, 2, 3],
      [0, 0, 0, 4, 5, 6],
    ]);
  });

  it('equals dense for one component and the factor 1', () => {
    fc.assert(
      fc.property(problem, ({ features, logitsGradient: weightLike, bias }) => {
        const weight = features[0].map((_, i) => weightLike[i % weightLike.length]);
        expect(phm(features, [[[1]]], [weight], bias)).toEqual(dense(features, weight, bias));
      }),
    );
  });

  it('is a dense layer whose weight is a sum of Kronecker products', () => {
    fc.assert(
      fc.property(problem, ({ features, factors, components, bias }) => {
        const terms = factors.map((factor, i) => kron(factor, components[i]).values);
        const weight = phmWeight(factors, components);
        const total = weight.values.map((_, at) => terms.reduce((to, term) => to + term[at], 0));
        expect(weight).toBeAllClose(total, FLOAT64);
        expect(phm(features, factors, components, bias)).toEqual(dense(features, weight, bias));
      }),
    );
  });

  it('has gradients that match finite differences, for every argument', () => {
    fc.assert(
      fc.property(problem, (p) => {
        const gradient = phmGradient(p.features, p.factors, p.components, p.logitsGradient);
        const byFeatures = numericGradient(p.features, (features) => ({ ...p, features }));
        expect(gradient.features).toBeAllClose(byFeatures, FINITE_DIFFERENCE);
        p.factors.forEach((factor, i) => {
          const numeric = numericGradient(factor, (rows) => ({ ...p, factors: replaced(p.factors, i, rows) }));
          expect(gradient.factors[i]).toBeAllClose(numeric, FINITE_DIFFERENCE);
        });
        p.components.forEach((component, i) => {
          const numeric = numericGradient(component, (rows) => ({ ...p, components: replaced(p.components, i, rows) }));
          expect(gradient.components[i]).toBeAllClose(numeric, FINITE_DIFFERENCE);
        });
        const byBias = numericGradient([p.bias], ([bias]) => ({ ...p, bias }));
        expect(gradient.bias).toBeAllClose(byBias, FINITE_DIFFERENCE);
      }),
    );
  });

  it('has gradients that finite differences distinguish from transposed, negated or swapped ones', () => {
    const p: Problem = {
      features: [[1, 2]],
      factors: complex,
      components: [[[2]], [[3]]],
      bias: [0, 0],
      logitsGradient: [[2, -3]],
    };
    const { factors, components } = phmGradient(p.features, p.factors, p.components, p.logitsGradient);
    const numeric = numericGradient(p.factors[0], (rows) => ({ ...p, factors: replaced(p.factors, 0, rows) }));
    expect(factors[0]).toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(transpose(factors[0])).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(factors[0].values.map((value) => -value)).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(factors[1]).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
    const byComponent = numericGradient(p.components[0], (rows) => ({
      ...p,
      components: replaced(p.components, 0, rows),
    }));
    expect(components[0]).toBeAllClose(byComponent, FINITE_DIFFERENCE);
    expect(components[0].values.map((value) => -value)).not.toBeAllClose(byComponent, FINITE_DIFFERENCE);
    expect(components[1]).not.toBeAllClose(byComponent, FINITE_DIFFERENCE);
  });

  it('matches the gradient of the docstring example', () => {
    expect(phmGradient([[1]], [[[2]]], [[[3]]], [[1]]).factors[0].values).toEqual(Float64Array.of(3));
    expect(phmGradient([[1]], [[[2]]], [[[3]]], [[1]]).components[0].values).toEqual(Float64Array.of(2));
  });

  it.each<[string, () => unknown, object]>([
    ['no factors', () => phmWeight([], []), { where: 'phmWeight', argument: 'factors' }],
    ['too few components', () => phmWeight(complex, [[[1]]]), { where: 'phmWeight', argument: 'components' }],
    [
      'a factor that is not [m, m]',
      () => phmWeight([complex[0], [[1, 0]]], [[[1]], [[1]]]),
      { argument: 'factors[1]', expected: 'have shape [2, 2]', actual: '[1, 2]' },
    ],
    [
      'components of different shapes',
      () => phmWeight(complex, [[[1]], [[1, 2]]]),
      { argument: 'components[1]', expected: 'have shape [1, 1]', actual: '[1, 2]' },
    ],
    [
      'features of the wrong shape',
      () => phm([[1]], complex, [[[1]], [[1]]], [0, 0]),
      { where: 'phm', argument: 'features' },
    ],
    [
      'a bias of the wrong length',
      () => phm([[1, 2]], complex, [[[1]], [[1]]], [0]),
      { where: 'phm', argument: 'bias' },
    ],
    [
      'a gradient of the wrong shape',
      () => phmGradient([[1, 2]], complex, [[[1]], [[1]]], [[1]]),
      { where: 'phmGradient', argument: 'logitsGradient' },
    ],
    [
      'one matrix in place of a list',
      () => phmWeight(asMatrix([[1]]) as unknown as MatrixLike[], [[[1]]]),
      { argument: 'factors', actual: 'an object' },
    ],
  ])('rejects %s', (_, call, fields) => {
    expect(call).toThrow(expect.objectContaining({ code: 'SHAPE', ...fields }));
  });
});

describe('quaternionFactors', () => {
  const quaternion = fc.tuple(number, number, number, number);
  const asComponents = (w: Quaternion) => w.map((part) => [[part]]);

  it('make x·W the Hamilton product w ⊗ x', () => {
    fc.assert(
      fc.property(quaternion, quaternion, (w, x) => {
        const o = phm([x], quaternionFactors(), asComponents(w), [0, 0, 0, 0]);
        expect(o).toBeAllClose(hamiltonProduct(w, x), FLOAT64, [10, 10, 10, 10]);
      }),
    );
  });

  it('give w ⊗ x and not x ⊗ w, and their transposes the product with the conjugate of w', () => {
    const [w, x]: Quaternion[] = [
      [0, 1, 0, 0],
      [1, 0, 0, 2],
    ];
    const zeroBias = [0, 0, 0, 0];
    expect(toRows(phm([x], quaternionFactors(), asComponents(w), zeroBias))).toEqual([[0, 1, -2, 0]]);
    expect(hamiltonProduct(x, w)).toEqual([0, 1, 2, 0]);
    const transposed = phm([x], quaternionFactors().map(transpose), asComponents(w), zeroBias);
    expect(transposed).toBeAllClose(hamiltonProduct([0, -1, 0, 0], x), FLOAT64);
  });

  it('contain the products of the basis: i times i, j, k is −1, k, −j', () => {
    const [, i] = quaternionFactors();
    expect(toRows(i)).toEqual([
      [0, 1, 0, 0],
      [-1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, -1, 0],
    ]);
  });

  it('preserve the norm: |w ⊗ x| = |w||x|', () => {
    const norm = (q: ArrayLike<number>) => Math.hypot(...Array.from(q));
    fc.assert(
      fc.property(quaternion, quaternion, (w, x) => {
        const o = phm([x], quaternionFactors(), asComponents(w), [0, 0, 0, 0]).values;
        expect(norm(o)).toBeAllClose(norm(w) * norm(x), FLOAT64);
      }),
    );
  });
});
