// cli: the report on a model: gradient check at its weights, confident mistakes, HTML.
import { cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import type { BackendChoice } from '../backend/select.js';
import type { Label } from '../core/labels.js';
import { VERSION } from '../core/version.js';
import { type AnyRows, rowsAt } from '../data/any-rows.js';
import { KeptRows } from '../data/kept-rows.js';
import { statisticsOf } from '../data/standardize.js';
import { type GradcheckResult, gradcheck } from '../gradcheck.js';
import { precisionRecallCurve, rocCurve } from '../metrics/curves.js';
import type { Evaluation } from '../model/evaluation.js';
import type { LambdaPath } from '../model/lambda-path.js';
import { affineOf } from '../model/linear-classifier.js';
import { predictChunks } from '../model/predict-async.js';
import type { SoftmaxRegression } from '../model/softmax-regression.js';
import { Dense } from '../nn/dense.js';
import { oneHot } from '../nn/one-hot.js';
import { quoted } from '../node/shell.js';
import type { Described } from '../reading/samples.js';
import type { LabelledRows } from '../reading/table.js';
import { confidentMistakes, type Mistake, type ReportCurves, type ReportData, renderReport } from '../report.js';
import type { FitResult } from '../training/fit.js';
import { scalingOf } from '../training/standardization.js';
import { inFlags } from './explain.js';

export interface Assessment {
  readonly model: SoftmaxRegression<Label>;
  readonly evaluation: Evaluation<Label>;
  /** The samples of the evaluation. */
  readonly tested: LabelledRows;
  /** Scales the weights for comparison: the training samples, where available. */
  readonly compared: AnyRows;
  readonly data: Described & Pick<ReportData, 'trainingSamples' | 'split' | 'testName' | 'unit' | 'testedOnTraining'>;
  readonly fit?: FitResult;
  /** The search that chose l2. */
  readonly lambdaPath?: LambdaPath;
  readonly seed?: number;
  readonly choice: BackendChoice;
}

/** The report as one HTML file. */
export async function reportOf(assessment: Assessment): Promise<string> {
  const { model, evaluation, tested, compared, data, fit, lambdaPath, seed, choice } = assessment;
  const { curves, mistakes } = await predictionsOf(model, tested);
  const { name, trainingSamples, testedOnTraining, split, testName, unit, image } = data;
  const statistics = compared instanceof KeptRows ? statisticsOf(compared) : await scalingOf(compared);
  return renderReport({
    data: {
      name,
      trainingSamples,
      testedOnTraining,
      split,
      testName,
      unit,
      image,
      featureDeviations: statistics.scale,
    },
    model,
    // Whoever reads this report calls the command line.
    fit: fit?.advice ? { ...fit, advice: inFlags(fit.advice) } : fit,
    lambdaPath,
    evaluation,
    gradcheck: await proofOf(model, tested, statistics),
    curves,
    mistakes,
    environment: {
      command: ['softmax-regression', ...process.argv.slice(2)].map(quoted).join(' '),
      seed,
      backend: choice.backend,
      package: VERSION,
      tfjs: tf.version.tfjs,
      ...(choice.backend === 'tensorflow' ? { tensorflow: choice.description } : {}),
      node: process.version,
      cpu: cpus()[0]?.model,
      platform: `${process.platform} ${process.arch}`,
    },
    date: new Date().toISOString().slice(0, 10),
  });
}

/**
 * The curves of a model of two classes, and the most confident mistakes with the lines of their rows. Rows of weight 0 are no
 * mistakes: they count in no score.
 */
async function predictionsOf(model: SoftmaxRegression<Label>, tested: LabelledRows) {
  const { classes } = model;
  const { labels, features, lines, sampleWeights } = tested;
  const q = classes.length;
  const pairs: Float64Array[] = [];
  let mistakes: Mistake[] = [];
  for await (const { start, end, values } of predictChunks(affineOf(model), features, 'probabilities', 'report', {})) {
    const rows = Array.from({ length: end - start }, (_, i) => values.subarray(i * q, (i + 1) * q));
    if (q === 2) for (const row of rows) pairs.push(row.slice());
    const counted = [...rows.keys()].filter((i) => sampleWeights?.[start + i] !== 0);
    const own = confidentMistakes(
      counted.map((i) => labels[start + i]),
      counted.map((i) => rows[i]),
      classes,
      () => [],
      MOST_MISTAKES,
    );
    const placed = own.map((mistake) => ({ ...mistake, index: start + counted[mistake.index] }));
    mistakes = [...mistakes, ...placed]
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, MOST_MISTAKES);
  }
  const curves: ReportCurves | undefined =
    q === 2
      ? {
          roc: rocCurve(labels, pairs, { classes, sampleWeights }),
          precisionRecall: precisionRecallCurve(labels, pairs, { classes, sampleWeights }),
        }
      : undefined;
  const places = mistakes.map(({ index }) => index);
  const rows = await rowsAt(features, places);
  const withRow = (each: Mistake, i: number) => ({ ...each, features: rows[i], line: lines?.[each.index] });
  return { curves, mistakes: mistakes.map(withRow) };
}

/** Number of mistakes in the report. */
const MOST_MISTAKES = 12;
/** Number of samples in the gradient check. */
const PROOF_SAMPLES = 32;
/** Most weights to check: finite differences evaluate the loss twice for each weight. */
const PROOF_WEIGHTS = 1e5;

/**
 * The gradient at the weights of the model, computed in three ways; undefined if the model has too many weights.
 *
 * The layer computes the model's logits from standardised features: finite differences are useless for features near
 * 1e6.
 */
async function proofOf(
  model: SoftmaxRegression<Label>,
  { features, labels }: LabelledRows,
  { mean, scale }: ReturnType<typeof statisticsOf>,
): Promise<GradcheckResult | undefined> {
  const [inputs, units] = [model.numFeatures, model.classes.length];
  if (inputs * units > PROOF_WEIGHTS) return undefined;
  const n = Math.min(PROOF_SAMPLES, labels.length);
  const factor = model.columns?.factor;
  const weight = model.weight.map((row, j) => Array.from(row, (w) => w * scale[j] * (factor?.[j] ?? 1)));
  const bias = Array.from(model.logits([mean])[0]);
  const layer = new Dense({ inputs, units, weight, bias });
  const first = await rowsAt(
    features,
    Array.from({ length: n }, (_, i) => i),
  );
  const rows = first.map((row) => Array.from(row, (x, j) => (x - mean[j]) / scale[j]));
  const x = tf.tensor2d(rows, [n, inputs]);
  const targets = oneHot(
    labels.slice(0, n).map((label) => model.classes.indexOf(label)),
    units,
  );
  try {
    return gradcheck({ layer, features: x, targets });
  } finally {
    layer.dispose();
    tf.dispose([x, targets]);
  }
}
