import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import { asMatrix, columnSums, kron, type MatrixLike, matmul, toRows, transpose } from '../src/reference.js';
import { between } from './helpers/numbers.js';

fc.configureGlobal({ seed: 31 });

const matrixOf = (rows: number, columns: number) => {
  const row = fc.array(between(-10, 10), { minLength: columns, maxLength: columns });
  return fc.array(row, { minLength: rows, maxLength: rows });
};
const size = fc.integer({ min: 1, max: 4 });

describe('asMatrix', () => {
  it('stores values row by row', () => {
    const matrix = asMatrix([[1, 2], Float32Array.of(3, 4), new Uint8Array([5, 6])]);
    expect(matrix).toEqual({ rows: 3, columns: 2, values: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect(toRows(matrix)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  it('returns a matrix unchanged', () => {
    const matrix = asMatrix([[1]]);
    expect(asMatrix(matrix)).toBe(matrix);
  });

  it('returns an empty matrix for no rows', () => {
    expect(asMatrix([])).toEqual({ rows: 0, columns: 0, values: new Float64Array(0) });
  });

  it.each<[string, unknown, string]>([
    ['rows of different lengths', [[1, 2], [3]], 'value'],
    ['a string in place of a number', [[1, '2']], 'value[0][1]'],
    ['an undefined entry', [[1, undefined]], 'value[0][1]'],
    ['BigInts', [new BigInt64Array(2)], 'value[0][0]'],
    ['a flat array', [1, 2], 'value[0]'],
    ['a flat typed array', Float64Array.of(1, 2), 'value'],
    ['undefined', undefined, 'value'],
    ['values that do not fill the shape', { rows: 2, columns: 2, values: new Float64Array(3) }, 'value.values'],
    ['values in float32', { rows: 1, columns: 1, values: new Float32Array(1) }, 'value.values'],
  ])('rejects %s', (_, value, argument) => {
    const error = expect.objectContaining({ code: 'SHAPE', where: 'asMatrix', argument });
    expect(() => asMatrix(value as MatrixLike)).toThrow(error);
  });
});

describe('matmul', () => {
  it('multiplies matrices', () => {
    expect(toRows(matmul([[1, 2]], [[3], [4]]))).toEqual([[11]]);
    expect(
      toRows(
        matmul(
          [
            [1, 2],
            [3, 4],
          ],
          [
            [0, 1, 2],
            [1, 0, -1],
          ],
        ),
      ),
    ).toEqual([
      [2, 1, 0],
      [4, 3, 2],
    ]);
  });

  it('is associative, and satisfies (AB)ᵀ = BᵀAᵀ', () => {
    const three = fc
      .tuple(size, size, size, size)
      .chain(([m, n, p, q]) => fc.tuple(matrixOf(m, n), matrixOf(n, p), matrixOf(p, q)));
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        const scale = matmul(matmul(absolute(a), absolute(b)), absolute(c));
        expect(matmul(matmul(a, b), c)).toBeAllClose(matmul(a, matmul(b, c)), FLOAT64, scale);
        expect(transpose(matmul(a, b))).toEqual(matmul(transpose(b), transpose(a)));
      }),
    );
  });

  it('returns NaN for 0·∞', () => {
    expect(toRows(matmul([[0]], [[Number.POSITIVE_INFINITY]]))).toEqual([[Number.NaN]]);
  });

  it('returns no rows for no rows', () => {
    expect(matmul([], [[1, 2]])).toEqual({ rows: 0, columns: 2, values: new Float64Array(0) });
  });

  it('rejects incompatible sizes', () => {
    const error = { code: 'SHAPE', where: 'matmul', argument: 'right', expected: 'have 2 rows', actual: '[1, 2]' };
    expect(() => matmul([[1, 2]], [[1, 2]])).toThrow(expect.objectContaining(error));
  });
});

describe('transpose and columnSums', () => {
  it('match the docstring examples', () => {
    const matrix = [
      [1, 2],
      [3, 4],
    ];
    expect(toRows(transpose(matrix))).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(columnSums(matrix)).toEqual(Float64Array.of(4, 6));
    expect(columnSums([])).toEqual(new Float64Array(0));
  });

  it('do not change their argument', () => {
    const matrix = asMatrix([[1, 2, 3]]);
    transpose(matrix);
    columnSums(matrix);
    expect(toRows(matrix)).toEqual([[1, 2, 3]]);
  });
});

describe('kron', () => {
  it('matches torch.kron', () => {
    // torch 2.15.0: torch.kron(tensor([[1, 2], [3, 4]]), tensor([[0, 5, 1], [6, 7, -1]]))
    const product = kron(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0, 5, 1],
        [6, 7, -1],
      ],
    );
    expect(toRows(product)).toEqual([
      [0, 5, 1, 0, 10, 2],
      [6, 7, -1, 12, 14, -2],
      [0, 15, 3, 0, 20, 4],
      [18, 21, -3, 24, 28, -4],
    ]);
    expect(toRows(kron([[1, 2]], [[3], [4]]))).toEqual([
      [3, 6],
      [4, 8],
    ]);
  });

  it('satisfies (A ⊗ B)(C ⊗ D) = AC ⊗ BD', () => {
    const four = fc
      .tuple(size, size, size, size)
      .chain(([m, n, p, q]) => fc.tuple(matrixOf(m, n), matrixOf(p, q), matrixOf(n, m), matrixOf(q, p)));
    fc.assert(
      fc.property(four, ([a, b, c, d]) => {
        const scale = kron(matmul(absolute(a), absolute(c)), matmul(absolute(b), absolute(d)));
        expect(matmul(kron(a, b), kron(c, d))).toBeAllClose(kron(matmul(a, c), matmul(b, d)), FLOAT64, scale);
      }),
    );
  });
});

function absolute(rows: number[][]): number[][] {
  return rows.map((row) => row.map(Math.abs));
}
