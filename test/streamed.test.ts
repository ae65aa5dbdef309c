import { Random } from '../src/core/random.js';
import { finish, finishInTurns } from '../src/core/task.js';
import type { SampleSource } from '../src/data/source.js';
import { certify, certifyAsync } from '../src/objective/certificate.js';
import { curvaturePreconditioner, gramDiagonal, gramMatrix } from '../src/objective/curvature.js';
import { evaluatePlain, evaluatePlainAsync, type PlainProblem, plainProblem } from '../src/objective/float64.js';
import { hessianMatrix } from '../src/objective/hessian.js';
import { inSections } from '../src/objective/sections.js';
import { rowsOfASection, streamedProblem } from '../src/objective/streamed.js';
import { solvePlain } from '../src/training/optimum.js';
import { onEveryEngine } from './helpers/float64-engines.js';

interface Shape {
  readonly n: number;
  readonly d: number;
  readonly q: number;
  /** The size of the logits. */
  readonly scale: number;
  readonly l1?: number;
  readonly isSparse?: boolean;
}

function problemOf({ n, d, q, l1, isSparse = false }: Shape, random: Random): PlainProblem {
  const value = () => (isSparse && random.below(20) > 0 ? 0 : random.normal());
  return plainProblem({
    features: { values: Float64Array.from({ length: n * d }, value), shape: [n, d] },
    labels: Int32Array.from({ length: n }, () => random.below(q)),
    sampleWeights: Float64Array.from({ length: n }, () => [0, 1, 2.5][random.below(3)]),
    numClasses: q,
    l2: 0.01,
    l1,
    fitIntercept: n % 2 === 0,
  });
}

/** The samples of a problem as a source, whose blocks are overwritten by the next ones, and the passes that are open. */
function sourceOf(problem: PlainProblem): { source: SampleSource; open: () => number; passes: () => number } {
  const { numSamples, numFeatures: d, numClasses, totalWeight, leastWeight, labels, weights } = problem;
  let [open, passes] = [0, 0];
  const pass = (rows: number) => {
    const buffer = new Float64Array(rows * d);
    let start = 0;
    open++;
    passes++;
    return {
      async next() {
        if (start >= numSamples) return undefined;
        const end = Math.min(start + rows, numSamples);
        const values = buffer.subarray(0, (end - start) * d);
        values.set((problem.features.values as Float64Array).subarray(start * d, end * d));
        const block = {
          features: { values, shape: [end - start, d] as const },
          labels: labels.slice(start, end),
          weights: weights.slice(start, end),
        };
        start = end;
        return block;
      },
      close() {
        open--;
      },
    };
  };
  const source = { numSamples, numFeatures: d, numClasses, totalWeight, leastWeight, pass };
  return { source, open: () => open, passes: () => passes };
}

/** The lower half of a square matrix. */
function lowerOf(matrix: Float64Array | undefined): Float64Array | undefined {
  if (matrix === undefined) return undefined;
  const order = Math.sqrt(matrix.length);
  return matrix.filter((_, at) => at % order <= at / order);
}

const SHAPES: readonly Shape[] = [
  { n: 1, d: 2, q: 2, scale: 1 },
  { n: 512, d: 3, q: 2, scale: 1 },
  { n: 513, d: 3, q: 3, scale: 1 },
  { n: 4000, d: 7, q: 5, scale: 3 },
  { n: 5003, d: 2, q: 3, scale: 1000 },
  { n: 2600, d: 30, q: 4, scale: 1, isSparse: true },
  { n: 3100, d: 6, q: 3, scale: 2, l1: 0.01 },
];

onEveryEngine('a problem whose samples are read again', () => {
  it.each(SHAPES)('has the bits of the problem in memory: %o', async (shape) => {
    const random = new Random(shape.n);
    const problem = problemOf(shape, random);
    const { size, numClasses: q } = problem;
    const point = Float64Array.from({ length: size }, () => shape.scale * random.normal());
    for (const rows of [512, 1024, undefined]) {
      const { source, open } = sourceOf(problem);
      const { l2, l1, fitIntercept } = problem;
      const streamed = streamedProblem(source, { l2, l1, fitIntercept }, rows);
      expect(await evaluatePlainAsync(streamed, point)).toEqual(evaluatePlain(problem, point));
      expect(await certifyAsync(streamed, point)).toEqual(certify(problem, point));
      expect(lowerOf(await gramMatrix(streamed))).toEqual(lowerOf(await gramMatrix(problem)));
      expect(await finishInTurns(gramDiagonal(streamed))).toEqual(finish(gramDiagonal(problem)));
      // With every pair of classes, with some, and with none.
      for (const work of [1e12, size ** 3 / 6 + (problem.numSamples * (shape.d + 1) ** 2) / 2, size ** 3 / 6 + 1]) {
        const [own, other] = [await hessianMatrix(streamed, point, work), await hessianMatrix(problem, point, work)];
        expect(lowerOf(own)).toEqual(lowerOf(other));
        const [on, off] = [
          await curvaturePreconditioner(streamed, point, { work }),
          await curvaturePreconditioner(problem, point, { work }),
        ];
        expect(on.isHessian).toBe(off.isHessian);
        expect(on.precondition(point)).toEqual(off.precondition(point));
      }
      expect(open()).toBe(0);
    }
    expect(q).toBe(shape.q);
  });

  it.each(SHAPES.slice(2))('has the optimum of the problem in memory: %o', async (shape) => {
    const random = new Random(shape.n);
    const drawn = problemOf(shape, random);
    const { values } = drawn.features;
    // Nearly separable, so that M is rebuilt.
    const labels = drawn.labels.map((label, i) => (random.below(50) > 0 && values[i * shape.d] > 0 ? 0 : label));
    const problem = { ...drawn, labels, l2: 1e-6 };
    const options = {
      start: new Float64Array(problem.size),
      maxIterations: 60,
      tolerance: 1e-9,
      onIteration: async () => {},
    };
    const { source, open } = sourceOf(problem);
    const inMemory = await solvePlain(problem, options);
    const { l2, l1, fitIntercept } = problem;
    const streamed = await solvePlain(streamedProblem(source, { l2, l1, fitIntercept }, 512), options);
    expect(streamed.point).toEqual(inMemory.point);
    expect([streamed.value, streamed.iterations, streamed.reason]).toEqual([
      inMemory.value,
      inMemory.iterations,
      inMemory.reason,
    ]);
    if (shape.d > 3) expect(inMemory.iterations).toBeGreaterThan(12);
    expect(open()).toBe(0);
  });
});

describe('sections', () => {
  const problem = problemOf({ n: 3000, d: 2, q: 2, scale: 1 }, new Random(0));
  const terms = { l2: 0.1, fitIntercept: true };

  it('have a number of samples that depends on shapes alone', () => {
    expect(rowsOfASection(784, 10)).toBe(2048);
    expect(rowsOfASection(20, 2)).toBe(65536);
    expect(rowsOfASection(1, 1000)).toBe(2048);
    expect(rowsOfASection(1e6, 2)).toBe(512);
  });

  it('end with the pass after an abort, an error of the source, and a visit that returns false', async () => {
    const { source, open, passes } = sourceOf(problem);
    const streamed = streamedProblem(source, terms, 512);
    const abort = new AbortController();
    const reading = evaluatePlainAsync(streamed, new Float64Array(streamed.size), abort.signal);
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    const failing = {
      ...source,
      pass: (rows: number) => {
        const pass = source.pass(rows);
        let calls = 0;
        return { ...pass, next: async () => (calls++ === 2 ? Promise.reject(new Error('disk')) : pass.next()) };
      },
    };
    const broken = evaluatePlainAsync(streamedProblem(failing, terms, 512), new Float64Array(streamed.size));
    await expect(broken).rejects.toThrow('disk');
    const seen: number[] = [];
    const visits = inSections(streamed, function* ({ start }) {
      seen.push(start);
      yield;
      return start < 512;
    });
    await finishInTurns(visits);
    expect(seen).toEqual([0, 512]);
    expect([open(), passes()]).toEqual([0, 3]);
  });

  it('cannot be read at once', () => {
    const { source } = sourceOf(problem);
    expect(() => finish(gramDiagonal(streamedProblem(source, terms)))).toThrow('cannot be finished at once');
  });
});
