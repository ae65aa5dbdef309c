import { loadIris, SoftmaxRegression } from 'softmax-regression';
import { baselineOf } from '../src/metrics/baseline.js';
import { countsOfMatrix } from '../src/metrics/confusion.js';

describe('the baseline of an evaluation', () => {
  it('matches its docstring example, with class shares ¾ and ¼', () => {
    const { accuracy, logLoss } = baselineOf(
      countsOfMatrix([
        [2, 1],
        [0, 1],
      ]),
    );
    expect(accuracy).toBe(0.75);
    expect(logLoss).toBeCloseTo(0.5623, 4);
  });

  it('equals the scores of an optimal model with only a bias', async () => {
    const { features, labels } = loadIris();
    const uneven = { features: features.slice(0, 120), labels: labels.slice(0, 120) };
    // With such a large l2, only the bias remains.
    const { model } = await SoftmaxRegression.fit(uneven.features, uneven.labels, { l2: 1e9, tolerance: 1e-9 });
    const { accuracy, logLoss, baseline } = await model.evaluate(uneven.features, uneven.labels);
    expect(baseline.logLoss).toBeCloseTo(logLoss, 6);
    expect(baseline.accuracy).toBeCloseTo(50 / 120, 12);
    expect(accuracy).toBeGreaterThan(0.3);
  });

  it('respects sample weights, and ignores classes without samples', async () => {
    expect(
      baselineOf(
        countsOfMatrix([
          [3, 0, 0],
          [0, 0, 0],
          [0, 1, 0],
        ]),
      ),
    ).toEqual(
      baselineOf(
        countsOfMatrix([
          [3, 0],
          [0, 1],
        ]),
      ),
    );
    const { features, labels } = loadIris();
    const { model } = await SoftmaxRegression.fit(features, labels);
    const sampleWeights = labels.map((label) => (label === 'setosa' ? 2 : 1));
    const { baseline } = await model.evaluate(features, labels, { sampleWeights });
    expect(baseline.accuracy).toBeCloseTo(0.5, 12);
    expect(baseline.logLoss).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(4), 12);
  });
});
