// The table of scores: each has a golden number, and appears in evaluation, cross-validation, path, terminal, report and docs.
import { crossValidate, FLOAT64, lambdaPath, loadIris, metrics, type Scores } from 'softmax-regression';
import { evaluationLines, foldLines } from '../src/cli/output.js';
import { SCORE_NAMES, SCORES, type ScoreName, type ScoreRow } from '../src/metrics/scores.js';
import { renderReport } from '../src/report.js';
import golden from './golden/metrics-more.golden.json';
import { useBackend } from './helpers/backends.js';
import { modelOf } from './helpers/models.js';

const [{ labels, probabilities, sampleWeights, plain, weighted }] = golden.cases;

interface Golden {
  readonly plain: number;
  readonly weighted: number;
  /** Program, version and call, where the number is not from golden/metrics-more.py. */
  readonly from?: string;
}

/** The scores by scikit-learn of the first case of metrics-more.golden.json, without and with its sample weights. */
const GOLDEN: Readonly<Record<Exclude<ScoreName, 'expectedCalibrationError'>, Golden>> = {
  accuracy: { plain: plain.accuracy, weighted: weighted.accuracy },
  logLoss: { plain: plain.logLoss, weighted: weighted.logLoss },
  brier: { plain: plain.brier, weighted: weighted.brier },
  rocAuc: { plain: plain.rocAuc.macro as number, weighted: weighted.rocAuc.macro as number },
  matthews: { plain: plain.matthews, weighted: weighted.matthews },
  cohenKappa: { plain: plain.kappa.none, weighted: weighted.kappa.none },
  balancedAccuracy: {
    ...{ plain: 0.6252136752136752, weighted: 0.6 },
    from: 'scikit-learn 1.9.1, balanced_accuracy_score(labels, predictions, sample_weight=None | weights)',
  },
};

describe('the scores of an evaluation', () => {
  beforeAll(() => useBackend('cpu'));

  const classes = probabilities[0].map((_, k) => k);
  /** A model whose probabilities are those of the case: x = log p, W = 1. */
  const identity = classes.map((j) => classes.map((k) => Number(j === k)));
  const model = modelOf(identity, new Array(classes.length).fill(0), classes);
  const features = probabilities.map((row) => row.map(Math.log));

  it.each(SCORE_NAMES)('match scikit-learn, or the metric of the same name: %s', async (name) => {
    const evaluations = {
      plain: await model.evaluate(features, labels),
      weighted: await model.evaluate(features, labels, { sampleWeights }),
    };
    for (const [which, evaluation] of Object.entries(evaluations)) {
      // scikit-learn has no calibration error: the bins of golden/metrics-more.py are compared in metrics-calibration.test.ts.
      const options = { classes, sampleWeights: which === 'weighted' ? sampleWeights : undefined };
      const expected =
        name === 'expectedCalibrationError'
          ? metrics.expectedCalibrationError(labels, probabilities, options)
          : GOLDEN[name][which as keyof Golden];
      expect([evaluation[name]]).toBeAllClose([expected as number], FLOAT64);
    }
  });

  it.each(SCORE_NAMES)('are those of the metric of the same name: metrics.%s', (name) => {
    expect(metrics).toHaveProperty(name, expect.any(Function));
  });

  it('are averaged over the folds in cross-validation and path', async () => {
    const { features, labels } = loadIris();
    const { folds, mean, standardDeviation } = await crossValidate(features, labels, { folds: 3, maxIterations: 5 });
    const { table } = await lambdaPath(features, labels, { folds: 3, maxIterations: 5, l2: [0.01] });
    const fixed = await crossValidate(features, labels, { folds: 3, maxIterations: 5, l2: 0.01 });
    for (const name of SCORE_NAMES) {
      const values = folds.map(({ evaluation }) => evaluation[name]);
      const average = values.reduce((sum, each) => sum + each, 0) / 3;
      expect([name, mean[name]]).toEqual([name, average]);
      const variance = values.reduce((sum, each) => sum + (each - average) ** 2, 0) / 2;
      expect([standardDeviation[name]]).toBeAllClose([Math.sqrt(variance)], FLOAT64);
      expect([table[0][name]]).toBeAllClose([fixed.mean[name]], { rtol: 1e-4, atol: 1e-4 });
    }
  });

  it('appear with their titles on the terminal and in the report', async () => {
    const evaluation = await model.evaluate(features, labels);
    const lines = evaluationLines(evaluation, 'these').join('\n');
    const folds = foldLines(evaluation, evaluation, 3).join('\n');
    const { numFeatures, numParameters, weight, bias, options } = model;
    const plain = { classes, numFeatures, numParameters, weight, bias, options };
    const html = await renderReport({ data: { name: 'a case' }, model: plain, evaluation });
    for (const name of SCORE_NAMES) {
      const { title } = SCORES[name];
      const { headline = false }: ScoreRow = SCORES[name];
      expect([name, lines.includes(`${title} ${evaluation[name].toFixed(4)}`)]).toEqual([name, headline]);
      expect(folds).toMatch(new RegExp(`^  ${title} +${evaluation[name].toFixed(4)}`, 'm'));
      expect(html.toLowerCase()).toContain(`>${title.toLowerCase()}<`);
    }
  });

  it('have one-line titles and help', () => {
    for (const name of SCORE_NAMES) {
      const { title, help, peer }: ScoreRow = SCORES[name];
      for (const text of [title, help, peer]) expect(text).toMatch(/^[^\n]*[^.\n]$/);
    }
  });

  it('have typed names', () => {
    // @ts-expect-error a score that is not in the table
    const name: keyof Scores = 'hinge';
    expect(SCORE_NAMES).not.toContain(name);
  });
});

describe('balancedAccuracy', () => {
  it('is the unweighted mean recall of the classes that occur', () => {
    expect(metrics.balancedAccuracy(['cat', 'dog', 'dog'], ['cat', 'dog', 'cat'])).toBe(0.75);
    expect(metrics.balancedAccuracy([0, 0, 0, 1], [0, 0, 0, 0])).toBe(0.5);
    expect(metrics.balancedAccuracy([0, 1, 1], [0, 1, 2])).toBe(0.75);
    expect(metrics.balancedAccuracy([0, 1], [0, 1])).toBe(1);
  });

  it('counts a sample of weight 2 as two, and rejects different lengths', () => {
    const [labels, predictions] = [
      [0, 0, 1],
      [0, 1, 1],
    ];
    expect(metrics.balancedAccuracy(labels, predictions, { sampleWeights: [1, 2, 1] })).toBe(
      metrics.balancedAccuracy([0, 0, 0, 1], [0, 1, 1, 1]),
    );
    expect(() => metrics.balancedAccuracy([0], [0, 1])).toThrow('balancedAccuracy');
  });
});
