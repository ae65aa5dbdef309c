// An abort at any moment ends the work and leaks no tensor, timer, file or child process.
//
// Work notices an abort only where it calls throwIfAborted or adds a listener; moments between two such points are
// equivalent. A signal here aborts itself at the n-th such point, so no run depends on the speed of the machine.
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { crossValidate, lambdaPath, learningCurve, Random, SoftmaxRegression, scan } from 'softmax-regression';
import { fileCheckpoint } from 'softmax-regression/node';
import { installNative } from '../src/node/native/install.js';
import { nativeSource, thisMachine } from '../src/node/native/machine.js';
import { onEveryBackend } from './helpers/backends.js';

const random = new Random(3);
const N = 112;
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

const ENOUGH = new Error('enough');

/** A signal that counts how often it is checked or listened to, and aborts itself at check number `moment`. */
function abortingAt(
  moment: number,
  onMoment = () => {},
): { readonly signal: AbortSignal; readonly looks: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let looks = 0;
  return {
    looks: () => looks,
    signal: Object.assign(signal, {
      throwIfAborted() {
        if (looks++ === moment) controller.abort(ENOUGH);
        AbortSignal.prototype.throwIfAborted.call(signal);
      },
      // Listeners are added after the work has started: a child process runs, a timer is set.
      addEventListener(...listener: [never, never, never]) {
        if (looks++ === moment) {
          onMoment();
          setImmediate(() => controller.abort(ENOUGH));
        }
        AbortSignal.prototype.addEventListener.apply(signal, listener);
      },
    }),
  };
}

/** How often the work checks its signal. */
async function looksOf(work: Aborted): Promise<number> {
  const { signal, looks } = abortingAt(Number.NaN);
  const result = await work(signal);
  // Of the results of scan; models hold no tensors.
  if (Array.isArray(result)) tf.dispose(result);
  return looks();
}

/** What the work leaves behind when it is aborted at check number `moment`. */
async function leftBy(work: Aborted, moment: number, onMoment?: () => void): Promise<object> {
  const [tensors, files] = [tf.memory().numTensors, openFiles()];
  const ended = await work(abortingAt(moment, onMoment).signal).then(
    () => 'finished',
    (error) => (error === ENOUGH ? 'aborted' : error),
  );
  await nextTurn();
  return { ended, tensors: tf.memory().numTensors - tensors, timers: timers.size, files: openFiles() - files };
}

const NOTHING = { ended: 'aborted', tensors: 0, timers: 0, files: 0 };

/** Up to `most` of the checks, with the first and the last. */
function spread(looks: number, most: number): number[] {
  const count = Math.min(looks, most);
  return Array.from({ length: count }, (_, i) => Math.floor((i * (looks - 1)) / Math.max(1, count - 1)));
}

onEveryBackend('aborted work', (backend) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'abort-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const step = (state: tf.Tensor, { x }: { x: tf.Tensor }) => [state.add(x.sum()), state] as const;
  // 14 batches per epoch; TensorFlow builds a graph from 100 batches on.
  const steps = { solver: 'adam', epochs: backend === 'tensorflow' ? 8 : 3, batchSize: 8 } as const;
  const WORKS: Readonly<Record<string, Aborted>> = {
    'fit by steps': (signal) => SoftmaxRegression.fit(features, labels, { ...steps, signal }),
    'fit to the optimum': (signal) => SoftmaxRegression.fit(features, labels, { signal }),
    'fit to a sparse optimum': (signal) => SoftmaxRegression.fit(features, labels, { l1: 0.01, signal }),
    'fit with validation': (signal) =>
      SoftmaxRegression.fit(features, labels, { solver: 'sgd', epochs: 3, validation: 0.2, standardize: true, signal }),
    'fit with checkpoints': (signal) => {
      const checkpoint = fileCheckpoint(join(folder, 'run.checkpoint'), { every: { epochs: 1 } });
      return SoftmaxRegression.fit(features, labels, { ...steps, epochs: 2, checkpoint, signal });
    },
    crossValidate: (signal) => crossValidate(features, labels, { folds: 3, solver: 'sgd', epochs: 2, signal }),
    lambdaPath: (signal) => lambdaPath(features, labels, { l2: [0.1, 0.01], folds: 2, signal }),
    learningCurve: (signal) => learningCurve(features, labels, { sizes: [20, 40], folds: 2, signal }),
    evaluate: (signal) => fitted.evaluate(features, labels, { signal }),
    calibrate: (signal) => fitted.calibrate(features, labels, { signal }),
    predictProbabilitiesAsync: (signal) => fitted.predictProbabilitiesAsync(features, { signal }),
    scan: (signal) => {
      const state = tf.scalar(0);
      return scan(step, state, { x: features }, { batchSize: 8, epochs: 8, signal }).finally(() => state.dispose());
    },
  };
  let fitted: SoftmaxRegression<string>;
  beforeAll(async () => {
    fitted = (await SoftmaxRegression.fit(features, labels, { l2: 1 })).model;
  });

  it.each(Object.keys(WORKS))('rejects with the reason of the signal and leaks nothing: %s', async (name) => {
    const looks = await looksOf(WORKS[name]);
    expect(looks).toBeGreaterThan(1);
    for (const moment of spread(looks, 8)) {
      expect({ moment, ...(await leftBy(WORKS[name], moment)) }).toEqual({ moment, ...NOTHING });
      expect(readdirSync(folder).filter((file) => file !== 'run.checkpoint')).toEqual([]);
    }
  });
});

(nativeSource(thisMachine(), false).ok && process.platform !== 'win32' ? describe : describe.skip)(
  'an aborted installation',
  () => {
    const environment = { ...process.env };
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'abort-test-'));
      mkdirSync(join(folder, 'bin'));
      process.env.SOFTMAX_REGRESSION_CACHE = join(folder, 'cache');
      process.env.PATH = join(folder, 'bin');
      delete process.env.CXX;
      // A compiler and a pip that hang once the file `hang` exists, and a wheel with a wrong checksum.
      program('c++', '');
      program(
        'pip',
        'case "$*" in *--version) exit 0 ;; esac; while [ "$1" != --dest ]; do shift; done; mkdir -p "$2"; echo x > "$2/some.whl"',
      );
    });

    afterEach(() => {
      process.env = { ...environment };
      rmSync(folder, { recursive: true, force: true });
    });

    const hang = () => join(folder, 'hang');

    function program(name: string, script: string): void {
      writeFileSync(
        join(folder, 'bin', name),
        `#!/bin/sh\nPATH="${environment.PATH}"\nsleep 0.02\n[ ! -e "${hang()}" ] || exec sleep 600\n${script}\n`,
      );
      chmodSync(join(folder, 'bin', name), 0o755);
    }

    it('leaves no child process, timer or file behind, whenever it is aborted', async () => {
      const install: Aborted = (signal) => installNative({ signal });
      const looks = abortingAt(Number.NaN);
      await expect(install(looks.signal)).rejects.toMatchObject({ actual: 'pip: some.whl has another sha256' });
      for (const moment of spread(looks.looks(), 30)) {
        const left = await leftBy(install, moment, () => writeFileSync(hang(), ''));
        rmSync(hang(), { force: true });
        expect({ moment, ...left }).toEqual({ moment, ...NOTHING });
        const cache = join(folder, 'cache');
        const files = existsSync(cache) ? readdirSync(cache, { recursive: true }) : [];
        expect(files.filter((name) => !['native', 'native/downloads'].includes(String(name)))).toEqual([]);
        expect(children()).toBe(0);
      }
    });
  },
);

describe('the leak check', () => {
  it('detects a tensor, a timer and a file', async () => {
    let timer: NodeJS.Timeout | undefined;
    let tensor: tf.Tensor | undefined;
    let file: number | undefined;
    const work = async (signal: AbortSignal) => {
      timer = setInterval(() => {}, 1000);
      tensor = tf.scalar(1);
      file = openSync(__filename, 'r');
      signal.throwIfAborted();
    };
    const files = existsSync('/proc/self/fd') ? 1 : 0;
    expect(await leftBy(work, 0)).toEqual({ ended: 'aborted', tensors: 1, timers: 1, files });
    clearInterval(timer);
    tensor?.dispose();
    closeSync(file as number);
  });

  it('detects work that ignores the abort', async () => {
    const work = async (signal: AbortSignal) => void expect(() => signal.throwIfAborted()).toThrow(ENOUGH);
    expect(await leftBy(work, 0)).toMatchObject({ ended: 'finished' });
  });
});
