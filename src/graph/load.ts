// graph: a SavedModel, from bytes into TensorFlow.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError } from '../core/errors.js';
import { type Binding, nativeBackend } from './native-backend.js';

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

/** A session for as long as its borrower needs it. */
export interface BorrowedSession {
  readonly id: number;
  giveBack(): void;
}

/**
 * Sessions by the checksum of their graph, the one that was used last at the end. TensorFlow takes 20 ms to load and optimize a
 * graph, and the same loop is often asked for again: by the folds of a cross-validation, by the next fit.
 */
const sessions = new WeakMap<Binding, Map<string, { readonly id: number; users: number }>>();

/** So many that nobody uses are kept. */
const MOST_IDLE = 8;

/** The session of this graph, loaded unless it is there. It holds no state: any number may use it at once. */
export function borrowSession(where: string, bytes: Uint8Array): BorrowedSession {
  const { binding } = nativeBackend();
  const known = sessions.get(binding) ?? new Map<string, { readonly id: number; users: number }>();
  sessions.set(binding, known);
  const key = createHash('sha256').update(bytes).digest('base64');
  const session = known.get(key) ?? { id: loadSavedModel(where, bytes), users: 0 };
  known.delete(key);
  known.set(key, session);
  session.users++;
  return {
    id: session.id,
    giveBack() {
      session.users--;
      const idle = [...known].filter(([, { users }]) => users === 0);
      for (const [oldest, { id }] of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) {
        known.delete(oldest);
        binding.deleteSavedModel(id);
      }
    },
  };
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
