// node: what a native library writes to the terminal while it loads, kept from those who run a command.
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STDERR = 2;
let isWanted = false;

/** For a program that is the only one in its process: only then can nobody else open a file while standard error is away. */
export function keepTerminalQuiet(): void {
  isWanted = process.platform !== 'win32';
}

/**
 * Does the work, and lets nothing of what libraries write to standard error reach the terminal meanwhile, if that was wanted.
 *
 * TensorFlow greets with three lines from its initializers, which no environment variable silences (2.21).
 */
export function withQuietTerminal<T>(work: () => T): T {
  if (!isWanted || process.env.DEBUG || !isatty(STDERR)) return work();
  let terminal: number;
  try {
    terminal = openSync('/dev/fd/2', 'r+');
  } catch {
    return work();
  }
  const replace = (path: string) => {
    closeSync(STDERR);
    // The lowest number that is free is taken: that of standard error.
    openSync(path, 'r+');
  };
  try {
    replace('/dev/null');
    return work();
  } finally {
    replace(`/dev/fd/${terminal}`);
    closeSync(terminal);
  }
}
