// node: the free space of a folder.
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { inBytes } from '../core/shape.js';

/** What a folder needs and has, in words, if it has less space than needed; undefined also where the system does not say. */
export async function lackOfSpace(
  folder: string,
  bytes: number,
): Promise<{ readonly needed: string; readonly free: string } | undefined> {
  return lackOn(await diskOf(folder), () => bytes);
}

/** The most bytes that files of unknown length leave to others. */
const MOST_LEFT = 1e9;

/** The same for what a file of unknown length must leave to others: a twentieth of the disk, at most 1 GB. */
export async function lackForOthers(folder: string): ReturnType<typeof lackOfSpace> {
  return lackOn(await diskOf(folder), ({ blocks, bsize }) => Math.min(MOST_LEFT, (blocks * bsize) / 20));
}

function diskOf(folder: string): Promise<StatsFs | undefined> {
  return statfs(folder).catch(() => undefined);
}

function lackOn(disk: StatsFs | undefined, bytesOn: (disk: StatsFs) => number) {
  if (disk === undefined) return undefined;
  const [bytes, free] = [bytesOn(disk), disk.bavail * disk.bsize];
  return free < bytes ? { needed: inBytes(bytes), free: inBytes(free) } : undefined;
}
