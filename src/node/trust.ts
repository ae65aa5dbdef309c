// node: refuses files and folders that another user could have written, before code is loaded from them.
import { accessSync, constants, lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, parse, relative, resolve, sep } from 'node:path';
import { BackendError } from '../core/errors.js';
import { quoted } from './shell.js';

const OTHERS_MAY_WRITE = 0o022;
const EVERYONE_MAY_WRITE = 0o002;
const STICKY = 0o1000;
const ROOT = 0;

/** A path that another user owns or may write, the rule, and the way out. */
export interface Distrust {
  readonly path: string;
  readonly argument: string;
  readonly expected: string;
  readonly actual: string;
  readonly hint: string;
}

/**
 * Whether other users could have written a path. The rule is that of StrictModes in sshd_config(5).
 *
 * Every folder on the way must belong to this user or to root, and others must not write to it. The way begins at the
 * home folder of the user database, not of `$HOME`; for a path elsewhere, at the root of the disk. A link and its target
 * must both obey the rule. Above `top`, a sticky folder such as `/tmp` is accepted: in it, only the owner of a file
 * replaces it. A part that does not exist is accepted. Without user ids, as on Windows, nothing is checked.
 *
 * @param paths files or folders in `top`, which is checked as well
 * @returns the first path that breaks the rule, or undefined
 */
export function distrustOf(top: string, paths: readonly string[] = []): Distrust | undefined {
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  const seen = new Set<string>();
  /** `isStrict`: the last part must not be sticky. */
  const check = (path: string, isStrict: boolean): Distrust | undefined => {
    for (const part of partsOf(path)) {
      const strict = isWithin(part, top) || (isStrict && part === path);
      if (seen.has(`${strict} ${part}`)) continue;
      seen.add(`${strict} ${part}`);
      const state = stateOf(part);
      if (state === undefined) return undefined;
      const wrong = wrongIn(state, user, strict);
      if (wrong !== undefined) return { path: part, ...wrong, hint: hintFor(part, state, user, top) };
      if (!state.isSymbolicLink()) continue;
      const target = check(resolve(realpathSync(dirname(part)), readlinkSync(part)), strict);
      if (target !== undefined) return target;
    }
    return undefined;
  };
  for (const path of [top, ...paths]) {
    const real = realPathIfAny(path);
    const distrust = check(path, true) ?? (real === undefined ? undefined : check(real, true));
    if (distrust !== undefined) return distrust;
  }
  return undefined;
}

/** @throws BackendError if `distrustOf` finds a path that other users could have written */
export function assertTrusted(top: string, paths: readonly string[] = []): void {
  const distrust = distrustOf(top, paths);
  if (distrust === undefined) return;
  const { path: where, ...fields } = distrust;
  throw new BackendError({ where, ...fields });
}

function wrongIn(
  state: Stats,
  user: number,
  strict: boolean,
): Pick<Distrust, 'argument' | 'expected' | 'actual'> | undefined {
  const isLink = state.isSymbolicLink();
  const argument = isLink ? 'this link' : state.isDirectory() ? 'this folder' : 'this file';
  if (state.uid !== user && state.uid !== ROOT) {
    const expected =
      user === ROOT ? 'belong to root, who runs this' : `belong to user ${user}, who runs this, or to root`;
    return { argument, expected, actual: `user ${state.uid}` };
  }
  // The mode of a link has no meaning.
  if (isLink || (state.mode & OTHERS_MAY_WRITE) === 0) return undefined;
  if (!strict && state.isDirectory() && (state.mode & STICKY) !== 0) return undefined;
  const mode = (state.mode & 0o7777).toString(8).padStart(4, '0');
  return { argument, expected: 'be writable by its owner only', actual: `mode ${mode}` };
}

/**
 * Never chown, nor chmod where everyone could write: files that another user planted would then count as ours. A sticky
 * folder or a device is shared on purpose.
 */
function hintFor(path: string, state: Stats, user: number, top: string): string {
  if (state.uid === user && (state.mode & (STICKY | EVERYONE_MAY_WRITE)) === 0) {
    return isWithin(path, top) ? `Run: chmod -R g-w ${quoted(top)}` : `Run: chmod g-w ${quoted(path)}`;
  }
  const home = accountHome();
  const own = home && join(home, '.cache', 'softmax-regression');
  const isUsable = own !== undefined && own !== top && isWritable(home as string) && distrustOf(own) === undefined;
  return isUsable
    ? `Run: export SOFTMAX_REGRESSION_CACHE=${quoted(own)}`
    : 'Set SOFTMAX_REGRESSION_CACHE to a folder that only you may write to.';
}

/** The folders on the way to a path, and the path. */
function partsOf(path: string): string[] {
  const home = accountHome();
  const start = home !== undefined && isWithin(path, home) ? home : parse(path).root;
  const names = relative(start, path)
    .split(sep)
    .filter((name) => name !== '');
  return [start, ...names.map((_, i) => join(start, ...names.slice(0, i + 1)))];
}

/** The home folder of the user database. `$HOME` may be that of another user, for example under sudo. */
function accountHome(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** Whether `path` is `folder`, or in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function stateOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined; // missing, or not accessible: then nothing can be loaded from it
  }
}

function realPathIfAny(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
