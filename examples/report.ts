// Writes a report on a model as one HTML file. The model is trained on Iris and tested on held-out flowers, and its
// gradient is verified at the final weights. Open the file in any browser; it needs no network.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  columnStatistics,
  Dense,
  gradcheck,
  loadIris,
  oneHot,
  SoftmaxRegression,
  selectBackend,
  take,
  trainTestSplit,
} from 'softmax-regression';
import { confidentMistakes, renderReport } from 'softmax-regression/report';
import 'softmax-regression/node';

export async function main(
  print: (line: string) => void = console.log,
  { folder = '.' }: { readonly folder?: string } = {},
): Promise<void> {
  const choice = await selectBackend();
  const iris = loadIris();
  const { train, test } = trainTestSplit(150, { testFraction: 0.3, stratify: iris.labels });
  const [features, labels] = [take(iris.features, train), take(iris.labels, train)];
  const [testFeatures, testLabels] = [take(iris.features, test), take(iris.labels, test)];

  const { model, result } = await SoftmaxRegression.fit(features, labels, {
    l2: 0.01,
    featureNames: iris.featureNames,
  });
  const html = await renderReport({
    data: {
      name: 'Iris',
      trainingSamples: train.length,
      split: '45 of 150 flowers held out, stratified by species',
      featureDeviations: columnStatistics(features).scale,
    },
    model,
    fit: result,
    evaluation: await model.evaluate(testFeatures, testLabels, { bins: 10 }),
    gradcheck: proof(model, features, labels),
    mistakes: confidentMistakes(
      testLabels,
      model.predictProbabilities(testFeatures),
      model.classes,
      (i) => testFeatures[i],
    ),
    environment: {
      command: 'npx tsx examples/report.ts',
      seed: 0,
      backend: choice.backend,
      tfjs: tf.version.tfjs,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
  });
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'iris.html');
  await writeFile(file, html);
  print(`${file}: ${Math.round(html.length / 1000)} kB, one file without scripts or requests`);
}

/** The gradient at the weights of the model, computed in three ways. */
function proof<L extends string>(model: SoftmaxRegression<L>, features: readonly number[][], labels: readonly L[]) {
  const [inputs, units] = [model.numFeatures, model.classes.length];
  const weight = model.weight.map((row) => Array.from(row));
  const layer = new Dense({ inputs, units, weight, bias: Array.from(model.bias) });
  const x = tf.tensor2d(features.map((row) => Array.from(row)));
  const targets = oneHot(
    labels.map((label) => model.classes.indexOf(label)),
    units,
  );
  try {
    return gradcheck({ layer, features: x, targets });
  } finally {
    layer.dispose();
    tf.dispose([x, targets]);
  }
}

if (require.main === module) main();
