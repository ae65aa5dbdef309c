// Planted faults in writing checkpoints: each must be detected.
import { rename, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/training/checkpoint/file.js';

/** Writes in place; loses the state of the optimizer; leaves temporary files without an owner. */
export type Fault = 'in place' | 'forgetful' | 'littering';

export async function writeInPlace(path: string, bytes: Uint8Array): Promise<void> {
  await truncate(path).catch(() => {});
  await writeFile(path, bytes.subarray(0, bytes.length / 2));
  // Longer than the rest of the training.
  await sleep(300);
  await writeFile(path, bytes.subarray(bytes.length / 2), { flag: 'a' });
}

export async function writeLittering(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}.${process.hrtime.bigint()}.partial`);
  await writeFile(temporary, bytes);
  await sleep(5);
  await rename(temporary, path);
}

export async function withoutOptimizer(bytes: Uint8Array): Promise<Uint8Array> {
  const content = await decodeCheckpoint(bytes, 'planted');
  const entries = Object.entries(content.tensors).map(([name, { shape, values }]) => [
    name,
    { shape, values: name.startsWith('optimizer.') ? values.map(() => 0) : values },
  ]);
  return encodeCheckpoint({ ...content, tensors: Object.fromEntries(entries) });
}
