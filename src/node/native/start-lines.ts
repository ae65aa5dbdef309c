// node: hides the lines that TensorFlow prints whenever it loads.
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** The part of our own addon that keeps what is written to standard error. */
export interface StandardError {
  /** Returns whether standard error is kept from now on. */
  captureErrors(): boolean;
  /** Restores it, and returns what was written in between. */
  releaseErrors(): string;
}

/** What the initializers of TensorFlow 2.21 print, which no environment variable turns off. */
const START_LINES = [
  /^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$/,
  /^I\d{4} .*\] oneDNN custom operations are on\./,
];

/**
 * Runs `work`, which loads TensorFlow, without these lines. Everything else that is written to standard error in the
 * meantime is written when it ends. With `DEBUG` set, or without our addon, nothing is hidden, nor in a worker thread,
 * which may be terminated in between.
 */
export function withoutStartLines<T>(addon: StandardError | undefined, work: () => T): T {
  if (addon === undefined || process.env.DEBUG || !isMainThread || !addon.captureErrors()) return work();
  try {
    return work();
  } finally {
    const lines = addon.releaseErrors().split(/(?<=\n)/);
    const others = lines.filter((line) => !START_LINES.some((each) => each.test(line.trimEnd()))).join('');
    if (others !== '') tryToWrite(others);
  }
}

/** Standard error may be closed or full, which is no reason to fail. */
function tryToWrite(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody can be told.
  }
}
