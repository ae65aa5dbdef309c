// node: checkpoints on disk.
import { assertKnownOptions } from '../core/shape.js';
import { decodeCheckpoint } from '../training/checkpoint/file.js';
import type { CheckpointOptions } from '../training/options.js';
import { writeFileAtomic } from './atomic-writer.js';
import { assertPath, errorCode } from './files.js';
import { loadModelBytes } from './model-bytes.js';

/**
 * Writes the checkpoints of a fit to a file. Each is written to a temporary file, flushed and renamed.
 * So the file is always a complete checkpoint, even if the process is killed during a write.
 *
 * @param options.every how often to write; see `CheckpointOptions`
 * @throws BackendError, from the fit, if the file cannot be written; the previous checkpoint stays
 * @example
 * const checkpoint = fileCheckpoint('run.checkpoint', { every: { epochs: 5 } });
 * // The first run starts anew. After a crash, the same line resumes from the file.
 * await SoftmaxRegression.fit(x, y, { solver: 'adam', checkpoint, resume: await readCheckpoint('run.checkpoint') });
 */
export function fileCheckpoint(path: string, options: Pick<CheckpointOptions, 'every'> = {}): CheckpointOptions {
  assertPath(path, 'fileCheckpoint');
  assertKnownOptions(options, ['every'], 'fileCheckpoint');
  return { ...options, write: (bytes) => writeFileAtomic(path, bytes) };
}

/**
 * The validated checkpoint of a file, for `resume` of `fit`. Undefined if the file does not exist.
 *
 * @throws FormatError if it is not a complete checkpoint, or is larger than 1 GiB; BackendError if it cannot be read
 */
export async function readCheckpoint(path: string): Promise<Uint8Array | undefined> {
  assertPath(path, 'readCheckpoint');
  const bytes = await loadModelBytes(path, 'a checkpoint').catch((error) => {
    if (errorCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes !== undefined) await decodeCheckpoint(bytes, path);
  return bytes;
}
