// node: model files on disk.

import { open } from 'node:fs/promises';
import { BackendError, FormatError } from '../core/errors.js';
import type { Label } from '../core/labels.js';
import { decodeModel } from '../model/model-file.js';
import { SoftmaxRegression } from '../model/softmax-regression.js';
import { errorCode, writeFileAtomic } from './files.js';

/** What can be saved: a model, or its bytes. */
export type Saveable = Uint8Array | { toBytes(): Uint8Array };

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
export async function loadModelBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const state = await file.stat();
      const rule = { where: path, argument: 'this path' };
      if (!state.isFile()) throw new FormatError({ ...rule, expected: 'be a file', actual: 'something else' });
      if (state.size > MAX_FILE_BYTES) {
        const expected = `hold at most ${MAX_FILE_BYTES} bytes`;
        throw new FormatError({ ...rule, expected, actual: `${state.size}` });
      }
      const bytes = new Uint8Array(state.size);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length);
        // Cut short since its size was asked for.
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    const hint = code === 'ENOENT' ? 'Is the path right?' : undefined;
    const actual = (cause as Error).message;
    throw new BackendError({ where: path, argument: 'this path', expected: 'be a readable file', actual, hint, cause });
  }
}

/**
 * The model of a file, as `saveModel` wrote it.
 *
 * @throws FormatError if the file is no such model, or was changed; BackendError if it cannot be read
 */
export async function loadModel<L extends Label = Label>(path: string): Promise<SoftmaxRegression<L>> {
  return SoftmaxRegression.fromBytes<L>(await loadModelBytes(path), path);
}
