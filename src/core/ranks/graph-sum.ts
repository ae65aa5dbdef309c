// core: sums over ranks by native code, for kernels in a graph.
import type { Communicator } from './communicator.js';

/** How a kernel sums over the ranks of a communicator. */
export interface GraphSum {
  /** The address of the function that sums float64 numbers in place. */
  readonly address: number;
  /** Why it failed, once it has; the caller reports it. */
  readonly failure: () => Error | undefined;
}

const sums = new WeakMap<Communicator, GraphSum>();

/** Says that kernels can sum over these ranks. */
export function provideGraphSum(communicator: Communicator, sum: GraphSum): void {
  sums.set(communicator, sum);
}

/** Undefined where only JavaScript sums over the ranks. */
export function graphSumOf(communicator: Communicator): GraphSum | undefined {
  return sums.get(communicator);
}
