// Model files written from scikit-learn models by the function in docs/python.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Label, SoftmaxRegression } from 'softmax-regression';
import { loadPredictor } from 'softmax-regression/predict';

interface Golden {
  /** Base64. */
  readonly file: string;
  readonly featureNames: string[] | null;
  readonly classes: Label[];
  readonly features: number[][];
  readonly labels: Label[];
  readonly probabilities: number[][];
}

const golden: Record<string, Golden> = JSON.parse(
  readFileSync(join(__dirname, 'golden', 'scikit-learn.golden.json'), 'utf8'),
);

describe('a model from scikit-learn', () => {
  it.each(Object.entries(golden))('with %s gives the same predictions', (_, each) => {
    const bytes = new Uint8Array(Buffer.from(each.file, 'base64'));
    const model = SoftmaxRegression.fromBytes(bytes);
    const predictor = loadPredictor(bytes);
    expect(predictor.featureNames ?? null).toEqual(each.featureNames);
    for (const { classes, numFeatures } of [model, predictor]) {
      expect(classes).toEqual(each.classes);
      expect(numFeatures).toBe(each.features[0].length);
    }
    expect(model.predict(each.features)).toEqual(each.labels);
    expect(predictor.predict(each.features)).toEqual(each.labels);
    model.predictProbabilities(each.features).forEach((row, i) => {
      const differences = Array.from(row, (p, k) => Math.abs(p - each.probabilities[i][k]));
      expect(Math.max(...differences)).toBeLessThan(1e-5);
    });
  });

  it('is rejected after a changed byte', () => {
    const bytes = new Uint8Array(Buffer.from(golden['two classes, booleans'].file, 'base64'));
    bytes[bytes.length - 1] ^= 1;
    expect(() => SoftmaxRegression.fromBytes(bytes)).toThrow(/sha256 must be [0-9a-f]{64}, that of the content/);
  });
});
