// Prepares a fresh clone: packages, build, native kernels, data. Completed steps are skipped.
// Kernels and data are installed by the command line of the package.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = join(root, 'dist/cjs/cli/main.js');

if (!packagesMatchLock()) run('npm ci', 'npm', ['ci']);
if (
  newest(['src', 'scripts/build.mjs', 'package.json', 'tsconfig.json', 'tsconfig.cjs.json', 'tsconfig.esm.json']) >
  newest(['dist/esm/package.json'])
) {
  run('build', process.execPath, ['scripts/build.mjs']);
}
const native = softmaxRegression(['native', 'install']);
if (native !== 0) {
  if (process.env.SOFTMAX_REGRESSION_REQUIRE_NATIVE === '1') process.exit(native);
  console.error('setup: continuing without native kernels; the wasm backend is used instead.');
}
const data = softmaxRegression(['data', 'fetch']);
if (data !== 0) process.exit(data);

/** Whether node_modules matches package-lock.json, by npm's record of the installed packages. */
function packagesMatchLock() {
  const installed = readLock('node_modules/.package-lock.json');
  const wanted = readLock('package-lock.json');
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || installed[path]?.version === version || optional === true,
  );
}

function readLock(path) {
  return existsSync(join(root, path)) ? JSON.parse(readFileSync(join(root, path), 'utf8')).packages : {};
}

/** The latest modification time below the paths; 0 if there are no files. */
function newest(paths) {
  const files = paths.flatMap((path) => {
    const full = join(root, path);
    if (!existsSync(full)) return [];
    return statSync(full).isDirectory()
      ? [full, ...readdirSync(full, { recursive: true }).map((name) => join(full, name))]
      : [full];
  });
  return Math.max(0, ...files.map((file) => statSync(file).mtimeMs));
}

function softmaxRegression(args) {
  return start(process.execPath, [cli, ...args]);
}

function run(step, command, args) {
  console.error(`setup: ${step}`);
  const status = start(command, args);
  if (status !== 0) process.exit(status);
}

function start(command, args) {
  // On Windows, npm is a shell script.
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: command === 'npm' && process.platform === 'win32',
  });
  return status ?? 1;
}
