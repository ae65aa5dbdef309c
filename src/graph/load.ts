// graph: a SavedModel, from bytes into TensorFlow.
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError } from '../core/errors.js';
import { nativeBackend } from './native-backend.js';

const PREFIX = 'softmax-regression-graph-';

/** Such a folder lives for milliseconds: what is older than this was left by a process that was killed. */
const STALE_AFTER_MS = 600_000;

/**
 * TensorFlow only loads a model from a folder; that is gone again before this returns. What a killed process left there
 * is removed by the next one.
 *
 * @returns TensorFlow's number of the session; `binding.deleteSavedModel` frees it
 * @throws BackendError if the temporary folder cannot be written to, or TensorFlow refuses the graph
 */
export function loadSavedModel(where: string, bytes: Uint8Array): number {
  removeStale();
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), PREFIX));
    writeFileSync(join(folder, 'saved_model.pb'), bytes);
  } catch (cause) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    throw new BackendError({
      where,
      argument: 'the folder for temporary files',
      expected: `have room for ${bytes.byteLength} bytes, for a moment`,
      actual: (cause as Error).message,
      hint: 'TMPDIR names another folder.',
      cause,
    });
  }
  try {
    return nativeBackend().binding.loadSavedModel(folder, 'serve');
  } catch (cause) {
    throw new BackendError({
      where,
      argument: 'the recorded graph',
      expected: 'be one that TensorFlow loads',
      actual: (cause as Error).message.split('\n')[0],
      hint: 'Leave the operation that it names outside of the compiled function.',
      cause,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function removeStale(): void {
  const root = tmpdir();
  try {
    for (const name of readdirSync(root)) {
      if (!name.startsWith(PREFIX)) continue;
      const folder = join(root, name);
      const isStale = Date.now() - statSync(folder).mtimeMs > STALE_AFTER_MS;
      if (isStale) rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // Another user's, or gone meanwhile: nothing that this process needs.
  }
}
