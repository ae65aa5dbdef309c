import { loadIris, SoftmaxRegression } from 'softmax-regression';
import { baselineOf } from '../src/metrics/baseline.js';

describe('the baseline of an evaluation', () => {
  it('has the example of its documentation: shares of ¾ and ¼', () => {
    const { accuracy, logLoss } = baselineOf([
      [2, 1],
      [0, 1],
    ]);
    expect(accuracy).toBe(0.75);
    expect(logLoss).toBeCloseTo(0.5623, 4);
  });

  it('is what a model without weights scores at its optimum: the bias of the class shares', async () => {
    const { features, labels } = loadIris();
    const uneven = { features: features.slice(0, 120), labels: labels.slice(0, 120) };
    // So much l2 that only the bias is left.
    const { model } = await SoftmaxRegression.fit(uneven.features, uneven.labels, { l2: 1e9, tolerance: 1e-9 });
    const { accuracy, logLoss, baseline } = await model.evaluate(uneven.features, uneven.labels);
    expect(baseline.logLoss).toBeCloseTo(logLoss, 6);
    expect(baseline.accuracy).toBeCloseTo(50 / 120, 12);
    expect(accuracy).toBeGreaterThan(0.3);
  });

  it('counts sample weights, and a class without samples as nothing', async () => {
    expect(
      baselineOf([
        [3, 0, 0],
        [0, 0, 0],
        [0, 1, 0],
      ]),
    ).toEqual(
      baselineOf([
        [3, 0],
        [0, 1],
      ]),
    );
    const { features, labels } = loadIris();
    const { model } = await SoftmaxRegression.fit(features, labels);
    const sampleWeights = labels.map((label) => (label === 'setosa' ? 2 : 1));
    const { baseline } = await model.evaluate(features, labels, { sampleWeights });
    expect(baseline.accuracy).toBeCloseTo(0.5, 12);
    expect(baseline.logLoss).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(4), 12);
  });
});
