// node: hides what a native library writes to the terminal while it loads.
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STDERR = 2;
let isWanted = false;

/** Only for programs that own their process: no other code may open a file while standard error is redirected. */
export function keepTerminalQuiet(): void {
  isWanted = process.platform !== 'win32';
}

/**
 * Runs `work`. After `keepTerminalQuiet`, output of libraries to standard error does not reach the terminal.
 *
 * The initializers of TensorFlow 2.21 print three lines, which no environment variable turns off.
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
    // The system assigns the lowest free descriptor, which is that of standard error.
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
