// web: what the report is made of, as a message can carry it.
import * as tf from '@tensorflow/tfjs';
import {
  type BackendName,
  type Evaluation,
  type FitResult,
  type Label,
  metrics,
  type SoftmaxRegression,
} from 'softmax-regression';
import { confidentMistakes, type GradcheckResult, type ReportInput } from 'softmax-regression/report';
import { type PageData, rowOf } from './data.js';

export interface Findings {
  readonly data: PageData;
  readonly model: SoftmaxRegression<Label>;
  readonly evaluation: Evaluation<Label>;
  readonly fit: FitResult | undefined;
  readonly proof: GradcheckResult | undefined;
  readonly backend: BackendName | undefined;
}

export async function reportOf({ data, model, evaluation, fit, proof, backend }: Findings): Promise<ReportInput> {
  const { test, samples, name, image, deviations } = data;
  const q = model.classes.length;
  const { values } = await model.predictProbabilitiesAsync(test.features);
  const { classes } = model;
  const rows = Array.from({ length: test.labels.length }, (_, i) => values.subarray(i * q, (i + 1) * q));
  return {
    data: {
      ...{ name, image, trainingSamples: samples.labels.length },
      split: `${test.labels.length} held back`,
      featureDeviations: deviations?.scale,
      unit: data.unit,
    },
    model: plainOf(model),
    evaluation,
    fit,
    gradcheck: proof,
    curves:
      q === 2
        ? {
            roc: metrics.rocCurve(test.labels, rows, { classes }),
            precisionRecall: metrics.precisionRecallCurve(test.labels, rows, { classes }),
          }
        : undefined,
    mistakes: confidentMistakes(test.labels, rows, classes, (i) => rowOf(test.features, i)).map((mistake) => ({
      ...mistake,
      line: test.lines?.[mistake.index],
    })),
    environment: { backend, tfjs: tf.version.tfjs, platform: navigator.userAgent },
  };
}

/** Without what a message cannot carry. */
function plainOf(model: SoftmaxRegression<Label>): ReportInput['model'] {
  const { classes, numFeatures, numParameters, weight, columns, bias, featureNames, schema, temperature, options } =
    model;
  return { classes, numFeatures, numParameters, weight, columns, bias, featureNames, schema, temperature, options };
}
