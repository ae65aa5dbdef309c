import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import type { FeatureArray } from '../src/data/batches.js';
import { evaluatePlain, plainProblem } from '../src/objective/float64.js';
import { hessianMatrix, releaseHessian } from '../src/objective/hessian.js';
import { BLOCK_ROWS, prepareRows, RowBlock } from '../src/objective/row-block.js';
import { cholesky } from '../src/optim/cholesky.js';
import { dataSets, weightsOf } from './helpers/golden-solver.js';
import { PROPERTY } from './helpers/numbers.js';

/** Sizes that are and are not multiples of 2 and 4, one and several blocks, few and many zeros. */
const cases = fc
  .record({
    n: fc.integer({ min: 1, max: 70 }),
    d: fc.integer({ min: 1, max: 9 }),
    q: fc.integer({ min: 1, max: 5 }),
    zeros: fc.constantFrom(0, 0.5, 0.97),
    seed: fc.nat(1000),
    isPrepared: fc.boolean(),
  })
  .map(({ n, d, q, zeros, seed, isPrepared }) => {
    const random = (i: number) => {
      const x = Math.sin(12.9898 * (i + 1) + seed) * 43758.5453;
      return x - Math.floor(x);
    };
    const values = Float64Array.from({ length: n * d }, (_, i) => (random(7 * i) < zeros ? 0 : random(3 * i) - 0.5));
    const features: FeatureArray = { values, shape: [n, d], scale: 2 };
    const prepared = isPrepared ? prepareRows(features) : undefined;
    /** X̃, with a column of ones. */
    const rows = Array.from({ length: n }, (_, i) =>
      [...values.subarray(i * d, i * d + d)].map((x) => x / 2).concat(1),
    );
    return { n, d, q, features, prepared, rows, random };
  });

const blocksOf = (n: number) => Array.from({ length: Math.ceil(n / BLOCK_ROWS) }, (_, b) => b * BLOCK_ROWS);

describe('RowBlock', () => {
  it('matches plain sums for any sizes and zeros', () => {
    fc.assert(
      fc.property(cases, ({ n, d, q, features, prepared, rows, random }) => {
        const block = new RowBlock(features, q, prepared);
        const point = Float64Array.from({ length: (d + 1) * q }, (_, i) => random(5 * i) - 0.5);
        block.setPoint(point);
        const logits = new Float64Array(BLOCK_ROWS * q);
        const residuals = Float64Array.from({ length: n * q }, (_, i) => random(11 * i) - 0.5);
        const shares = Float64Array.from({ length: n }, (_, i) => (i % 5 === 0 ? 0 : random(i)));
        const labels = Int32Array.from({ length: n }, (_, i) => i % q);
        const outer = new Float64Array((d + 1) * q);
        const gram = new Float64Array((d + 1) ** 2);
        const sums = new Float64Array((d + 1) * q);
        for (const start of blocksOf(n)) {
          const count = block.read(start);
          expect(count).toBe(Math.min(BLOCK_ROWS, n - start));
          block.logits(logits);
          const expected = rows
            .slice(start, start + count)
            .flatMap((x) =>
              Array.from({ length: q }, (_, k) => x.reduce((sum, value, j) => sum + value * point[j * q + k], 0)),
            );
          expect(logits.subarray(0, count * q)).toBeAllClose(expected, FLOAT64);
          block.addOuter(residuals.subarray(start * q, (start + count) * q), outer);
          block.addGram(shares.subarray(start, start + count), gram);
          block.addToClasses(labels, start, shares.subarray(start, start + count), sums);
        }
        const close = { rtol: 1e-12, atol: 1e-13 };
        for (let j = 0; j <= d; j++) {
          for (let k = 0; k < q; k++) {
            const of = (weight: (i: number) => number) => rows.reduce((sum, x, i) => sum + x[j] * weight(i), 0);
            expect(outer[j * q + k]).toBeAllClose(
              of((i) => residuals[i * q + k]),
              close,
            );
            expect(sums[j * q + k]).toBeAllClose(
              of((i) => (labels[i] === k ? shares[i] : 0)),
              close,
            );
          }
          for (let m = 0; m <= j; m++) {
            const products = rows.reduce((sum, x, i) => sum + shares[i] * x[j] * x[m], 0);
            expect(gram[j * (d + 1) + m]).toBeAllClose(products, close);
          }
        }
      }),
      PROPERTY,
    );
  });

  it('gathers samples in any order, and reads blocks afterwards', () => {
    fc.assert(
      fc.property(cases, ({ n, d, features, prepared, rows }) => {
        const block = new RowBlock(features, 1, prepared);
        const samples = Int32Array.from({ length: Math.min(n, 7) }, (_, i) => (5 * i + 3) % n);
        const ones = new Float64Array(BLOCK_ROWS).fill(1);
        for (const read of [false, true]) {
          const gram = new Float64Array((d + 1) ** 2);
          if (read) block.read(0);
          else block.gather(samples, samples.length);
          block.addGram(ones, gram);
          const taken = read ? rows.slice(0, BLOCK_ROWS) : Array.from(samples, (i) => rows[i]);
          expect(gram[0]).toBeAllClose(
            taken.reduce((sum, x) => sum + x[0] * x[0], 0),
            FLOAT64,
          );
          expect(gram[(d + 1) ** 2 - 1]).toBe(taken.length);
        }
      }),
      PROPERTY,
    );
  });

  const of = (n: number, entry: (i: number) => number): FeatureArray => ({
    values: Float32Array.from({ length: n * 10 }, (_, i) => entry(i)),
    shape: [n, 10],
  });

  it('prepares rows only if they are few and not mostly zero', () => {
    expect(prepareRows(of(5, () => 1))).toHaveLength(8 * 12);
    expect(prepareRows(of(200, (i) => Number(i % 100 === 0)))).toBeUndefined();
    expect(prepareRows(of(2 ** 18, () => 1))).toBeUndefined();
  });

  it('prepares rows in the memory of others, of which nothing stays', () => {
    const room = prepareRows(of(8, () => 3)) as Float64Array;
    const fewer = prepareRows(
      of(5, () => 2),
      room,
    ) as Float64Array;
    expect([fewer.buffer, fewer]).toEqual([room.buffer, prepareRows(of(5, () => 2))]);
    expect(
      prepareRows(
        of(12, () => 2),
        room,
      )?.buffer,
    ).not.toBe(room.buffer);
  });
});

describe('hessianMatrix', () => {
  const { features, labels } = dataSets.iris;

  function problemOf(fitIntercept: boolean) {
    return plainProblem({
      features: { values: Float64Array.from(features.flat()), shape: [150, 4] },
      labels,
      numClasses: 3,
      sampleWeights: weightsOf(150, true),
      l2: 0.03,
      fitIntercept,
    });
  }

  const point = Float64Array.from({ length: 15 }, (_, i) => Math.sin(3 * i));

  it.each([true, false])('is the derivative of the gradient, with intercept %p', async (fitIntercept) => {
    const problem = problemOf(fitIntercept);
    const at = fitIntercept ? point : point.map((entry, i) => (i < 12 ? entry : 0));
    const matrix = await hessianMatrix(problem, at, 1e9);
    for (let j = 0; j < (fitIntercept ? 15 : 12); j++) {
      const moved = (h: number) =>
        evaluatePlain(
          problem,
          at.map((x, i) => (i === j ? x + h : x)),
        ).gradient;
      const [above, below] = [moved(1e-5), moved(-1e-5)];
      for (let i = j; i < 15; i++) {
        expect(matrix?.[i * 15 + j]).toBeAllClose((above[i] - below[i]) / 2e-5, { rtol: 1e-6, atol: 1e-8 });
      }
    }
    if (!fitIntercept) expect(Array.from(matrix?.subarray(12 * 15) ?? [1]).every((entry) => entry === 0)).toBe(true);
  });

  it('uses the memory of a released Hessian again, and of no other', async () => {
    const problem = problemOf(false);
    const first = (await hessianMatrix(problem, point, 1e9)) as Float64Array;
    const copy = first.slice();
    const second = (await hessianMatrix(problem, point, 1e9)) as Float64Array;
    expect(second).not.toBe(first);
    releaseHessian(first.fill(7));
    const [third, fourth] = await Promise.all([1, 2].map(() => hessianMatrix(problem, point, 1e9)));
    expect(third).toBe(first);
    expect(fourth).not.toBe(first);
    for (const each of [second, third, fourth]) expect(each).toEqual(copy);
  });

  it('approximates the Hessian within a work limit', async () => {
    const problem = problemOf(true);
    const far = point.map((entry) => 4 * entry);
    const whole = await hessianMatrix(problem, far, 1e9);
    const some = await hessianMatrix(problem, far, 15 ** 3 / 6 + 290 * 12.5);
    expect(some).toBeDefined();
    expect(some).not.toEqual(whole);
    const largest = Math.max(...Array.from(whole ?? [], Math.abs));
    expect(some).toBeAllClose(whole, { rtol: 0, atol: 2e-2 * largest });
    expect(await hessianMatrix(problem, far, 15 ** 3 / 6)).toBeUndefined();
    expect(await hessianMatrix(problem, far, 15 ** 3 / 6 + 100)).toBeUndefined();
  });

  it('stays positive semidefinite for near-certain samples', async () => {
    const problem = problemOf(true);
    for (const far of [20, 100, 1000]) {
      const matrix = await hessianMatrix(
        problem,
        point.map((entry) => far * entry),
        1e9,
      );
      expect(() => cholesky(matrix ?? new Float64Array(0), 15, 1e-10)).not.toThrow();
    }
  });

  it('returns undefined for too many parameters', async () => {
    const shape = [2, 600] as const;
    const wide = plainProblem({
      features: { values: new Float64Array(1200).fill(1), shape },
      labels: [0, 1],
      numClasses: 2,
      l2: 1,
      fitIntercept: true,
    });
    expect(await hessianMatrix(wide, new Float64Array(1202), Number.POSITIVE_INFINITY)).toBeUndefined();
  });
});
