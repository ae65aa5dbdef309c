// node: model files on disk.
import { DomainError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { describe } from '../core/shape.js';
import type { SoftmaxRegression } from '../model/softmax-regression.js';
import { decodeModel } from '../serialization/model-file.js';
import { writeFileAtomic } from './atomic-writer.js';
import { assertPath } from './files.js';
import { loadModelBytes } from './model-bytes.js';

/** What can be saved: a model, or its bytes. */
export type Saveable =
  | Uint8Array
  | {
      /** The model file. */
      toBytes(): Uint8Array;
    };

/**
 * Writes a model file that is either whole or as it was before.
 *
 * @throws FormatError if bytes are no model file, BackendError if the file cannot be written; what was there then stays.
 *         DomainError for arguments of other types
 * @example await saveModel('iris.safetensors', model)
 */
export async function saveModel(path: string, model: Saveable): Promise<void> {
  const where = 'saveModel';
  assertPath(path, where, 'Call saveModel(path, model).');
  const isModel = typeof (model as { toBytes?: unknown } | null)?.toBytes === 'function';
  if (!isModel && !ArrayBuffer.isView(model)) {
    const expected = 'be a model, or the bytes of its file';
    throw new DomainError({ where, argument: 'model', expected, actual: describe(model) });
  }
  await writeFileAtomic(path, 'toBytes' in model ? model.toBytes() : checked(model));
}

/** Bytes may come from anywhere. What a model encodes is checked before it is encoded. */
function checked(bytes: Uint8Array): Uint8Array {
  decodeModel(bytes, 'saveModel');
  return bytes;
}

/**
 * The model of a file, as `saveModel` wrote it.
 *
 * @throws FormatError if the file is no such model, or was changed; BackendError if it cannot be read
 */
export async function loadModel<L extends Label = Label>(path: string): Promise<SoftmaxRegression<L>> {
  assertPath(path, 'loadModel');
  const bytes = await loadModelBytes(path);
  // Loaded here, so that those who want the bytes alone do without TensorFlow.js.
  const { SoftmaxRegression } = await import('../model/softmax-regression.js');
  return SoftmaxRegression.fromBytes<L>(bytes, path);
}
