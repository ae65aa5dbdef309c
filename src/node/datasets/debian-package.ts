// node: gets the files of a Debian or Ubuntu package without root and without installing it.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '../../core/errors.js';
import { makeFolder, type OnProgress } from '../files.js';
import { lastLine, type Outcome, runProgram } from '../native/process.js';

export interface DebianPackageOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Downloads a package with apt-get, which checks its signature, and unpacks its files below `folder`.
 *
 * If the package lists lack the package, as in a fresh container, and the user is root, `apt-get update` runs first and
 * is reported to `onProgress`.
 *
 * @returns the folder with the package's files, laid out as below `/`
 * @throws BackendError if apt-get is missing or fails; the signal's reason if aborted
 */
export async function unpackDebianPackage(
  name: string,
  folder: string,
  { onProgress, signal }: DebianPackageOptions = {},
): Promise<string> {
  const run = (stage: string, command: string, ...args: string[]): Promise<Outcome> => {
    onProgress?.({ stage, done: 0 });
    return runProgram(command, args, { cwd: folder, env: { LC_ALL: 'C' }, signal, timeout: 600_000 });
  };
  const root = join(folder, 'root');
  await makeFolder(root);
  const known = await run(`look for the package ${name}`, 'apt-cache', 'show', name);
  if (known.end === 'missing') throw failed(name, 'no apt-get: this is neither Debian nor Ubuntu');
  if (known.code !== 0) {
    if (process.getuid?.() !== 0) throw failed(name, 'package lists without it', 'Run: sudo apt-get update');
    succeed(name, await run('apt-get update, because the package lists lack it', 'apt-get', 'update'));
  }
  succeed(name, await run(`apt-get download ${name}`, 'apt-get', 'download', name));
  const archives = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
  if (archives.length !== 1) throw failed(name, `${archives.length} .deb files`);
  succeed(name, await run(`unpack ${name}`, 'dpkg-deb', '-x', archives[0], root));
  return root;
}

function succeed(name: string, { end, code, stderr }: Outcome): void {
  if (code !== 0) throw failed(name, end === 'exit' ? lastLine(stderr) : end);
}

function failed(name: string, actual: string, hint?: string): BackendError {
  return new BackendError({ where: 'apt-get', argument: name, expected: 'be downloaded', actual, hint });
}
