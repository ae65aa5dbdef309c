import { Random } from '../src/core/random.js';
import { gradientBlocks, gramBlocks } from '../src/objective/blocks.js';
import { gramMatrix } from '../src/objective/curvature.js';
import { evaluatePlain, plainProblem } from '../src/objective/float64.js';
import { hessianMatrix } from '../src/objective/hessian.js';
import { onEveryEngine } from './helpers/float64-engines.js';
import { lowerOf } from './helpers/lower-half.js';

type Float64 = typeof import('../src/objective/float64.js');
type Hessian = typeof import('../src/objective/hessian.js');
type Row = typeof import('../src/objective/row-block.js');
type Curvature = typeof import('../src/objective/curvature.js');

/** The modules in a JavaScript engine without WebAssembly. */
function withoutWebAssembly(): Float64 & Hessian & Row & Curvature {
  const { WebAssembly: kept } = globalThis;
  let modules: (Float64 & Hessian & Row & Curvature) | undefined;
  try {
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    jest.isolateModules(() => {
      modules = {
        ...(require('../src/objective/float64.js') as Float64),
        ...(require('../src/objective/hessian.js') as Hessian),
        ...(require('../src/objective/row-block.js') as Row),
        ...(require('../src/objective/curvature.js') as Curvature),
      };
    });
  } finally {
    globalThis.WebAssembly = kept;
  }
  return modules as Float64 & Hessian & Row & Curvature;
}

const plain = withoutWebAssembly();

interface Case {
  readonly n: number;
  readonly d: number;
  readonly q: number;
  readonly scale: number;
}

function problemOf({ n, d, q }: Case, random: Random): Parameters<typeof plainProblem>[0] {
  return {
    features: { values: Float64Array.from({ length: n * d }, () => random.normal()), shape: [n, d] },
    labels: Int32Array.from({ length: n }, () => random.below(q)),
    sampleWeights: Float64Array.from({ length: n }, () => [0, 1, 2.5][random.below(3)]),
    numClasses: q,
    l2: 0.01,
    fitIntercept: n % 2 === 0,
  };
}

const CASES: readonly Case[] = [
  { n: 1, d: 1, q: 2, scale: 1 },
  { n: 31, d: 3, q: 3, scale: 1 },
  { n: 33, d: 4, q: 2, scale: 10 },
  { n: 100, d: 7, q: 5, scale: 1000 },
  { n: 2000, d: 64, q: 10, scale: 1 },
  { n: 6000, d: 11, q: 3, scale: 300 },
];

onEveryEngine('sums over rows that stay in memory', () => {
  it.each(CASES)('have the bits of the plain loops: %o', async (shape) => {
    const random = new Random(shape.n);
    const options = problemOf(shape, random);
    const problem = plainProblem(options);
    const other = plain.plainProblem(options);
    const point = Float64Array.from({ length: problem.size }, () => shape.scale * random.normal());
    const work = 1e9;
    for (let i = 0; i < 2; i++) {
      expect(evaluatePlain(problem, point)).toEqual(plain.evaluatePlain(other, point));
      expect(await hessianMatrix(problem, point, work)).toEqual(await plain.hessianMatrix(other, point, work));
      point.fill(0);
    }
  });

  it('have the bits of the plain loops if a task takes a part of a block only', async () => {
    const random = new Random(6);
    const options = problemOf({ n: 200, d: 5000, q: 12, scale: 1 }, random);
    const problem = plainProblem(options);
    expect(gradientBlocks(problem.size).rowsOfATask).toBe(64);
    const point = Float64Array.from({ length: problem.size }, () => random.normal() / 50);
    expect(evaluatePlain(problem, point)).toEqual(plain.evaluatePlain(plain.plainProblem(options), point));
    const wide = problemOf({ n: 1100, d: 500, q: 2, scale: 1 }, random);
    expect(gramBlocks(501).rowsOfATask).toBe(256);
    expect(lowerOf(await gramMatrix(plainProblem(wide)))).toEqual(
      lowerOf(await plain.gramMatrix(plain.plainProblem(wide))),
    );
  });

  it('have the bits of sums over rows that are not prepared', () => {
    const random = new Random(7);
    const problem = plainProblem(problemOf({ n: 200, d: 9, q: 4, scale: 1 }, random));
    const point = Float64Array.from({ length: problem.size }, () => random.normal());
    expect(evaluatePlain({ ...problem, rows: undefined }, point)).toEqual(evaluatePlain(problem, point));
  });

  it('of two problems in turn do not mix', () => {
    const random = new Random(8);
    const [one, two] = [100, 60].map((n) => plainProblem(problemOf({ n, d: 5, q: 3, scale: 1 }, random)));
    const point = Float64Array.from({ length: one.size }, () => random.normal());
    const expected = [one, two].map((problem) => evaluatePlain({ ...problem, rows: undefined }, point));
    for (let i = 0; i < 3; i++) {
      expect([one, two].map((problem) => evaluatePlain(problem, point))).toEqual(expected);
    }
  });

  it('keep a loss that is not finite', () => {
    const options = problemOf({ n: 40, d: 2, q: 2, scale: 1 }, new Random(3));
    const problem = plainProblem({ ...options, sampleWeights: undefined });
    const point = new Float64Array(problem.size).fill(Number.NaN);
    expect(evaluatePlain(problem, point).value).toBeNaN();
  });
});

describe('the Hessian in tasks', () => {
  /** The number of tasks after the first. */
  async function turns(shape: Case, zeros: number): Promise<number> {
    const random = new Random(5);
    const { sampleWeights: _, ...options } = problemOf(shape, random);
    const sampleWeights = Float64Array.from({ length: shape.n }, (_, i) => (i < zeros ? 0 : 1));
    const problem = plainProblem({ ...options, sampleWeights });
    let looks = 0;
    const signal = Object.assign(new AbortController().signal, { throwIfAborted: () => void looks++ });
    expect(await hessianMatrix(problem, new Float64Array(problem.size), 1e12, signal)).toBeDefined();
    return looks - 1;
  }

  it('has one if the problem is small', async () => {
    expect(await turns({ n: 150, d: 4, q: 3, scale: 1 }, 0)).toBe(0);
  });

  it('has as many as its work takes, also where some samples do not count', async () => {
    const shape = { n: 6000, d: 30, q: 10, scale: 1 };
    // 6000·31²/2 multiply-adds for each of 55 pairs, 1.4e7 in a task.
    for (const zeros of [0, 1, 10]) expect(await turns(shape, zeros)).toBeGreaterThan(8);
  });
});
