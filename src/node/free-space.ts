// node: the free space of a folder.
import { statfs } from 'node:fs/promises';
import { inBytes } from '../core/shape.js';

/** What a folder needs and has, in words, if it has less space than needed; undefined also where the system does not say. */
export async function lackOfSpace(
  folder: string,
  bytes: number,
): Promise<{ readonly needed: string; readonly free: string } | undefined> {
  const disk = await statfs(folder).catch(() => undefined);
  const free = disk === undefined ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
  return free < bytes ? { needed: inBytes(bytes), free: inBytes(free) } : undefined;
}
