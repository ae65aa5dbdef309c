import fc from 'fast-check';
import { FINITE_DIFFERENCE, FLOAT64 } from '../src/core/tolerance.js';
import { asMatrix, centralDifference, dense, denseGradient, type Matrix, toRows, transpose } from '../src/reference.js';
import { between } from './helpers/numbers.js';

fc.configureGlobal({ seed: 35 });

const size = fc.integer({ min: 1, max: 4 });
const problem = fc.tuple(size, size, size).chain(([n, features, classes]) => {
  const list = <T>(of: fc.Arbitrary<T>, length: number) => fc.array(of, { minLength: length, maxLength: length });
  const number = between(-3, 3);
  return fc.record({
    features: list(list(number, features), n),
    weight: list(list(number, classes), features),
    bias: list(number, classes),
    // The scalar to differentiate is G·o, so that its gradient with respect to o is G.
    logitsGradient: list(list(number, classes), n),
  });
});
type Problem = typeof problem extends fc.Arbitrary<infer P> ? P : never;

function scalar({ features, weight, bias, logitsGradient }: Problem): number {
  const g = asMatrix(logitsGradient).values;
  return dense(features, weight, bias).values.reduce((total, o, at) => total + o * g[at], 0);
}

function rowsOf(values: Float64Array, like: number[][]): number[][] {
  const columns = like[0].length;
  return like.map((_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));
}

describe('dense', () => {
  it('is XW + b', () => {
    const weight = [
      [1, 0, 2],
      [0, 1, 1],
    ];
    expect(toRows(dense([[1, 2]], weight, [0.5, 0, 0]))).toEqual([[1.5, 2, 4]]);
    expect(dense([], weight, [0, 0, 0])).toEqual({ rows: 0, columns: 3, values: new Float64Array(0) });
  });

  it('is affine: equal steps of X are equal steps of o', () => {
    fc.assert(
      fc.property(problem, ({ features, weight, bias }) => {
        const at = (t: number) =>
          dense(
            features.map((row) => row.map((x) => t * x)),
            weight,
            bias,
          ).values;
        const [zero, one, two] = [at(0), at(1), at(2)];
        const scale = one.map(() => 100);
        expect(two.map((o, i) => o - one[i])).toBeAllClose(
          one.map((o, i) => o - zero[i]),
          FLOAT64,
          scale,
        );
      }),
    );
  });

  it('has gradients that match finite differences', () => {
    fc.assert(
      fc.property(problem, (p) => {
        const { features, weight, bias, logitsGradient } = p;
        const gradient = denseGradient(features, weight, logitsGradient);
        const byFeatures = (x: Float64Array) => scalar({ ...p, features: rowsOf(x, features) });
        const byWeight = (w: Float64Array) => scalar({ ...p, weight: rowsOf(w, weight) });
        const byBias = (b: Float64Array) => scalar({ ...p, bias: Array.from(b) });
        expect(gradient.features).toBeAllClose(
          centralDifference(byFeatures, asMatrix(features).values),
          FINITE_DIFFERENCE,
        );
        expect(gradient.weight).toBeAllClose(centralDifference(byWeight, asMatrix(weight).values), FINITE_DIFFERENCE);
        expect(gradient.bias).toBeAllClose(centralDifference(byBias, bias), FINITE_DIFFERENCE);
      }),
    );
  });

  it('has a weight gradient that finite differences distinguish from its transpose, its negative and GᵀX', () => {
    const p: Problem = {
      features: [
        [1, 2],
        [-1, 3],
      ],
      weight: [
        [0.5, 1],
        [2, -1],
      ],
      bias: [0, 1],
      logitsGradient: [
        [1, -1],
        [0.5, 2],
      ],
    };
    const byWeight = (w: Float64Array) => scalar({ ...p, weight: rowsOf(w, p.weight) });
    const numeric = centralDifference(byWeight, asMatrix(p.weight).values);
    const { weight } = denseGradient(p.features, p.weight, p.logitsGradient);
    expect(weight).toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(transpose(weight)).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
    expect(weight.values.map((value) => -value)).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
    const swapped = denseGradient(p.logitsGradient, p.weight, p.features).weight;
    expect(swapped).not.toBeAllClose(numeric, FINITE_DIFFERENCE);
  });

  it('has gradients of the shapes of its arguments, and 0 for an empty batch', () => {
    expect(toRows(denseGradient([[1, 2]], [[3], [4]], [[10]]).weight)).toEqual([[10], [20]]);
    const gradient = denseGradient([], [[1, 2, 3]], []);
    const shape = ({ rows, columns }: Matrix) => [rows, columns];
    expect([shape(gradient.features), shape(gradient.weight)]).toEqual([
      [0, 1],
      [1, 3],
    ]);
    expect([gradient.weight.values, gradient.bias]).toEqual([new Float64Array(3), new Float64Array(3)]);
  });

  it.each<[string, () => unknown, object]>([
    [
      'features with the wrong number of columns',
      () => dense([[1, 2, 3]], [[1], [2]], [0]),
      { where: 'dense', argument: 'features', expected: 'have shape [1, 2]', actual: '[1, 3]' },
    ],
    ['a bias of the wrong length', () => dense([[1]], [[1, 2]], [0]), { where: 'dense', argument: 'bias' }],
    [
      'a gradient of the wrong shape',
      () => denseGradient([[1]], [[1, 2]], [[1]]),
      { where: 'denseGradient', argument: 'logitsGradient', expected: 'have shape [1, 2]' },
    ],
  ])('rejects %s', (_, call, fields) => {
    expect(call).toThrow(expect.objectContaining({ code: 'SHAPE', ...fields }));
  });
});
