// Classes are names, but a model needs numbers. Integer codes (dog 1, cat 2, chicken 3) save space but impose an order:
// the mean of dog and chicken is cat. One-hot vectors, yₖ = 1 for the class and 0 elsewhere, have the same distance
// between any two classes. The images are 2 × 2 pixels, so a sample has 4 features (§3.4.1).
import * as tf from '@tensorflow/tfjs';
import { fromOneHot, oneHot, selectBackend } from 'softmax-regression';
import 'softmax-regression/node';

/** In the order of the columns: cat (1, 0, 0), chicken (0, 1, 0), dog (0, 0, 1). */
const CLASSES = ['cat', 'chicken', 'dog'] as const;
const CODES = { dog: 1, cat: 2, chicken: 3 };

const IMAGES = [
  { pixels: [0.1, 0.9, 0.8, 0.2], animal: 'dog' },
  { pixels: [0.7, 0.6, 0.1, 0.0], animal: 'chicken' },
  { pixels: [0.3, 0.3, 0.9, 0.9], animal: 'cat' },
] as const;

export async function main(print: (line: string) => void = console.log): Promise<void> {
  await selectBackend();
  for (const { pixels, animal } of IMAGES) print(`${animal.padEnd(8)} ${pixels.map((x) => x.toFixed(1)).join('  ')}`);

  print('');
  print('integer codes: dog 1, cat 2, chicken 3');
  print(`  (dog + chicken) / 2 = ${(CODES.dog + CODES.chicken) / 2}, the code of cat`);
  print(`  |dog − chicken| = ${Math.abs(CODES.dog - CODES.chicken)}`);
  print(`  |dog − cat|     = ${Math.abs(CODES.dog - CODES.cat)}`);

  tf.tidy(() => {
    const codes = IMAGES.map(({ animal }) => CODES[animal]);
    const columns = codes.map((code) => CLASSES.findIndex((animal) => CODES[animal] === code));
    const targets = oneHot(columns, CLASSES.length);
    const [dog, chicken, cat] = tf.unstack(targets);
    const distance = (a: tf.Tensor, b: tf.Tensor) => a.sub(b).norm().dataSync()[0].toFixed(4);
    print('');
    print('one-hot vectors: cat (1, 0, 0), chicken (0, 1, 0), dog (0, 0, 1)');
    print(`  |dog − chicken| = ${distance(dog, chicken)}`);
    print(`  |dog − cat|     = ${distance(dog, cat)}`);

    const rows = targets.arraySync().map((row) => `(${row.join(', ')})`);
    const back = Array.from(fromOneHot(targets).dataSync(), (column) => CODES[CLASSES[column]]);
    print('');
    print(`from codes      ${codes.join(' ')}`);
    print(`to one-hot      ${rows.join(' ')}`);
    print(`and back again  ${back.join(' ')}`);
  });
}

if (require.main === module) main();
