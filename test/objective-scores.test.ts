import fc from 'fast-check';
import { FLOAT64 } from '../src/core/tolerance.js';
import { evaluatePlain, plainProblem } from '../src/objective/float64.js';
import { scoresAt } from '../src/objective/scores.js';
import { dense, sparseCrossEntropy } from '../src/reference.js';
import { between, PROPERTY } from './helpers/numbers.js';

const samples = fc
  .record({ n: fc.integer({ min: 1, max: 9 }), d: fc.integer({ min: 1, max: 4 }), q: fc.integer({ min: 2, max: 5 }) })
  .chain(({ n, d, q }) => {
    const list = (entry: fc.Arbitrary<number>, length: number) =>
      fc.array(entry, { minLength: length, maxLength: length });
    return fc.record({
      features: fc.array(list(between(-3, 3), d), { minLength: n, maxLength: n }),
      labels: list(fc.nat(q - 1), n),
      numClasses: fc.constant(q),
      sampleWeights: list(fc.oneof(fc.constant(0), between(0.1, 3)), n).filter((list) => list.some((s) => s > 0)),
      point: list(between(-2, 2), (d + 1) * q),
    });
  });

function problemOf(features: readonly (readonly number[])[], labels: number[], numClasses: number, weights?: number[]) {
  const shape = [features.length, features[0].length] as const;
  const matrix = { values: Float64Array.from(features.flat()), shape };
  return plainProblem({ features: matrix, labels, numClasses, sampleWeights: weights, l2: 0, fitIntercept: true });
}

describe('scoresAt', () => {
  it('agrees with the float64 reference, and with the objective without penalties', () =>
    fc.assert(
      fc.asyncProperty(samples, async ({ features, labels, numClasses: q, sampleWeights, point }) => {
        const d = features[0].length;
        const weight = { rows: d, columns: q, values: Float64Array.from(point.slice(0, d * q)) };
        const logits = dense(features, weight, point.slice(d * q));
        const problem = problemOf(features, labels, q, sampleWeights);
        const { loss, accuracy } = await scoresAt(problem, Float64Array.from(point));
        expect(loss).toBeAllClose(sparseCrossEntropy(logits, labels, { sampleWeights }), FLOAT64);
        expect(loss).toBeAllClose(evaluatePlain(problem, Float64Array.from(point)).value, FLOAT64);
        const total = sampleWeights.reduce((a, b) => a + b);
        const expected = labels.reduce((sum, label, i) => {
          const row = logits.values.subarray(i * q, (i + 1) * q);
          return sum + (row.indexOf(Math.max(...row)) === label ? sampleWeights[i] / total : 0);
        }, 0);
        expect(accuracy).toBeAllClose(expected, FLOAT64);
      }),
      PROPERTY,
    ));

  it('is log q at 0, where the first of the equal logits counts', async () => {
    const { loss, accuracy } = await scoresAt(problemOf([[1], [2], [3], [4]], [0, 1, 0, 2], 3), new Float64Array(6));
    expect(loss).toBeCloseTo(Math.log(3), 15);
    expect(accuracy).toBe(0.5);
  });

  it('is the same for logits that differ by a constant', async () => {
    const problem = problemOf([[1], [-2], [0.5]], [0, 1, 1], 2);
    const [one, other] = [
      await scoresAt(problem, Float64Array.of(1, -1, 0, 0.25)),
      await scoresAt(problem, Float64Array.of(1, -1, 64, 64.25)),
    ];
    expect(other.loss).toBeAllClose(one.loss, FLOAT64);
    expect(other.accuracy).toBe(one.accuracy);
  });

  it('skips samples of weight 0, and has finite losses of huge logits', async () => {
    const features = [[1e30], [-1e30], [1.7e308]];
    const problem = problemOf(features, [0, 1, 1], 2, [1, 1, 0]);
    expect(await scoresAt(problem, Float64Array.of(1, -1, 0, 0))).toEqual({ loss: 0, accuracy: 1 });
    const wrong = await scoresAt(problemOf(features.slice(0, 1), [1], 2), Float64Array.of(1, -1, 0, 0));
    expect(wrong).toEqual({ loss: 2e30, accuracy: 0 });
  });

  it('stops at an abort', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(scoresAt(problemOf([[1], [2]], [0, 1], 2), new Float64Array(4), signal)).rejects.toThrow('enough');
  });
});
