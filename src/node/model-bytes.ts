// node: the bytes of a model file. Separate from model-files.ts, so that prediction alone does not load TensorFlow.js.
import { readRegularFile } from './regular-file.js';

/** 268 million numbers. Endless files are refused before they fill the memory. */
const MAX_FILE_BYTES = 2 ** 30;

/**
 * The bytes of a model file, for `SoftmaxRegression.fromBytes` or `loadPredictor`, which validate them.
 *
 * @throws FormatError if it is not a file, or is larger than 1 GiB; BackendError if it cannot be read
 */
export function loadModelBytes(path: string): Promise<Uint8Array> {
  return readRegularFile(path, MAX_FILE_BYTES);
}
