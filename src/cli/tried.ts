// cli: a model from a file, evaluated on labelled samples.

import type { BackendName } from '../backend/names.js';
import { selectBackend } from '../backend/select.js';
import type { Label } from '../core/labels.js';
import { loadModel } from '../node/model-files.js';
import '../node.js';
import type { TableOptions } from '../reading/table.js';
import { type Loading, loadSamplesFor } from './samples.js';

export async function tried(
  modelFile: string,
  source: string,
  options: TableOptions & { readonly backend?: BackendName },
  loading: Loading,
) {
  const model = await loadModel<Label>(modelFile);
  const samples = await loadSamplesFor(source, model, options, loading);
  const choice = await selectBackend(options.backend);
  const { features, labels, sampleWeights } = samples;
  const evaluation = await model.evaluate(features, labels as Label[], { sampleWeights, signal: loading.signal });
  return { model, samples, choice, evaluation };
}
