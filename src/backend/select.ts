// backend: which of the tfjs backends computes, and why.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import { assertOneOf } from '../core/shape.js';
import { BACKENDS, type BackendName } from './names.js';
import { selfTest } from './self-test.js';

/** Where tensors are computed from now on, and why not elsewhere. */
export interface BackendChoice {
  readonly backend: BackendName;
  /** What it is, where its loader knows: `'TensorFlow 2.21.0 on CPU'`. */
  readonly description: string;
  /** The faster ones that were tried first, and why each is not used. */
  readonly refused: readonly { readonly backend: BackendName; readonly reason: string }[];
}

/** Registers a backend with tfjs; may say what it is. */
export type BackendLoader = () => Promise<string | undefined>;

const loaders = new Map<BackendName, BackendLoader>([
  [
    'wasm',
    async () => {
      await import('@tensorflow/tfjs-backend-wasm');
      return undefined;
    },
  ],
]);

/** Teaches `selectBackend` how to bring a backend that tfjs itself does not. */
export function provideBackend(name: BackendName, load: BackendLoader): void {
  loaders.set(name, load);
}

/**
 * Puts the fastest backend to use that loads and computes right: tensorflow → webgpu → webgl → wasm → cpu.
 *
 * Each candidate is compared with float64 answers before it is used (a few milliseconds). In Node, import
 * `softmax-regression/node` first: it brings tensorflow. In a page, import `@tensorflow/tfjs-backend-webgpu` for webgpu.
 *
 * @param preference this backend, or an error
 * @returns the choice and the reasons against what was tried before it; `formatBackend` makes a line of it
 * @throws BackendError if the preferred backend does not load or computes wrong, or none does; the one in use stays
 */
export async function selectBackend(preference?: BackendName): Promise<BackendChoice> {
  if (preference !== undefined) assertOneOf(preference, BACKENDS, 'selectBackend', 'preference');
  const before = tf.engine().backendName;
  const refused: { backend: BackendName; reason: string }[] = [];
  for (const backend of preference === undefined ? BACKENDS : [preference]) {
    const outcome = await tryBackend(backend);
    if ('description' in outcome) return { backend, description: outcome.description, refused };
    refused.push({ backend, reason: outcome.reason });
  }
  if (before) await tf.setBackend(before);
  const reasons = refused.map(({ backend, reason }) => `${backend}: ${reason}`).join('; ');
  throw new BackendError({
    where: 'selectBackend',
    argument: preference === undefined ? 'a backend' : `backend '${preference}'`,
    expected: 'load and compute right',
    actual: reasons,
    hint: preference === undefined ? undefined : 'Without a preference, the fastest that works is taken.',
  });
}

/**
 * A choice in one line: what is used, and what kept the faster ones from being used.
 *
 * @example formatBackend(await selectBackend())   // backend: tensorflow (TensorFlow 2.21.0 on CPU)
 */
export function formatBackend({ backend, description, refused }: BackendChoice): string {
  // A GPU in Node, or a backend that nobody registered, is no news.
  const news = refused.filter(({ reason }) => reason !== NOT_REGISTERED);
  const because = news.map((each) => `; not ${each.backend}: ${each.reason}`).join('');
  return `backend: ${backend}${description === '' ? '' : ` (${description})`}${because}`;
}

const NOT_REGISTERED = 'not registered with tfjs';

function missing(backend: BackendName): string {
  const inNode = tf.env().platformName === 'node';
  return backend === 'tensorflow' && inNode ? "import 'softmax-regression/node' for native kernels" : NOT_REGISTERED;
}

async function tryBackend(backend: BackendName): Promise<{ description: string } | { reason: string }> {
  try {
    const description = (await loaders.get(backend)?.()) ?? '';
    if (tf.findBackendFactory(backend) === null) return { reason: missing(backend) };
    if (!(await withoutCrashHandlers(() => tf.setBackend(backend)))) return { reason: 'it does not start' };
    const reason = selfTest();
    return reason === undefined ? { description } : { reason };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The wasm backend, when it starts in Node, installs handlers for uncaught errors that throw them again out of its own
 * minified line, which is then printed in full. Errors should look as they did before.
 */
async function withoutCrashHandlers<T>(start: () => Promise<T>): Promise<T> {
  const { process } = globalThis as { process?: EventSource };
  const before = EVENTS.map((event) => process?.listeners?.(event) ?? []);
  const started = await start();
  EVENTS.forEach((event, i) => {
    const added = (process?.listeners?.(event) ?? []).filter((listener) => !before[i].includes(listener));
    for (const listener of added) process?.removeListener?.(event, listener);
  });
  return started;
}

const EVENTS = ['uncaughtException', 'unhandledRejection'];

/** Node's process, as far as it is there. */
interface EventSource {
  listeners?(event: string): unknown[];
  removeListener?(event: string, listener: unknown): void;
}
