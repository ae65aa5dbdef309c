// cli: a model from a file, evaluated on labelled samples.

import type { BackendName } from '../backend/names.js';
import { selectBackend } from '../backend/select.js';
import type { Label } from '../core/labels.js';
import { loadModel } from '../node/model-files.js';
import '../node.js';
import { withBadRows } from './bad-rows.js';
import { type Loading, loadSamplesFor, type TableChoices } from './samples.js';
import { leftOutOf } from './unknown-labels.js';

export async function tried(
  modelFile: string,
  source: string,
  options: TableChoices & { readonly backend?: BackendName },
  loading: Loading,
) {
  const model = await loadModel<Label>(modelFile);
  const samples = await withBadRows(options.skipBad, (bad) => loadSamplesFor(source, model, options, loading, bad));
  const choice = await selectBackend(options.backend);
  const { features, labels, sampleWeights } = samples;
  const evaluation = await model.evaluate(features, labels as Label[], { sampleWeights, signal: loading.signal });
  return { model, samples, choice, evaluation, unknownLabels: leftOutOf(samples, evaluation) };
}
