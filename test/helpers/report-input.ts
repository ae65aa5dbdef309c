// Inputs for reports, with numbers that are easy to find in the page.
import type { Mistake, ReportInput } from 'softmax-regression/report';
import { Random } from '../../src/core/random.js';
import type { Comparison, GradcheckResult } from '../../src/gradcheck.js';
import { precisionRecallCurve, rocCurve } from '../../src/metrics/curves.js';

const LABELS = ['cat', 'dog', 'fox'];

function comparison(maxError: number, ratio: number): Comparison {
  return { maxError, ratio, at: 0, actual: 0.5, expected: 0.25 };
}

export function proof(change: Partial<GradcheckResult> = {}): GradcheckResult {
  const parameters = [
    { parameter: 'weight', shape: [2, 3], differences: 6 },
    { parameter: 'bias', shape: [3], differences: 3 },
  ].map((check, i) => ({
    ...check,
    autogradAgainstClosedForm: comparison(1.3e-7 / (i + 1), 0.01),
    closedFormAgainstDifferences: comparison(3.5e-11, 0.002),
    autogradAgainstDifferences: comparison(0.75e-7, 0.02),
  }));
  const findings = { backend: 'tensorflow', samples: 32, parameters };
  const forward = { logits: comparison(4e-6, 0.3), loss: comparison(0, 0) };
  return { ok: true, maxError: 4e-6, ...findings, ...forward, ...change } as GradcheckResult;
}

/** A misclassified sample with this number of features. */
export function mistake(features: ArrayLike<number>, change: Partial<Mistake> = {}): Mistake {
  return { index: 1234, label: 'cat', predicted: 'dog', probability: 0.9876, features, ...change };
}

/** Two features, three classes, 30 test samples: every section has something to show. */
export function smallInput(classes: readonly string[] = LABELS): ReportInput {
  const counts = [
    [9, 1, 0],
    [2, 8, 0],
    [0, 3, 7],
  ];
  return {
    data: {
      name: 'Animals',
      trainingSamples: 12345,
      split: 'every tenth',
      featureDeviations: [2, 0.5],
      checksums: [{ file: 'animals.csv', sha256: 'ab12'.repeat(16) }],
    },
    model: {
      classes,
      numFeatures: 2,
      numParameters: 9,
      weight: [
        [1, -2, 4],
        [0.5, 0, -0.5],
      ],
      bias: [0.25, 0, -0.25],
      featureNames: ['height', 'ears'],
      options: { solver: 'lbfgs', fitIntercept: true, l2: 1e-7, tolerance: 1e-6, maxIterations: 500 },
    },
    fit: {
      converged: true,
      reason: 'gradient',
      advice: null,
      objective: 0.5,
      gradientNorm: 6.5e-7,
      suboptimality: 2.5e-9,
      iterations: 17,
      history: [1, 0.6, 0.51, 0.5001, 0.5].map((loss, i) => ({ epoch: i + 1, loss })),
    },
    evaluation: {
      samples: 30,
      accuracy: 0.8,
      interval: { lower: 0.6269, upper: 0.9049 },
      logLoss: 0.51234,
      expectedCalibrationError: 0.0432,
      brier: 0.3131,
      reliability: [
        { lower: 0, upper: 0.5, count: 0, confidence: Number.NaN, accuracy: Number.NaN },
        { lower: 0.5, upper: 0.75, count: 10, confidence: 0.625, accuracy: 0.6 },
        { lower: 0.75, upper: 1, count: 20, confidence: 0.91, accuracy: 0.9 },
      ],
      perClass: {
        classes,
        precision: [9 / 11, 8 / 12, 1],
        recall: [0.9, 0.8, 0.7],
        fscore: [0.857, 0.727, 0.824],
        support: [10, 10, 10],
      },
      confusion: { classes, counts },
    },
    gradcheck: proof(),
    mistakes: [mistake([1.5, 0.125], { label: classes[0], predicted: classes[1] })],
    environment: { command: 'npx train animals.csv', seed: 7, backend: 'tensorflow', node: 'v20.1.2' },
    date: '3 May 2031',
  };
}

/** Two classes, and a table with a number, a column of three categories and one of two. */
export function twoClassInput(): ReportInput {
  const classes = ['no', 'yes'];
  const labels = ['no', 'no', 'yes', 'yes'];
  const probabilities = [
    [0.9, 0.1],
    [0.6, 0.4],
    [0.6, 0.4],
    [0.2, 0.8],
  ];
  const scores = [0.8, 0.8];
  return {
    data: { name: 'Buyers', trainingSamples: 100, featureDeviations: [10, 0.5, 0.25, 0.25, 0.5, 0.5] },
    model: {
      classes,
      numFeatures: 6,
      numParameters: 14,
      weight: [
        [-0.01, 0.01],
        [1, -1],
        [-2, 2],
        [0.5, -0.5],
        [0.75, -0.75],
        [-0.75, 0.75],
      ],
      bias: [0.25, -0.25],
      featureNames: ['age', 'color=blue', 'color=green', 'color=red', 'sex=female', 'sex=male'],
      schema: {
        columns: [
          { kind: 'number', name: 'age' },
          { kind: 'ignored', name: 'id' },
          { kind: 'category', name: 'color', categories: ['blue', 'green', 'red'] },
          { kind: 'label', name: 'bought' },
          { kind: 'category', name: 'sex', categories: ['female', 'male'] },
        ],
      },
      options: { solver: 'lbfgs' },
    },
    evaluation: {
      samples: 4,
      accuracy: 0.75,
      logLoss: 0.5,
      perClass: { classes, precision: scores, recall: scores, fscore: scores, support: [2, 2] },
      confusion: {
        classes,
        counts: [
          [2, 0],
          [1, 1],
        ],
      },
    },
    curves: {
      roc: rocCurve(labels, probabilities, { classes }),
      precisionRecall: precisionRecallCurve(labels, probabilities, { classes }),
    },
    mistakes: [
      mistake([38, 0, 0, 1, 0, 1], { label: 'yes', predicted: 'no', probability: 0.6 }),
      mistake([41, 0, 0, 0, 1, 0], { label: 'yes', predicted: 'no', probability: 0.55 }),
    ],
  };
}

/** Two classes whose names and categories are long: without a space, right to left, or of emoji. */
export function longTextInput(): ReportInput {
  const input = twoClassInput();
  const texts = ['x'.repeat(2000), 'טקסט ארוך מאוד, עם סימני פיסוק! '.repeat(12), '👨‍👩‍👧🏳️‍🌈'.repeat(60)];
  const classes = texts.slice(0, 2);
  return {
    ...input,
    data: { ...input.data, name: `${'folder/'.repeat(40)}${'x'.repeat(200)}.csv` },
    model: {
      ...input.model,
      classes,
      featureNames: undefined,
      schema: {
        columns: [
          { kind: 'number', name: 'y'.repeat(300) },
          { kind: 'category', name: texts[1], categories: texts },
          { kind: 'category', name: texts[2], categories: classes },
        ],
      },
    },
    evaluation: {
      ...input.evaluation,
      perClass: { ...input.evaluation.perClass, classes },
      confusion: { ...input.evaluation.confusion, classes },
    },
    curves: input.curves && {
      roc: { ...input.curves.roc, positive: classes[1] },
      precisionRecall: { ...input.curves.precisionRecall, positive: classes[1] },
    },
    mistakes: [mistake([38, 0, 0, 1, 0, 1], { label: classes[0], predicted: classes[1] })],
  };
}

/** Pictures of 4 × 3 pixels, with this number of classes. */
export function imageInput(numClasses: number): ReportInput {
  const random = new Random(0);
  const classes = Array.from({ length: numClasses }, (_, k) => `class ${k}`);
  const counts = classes.map((_, i) => classes.map((_, j) => (i === j ? 5 : Number(j === (i + 1) % numClasses))));
  const scores = classes.map(() => 5 / 6);
  return {
    data: { name: 'Tiles', trainingSamples: 100, image: { width: 4, height: 3 } },
    model: {
      classes,
      numFeatures: 12,
      numParameters: 13 * numClasses,
      weight: Array.from({ length: 12 }, () => classes.map(() => random.normal())),
      bias: classes.map(() => 0),
      options: { solver: 'sgd', epochs: 2, layer: 'dense' },
    },
    evaluation: {
      samples: 6 * numClasses,
      accuracy: 5 / 6,
      logLoss: 1,
      perClass: { classes, precision: scores, recall: scores, fscore: scores, support: classes.map(() => 6) },
      confusion: { classes, counts },
    },
    mistakes: [
      mistake(
        Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
        { label: 'class 0', predicted: 'class 1' },
      ),
    ],
  };
}
