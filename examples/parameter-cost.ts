// A fully connected layer with d inputs and q outputs has O(dq) parameters. Parameterized hypercomplex multiplication
// (PHM) reduces this to O(dq/n): W = Σᵢ Aᵢ ⊗ Sᵢ has n factors of n × n and n components of d/n × q/n, dq/n + n³ numbers
// in total. n = 1 is the full matrix. A low-rank product W = UV has r(d + q) parameters. This example compares the
// parameters and the accuracy of both. n must divide the number of classes, and only 1 and 2 divide ten. So sixteen
// classes are made from eight classes of Fashion-MNIST, upright and transposed (§3.4.3).
//
// The factors take n³ numbers: 512 of 2,096 at n = 8, so the layer is 6 times as small as the full one, not 8 times. The
// accuracy depends on the initial weights by about as much as on n: one seed alone can reverse the order.
import * as tf from '@tensorflow/tfjs';
import {
  batchRanges,
  gatherEntries,
  gatherRows,
  metrics,
  Phm,
  Random,
  selectBackend,
  sparseCrossEntropy,
  take,
} from 'softmax-regression';
import { type LabelledImages, loadFashionMnist } from 'softmax-regression/node';

const EPOCHS = 8;
const SEEDS = [0, 1, 2];
const PIXELS = 28 * 28;

/** An affine map whose weight may have a parametrisation with fewer numbers. */
interface Model {
  readonly parameters: tf.Variable[];
  readonly logits: (features: tf.Tensor2D) => tf.Tensor2D;
}

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const { train, test } = await loadFashionMnist();
  const sixteen = { classes: 16, train: turned(train, 8_000), test: turned(test, 2_000) };
  const ten = { classes: 10, train: first(train, 8_000), test: first(test, 2_000) };

  print(`${EPOCHS} epochs over 8,000 images of Fashion-MNIST, 2,000 test images, ${SEEDS.length} seeds`);
  print(row('classes', 'weight', 'parameters', 'of them n³', 'accuracy', 'from, to', 'seconds'));
  for (const n of [1, 2, 4, 8]) compare(n, sixteen, print);
  compare(2, ten, print);
}

/** Compares a PHM layer with a low-rank layer that has at most as many parameters. */
function compare(
  n: number,
  { classes, train, test }: { classes: number; train: LabelledImages; test: LabelledImages },
  print: (line: string) => void,
): void {
  const rank = Math.floor(((PIXELS * classes) / n + n ** 3) / (PIXELS + classes));
  for (const [name, factors, make] of [
    [`PHM n = ${n}`, n ** 3, (seed: number) => phmModel(classes, n, seed)],
    [`low rank r = ${rank}`, 0, (seed: number) => lowRankModel(classes, rank, seed)],
  ] as const) {
    let size = 0;
    const started = performance.now();
    const shares = SEEDS.map((seed) => {
      const model = make(seed);
      size = count(model);
      trainModel(model, train, seed);
      const share = accuracy(model, test);
      tf.dispose(model.parameters);
      return share;
    });
    const seconds = (performance.now() - started) / 1000 / SEEDS.length;
    const mean = shares.reduce((a, b) => a + b) / shares.length;
    const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => share.toFixed(3));
    const numbers = [size, factors].map((each) => each.toLocaleString('en'));
    print(row(`${classes}`, name, ...numbers, mean.toFixed(3), `${least} ${most}`, seconds.toFixed(1)));
  }
}

/** The layer of the package. SoftmaxRegression.fit(…, { solver: 'adam', layer: { phm: n } }) trains it in one call. */
function phmModel(units: number, n: number, seed: number): Model {
  const layer = new Phm({ inputs: PIXELS, units, n, seed });
  return { parameters: Object.values(layer.parameters), logits: (features) => layer.forward(features) };
}

/** The deviations are such that W starts with deviation 0.01, like the layers of the package. */
function lowRankModel(units: number, rank: number, seed: number): Model {
  const [u, v, b] = tf.tidy(() => [
    tf.variable(tf.randomNormal<tf.Rank.R2>([PIXELS, rank], 0, 0.01, 'float32', 2 * seed + 1)),
    tf.variable(tf.randomNormal<tf.Rank.R2>([rank, units], 0, Math.sqrt(1 / rank), 'float32', 2 * seed + 2)),
    tf.variable(tf.zeros([units])),
  ]);
  return { parameters: [u, v, b], logits: (features) => features.matMul<tf.Tensor2D>(u).matMul<tf.Tensor2D>(v).add(b) };
}

/** Plain TensorFlow.js, except for the loss. */
function trainModel({ parameters, logits }: Model, { features, labels }: LabelledImages, seed: number): void {
  const optimizer = tf.train.adam(0.005);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const order = new Random(EPOCHS * seed + epoch).permutation(labels.length);
    for (const [start, end] of batchRanges(labels.length, 256)) {
      tf.tidy(() => {
        const x = tf.tensor2d(gatherRows(features, order, start, end), [end - start, PIXELS]);
        const y = gatherEntries(labels, order, start, end);
        optimizer.minimize(() => sparseCrossEntropy(logits(x), y), false, parameters);
      });
    }
  }
  optimizer.dispose();
}

function accuracy({ logits }: Model, { features, labels }: LabelledImages): number {
  const predictions = tf.tidy(() => {
    const x = tf.tensor2d(gatherRows(features, undefined, 0, labels.length), [labels.length, PIXELS]);
    return logits(x).argMax(1).dataSync();
  });
  return metrics.accuracy(labels, predictions);
}

function count({ parameters }: Model): number {
  return parameters.reduce((sum, parameter) => sum + parameter.size, 0);
}

function first({ features, labels }: LabelledImages, n: number): LabelledImages {
  const indices = Array.from({ length: n }, (_, i) => i);
  return { features: take(features, indices), labels: take(labels, indices) };
}

/** The first n images of classes 0, …, 7. Every second one is transposed and belongs to class 8, …, 15. */
function turned({ features, labels }: LabelledImages, n: number): LabelledImages {
  const indices = Array.from(labels.keys())
    .filter((i) => labels[i] < 8)
    .slice(0, n);
  const images = take(features, indices);
  for (let i = 1; i < n; i += 2) {
    const image = images.values.subarray(i * PIXELS, (i + 1) * PIXELS);
    image.set(image.map((_, pixel) => image[(pixel % 28) * 28 + Math.floor(pixel / 28)]));
  }
  return { features: images, labels: take(labels, indices).map((label, i) => label + 8 * (i % 2)) };
}

function row(classes: string, weight: string, ...cells: readonly string[]): string {
  const widths = [12, 12, 10, 13, 9];
  return `${classes.padStart(7)}  ${weight.padEnd(15)}${cells.map((cell, i) => cell.padStart(widths[i])).join('')}`;
}

if (require.main === module) {
  main().catch((error: Error) => {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  });
}
