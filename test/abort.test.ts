// A signal at any moment ends the work, and leaves no tensor, timer, file or child behind.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { crossValidate, Random, SoftmaxRegression, scan } from 'softmax-regression';
import { installNative } from '../src/node/install.js';
import { nativeSource, thisMachine } from '../src/node/native-machine.js';
import { onEveryBackend } from './helpers/backends.js';

/** Moments of each work at which it is aborted. */
const MOMENTS = 12;

const random = new Random(3);
const N = 400;
const features = { values: Float32Array.from({ length: N * 8 }, () => random.normal()), shape: [N, 8] as const };
const labels = Array.from({ length: N }, (_, i) => ['a', 'b', 'c'][(i * 7) % 3]);

/** The timers that were set and have neither run nor been cleared; those of the test runner are not among them. */
const timers = new Set<unknown>();

beforeAll(() => {
  for (const [set, clear] of [
    ['setTimeout', 'clearTimeout'],
    ['setInterval', 'clearInterval'],
  ] as const) {
    const [setIt, clearIt] = [globalThis[set] as (then: () => void, ms?: number) => unknown, globalThis[clear]];
    jest.spyOn(globalThis, set).mockImplementation(((then: () => void, ms?: number) => {
      const timer = setIt(() => {
        if (set === 'setTimeout') timers.delete(timer);
        then();
      }, ms);
      timers.add(timer);
      return timer;
    }) as never);
    jest.spyOn(globalThis, clear).mockImplementation(((timer: never) => {
      timers.delete(timer);
      clearIt(timer);
    }) as never);
  }
});
afterAll(() => jest.restoreAllMocks());

function children(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;
}

function openFiles(): number {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
}

type Aborted = (signal: AbortSignal) => Promise<unknown>;

/** Of what scan gives back; models hold none. */
function disposeTensors(result: unknown): void {
  if (Array.isArray(result)) tf.dispose(result);
}

/** The work to its end: how many turns of the event loop it takes. */
async function turnsOf(work: Aborted): Promise<number> {
  let turns = 0;
  let ended = false;
  const done = work(new AbortController().signal).finally(() => {
    ended = true;
  });
  for (; !ended; turns++) await nextTurn();
  disposeTensors(await done);
  return turns;
}

/** What the work left behind, aborted after so many turns; 'finished' where it was done before. */
async function leftBy(work: Aborted, turns: number): Promise<object> {
  const [tensors, files] = [tf.memory().numTensors, openFiles()];
  const controller = new AbortController();
  const reason = new Error('enough');
  const outcome = work(controller.signal).then(
    (result) => {
      tf.dispose(result as tf.TensorContainer);
      return 'finished';
    },
    (error) => (error === reason ? 'aborted' : error),
  );
  for (let turn = 0; turn < turns; turn++) await nextTurn();
  controller.abort(reason);
  const ended = await outcome;
  await nextTurn();
  return { ended, tensors: tf.memory().numTensors - tensors, timers: timers.size, files: openFiles() - files };
}

const NOTHING = { tensors: 0, timers: 0, files: 0 };

onEveryBackend('work that is aborted', () => {
  const step = (state: tf.Tensor, { x }: { x: tf.Tensor }) => [state.add(x.sum()), state] as const;
  const WORKS: Readonly<Record<string, Aborted>> = {
    'fit by steps': (signal) =>
      SoftmaxRegression.fit(features, labels, { solver: 'adam', epochs: 30, batchSize: 16, signal }),
    'fit to the optimum': (signal) => SoftmaxRegression.fit(features, labels, { signal }),
    'fit with validation': (signal) =>
      SoftmaxRegression.fit(features, labels, { solver: 'sgd', epochs: 5, validation: 0.2, standardize: true, signal }),
    crossValidate: (signal) => crossValidate(features, labels, { folds: 3, solver: 'sgd', epochs: 3, signal }),
    evaluate: async (signal) => {
      const { model } = await SoftmaxRegression.fit(features, labels, { l2: 1 });
      return model.evaluate(features, labels, { signal });
    },
    scan: (signal) => {
      const state = tf.scalar(0);
      return scan(step, state, { x: features }, { batchSize: 8, epochs: 40, signal }).finally(() => state.dispose());
    },
  };

  it.each(Object.keys(WORKS))('ends with the reason of the signal, and leaves nothing: %s', async (name) => {
    const work = WORKS[name];
    const turns = await turnsOf(work);
    const moments = Array.from({ length: MOMENTS }, (_, i) => (i === 0 ? 0 : random.below(turns + 1)));
    const endings: unknown[] = [];
    for (const moment of moments) {
      const { ended, ...left } = (await leftBy(work, moment)) as { ended: unknown };
      expect(left).toEqual(NOTHING);
      endings.push(ended);
    }
    expect(['aborted', 'finished']).toEqual(expect.arrayContaining(endings));
    expect(endings[0]).toBe('aborted');
  });
});

(nativeSource(thisMachine(), false).ok && process.platform !== 'win32' ? describe : describe.skip)(
  'an installation that is aborted',
  () => {
    const environment = { ...process.env };
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'abort-test-'));
      mkdirSync(join(folder, 'bin'));
      process.env.SOFTMAX_REGRESSION_CACHE = join(folder, 'cache');
      process.env.PATH = join(folder, 'bin');
      delete process.env.CXX;
      // A compiler and a pip that take their time, and a wheel that is not the right one.
      program('c++', 'sleep 0.02');
      program(
        'pip',
        'sleep 0.02; case "$*" in *--version) exit 0 ;; esac; while [ "$1" != --dest ]; do shift; done; mkdir -p "$2"; echo x > "$2/some.whl"; sleep 0.05',
      );
    });

    afterEach(() => {
      process.env = { ...environment };
      rmSync(folder, { recursive: true, force: true });
    });

    function program(name: string, script: string): void {
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\nPATH="${environment.PATH}"\n${script}\n`);
      chmodSync(join(folder, 'bin', name), 0o755);
    }

    it('leaves no child, no timer, no file, at whatever moment', async () => {
      for (let moment = 0; moment < 30; moment++) {
        const controller = new AbortController();
        const reason = new Error('enough');
        const abort = setTimeout(() => controller.abort(reason), random.below(250));
        const error: unknown = await installNative({ signal: controller.signal }).catch((thrown) => thrown);
        clearTimeout(abort);
        // Aborted in time, or too late: then it was refused for its wheel.
        if (error !== reason)
          expect(error).toMatchObject({ code: 'BACKEND', actual: 'pip: some.whl has another sha256' });
        await nextTurn();
        const cache = join(folder, 'cache');
        const left = existsSync(cache) ? readdirSync(cache, { recursive: true }) : [];
        expect(left.filter((name) => !['native', 'native/downloads'].includes(String(name)))).toEqual([]);
        expect([children(), timers.size]).toEqual([0, 0]);
      }
    });
  },
);

describe('the check for what is left', () => {
  it('sees a tensor, a timer and a file', async () => {
    let timer: NodeJS.Timeout | undefined;
    let tensor: tf.Tensor | undefined;
    const work = async (signal: AbortSignal) => {
      timer = setInterval(() => {}, 1000);
      tensor = tf.scalar(1);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    expect(await leftBy(work, 2)).toEqual({ ended: 'aborted', tensors: 1, timers: 1, files: 0 });
    clearInterval(timer);
    tensor?.dispose();
  });
});
