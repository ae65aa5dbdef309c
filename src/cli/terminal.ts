// cli: writes to standard output and standard error. No control character of a file reaches a terminal.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { BackendError, printable } from '../core/errors.js';
import { ruleOf, stateNow } from '../node/files.js';

/** A line of text; in bold where the terminal has colours. */
export type Line = string | { readonly bold: string };

type Stream = NodeJS.WriteStream & { readonly fd: 1 | 2 };

/** The first error of a stream. Nothing is written to it afterwards. */
const failures = new Map<Stream, NodeJS.ErrnoException>();

/** Where lines and documents go: to standard output unless a result goes there. */
let stream = process.stdout as Stream;

/** From now on, prints to standard error. */
export function printToStandardError(): void {
  stream = process.stderr as Stream;
}

/** The reader of standard output ended early, as `head` does. The command ends without a word. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** Call once, before the first output: a stream that fails must not end the process without cleaning up. */
export function watchStreams(): void {
  for (const each of [process.stdout, process.stderr] as Stream[]) each.on('error', (error) => keep(each, error));
}

function keep(failed: Stream, error: NodeJS.ErrnoException): void {
  if (!failures.has(failed)) failures.set(failed, error);
}

/**
 * The reason why standard output is not complete. A reader that ends early, as `head` does, is none.
 *
 * Nobody reads why standard error fails: the exit code alone tells whether the work is done.
 */
export function outputFailure(): BackendError | undefined {
  const cause = failures.get(process.stdout as Stream);
  const { code = '', message = '' } = cause ?? {};
  if (cause === undefined || code === 'EPIPE') return undefined;
  return new BackendError({ where: '', argument: 'standard output', ...ruleOf(code), actual: message, cause });
}

/** Prints lines. Control and bidirectional characters in them are escaped, line ends too. */
export function print(lines: readonly Line[]): void {
  if (lines.length > 0) write(stream, `${lines.map(shown).join('\n')}\n`);
}

/** Prints one JSON document; typed arrays become lists. What a terminal would interpret is escaped as \uXXXX. */
export function printJson(value: unknown): void {
  const plain = (_: string, item: unknown) =>
    ArrayBuffer.isView(item) ? Array.from(item as unknown as ArrayLike<number>) : item;
  print(JSON.stringify(value, plain, 2).split('\n'));
}

/** Prints a line, or a list of lines, to standard error. */
export function note(lines: string | readonly string[]): void {
  printTo(process.stderr, typeof lines === 'string' ? [lines] : lines);
}

export function printTo(to: NodeJS.WriteStream, lines: readonly string[]): void {
  write(to as Stream, `${lines.map(printable).join('\n')}\n`);
}

/** Texts of commander, which quote the command line. */
export const commanderOutput = {
  writeOut: (text: string) => write(process.stdout as Stream, safe(text)),
  writeErr: (text: string) => write(process.stderr as Stream, safe(text)),
};

/**
 * Writes a result to standard output, byte for byte. On a terminal, text is escaped as everything else. Waits for a slow
 * reader, so that output does not pile up in memory.
 *
 * @throws ReaderGone, or BackendError if standard output fails
 */
export async function writeData(content: string | Uint8Array): Promise<void> {
  const { stdout } = process;
  const data = stdout.isTTY && typeof content === 'string' ? safe(content) : content;
  if (!write(stdout as Stream, data)) await once(stdout, 'drain').catch(() => {});
  if (!failures.has(stdout as Stream)) return;
  throw outputFailure() ?? new ReaderGone('standard output was closed');
}

function shown(line: Line): string {
  return typeof line === 'string' ? printable(line) : `\x1b[1m${printable(line.bold)}\x1b[22m`;
}

/** Text of several lines. */
function safe(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Whether the stream takes more at once. Errors are kept. */
function write(to: Stream, content: string | Uint8Array): boolean {
  if (failures.has(to)) return true;
  try {
    if (!isBlocking(to)) return to.write(content);
    // Not the stream, which ignores that a full disk took only a part, and reports errors late.
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let done = 0; done < bytes.length; ) done += writeSync(to.fd, bytes, done);
  } catch (error) {
    keep(to, error as NodeJS.ErrnoException);
  }
  return true;
}

/** Whether the stream is a file or a device such as /dev/full; terminals and pipes may take a part and ask to wait. */
function isBlocking({ fd, isTTY }: Stream): boolean {
  const state = stateNow(fd);
  return state?.isFile() === true || (state?.isCharacterDevice() === true && !isTTY);
}
