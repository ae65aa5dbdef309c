// The same tests over every backend that loads here.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { loadNative, nativeStatus } from '../../src/node/native/load.js';

export type TestBackend = 'tensorflow' | 'wasm' | 'cpu';

// Where native kernels are required, a missing one is a failure, not a skip.
const withNative = nativeStatus().installed || process.env.SOFTMAX_REGRESSION_REQUIRE_NATIVE === '1';

const here: readonly TestBackend[] = withNative ? ['tensorflow', 'wasm', 'cpu'] : ['wasm', 'cpu'];
// tools/mutants runs the tests on a subset of the backends.
const asked = process.env.SOFTMAX_REGRESSION_TEST_BACKENDS?.split(',');

/** The backends of this machine: tensorflow where native kernels are installed or required, wasm and cpu always. */
export const TEST_BACKENDS: readonly TestBackend[] = here.filter((backend) => asked?.includes(backend) ?? true);

// tfjs warns of slow backends; the tests use them on purpose.
jest.spyOn(console, 'warn').mockImplementation(() => {});

export async function useBackend(backend: TestBackend): Promise<void> {
  if (backend === 'tensorflow') await loadNative();
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} does not start`);
}

/** A describe block for each backend; inside, that backend is in use. */
export function onEveryBackend(title: string, body: (backend: TestBackend) => void): void {
  describe.each(TEST_BACKENDS)(`${title}, on %s`, (backend) => {
    beforeAll(() => useBackend(backend));
    body(backend);
  });
}
