// node: the bytes of a model file. Separate from model-files.ts, so that prediction alone does not load TensorFlow.js.
import { FormatError } from '../core/errors.js';
import { readRegularFile } from './regular-file.js';

/** 268 million numbers. Endless files are refused before they fill the memory. */
const MAX_FILE_BYTES = 2 ** 30;

/**
 * The bytes of a model file, for `SoftmaxRegression.fromBytes` or `loadPredictor`, which validate them.
 *
 * @param kind what the file should be
 * @throws FormatError if it is not a file, or is larger than 1 GiB; BackendError if it cannot be read
 */
export async function loadModelBytes(path: string, kind = 'a model file'): Promise<Uint8Array> {
  const bytes = await readRegularFile(path, MAX_FILE_BYTES);
  // The length of a header has zeros in its highest bytes.
  if (bytes.length === 0 || bytes.subarray(0, 64).some((byte) => byte < 9 || (byte > 13 && byte < 32))) return bytes;
  const hint = `Train a model on it first: softmax-regression train ${path} --label COLUMN -o model.safetensors`;
  const rule = { where: path, argument: 'this file', expected: `be ${kind}` };
  throw new FormatError({ ...rule, actual: 'text, such as a table', hint });
}
