// The package as its users get it: packed, and installed into an empty project without native kernels.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
/** What npm packs of the top folder, beside the build. */
export const SHOWN = ['LICENSE', 'README.md', 'package.json'].filter((name) => existsSync(join(ROOT, name)));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  // npm is a script for the shell on Windows.
  const shell = process.platform === 'win32' && command === 'npm';
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env: process.env, shell, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** What a program prints that must succeed. */
export async function succeed(...call: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...call);
  if (code !== 0) throw new Error(`${call[0]} ${call[1].join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** Packs this package and installs it into `folder/project`. */
export async function installPacked(folder: string): Promise<{ project: string; tarball: string }> {
  const source = join(folder, 'source');
  const project = join(folder, 'project');
  mkdirSync(project);
  // Built in a copy: a build in the repository would take dist away from whoever uses it now.
  for (const name of [...SHOWN, 'src', 'scripts', 'tsconfig.json', 'tsconfig.cjs.json', 'tsconfig.esm.json']) {
    cpSync(join(ROOT, name), join(source, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'), 'junction');
  await succeed(process.execPath, ['scripts/build.mjs'], source);
  await succeed('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], source);
  const [packed] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const tarball = join(folder, packed);
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }');
  await npmInstall([tarball, '@tensorflow/tfjs@4.22.0'], project);
  return { project, tarball };
}

/** Installs packages into a folder, without their scripts. */
export function npmInstall(packages: readonly string[], cwd: string): Promise<string> {
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  return succeed('npm', ['install', ...flags, ...packages], cwd);
}
