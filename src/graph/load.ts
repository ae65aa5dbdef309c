// graph: loads the bytes of a SavedModel into TensorFlow.
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError } from '../core/errors.js';
import { type Binding, nativeBackend } from './native-backend.js';

const PREFIX = 'softmax-regression-graph-';

/** Such a folder exists for milliseconds. Older ones were left by killed processes. */
const STALE_AFTER_MS = 600_000;

/**
 * Loads a SavedModel. TensorFlow reads models only from a folder, so a temporary one is written and removed. Folders
 * left by killed processes are removed on the next call.
 *
 * @returns TensorFlow's id of the session; `binding.deleteSavedModel` frees it
 * @throws BackendError if the temporary folder is not writable, or TensorFlow rejects the graph
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
      expected: `have room for ${bytes.byteLength} bytes`,
      actual: (cause as Error).message,
      hint: 'Set TMPDIR to another folder.',
      cause,
    });
  }
  try {
    return nativeBackend().binding.loadSavedModel(folder, 'serve');
  } catch (cause) {
    throw new BackendError({
      where,
      argument: 'the recorded graph',
      expected: 'be loadable by TensorFlow',
      actual: (cause as Error).message.split('\n')[0],
      hint: 'Move the operation that it names out of the compiled function.',
      cause,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A session that is available until its borrower closes it. */
export interface BorrowedSession {
  readonly id: number;
  /** Whether XLA has compiled it. */
  isCompiled: boolean;
  giveBack(): void;
}

/**
 * Sessions by the checksum of their graph, the most recently used last. TensorFlow takes 20 ms to load and optimize a
 * graph, and the same loop often recurs: in the folds of a cross-validation, or in the next fit.
 */
const sessions = new WeakMap<Binding, Map<string, SharedSession>>();

interface SharedSession {
  readonly id: number;
  users: number;
  isCompiled: boolean;
}

/** Largest number of unused sessions. */
const MOST_IDLE = 8;

/** The session of this graph, loaded if necessary. Sessions are stateless, so several borrowers may share one. */
export function borrowSession(where: string, bytes: Uint8Array): BorrowedSession {
  const { binding } = nativeBackend();
  const known = sessions.get(binding) ?? new Map<string, SharedSession>();
  sessions.set(binding, known);
  const key = createHash('sha256').update(bytes).digest('base64');
  const session = known.get(key) ?? { id: loadSavedModel(where, bytes), users: 0, isCompiled: false };
  known.delete(key);
  known.set(key, session);
  session.users++;
  return {
    id: session.id,
    get isCompiled() {
      return session.isCompiled;
    },
    set isCompiled(value) {
      session.isCompiled = value;
    },
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
      const { mtimeMs, uid } = lstatSync(folder);
      // Another user can swap a folder of theirs for a link while it is being removed.
      const isOurs = uid === (process.geteuid?.() ?? uid);
      if (isOurs && Date.now() - mtimeMs > STALE_AFTER_MS) rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // Owned by another user, or removed meanwhile. Neither affects this process.
  }
}
