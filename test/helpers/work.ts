// The amount of work, counted by V8: the same number on every machine.
import { Session } from 'node:inspector';

/**
 * Counts how often the blocks of the matching files run: bodies of functions, loops and branches.
 *
 * Start it before the code under test is first called: V8 counts blocks only in what it compiles afterwards.
 */
export class WorkCounter implements Disposable {
  readonly #session = new Session();
  readonly #files: RegExp;

  constructor(files: RegExp) {
    this.#files = files;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  count(run: () => unknown): number {
    this.take();
    run();
    return this.take();
  }

  /** The blocks run since the last call. */
  take(): number {
    let count = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const { url, functions } of result) {
        if (!this.#files.test(url)) continue;
        for (const { ranges } of functions) for (const range of ranges) count += range.count;
      }
    });
    return count;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}

/** Methods that look through a list or a text in native code, which V8 does not count as blocks. */
const SEARCHES = [
  [Array.prototype, ['includes', 'indexOf', 'lastIndexOf']],
  [String.prototype, ['split']],
] as const;

/** The items and characters that native searches may look at while `run` runs: the lengths of what they search. */
export function searched(run: () => unknown): number {
  let sum = 0;
  const restore: (() => void)[] = [];
  for (const [prototype, names] of SEARCHES) {
    for (const name of names) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
      const original = descriptor.value as (...args: unknown[]) => unknown;
      Object.defineProperty(prototype, name, {
        ...descriptor,
        value(this: ArrayLike<unknown>, ...args: unknown[]) {
          sum += this.length;
          return original.apply(this, args);
        },
      });
      restore.push(() => Object.defineProperty(prototype, name, descriptor));
    }
  }
  try {
    run();
  } finally {
    for (const each of restore) each();
  }
  return sum;
}
