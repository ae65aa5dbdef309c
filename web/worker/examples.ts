// web: data without files: Iris, points made from a seed, and a small Fashion-MNIST that is part of the build.
import { FASHION_MNIST_CLASSES, Random } from 'softmax-regression';
import type { ExampleName } from '../messages.js';
import { dataOfFiles, dataOfSamples, type PageData, type Points } from './data.js';

/** @param seed of the points of `blobs` and `xor` */
export async function exampleData(name: ExampleName, seed: number): Promise<PageData> {
  switch (name) {
    case 'iris':
      return dataOfFiles('iris', {});
    case 'blobs':
      return dataOfSamples('Blobs', blobs(seed), ['left', 'middle', 'right']);
    case 'xor':
      return { ...dataOfSamples('XOR', xor(seed), ['same signs', 'opposite signs']), lesson: LESSON_OF_XOR };
    case 'fashion-mnist':
      return fashionMnist();
    default:
      return name satisfies never;
  }
}

const LESSON_OF_XOR =
  'Why XOR fails: each class lies in two opposite corners, and no straight line separates them. A linear classifier ' +
  'draws straight borders only, so more training does not help. With the product x·y as a third feature it would succeed.';

const POINTS = 300;

/** Three normal clouds of variance 1, four apart from left to right; the heights of their centres come from the seed. */
export function blobs(seed: number): Points {
  const random = new Random(seed);
  const heights = [0, 1, 2].map(() => 6 * random.uniform() - 3);
  const labels = Array.from({ length: POINTS }, (_, i) => i % 3);
  return { labels, points: labels.map((k) => [4 * k - 4 + random.normal(), heights[k] + random.normal()]) };
}

/** Uniform points in [−1, 1]²; their class says whether the signs of x and y differ. */
export function xor(seed: number): Points {
  const random = new Random(seed);
  const points = Array.from({ length: POINTS }, () => [2 * random.uniform() - 1, 2 * random.uniform() - 1] as const);
  return { points, labels: points.map(([x, y]) => Number(x < 0 !== y < 0)) };
}

const FILES = ['fashion-mnist/images-idx3-ubyte', 'fashion-mnist/labels-idx1-ubyte'];

/** The 1,000 images that scripts/fashion-mnist.mjs writes. */
async function fashionMnist(): Promise<PageData> {
  const files = await Promise.all(
    FILES.map(async (name) => {
      const response = await fetch(name).catch(() => undefined);
      if (!response?.ok) throw new Error('Fashion-MNIST cannot be loaded. Check the network, and try again.');
      return new File([await response.blob()], name);
    }),
  );
  return { ...(await dataOfFiles(files, { classNames: FASHION_MNIST_CLASSES })), name: 'Fashion-MNIST, 1,000 images' };
}
