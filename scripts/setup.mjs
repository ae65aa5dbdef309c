// Makes a fresh clone ready: packages, build, native kernels, data. What is done already is not done again.
// It decides nothing about kernels or data itself: it calls the package's own command line.
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

/** Whether node_modules holds what package-lock.json asks for, by npm's own record of what it installed. */
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

/** The latest modification time below some paths; 0 where there is none. */
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
  // npm is a script for the shell on Windows.
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: command === 'npm' && process.platform === 'win32',
  });
  return status ?? 1;
}
