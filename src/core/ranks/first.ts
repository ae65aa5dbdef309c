// core: numbers of rank 0, on all ranks.
import { untilAborted } from '../task.js';
import type { Communicator } from './communicator.js';

const NOTHING = new Uint8Array(0);

/**
 * The numbers of rank 0, on every rank. All ranks call it; those of the others are not sent, and may have another length.
 *
 * @throws the reason of the signal; the errors of `allGather`
 */
export async function ofRankZero(
  own: Float64Array,
  communicator: Communicator,
  signal?: AbortSignal,
): Promise<Float64Array> {
  if (communicator.size === 1) return own;
  const sent = communicator.rank === 0 ? new Uint8Array(own.buffer, own.byteOffset, own.byteLength) : NOTHING;
  const [{ buffer, byteOffset, byteLength }] = await untilAborted(communicator.allGather(sent), signal);
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}
