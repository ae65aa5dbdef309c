// node: checkpoints on disk.
import { decodeCheckpoint } from '../training/checkpoint/file.js';
import type { CheckpointOptions } from '../training/options.js';
import { errorCode, writeFileAtomic } from './files.js';
import { loadModelBytes } from './model-bytes.js';

/**
 * Keeps a fit in a file, which always holds the last whole checkpoint: each is written beside it, flushed, and renamed, so
 * that a process that is killed at any moment, also while it writes, leaves one to resume from.
 *
 * @param options.every how often: see `CheckpointOptions`
 * @throws BackendError, from the fit, if the file cannot be written; the checkpoint before then stays
 * @example
 * const checkpoint = fileCheckpoint('run.checkpoint', { every: { epochs: 5 } });
 * // The first time from the start; after a crash, the same line goes on from where the file is.
 * await SoftmaxRegression.fit(x, y, { solver: 'adam', checkpoint, resume: await readCheckpoint('run.checkpoint') });
 */
export function fileCheckpoint(path: string, options: Pick<CheckpointOptions, 'every'> = {}): CheckpointOptions {
  return { ...options, write: (bytes) => writeFileAtomic(path, bytes) };
}

/**
 * The checkpoint in a file, checked, for `fit`'s `resume`; undefined where there is no such file: then a fit begins anew.
 *
 * @throws FormatError if it is no whole checkpoint, or larger than 1 GiB; BackendError if it cannot be read
 */
export async function readCheckpoint(path: string): Promise<Uint8Array | undefined> {
  const bytes = await loadModelBytes(path).catch((error) => {
    if (errorCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes !== undefined) await decodeCheckpoint(bytes, path);
  return bytes;
}
