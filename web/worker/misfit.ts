// web: whether a model may be tested on data.
import type { Label, SoftmaxRegression } from 'softmax-regression';
import type { PageData } from './data.js';

/** Why a model does not fit data, as the end of a sentence; undefined if it does. */
export function misfitOf(model: SoftmaxRegression<Label>, data: PageData): string | undefined {
  const { numFeatures, classes, featureNames = data.featureNames } = model;
  const [, own] = data.samples.features.shape;
  if (own !== numFeatures) {
    return `the model has ${numFeatures} ${numFeatures === 1 ? 'feature' : 'features'}, and these data have ${own}`;
  }
  const at = data.featureNames?.findIndex((name, j) => name !== featureNames?.[j]) ?? -1;
  if (at >= 0) {
    const [name, other] = [featureNames?.[at], data.featureNames?.[at]];
    return `the model names feature ${at + 1} “${name}”, and these data name it “${other}”`;
  }
  const known = new Set(classes);
  const missing = data.classes.find((label) => !known.has(label));
  return missing === undefined ? undefined : `the model lacks the class “${missing}” of these data`;
}
