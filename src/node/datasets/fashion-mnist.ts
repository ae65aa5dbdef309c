// node: loads Fashion-MNIST from this machine or from its publishers.
import { assertFunction, assertKnownOptions, assertSignal, assertText } from '../../core/shape.js';
import type { FeatureArray } from '../../data/batches.js';
import { FASHION_MNIST_CLASSES } from '../../data/fashion-mnist-classes.js';
import type { IdxArray } from '../../data/idx.js';
import { loadPinnedData, type PinnedData, type PinnedDataOptions } from './pinned-data.js';

/** The sources of the files and their checksums. The packed files have the md5 that Zalando publishes. */
export const FASHION_MNIST: PinnedData<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels'> = {
  name: 'Fashion-MNIST',
  files: {
    trainImages: {
      name: 'train-images-idx3-ubyte',
      shape: [60000, 28, 28],
      sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      gzip: { bytes: 26_421_880, sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84' },
    },
    trainLabels: {
      name: 'train-labels-idx1-ubyte',
      shape: [60000],
      sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      gzip: { bytes: 29_515, sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845' },
    },
    testImages: {
      name: 't10k-images-idx3-ubyte',
      shape: [10000, 28, 28],
      sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      gzip: { bytes: 4_422_102, sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073' },
    },
    testLabels: {
      name: 't10k-labels-idx1-ubyte',
      shape: [10000],
      sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      gzip: { bytes: 5_148, sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5' },
    },
  },
  folderVariable: 'FASHION_MNIST_DIR',
  mirrorsVariable: 'FASHION_MNIST_MIRRORS',
  cacheName: 'fashion-mnist',
  debianPackage: 'dataset-fashion-mnist',
  systemFolder: '/usr/share/datasets/fashion-mnist',
  mirrors: [
    'https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  ],
  command:
    'git clone --depth 1 https://github.com/zalandoresearch/fashion-mnist && ' +
    'export FASHION_MNIST_DIR="$PWD/fashion-mnist/data/fashion"',
};

/** Images with their classes. */
export interface LabelledImages {
  /** One image of 28 × 28 pixels per row, as bytes. The scale of 255 maps them to [0, 1]. */
  readonly features: FeatureArray<Uint8Array>;
  /** The class index of each image. */
  readonly labels: Int32Array;
}

/** The data set by Xiao, Rasul and Vollgraf. */
export interface FashionMnist {
  /** 60,000 images. */
  readonly train: LabelledImages;
  /** 10,000 images. */
  readonly test: LabelledImages;
  readonly classNames: readonly string[];
  /** The source of the files, as a readable phrase. */
  readonly source: string;
}

/** Options of `loadFashionMnist`. */
export type FashionMnistOptions = PinnedDataOptions;

/**
 * Fashion-MNIST: 70,000 grey images of clothes in ten classes.
 *
 * The files are read from `dir` or else `$FASHION_MNIST_DIR` if one is given; that folder must contain them. Otherwise
 * the first source that has them is used: the cache, `/usr/share/datasets/fashion-mnist`, the publishers' servers (or
 * those in `$FASHION_MNIST_MIRRORS`), and on Debian and Ubuntu the package `dataset-fashion-mnist`. Files may be plain
 * or gzipped. Each is checked against a pinned sha256, so the images are always the published ones.
 *
 * The images stay bytes, 55 MB in total; as float32 they would take 220 MB.
 *
 * @throws FormatError if a file of the given folder is missing, truncated, renamed or changed
 * @throws BackendError if no source has the files, with the reason for each; the signal's reason if aborted
 * @example
 * const { train, test, classNames } = await loadFashionMnist();
 * train.features.shape           // [60000, 784]
 * classNames[train.labels[0]]    // 'Ankle boot'
 * @see Xiao, Rasul and Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms
 * (2017)
 */
export async function loadFashionMnist(options: FashionMnistOptions = {}): Promise<FashionMnist> {
  assertKnownOptions(options, ['dir', 'offline', 'onProgress', 'signal'], 'loadFashionMnist');
  if (options.dir !== undefined) assertText(options.dir, 'loadFashionMnist', 'dir');
  assertSignal(options.signal, 'loadFashionMnist');
  if (options.onProgress !== undefined) assertFunction(options.onProgress, 'loadFashionMnist', 'onProgress');
  const { arrays, source } = await loadPinnedData(FASHION_MNIST, options);
  return {
    train: labelledImages(arrays.trainImages, arrays.trainLabels),
    test: labelledImages(arrays.testImages, arrays.testLabels),
    classNames: FASHION_MNIST_CLASSES,
    source,
  };
}

function labelledImages(images: IdxArray, labels: IdxArray): LabelledImages {
  const [n, height, width] = images.shape;
  const values = images.values as Uint8Array;
  return {
    features: { values, shape: [n, height * width], scale: 255 },
    labels: Int32Array.from(labels.values),
  };
}
