// cli: checks the files of a command before it runs, and writes results to a file or to standard output.
import { open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { assertReplaceable, followed, writeFileAtomic } from '../node/atomic-writer.js';
import { stateNow } from '../node/files.js';
import { temporaryBeside } from '../node/temporary.js';
import { roleByName } from '../reading/idx.js';
import { FileArgument, FileOption, NAMED, OutputOption, type Role, STDIN, STDOUT } from './files.js';
import { printToStandardError, writeData } from './terminal.js';
import { UsageError } from './usage.js';

/** A file that the command line names. */
interface NamedFile {
  /** The argument or the flag, such as DATA or --output. */
  readonly name: string;
  readonly path: string;
  readonly role: Role;
  readonly output?: OutputOption;
}

/**
 * Checks all files that the command line names, before anything is read or written: no result may replace an input or
 * another result, by whatever name, and each can be written. If a result goes to standard output, everything else is
 * printed to standard error.
 *
 * @throws UsageError, or BackendError if a file cannot be written
 */
export async function assertFiles(command: Command): Promise<void> {
  const files = filesOf(command);
  const unnamed = files.find(({ path }) => path === '');
  if (unnamed !== undefined) throw new UsageError(`${unnamed.name} must be the path of a file; got an empty one.`);
  assertNoFlags(files);
  const { json } = command.opts<{ json?: boolean }>();
  assertStreams(files, json);
  await assertDistinct(files);
  for (const { role, path } of files) {
    if (isWritten(role) && path !== STDOUT) await assertReplaceable(path);
  }
  if (files.some(({ output, path }) => output !== undefined && path === STDOUT)) printToStandardError();
}

function isWritten(role: Role): boolean {
  return role === 'output' || role === 'state';
}

function filesOf(command: Command): NamedFile[] {
  const fromArguments = command.registeredArguments.flatMap((argument, i) => {
    if (!(argument instanceof FileArgument)) return [];
    const path = command.processedArgs[i] as string | undefined;
    return path === undefined ? [] : [{ name: argument.name().toUpperCase(), path, role: argument.role }];
  });
  const fromOptions = command.options.flatMap((option) => {
    if (!(option instanceof FileOption)) return [];
    const output = option instanceof OutputOption ? option : undefined;
    const path: string | undefined =
      command.getOptionValue(option.attributeName()) ?? (output?.isRows ? STDOUT : undefined);
    return path === undefined ? [] : [{ name: option.long as string, path, role: option.role, output }];
  });
  return [...fromArguments, ...fromOptions].filter(
    ({ role, path }) => role !== 'data' || !(NAMED as readonly string[]).includes(path),
  );
}

/** Refuses `--resume --json`, which is a flag without its file: it would write a file of the name of the next flag. */
function assertNoFlags(files: readonly NamedFile[]): void {
  const flag = files.find(({ name, path }) => name.startsWith('-') && /^-./.test(path));
  if (flag === undefined) return;
  const { name, path } = flag;
  throw new UsageError(`${name} must be the path of a file; got ${path}. A file of this name is ./${path}.`);
}

/** Refuses two uses of one standard stream. */
function assertStreams(files: readonly NamedFile[], json: boolean | undefined): void {
  const dashed = files.filter(({ path }) => path === STDIN);
  const state = dashed.find(({ role }) => role === 'state');
  if (state !== undefined) {
    throw new UsageError(`${state.name} must be a file, because it is written again and again.`);
  }
  const sources = dashed.filter(({ role }) => isStdin(role));
  if (sources.length > 1) throw new UsageError(`Only one of ${both(sources)} can be -, standard input.`);
  const results = dashed.filter(({ role }) => role === 'output');
  if (results.length > 1) throw new UsageError(`Only one of ${both(results)} can be -, standard output.`);
  const [result] = results;
  if (result?.output === undefined) return;
  if (json && !result.output.isRows) {
    throw new UsageError(`--json must be left out with ${result.name} -, because both write to standard output.`);
  }
  if (result.output.isBinary && process.stdout.isTTY) {
    throw new UsageError(`${result.name} - must go to a file or a pipe, because it is no text; got a terminal.`);
  }
}

function isStdin(role: Role): boolean {
  return role === 'table' || role === 'data';
}

function both(files: readonly NamedFile[]): string {
  return files.map(({ name }) => name).join(' and ');
}

/** A file, and where it is. */
interface Placed extends NamedFile {
  readonly place: Place;
}

/** Refuses two results in one file, and a result in place of an input. */
async function assertDistinct(files: readonly NamedFile[]): Promise<void> {
  const placed: Placed[] = [];
  for (const file of files) {
    const place = await placeOf(file);
    if (place !== undefined) placed.push({ ...file, place });
  }
  for (const [i, second] of placed.entries()) {
    for (const first of placed.slice(0, i)) {
      // The training goes on in the file that it resumes from.
      if (first.role === 'state' && second.role === 'state') continue;
      if (!isWritten(first.role) && !isWritten(second.role)) continue;
      if (!(await isSame(first.place, second.place))) continue;
      if (isWritten(first.role) && isWritten(second.role)) {
        throw new UsageError(`${first.name} and ${second.name} must be different files.`);
      }
      const [input, output] = isWritten(first.role) ? [second, first] : [first, second];
      throw new UsageError(`${output.name} must be another file than ${input.name}; got ${output.path}.`);
    }
  }
  await assertOutside(placed);
  for (const [stream, descriptor] of [
    ['standard output', 1],
    ['standard error', 2],
  ] as const) {
    const own = streamPlace(descriptor);
    const same = placed.find(({ place }) => own !== undefined && place.id === own.id && place.rest === '');
    if (same !== undefined) throw new UsageError(`${same.name} must be another file than ${stream}; got ${same.path}.`);
  }
}

/** Refuses a result in place of a file of a folder of IDX files. */
async function assertOutside(placed: readonly Placed[]): Promise<void> {
  for (const { name, path, role } of placed) {
    if (!isWritten(role) || roleByName(basename(path)) === undefined) continue;
    const folder = await placeOfPath(dirname(await followed(path)));
    const input = placed.find((file) => file.role === 'data' && file.place.id === folder.id && folder.rest === '');
    if (input !== undefined) {
      throw new UsageError(`${name} must be another file than those of ${input.name}; got ${path}.`);
    }
  }
}

/** Where a file is: two names of one file have the same place. */
export interface Place {
  /** Device and inode of the file; if there is none yet, of its nearest folder. */
  readonly id: string;
  /** The path below that folder; empty if the file exists. */
  readonly rest: string;
  readonly folder: string;
}

async function placeOf({ path, role }: NamedFile): Promise<Place | undefined> {
  if (path === STDIN && isStdin(role)) return streamPlace(0);
  return path === STDOUT && role === 'output' ? undefined : placeOfPath(path);
}

export async function placeOfPath(path: string): Promise<Place> {
  // A link that cannot be followed is refused where the file is read or written.
  let folder = resolve(await followed(path).catch(() => path));
  for (let rest = ''; ; rest = join(basename(folder), rest), folder = dirname(folder)) {
    const state = await stat(folder, { bigint: true }).catch(() => undefined);
    if (state !== undefined || dirname(folder) === folder) return { id: `${state?.dev}:${state?.ino}`, rest, folder };
  }
}

/** The place of the file that a standard stream is. */
function streamPlace(descriptor: number): Place | undefined {
  // Undefined if it is closed.
  const state = stateNow(descriptor);
  return state?.isFile() ? { id: `${state.dev}:${state.ino}`, rest: '', folder: '' } : undefined;
}

/** @param folds whether names in a folder that differ in case alone name one file */
export async function isSame(
  a: Place,
  b: Place,
  folds: (folder: string) => Promise<boolean> = foldsCase,
): Promise<boolean> {
  if (a.id !== b.id) return false;
  if (a.rest === b.rest) return true;
  return folded(a.rest) === folded(b.rest) && (await folds(a.folder));
}

/** A name as file systems compare it that ignore case or the form of accents. */
function folded(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase();
}

/** Whether the file system of a folder ignores case, which only a file can tell; false in a read-only folder. */
async function foldsCase(folder: string): Promise<boolean> {
  const probe = temporaryBeside(join(folder, 'case'));
  try {
    await (await open(probe, 'wx')).close();
    return (await stat(join(folder, basename(probe).toUpperCase())).catch(() => undefined)) !== undefined;
  } catch {
    return false;
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

export async function writeResult(path: string, content: string | Uint8Array): Promise<void> {
  return path === STDOUT ? writeData(content) : writeFileAtomic(path, content);
}

/** A destination as a summary shows it. */
export function destination(path: string): string {
  return path === STDOUT ? 'standard output' : path;
}
