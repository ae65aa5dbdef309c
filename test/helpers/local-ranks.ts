// Ranks in one process, which meet in every call.
import { type Communicator, ONE_PROCESS, type Reduction } from '../../src/core/ranks/communicator.js';

/** Communicators of ranks in this process, which meet in every call. */
export function ranksOf(size: number): Communicator[] {
  let arrived: { readonly bytes: Uint8Array; readonly resolve: (all: Uint8Array[]) => void }[] = [];
  let waiting = 0;
  const allGather = (rank: number, bytes: Uint8Array) =>
    new Promise<Uint8Array[]>((resolve) => {
      arrived[rank] = { bytes: bytes.slice(), resolve };
      if (++waiting < size) return;
      const all = arrived;
      [arrived, waiting] = [[], 0];
      for (const each of all) each.resolve(all.map((other) => other.bytes.slice()));
    });
  const combine: Record<Reduction, (a: number, b: number) => number> = {
    sum: (a, b) => a + b,
    max: (a, b) => Math.max(a, b),
    min: (a, b) => Math.min(a, b),
  };
  const allReduce = async (rank: number, values: Float32Array | Float64Array, reduction: Reduction) => {
    const bytes = await allGather(rank, new Uint8Array(values.slice().buffer));
    const rows = bytes.map(({ buffer }) => new Float64Array(buffer));
    for (let i = 0; i < values.length; i++)
      values[i] = rows.map((row) => row[i]).reduce((a, b) => combine[reduction](a, b));
  };
  return Array.from({ length: size }, (_, rank) => ({
    ...ONE_PROCESS,
    ...{ rank, size, allGather: (bytes: Uint8Array) => allGather(rank, bytes) },
    allReduce: (values: Float32Array | Float64Array, reduction: Reduction) => allReduce(rank, values, reduction),
  }));
}
