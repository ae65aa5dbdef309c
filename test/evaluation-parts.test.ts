import { metrics } from 'softmax-regression';
import { useBackend } from './helpers/backends.js';
import { drawLabels, modelOf, normals, rowsOf } from './helpers/models.js';

// Room for the probabilities of two classes of 200 samples at a time.
jest.mock('../src/core/limits.js', () => ({ NUMBERS_OF_A_BATCH: 56 }));

beforeAll(() => useBackend('cpu'));

describe('an evaluation that keeps the probabilities of two classes at a time', () => {
  it.each([2, 3, 4, 5, 7, 8])('has the areas under the ROC curves of all %i classes', async (q) => {
    const classes = Array.from({ length: q + 1 }, (_, k) => `class ${k}`);
    const d = 3;
    const weight = rowsOf(normals(d * q, q, 1.5), q).map((row) => [...row, 0]);
    // The last class has no sample.
    const model = modelOf(weight, [...normals(q, 7), -1e6], classes);
    const features = rowsOf(normals(200 * d, 4), d);
    const labels = drawLabels(model, features, 5);
    const sampleWeights = labels.map((_, i) => (i * 7) % 4);
    const { perClass } = await model.evaluate(features, labels, { sampleWeights });
    const probabilities = model.predictProbabilities(features);
    const { auc } = metrics.rocAuc(labels, probabilities, { classes, sampleWeights });
    expect(perClass.rocAuc).toEqual(auc);
    expect(auc[q]).toBeNaN();
  });
});
