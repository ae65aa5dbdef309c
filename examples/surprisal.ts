// An event of probability p surprises by −log p. The loss of a sample is the surprisal of its label, −log P(y | x): 0 if
// the model is certain and right, large if it is certain and wrong. The mean over the samples is the cross-entropy, the
// bits that a code made for the model spends on a label (§3.4.7.2).
import { loadIris, metrics, SoftmaxRegression, selectBackend } from 'softmax-regression';
import 'softmax-regression/node';

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  print('probability of the label    surprisal');
  for (const p of [1, 0.5, 0.25, 1 / 3, 0.01]) {
    print(`${p.toFixed(4).padStart(24)}${`${(-Math.log2(p) + 0).toFixed(4)} bits`.padStart(13)}`);
  }

  const { features, labels } = loadIris();
  const { model } = await SoftmaxRegression.fit(features, labels, { standardize: true });
  const probabilities = model.predictProbabilities(features);
  const predicted = model.predict(features);
  const flowers = labels.map((species, i) => {
    const p = probabilities[i][model.classes.indexOf(species)];
    return { species, p, bits: -Math.log2(p), best: predicted[i] };
  });
  const sorted = [...flowers].sort((a, b) => a.bits - b.bits);
  print('');
  print(`flower       P(y | x)      bits   most probable`);
  for (const { species, p, bits, best } of [...sorted.slice(0, 2), ...sorted.slice(-2)]) {
    print(`${species.padEnd(10)}${p.toFixed(4).padStart(11)}${bits.toFixed(4).padStart(10)}   ${best}`);
  }
  const mean = flowers.reduce((sum, { bits }) => sum + bits, 0) / flowers.length;
  const loss = metrics.logLoss(
    labels.map((species) => model.classes.indexOf(species)),
    probabilities,
  );
  print('');
  print(
    `mean ${mean.toFixed(4)} bits = ${loss.toFixed(4)} nats / log 2, the cross-entropy of the ${flowers.length} flowers`,
  );
}

if (require.main === module) main();
