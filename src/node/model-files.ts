// node: model files on disk.
import type { Label } from '../core/labels.js';
import { decodeModel } from '../model/model-file.js';
import type { SoftmaxRegression } from '../model/softmax-regression.js';
import { writeFileAtomic } from './files.js';
import { readRegularFile } from './regular-file.js';

/** What can be saved: a model, or its bytes. */
export type Saveable =
  | Uint8Array
  | {
      /** The model file. */
      toBytes(): Uint8Array;
    };

/** 268 million numbers; a file without end is refused before it fills the memory. */
const MAX_FILE_BYTES = 2 ** 30;

/**
 * Writes a model file that is either whole or as it was before.
 *
 * @throws FormatError if bytes are no model file, BackendError if the file cannot be written; what was there then stays
 * @example await saveModel('iris.safetensors', model)
 */
export async function saveModel(path: string, model: Saveable): Promise<void> {
  const bytes = 'toBytes' in model ? model.toBytes() : model;
  decodeModel(bytes, 'saveModel');
  await writeFileAtomic(path, bytes);
}

/**
 * The bytes of a model file, for `SoftmaxRegression.fromBytes` or `loadPredictor`, which check them.
 *
 * @throws FormatError if it is no file, or larger than 1 GiB; BackendError if it cannot be read
 */
export function loadModelBytes(path: string): Promise<Uint8Array> {
  return readRegularFile(path, MAX_FILE_BYTES);
}

/**
 * The model of a file, as `saveModel` wrote it.
 *
 * @throws FormatError if the file is no such model, or was changed; BackendError if it cannot be read
 */
export async function loadModel<L extends Label = Label>(path: string): Promise<SoftmaxRegression<L>> {
  const bytes = await loadModelBytes(path);
  // Loaded here, so that those who want the bytes alone do without TensorFlow.js.
  const { SoftmaxRegression } = await import('../model/softmax-regression.js');
  return SoftmaxRegression.fromBytes<L>(bytes, path);
}
