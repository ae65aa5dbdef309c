// The Node binaries of `test:nodes` and `test:specs`: from the npm package for this platform, in the cache.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../src/node/files.js';
import { assertTrusted } from '../../src/node/trust.js';

export const PLATFORM = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** The newest Node of a major version, installed once; undefined if the registry has none for this platform. */
export function binaryOf(major: string): string | undefined {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-${PLATFORM}`;
  const folder = cacheFolder('nodes', major);
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  assertTrusted(cacheFolder(), [binary]);
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${major}`];
    spawnSync('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  }
  return existsSync(binary) ? binary : undefined;
}
