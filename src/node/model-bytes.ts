// node: the bytes of a model file. Apart from model-files.ts, so that who only predicts loads no TensorFlow.js.
import { readRegularFile } from './regular-file.js';

/** 268 million numbers; a file without end is refused before it fills the memory. */
const MAX_FILE_BYTES = 2 ** 30;

/**
 * The bytes of a model file, for `SoftmaxRegression.fromBytes` or `loadPredictor`, which check them.
 *
 * @throws FormatError if it is no file, or larger than 1 GiB; BackendError if it cannot be read
 */
export function loadModelBytes(path: string): Promise<Uint8Array> {
  return readRegularFile(path, MAX_FILE_BYTES);
}
