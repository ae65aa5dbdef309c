// Fits, predictions and scores of sparse matrices, beside those of the same rows with their zeros.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../src/core/random.js';
import type { SparseMatrix } from '../src/data/matrix.js';
import {
  crossValidate,
  type FitOptions,
  lambdaPath,
  learningCurve,
  SoftmaxRegression,
  TfidfVectorizer,
} from '../src/index.js';
import { certifyAsync } from '../src/objective/certificate.js';
import { evaluatePlain, plainProblem } from '../src/objective/float64.js';
import { onEveryEngine } from './helpers/float64-engines.js';
import { ranksOf } from './helpers/local-ranks.js';
import { denseTwin, sparseMatrix } from './helpers/sparse-problems.js';

const [n, d] = [420, 60];

/** Positive values, as text has. */
function samplesOf(seed: number): { readonly matrix: SparseMatrix; readonly labels: string[] } {
  const random = new Random(seed);
  const { values, ...drawn } = sparseMatrix({ n, d, q: 3, draws: 9 }, random);
  const matrix = { ...drawn, values: values.map(() => 0.1 + random.uniform()) };
  const labels = Array.from({ length: n }, (_, i) => {
    let score = 0;
    for (let at = matrix.starts[i]; at < matrix.starts[i + 1]; at++)
      score += matrix.values[at] * Math.cos(matrix.indices[at]);
    const noisy = score + random.normal();
    return noisy > 0.8 ? 'a' : noisy < -0.5 ? 'b' : 'c';
  });
  return { matrix, labels };
}

const { matrix, labels } = samplesOf(4);
const dense = denseTwin(matrix);
const sampleWeights = Float64Array.from({ length: n }, (_, i) => i % 3);

const CASES: readonly [string, FitOptions<string>][] = [
  ['by default', {}],
  ['weighted', { sampleWeights, classWeights: 'balanced' }],
  ['without a bias', { fitIntercept: false, l2: 0.1 }],
  ['with l1', { l1: 0.003 }],
  ['with both penalties', { l1: 0.003, l2: 0.001 }],
  ['with samples to validate on', { validation: { features: matrix, labels } }],
  ['with a share to validate on', { validation: 0.2 }],
];

/** A copy with another number in one place. */
function changed<Numbers extends Int32Array | Float32Array | Float64Array>(
  numbers: Numbers,
  at: number,
  to: number,
): Numbers {
  const copy = numbers.slice() as Numbers;
  copy[at] = to;
  return copy;
}

/** The largest difference of two lists of numbers. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a, (each, i) => Math.abs(each - b[i])).reduce((most, each) => Math.max(most, each), 0);
}

onEveryEngine('a fit of a sparse matrix', () => {
  it.each(CASES)('has the optimum of the same rows with zeros: %s', async (_, given) => {
    const options = { tolerance: 1e-9, maxIterations: 500, ...given };
    const sparse = await SoftmaxRegression.fit(matrix, labels, options);
    const { validation, ...others } = options;
    const twin = await SoftmaxRegression.fit(dense, labels, {
      ...others,
      ...(typeof validation === 'number' && { validation }),
      ...(typeof validation === 'object' && { validation: { features: dense, labels } }),
    });
    expect(sparse.result.converged).toBe(true);
    expect(Math.abs(sparse.result.objective - twin.result.objective)).toBeLessThan(1e-10);
    expect(sparse.result.suboptimality).toBeLessThan(1e-7);
    for (const [j, row] of sparse.model.weight.entries())
      expect(distance(row, twin.model.weight[j])).toBeLessThan(1e-6);
    const last = sparse.result.history.length - 1;
    const [own, its] = [sparse, twin].map(({ result }) => result.history.at(-1));
    if (validation !== undefined) expect(own?.validationLoss).toBeCloseTo(its?.validationLoss as number, 8);
    expect(sparse.result.history[last]).toBe(own);
  });

  it('has exact zeros with l1, in the same places', async () => {
    const options = { l1: 0.01, tolerance: 1e-9 };
    const [own, twin] = await Promise.all(
      [matrix, dense].map(async (rows) => (await SoftmaxRegression.fit(rows, labels, options)).model.weight),
    );
    const zeros = (weight: readonly Float32Array[]) => weight.map((row) => [...row].map((each) => each === 0));
    expect(zeros(own)).toEqual(zeros(twin));
    expect(own.flatMap((row) => [...row]).filter((each) => each === 0).length).toBeGreaterThan(d);
  });

  it('divides columns by their deviations, and does not centre them', async () => {
    const { model, result } = await SoftmaxRegression.fit(matrix, labels, {
      standardize: true,
      l2: 0.01,
      tolerance: 1e-9,
    });
    const deviations = Array.from({ length: d }, (_, j) => {
      const column = Array.from({ length: n }, (_, i) => dense.values[i * d + j]);
      const mean = column.reduce((sum, each) => sum + each, 0) / n;
      return Math.sqrt(column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / n) || 1;
    });
    expect(distance(model.featureDeviations as Float64Array, deviations)).toBeLessThan(1e-12);
    const scaled = { ...dense, values: Float64Array.from(dense.values, (value, at) => value / deviations[at % d]) };
    const twin = await SoftmaxRegression.fit(scaled, labels, { l2: 0.01, tolerance: 1e-9 });
    expect(result.objective).toBeCloseTo(twin.result.objective, 10);
    for (const [j, row] of model.weight.entries()) {
      expect(
        distance(
          row.map((each) => each * deviations[j]),
          twin.model.weight[j],
        ),
      ).toBeLessThan(1e-5);
    }
  });

  it('predicts and scores as the same rows with zeros', async () => {
    const { model } = await SoftmaxRegression.fit(matrix, labels);
    const twin = { logits: model.logits(dense), probabilities: model.predictProbabilities(dense) };
    const own = { logits: model.logits(matrix), probabilities: model.predictProbabilities(matrix) };
    for (let i = 0; i < n; i++) {
      expect(distance(own.logits[i], twin.logits[i])).toBeLessThan(1e-12);
      expect(distance(own.probabilities[i], twin.probabilities[i])).toBeLessThan(1e-12);
    }
    expect(model.predict(matrix)).toEqual(model.predict(dense));
    expect((await model.logitsAsync(matrix)).values).toEqual(Float64Array.from(own.logits.flatMap((row) => [...row])));
    expect(await model.predictAsync(matrix)).toEqual(model.predict(dense));
    const top = await model.predictTopKAsync(matrix, 2);
    expect(top.labels).toEqual(model.predictTopK(dense, 2).flatMap((each) => each.map(({ label }) => label)));
    const [scores, its] = [await model.evaluate(matrix, labels), await model.evaluate(dense, labels)];
    expect(scores.accuracy).toBe(its.accuracy);
    expect(scores.logLoss).toBeCloseTo(its.logLoss, 12);
    const [calibrated, other] = [await model.calibrate(matrix, labels), await model.calibrate(dense, labels)];
    expect(calibrated.temperature).toBeCloseTo(other.temperature, 8);
  });

  it('shares an evaluation among ranks', async () => {
    const { model } = await SoftmaxRegression.fit(matrix, labels);
    const alone = await model.evaluate(matrix, labels);
    for (const communicator of ranksOf(1))
      expect(await model.evaluate(matrix, labels, { communicator })).toEqual(alone);
    const shared = await Promise.all(
      ranksOf(3).map((communicator) => model.evaluate(matrix, labels, { communicator })),
    );
    for (const { accuracy, logLoss } of shared) {
      expect(accuracy).toBe(alone.accuracy);
      expect(logLoss).toBeCloseTo(alone.logLoss, 12);
    }
  });

  it('is cross-validated', async () => {
    const [own, twin] = await Promise.all(
      [matrix, dense].map((rows) => crossValidate(rows, labels, { folds: 3, tolerance: 1e-9 })),
    );
    expect(own.mean.logLoss).toBeCloseTo(twin.mean.logLoss, 8);
    const options = { folds: 3, l2: [0.1, 0.01] };
    const [path, other] = await Promise.all([matrix, dense].map((rows) => lambdaPath(rows, labels, options)));
    expect(path.best).toBe(other.best);
    const curves = await Promise.all(
      [matrix, dense].map((rows) => learningCurve(rows, labels, { folds: 3, sizes: [100], tolerance: 1e-9 })),
    );
    const [losses, others] = curves.map(({ table }) => table.flatMap(({ folds }) => [...folds]));
    expect(distance(losses, others)).toBeLessThan(1e-8);
  });

  it('goes on from a checkpoint to the same bits', async () => {
    const options = { tolerance: 1e-12, maxIterations: 40 };
    const whole = await SoftmaxRegression.fit(matrix, labels, options);
    let resume: Uint8Array | undefined;
    const checkpoint = {
      every: { iterations: 3 },
      write: (bytes: Uint8Array) => {
        resume ??= bytes.slice();
      },
    };
    await SoftmaxRegression.fit(matrix, labels, { ...options, checkpoint });
    const resumed = await SoftmaxRegression.fit(matrix, labels, { ...options, resume });
    expect(await resumed.model.toBytes()).toEqual(await whole.model.toBytes());
    const other = { ...matrix, values: matrix.values.map((each, at) => (at === 5 ? each + 1 : each)) };
    await expect(SoftmaxRegression.fit(other, labels, { ...options, resume })).rejects.toThrow(/features/);
  });
});

interface GoldenCase {
  readonly name: string;
  readonly l1: number;
  readonly l2: number;
  readonly weight: readonly number[];
  readonly bias: readonly number[];
  readonly objective: number;
}

const GOLDEN: { readonly texts: string[]; readonly labels: string[]; readonly cases: readonly GoldenCase[] } =
  JSON.parse(readFileSync(join(__dirname, 'golden', 'text-fit.golden.json'), 'utf8'));

describe('a text classifier', () => {
  const { features } = TfidfVectorizer.fitTransform(GOLDEN.texts, { ngramRange: [1, 2] });

  it.each(GOLDEN.cases)('has the coefficients of scikit-learn: $name', async ({ l1, l2, weight, bias, objective }) => {
    const { model, result } = await SoftmaxRegression.fit(features, GOLDEN.labels, { l1, l2, tolerance: 1e-9 });
    expect(result.converged).toBe(true);
    expect(Math.abs(result.objective - objective)).toBeLessThan(1e-6);
    const own = model.weight.flatMap((row) => [...row]);
    expect(distance(own, weight)).toBeLessThan(1e-4);
    // Biases are not penalised, so only their differences matter.
    const centred = (numbers: readonly number[]) => numbers.map((each) => each - numbers[0]);
    expect(distance(centred([...model.bias]), centred(bias))).toBeLessThan(1e-3);
  });
});

describe('a sparse problem', () => {
  it('has the value, gradient and bound of the same rows with zeros', async () => {
    const random = new Random(2);
    const indices = Int32Array.from(labels, (label) => 'abc'.indexOf(label));
    const terms = { labels: indices, numClasses: 3, l2: 0.01, fitIntercept: true };
    const [own, twin] = [plainProblem({ ...terms, features: matrix }), plainProblem({ ...terms, features: dense })];
    const point = Float64Array.from({ length: own.size }, () => random.normal());
    const [a, b] = [evaluatePlain(own, point), evaluatePlain(twin, point)];
    expect(Math.abs(a.value - b.value)).toBeLessThan(1e-12);
    expect(distance(a.gradient, b.gradient)).toBeLessThan(1e-12);
    for (const l1 of [0, 0.02]) {
      const [bound, its] = await Promise.all(
        [own, twin].map((problem) =>
          certifyAsync(
            { ...problem, l1 },
            point.map((each) => each / 10),
          ),
        ),
      );
      expect(bound.suboptimality).toBeCloseTo(its.suboptimality, 11);
    }
  });

  it('has many columns, most of which never occur', async () => {
    const wide: SparseMatrix = { ...matrix, indices: matrix.indices.map((j) => 5000 * j), shape: [n, 300_000] };
    const { model, result } = await SoftmaxRegression.fit(wide, labels, { tolerance: 1e-7 });
    const narrow = await SoftmaxRegression.fit(matrix, labels, { tolerance: 1e-7 });
    expect(result.converged).toBe(true);
    expect(result.objective).toBeCloseTo(narrow.result.objective, 9);
    expect(model.weight.some((row, j) => j % 5000 !== 0 && row.some((each) => each !== 0))).toBe(false);
  });

  const broken: readonly [string, Partial<SparseMatrix>, RegExp][] = [
    ['starts that fall', { starts: changed(changed(matrix.starts, 3, 0), 2, 9) }, /features\.starts\[3\] must be ≥/],
    [
      'a column out of range',
      { indices: changed(matrix.indices, 0, d) },
      /features\.indices\[0\] must be an integer in \[0, 60\); got 60/,
    ],
    ['a negative column', { indices: changed(matrix.indices, 0, -1) }, /features\.indices\[0\] must be an integer in/],
    ['a column twice', { indices: changed(matrix.indices, 1, matrix.indices[0]) }, /the column before it in row 0/],
    [
      'NaN',
      { values: changed(matrix.values, 2, Number.NaN) },
      /features\.values\[2\] must be a finite number.*got NaN/,
    ],
    [
      'a number beyond float32',
      { values: changed(Float64Array.from(matrix.values), 2, 1e39) },
      /at most 3.40e\+38; got 1e\+39/,
    ],
    [
      'a plain list',
      { values: [...matrix.values] as unknown as Float64Array },
      /values must be a Float32Array or Float64Array/,
    ],
    ['another length', { starts: matrix.starts.slice(1) }, /starts/],
    ['no shape', { shape: undefined }, /features\.shape must be \[rows, columns\]/],
  ];

  it.each(broken)('is refused with %s', async (_, change, message) => {
    const other = { ...matrix, ...change } as SparseMatrix;
    await expect(SoftmaxRegression.fit(other, labels)).rejects.toThrow(message);
    const { model } = await SoftmaxRegression.fit(matrix, labels);
    if (change.shape === undefined && !('shape' in change)) expect(() => model.predict(other)).toThrow(message);
    await expect(model.evaluate(other, labels)).rejects.toThrow(message);
  });

  it.each<[FitOptions<string>, RegExp]>([
    [{ solver: 'adam' }, /fit: solver must be 'lbfgs' for a sparse matrix; got "adam"/],
    [{ communicator: ranksOf(2)[0] }, /fit: communicator must be left out for a sparse matrix/],
  ])('is refused with %j', async (options, message) => {
    await expect(SoftmaxRegression.fit(matrix, labels, options)).rejects.toThrow(message);
  });
});
