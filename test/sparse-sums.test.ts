import { createHash } from 'node:crypto';
import { Random } from '../src/core/random.js';
import { type Float64Kernels, useFloat64Kernels } from '../src/core/simd.js';
import { finish } from '../src/core/task.js';
import { TreeSum } from '../src/core/tree-sum.js';
import type { SparseMatrix } from '../src/data/matrix.js';
import { lossAndGradient, plainProblem } from '../src/objective/float64.js';
import { moduleGradient, moduleResiduals } from '../src/objective/sparse/module.js';
import { plainGradient, plainResiduals } from '../src/objective/sparse/plain.js';
import { type SparseSection, sparseSection } from '../src/objective/sparse/section.js';
import { sparseLossAndGradient } from '../src/objective/sparse/sums.js';
import { nativeFloat64, onEveryEngine } from './helpers/float64-engines.js';
import { denseTwin, type SparseShape, sectionOf, sparseMatrix, sparseProblem } from './helpers/sparse-problems.js';

type Sums = typeof import('../src/objective/sparse/sums.js');

/** The sums in modules of their own, loaded while WebAssembly is changed. */
function sumsWith(change: () => () => void): Sums {
  const restore = change();
  let modules: Sums | undefined;
  try {
    jest.isolateModules(() => {
      modules = require('../src/objective/sparse/sums.js') as Sums;
    });
  } finally {
    restore();
  }
  return modules as Sums;
}

const plain = sumsWith(() => {
  const { WebAssembly: kept } = globalThis;
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  return () => {
    globalThis.WebAssembly = kept;
  };
});

const sums = (
  section: SparseSection,
  point: Float64Array,
  by: Pick<Sums, 'sparseLossAndGradient'> = { sparseLossAndGradient },
) => {
  const { loss, gradient } = finish(by.sparseLossAndGradient(section, point));
  return bits(joined(loss, gradient));
};

/** The loss, then the gradient. */
function joined(loss: number, gradient: Float64Array): Float64Array {
  const both = new Float64Array(1 + gradient.length).fill(loss, 0, 1);
  both.set(gradient, 1);
  return both;
}

/** The bits in hexadecimal, so that −0 and 0 differ: those of many numbers as a digest, since jest compares slowly. */
function bits(values: Float64Array): string {
  const bytes = Buffer.from(values.slice().buffer);
  return bytes.length <= 256 ? bytes.toString('hex') : createHash('sha256').update(bytes).digest('hex');
}

const pointOf = ({ matrix, numClasses: q }: SparseSection, random: Random, scale = 1): Float64Array =>
  Float64Array.from({ length: (matrix.shape[1] + 1) * q }, () => scale * random.normal());

/** Every path of the vectors: eight columns at a time, four, two and one, in each combination. */
const CLASSES = [1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 16, 20, 31, 32, 45, 64];

const CASES: readonly SparseShape[] = [
  ...CLASSES.map((q, i) => ({ n: 300 + 41 * i, d: 60 + 7 * i, q, draws: 8, isSingle: i % 2 === 0 })),
  ...CLASSES.map((q, i) => ({ n: 129 + i, d: 3000, q, draws: 5, isSingle: i % 2 === 1 })),
  { n: 1, d: 1, q: 2, draws: 1 },
  { n: 5000, d: 40, q: 2, draws: 12, isSingle: true },
  { n: 700, d: 0, q: 3, draws: 0 },
  { n: 0, d: 4, q: 3, draws: 0 },
  { n: 128, d: 9, q: 3, draws: 0 },
];

onEveryEngine('sums over sparse rows', () => {
  it.each(CASES)('have the bits of the plain loops: %o', (shape) => {
    const random = new Random(shape.n + shape.q);
    const section = sparseProblem(shape, random);
    for (const scale of [0, 1, 50]) {
      const point = pointOf(section, random, scale);
      expect(sums(section, point)).toEqual(sums(section, point, plain));
    }
  });

  it('have the bits of dense rows that skip zeros', () => {
    const random = new Random(3);
    for (const q of [2, 3, 10]) {
      const section = sparseProblem({ n: 1000, d: 300, q, draws: 9 }, random);
      const { labels, shares, matrix } = section;
      const point = pointOf(section, random);
      // The total weight is 1, so that shares are weights.
      const weights = shares.map((share) => share * 1024);
      const features = denseTwin(matrix);
      const options = { features, labels, sampleWeights: weights, numClasses: q, l2: 0, fitIntercept: true };
      const problem = { ...plainProblem(options), shares };
      expect(problem.rows).toBeUndefined();
      const { loss, gradient } = finish(lossAndGradient(problem, point));
      expect(sums(section, point)).toEqual(bits(joined(loss, gradient)));
    }
  });

  it('of sections add up to the bits of the whole', () => {
    const random = new Random(4);
    const section = sparseProblem({ n: 3000, d: 900, q: 3, draws: 6 }, random);
    const point = pointOf(section, random);
    for (const rows of [128, 256, 1024]) {
      const tree = new TreeSum<Float64Array>((left, right) => left.map((number, i) => number + right[i]));
      for (let from = 0; from < 3000; from += rows) {
        const part = sectionOf(section, from, Math.min(3000, from + rows));
        const { loss, gradient } = finish(sparseLossAndGradient(part, point));
        tree.add(from / 128, joined(loss, gradient));
      }
      expect(bits(tree.total() as Float64Array)).toEqual(sums(section, point));
    }
  });

  it('have the bits of the plain loops in several tasks', () => {
    const random = new Random(5);
    const section = sparseProblem({ n: 4000, d: 20_000, q: 50, draws: 120, isSingle: true }, random);
    const point = pointOf(section, random, 0.1);
    let tasks = 1;
    for (const steps = sparseLossAndGradient(section, point); !steps.next().done; ) tasks++;
    // Two tasks for the rows and two for the columns, at 1.4e7 multiply-adds each.
    expect(tasks).toBe(4);
    expect(sums(section, point)).toEqual(sums(section, point, plain));
  });

  it('read the point anew in each evaluation, also of two evaluations in turn', () => {
    const random = new Random(6);
    const section = sparseProblem({ n: 300, d: 20, q: 3, draws: 4 }, random);
    const point = pointOf(section, random);
    const [first, other] = [sums(section, point, plain), point.map((number) => -number)];
    expect(sums(section, point)).toEqual(first);
    point.set(other);
    expect(sums(section, point)).toEqual(sums(section, other, plain));
    const steps = [sparseLossAndGradient(section, point), sparseLossAndGradient(section, other.map(Math.abs))];
    for (const each of steps) each.next();
    expect(finish(steps[0])).toEqual(finish(plain.sparseLossAndGradient(section, point)));
    // An evaluation that ends after its first task.
    sparseLossAndGradient(section, point).next();
    point.set(other.map(Math.abs));
    expect(sums(section, point)).toEqual(sums(section, point, plain));
  });

  it('have a gradient that sums to 0 over classes, and is 0 for columns without entries', () => {
    const random = new Random(7);
    const section = sparseProblem({ n: 200, d: 5000, q: 4, draws: 5 }, random);
    const { gradient } = finish(sparseLossAndGradient(section, pointOf(section, random)));
    const { starts } = section.columns;
    for (let j = 0; j < 5000; j++) {
      const row = Array.from(gradient.subarray(4 * j, 4 * j + 4));
      if (starts[j] === starts[j + 1]) expect(row).toEqual([0, 0, 0, 0]);
      const size = Math.max(...row.map(Math.abs));
      expect(Math.abs(row.reduce((sum, term) => sum + term))).toBeLessThanOrEqual(1e-13 * size);
    }
  });

  it('are a loss of log 3 at the origin, and keep a loss that is not finite', () => {
    const matrix = {
      starts: Int32Array.of(0, 1),
      indices: Int32Array.of(0),
      values: Float64Array.of(2),
      shape: [1, 1],
    };
    const samples = { labels: Int32Array.of(0), shares: Float64Array.of(1), numClasses: 3 };
    const section = sparseSection(matrix as unknown as SparseMatrix, samples);
    const at = (point: number[]) => finish(sparseLossAndGradient(section, Float64Array.from(point)));
    expect(at([0, 0, 0, 0, 0, 0]).loss).toBeCloseTo(1.0986, 4);
    const third = 1 / 3;
    const expected = Float64Array.of(-4 * third, 2 * third, 2 * third, -2 * third, third, third);
    expect(at([0, 0, 0, 0, 0, 0]).gradient).toBeAllClose(expected, { rtol: 1e-15, atol: 0 });
    expect(at([Number.NaN, 0, 0, 0, 0, 0]).loss).toBeNaN();
    expect(() => at([0])).toThrow('point must have shape [6]; got [1]');
  });
});

const random = new Random(8);
const section = sparseProblem({ n: 300, d: 20, q: 3, draws: 4 }, random);
const point = pointOf(section, random);

/** What functions write of the rows from 128 to 300 and the columns from 3 to 17, in arrays that are not 0 before. */
function partOf(
  residualsOf: (...given: Parameters<typeof plainResiduals>) => unknown,
  gradientOf: (...given: Parameters<typeof plainGradient>) => unknown,
): string[] {
  const [residuals, leaves, gradient] = [900, 8, 63].map((length) => new Float64Array(length).fill(7));
  residualsOf(section, point, [128, 300], 128, residuals, leaves);
  gradientOf(section, residuals, [3, 17], 128, gradient);
  return [residuals, leaves, gradient].map(bits);
}

describe('sums over sparse rows in WebAssembly', () => {
  it('are used where they fit, and write some rows and columns only', () => {
    expect(partOf(moduleResiduals, moduleGradient)).toEqual(partOf(plainResiduals, plainGradient));
    expect(moduleGradient(section, new Float64Array(900), [0, 20], 128, new Float64Array(63))).toBe(true);
  });

  it('are refused by their shape if they take more than 256 MB', () => {
    const wide = { starts: Int32Array.of(0, 0), indices: new Int32Array(0), values: new Float64Array(0) };
    const samples = { labels: Int32Array.of(0), shares: Float64Array.of(1), numClasses: 2 };
    const fits = (d: number) => {
      const large = { ...samples, matrix: { ...wide, shape: [1, d] as const }, columns: section.columns };
      return moduleResiduals(
        large,
        new Float64Array(2 * (d + 1)),
        [0, 1],
        128,
        new Float64Array(2),
        new Float64Array(3),
      );
    };
    expect(fits(2 ** 24)).toBe(false);
    expect(fits(1000)).toBe(true);
  });

  it('fall back to plain loops if memory is refused', () => {
    // Modules whose memory is still empty.
    const limited = sumsWith(() => () => {});
    const refused = jest.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
      throw new RangeError('no memory');
    });
    expect(sums(section, point, limited)).toEqual(sums(section, point, plain));
    expect(refused).toHaveBeenCalled();
    refused.mockRestore();
  });
});

describe('sparseSection', () => {
  const matrix: SparseMatrix = {
    starts: Int32Array.of(0, 2, 2, 3),
    indices: Int32Array.of(0, 2, 1),
    values: Float32Array.of(1, 2, 3),
    shape: [3, 4],
  };
  const samples = { labels: Int32Array.of(0, 1, 1), shares: Float64Array.of(1, 1, 1), numClasses: 2 };

  it('has the entries of each column in ascending rows, and columns without entries', () => {
    const { columns } = sparseSection(matrix, samples);
    expect(columns).toEqual({
      starts: Int32Array.of(0, 1, 2, 3, 3),
      rows: Int32Array.of(0, 2, 0),
      values: Float32Array.of(1, 3, 2),
    });
    const random = new Random(9);
    const large = sparseMatrix({ n: 400, d: 90, q: 1, draws: 20 }, random);
    const { starts, rows, values } = sparseSection(large, {
      labels: new Int32Array(400),
      shares: new Float64Array(400),
      numClasses: 1,
    }).columns;
    const back = new Float64Array(400 * 90);
    for (let j = 0; j < 90; j++) {
      for (let at = starts[j]; at < starts[j + 1]; at++) {
        back[rows[at] * 90 + j] = values[at];
        if (at > starts[j]) expect(rows[at]).toBeGreaterThan(rows[at - 1]);
      }
    }
    expect(back).toEqual(denseTwin(large).values);
  });

  it.each([
    ['starts must have shape [4]', { starts: Int32Array.of(0, 3) }],
    ['starts[0] must be 0; got 1', { starts: Int32Array.of(1, 2, 2, 3) }],
    ['starts[2] must be ≥ starts[1] = 2; got 1', { starts: Int32Array.of(0, 2, 1, 3) }],
    ['indices must have shape [3]', { indices: Int32Array.of(0, 2) }],
    ['values must have shape [3]', { values: Float64Array.of(0, 2) }],
    ['indices[1] must be an integer in [0, 4); got 4', { indices: Int32Array.of(0, 4, 1) }],
    ['indices[2] must be an integer in [0, 4); got -1', { indices: Int32Array.of(0, 2, -1) }],
    ['indices[1] must be > 2, the column before it in row 0; got 2', { indices: Int32Array.of(2, 2, 1) }],
    ['indices[1] must be > 2, the column before it in row 0; got 0', { indices: Int32Array.of(2, 0, 1) }],
    ['values[2] must be a finite number; got NaN', { values: Float64Array.of(1, 2, Number.NaN) }],
  ])('refuses a matrix: %s', (message, change) => {
    expect(() => sparseSection({ ...matrix, ...change }, samples)).toThrow(`sparseSection: ${message}`);
  });

  it.each([
    ['labels must have shape [3]; got [2]', { labels: Int32Array.of(0, 1) }],
    ['shares must have shape [3]; got [1]', { shares: Float64Array.of(0) }],
    ['labels[1] must be an integer in [0, 2); got 2', { labels: Int32Array.of(0, 2, 1) }],
    ['labels[2] must be an integer in [0, 2); got -1', { labels: Int32Array.of(0, 1, -1) }],
  ])('refuses samples: %s', (message, change) => {
    expect(() => sparseSection(matrix, { ...samples, ...change })).toThrow(`sparseSection: ${message}`);
  });
});

const native = nativeFloat64();
(native === undefined ? describe.skip : describe)('native kernels for sparse rows', () => {
  afterEach(() => useFloat64Kernels(undefined));

  type Residuals = Parameters<Float64Kernels['sparseResiduals']>;
  /** Two rows of three features, for two classes. */
  const residuals = (change: Partial<Record<number, unknown>>): Residuals => {
    const entries = [Int32Array.of(0, 1, 2), Int32Array.of(0, 2), Float32Array.of(1, 2)];
    const rest = [0, 2, new Float64Array(8), 3, new Int32Array(2), new Float64Array(2), 128];
    return Object.assign(
      [...entries, ...rest, new Float64Array(4), new Float64Array(3)],
      change,
    ) as unknown as Residuals;
  };

  type Gradient = Parameters<Float64Kernels['sparseGradient']>;
  /** Two columns of two rows, for two classes. */
  const gradient = (change: Partial<Record<number, unknown>>): Gradient => {
    const entries = [Int32Array.of(0, 1, 2), Int32Array.of(0, 1), Float64Array.of(1, 2)];
    return Object.assign(
      [...entries, 0, 2, new Float64Array(4), 2, 128, new Float64Array(4)],
      change,
    ) as unknown as Gradient;
  };

  const ENTRIES: readonly [string, Partial<Record<number, unknown>>][] = [
    ['starts that are too few', { 0: Int32Array.of(0, 1) }],
    ['starts of another type', { 0: Float64Array.of(0, 1, 2) }],
    ['starts that fall', { 0: Int32Array.of(2, 1, 1) }],
    ['starts below 0', { 0: Int32Array.of(-1, 1, 2) }],
    ['indices that are too few', { 1: Int32Array.of(0) }],
    ['indices of another type', { 1: Float64Array.of(0, 1) }],
    ['values that are too few', { 2: Float32Array.of(1) }],
    ['values of another type', { 2: Uint8Array.of(1, 2) }],
    ['a range from below 0', { 3: -1 }],
    ['a range that falls', { 3: 2, 4: 1 }],
  ];

  it.each([
    ...ENTRIES,
    ['a point without classes', { 5: new Float64Array(3) }],
    ['a point of another type', { 5: new Float32Array(8) }],
    ['labels that are too few', { 7: new Int32Array(1) }],
    ['labels of another type', { 7: new Uint8Array(2) }],
    ['shares that are too few', { 8: new Float64Array(1) }],
    ['blocks of 0 rows', { 9: 0 }],
    ['blocks of half as many rows', { 9: 16 }],
    ['a short result', { 10: new Float64Array(3) }],
    ['short sums of blocks', { 11: new Float64Array(2) }],
  ])('refuse rows by %s', (_, change) => {
    expect(() => native?.sparseResiduals(...residuals({}))).not.toThrow();
    expect(() => native?.sparseResiduals(...residuals(change))).toThrow('the arrays do not have these shapes');
  });

  it.each([
    ...ENTRIES,
    ['residuals of another type', { 5: new Float32Array(4) }],
    ['no classes', { 6: 0 }],
    ['blocks of 0 rows', { 7: 0 }],
    ['a short result', { 8: new Float64Array(3) }],
  ])('refuse columns by %s', (_, change) => {
    expect(() => native?.sparseGradient(...gradient({}))).not.toThrow();
    expect(() => native?.sparseGradient(...gradient(change))).toThrow('the arrays do not have these shapes');
  });

  it('write some rows and columns only, also those without entries', () => {
    const { matrix, columns, labels, shares } = section;
    const { starts, indices, values } = matrix;
    const written = partOf(
      (_, point, [from, to], blockRows, out, leaves) => {
        native?.sparseResiduals(starts, indices, values, from, to, point, 20, labels, shares, blockRows, out, leaves);
      },
      (_, residuals, [from, to], blockRows, out) => {
        native?.sparseGradient(columns.starts, columns.rows, columns.values, from, to, residuals, 3, blockRows, out);
      },
    );
    expect(written).toEqual(partOf(plainResiduals, plainGradient));
    const empty = Float64Array.of(7, 7, 7, 7);
    native?.sparseGradient(...gradient({ 0: new Int32Array(3), 8: empty }));
    expect(empty).toEqual(new Float64Array(4));
  });

  it('are used if they are loaded', () => {
    const calls = { sparseResiduals: jest.fn(), sparseGradient: jest.fn() };
    useFloat64Kernels({ ...(native as Float64Kernels), ...calls });
    finish(sparseLossAndGradient(section, point));
    expect([calls.sparseResiduals, calls.sparseGradient].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });
});
