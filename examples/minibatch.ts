// A minibatch of n samples in rows is one matrix X of shape [n, d]. O = XW + b computes all its logits at once, with b
// added to each row. The logits equal those of one sample at a time but are computed faster: one large matrix product
// uses the processor fully (§3.4.5). One at a time, nearly all of the time is the cost of 512 calls from JavaScript, two
// for each sample: the same calls with one feature instead of 784 take almost as long.
import * as tf from '@tensorflow/tfjs';
import { Dense, Random, selectBackend } from 'softmax-regression';
import 'softmax-regression/node';

const [SAMPLES, FEATURES, CLASSES] = [256, 784, 10];

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  const random = new Random(0);
  using layer = new Dense({ inputs: FEATURES, units: CLASSES });
  tf.tidy(() => {
    const values = Float32Array.from({ length: SAMPLES * FEATURES }, () => random.uniform());
    const batch = tf.tensor2d(values, [SAMPLES, FEATURES]);
    const rows = tf.split(batch, SAMPLES) as tf.Tensor2D[];

    const together = () => layer.forward(batch);
    const oneByOne = () => tf.concat(rows.map((x) => layer.forward(x)));
    const shape = (tensor: tf.Tensor) => `[${tensor.shape.join(', ')}]`;
    print(`O = XW + b: ${shape(batch)} · ${shape(layer.weight)} + ${shape(layer.bias)} = ${shape(together())}`);

    const difference = together().sub(oneByOne()).abs().max().dataSync()[0];
    print(`the same logits as one sample at a time: ${difference < 1e-5}, largest difference ${difference}`);

    const [fast, slow] = [milliseconds(together), milliseconds(oneByOne)];
    const ratio = (slow / fast).toFixed(0);
    print(`at once ${fast.toFixed(2)} ms, one at a time ${slow.toFixed(2)} ms: ${ratio} times as long`);

    using narrow = new Dense({ inputs: 1, units: CLASSES });
    const one = tf.ones<tf.Rank.R2>([1, 1]);
    const calls = milliseconds(() => tf.concat(rows.map(() => narrow.forward(one))));
    print(
      `one at a time with 1 feature instead of ${FEATURES}: ${calls.toFixed(2)} ms, which is the cost of the calls`,
    );
  });
}

/** The shortest of 10 runs. Each run includes reading the result. */
function milliseconds(run: () => tf.Tensor): number {
  const times = Array.from({ length: 10 }, () => {
    const started = performance.now();
    tf.tidy(() => void run().dataSync());
    return performance.now() - started;
  });
  return Math.min(...times);
}

if (require.main === module) main();
