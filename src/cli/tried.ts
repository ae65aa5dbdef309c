// cli: a model from a file, evaluated on labelled samples.

import type { BackendName } from '../backend/names.js';
import { selectBackend } from '../backend/select.js';
import type { Label } from '../core/labels.js';
import { type EvaluateOptions, type Evaluation, evaluateModel } from '../model/evaluation.js';
import { affineOf } from '../model/linear-classifier.js';
import type { SoftmaxRegression } from '../model/softmax-regression.js';
import { loadModel } from '../node/model-files.js';
import '../node.js';
import type { LabelledRows } from '../reading/table.js';
import { withBadRows } from './bad-rows.js';
import type { Data } from './data/query.js';
import { type Loading, loadSamplesFor, type TableChoices } from './samples.js';
import { leftOutOf } from './unknown-labels.js';

/** `model.evaluate`, also for the rows of a table. */
export function evaluated(
  model: SoftmaxRegression<Label>,
  { features, labels, sampleWeights }: LabelledRows,
  options: Pick<EvaluateOptions, 'signal' | 'communicator'> = {},
): Promise<Evaluation<Label>> {
  return evaluateModel(affineOf(model), model.classes, features, labels, { ...options, sampleWeights }, 'evaluate');
}

export async function tried(
  modelFile: string,
  source: Data,
  options: TableChoices & { readonly backend?: BackendName },
  loading: Loading,
) {
  const model = await loadModel<Label>(modelFile);
  const samples = await withBadRows(options.skipBad, source, (bad) =>
    loadSamplesFor(source, model, options, loading, bad),
  );
  const choice = await selectBackend(options.backend);
  const evaluation = await evaluated(model, samples, { signal: loading.signal });
  return { model, samples, choice, evaluation, unknownLabels: leftOutOf(samples, evaluation) };
}
