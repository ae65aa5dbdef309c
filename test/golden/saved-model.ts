// Writes a compiled function, and numbers that it gives, for saved-model.py to compare with: tsx test/golden/saved-model.ts FOLDER
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { compile, selectBackend } from 'softmax-regression';
import { saveCompiled } from 'softmax-regression/node';

type Parameters = { readonly w: tf.Tensor2D; readonly b: tf.Tensor1D };

async function main(folder: string): Promise<void> {
  await selectBackend('tensorflow');
  const rate = tf.variable(tf.scalar(0.5));
  const step = compile(({ w, b }: Parameters, x: tf.Tensor2D, y: tf.Tensor1D) => {
    const objective = (...[v, c]: tf.Tensor[]) =>
      tf.losses.softmaxCrossEntropy(tf.oneHot(y, 3), tf.matMul(x, v as tf.Tensor2D).add(c)) as tf.Scalar;
    const { value, grads } = tf.valueAndGrads(objective)([w, b]);
    return { loss: value, next: { w: w.sub(grads[0].mul(rate)), b: b.sub(grads[1].mul(rate)) } };
  });
  const parameters = { w: tf.linspace(-1, 1, 12).reshape<tf.Tensor2D>([4, 3]), b: tf.tensor1d([0, 0.1, -0.1]) };
  const x = tf.linspace(0, 2, 20).reshape<tf.Tensor2D>([5, 4]);
  const y = tf.tensor1d([0, 1, 2, 0, 1], 'int32');
  await saveCompiled(folder, step, parameters, x, y);
  const { loss, next } = step(parameters, x, y);
  const numbers = (tensors: Record<string, tf.Tensor>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.arraySync()]));
  const inputs = numbers({ arg_0_w: parameters.w, arg_0_b: parameters.b, arg_1: x, arg_2: y });
  const outputs = numbers({ output_loss: loss, output_next_w: next.w, output_next_b: next.b });
  writeFileSync(join(folder, 'expected.json'), JSON.stringify({ inputs, outputs }));
}

void main(process.argv[2]);
