import { Random } from '../src/core/random.js';
import { finish, finishInTurns, nextTask } from '../src/core/task.js';
import { StoredRows } from '../src/data/stored-rows.js';
import { certify, certifyAsync } from '../src/objective/certificate.js';
import { curvaturePreconditioner, gramDiagonal, gramMatrix } from '../src/objective/curvature.js';
import { evaluatePlain, evaluatePlainAsync, type PlainProblem, plainProblem } from '../src/objective/float64.js';
import { hessianMatrix } from '../src/objective/hessian.js';
import { inSections, type StreamedProblem } from '../src/objective/sections.js';
import { rowsOfASection, streamedProblem } from '../src/objective/streamed.js';
import { solvePlain } from '../src/training/optimum.js';
import { onEveryEngine } from './helpers/float64-engines.js';
import { lowerOf } from './helpers/lower-half.js';

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

/** The features of a problem, stored elsewhere; and the number of reads. */
function storedOf({ features: { values, shape } }: PlainProblem): { features: StoredRows; reads: () => number } {
  let reads = 0;
  const [, d] = shape;
  const features = new StoredRows(shape, async (start, end, into) => {
    reads++;
    await nextTask();
    into.set((values as Float64Array).subarray(start * d, end * d));
  });
  return { features, reads: () => reads };
}

/** The same problem with stored features. */
function streamedOf(problem: PlainProblem, rows?: number): StreamedProblem {
  return streamedProblem({ ...problem, ...storedOf(problem), sampleWeights: problem.weights }, undefined, rows);
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
    const { size } = problem;
    const point = Float64Array.from({ length: size }, () => shape.scale * random.normal());
    for (const rows of [512, 1024, undefined]) {
      const streamed = streamedOf(problem, rows);
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
    }
  });

  it('has them for features in memory, also bytes with a scale, in sections of which the last one is short', async () => {
    const random = new Random(9);
    const [n, d, q] = [1500, 9, 3];
    const drawn = problemOf({ n, d, q, scale: 1 }, random);
    const values = Uint8Array.from({ length: n * d }, () => random.below(256));
    const features = { values, shape: [n, d] as const, scale: 255 };
    const { weights: sampleWeights } = drawn;
    const problem = plainProblem({ ...drawn, features, sampleWeights });
    const point = Float64Array.from({ length: problem.size }, () => random.normal());
    const streamed = streamedProblem({ ...problem, features, sampleWeights }, undefined, 512);
    expect(await evaluatePlainAsync(streamed, point)).toEqual(evaluatePlain(problem, point));
    expect(await certifyAsync(streamed, point)).toEqual(certify(problem, point));
    expect(lowerOf(await gramMatrix(streamed))).toEqual(lowerOf(await gramMatrix(problem)));
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
    const inMemory = await solvePlain(problem, options);
    const streamed = await solvePlain(streamedOf(problem, 512), options);
    expect(streamed.point).toEqual(inMemory.point);
    expect([streamed.value, streamed.iterations, streamed.reason]).toEqual([
      inMemory.value,
      inMemory.iterations,
      inMemory.reason,
    ]);
    if (shape.d > 3) expect(inMemory.iterations).toBeGreaterThan(12);
  });
});

describe('sections', () => {
  const problem = problemOf({ n: 3000, d: 2, q: 2, scale: 1 }, new Random(0));

  it('have a number of samples that depends on shapes alone', () => {
    expect(rowsOfASection(784, 10)).toBe(2048);
    expect(rowsOfASection(20, 2)).toBe(65536);
    expect(rowsOfASection(1, 1000)).toBe(2048);
    expect(rowsOfASection(1e6, 2)).toBe(512);
  });

  it('are read no further after an abort, an error, and a visit that returns false', async () => {
    const { features, reads } = storedOf(problem);
    const streamed = streamedProblem({ ...problem, features }, undefined, 512);
    const abort = new AbortController();
    const reading = evaluatePlainAsync(streamed, new Float64Array(streamed.size), abort.signal);
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    const seen: number[] = [];
    const visits = inSections(streamed, function* ({ start }) {
      seen.push(start);
      yield;
      return start < 512;
    });
    await finishInTurns(visits);
    expect(seen).toEqual([0, 512]);
    for (let turn = 0; turn < 5; turn++) await nextTask();
    // One section at a time is read ahead.
    expect(reads()).toBe(2 + 3);
    const broken = new StoredRows(problem.features.shape, async (start, _, into) => {
      if (start === 1024) throw new Error('disk');
      into.fill(0);
    });
    const failing = evaluatePlainAsync(
      streamedProblem({ ...problem, features: broken }, undefined, 512),
      new Float64Array(6),
    );
    await expect(failing).rejects.toThrow('disk');
  });

  it('cannot be read at once', () => {
    expect(() => finish(gramDiagonal(streamedOf(problem)))).toThrow('cannot be finished at once');
  });

  it('refuses what a problem in memory refuses', () => {
    expect(() => streamedOf({ ...problem, numClasses: 1 })).toThrow('labels[');
    expect(() => streamedOf({ ...problem, l2: -1 })).toThrow('l2 must be a finite number ≥ 0');
    expect(() => streamedOf({ ...problem, weights: new Float64Array(2) })).toThrow(
      'sampleWeights must have shape [3000]',
    );
  });
});
