// Sparse matrices: what scipy makes of triplets, rows and their dense twins, and what is refused.
import { asFeatureArray, type SparseMatrix, sparseMatrix, take, toDense } from 'softmax-regression';
import { Random } from '../src/core/random.js';
import golden from './golden/sparse-matrix.golden.json';

/** [[0, 2], [0, 0], [3, 0]] */
const SMALL: SparseMatrix = {
  starts: Int32Array.of(0, 1, 1, 2),
  indices: Int32Array.of(1, 0),
  values: Float64Array.of(2, 3),
  shape: [3, 2],
};

function refusal(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return String(error);
  }
}

describe('a sparse matrix of triplets', () => {
  it.each(golden.cases.map((each) => [each.name, each] as const))(
    'is that of scipy: %s',
    (_, { rows, columns, given, shape, starts, indices, values }) => {
      expect(sparseMatrix({ rows, columns, values: given, shape: shape as [number, number] })).toEqual({
        ...{ starts: Int32Array.from(starts), indices: Int32Array.from(indices) },
        ...{ values: Float64Array.from(values), shape },
      });
    },
  );

  it('adds those of a place in their order', () => {
    const [rows, columns] = [
      [0, 0, 0, 0],
      [1, 1, 1, 0],
    ];
    const sumOf = (values: number[]) =>
      sparseMatrix({ rows, columns, values: [...values, 5], shape: [1, 2] }).values[1];
    expect([sumOf([1e16, 1, -1e16]), sumOf([1e16, -1e16, 1])]).toEqual([0, 1]);
  });

  it('has values of float32 if they are given so', () => {
    const triplets = { rows: [0, 0], columns: [0, 0], values: Float32Array.of(0.1, 0.2), shape: [1, 1] as const };
    expect(sparseMatrix(triplets).values).toEqual(Float32Array.of(Math.fround(0.1) + Math.fround(0.2)));
  });

  it.each([
    [{ rows: [0, 3] }, 'DomainError: sparseMatrix: rows[1] must be an integer in [0, 3); got 3. Rows and columns are'],
    [
      { columns: [0, -1] },
      'DomainError: sparseMatrix: columns[1] must be an integer in [0, 2); got -1. Rows and columns',
    ],
    [{ columns: [0.5, 1] }, 'sparseMatrix: columns[0] must be an integer in [0, 2); got 0.5.'],
    [{ values: [1, Number.NaN] }, 'values[1] must be a finite number; got NaN. It is in row 2 and column 1.'],
    [{ values: [1] }, 'ShapeError: sparseMatrix: values must have 2 numbers, one for each of `rows`; got 1.'],
    [{ columns: 'ab' }, 'ShapeError: sparseMatrix: columns must be an array of numbers; got "ab".'],
    [{ shape: [3, 2.5] }, 'sparseMatrix: shape[1] must be an integer from 0 to 2147483647; got 2.5.'],
    [{ shape: [3] }, 'sparseMatrix: shape must be [rows, columns]; got an array of 1.'],
    [
      { rows: [1, 1], columns: [1, 1], values: [1e308, 1e308] },
      'sparseMatrix: values[0] must be a finite number; got Infinity. It is in row 1 and column 1.',
    ],
  ])('is refused with %j', (wrong, message) => {
    const triplets = { rows: [0, 2], columns: [0, 1], values: [1, 2], shape: [3, 2], ...wrong };
    expect(refusal(() => sparseMatrix(triplets as never))).toContain(message);
  });
});

describe('a sparse matrix of rows', () => {
  it('is made of objects and Maps, whose keys may have any order', () => {
    expect(sparseMatrix([{ 1: 2 }, {}, new Map([[0, 3]])])).toEqual(SMALL);
    const map = new Map([
      [7, 1],
      [2, 5],
    ]);
    expect(sparseMatrix([map], 10)).toEqual({
      ...{ starts: Int32Array.of(0, 2), indices: Int32Array.of(2, 7), values: Float64Array.of(5, 1), shape: [1, 10] },
    });
    expect(sparseMatrix([]).shape).toEqual([0, 0]);
  });

  it('keeps its zeros where they are given', () => {
    expect(sparseMatrix([{ 0: 0 }]).values).toEqual(Float64Array.of(0));
  });

  it.each([
    [[{ 2: 1 }], 2, 'DomainError: sparseMatrix: an index of rows[0] must be an integer in [0, 2); got "2".'],
    [[{}, { x: 1 }], undefined, 'an index of rows[1] must be an integer in [0, 2147483647); got "x".'],
    [[new Map([[-1, 1]])], undefined, 'an index of rows[0] must be an integer in [0, 2147483647); got -1.'],
    [[{ 4: Number.NaN }], undefined, 'DomainError: sparseMatrix: rows[0][4] must be a finite number; got NaN.'],
    [[{ 4: '1' }], undefined, 'sparseMatrix: rows[0][4] must be a finite number; got "1".'],
    [
      [[0, 1]],
      undefined,
      'ShapeError: sparseMatrix: rows[0] must be { index: value } or a Map; got an array of 2. Rows of numbers become one by `sparseMatrix(asFeatureArray(rows))`.',
    ],
    [[{}], -1, 'sparseMatrix: columns must be an integer from 0 to 2147483647; got -1.'],
    [SMALL, 2, 'sparseMatrix: columns must be left out: it applies only to rows; got 2.'],
    [7, undefined, 'sparseMatrix: entries must be an array of rows, { rows, columns, values, shape }, or'],
  ])('is refused with %j', (rows, columns, message) => {
    expect(refusal(() => sparseMatrix(rows as never, columns as never))).toContain(message);
  });
});

describe('the dense twin', () => {
  const random = new Random(3);
  const values = Float64Array.from({ length: 60 }, () => (random.below(3) === 0 ? random.normal() : 0));
  const dense = { values, shape: [12, 5] } as const;

  it('has the same numbers there and back', () => {
    expect(toDense(sparseMatrix(dense))).toEqual(dense);
    expect(sparseMatrix(dense).values).not.toContain(0);
    expect(toDense(SMALL)).toEqual(
      asFeatureArray([
        [0, 2],
        [0, 0],
        [3, 0],
      ]),
    );
  });

  it('is divided by its scale, and stays float32', () => {
    const bytes = { values: Uint8Array.of(0, 51, 255, 0), shape: [2, 2], scale: 255 } as const;
    expect(sparseMatrix(bytes).values).toEqual(Float64Array.of(0.2, 1));
    const single = { values: Float32Array.of(0.1, 0), shape: [1, 2] } as const;
    expect(toDense(sparseMatrix(single))).toEqual(single);
  });

  it('is refused if it is large, or the matrix is not valid', () => {
    const large: SparseMatrix = { ...SMALL, shape: [3, 2 ** 27] };
    expect(refusal(() => toDense(large))).toBe(
      'DomainError: toDense: matrix must have at most 134217728 numbers with its zeros; got 3 × 134217728. They take 3.2 GB. Select fewer rows with `take`.',
    );
    expect(refusal(() => toDense({ ...SMALL, indices: Int32Array.of(1, 2) }))).toBe(
      'DomainError: toDense: matrix.indices[1] must be an integer in [0, 2); got 2. It is a column of row 2.',
    );
    expect(refusal(() => sparseMatrix({ ...dense, scale: 1e-309 }))).toContain('must be a finite number; got');
    const twice = { ...SMALL, starts: Int32Array.of(0, 2, 2, 2), indices: Int32Array.of(1, 1) };
    expect(refusal(() => toDense(twice))).toBe(
      'DomainError: toDense: matrix.indices[1] must be > 1, the column before it in row 0; got 1. `sparseMatrix` sorts the entries of a row, and adds those of a column.',
    );
    expect(refusal(() => toDense(undefined as never))).toBe(
      'ShapeError: toDense: matrix must be a sparse matrix; got undefined.',
    );
  });
});

describe('some rows of a sparse matrix', () => {
  it('are those of its dense twin', () => {
    const matrix = sparseMatrix({ rows: [0, 0, 2, 3], columns: [1, 4, 0, 2], values: [1, 2, 3, 4], shape: [4, 5] });
    const order = Int32Array.of(3, 0, 1, 0);
    expect(toDense(take(matrix, order))).toEqual(take(toDense(matrix), order));
    expect(take(matrix, []).shape).toEqual([0, 5]);
  });

  it('are refused if an index is out of range, the matrix is not valid, or there are too many entries', () => {
    expect(refusal(() => take(SMALL, [3]))).toBe('DomainError: take: indices[0] must be an integer in [0, 3); got 3.');
    const wrong = { ...SMALL, starts: Int32Array.of(0, 2, 1, 2), indices: Int32Array.of(0, 1) };
    expect(refusal(() => take(wrong, [0]))).toBe(
      'DomainError: take: samples.starts[2] must be ≥ starts[1] = 2; got 1.',
    );
    const length = 2 ** 16;
    const row = sparseMatrix({ values: new Float32Array(length).fill(1), shape: [1, length] });
    expect(refusal(() => take(row, new Int32Array(2 ** 15)))).toBe(
      'DomainError: take: indices must select at most 2147483647 entries; got 2147483648. Select fewer rows.',
    );
  });
});
