// A short example: train on Iris, evaluate on held-out samples, and predict the species of a flower with probabilities.
// 4 features and 3 classes give 12 weights and 3 biases (§3.4.2).
import { loadIris, SoftmaxRegression, selectBackend, take, trainTestSplit } from 'softmax-regression';
import 'softmax-regression/node';

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const iris = loadIris();
  const { train, test } = trainTestSplit(150, { testFraction: 0.2, stratify: iris.labels });

  const { model } = await SoftmaxRegression.fit(take(iris.features, train), take(iris.labels, train), { l2: 0.01 });
  const { accuracy, samples, logLoss } = await model.evaluate(take(iris.features, test), take(iris.labels, test));
  print(`${model.numParameters} parameters, trained on ${train.length} flowers`);
  print(`test accuracy ${accuracy.toFixed(3)} on ${samples} other flowers, loss ${logLoss.toFixed(3)}`);

  const flower = [6.1, 2.9, 4.7, 1.4];
  const [species] = model.predict([flower]);
  const [probabilities] = model.predictProbabilities([flower]);
  print(`${flower.join(' × ')} cm: ${species}`);
  for (const [k, name] of model.classes.entries()) print(`  ${name.padEnd(10)} ${probabilities[k].toFixed(3)}`);
}

if (require.main === module) main();
