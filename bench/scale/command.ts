// bench: the built command line in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metered, peakOf } from '../peak.js';

export const CLI = join(__dirname, '..', '..', 'dist', 'cjs', 'cli', 'main.js');

export interface Ran {
  readonly seconds: number;
  /** Bytes of resident memory. */
  readonly peak: number;
  readonly stdout: string;
}

/** Seconds with the start of the process, and its peak. @throws Error if it fails */
export async function timedCommand(args: readonly string[]): Promise<Ran> {
  return inFolder(async (folder) => {
    const { args: own, env } = metered(folder);
    const start = performance.now();
    const child = spawn(process.execPath, [...own, CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { code, stdout, stderr } = await ended(child);
    if (code !== 0) throw new Error(stderr);
    return { seconds: (performance.now() - start) / 1000, peak: peakOf(folder) ?? Number.NaN, stdout };
  });
}

export async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
}
