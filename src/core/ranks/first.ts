// core: what rank 0 has, on all ranks.
import { untilAborted } from '../task.js';
import type { Communicator } from './communicator.js';

const NOTHING = new Uint8Array(0);

/**
 * The bytes of rank 0, on every rank. All ranks call it; those of the others are not sent, and may have another length.
 *
 * @throws the reason of the signal; the errors of `allGather`
 */
export async function bytesOfRankZero(
  own: Uint8Array,
  communicator: Communicator,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (communicator.size === 1) return own;
  return (await untilAborted(communicator.allGather(communicator.rank === 0 ? own : NOTHING), signal))[0];
}

/** The same for numbers. */
export async function ofRankZero(
  own: Float64Array,
  communicator: Communicator,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const bytes = new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
  const { buffer, byteOffset, byteLength } = await bytesOfRankZero(bytes, communicator, signal);
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}
