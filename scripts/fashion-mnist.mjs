// The small Fashion-MNIST of the page: the first 1,000 test images, as IDX files.

const IMAGES = 1000;

/** @returns two files by path, or why there are none: the data set is not on this machine */
export async function smallFashionMnist() {
  const { tsImport } = await import('tsx/esm/api');
  const { loadFashionMnist } = await tsImport('../src/node/datasets/fashion-mnist.ts', import.meta.url);
  try {
    const { features, labels } = (await loadFashionMnist({ offline: true })).test;
    const side = Math.sqrt(features.shape[1]);
    return {
      files: {
        'fashion-mnist/images-idx3-ubyte': idx([IMAGES, side, side], features.values.subarray(0, IMAGES * side * side)),
        'fashion-mnist/labels-idx1-ubyte': idx([IMAGES], labels.subarray(0, IMAGES)),
      },
    };
  } catch (error) {
    return { files: {}, reason: error.message.split('\n', 1)[0] };
  }
}

/** Bytes as an IDX file. */
function idx(shape, values) {
  const header = Buffer.from([0, 0, 8, shape.length]);
  const sizes = Buffer.alloc(4 * shape.length);
  shape.forEach((size, i) => void sizes.writeUInt32BE(size, 4 * i));
  return Buffer.concat([header, sizes, Uint8Array.from(values)]);
}
