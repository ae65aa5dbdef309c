// backend: selects the tfjs backend, with the reasons against faster ones.
import * as tf from '@tensorflow/tfjs';
import { BackendError } from '../core/errors.js';
import { assertList, assertObject, assertOneOf } from '../core/shape.js';
import { BACKENDS, type BackendName } from './names.js';
import { selfTest } from './self-test.js';

/** The selected backend, and the reasons against the others. */
export interface BackendChoice {
  readonly backend: BackendName;
  /** The description by its loader, if any: `'TensorFlow 2.21.0 on CPU'`. */
  readonly description: string;
  /** The faster backends tried before, each with the reason why it is not used. */
  readonly refused: readonly { readonly backend: BackendName; readonly reason: string }[];
}

/** Registers a backend with tfjs; may return a description. */
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

/** Registers a loader for a backend that tfjs does not include. */
export function provideBackend(name: BackendName, load: BackendLoader): void {
  loaders.set(name, load);
}

/**
 * Selects the fastest backend that loads and passes its self-test: tensorflow → webgpu → webgl → wasm → cpu.
 *
 * The self-test compares each candidate with float64 results, in a few milliseconds. In Node, import
 * `softmax-regression/node` first to add tensorflow. In a page, import `@tensorflow/tfjs-backend-webgpu` for webgpu.
 *
 * @param preference the only candidate; without it, all are tried
 * @returns the choice and the reasons against faster backends; `formatBackend` formats it as a line
 * @throws BackendError if no candidate loads and computes correctly; the current backend then stays
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
    expected: 'load and compute correctly',
    actual: reasons,
    hint: preference === undefined ? undefined : 'Without `preference`, the fastest working backend is selected.',
    ...(preference !== undefined && refused[0].reason === NOT_REGISTERED ? { kind: 'not-registered' } : {}),
  });
}

/**
 * A choice in one line: the backend in use, and why faster ones are not.
 *
 * @example formatBackend(await selectBackend())   // backend: tensorflow (TensorFlow 2.21.0 on CPU)
 */
export function formatBackend(choice: BackendChoice): string {
  assertObject(choice, 'formatBackend', 'choice', 'be a result of selectBackend');
  const { backend, description, refused } = choice;
  assertList(refused, 'formatBackend', 'choice.refused');
  // An unregistered backend, such as a GPU in Node, is not mentioned.
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
    withoutAdvice();
    if (tf.getBackend() !== backend) return { reason: `other code selected ${tf.getBackend()} at the same time` };
    const reason = await selfTest();
    return reason === undefined ? { description } : { reason };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** tfjs recommends its own addon, built for an old TensorFlow, when its plain backend is first used in Node. */
function withoutAdvice(): void {
  const plain = tf.backend() as { firstUse?: boolean };
  if (plain.firstUse === true) plain.firstUse = false;
}

/**
 * Starts a backend without its crash handlers. In Node, the wasm backend installs handlers that rethrow uncaught errors
 * from its minified source, and Node then prints that whole line.
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

/** The part of Node's process used here; undefined in browsers. */
interface EventSource {
  listeners?(event: string): unknown[];
  removeListener?(event: string, listener: unknown): void;
}
