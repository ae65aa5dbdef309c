// Runs test suites in this process, without jest's command line, on the package with one file replaced.
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { Worker } from 'node:worker_threads';
import { expect } from 'expect';
import * as circus from 'jest-circus';
import { ModuleMocker } from 'jest-mock';

export interface Order {
  /** The built test files, in the order in which they run. */
  readonly suites: readonly string[];
  /** A built file of the package, and the text that replaces it. */
  readonly replace?: { readonly path: string; readonly text: string };
  /** The maximum CPU time in seconds. */
  readonly seconds: number;
}

/** The first failed test, or the number of passed tests and the CPU seconds of each suite. */
export type Outcome =
  | { readonly failed: string; readonly message: string }
  | { readonly passed: number; readonly seconds: readonly number[] };

/** The same as in jest.config.js. */
const TEST_TIMEOUT = 600_000;

function secondsUsed(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Uses another thread, because an endless loop blocks this one. */
function limitProcessor(seconds: number): void {
  const watch = `
    const { workerData, parentPort } = require('node:worker_threads');
    setInterval(() => {
      const { user, system } = process.cpuUsage();
      if ((user + system) / 1e6 > workerData) process.kill(process.pid, 'SIGKILL');
    }, 200);`;
  new Worker(watch, { eval: true, workerData: seconds }).unref();
}

function replaceFile({ path, text }: NonNullable<Order['replace']>): void {
  const loaders = (Module as unknown as { _extensions: Record<string, Loader> })._extensions;
  type Loader = (module: { _compile(text: string, path: string): void }, path: string) => void;
  loaders['.js'] = (module, file) => module._compile(file === path ? text : readFileSync(file, 'utf8'), file);
}

/** Modules loaded by `load` are fresh copies, and are dropped afterwards. */
function isolateModules(load: () => void): void {
  const { cache } = require;
  const kept = { ...cache };
  for (const path of Object.keys(kept)) delete cache[path];
  try {
    load();
  } finally {
    for (const path of Object.keys(cache)) delete cache[path];
    Object.assign(cache, kept);
  }
}

function setGlobals(): void {
  const mocker = new ModuleMocker(globalThis);
  Object.assign(globalThis, {
    ...{ describe: circus.describe, it: circus.it, test: circus.test, expect },
    ...{ beforeAll: circus.beforeAll, afterAll: circus.afterAll },
    ...{ beforeEach: circus.beforeEach, afterEach: circus.afterEach },
    jest: {
      fn: mocker.fn.bind(mocker),
      spyOn: mocker.spyOn.bind(mocker),
      restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
      isolateModules,
      setTimeout: (timeout: number) => {
        circus.getState().testTimeout = timeout;
      },
    },
  });
}

const tell = (outcome: Outcome) => new Promise<void>((resolve) => process.send?.(outcome, () => resolve()));

async function fail(failed: string, error: unknown): Promise<never> {
  const message = error instanceof Error ? error.message : String(error);
  await tell({ failed, message: message.slice(0, 2000) });
  process.exit();
}

async function run({ suites, replace, seconds }: Order): Promise<void> {
  limitProcessor(seconds);
  setGlobals();
  if (replace) replaceFile(replace);
  const taken: number[] = [];
  let passed = 0;
  for (const suite of suites) {
    const before = secondsUsed();
    circus.resetState();
    circus.getState().testTimeout = TEST_TIMEOUT;
    circus.addEventHandler(async (event) => {
      if (event.name !== 'test_done' || event.test.errors.length === 0) return;
      const [error] = event.test.errors.flat();
      await fail(event.test.name, error);
    });
    try {
      // Suites without a seed get one, so that results are reproducible.
      (require('fast-check') as typeof import('fast-check')).configureGlobal({ seed: 1 });
      require('../../test/helpers/matchers.js');
      require(suite);
    } catch (error) {
      await fail(`${suite} loads`, error);
    }
    const { testResults, unhandledErrors } = await circus.run();
    if (unhandledErrors.length > 0) await fail(`${suite} runs`, unhandledErrors[0]);
    passed += testResults.filter(({ status }) => status === 'done').length;
    taken.push(secondsUsed() - before);
  }
  await tell({ passed, seconds: taken });
  process.exit();
}

// The parent process has ended.
process.once('disconnect', () => process.exit());
process.once('message', (order: Order) => void run(order));
